/**
 * Columns of the terminal that a stream is; undefined if it is none or they are unknown: then no table is cut. Some
 * terminals of CI and editors report 0.
 */
export function terminalWidth(stream: NodeJS.WriteStream = process.stdout): number | undefined {
  return stream.isTTY && stream.columns > 0 ? stream.columns : undefined;
}

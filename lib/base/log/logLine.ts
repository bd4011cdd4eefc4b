/**
 * Writes one line of JSON to stdout, which Lambda hands to CloudWatch Logs as it is. Fields come out in the
 * order in which they are given; `time` is added by CloudWatch. Never pass a key, a query string or a body.
 *
 * @example
 * logLine({ level: 'info', event: 'register', created: 2, ignored: { folder_marker: 1 } });
 */
export function logLine(fields: Record<string, unknown>): void {
  process.stdout.write(`${JSON.stringify(fields)}\n`);
}

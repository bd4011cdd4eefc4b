/** What DuckDB threw. */
export interface DuckDbMessage {
  /** Its kind of error, e.g. `Out of Memory`; empty where it has none. */
  readonly type: string;
  /** All it says, to be recognised by; it may quote what is in the rows. */
  readonly text: string;
}

/** Longest sentence that is passed on. */
const MAX_SENTENCE = 300;

/** Reads an error of a session, which comes as JSON: `errors_as_json`. */
export function duckDbMessage(error: unknown): DuckDbMessage {
  const text = error instanceof Error ? error.message : String(error);
  try {
    const parsed: unknown = JSON.parse(text.slice(text.indexOf('{')));
    if (typeof parsed === 'object' && parsed !== null && 'exception_message' in parsed) {
      const type = 'exception_type' in parsed ? String(parsed.exception_type) : '';
      return { type, text: String(parsed.exception_message) };
    }
  } catch {
    // It is a plain text.
  }
  return { type: '', text };
}

/**
 * What may be told of a message: its first line, without the paths of this machine, and only up to where DuckDB begins
 * to quote. Rows are customers' data, and what is told goes into the ledger and the logs.
 */
export function tellable({ type, text }: DuckDbMessage): string {
  const [line = ''] = text
    .replace(/ ?(["'])\/[^"'\n]*\1/g, '')
    .replace(/(?<=^|[\s(])\/\w[^\s"':]*/g, '…')
    .split('\n');
  // Not the apostrophe of `can't`.
  const [unquoted = ''] = line.split(/"|(?<!\w)'/);
  const quotes = unquoted.length < line.length;
  const sentence = (quotes ? `${unquoted.trimEnd()} …` : unquoted).replace(/(\bvalue) .*/, '$1 …');
  // The machine's numbers are its own: sizes of memory and disk.
  const bare = ['Out of Memory', 'IO'].includes(type)
    ? sentence
    : sentence.replace(/(?<![\w.])[-+]?\d[\w.+-]*/g, '…');
  return bare.slice(0, MAX_SENTENCE);
}

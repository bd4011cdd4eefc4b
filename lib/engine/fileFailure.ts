import { FileError, type FileFailure } from './FileError.ts';

/**
 * What DuckDB's message says of a file, the most telling first. Whatever else it says while it reads a single file is
 * that the file contradicts itself.
 */
const SIGNS = [
  // The file's metadata has one binary member, the key that signed the footer: only encrypted files have that.
  ['SLUICE_INGEST_FILE_ENCRYPTED', /encrypt|invalid unicode.*value construction/i],
  ['SLUICE_INGEST_FILE_TEXT_INVALID', /invalid (string encoding|unicode)|not valid UTF-?8/i],
  [
    'SLUICE_INGEST_FILE_CODEC_UNSUPPORTED',
    /(unsupported|unknown|not (yet )?supported).*(codec|compression)|(codec|compression).*(unsupported|not (yet )?supported)/i,
  ],
  [
    'SLUICE_INGEST_FILE_ENCODING_UNSUPPORTED',
    /(unsupported|not (yet )?(supported|implemented)).*(encoding|page|type|column)|encoding.*(unsupported|only supported|not (yet )?(supported|implemented))/i,
  ],
  ['SLUICE_INGEST_FILE_NOT_PARQUET', /no magic bytes found at (the )?(beginning|start)/i],
  ['SLUICE_INGEST_FILE_TRUNCATED', /no magic bytes found at end|too small to be a parquet/i],
] as const;

/** What DuckDB's message says of the machine instead. */
const MACHINE = /out of memory|failed to allocate|no space left|max_temp_directory_size|interrupt/i;

/** Turns what DuckDB threw while it read one file into an error of that file; null when it is not the file's fault. */
export function fileFailure(error: unknown, name: string): FileFailure | null {
  const message = messageOf(error);
  if (MACHINE.test(message)) return null;
  const [code] = SIGNS.find(([, sign]) => sign.test(message)) ?? ['SLUICE_INGEST_FILE_DAMAGED'];
  return new FileError(code, `${name}: ${message}`, { cause: error });
}

/** Longest message that is passed on. */
const MAX_MESSAGE = 300;

/** The sentence of an error, which comes as JSON, without the SQL that DuckDB shows below it. */
export function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return (sentenceOf(text).split('\n')[0] ?? '').slice(0, MAX_MESSAGE);
}

function sentenceOf(text: string): string {
  try {
    const parsed: unknown = JSON.parse(text.slice(text.indexOf('{')));
    return typeof parsed === 'object' && parsed !== null && 'exception_message' in parsed
      ? String(parsed.exception_message)
      : text;
  } catch {
    return text;
  }
}

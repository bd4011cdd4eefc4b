import { duckDbMessage, tellable } from './duckDbMessage.ts';
import { FileError, type FileFailure } from './FileError.ts';
import { machineFault } from './machineFault.ts';

/**
 * What DuckDB's message says of a file, the most telling first. Whatever else it says while it reads a single file is
 * that the file contradicts itself.
 */
const SIGNS = [
  // The file's metadata has one binary member, the key that signed the footer: only encrypted files have that.
  ['SLUICE_INGEST_FILE_ENCRYPTED', /encrypt|invalid unicode.*value construction/i],
  ['SLUICE_INGEST_FILE_TEXT_INVALID', /invalid (string encoding|unicode)|not valid UTF-?8/i],
  ['SLUICE_INGEST_FILE_VALUE_UNREADABLE', /could not convert timestamp\(|in timestamp conversion/i],
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

/** Turns what DuckDB threw while it read one file into an error of that file; null when it is not the file's fault. */
export function fileFailure(error: unknown, name: string): FileFailure | null {
  const message = duckDbMessage(error);
  if (machineFault(message) !== null) return null;
  if (/need at least one non-root column/i.test(message.text)) {
    return new FileError('SLUICE_INGEST_COLUMN_MISSING', `${name}: it has no columns at all.`, {
      cause: error,
    });
  }
  const [code] = SIGNS.find(([, sign]) => sign.test(message.text)) ?? ['SLUICE_INGEST_FILE_DAMAGED'];
  return new FileError(code, `${name}: ${tellable(message)}`, { cause: error });
}

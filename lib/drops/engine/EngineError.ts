import { defineErrorFamily } from '../../base/errors.ts';
import { FileError, type FileFailure } from './FileError.ts';

/** What can go wrong on the machine that maps files. */
export const EngineError = defineErrorFamily('system', {
  SLUICE_ENGINE_OUT_OF_MEMORY: {
    cause: 'A load needs more memory than the function provides.',
    cure: 'Raise `memorySize` of `ingest-load` in serverless.yml, to at most 10240, or write the files with smaller row groups.',
  },
  SLUICE_ENGINE_OUT_OF_DISK: {
    cause: 'A load needs more disk than the function provides.',
    cure: 'The function `ingest-load` has the largest disk that Lambda offers. Raise its `memorySize` in serverless.yml, to at most 10240, so that less is written to disk, or write the files into two folders, and configure a dataset for each.',
  },
  SLUICE_ENGINE_FAILED: {
    cause: 'DuckDB failed for a reason that is not in the files.',
    cure: 'The task is retried. If it persists, check the detail.',
  },
});

const CODES = {
  memory: 'SLUICE_ENGINE_OUT_OF_MEMORY',
  disk: 'SLUICE_ENGINE_OUT_OF_DISK',
  interrupted: 'SLUICE_ENGINE_FAILED',
  other: 'SLUICE_ENGINE_FAILED',
} as const;

/** Turns what DuckDB threw into an error of the machine. */
export function engineFailure(error: unknown): InstanceType<typeof EngineError> {
  const message = duckDbMessage(error);
  return new EngineError(CODES[classifyMachineFault(message) ?? 'other'], withoutValues(message), {
    cause: error,
  });
}

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
  if (classifyMachineFault(message) !== null) return null;
  if (/need at least one non-root column/i.test(message.text)) {
    return new FileError('SLUICE_INGEST_COLUMN_MISSING', `${name}: it has no columns at all.`, {
      cause: error,
    });
  }
  const [code] = SIGNS.find(([, sign]) => sign.test(message.text)) ?? ['SLUICE_INGEST_FILE_DAMAGED'];
  return new FileError(code, `${name}: ${withoutValues(message)}`, { cause: error });
}

/** Kinds of errors whose messages never quote a row; `''` are texts that DuckDB did not write as JSON. */
const OF_THE_MACHINE = ['Out of Memory', 'IO', 'INTERRUPT', ''];

/** What DuckDB's message says of the machine; null when it says nothing of it. It has a sentence for each way to ask for memory. */
function classifyMachineFault(message: DuckDbMessage): 'memory' | 'disk' | 'interrupted' | null {
  const { type, text } = message;
  // A quoted value may read like anything.
  const said = OF_THE_MACHINE.includes(type) ? text : withoutValues(message);
  if (/no space left|max_temp_directory_size/i.test(said)) return 'disk';
  if (type === 'Out of Memory' || /out of memory|(failed to|could not) allocate/i.test(said)) return 'memory';
  return type === 'INTERRUPT' || /interrupt/i.test(said) ? 'interrupted' : null;
}

/** What DuckDB threw. */
interface DuckDbMessage {
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
function withoutValues({ type, text }: DuckDbMessage): string {
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

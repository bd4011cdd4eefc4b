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
  SLUICE_ENGINE_CRASHED: {
    cause: 'The process that reads the files of a day crashed, and none of them alone makes it crash.',
    cure: 'The task is retried once. If it fails again, write the files anew, or drop them one after the other to find those that crash it.',
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

/** Converts an error of DuckDB into an error of the machine. */
export function engineFailure(error: unknown): InstanceType<typeof EngineError> {
  const message = duckDbMessage(error);
  return new EngineError(CODES[classifyMachineFault(message) ?? 'other'], withoutValues(message), {
    cause: error,
  });
}

/**
 * Patterns of DuckDB's messages about a file, the most specific first. Any other message about a single file means that the
 * file is inconsistent.
 */
const SIGNS = [
  // The file's metadata has one binary member, the key that signed the footer, which only encrypted files have.
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

/** Converts an error of DuckDB while it read one file into an error of that file; null if the file is not the cause. */
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

/** Types of errors whose messages never quote a row; `''` for messages that are not JSON. */
const OF_THE_MACHINE = ['Out of Memory', 'IO', 'INTERRUPT', ''];

/** The machine fault in DuckDB's message; null without one. DuckDB has a different message for each kind of allocation. */
function classifyMachineFault(message: DuckDbMessage): 'memory' | 'disk' | 'interrupted' | null {
  const { type, text } = message;
  // A quoted value may look like any message.
  const said = OF_THE_MACHINE.includes(type) ? text : withoutValues(message);
  if (/no space left|max_temp_directory_size/i.test(said)) return 'disk';
  if (type === 'Out of Memory' || /out of memory|(failed to|could not) allocate/i.test(said)) return 'memory';
  return type === 'INTERRUPT' || /interrupt/i.test(said) ? 'interrupted' : null;
}

/** An error of DuckDB. */
interface DuckDbMessage {
  /** The error's type, e.g. `Out of Memory`; empty if it has none. */
  readonly type: string;
  /** The whole message, for classification only, as it may quote values. */
  readonly text: string;
}

/** The most characters of a message that are kept. */
const MAX_SENTENCE = 300;

/** Parses an error of a session, which is JSON: `errors_as_json`. */
function duckDbMessage(error: unknown): DuckDbMessage {
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
 * The part of a message that is safe for the ledger and logs: its first line, without local paths, and only up to the first
 * quotation, as rows are customers' data.
 */
function withoutValues({ type, text }: DuckDbMessage): string {
  const [line = ''] = text
    .replace(/ ?(["'])\/[^"'\n]*\1/g, '')
    .replace(/(?<=^|[\s(])\/\w[^\s"':]*/g, '…')
    .split('\n');
  // Except the apostrophe of `can't`.
  const [unquoted = ''] = line.split(/"|(?<!\w)'/);
  const quotes = unquoted.length < line.length;
  const sentence = (quotes ? `${unquoted.trimEnd()} …` : unquoted).replace(/(\bvalue) .*/, '$1 …');
  // Without numbers of the machine, such as sizes of memory and disk.
  const bare = ['Out of Memory', 'IO'].includes(type)
    ? sentence
    : sentence.replace(/(?<![\w.])[-+]?\d[\w.+-]*/g, '…');
  return bare.slice(0, MAX_SENTENCE);
}

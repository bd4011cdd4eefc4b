import { defineErrorFamily } from '../base/errors.ts';

/** Errors of a machine that runs DuckDB. */
export const EngineError = defineErrorFamily('system', {
  SLUICE_ENGINE_OUT_OF_MEMORY: {
    cause: 'DuckDB needs more memory than the function provides.',
    cure: 'Raise `memorySize` of `ingest-load` in serverless.yml, to at most 10240, or of the function in whose log the code is: `write` or `curate`. Of a load, you may also write the files with smaller row groups.',
    repeats: 'always',
  },
  SLUICE_ENGINE_KILLED: {
    cause:
      'The process that reads the files of a day was killed: most likely the memory of the function was used up.',
    cure: 'The task is retried once, and goes on with the same piece. If it fails again, raise `memorySize` of `ingest-load` in serverless.yml, to at most 10240, or have smaller row groups written.',
    repeats: 'twice',
  },
  SLUICE_ENGINE_OUT_OF_DISK: {
    cause: 'DuckDB needs more disk than there is.',
    cure: 'Of a function, raise its `memorySize` in serverless.yml, to at most 10240: rows that fit the memory are sorted without the disk. Give `write` also more `ephemeralStorageSize`, to at most 10240. Of a load, have the files that the detail names written with fewer rows each. On your own machine, free space in its temporary folder.',
    repeats: 'always',
  },
  SLUICE_ENGINE_CRASHED: {
    cause: 'The process that reads the files of a day crashed, and none of them alone makes it crash.',
    cure: 'The task is retried once. If it fails again, write the files anew, or drop them one after the other to find those that crash it.',
    repeats: 'twice',
  },
  SLUICE_ENGINE_FAILED: {
    cause: 'DuckDB failed for a reason that is not in the files.',
    cure: 'The task is retried. If it persists, check the detail.',
  },
});

/** The code of each failure of DuckDB. */
const CODES = {
  memory: 'SLUICE_ENGINE_OUT_OF_MEMORY',
  disk: 'SLUICE_ENGINE_OUT_OF_DISK',
  interrupted: 'SLUICE_ENGINE_FAILED',
  other: 'SLUICE_ENGINE_FAILED',
} as const;

/** Converts an error of DuckDB into an error of the machine. */
export function engineFailure(error: unknown): InstanceType<typeof EngineError> {
  const { machineFault, sentence } = duckDbFailure(error);
  return new EngineError(CODES[machineFault ?? 'other'], sentence, { cause: error });
}

/** An error of DuckDB, parsed. */
interface DuckDbFailure extends DuckDbMessage {
  /** Null if the machine is not the cause. */
  readonly machineFault: 'memory' | 'disk' | 'interrupted' | null;
  /** The message up to its first quotation, for classification: a quoted value may look like any message. */
  readonly unquoted: string;
  /** The part of the text that is safe for logs: no row is quoted. */
  readonly sentence: string;
}

/** Reads an error of a session. */
export function duckDbFailure(error: unknown): DuckDbFailure {
  const message = duckDbMessage(error);
  const { unquoted } = withoutQuotations(message.text);
  return {
    ...message,
    machineFault: classifyMachineFault(message),
    unquoted,
    sentence: withoutValues(message),
  };
}

/** Types of errors whose messages never quote a row; `''` for messages that are not JSON. */
const OF_THE_MACHINE = ['Out of Memory', 'IO', 'INTERRUPT', ''];

/** The machine fault in DuckDB's message; null without one. DuckDB has a different message for each kind of allocation. */
function classifyMachineFault(message: DuckDbMessage): DuckDbFailure['machineFault'] {
  const { type, text } = message;
  // A quoted value may look like any message.
  const sentence = OF_THE_MACHINE.includes(type) ? text : withoutValues(message);
  if (/no space left|max_temp_directory_size/i.test(sentence)) return 'disk';
  if (type === 'Out of Memory' || /out of memory|(failed to|could not) allocate/i.test(sentence))
    return 'memory';
  return type === 'INTERRUPT' || /interrupt/i.test(sentence) ? 'interrupted' : null;
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
    // The message is plain text, not JSON.
  }
  return { type: '', text };
}

/** The first line of a message, without local paths and only up to its first quotation. */
function withoutQuotations(text: string): { readonly unquoted: string; readonly isCut: boolean } {
  const [line = ''] = text
    .replace(/ ?(["'])\/[^"'\n]*\1/g, '')
    .replace(/(?<=^|[\s(])\/\w[^\s"':]*/g, '…')
    .split('\n');
  // Except the apostrophe of `can't`. After the word `value` a value stands without quotation marks.
  const [unquoted = ''] = line.split(/"|(?<!\w)'|(?<=\bvalue) (?!construction)/);
  return { unquoted, isCut: unquoted.length < line.length };
}

/** The part of a message that is safe for the ledger and logs, as rows are customers' data. */
function withoutValues({ type, text }: DuckDbMessage): string {
  const { unquoted, isCut } = withoutQuotations(text);
  const sentence = isCut ? `${unquoted.trimEnd()} …` : unquoted;
  // Numbers may be values of rows. Only messages about the machine keep theirs: sizes of memory and disk.
  const bare = ['Out of Memory', 'IO'].includes(type)
    ? sentence
    : sentence.replace(/(?<![\w.])[-+]?\d[\w.+-]*/g, '…');
  return bare.slice(0, MAX_SENTENCE);
}

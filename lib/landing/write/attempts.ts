import { errorName, SluiceError } from '../../base/errors.ts';
import { LANDING_FOLDER } from '../../tables/objectKeys.ts';
import { gatherRecords } from './gatherRecords.ts';
import { type ObjectWriter, type WriteOutcome, type WriteTime, writeObject } from './writeObject.ts';

/** Dependencies of one invocation of the writer. */
export interface Writer extends ObjectWriter {
  /** Objects of any other bucket are ignored. */
  readonly bucket: string;
  /** How often the queue delivers a message. */
  readonly tries: number;
  readonly log: (fields: Record<string, unknown>) => void;
}

/** Why an object is still in the landing. */
export interface WriteFailure {
  readonly key: string;
  readonly code: string;
  readonly detail: string;
}

/** Writes an object and counts what became of it. @returns Why it is still there; null if somebody goes on with it, or it is gone. */
export async function tryObject(
  key: string,
  writer: ObjectWriter,
  time: WriteTime,
  tally: WriteTally,
): Promise<WriteFailure | null> {
  try {
    tally.add(key, await writeObject(key, writer, time));
    return null;
  } catch (error) {
    const failure =
      time.signal?.aborted === true
        ? { key, code: 'SLUICE_WRITE_CUT_SHORT', detail: 'The time was up.' }
        : { key, ...failureOf(error) };
    tally.fail(failure);
    return failure;
  }
}

/** Gathers records. What fails is logged: the next message, or the next look, gathers again. */
export async function gather(writer: Writer, time: WriteTime): Promise<void> {
  try {
    const report = await gatherRecords(writer, time.claimUntil);
    if (report !== null) writer.log({ level: 'info', event: 'write_gather', ...report });
  } catch (error) {
    const failure = { key: LANDING_FOLDER, ...failureOf(error) };
    writer.log({ level: 'error', event: 'write_gather', ...failure });
  }
}

/** Code and detail of whatever was thrown. */
export function failureOf(error: unknown): { readonly code: string; readonly detail: string } {
  if (error instanceof SluiceError) return { code: error.code, detail: error.detail };
  return { code: 'SLUICE_WRITE_FAILED', detail: errorName(error) };
}

type ObjectFate = WriteOutcome['outcome'] | 'ignored' | 'failed';

/** Counts what became of objects and their rows. What was parked, or was missing, has a line of its own. */
export class WriteTally {
  readonly #log: Writer['log'];
  readonly #objects: Partial<Record<ObjectFate, number>> = {};
  readonly #rows = { rows: 0, written: 0, quarantined: 0, damaged: 0, earlier: 0 };
  #files = 0;
  readonly #failed: WriteFailure[] = [];

  constructor(log: Writer['log']) {
    this.#log = log;
  }

  ignore(): void {
    this.#count('ignored');
  }

  fail(failure: WriteFailure): void {
    this.#count('failed');
    this.#failed.push(failure);
  }

  add(key: string, done: WriteOutcome): void {
    this.#count(done.outcome);
    if (!('account' in done)) return;
    const { files, parked, missing, ...rows } = done.account;
    this.#files += files.length;
    for (const name of ['rows', 'written', 'quarantined', 'damaged', 'earlier'] as const)
      this.#rows[name] += rows[name];
    for (const piece of parked) this.#log({ level: 'error', event: 'write_parked', object: key, ...piece });
    if (missing.length > 0)
      this.#log({ level: 'error', event: 'write_missing', object: key, records: missing });
  }

  fields(): Record<string, unknown> {
    return {
      objects: this.#objects,
      ...this.#rows,
      files: this.#files,
      ...(this.#failed.length > 0 ? { failed: this.#failed } : {}),
    };
  }

  #count(outcome: ObjectFate): void {
    this.#objects[outcome] = (this.#objects[outcome] ?? 0) + 1;
  }
}

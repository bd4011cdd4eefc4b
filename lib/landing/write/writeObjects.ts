import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { mapLimit } from '../../base/concurrency.ts';
import { errorName, SluiceError } from '../../base/errors.ts';
import type { ObjectStore } from '../../base/ObjectStore.ts';
import type { Clock } from '../../base/time.ts';
import type { EngineLimits } from '../../parquet/DuckDbSession.ts';
import type { Config } from '../../schema/config.ts';
import { damagedKey } from '../../tables/objectKeys.ts';
import { dayFolder, landedFileName } from '../../tables/tableFolders.ts';
import { type LandedVersion, LandingNotes } from '../LandingNotes.ts';
import { damageOf, LandedReader, type Skipped } from '../lines/LandedObject.ts';
import { DamagedObject } from './DamagedObject.ts';
import { Round } from './Round.ts';
import { type RemovedObjects, removeObjects, removeWritten } from './removeWritten.ts';
import { WriteError } from './WriteError.ts';
import { writeRound } from './writeRound.ts';

/** Bytes of lines of a round: its rows fit the memory of the function, typed and while they are sorted. */
const ROUND_BYTES = 268_435_456;
/** Milliseconds that a round may take: it is not begun when there are fewer. */
const ROUND_MS = 180_000;
/** Objects that are fetched ahead, and files that are put at the same time. */
const AHEAD = 4;
const PUTS = 4;
/** Bytes of an object: Firehose joins 128 MiB at most, and a request has fewer. Others would end the function. */
const MOST_BYTES = 134_217_728;

/** Dependencies of the writer. */
export interface Writer {
  readonly config: Pick<Config, 'bucket' | 'statsigFolder' | 'formerStatsigFolders' | 'tables' | 'unitIds'>;
  readonly store: Pick<ObjectStore, 'open' | 'read' | 'write' | 'removeAll' | 'listPage'>;
  readonly clock: Clock;
  readonly limits: EngineLimits;
  /** Existing folder for files, which nobody else uses. */
  readonly directory: string;
  readonly log: (fields: Record<string, unknown>) => void;
  /** Default {@link ROUND_BYTES}. */
  readonly roundBytes?: number;
}

/** The time of an invocation. */
export interface WriteTime {
  /** Epoch milliseconds. */
  readonly deadline: number;
  /** Aborted at the deadline. */
  readonly signal?: AbortSignal;
}

/** What became of objects. */
export interface WrittenObjects {
  /**
   * `undeleted`: they are written, by this call or an earlier one, and noted. They need no message. `damaged`: written, but for bytes
   * that are in `damaged/` now.
   */
  readonly objects: { written: number; undeleted: number; gone: number; damaged: number };
  rows: number;
  refused: number;
  files: number;
  rounds: number;
  /** Objects that are still in the landing, and why. */
  readonly failed: Map<string, { readonly code: string; readonly detail: string }>;
}

/**
 * Makes Parquet files of the tables of objects of the landing, and deletes the objects: in rounds, each of as many objects as fit
 * one, or of a part of a large one. What can't be deleted is noted, and only deleted the next time. At least once: an object that
 * is in two rounds of which the second fails is written again. Its rows then have the same IDs twice, and views show one.
 *
 * @param groups Keys by groups: no round has objects of two, and none is fetched before the one before it is written.
 */
export async function writeObjects(
  groups: readonly (readonly string[])[],
  writer: Writer,
  time: WriteTime,
): Promise<WrittenObjects> {
  const batch = new Batch(writer, time);
  for (const keys of groups) {
    for await (const fetched of fetchAhead(keys, writer.store, time, batch))
      if (fetched !== null) await batch.take(fetched);
    await batch.finish();
  }
  await batch.removeNoted();
  return batch.done;
}

/** An object; null if there is none. Without bytes if it is written. @throws WriteError `SLUICE_WRITE_OBJECT_TOO_LARGE` */
async function fetchObject(
  { key, store, notes }: Pick<Batch, 'notes'> & { readonly key: string; readonly store: Writer['store'] },
  signal: AbortSignal | undefined,
): Promise<Fetched | null> {
  const object = await store.open(key, { signal });
  if (object === null) return null;
  const { eTag, versionId, modifiedAt } = object;
  const version = { key, eTag, versionId, modifiedAt };
  const note = await notes.read(version);
  if (note !== null && 'written' in note) {
    object.body.destroy();
    return { version, bytes: null };
  }
  if ((object.bytes ?? 0) > MOST_BYTES) {
    object.body.destroy();
    throw new WriteError('SLUICE_WRITE_OBJECT_TOO_LARGE', `${key}: ${object.bytes} bytes.`);
  }
  const pieces: Buffer[] = [];
  for await (const piece of object.body) pieces.push(piece);
  const bytes = Buffer.concat(pieces);
  if (bytes.length !== object.bytes) throw new RangeError(`${bytes.length} bytes of ${object.bytes}.`);
  return { version, bytes };
}

/** Objects in order, while the next ones are fetched. Null: it is gone, or its fetch failed, which the batch knows. */
async function* fetchAhead(
  keys: readonly string[],
  store: Writer['store'],
  { signal }: WriteTime,
  batch: Batch,
): AsyncGenerator<Fetched | null> {
  const fetching: Promise<Fetched | null>[] = [];
  const fetch = async (key: string): Promise<Fetched | null> => {
    try {
      signal?.throwIfAborted();
      const fetched = await fetchObject({ key, store, notes: batch.notes }, signal);
      // Somebody has written it: S3 and SQS may tell of an object twice.
      if (fetched === null) batch.done.objects.gone += 1;
      return fetched;
    } catch (error) {
      batch.fail(key, error);
      return null;
    }
  };
  for (let next = 0; next < keys.length || fetching.length > 0; ) {
    for (let key = keys[next]; key !== undefined && fetching.length < AHEAD; key = keys[next]) {
      fetching.push(fetch(key));
      next += 1;
    }
    const first = await fetching.shift();
    if (first !== undefined) yield first;
  }
}

/** An object, with its bytes; null: it is written, and noted. */
interface Fetched {
  readonly version: LandedVersion;
  readonly bytes: Uint8Array | null;
}

/** An object that ends in a round. */
interface EndedObject {
  readonly version: LandedVersion;
  readonly skipped: Skipped;
  readonly damaged: DamagedObject;
}

class Batch {
  readonly done: WrittenObjects = {
    ...{
      objects: { written: 0, undeleted: 0, gone: 0, damaged: 0 },
      rows: 0,
      refused: 0,
      files: 0,
      rounds: 0,
    },
    failed: new Map(),
  };
  readonly notes: LandingNotes;
  readonly #writer: Writer;
  readonly #time: WriteTime;
  #round: Round | undefined;
  #ended: EndedObject[] = [];
  #directory = '';
  /** Objects that earlier calls have written. */
  readonly #noted: LandedVersion[] = [];
  #damaged = 0;

  constructor(writer: Writer, time: WriteTime) {
    this.notes = new LandingNotes(writer.store);
    this.#writer = writer;
    this.#time = time;
  }

  fail(key: string, error: unknown): void {
    const failure =
      this.#time.signal?.aborted === true
        ? { code: 'SLUICE_WRITE_OUT_OF_TIME', detail: '' }
        : error instanceof SluiceError
          ? { code: error.code, detail: error.detail }
          : { code: 'SLUICE_WRITE_BUCKET_FAILED', detail: errorName(error) };
    this.done.failed.set(key, failure);
  }

  /** Takes an object into the round, and into further ones. */
  async take({ version, bytes }: Fetched): Promise<void> {
    const { roundBytes = ROUND_BYTES } = this.#writer;
    const { key } = version;
    if (bytes === null) {
      this.#noted.push(version);
      return;
    }
    const object = new LandedReader(this.#writer.clock);
    this.#damaged += 1;
    const damaged = new DamagedObject(join(this.#writer.directory, `damaged-${this.#damaged}`));
    for (const part of object.read(bytes, true)) {
      if ('why' in part || part.others.length > 0) await damaged.add(part);
      if ('why' in part || part.lines.length === 0) continue;
      const isFull = this.#round !== undefined && this.#round.bytes + part.text.length > roundBytes;
      if (isFull || this.#isOutOfTime()) await this.finish();
      // The rest of an object is of no use when a part of it was not written.
      if (this.done.failed.has(key)) return;
      const round = await this.#open(key);
      if (round === null) return;
      await round.add(key, part);
    }
    if ((await this.#open(key)) === null) return;
    this.#ended.push({ version, skipped: object.skipped, damaged });
  }

  /** Whether there is no time for more than the round that is open. */
  #isOutOfTime(): boolean {
    return this.#time.deadline - this.#writer.clock.now() < ROUND_MS;
  }

  /** The round that is open, or a new one; null if there is no time for one. */
  async #open(key: string): Promise<Round | null> {
    if (this.#round !== undefined) {
      this.#round.keys.add(key);
      return this.#round;
    }
    const { directory } = this.#writer;
    if (this.#isOutOfTime()) {
      this.done.failed.set(key, { code: 'SLUICE_WRITE_OUT_OF_TIME', detail: 'No round was begun.' });
      return null;
    }
    this.#directory = join(directory, `round-${this.done.rounds}`);
    await mkdir(this.#directory);
    this.done.rounds += 1;
    this.#round = new Round(this.#directory);
    this.#round.keys.add(key);
    return this.#round;
  }

  /** Writes the round: files first, and then what they are made of goes. */
  async finish(): Promise<void> {
    const [round, ended, directory] = [this.#round, this.#ended, this.#directory];
    [this.#round, this.#ended] = [undefined, []];
    if (round === undefined) return;
    const put: string[] = [];
    try {
      await this.#write(round, directory, put);
      for (const object of ended) await this.#putAside(object);
    } catch (error) {
      for (const key of round.keys) this.fail(key, error);
      // What is left of it is written again: its rows would be there twice.
      await removeObjects(put, this.#writer.store);
      return;
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
    await this.#remove(ended.map(({ version }) => version));
    for (const { version, skipped } of ended)
      if (!this.done.failed.has(version.key))
        this.done.objects[skipped.count === 0 ? 'written' : 'damaged'] += 1;
  }

  async #write(round: Round, directory: string, put: string[]): Promise<void> {
    const { config, store, clock, limits, log } = this.#writer;
    const { signal } = this.#time;
    const lines = await round.close();
    if (lines.length === 0) return;
    const written = await writeRound({ config, lines, limits, directory, now: clock.now(), signal });
    for (const { key, body, contentType } of written.large)
      await store.write(key, body, { contentType, signal });
    await mapLimit(written.files, PUTS, async ({ kind, day, path }) => {
      const name = landedFileName(clock.now(), randomBytes(16).toString('hex'));
      const key = `${dayFolder(config, kind, day)}${name}`;
      put.push(key);
      await store.write(key, await readFile(path), { contentType: PARQUET, signal });
    });
    for (const { kind, key, code, detail } of written.refused)
      log({ level: 'error', event: 'write_refused', object: key, kind, code, detail });
    this.done.rows += lines.reduce((sum, { rows }) => sum + rows, 0);
    this.done.refused += written.refused.length;
    this.done.files += written.files.length;
  }

  /** Keeps what was skipped of an object where nothing deletes it for long. */
  async #putAside({ version: { key }, skipped, damaged }: EndedObject): Promise<void> {
    const damage = damageOf(skipped);
    if (damage === null) return;
    const { store, log } = this.#writer;
    await store.write(damagedKey(key), await damaged.bytes(), {
      ...{ contentType: 'application/gzip', signal: this.#time.signal },
    });
    await damaged.remove();
    const { code, detail } = damage;
    const { bytes, count, causes, ranges, lines, rowLike } = skipped;
    log({
      ...{ level: 'error', event: 'write_damaged', object: key, code, detail },
      ...{ bytes, count, causes, ranges, lines, row_like: rowLike },
    });
  }

  /** Deletes objects that earlier calls have written. */
  async removeNoted(): Promise<void> {
    this.done.objects.gone += (await this.#remove(this.#noted)).removed;
  }

  async #remove(versions: readonly LandedVersion[]): Promise<RemovedObjects> {
    const done = await removeWritten(versions, this.#writer, this.notes);
    this.done.objects.undeleted += done.undeleted;
    for (const { key, why } of done.failed)
      this.done.failed.set(key, {
        code: 'SLUICE_WRITE_BUCKET_FAILED',
        detail: `It is written, and neither deleted nor noted: ${why}.`,
      });
    return done;
  }
}

const PARQUET = 'application/vnd.apache.parquet';

import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { mapLimit } from '../../base/concurrency.ts';
import { errorName, SluiceError } from '../../base/errors.ts';
import type { ObjectStore } from '../../base/ObjectStore.ts';
import type { Clock } from '../../base/time.ts';
import type { EngineLimits } from '../../parquet/DuckDbSession.ts';
import type { Config } from '../../schema/config.ts';
import { damagedKey } from '../../tables/objectKeys.ts';
import { dayFolder, landedFileName } from '../../tables/tableFolders.ts';
import { type LandedVersion, LandingNotes } from '../LandingNotes.ts';
import { damageOf, LandedReader, Skipped } from '../lines/LandedObject.ts';
import { DamagedObject } from './DamagedObject.ts';
import { Round } from './Round.ts';
import { type RemovedObjects, removeObjects, removeWritten } from './removeWritten.ts';
import { WriteError } from './WriteError.ts';
import { writeRound } from './writeRound.ts';

/** Bytes of lines of a round: its rows fit the memory of the function, typed and while they are sorted. */
const ROUND_BYTES = 268_435_456;
/** Milliseconds that a round may take: it is not begun when there are fewer. */
const ROUND_MS = 180_000;
/** Objects that are opened ahead, each with its first piece, and files that are put at the same time. */
const AHEAD = 4;
const PUTS = 4;
/** Bytes of an object that are fetched at once. It may have any number: the further Firehose is behind, the more it joins. */
const PIECE_BYTES = 8_388_608;
/** Skipped bytes that are kept on the disk. The rest of such an object is read as another. */
const SKIPPED_BYTES = 268_435_456;

/** Dependencies of the writer. */
export interface Writer {
  readonly config: Pick<Config, 'bucket' | 'statsigFolder' | 'formerStatsigFolders' | 'tables' | 'unitIds'>;
  readonly store: Pick<ObjectStore, 'open' | 'read' | 'write' | 'removeAll' | 'listPage'>;
  readonly clock: Clock;
  readonly limits: EngineLimits;
  /** Existing folder for files, which nobody else uses. */
  readonly directory: string;
  readonly log: (fields: Record<string, unknown>) => void;
  /** Default {@link ROUND_BYTES}, {@link PIECE_BYTES}, {@link SKIPPED_BYTES}. */
  readonly roundBytes?: number;
  readonly pieceBytes?: number;
  readonly skippedBytes?: number;
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
 * one, or of a part of a large one. What can't be deleted is noted, and only deleted the next time; so is how far an object is
 * written that a round does not end. At least once: a round whose end is not noted is written again. Its rows then have the same IDs
 * twice, and views show one.
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
    for await (const opened of openAhead(keys, writer, time, batch))
      if (opened !== null) await batch.take(opened);
    await batch.finish();
  }
  await batch.removeNoted();
  return batch.done;
}

/** An object that is there. */
interface OpenedObject {
  readonly version: LandedVersion;
  /** The first byte that is not written; null: all is, and that is noted. */
  readonly from: number | null;
  /** The bytes from there on. */
  readonly pieces: AsyncGenerator<{ readonly bytes: Buffer; readonly isLast: boolean }>;
}

/** Opens an object, and fetches its first piece; null if there is none. */
async function openObject(
  key: string,
  { store, pieceBytes = PIECE_BYTES }: Writer,
  notes: LandingNotes,
  signal: AbortSignal | undefined,
): Promise<OpenedObject | null> {
  const object = await store.open(key, { signal });
  if (object === null) return null;
  const { body, eTag, versionId, modifiedAt, bytes: size = Number.NaN } = object;
  const version = { key, eTag, versionId, modifiedAt };
  const fetchFrom = async (first: number): Promise<Buffer> => {
    const end = Math.min(first + pieceBytes, size);
    if (first === 0) return readBytes(body, end, end < size);
    return readBytes(await openPart(store, version, first, end - 1, signal), end - first);
  };
  const note = await notes.read(version).catch((error: unknown) => {
    // It would keep its connection, of which there are few.
    body.destroy();
    throw error;
  });
  const from = note === null ? 0 : 'written' in note ? null : note.from;
  if (from !== 0) body.destroy();
  // What was skipped last may have ended it.
  const isRead = from === null || (from > 0 && from === size);
  let next = isRead ? undefined : Promise.resolve(await fetchFrom(from));
  /** Each piece is fetched while the one before it is read. */
  async function* pieces(): OpenedObject['pieces'] {
    for (let at = from ?? 0; next !== undefined; ) {
      const bytes = await next;
      at += bytes.length;
      next = at === size ? undefined : fetchFrom(at);
      // It is thrown when it is waited for.
      next?.catch(() => undefined);
      yield { bytes, isLast: at === size };
    }
  }
  return { version, from, pieces: pieces() };
}

/** A part of an object, up to its last byte. @throws WriteError if the object is gone, or is another one. */
async function openPart(
  store: Writer['store'],
  { key, eTag }: LandedVersion,
  first: number,
  last: number,
  signal: AbortSignal | undefined,
): Promise<Readable> {
  const part = await store.open(key, { range: { first, last }, ifMatch: eTag, signal });
  if (part === null) throw new WriteError('SLUICE_WRITE_BUCKET_FAILED', 'It has changed.');
  return part.body;
}

/** The first bytes of a stream. @throws RangeError If it has fewer: one that breaks has no end. */
async function readBytes(body: Readable, count: number, hasMore = false): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let read = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    read += chunk.length;
    if (hasMore && read >= count) break;
  }
  if (!(hasMore ? read >= count : read === count)) throw new RangeError(`${read} bytes of ${count}.`);
  return Buffer.concat(chunks, count);
}

/** Objects in order, while the next ones are opened. Null: it is gone, or failed, which the batch knows. */
async function* openAhead(
  keys: readonly string[],
  writer: Writer,
  { signal }: WriteTime,
  batch: Batch,
): AsyncGenerator<OpenedObject | null> {
  const opening: Promise<OpenedObject | null>[] = [];
  const open = async (key: string): Promise<OpenedObject | null> => {
    try {
      signal?.throwIfAborted();
      const opened = await openObject(key, writer, batch.notes, signal);
      // Somebody has written it: S3 and SQS may tell of an object twice.
      if (opened === null) batch.done.objects.gone += 1;
      return opened;
    } catch (error) {
      batch.fail(key, error);
      return null;
    }
  };
  for (let next = 0; next < keys.length || opening.length > 0; ) {
    for (let key = keys[next]; key !== undefined && opening.length < AHEAD; key = keys[next]) {
      opening.push(open(key));
      next += 1;
    }
    const first = await opening.shift();
    if (first !== undefined) yield first;
  }
}

/** An object that is read. */
interface ReadObject {
  readonly version: LandedVersion;
  readonly reader: LandedReader;
  /** What was skipped from a byte on, and how much of it is in the bucket. */
  from: number;
  damaged: DamagedObject;
  putBytes: number;
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
  /** Objects that end in the round. */
  #ended: ReadObject[] = [];
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
  async take({ version, from, pieces }: OpenedObject): Promise<void> {
    if (from === null) {
      this.#noted.push(version);
      return;
    }
    const reader = new LandedReader(this.#writer.clock, from);
    const object: ReadObject = { version, reader, from, damaged: this.#damagedObject(), putBytes: 0 };
    try {
      for await (const piece of pieces) if (!(await this.#takePiece(object, piece))) return;
    } catch (error) {
      await this.#endRoundAt(object, reader.at);
      this.fail(version.key, error);
      return;
    }
    if (!(await this.#hasRound(version.key))) return;
    this.#round?.addKey(version.key);
    this.#ended.push(object);
  }

  /** @returns Whether the rest of the object is of use: false when a part of it was not written. */
  async #takePiece(
    object: ReadObject,
    { bytes, isLast }: { readonly bytes: Buffer; readonly isLast: boolean },
  ): Promise<boolean> {
    const { roundBytes = ROUND_BYTES, skippedBytes = SKIPPED_BYTES } = this.#writer;
    const { version, reader } = object;
    for (const part of reader.read(bytes, isLast)) {
      if ('text' in part && part.lines.length > 0) {
        const isFull = this.#round !== undefined && this.#round.bytes + part.text.length > roundBytes;
        if (isFull || this.#isOutOfTime()) await this.#endRoundAt(object, part.at);
        if (!(await this.#hasRound(version.key))) return false;
        await this.#round?.add(version.key, part);
      }
      if ('why' in part || part.others.length > 0) await object.damaged.add(part);
      if (object.damaged.size <= skippedBytes) continue;
      await this.#endRoundAt(object, part.at + part.bytes.length);
      await object.damaged.remove();
      reader.skipped = new Skipped();
      Object.assign(object, {
        from: part.at + part.bytes.length,
        damaged: this.#damagedObject(),
        putBytes: 0,
      });
    }
    if (!isLast && this.#isOutOfTime()) await this.#endRoundAt(object, reader.at);
    return this.#hasRound(version.key);
  }

  #damagedObject(): DamagedObject {
    this.#damaged += 1;
    return new DamagedObject(join(this.#writer.directory, `damaged-${this.#damaged}`));
  }

  /** Ends the round within an object, and notes that the bytes before this one are not to be read again. */
  async #endRoundAt(object: ReadObject, at: number): Promise<void> {
    await this.finish();
    if (at === object.from || this.done.failed.has(object.version.key)) return;
    try {
      // Another run may have ended it meanwhile: there is more in damaged/ then than this one has by now.
      (await openPart(this.#writer.store, object.version, 0, 0, this.#time.signal)).destroy();
      await this.#putAside(object);
      await this.notes.writeFrom(object.version, at);
    } catch (error) {
      this.fail(object.version.key, error);
    }
  }

  /** Whether there is no time for more than the round that is open. */
  #isOutOfTime(): boolean {
    return this.#time.deadline - this.#writer.clock.now() < ROUND_MS;
  }

  /** Opens a round if none is open. @returns False if the object has failed, or does because there is no time for a round. */
  async #hasRound(key: string): Promise<boolean> {
    if (this.done.failed.has(key)) return false;
    if (this.#round !== undefined) return true;
    if (this.#isOutOfTime()) {
      this.done.failed.set(key, { code: 'SLUICE_WRITE_OUT_OF_TIME', detail: 'No round was begun.' });
      return false;
    }
    this.#directory = join(this.#writer.directory, `round-${this.done.rounds}`);
    await mkdir(this.#directory);
    this.done.rounds += 1;
    this.#round = new Round(this.#directory);
    return true;
  }

  /** Writes the round: files first, and then what they are made of goes. */
  async finish(): Promise<void> {
    const [round, ended, directory] = [this.#round, this.#ended, this.#directory];
    [this.#round, this.#ended] = [undefined, []];
    if (round === undefined) return;
    const put: string[] = [];
    try {
      await this.#write(round, directory, put);
      for (const object of ended) {
        await this.#putAside(object);
        await object.damaged.remove();
      }
    } catch (error) {
      for (const key of round.keys) this.fail(key, error);
      // What is left of it is written again: its rows would be there twice.
      await removeObjects(put, this.#writer.store);
      return;
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
    await this.#remove(ended.map(({ version }) => version));
    for (const { version, reader } of ended)
      if (!this.done.failed.has(version.key))
        this.done.objects[reader.skipped.count === 0 ? 'written' : 'damaged'] += 1;
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
  async #putAside(object: ReadObject): Promise<void> {
    const { key } = object.version;
    const { skipped } = object.reader;
    const damage = damageOf(skipped);
    if (damage === null || skipped.bytes === object.putBytes) return;
    const { store, log } = this.#writer;
    await store.write(damagedKey(key, object.from), await object.damaged.bytes(), {
      ...{ contentType: 'application/gzip', signal: this.#time.signal },
    });
    object.putBytes = skipped.bytes;
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

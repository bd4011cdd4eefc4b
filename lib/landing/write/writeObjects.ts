import { hash, randomBytes } from 'node:crypto';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { mapLimit } from '../../base/concurrency.ts';
import { errorText, SluiceError } from '../../base/errors.ts';
import { anyVersion, type ObjectStore } from '../../base/ObjectStore.ts';
import type { RetryPorts } from '../../base/retry.ts';
import { sum } from '../../base/sum.ts';
import { type Clock, MINUTE_MS } from '../../base/time.ts';
import type { EngineLimits } from '../../parquet/DuckDbSession.ts';
import type { Config } from '../../schema/config.ts';
import { damagedKey, isRedriven, PARQUET_MEDIA_TYPE } from '../../tables/objectKeys.ts';
import { dayFolder, landedFileName } from '../../tables/tableFolders.ts';
import { heldMetadata } from '../heldTimes.ts';
import { ListedNotes, writeNote } from '../LandingNote.ts';
import { LandedReader } from '../lines/LandedReader.ts';
import type { LandedPart } from '../lines/landedLines.ts';
import { Skipped } from '../lines/Skipped.ts';
import { type EventCounter, finishedLines } from './finishedEvents.ts';
import { openAhead, type Place } from './openAhead.ts';
import { type OpenedObject, openObject } from './openObject.ts';
import { Round, sizeInRound } from './Round.ts';
import { removeWritten } from './removeWritten.ts';
import { writeRound } from './writeRound.ts';

/** Bytes of lines of a round: its rows fit the memory of the function, typed and while they are sorted. */
const ROUND_BYTES = 268_435_456;
/** Milliseconds that a round may take: it is not begun when there are fewer. */
const ROUND_MS = 3 * MINUTE_MS;
/** Files that are put at the same time. */
const PUTS = 4;
/** Pages of notes whose listing takes no longer than to read the notes of a few objects. */
const FEW_PAGES = 2;
/**
 * Skipped bytes that are kept in memory. The rest of an object that has more is read as another object; objects that
 * have more together end their round.
 */
const SKIPPED_BYTES = 134_217_728;

/** Dependencies of the writer. */
export interface Writer extends RetryPorts {
  /** The settings that name the tables, their folders and their columns. */
  readonly config: Pick<Config, 'bucket' | 'statsigFolder' | 'formerStatsigFolders' | 'tables' | 'unitIds'>;
  /** The deployment's bucket. */
  readonly store: Pick<ObjectStore, 'open' | 'read' | 'write' | 'removeAll' | 'listPage'>;
  /** The time that is compared with the deadline. */
  readonly clock: Clock;
  /** Memory and threads of DuckDB, and its folder for what it spills. */
  readonly limits: EngineLimits;
  /** The dimension `stage` of its metrics. */
  readonly stage: string;
  /** Existing folder for files, which nobody else uses. */
  readonly directory: string;
  /** Writes one line of the log. */
  readonly log: (fields: Record<string, unknown>) => void;
  /** Bytes of an object that are fetched at once. Default that of openObject.ts. */
  readonly pieceBytes?: number;
  /** Bytes of lines of a round. Default {@link ROUND_BYTES}. */
  readonly roundBytes?: number;
  /** Bytes of members that are read together. Default: what the reader has. */
  readonly runBytes?: number;
  /** Skipped bytes that are kept in memory. Default {@link SKIPPED_BYTES}. */
  readonly skippedBytes?: number;
  /** Lines of a kind that DuckDB refuses one by one. Default: what a round has. */
  readonly singleLines?: number;
}

/** The time of an invocation. */
export interface WriteTime {
  /** Epoch milliseconds. */
  readonly deadline: number;
  /** Aborted at the deadline. */
  readonly signal?: AbortSignal;
}

/** What became of objects. */
interface WrittenObjects {
  /**
   * How many objects have become what. `undeleted`: they are written, by this call or an earlier one, and noted, and
   * need no message. `damaged`: they are written, except for bytes that are in `damaged/` now.
   */
  readonly objects: { written: number; undeleted: number; gone: number; damaged: number };
  /** Rows in files of tables. */
  rows: number;
  /** Rows that went to quarantine. */
  refused: number;
  /** Files of tables that were put. */
  files: number;
  /** Rounds that were written. */
  rounds: number;
  /** Objects that are still in the landing, and why. */
  readonly failed: Map<string, { readonly code: string; readonly detail: string }>;
}

/**
 * Makes Parquet files from the rows of landed objects, and deletes the objects. That happens in rounds, each of as many
 * objects as fit into it, or of a part of a large object. An object that can't be deleted is noted, and the next time
 * it is only deleted. How far an object is written that a round does not end is noted, too. Rows are written at least
 * once: a round whose end is not noted is written again. Its rows then have the same IDs twice, and views show one of
 * them.
 *
 * @param groups Keys by groups: no round has objects of two groups, and no object is fetched before the group before it
 * is written.
 */
export async function writeObjects(
  groups: readonly (readonly string[])[],
  writer: Writer,
  time: WriteTime,
): Promise<WrittenObjects> {
  const batch = new Batch(writer, time);
  for (const keys of groups) {
    const ahead = openAhead(keys, (key, place) => batch.open(key, place));
    for await (const opened of ahead) if (opened !== null) await batch.take(opened);
    await batch.finish();
  }
  return batch.done;
}

/** The objects of one invocation, which are written in rounds. */
class Batch {
  readonly done: WrittenObjects = {
    objects: { written: 0, undeleted: 0, gone: 0, damaged: 0 },
    rows: 0,
    refused: 0,
    files: 0,
    rounds: 0,
    failed: new Map(),
  };
  readonly #writer: Writer;
  readonly #time: WriteTime;
  #round: Round | undefined;
  /** Objects that end in the round. */
  #ended: OpenedObject[] = [];
  /** Counters of the open objects, by key. A redriven object has none: its rows were counted when they landed first. */
  readonly #counters = new Map<string, EventCounter>();
  #directory = '';
  /** All notes, listed since the last round; null if that failed. */
  #notes: Promise<ListedNotes | null> | undefined;

  constructor(writer: Writer, time: WriteTime) {
    this.#writer = writer;
    this.#time = time;
  }

  /** Opens an object. Null if it is gone, or failed. */
  async open(key: string, place: Place): Promise<OpenedObject | null> {
    const { signal } = this.#time;
    try {
      signal?.throwIfAborted();
      const { store, pieceBytes } = this.#writer;
      // Without a listing each object has its notes read.
      this.#notes ??= ListedNotes.list(store, FEW_PAGES, signal).catch(() => null);
      const listed = await this.#notes;
      const notes = listed?.isWhole ? listed : null;
      const opened = await openObject(key, { store, notes, place, signal, pieceBytes });
      // Somebody has written it: S3 and SQS may tell of an object twice.
      if (opened === null) this.done.objects.gone += 1;
      return opened;
    } catch (error) {
      this.#fail(key, error);
      return null;
    }
  }

  /** The code and detail of an error. After the signal has aborted, any step may throw anything: the time was over. */
  #failureOf(error: unknown): { readonly code: string; readonly detail: string } {
    if (this.#time.signal?.aborted === true) return { code: 'SLUICE_WRITE_OUT_OF_TIME', detail: '' };
    if (error instanceof SluiceError) return { code: error.code, detail: error.detail };
    return { code: 'SLUICE_WRITE_BUCKET_FAILED', detail: errorText(error) };
  }

  /** Notes why an object has failed. It stays in the landing. */
  #fail(key: string, error: unknown): void {
    this.done.failed.set(key, this.#failureOf(error));
  }

  /** Takes an object into the round, and into further ones. */
  async take(object: OpenedObject): Promise<void> {
    const { key } = object.version;
    if (!isRedriven(key)) this.#counters.set(key, object.counter);
    const reader = new LandedReader(this.#writer.clock, object.from, this.#writer.runBytes);
    try {
      for await (const { chunks, isLast } of object.pieces) {
        for (const part of reader.read(chunks, isLast)) {
          if (part.lines.length > 0 && !(await this.#takeLines(object, part))) return;
          if (part.why !== null) await this.#skip(object, part);
        }
        if (!isLast && this.#isOutOfTime()) await this.#endRoundAt(object, reader.position);
        if (!(await this.#hasRound(key))) return;
      }
    } catch (error) {
      await this.#endRoundAt(object, reader.position);
      this.#fail(key, error);
      return;
    }
    if (!(await this.#hasRound(key))) return;
    this.#round?.keys.add(key);
    this.#ended.push(object);
    if (sum(this.#ended.map(({ skipped }) => skipped.bytes)) > this.#mostSkipped) await this.finish();
  }

  /**
   * Takes lines of an object into the round.
   *
   * @returns False if they could not be taken, so that the object is not read on.
   */
  async #takeLines(object: OpenedObject, part: LandedPart): Promise<boolean> {
    const { key } = object.version;
    const { roundBytes = ROUND_BYTES } = this.#writer;
    const isFull = this.#round !== undefined && this.#round.size + sizeInRound(part) > roundBytes;
    if (isFull || this.#isOutOfTime()) await this.#endRoundAt(object, part.at);
    if (this.#round === undefined && !(await this.#hasRound(key))) return false;
    await this.#round?.add(key, part);
    this.#counters.get(key)?.add(part);
    return true;
  }

  /** Keeps bytes that can't be read, or ends the round if they are too many for the memory. */
  async #skip(object: OpenedObject, part: LandedPart): Promise<void> {
    // The bytes are copied, so that the whole piece need not be kept for them.
    object.skipped.add({ ...part, bytes: Buffer.from(part.bytes) });
    if (object.skipped.bytes <= this.#mostSkipped) return;
    const from = part.at + part.bytes.length;
    await this.#endRoundAt(object, from);
    Object.assign(object, { from, skipped: new Skipped(), putBytes: 0, putETag: null });
  }

  /** Skipped bytes that are kept in memory. */
  get #mostSkipped(): number {
    return this.#writer.skippedBytes ?? SKIPPED_BYTES;
  }

  /** Ends the round within an object, and notes that the bytes before this one are not to be read again. */
  async #endRoundAt(object: OpenedObject, at: number): Promise<void> {
    await this.finish();
    const { version, from, notes } = object;
    if (at === from || this.done.failed.has(version.key)) return;
    const { store } = this.#writer;
    try {
      await this.#putAside(object);
      const events = object.counter.counts;
      notes.push(await writeNote(store, version, { from: at, events }));
    } catch (error) {
      this.#fail(version.key, error);
    }
  }

  /** Whether there is no time for more than the round that is open. */
  #isOutOfTime(): boolean {
    return this.#time.deadline - this.#writer.clock.now() < ROUND_MS;
  }

  /**
   * Opens a round if none is open.
   *
   * @returns False if the object has failed, or does because there is no time for a round.
   */
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
    const round = this.#round;
    const ended = this.#ended;
    const directory = this.#directory;
    this.#round = undefined;
    this.#ended = [];
    // The next round lists notes again, because another run may have written objects meanwhile.
    this.#notes = undefined;
    if (round === undefined) return;
    const put: string[] = [];
    try {
      await this.#write(round, directory, put);
      for (const object of ended) await this.#putAside(object);
    } catch (error) {
      for (const key of round.keys) this.#fail(key, error);
      // Files that were put are deleted again: their rows are written once more with the next round, and would be there
      // twice.
      await this.#writer.store.removeAll(anyVersion(put)).catch(() => []);
      return;
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
    await this.#remove(ended);
  }

  /** Puts the files of a round into the bucket. @param put Gets the keys of files as they are put. */
  async #write(round: Round, directory: string, put: string[]): Promise<void> {
    const { config, store, clock, limits, log, singleLines } = this.#writer;
    const { signal } = this.#time;
    const lines = await round.close();
    if (lines.length === 0) return;
    const written = await writeRound({
      config,
      lines,
      limits,
      directory,
      now: clock.now(),
      signal,
      singleLines,
    });
    for (const { key, body, contentType } of written.large)
      await store.write(key, body, { contentType, signal });
    await mapLimit(written.files, PUTS, async ({ kind, day, path }) => {
      const name = landedFileName(clock.now(), randomBytes(16).toString('hex'));
      const key = `${dayFolder(config, kind, day)}${name}`;
      put.push(key);
      await store.write(key, await readFile(path), { contentType: PARQUET_MEDIA_TYPE, signal });
    });
    for (const { kind, key, text, code, detail } of written.refused) {
      log({ level: 'error', event: 'write_refused', object: key, kind, code, detail });
      this.#counters.get(key)?.refuse(kind, text);
    }
    this.done.rows += sum(lines.map(({ rows }) => rows));
    this.done.refused += written.refused.length;
    this.done.files += written.files.length;
  }

  /**
   * Keeps what was skipped of an object in `damaged/`, where nothing deletes it for long. It replaces only what this
   * run has put there. If another run has put something under that key, of this object or of one that had its key, the
   * bytes get a name of their own, unless they are a part of what is there.
   */
  async #putAside(object: OpenedObject): Promise<void> {
    const { from, skipped } = object;
    if (skipped.bytes === object.putBytes) return;
    const { key, modifiedAt } = object.version;
    const { store } = this.#writer;
    const { signal } = this.#time;
    const whole = skipped.object();
    const aside = damagedKey(key, from);
    const metadata = heldMetadata(object.metadata, modifiedAt, skipped.hours);
    const as = { contentType: 'application/gzip', metadata, signal };
    const putETag = await store.write(aside, whole, { ...as, expected: object.putETag });
    if (putETag === null) {
      const there = await store.open(aside, { signal });
      const known = there === null ? [] : await there.body.toArray();
      const name = `${aside}.${hash('sha256', whole).slice(0, 16)}`;
      const anew = { ...as, expected: null, throwsConflict: true };
      if (!Buffer.concat(known).includes(whole)) await store.write(name, whole, anew);
    }
    Object.assign(object, { putBytes: skipped.bytes, putETag, isDamaged: true });
    const { bytes, count, causes, ranges, lines, rowLike } = skipped;
    this.#writer.log({
      level: 'error',
      event: 'write_damaged',
      object: key,
      code: 'SLUICE_LANDED_DAMAGED',
      bytes,
      count,
      causes,
      ranges,
      lines,
      row_like: rowLike,
    });
  }

  /**
   * Deletes objects that are written, and notes those that the bucket does not delete: policies of regulated companies
   * deny it. A function that ends before the note is made writes rows twice.
   */
  async #remove(ended: readonly OpenedObject[]): Promise<void> {
    const { objects, failed } = this.done;
    const { store } = this.#writer;
    const { left, deleted } = await removeWritten(
      ended.map(({ version }) => version),
      this.#writer,
    );
    const finished = ended.filter(({ version }) => deleted.has(version.key));
    const lines = finishedLines(
      finished.map(({ counter }) => counter.counts),
      this.#writer.stage,
    );
    for (const line of lines) this.#writer.log(line);
    const notes = ended.flatMap((object) => (left.has(object.version.key) ? [] : object.notes));
    // Notes that could not be deleted are harmless: the versions that they are about are gone.
    await store.removeAll(anyVersion(new Set(notes))).catch(() => []);
    await mapLimit(ended, PUTS, async ({ version, isWritten, isDamaged, counter }) => {
      const why = left.get(version.key);
      try {
        if (why !== undefined)
          await writeNote(store, version, { written: true, why, events: counter.counts });
      } catch {
        const detail = `It is written, and neither deleted nor noted: ${why}.`;
        failed.set(version.key, { code: 'SLUICE_WRITE_BUCKET_FAILED', detail });
        return;
      }
      if (why !== undefined) objects.undeleted += 1;
      if (!isWritten) objects[isDamaged ? 'damaged' : 'written'] += 1;
      else if (why === undefined) objects.gone += 1;
    });
  }
}

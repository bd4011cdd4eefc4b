import { isUtf8 } from 'node:buffer';
import { existsSync, readFileSync } from 'node:fs';
import { appendFile, type FileHandle, mkdir, open, readdir, rm, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { DiskError } from '../base/errors.ts';
import { parseChecked, withChecksum } from '../disk/checked.ts';
import { readWhole, replaceFile } from '../disk/files.ts';
import { LineJournal } from '../disk/LineJournal.ts';
import {
  countBytes,
  HEADER_BYTES,
  isRecord,
  readCount,
  readSegment,
  recordHeader,
  SEGMENT_MARK,
} from './segmentFormat.ts';

/** Size in bytes after which a new file is started, so that delivered files can be deleted. */
const SEGMENT_BYTES = 32 * 1024 * 1024;
const SEGMENT_NAME = /^(\d{10})\.journal$/;
/** File with the number of records that were dropped. */
const EXPIRED = 'expired';
/** File with those records, one a line: `{"arrivedAt","document"}`, or `{"arrivedAt","base64"}` if it is not text. */
const EXPIRED_DOCUMENTS = 'expired.ndjson';

/**
 * The acknowledged records of one stream that are not delivered, on disk.
 *
 * Records are written before they are acknowledged, so a killed process loses nothing. Writes aren't flushed from the
 * operating system's cache, so a power failure may lose some. A record is deleted only once S3 has it.
 */
export class Journal {
  readonly #directory: string;
  readonly #segments = new Set<Segment>();
  #current: Segment | undefined;
  #nextNumber: number;
  #waiting: {
    readonly data: Uint8Array;
    readonly arrivalMs: number;
    readonly written: (entry: JournalEntry) => void;
    readonly failed: (error: unknown) => void;
  }[] = [];
  #writing: Promise<void> | undefined;
  /** Records that were dropped by earlier processes. */
  readonly expired: number;

  private constructor(directory: string, nextNumber: number, expired: number) {
    this.#directory = directory;
    this.#nextNumber = nextNumber;
    this.expired = expired;
  }

  /** Opens the journal in `directory`; `entries` are the records that an earlier process did not deliver. */
  static async open(directory: string): Promise<{ journal: Journal; entries: JournalEntry[] }> {
    await mkdir(directory, { recursive: true });
    const files = await readdir(directory);
    const names = files.filter((name) => SEGMENT_NAME.test(name)).sort();
    for (const name of files) {
      const owner = name.replace(/\.(delivered|acknowledged)$/, '');
      if (owner !== name && !names.includes(owner)) await rm(join(directory, name));
    }
    const last = Number(SEGMENT_NAME.exec(names.at(-1) ?? '')?.[1] ?? 0);
    const journal = new Journal(directory, last + 1, readExpired(join(directory, EXPIRED)));
    const entries: JournalEntry[] = [];
    for (const name of names) {
      const recovered = await Segment.recover(join(directory, name));
      journal.#segments.add(recovered.segment);
      entries.push(...recovered.entries);
      await journal.#removeIfDone(recovered.segment);
    }
    return { journal, entries };
  }

  /** Resolves once the records are written, with one entry each, in order. Rejects if any write fails. */
  async append(records: readonly Uint8Array[], arrivalMs: number): Promise<JournalEntry[]> {
    const entries = records.map(
      (data) =>
        new Promise<JournalEntry>((written, failed) => {
          this.#waiting.push({ data, arrivalMs, written, failed });
        }),
    );
    this.#writing ??= this.#writeWaiting();
    return Promise.all(entries);
  }

  /**
   * Writes down how many records were dropped in all, and adds those that were dropped now to a file, which only the
   * deletion of the stream deletes: so that a test can distinguish records that Firehose dropped from those lost
   * elsewhere. If this throws, nothing is noted.
   */
  async noteExpired(count: number, dropped: readonly ExpiredRecord[]): Promise<void> {
    const lines = dropped
      .map(({ arrivalMs, bytes }) => {
        const document = isUtf8(bytes)
          ? { document: bytes.toString().trim() }
          : { base64: bytes.toString('base64') };
        return `${JSON.stringify({ arrivedAt: new Date(arrivalMs).toISOString(), ...document })}\n`;
      })
      .join('');
    const file = join(this.#directory, EXPIRED_DOCUMENTS);
    const length = existsSync(file) ? (await stat(file)).size : 0;
    try {
      await appendFile(file, lines);
      replaceFile(join(this.#directory, EXPIRED), withChecksum(String(count)));
    } catch (error) {
      await truncate(file, length).catch(() => undefined);
      throw error;
    }
  }

  /** Deletes the files whose records are all delivered. */
  async removeDelivered(): Promise<void> {
    for (const segment of [...this.#segments]) await this.#removeIfDone(segment);
  }

  /** Waits for running writes. Undelivered data stays on disk. */
  async close(): Promise<void> {
    await this.#writing;
    for (const segment of this.#segments) await segment.close();
    this.#segments.clear();
    this.#current = undefined;
  }

  /** Writes all waiting records to disk at once. Records that arrive meanwhile go with the next write. */
  async #writeWaiting(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      try {
        const segment = await this.#writable();
        try {
          const entries = await segment.append(batch);
          entries.forEach((entry, at) => {
            batch[at]?.written(entry);
          });
        } catch (error) {
          this.#current = undefined;
          throw error;
        }
      } catch (error) {
        for (const { failed } of batch) failed(error);
      }
    }
    this.#writing = undefined;
  }

  async #writable(): Promise<Segment> {
    if (this.#current === undefined || this.#current.size >= SEGMENT_BYTES) {
      const name = `${String(this.#nextNumber).padStart(10, '0')}.journal`;
      this.#nextNumber += 1;
      this.#current = await Segment.create(join(this.#directory, name));
      this.#segments.add(this.#current);
    }
    return this.#current;
  }

  async #removeIfDone(segment: Segment): Promise<void> {
    if (!segment.done || !this.#segments.has(segment)) return;
    if (segment === this.#current) {
      // A new file may be about to be written to. It is small and is deleted with a later delivery.
      if (this.#writing !== undefined) return;
      this.#current = undefined;
    }
    this.#segments.delete(segment);
    await segment.remove();
  }
}

/** A record that was dropped. */
interface ExpiredRecord {
  /** When its record was accepted, epoch ms. */
  readonly arrivalMs: number;
  readonly bytes: Buffer;
}

/** One acknowledged record and the position of its bytes. */
export interface JournalEntry {
  readonly segment: Segment;
  /** Number of the record within its segment, from 0. */
  readonly index: number;
  /** Where its bytes begin in the segment's file, and their number. */
  readonly position: number;
  readonly length: number;
  /** When it was accepted, epoch ms. */
  readonly arrivalMs: number;
}

/** Numbers of records, the first and the last of those that follow one another. */
type Run = readonly [from: number, to: number];
const runsSchema = z.array(z.tuple([z.int(), z.int()]));

/**
 * One file of a journal with records in order of arrival, a second file that lists the delivered ones, and a third one
 * with the number of acknowledged records, which distinguishes a file that was cut from one that a kill left
 * incomplete. It counts undelivered records; at zero, all of them can be deleted.
 */
export class Segment {
  readonly #path: string;
  #file: FileHandle | undefined;
  #marks: LineJournal<readonly Run[]> | undefined;
  #acknowledged: FileHandle | undefined;
  /** Bytes written so far. */
  size = 0;
  #records = 0;
  /** Records that aren't delivered. */
  #owed = 0;

  private constructor(path: string) {
    this.#path = path;
  }

  static async create(path: string): Promise<Segment> {
    const segment = new Segment(path);
    segment.#file = await open(path, 'wx+');
    try {
      await writeAll(segment.#file, SEGMENT_MARK, 0);
      segment.#acknowledged = await open(`${path}.acknowledged`, 'w');
    } catch (error) {
      await segment.remove();
      throw error;
    }
    segment.size = SEGMENT_MARK.length;
    return segment;
  }

  /**
   * Reads a segment of an earlier process. A record that a killed process wrote only in part is not acknowledged.
   *
   * @throws DiskError DISK_DAMAGED when an acknowledged record is not what was written. The file stays as it is.
   */
  static async recover(path: string): Promise<{ segment: Segment; entries: JournalEntry[] }> {
    const segment = new Segment(path);
    segment.#file = await open(path, 'r+');
    try {
      const delivered = segment.#openMarks();
      const bytes = await segment.#file.readFile();
      const { records, damage } = readSegment(bytes);
      if (damage !== undefined)
        throw new DiskError(
          'DISK_DAMAGED',
          `${path}, byte ${damage.at}. ${records.length} records before it and ${damage.after} after it can be read.`,
        );
      // Whoever has emptied or cut the file has not cut what is known of its records.
      let most = segment.#readAcknowledged();
      for (const index of delivered) most = Math.max(most, index + 1);
      if (most > records.length)
        throw new DiskError(
          'DISK_DAMAGED',
          `${path}, byte ${bytes.length}. ${records.length} of at least ${most} records are there.`,
        );
      const entries = records
        .map((record, index) => ({ ...record, segment, index }))
        .filter(({ index }) => !delivered.has(index));
      segment.size = bytes.length;
      segment.#records = records.length;
      segment.#owed = entries.length;
      return { segment, entries };
    } catch (error) {
      await segment.close();
      throw error;
    }
  }

  /** Whether every record is delivered. */
  get done(): boolean {
    return this.#owed === 0;
  }

  /**
   * Writes records in one call, one after another. After a failure the segment must not be written to again,
   * because recovery stops at the first incomplete record.
   */
  async append(
    batch: readonly { readonly data: Uint8Array; readonly arrivalMs: number }[],
  ): Promise<JournalEntry[]> {
    const pieces: Uint8Array[] = [];
    const entries: JournalEntry[] = [];
    const start = this.size;
    let at = start;
    for (const { data, arrivalMs } of batch) {
      const header = recordHeader(data, arrivalMs);
      pieces.push(header, data);
      const position = at + header.length;
      const index = this.#records + entries.length;
      entries.push({ segment: this, index, position, length: data.length, arrivalMs });
      at = position + data.length;
    }
    this.#owed += entries.length;
    this.#records += entries.length;
    this.size = at;
    try {
      await writeAll(this.#open(), Buffer.concat(pieces), start);
      if (this.#acknowledged !== undefined) await writeAll(this.#acknowledged, countBytes(this.#records), 0);
    } catch (error) {
      // Nothing of the batch is acknowledged, so nothing waits for it: the segment can be done.
      this.#owed -= entries.length;
      this.#records -= entries.length;
      this.size = start;
      await this.#open()
        .truncate(start)
        .catch(() => undefined);
      throw error;
    }
    return entries;
  }

  /**
   * The bytes of one of its records.
   *
   * @throws DiskError DISK_DAMAGED when the record is no longer what was written.
   */
  async read({ position, length }: JournalEntry): Promise<Buffer> {
    const start = position - HEADER_BYTES;
    const bytes = Buffer.allocUnsafe(HEADER_BYTES + length);
    const { bytesRead } = await this.#open().read(bytes, 0, bytes.length, start);
    if (bytesRead !== bytes.length || !isRecord(bytes))
      throw new DiskError('DISK_DAMAGED', `${this.#path}, byte ${start}.`);
    return bytes.subarray(HEADER_BYTES);
  }

  /** Marks records as delivered, on disk first. */
  markDelivered(entries: readonly Pick<JournalEntry, 'index'>[]): void {
    const runs: [from: number, to: number][] = [];
    for (const { index } of entries) {
      const last = runs.at(-1);
      if (last?.[1] === index - 1) last[1] = index;
      else runs.push([index, index]);
    }
    this.#marks ??= LineJournal.create(`${this.#path}.delivered`, []);
    this.#marks.append(runs);
    this.#owed -= entries.length;
  }

  async close(): Promise<void> {
    await this.#file?.close();
    await this.#acknowledged?.close();
    this.#marks?.close();
    this.#file = undefined;
    this.#acknowledged = undefined;
    this.#marks = undefined;
  }

  /**
   * Closes and deletes. The records go first: the other files mean nothing without records, and records without marks are
   * undelivered.
   */
  async remove(): Promise<void> {
    await this.close();
    for (const name of [this.#path, `${this.#path}.delivered`, `${this.#path}.acknowledged`])
      await rm(name, { force: true });
  }

  /** How many records were acknowledged at least: 0 if nothing says so. @throws DiskError DISK_DAMAGED */
  #readAcknowledged(): number {
    const file = `${this.#path}.acknowledged`;
    if (!existsSync(file)) return 0;
    const count = readCount(readFileSync(file));
    if (count === undefined) throw new DiskError('DISK_DAMAGED', `${file}.`);
    return count;
  }

  /** Opens the file of delivered records and returns their numbers. */
  #openMarks(): Set<number> {
    const delivered = new Set<number>();
    const file = `${this.#path}.delivered`;
    if (!existsSync(file)) return delivered;
    const { journal, lines } = LineJournal.open(file, (value) => runsSchema.parse(value));
    this.#marks = journal;
    for (const [from, to] of lines.flat())
      for (let index = from; index <= to; index += 1) delivered.add(index);
    return delivered;
  }

  #open(): FileHandle {
    if (this.#file === undefined) throw new Error(`The journal ${this.#path} is closed.`);
    return this.#file;
  }
}

/** How many records earlier processes have dropped. @throws DiskError DISK_DAMAGED */
function readExpired(file: string): number {
  if (!existsSync(file)) return 0;
  try {
    return z
      .int()
      .min(0)
      .parse(parseChecked(readWhole(file).toString('utf8')));
  } catch (cause) {
    throw new DiskError('DISK_DAMAGED', `${file}.`, { cause });
  }
}

async function writeAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}

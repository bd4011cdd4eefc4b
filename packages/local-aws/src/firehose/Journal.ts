import { isUtf8 } from 'node:buffer';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
} from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { LineJournal } from '../disk/LineJournal.ts';

/** Size in bytes after which a new file is started, so that delivered files can be deleted. */
const SEGMENT_BYTES = 32 * 1024 * 1024;
/** The name of a segment's file: its number. */
const SEGMENT_NAME = /^(\d{10})\.records$/;
/** File with dropped records, one a line: `{"arrivedAt","document"}`, or `{"arrivedAt","base64"}` if it is not text. */
const EXPIRED = 'expired.ndjson';

/** Numbers of records of one file: the first and the last of those that follow one another. */
const runSchema = z.tuple([z.int(), z.int()]);
/** A line of the journal: a record, or a record that is delivered. */
const lineSchema = z.union([
  // A record in base64, with its arrival in epoch ms.
  z.strictObject({ at: z.number(), record: z.string() }),
  z.strictObject({ delivered: z.array(runSchema) }),
]);
/** A line of the journal. */
type Line = z.output<typeof lineSchema>;

/** One acknowledged record that is not delivered. Its data are in memory besides the file. */
export interface JournalEntry {
  /** The file of the journal that has the record. */
  readonly segment: Segment;
  /** Number of the record within its segment, from 0. */
  readonly index: number;
  /** The record's bytes. */
  readonly data: Uint8Array;
  /** Time at which the record was accepted, epoch ms. */
  readonly arrivalMs: number;
}

/**
 * The acknowledged records of one stream that are not delivered, on disk.
 *
 * Records are written before they are acknowledged, so a killed process loses nothing. Writes aren't flushed from the
 * operating system's cache, so a power failure may lose some. A record is deleted only once S3 has it.
 */
export class Journal {
  readonly #directory: string;
  readonly #segments = new Set<Segment>();
  /** The segment that takes new records; undefined until the next record comes. */
  #current: Segment | undefined;
  #nextNumber: number;
  /** Records that were dropped since the stream was created. */
  #expired: number;

  private constructor(directory: string, nextNumber: number) {
    this.#directory = directory;
    this.#nextNumber = nextNumber;
    this.#expired = readExpired(join(directory, EXPIRED));
  }

  /**
   * Opens the journal in `directory`; `entries` are the records that an earlier process did not deliver.
   *
   * @throws DiskError DISK_DAMAGED when a record is not what was written. The files stay as they are.
   */
  static open(directory: string): { readonly journal: Journal; readonly entries: JournalEntry[] } {
    mkdirSync(directory, { recursive: true });
    const names = readdirSync(directory)
      .filter((name) => SEGMENT_NAME.test(name))
      .sort();
    const last = Number(SEGMENT_NAME.exec(names.at(-1) ?? '')?.[1] ?? 0);
    const journal = new Journal(directory, last + 1);
    const entries = names.flatMap((name) => {
      const recovered = Segment.recover(join(directory, name));
      journal.#segments.add(recovered.segment);
      return recovered.entries;
    });
    journal.removeDelivered();
    return { journal, entries };
  }

  /** Records that were dropped since the stream was created. */
  get expired(): number {
    return this.#expired;
  }

  /** Writes a record and returns its entry. If it throws, nothing is written. */
  append(data: Uint8Array, arrivalMs: number): JournalEntry {
    if (this.#current === undefined || this.#current.bytes >= SEGMENT_BYTES) {
      const name = `${String(this.#nextNumber).padStart(10, '0')}.records`;
      this.#nextNumber += 1;
      this.#current = new Segment(join(this.#directory, name));
      this.#segments.add(this.#current);
    }
    return this.#current.append(data, arrivalMs);
  }

  /**
   * Adds dropped records to a file, which is deleted only with the stream. By it a test can distinguish records that Firehose
   * dropped from records that were lost elsewhere. If this throws, nothing is noted.
   */
  noteExpired(dropped: readonly JournalEntry[]): void {
    const lines = dropped.map(({ arrivalMs, data }) => {
      const bytes = Buffer.from(data);
      const document = isUtf8(bytes)
        ? { document: bytes.toString().trim() }
        : { base64: bytes.toString('base64') };
      return `${JSON.stringify({ arrivedAt: new Date(arrivalMs).toISOString(), ...document })}\n`;
    });
    const file = join(this.#directory, EXPIRED);
    const length = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
    try {
      appendFileSync(file, lines.join(''));
    } catch (error) {
      if (existsSync(file)) truncateSync(file, length);
      throw error;
    }
    this.#expired += dropped.length;
  }

  /** Deletes the files whose records are all delivered. */
  removeDelivered(): void {
    for (const segment of this.#segments) {
      if (segment.undelivered > 0) continue;
      if (segment === this.#current) this.#current = undefined;
      this.#segments.delete(segment);
      segment.remove();
    }
  }

  /** Undelivered data stays on disk. */
  close(): void {
    for (const segment of this.#segments) segment.close();
    this.#segments.clear();
    this.#current = undefined;
  }
}

/** One file of a journal: records in order of arrival, and which of them are delivered. */
export class Segment {
  readonly #path: string;
  readonly #lines: LineJournal<Line>;
  #records = 0;
  /** Bytes of its records. */
  bytes = 0;
  /** Number of records that aren't delivered. At zero, the file can be deleted. */
  undelivered = 0;

  constructor(path: string, lines = LineJournal.create<Line>(path, [])) {
    this.#path = path;
    this.#lines = lines;
  }

  /** Reads a segment of an earlier process. @throws DiskError DISK_DAMAGED */
  static recover(path: string): { readonly segment: Segment; readonly entries: JournalEntry[] } {
    const { journal, lines } = LineJournal.open(path, (value) => lineSchema.parse(value));
    const segment = new Segment(path, journal);
    const delivered = new Set<number>();
    const entries: JournalEntry[] = [];
    for (const line of lines) {
      if ('record' in line) entries.push(segment.#add(Buffer.from(line.record, 'base64'), line.at));
      else
        for (const [from, to] of line.delivered)
          for (let index = from; index <= to; index += 1) delivered.add(index);
    }
    segment.undelivered -= delivered.size;
    return { segment, entries: entries.filter(({ index }) => !delivered.has(index)) };
  }

  /** Writes a record. If it throws, nothing is written. @param at Epoch milliseconds. */
  append(data: Uint8Array, at: number): JournalEntry {
    this.#lines.append({ at, record: Buffer.from(data).toString('base64') });
    return this.#add(data, at);
  }

  /** Counts a record of the segment. @param arrivalMs Epoch milliseconds. */
  #add(data: Uint8Array, arrivalMs: number): JournalEntry {
    const entry = { segment: this, index: this.#records, data, arrivalMs };
    this.#records += 1;
    this.undelivered += 1;
    this.bytes += data.length;
    return entry;
  }

  /** Marks records as delivered, on disk first. */
  markDelivered(entries: readonly Pick<JournalEntry, 'index'>[]): void {
    const delivered: [from: number, to: number][] = [];
    for (const { index } of entries) {
      const last = delivered.at(-1);
      if (last?.[1] === index - 1) last[1] = index;
      else delivered.push([index, index]);
    }
    this.#lines.append({ delivered });
    this.undelivered -= entries.length;
  }

  /** Closes the file. */
  close(): void {
    this.#lines.close();
  }

  /** Closes and deletes the file. */
  remove(): void {
    this.close();
    rmSync(this.#path, { force: true });
  }
}

/** How many records earlier processes have dropped. A last line that a kill has cut does not count, and is removed. */
function readExpired(file: string): number {
  if (!existsSync(file)) return 0;
  const bytes = readFileSync(file);
  truncateSync(file, bytes.lastIndexOf('\n') + 1);
  return bytes.toString('latin1').split('\n').length - 1;
}

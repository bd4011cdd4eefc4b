import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type JournalEntry, Segment } from './Segment.ts';

/** Bytes after which a new file is begun, so that delivered ones can be deleted. */
const SEGMENT_BYTES = 32 * 1024 * 1024;
const SEGMENT_NAME = /^(\d{10})\.journal$/;

/**
 * The records of one stream that have been acknowledged and not all delivered, on disk.
 *
 * Written before it is acknowledged, so a process that is killed loses nothing; it isn't forced through the
 * operating system's cache, so a power cut may. A record is deleted only after every document in it is in S3.
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

  private constructor(directory: string, nextNumber: number) {
    this.#directory = directory;
    this.#nextNumber = nextNumber;
  }

  /** Opens the journal that lies in `directory`; `entries` is what an earlier process left to be delivered. */
  static async open(directory: string): Promise<{ journal: Journal; entries: JournalEntry[] }> {
    await mkdir(directory, { recursive: true });
    const files = await readdir(directory);
    const names = files.filter((name) => SEGMENT_NAME.test(name)).sort();
    for (const name of files) {
      const owner = name.replace(/\.delivered$/, '');
      if (owner !== name && !names.includes(owner)) await rm(join(directory, name));
    }
    const last = Number(SEGMENT_NAME.exec(names.at(-1) ?? '')?.[1] ?? 0);
    const journal = new Journal(directory, last + 1);
    const entries: JournalEntry[] = [];
    for (const name of names) {
      const recovered = await Segment.recover(join(directory, name));
      journal.#segments.add(recovered.segment);
      entries.push(...recovered.entries);
      await journal.#removeIfDone(recovered.segment);
    }
    return { journal, entries };
  }

  /** Resolves once the records are written, one entry each, in order. Rejects if any could not be. */
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

  /** Deletes the files of which every document is delivered. */
  async removeDelivered(): Promise<void> {
    for (const segment of [...this.#segments]) await this.#removeIfDone(segment);
  }

  /** Waits for writes under way. What isn't delivered stays on disk. */
  async close(): Promise<void> {
    await this.#writing;
    for (const segment of this.#segments) await segment.close();
    this.#segments.clear();
    this.#current = undefined;
  }

  /** All that waits goes to disk in one write; what comes meanwhile goes with the next. */
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
      // A file just begun may be about to be written to; it is small and goes with a later delivery.
      if (this.#writing !== undefined) return;
      this.#current = undefined;
    }
    this.#segments.delete(segment);
    await segment.remove();
  }
}

import { hash } from 'node:crypto';
import { mkdir, mkdtemp, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { mapLimit } from '../../base/concurrency.ts';
import type { SluiceError } from '../../base/errors.ts';
import type { Clock } from '../../base/time.ts';
import type { EngineLimits } from '../../duckdb/DuckDbSession.ts';
import type { Config } from '../../schema/config.ts';
import { deliveredTables } from '../../tables/deliveredTables.ts';
import { parkedKey } from '../../tables/objectKeys.ts';
import { recordOf } from '../frames/encodeRecord.ts';
import { RecordWalker, readAhead } from '../frames/RecordWalker.ts';
import type { UnreadPiece, WalkedRecord } from '../frames/records.ts';
import { fetchLanded, type UnreadBytes } from './fetchLanded.ts';
import { type OutputPart, planOutputs } from './planOutputs.ts';
import { writeRefused } from './refusedRows.ts';
import { WriteError } from './WriteError.ts';
import type { NewObject, WriteStore } from './WriteStore.ts';
import { type DamagedFrame, type WrittenPart, writePart } from './writePart.ts';

/** Dependencies of {@link writeObject}. */
export interface ObjectWriter {
  readonly config: Pick<Config, 'bucket' | 'statsigFolder' | 'tables' | 'unitIds'>;
  readonly store: WriteStore;
  readonly clock: Clock;
  readonly limits: EngineLimits;
  /** Existing folder, with room for an object, the lines of a part, and its files. */
  readonly directory: string;
  /** Bytes of rows of a part. It decides which files there are: the same for all writers of a bucket. Default 256 MiB. */
  readonly partBytes?: number;
}

/** The time of an attempt, in epoch milliseconds. */
export interface WriteTime {
  /** No part is begun that would probably not be done by then. */
  readonly deadline: number;
  /** How long the claim holds: longer than the invocation may live. */
  readonly claimUntil: number;
  /** Stops the attempt, which throws the signal's reason. */
  readonly signal?: AbortSignal;
}

/** A piece of an object that is its own fault. */
export interface ParkedPiece {
  readonly key: string;
  readonly code: string;
  readonly detail: string;
  /** As the header says; 0 if the header itself can't be read. */
  readonly rows: number;
}

/** Where the rows of an object went. `rows` is the sum of the other four. */
export interface WriteAccount {
  /** Rows of all headers. */
  readonly rows: number;
  /** In files of their tables. */
  readonly written: number;
  /** In quarantine, as they do not fit their tables. */
  readonly quarantined: number;
  /** In damaged frames, which are parked. */
  readonly damaged: number;
  /** In parts that an earlier attempt has made. */
  readonly earlier: number;
  /** Keys of files that this attempt has put. */
  readonly files: readonly string[];
  readonly parked: readonly ParkedPiece[];
  /** Records of a list that no longer exist. */
  readonly missing: readonly string[];
}

/** Outcome of an object. */
export type WriteOutcome =
  /** All of it is elsewhere, and it is deleted. */
  | { readonly outcome: 'written'; readonly account: WriteAccount }
  /** The time is up. The next attempt goes on with the parts that are left. */
  | { readonly outcome: 'unfinished'; readonly account: WriteAccount; readonly partsLeft: number }
  /** It is claimed by another invocation. */
  | { readonly outcome: 'busy' }
  /** It does not exist (any more). */
  | { readonly outcome: 'gone' };

/**
 * Makes files of tables of an object of the landing, then deletes it. Its files have keys that follow from its headers, and
 * existing files are not put again. So it may be killed anywhere, tried again, or done twice at the same time: there
 * are the same files, each once. What can't be read of the object is parked, and all else is written.
 *
 * @throws WriteError, EngineError, LandingError (`…VERSION_UNKNOWN`, `…UNREADABLE`): the object is not the cause, and it stays
 *   whole; the signal's reason.
 */
export async function writeObject(key: string, writer: ObjectWriter, time: WriteTime): Promise<WriteOutcome> {
  const { store, directory } = writer;
  const claim = await store.claim(key, time.claimUntil);
  if (claim === null) return { outcome: 'busy' };
  try {
    const own = await mkdtemp(join(directory, 'write-'));
    try {
      return await new Attempt(key, writer, time, own).run();
    } finally {
      await rm(own, { recursive: true, force: true });
    }
  } finally {
    // A claim that could not be released expires by itself.
    await claim.release().catch(() => undefined);
  }
}

/** Calls of the store at the same time. */
const PARALLEL_CALLS = 8;
/** Bytes of the object that are read at once. */
const WINDOW_BYTES = 4_194_304;
/** Metadata of a parked object: its SHA-256. */
const DIGEST = 'sluice-digest';
/** Metadata of a file: the digest of the frames that it was made of. */
const MADE_OF = 'sluice-frames';
const PARQUET = 'application/vnd.apache.parquet';
const BYTES = 'application/octet-stream';

type Read = (from: number, to: number) => Promise<Uint8Array>;

/** One attempt at an object that is claimed. */
class Attempt {
  readonly #key: string;
  readonly #writer: ObjectWriter;
  readonly #time: WriteTime;
  /** Folder of its own. */
  readonly #directory: string;
  readonly #files: string[] = [];
  readonly #parked: ParkedPiece[] = [];
  readonly #missing: string[] = [];
  readonly #rows = { rows: 0, written: 0, quarantined: 0, damaged: 0, earlier: 0 };

  constructor(key: string, writer: ObjectWriter, time: WriteTime, directory: string) {
    this.#key = key;
    this.#writer = writer;
    this.#time = time;
    this.#directory = directory;
  }

  async run(): Promise<WriteOutcome> {
    const { store } = this.#writer;
    const path = join(this.#directory, 'object');
    const landed = await fetchLanded(this.#key, path, store, this.#time.signal);
    if (landed === null) return { outcome: 'gone' };
    this.#missing.push(...landed.missing);
    for (const unread of landed.unread) await this.#parkUnread(unread);
    if (!landed.isWritten) {
      const partsLeft = await this.#writeFiles(path, landed.bytes);
      if (partsLeft > 0) return { outcome: 'unfinished', account: this.#account(), partsLeft };
    }
    await landed.remove();
    return { outcome: 'written', account: this.#account() };
  }

  /** Writes the files of the records in a file. @returns How many parts are left. */
  async #writeFiles(path: string, size: number): Promise<number> {
    const { config, partBytes } = this.#writer;
    const file = await open(path);
    try {
      const read: Read = async (from, to) => {
        const bytes = Buffer.alloc(to - from);
        const { bytesRead } = await file.read(bytes, 0, bytes.length, from);
        return bytes.subarray(0, bytesRead);
      };
      const { records, unread } = await walk(size, read);
      for (const { from, to, error } of unread) {
        const place = from === 0 && to === size ? this.#key : `${this.#key}.${from}`;
        await this.#parkUnread({ place, body: await read(from, to), error });
      }
      const parts = planOutputs(config, this.#key, records, partBytes);
      this.#rows.rows = parts.reduce((sum, { rows }) => sum + rows, 0);
      return await this.#writeParts(parts, readAhead({ size, read }, WINDOW_BYTES).read);
    } finally {
      await file.close();
    }
  }

  #parkUnread({ place, body, error }: UnreadBytes): Promise<void> {
    return this.#park(place, body, error, 0);
  }

  #account(): WriteAccount {
    return { ...this.#rows, files: this.#files, parked: this.#parked, missing: this.#missing };
  }

  /** @returns How many parts are left. */
  async #writeParts(parts: readonly OutputPart[], read: Read): Promise<number> {
    const { store, clock } = this.#writer;
    const { deadline, signal } = this.#time;
    let longestMs = 0;
    for (const [number, part] of parts.entries()) {
      signal?.throwIfAborted();
      const stored = await mapLimit(part.outputs, PARALLEL_CALLS, ({ key }) => store.head(key));
      if (stored.every((file) => file?.metadata[MADE_OF] === part.digest)) {
        this.#rows.earlier += part.rows;
        continue;
      }
      const began = clock.now();
      if (began + longestMs >= deadline) return parts.length - number;
      const stale = part.outputs.flatMap(({ key }, index) => {
        const file = stored[index] ?? null;
        return file === null || file.metadata[MADE_OF] === part.digest ? [] : [[key, file.eTag] as const];
      });
      await this.#writePart(part, read, new Map(stale));
      longestMs = Math.max(longestMs, clock.now() - began);
    }
    return 0;
  }

  /** @param stale ETags of files that were made of other frames, before an erasure took rows out of the object. */
  async #writePart(part: OutputPart, read: Read, stale: ReadonlyMap<string, string>): Promise<void> {
    const { config, limits } = this.#writer;
    const { signal } = this.#time;
    const directory = join(this.#directory, 'part');
    await mkdir(directory);
    const written = await writePart({
      table: deliveredTables(config)[part.table],
      ...{ part, limits, directory, signal },
      read: ({ offset, length }) => read(offset, offset + length),
    });
    this.#count(part, written);
    // The files come last: a part whose files exist is not looked at again.
    if (written.refused.length > 0) {
      const of = { config, objectKey: this.#key, part };
      const { large, files } = await writeRefused(written.refused, of, { limits, directory, signal });
      for (const { key, body, contentType } of large)
        await this.#put(key, { body: typeof body === 'string' ? Buffer.from(body) : body, contentType });
      for (const { key, path } of files) await this.#put(key, { body: { path }, contentType: PARQUET });
    }
    for (const frame of written.damaged) await this.#parkFrame(frame, read);
    for (const { output, path } of written.files)
      await this.#put(
        output.key,
        { body: { path }, contentType: PARQUET, metadata: { [MADE_OF]: part.digest } },
        stale.get(output.key) ?? null,
      );
    await rm(directory, { recursive: true });
  }

  /** Counts the rows of a part. @throws WriteError unless every row is accounted for. */
  #count({ table, number, rows }: OutputPart, { files, refused, damaged }: WrittenPart): void {
    const written = files.reduce((sum, file) => sum + file.rows, 0);
    const lost = damaged.reduce((sum, { of }) => sum + rowsOf(of.frame), 0);
    if (written + refused.length + lost !== rows) {
      throw new WriteError(
        'SLUICE_WRITE_COUNTS_DIFFER',
        `${this.#key}, ${table}, part ${number}: ${rows} rows; ${written} written, ${refused.length} refused, ${lost} damaged.`,
      );
    }
    this.#rows.written += written;
    this.#rows.quarantined += refused.length;
    this.#rows.damaged += lost;
  }

  /** Parks a frame alone, as a record of its own. */
  async #parkFrame({ of: { frame, record }, error }: DamagedFrame, read: Read): Promise<void> {
    const { offset, ...own } = frame;
    const bytes = await read(offset, offset + frame.length);
    const alone = recordOf({ ...record.header, frames: [own] }, [bytes]);
    await this.#park(`${this.#key}.${offset}`, alone, error, rowsOf(frame));
  }

  async #park(place: string, body: Uint8Array, { code, detail }: SluiceError, rows: number): Promise<void> {
    const { store } = this.#writer;
    const digest = hash('sha256', body);
    const piece = {
      ...{ body, contentType: BYTES },
      metadata: { 'sluice-code': code, 'sluice-detail': detail, [DIGEST]: digest },
    };
    let key = parkedKey(place);
    const isNew = await store.put(key, piece, null, this.#time.signal);
    if (!isNew && (await store.head(key))?.metadata[DIGEST] !== digest) {
      // Other bytes of an object with this key are parked: it was copied back, or an erasure took rows out of it.
      key = parkedKey(`${place}.${digest.slice(0, 16)}`);
      await store.put(key, piece, null, this.#time.signal);
    }
    this.#parked.push({ key, code, detail, rows });
  }

  async #put(key: string, object: NewObject, over: string | null = null): Promise<void> {
    const { signal, claimUntil } = this.#time;
    signal?.throwIfAborted();
    // The next attempt may have replaced the file already, by one of newer frames.
    if (over !== null && this.#writer.clock.now() >= claimUntil)
      throw new WriteError('SLUICE_WRITE_OBJECT_CHANGED', `${this.#key}.`);
    if (await this.#writer.store.put(key, object, over, this.#time.signal)) this.#files.push(key);
  }
}

function rowsOf(frame: { readonly rows: Readonly<Record<string, number>> }): number {
  return Object.values(frame.rows).reduce((sum, rows) => sum + rows, 0);
}

/** Reads the records of an object, and its pieces that are not records. */
async function walk(size: number, read: Read) {
  const records: WalkedRecord[] = [];
  const unread: UnreadPiece[] = [];
  for await (const piece of new RecordWalker({ size, read }).pieces())
    if ('error' in piece) unread.push(piece);
    else records.push(piece);
  return { records, unread };
}

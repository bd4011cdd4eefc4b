import { createReadStream, existsSync, mkdirSync, openSync, readdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Readable } from 'node:stream';
import { z } from 'zod';
import type { Clock } from '../../base/clock.ts';
import { DiskError, StoreError } from '../../base/errors.ts';
import { LineJournal } from '../../disk/LineJournal.ts';
import type { ChecksumAlgorithm } from '../checksums.ts';
import { s3Errors } from '../errors.ts';
import { OWNER_ACCOUNT, SINGLE_PUT_BYTES } from '../limits.ts';
import { type BucketSettings, bucketSettingsSchema, newBucketSettings } from './bucketSettings.ts';
import { KeyIndex, type ListPage, type ListQuery, listKeys } from './KeyIndex.ts';
import { MultipartUploads } from './MultipartUploads.ts';
import {
  encodedName,
  errorCode,
  isBlocked,
  isNaturalPath,
  moveFile,
  Placement,
  removeFile,
  type StagedFile,
  stageBody,
} from './objectFiles.ts';
import {
  checkWriteCondition,
  type ObjectAttributes,
  type StoredChecksum,
  type StoredObject,
  storedObjectSchema,
  type WriteCondition,
} from './StoredObject.ts';

/** Which operation created an object: EventBridge's `reason`. */
export type CreateReason = 'PutObject' | 'CompleteMultipartUpload' | 'CopyObject';

/** A staged file that is about to become an object. */
export interface Commit {
  readonly key: string;
  readonly staged: StagedFile;
  /** Default: the hex MD5 of the bytes. */
  readonly etag?: string;
  readonly attributes: ObjectAttributes;
  readonly checksum?: StoredChecksum;
  readonly condition?: WriteCondition;
  /** The object when the request arrived. If it is deleted meanwhile, an `If-None-Match` write conflicts. */
  readonly before?: StoredObject | undefined;
  readonly reason: CreateReason;
}

/** Folders of a bucket: `objects` is readable by people and DuckDB, `internal` is for everything else. */
export interface BucketFolders {
  readonly objects: string;
  readonly internal: string;
}

/**
 * One bucket: an index in memory, a journal and the objects' files.
 *
 * A write first stages its bytes asynchronously. Then {@link commit} checks its condition, appends the journal line
 * (from then on the write has happened), moves the file to its place and updates the index, all synchronously.
 * So exactly one of several concurrent conditional writers wins, and no reader sees one object's headers with
 * another's bytes. If a process is killed between line and move, the next open completes the move.
 */
export class Bucket {
  readonly uploads: MultipartUploads;
  readonly #folders: BucketFolders;
  readonly #clock: Clock;
  readonly #journal: LineJournal<BucketLine>;
  readonly #created: (object: StoredObject, reason: CreateReason) => void;
  #info: BucketInfo;
  #settings: BucketSettings = newBucketSettings;
  #index = new KeyIndex<StoredObject>();
  readonly #placement = new Placement();
  #sequence = 0n;

  private constructor(
    folders: BucketFolders,
    journal: LineJournal<BucketLine>,
    info: BucketInfo,
    clock: Clock,
    created: (object: StoredObject, reason: CreateReason) => void,
  ) {
    this.#folders = folders;
    this.#journal = journal;
    this.#info = info;
    this.#clock = clock;
    this.#created = created;
    mkdirSync(folders.objects, { recursive: true });
    for (const name of ['tmp', 'encoded']) mkdirSync(join(folders.internal, name), { recursive: true });
    this.uploads = MultipartUploads.open(join(folders.internal, 'uploads'), clock);
  }

  static create(
    folders: BucketFolders,
    info: BucketInfo,
    clock: Clock,
    created: (object: StoredObject, reason: CreateReason) => void,
  ): Bucket {
    mkdirSync(folders.internal, { recursive: true });
    const journal = LineJournal.create<BucketLine>(join(folders.internal, 'journal.ndjson'), [
      { op: 'bucket', info },
    ]);
    return new Bucket(folders, journal, info, clock, created);
  }

  /** Replays the journal, completes what a killed process left unfinished, and compacts. */
  static open(
    folders: BucketFolders,
    clock: Clock,
    created: (object: StoredObject, reason: CreateReason) => void,
  ): Bucket {
    const file = join(folders.internal, 'journal.ndjson');
    const { journal, lines } = LineJournal.open(file, (value) => bucketLineSchema.parse(value));
    const objects = new Map<string, StoredObject>();
    let info: BucketInfo | undefined;
    let settings = newBucketSettings;
    for (const line of lines) {
      if (line.op === 'bucket') info = line.info;
      else if (line.op === 'settings') settings = line.settings;
      else if (line.op === 'put') objects.set(line.object.key, line.object);
      else objects.delete(line.key);
    }
    if (info === undefined) throw new DiskError('DISK_DAMAGED', `${file} names no bucket.`);
    const bucket = new Bucket(folders, journal, info, clock, created);
    bucket.#settings = settings;
    bucket.#load(objects);
    const last = lines.at(-1);
    if (last !== undefined) bucket.#finish(last);
    for (const name of readdirSync(join(folders.internal, 'tmp')))
      rmSync(join(folders.internal, 'tmp', name));
    if (lines.length > bucket.#index.size + 1) bucket.#compact();
    return bucket;
  }

  get info(): BucketInfo {
    return this.#info;
  }

  /** The template's settings, or what a call has set since. */
  get settings(): BucketSettings {
    return this.#settings;
  }

  set settings(settings: BucketSettings) {
    if (JSON.stringify(settings) === JSON.stringify(this.#settings)) return;
    this.#settings = settings;
    this.#journal.append({ op: 'settings', settings });
  }

  get isEmpty(): boolean {
    return this.#index.size === 0;
  }

  setEventBridge(eventBridge: boolean): void {
    if (eventBridge === this.#info.eventBridge) return;
    this.#info = { ...this.#info, eventBridge };
    this.#journal.append({ op: 'bucket', info: this.#info });
  }

  /** Writes bytes to a temporary file, the first half of a write. The limit is 5 GiB, as for one PutObject. */
  stage(
    body: Readable | AsyncIterable<Uint8Array> | Uint8Array | string,
    algorithms: readonly ChecksumAlgorithm[] = [],
    limitBytes: number = SINGLE_PUT_BYTES,
  ): Promise<StagedFile> {
    return stageBody(join(this.#folders.internal, 'tmp'), body, algorithms, limitBytes);
  }

  /** Turns a staged file into an object, the second half of a write. If this throws, the staged file is deleted. */
  commit(commit: Commit): StoredObject {
    const { key, staged, etag, attributes, checksum, condition = {}, before, reason } = commit;
    try {
      const previous = this.#index.get(key);
      // The object was deleted during the upload: S3 expects the writer to try again.
      // https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
      if (condition.ifNoneMatch !== undefined && before !== undefined && previous === undefined)
        throw s3Errors.conditionalConflict(key);
      checkWriteCondition(previous, condition, key);
      const object: StoredObject = {
        key,
        size: staged.size,
        etag: etag ?? Buffer.from(staged.md5).toString('hex'),
        modifiedMs: this.#clock.now(),
        sequencer: this.#nextSequencer(),
        place: previous?.place ?? this.#choosePlace(key),
        attributes,
        ...(checksum === undefined ? {} : { checksum }),
      };
      const placed = this.#install(object, staged.path, previous);
      this.#created(placed, reason);
      return placed;
    } finally {
      this.discard(staged);
    }
  }

  /** Removes a staged file, if it still exists. */
  discard(staged: StagedFile): void {
    rmSync(staged.path, { force: true });
  }

  find(key: string): StoredObject | undefined {
    return this.#index.get(key);
  }

  /** @throws AwsError `NoSuchKey`. */
  get(key: string): StoredObject {
    const object = this.#index.get(key);
    if (object === undefined) throw s3Errors.noSuchKey(key);
    return object;
  }

  /** The object's current bytes, unaffected by later writes. Both ends are inclusive; default is the whole object. */
  read(object: StoredObject, range?: { readonly start: number; readonly end: number }): Readable {
    const path = this.pathOf(object);
    if (object.size === 0) return Readable.from([]);
    try {
      return createReadStream(path, {
        fd: openSync(path, 'r'),
        start: range?.start ?? 0,
        end: range?.end ?? object.size - 1,
      });
    } catch (error) {
      if (errorCode(error) === 'ENOENT') throw new StoreError('S3_FILE_MISSING', path, { cause: error });
      throw error;
    }
  }

  /** Removes an object. Does nothing when it doesn't exist, unless a condition requires it to exist. */
  delete(key: string, condition: WriteCondition = {}): void {
    const object = this.#index.get(key);
    checkWriteCondition(object, condition, key);
    if (object === undefined) return;
    this.#journal.append({ op: 'delete', key, place: object.place });
    this.#index.delete(key);
    if (object.place === 'natural') this.#placement.remove(key);
    this.#removeBytes(object);
  }

  list(query: ListQuery): ListPage {
    return listKeys(this.#index, query);
  }

  /** Absolute path of an object's file. */
  pathOf({ key, place }: Pick<StoredObject, 'key' | 'place'>): string {
    return place === 'natural'
      ? join(this.#folders.objects, key)
      : join(this.#folders.internal, 'encoded', encodedName(key));
  }

  close(): void {
    this.#journal.close();
    this.uploads.close();
  }

  #choosePlace(key: string): StoredObject['place'] {
    return isNaturalPath(key) && this.#placement.hasRoomFor(key) ? 'natural' : 'encoded';
  }

  #install(object: StoredObject, stagedPath: string, previous: StoredObject | undefined): StoredObject {
    this.#journal.append({ op: 'put', object, temp: basename(stagedPath) });
    try {
      moveFile(stagedPath, this.pathOf(object));
    } catch (error) {
      // A foreign file or folder occupies the natural path, so the object goes to the internal folder.
      if (object.place === 'natural' && isBlocked(error)) {
        return this.#install({ ...object, place: 'encoded' }, stagedPath, previous);
      }
      this.#journal.append(
        previous === undefined
          ? { op: 'delete', key: object.key, place: object.place }
          : { op: 'put', object: previous },
      );
      throw error;
    }
    if (previous?.place !== object.place) {
      if (object.place === 'natural') this.#placement.add(object.key);
      if (previous?.place === 'natural') this.#placement.remove(object.key);
    }
    this.#index.set(object.key, object);
    return object;
  }

  #removeBytes(object: Pick<StoredObject, 'key' | 'place'>): void {
    removeFile(
      this.pathOf(object),
      object.place === 'natural' ? this.#folders.objects : join(this.#folders.internal, 'encoded'),
    );
  }

  /** Increases with every call, also after a restart and when the clock doesn't advance. */
  #nextSequencer(): string {
    const now = BigInt(this.#clock.now()) << 16n;
    this.#sequence = now > this.#sequence ? now : this.#sequence + 1n;
    return this.#sequence.toString(16).toUpperCase().padStart(18, '0');
  }

  #load(objects: ReadonlyMap<string, StoredObject>): void {
    this.#index = new KeyIndex(objects);
    for (const { key, place, sequencer } of objects.values()) {
      if (place === 'natural') this.#placement.add(key);
      const sequence = BigInt(`0x${sequencer}`);
      if (sequence > this.#sequence) this.#sequence = sequence;
    }
  }

  /** Only the last line can be one whose files a killed process did not touch: every earlier write was completed. */
  #finish(last: BucketLine): void {
    if (last.op === 'delete') this.#removeBytes(last);
    if (last.op !== 'put' || last.temp === undefined) return;
    const staged = join(this.#folders.internal, 'tmp', last.temp);
    if (!existsSync(staged)) return;
    try {
      moveFile(staged, this.pathOf(last.object));
    } catch (error) {
      if (last.object.place !== 'natural' || !isBlocked(error)) throw error;
      const object: StoredObject = { ...last.object, place: 'encoded' };
      this.#placement.remove(object.key);
      this.#install(object, staged, object);
    }
  }

  #compact(): void {
    this.#journal.compact([
      { op: 'bucket', info: this.#info },
      ...(this.#settings === newBucketSettings
        ? []
        : [{ op: 'settings' as const, settings: this.#settings }]),
      ...[...this.#index.values()].map((object): BucketLine => ({ op: 'put', object })),
    ]);
  }
}

/** The properties of a bucket besides its objects. */
const bucketInfoSchema = z.strictObject({
  name: z.string(),
  region: z.string(),
  /** Account that owns the bucket and all objects in it. */
  account: z.string().default(OWNER_ACCOUNT),
  /** Epoch ms. */
  createdMs: z.int(),
  /** Whether its object events go to EventBridge. */
  eventBridge: z.boolean(),
});
/** The properties that a bucket is created with. */
export type BucketInfo = z.output<typeof bucketInfoSchema>;

/** A line of a bucket's journal. The first is always a `bucket`. */
const bucketLineSchema = z.discriminatedUnion('op', [
  z.strictObject({ op: z.literal('bucket'), info: bucketInfoSchema }),
  z.strictObject({ op: z.literal('settings'), settings: bucketSettingsSchema }),
  /** `temp`: where the bytes were when the line was written. They may still have to be moved. */
  z.strictObject({ op: z.literal('put'), object: storedObjectSchema, temp: z.string().optional() }),
  z.strictObject({ op: z.literal('delete'), key: z.string(), place: z.enum(['natural', 'encoded']) }),
]);
/** One change of a bucket. */
type BucketLine = z.output<typeof bucketLineSchema>;

import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, renameSync, rmdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import type { Clock } from '../../base/clock.ts';
import type { ChecksumAlgorithm } from '../checksums.ts';
import { s3Errors } from '../errors.ts';
import { KEY_BYTES, OWNER_ACCOUNT } from '../limits.ts';
import { Bucket, type BucketOptions, type CreateReason, type Deletion } from './Bucket.ts';
import { bucketFolders, INTERNAL } from './BucketFiles.ts';
import type { BucketInfo } from './bucketLines.ts';
import type { BucketSettings } from './bucketSettings.ts';
import { defaultEncryption } from './defaultEncryption.ts';
import type { ListPage, ListQuery } from './listKeys.ts';
import type { ObjectBody } from './objectFiles.ts';
import {
  type ObjectAttributes,
  plainAttributes,
  type StoredObject,
  type WriteCondition,
} from './StoredObject.ts';

/** A new object, as EventBridge reports it. */
export interface ObjectCreated {
  /** Name of the bucket. */
  readonly bucket: string;
  /** Key of the object, without URL encoding. */
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  /** The ETag without quotes. */
  readonly etag: string;
  /** Hexadecimal digits: of two events of one key, the later event has the greater value. */
  readonly sequencer: string;
  /** Epoch ms. */
  readonly time: number;
  /** The operation that wrote the object. */
  readonly reason: CreateReason;
  /** The version, which only objects in a bucket with versions have. */
  readonly versionId?: string;
}

/** How {@link ObjectStore.put} writes; all optional. */
interface PutOptions {
  /** The content type. Default: `binary/octet-stream`, as in S3. */
  readonly contentType?: string;
  /** The user's metadata, lower-case names without `x-amz-meta-`. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** What must hold of the object that is replaced. Default: nothing. */
  readonly condition?: WriteCondition;
  /** Its encryption, by the names of headers. Default: the bucket's. No permission for the key is asked for. */
  readonly encryption?: ObjectAttributes['encryption'];
  /** Computed and stored with the object. Default none. */
  readonly checksumAlgorithm?: ChecksumAlgorithm;
}

/** The beginning of the name of a bucket's internal folder that is being removed. */
const REMOVED = '.removed-';

/**
 * Buckets and objects in a folder: `<directory>/<bucket>/<key>` for every key that can be a path, so that
 * people can browse them and DuckDB can read them. Everything else is in `<directory>/.store`.
 * Survives restarts and `kill -9`. One process at a time may have it open.
 *
 * Errors are S3's own (`NoSuchBucket`, `NoSuchKey`, `PreconditionFailed`, …), as AwsError.
 */
export class ObjectStore {
  readonly #directory: string;
  readonly #clock: Clock;
  readonly #buckets = new Map<string, Bucket>();
  readonly #listeners = new Set<(event: ObjectCreated) => void>();
  readonly #place: { readonly account: string; readonly region: string };

  private constructor(directory: string, clock: Clock, place: { account: string; region: string }) {
    this.#directory = directory;
    this.#clock = clock;
    this.#place = place;
  }

  /**
   * Opens the store in a folder, which is created when missing.
   *
   * @throws DiskError DISK_DAMAGED
   */
  static open(options: {
    /** The folder. */
    readonly directory: string;
    /** The clock of times of buckets and objects. */
    readonly clock: Clock;
    /** Account of buckets that are created without their own. Default 000000000000. */
    readonly account?: string;
    /** Region of buckets that are created without their own. Default `us-east-1`. */
    readonly region?: string;
  }): ObjectStore {
    const { directory, clock, account = OWNER_ACCOUNT, region = 'us-east-1' } = options;
    const store = new ObjectStore(resolve(directory), clock, { account, region });
    const internal = join(store.#directory, INTERNAL);
    mkdirSync(internal, { recursive: true });
    for (const name of readdirSync(internal)) {
      const isRemoved = name.startsWith(REMOVED);
      // Other names are of other programs, as the .DS_Store of the Finder of macOS.
      if (!isRemoved && !isBucketName(name)) continue;
      const unfinished = readdirSync(join(internal, name)).every((file) => file === 'journal.ndjson.tmp');
      if (isRemoved || unfinished) {
        rmSync(join(internal, name), { recursive: true });
        continue;
      }
      store.#buckets.set(name, Bucket.open(store.#optionsOf(name)));
    }
    return store;
  }

  /**
   * Creates a bucket without objects.
   *
   * @throws AwsError `InvalidBucketName`, `BucketAlreadyExists`, `BucketAlreadyOwnedByYou`.
   */
  createBucket(
    name: string,
    options: {
      /** Whether its new objects are reported to EventBridge. Default false. */
      readonly eventBridge?: boolean;
      /** Default: the region of the deployment. */
      readonly region?: string;
      /** Account that owns it. Default: the account of the deployment. */
      readonly account?: string;
      /** Default: the settings of a new bucket. */
      readonly settings?: BucketSettings;
    } = {},
  ): BucketInfo {
    if (!isBucketName(name)) throw s3Errors.invalidBucketName(name);
    const { account = this.#place.account } = options;
    const existing = this.#buckets.get(name);
    if (existing !== undefined)
      throw existing.info.account === account
        ? s3Errors.bucketAlreadyOwnedByYou(name)
        : s3Errors.bucketAlreadyExists(name);
    const info: BucketInfo = {
      name,
      region: options.region ?? this.#place.region,
      account,
      createdMs: this.#clock.now(),
      eventBridge: options.eventBridge ?? false,
    };
    this.#buckets.set(name, Bucket.create(this.#optionsOf(name), info, options.settings));
    return info;
  }

  /** Creates a bucket, or sets whether an existing one sends events. A template may be applied repeatedly. */
  ensureBucket(
    name: string,
    options: { readonly eventBridge: boolean; readonly region?: string },
  ): BucketInfo {
    const existing = this.#buckets.get(name);
    if (existing === undefined) return this.createBucket(name, options);
    existing.setEventBridge(options.eventBridge);
    return existing.info;
  }

  /** Deletes an empty bucket. Foreign files in its folder stay. @throws AwsError `NoSuchBucket`, `BucketNotEmpty` */
  deleteBucket(name: string): void {
    const bucket = this.bucket(name);
    if (!bucket.isEmpty) throw s3Errors.bucketNotEmpty(name, bucket.versioning !== undefined);
    const { internal, objects } = bucketFolders(this.#directory, name);
    const removed = join(this.#directory, INTERNAL, `${REMOVED}${randomUUID()}`);
    renameSync(internal, removed);
    this.#buckets.delete(name);
    bucket.close();
    rmSync(removed, { recursive: true });
    try {
      rmdirSync(objects);
    } catch {
      // The folder stays: it has files that the local cloud did not write, or somebody has removed it.
    }
  }

  /** All buckets, ordered by name. */
  buckets(): BucketInfo[] {
    return [...this.#buckets.values()].map(({ info }) => info).sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Whether there is a bucket of this name. */
  hasBucket(name: string): boolean {
    return this.#buckets.has(name);
  }

  /** A bucket by its name. @throws AwsError `NoSuchBucket` */
  bucket(name: string): Bucket {
    const bucket = this.#buckets.get(name);
    if (bucket === undefined) throw s3Errors.noSuchBucket(name);
    return bucket;
  }

  /**
   * Writes an object. The whole object is readable once this resolves.
   *
   * @throws AwsError `NoSuchBucket`, `KeyTooLongError`, `InvalidURI`, `EntityTooLarge`, `PreconditionFailed`
   */
  async put(
    bucketName: string,
    key: string,
    body: ObjectBody,
    options: PutOptions = {},
  ): Promise<StoredObject> {
    checkKey(key);
    const bucket = this.bucket(bucketName);
    const { contentType, metadata, condition, checksumAlgorithm } = options;
    const { encryption = defaultEncryption(bucket) } = options;
    const staged = await bucket.stage(body, checksumAlgorithm);
    return this.bucket(bucketName).commit({
      key,
      staged,
      attributes: {
        headers: contentType === undefined ? plainAttributes.headers : { 'content-type': contentType },
        metadata: { ...metadata },
        encryption,
      },
      checksum: staged.checksum,
      ...(condition === undefined ? {} : { condition }),
      reason: 'PutObject',
    });
  }

  /** An object and its bytes, as of the same instant. Both ends of `range` are inclusive. */
  get(
    bucketName: string,
    key: string,
    range?: { readonly start: number; readonly end: number },
    versionId?: string,
  ): { readonly object: StoredObject; readonly body: Readable } {
    const bucket = this.bucket(bucketName);
    const object = bucket.get(key, versionId);
    return { object, body: bucket.read(object, range) };
  }

  /** An object without its bytes. @throws AwsError `NoSuchBucket`, and as {@link Bucket.get}. */
  head(bucketName: string, key: string, versionId?: string): StoredObject {
    return this.bucket(bucketName).get(key, versionId);
  }

  /** Copies an object, with its attributes unless others are given. */
  async copy(
    source: { readonly bucket: string; readonly key: string; readonly versionId?: string | undefined },
    target: { readonly bucket: string; readonly key: string },
    options: {
      readonly attributes?: ObjectAttributes;
      readonly checksumAlgorithm?: ChecksumAlgorithm;
      readonly condition?: WriteCondition;
    } = {},
  ): Promise<StoredObject> {
    checkKey(target.key);
    const bucket = this.bucket(target.bucket);
    const { object, body } = this.get(source.bucket, source.key, undefined, source.versionId);
    const staged = await bucket.stage(body, options.checksumAlgorithm ?? object.checksum?.algorithm);
    return this.bucket(target.bucket).commit({
      key: target.key,
      staged,
      attributes: options.attributes ?? object.attributes,
      checksum: staged.checksum,
      ...(options.condition === undefined ? {} : { condition: options.condition }),
      reason: 'CopyObject',
    });
  }

  /** Deletes an object; in a bucket with versions, a delete marker hides it. Does nothing when it doesn't exist. */
  delete(bucketName: string, key: string, condition: WriteCondition = {}): Deletion {
    return this.bucket(bucketName).delete(key, condition);
  }

  /** A page of a bucket's objects and common prefixes. @throws AwsError `NoSuchBucket`. */
  list(bucketName: string, query: ListQuery): ListPage {
    return this.bucket(bucketName).list(query);
  }

  /** Absolute path of the file that holds an object's bytes, for DuckDB. Only read the file, never write to it. */
  localPath(bucketName: string, key: string): string {
    const bucket = this.bucket(bucketName);
    return bucket.pathOf(bucket.get(key));
  }

  /**
   * Reports every new object in a bucket whose events go to EventBridge, once readers can see it.
   * The listener is called during the write: keep it short and never throw.
   *
   * @returns A function that removes the listener.
   */
  onObjectCreated(listener: (event: ObjectCreated) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Closes the journals. Everything is already on disk. */
  close(): void {
    for (const bucket of this.#buckets.values()) bucket.close();
    this.#buckets.clear();
  }

  /** The options of one bucket. */
  #optionsOf(name: string): BucketOptions {
    return {
      folders: bucketFolders(this.#directory, name),
      clock: this.#clock,
      onCreated: (object, reason) => this.#notify(name, object, reason),
    };
  }

  /** Tells the listeners of a new object, if its bucket sends events. */
  #notify(bucketName: string, object: StoredObject, reason: CreateReason): void {
    if (this.#buckets.get(bucketName)?.info.eventBridge !== true) return;
    const { key, size, etag, sequencer, modifiedMs, versionId } = object;
    const version = versionId === undefined ? {} : { versionId };
    for (const listener of this.#listeners) {
      listener({ bucket: bucketName, key, size, etag, sequencer, time: modifiedMs, reason, ...version });
    }
  }
}

/** Checks a key. @throws AwsError for a key that S3 would refuse. */
export function checkKey(key: string): void {
  const bytes = Buffer.byteLength(key);
  if (bytes > KEY_BYTES) throw s3Errors.keyTooLong(bytes);
  if (key === '' || !key.isWellFormed()) throw s3Errors.invalidUri();
}

/** The form of a bucket's name: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html */
const NAME = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
/** Names of that form that S3 refuses, by the same page. */
const RESERVED =
  /^xn--|^sthree-|^amzn-s3-demo-|^\d+\.\d+\.\d+\.\d+$|\.\.|-s3alias$|--ol-s3$|\.mrap$|--x-s3$|--table-s3$/;

/** Whether S3 accepts the name of a bucket: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html */
function isBucketName(name: string): boolean {
  return NAME.test(name) && !RESERVED.test(name);
}

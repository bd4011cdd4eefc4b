import { createHash, randomUUID } from 'node:crypto';
import { closeSync, existsSync, mkdirSync, openSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import type { Clock } from '../../base/clock.ts';
import { DiskError } from '../../base/errors.ts';
import { LineJournal } from '../../disk/LineJournal.ts';
import type { ChecksumAlgorithm } from '../checksums.ts';
import { s3Errors } from '../errors.ts';
import { SINGLE_PUT_BYTES } from '../limits.ts';
import { BucketFiles, type BucketFolders } from './BucketFiles.ts';
import {
  applyLine,
  type BucketInfo,
  type BucketLine,
  bucketLineSchema,
  linesOf,
  replay,
} from './bucketLines.ts';
import { type BucketSettings, newBucketSettings } from './bucketSettings.ts';
import { KeyIndex } from './KeyIndex.ts';
import { type ListPage, type ListQuery, listKeys } from './listKeys.ts';
import { MultipartUploads } from './MultipartUploads.ts';
import {
  isBlocked,
  isNaturalPath,
  linkFile,
  moveFile,
  type ObjectBody,
  Placement,
  type StagedFile,
} from './objectFiles.ts';
import {
  checkWriteCondition,
  isConditional,
  type ObjectAttributes,
  plainAttributes,
  type StoredChecksum,
  type StoredObject,
  type WriteCondition,
} from './StoredObject.ts';
import { type DeleteMarker, isMarker, type Version, VersionHistory } from './VersionHistory.ts';
import { isVersionId, NULL_VERSION, newVersionId, versionIdOf } from './versionIds.ts';
import { listVersions, type VersionPage, type VersionQuery } from './versionPages.ts';

/** Which operation created an object: EventBridge's `reason`. */
export type CreateReason = 'PutObject' | 'CompleteMultipartUpload' | 'CopyObject';

/** A staged file that is about to become an object. */
interface Commit {
  /** The key of the object. */
  readonly key: string;
  /** The file with its bytes. */
  readonly staged: StagedFile;
  /** Default: the hex MD5 of the bytes. */
  readonly etag?: string;
  /** Headers, tags and encryption that the object is stored with. */
  readonly attributes: ObjectAttributes;
  /** The checksum that the object is stored with; undefined without one. */
  readonly checksum: StoredChecksum | undefined;
  /** What must hold of the object that is replaced. Default: nothing. */
  readonly condition?: WriteCondition;
  /** The object when the request arrived. If it is deleted meanwhile, an `If-None-Match` write conflicts. */
  readonly before?: StoredObject | undefined;
  /** Sequencer of the object when a multipart upload began: a conditional completion needs the same. */
  readonly replaces?: string | undefined;
  /** The operation that writes the object. */
  readonly reason: CreateReason;
  /** The multipart upload that it completes. Default: none. */
  readonly uploadId?: string;
}

/** Where a bucket is, and what hears of it. */
export interface BucketOptions {
  /** The folders of its objects and of what it keeps itself. */
  readonly folders: BucketFolders;
  /** The clock of times of objects. */
  readonly clock: Clock;
  /** Called with each new object once readers can see it. */
  readonly onCreated: (object: StoredObject, reason: CreateReason) => void;
}

/** Result of a deletion. */
export interface Deletion {
  /** The marker that it left, or the version that is gone. Undefined in a bucket that never had versions. */
  readonly versionId?: string;
  /** Whether that is a delete marker. */
  readonly isMarker: boolean;
}

/**
 * One bucket: an index in memory, a journal and the objects' files.
 *
 * A write first stages its bytes asynchronously. Then {@link commit} checks its condition, appends the journal line
 * (from then on the write has happened), moves the file to its place and updates the index, all synchronously.
 * So exactly one of several concurrent conditional writers wins, and no reader sees one object's headers with
 * another's bytes. If a process is killed between line and move, the next open completes the move.
 *
 * In a versioned bucket, the bytes of an object that is replaced get a second name in the folder of older versions
 * before the line is written. The next open removes files there that no line mentions.
 */
export class Bucket {
  /** The uploads that are neither completed nor aborted. */
  readonly uploads: MultipartUploads;
  readonly #files: BucketFiles;
  readonly #clock: Clock;
  readonly #journal: LineJournal<BucketLine>;
  readonly #onCreated: BucketOptions['onCreated'];
  #info: BucketInfo;
  #settings: BucketSettings = newBucketSettings;
  #index = new KeyIndex<StoredObject>();
  #history = new VersionHistory();
  readonly #placement = new Placement();
  /** The last sequencer. */
  #sequence = 0n;

  private constructor(
    { folders, clock, onCreated }: BucketOptions,
    journal: LineJournal<BucketLine>,
    info: BucketInfo,
  ) {
    this.#files = new BucketFiles(folders);
    this.#journal = journal;
    this.#info = info;
    this.#clock = clock;
    this.#onCreated = onCreated;
    this.uploads = MultipartUploads.open(join(folders.internal, 'uploads'), clock);
  }

  /** Creates a bucket that does not exist. */
  static create(
    options: BucketOptions,
    info: BucketInfo,
    settings: BucketSettings = newBucketSettings,
  ): Bucket {
    const { folders } = options;
    mkdirSync(folders.internal, { recursive: true });
    const journal = LineJournal.create<BucketLine>(
      join(folders.internal, 'journal.ndjson'),
      linesOf(info, settings, [], new VersionHistory()),
    );
    const bucket = new Bucket(options, journal, info);
    bucket.#settings = settings;
    return bucket;
  }

  /** Replays the journal, completes what a killed process left unfinished, and compacts. @throws DiskError `DISK_DAMAGED` */
  static open(options: BucketOptions): Bucket {
    const file = join(options.folders.internal, 'journal.ndjson');
    const { journal, lines } = LineJournal.open(file, (value) => bucketLineSchema.parse(value));
    const { info, settings, objects, history } = replay(lines);
    if (info === undefined) throw new DiskError('DISK_DAMAGED', `${file} names no bucket.`);
    const bucket = new Bucket(options, journal, info);
    bucket.#settings = settings;
    bucket.#load(objects, history);
    const last = lines.at(-1);
    if (last !== undefined) bucket.#finish(last);
    bucket.#files.removeStray(history.all());
    const compact = bucket.#lines();
    if (lines.length > compact.length) journal.compact(compact);
    return bucket;
  }

  /** Owner, region, time of creation and whether events are sent. */
  get info(): BucketInfo {
    return this.#info;
  }

  /** The template's settings, or what a call has set since. */
  get settings(): BucketSettings {
    return this.#settings;
  }

  /** Replaces the settings. Versioning that was enabled is suspended when the new settings have none: versions stay. */
  set settings(changed: BucketSettings) {
    const settings: BucketSettings =
      this.versioning === undefined || changed.VersioningConfiguration !== undefined
        ? changed
        : { ...changed, VersioningConfiguration: { Status: 'Suspended' } };
    if (JSON.stringify(settings) === JSON.stringify(this.#settings)) return;
    // The line is written first: a setting that could not be written must not seem to be set when it is set again.
    this.#journal.append({ op: 'settings', settings });
    this.#settings = settings;
  }

  /** Whether the bucket has neither objects nor versions of objects. */
  get isEmpty(): boolean {
    return this.#index.size === 0 && this.#history.isEmpty;
  }

  /** Whether new objects get a version ID of their own or, if suspended, the null version's. Undefined: it never had versions. */
  get versioning(): 'Enabled' | 'Suspended' | undefined {
    return this.#settings.VersioningConfiguration?.Status;
  }

  /** Sets whether new objects are reported to EventBridge. */
  setEventBridge(eventBridge: boolean): void {
    if (eventBridge === this.#info.eventBridge) return;
    const info = { ...this.#info, eventBridge };
    this.#journal.append({ op: 'bucket', info });
    this.#info = info;
  }

  /** Writes bytes to a temporary file, the first half of a write. The limit is 5 GiB, as for one PutObject. */
  stage(
    body: ObjectBody,
    algorithm?: ChecksumAlgorithm,
    limitBytes: number = SINGLE_PUT_BYTES,
  ): Promise<StagedFile> {
    return this.#files.stage(body, algorithm, limitBytes);
  }

  /** Turns a staged file into an object, the second half of a write. If this throws, the staged file is deleted. */
  commit(commit: Commit): StoredObject {
    const {
      key,
      staged,
      etag,
      attributes,
      checksum,
      condition = {},
      before,
      replaces,
      reason,
      uploadId,
    } = commit;
    try {
      const previous = this.#index.get(key);
      // The object was deleted during the upload: S3 expects the writer to try again.
      // https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
      if (condition.ifNoneMatch !== undefined && before !== undefined && previous === undefined)
        throw s3Errors.conditionalConflict(key, 'If-None-Match');
      checkWriteCondition(previous, condition, key);
      // Localstack recorded this against AWS: test_s3_preconditions.snapshot.json, test_multipart_if_….
      if (isConditional(condition) && uploadId !== undefined && previous?.sequencer !== replaces)
        throw s3Errors.conditionalConflict(
          key,
          condition.ifMatch === undefined ? 'If-None-Match' : 'If-Match',
        );
      const md5 = Buffer.from(staged.md5).toString('hex');
      const object = this.#newObject({
        key,
        size: staged.size,
        etag: etag ?? md5,
        ...(etag === undefined ? {} : { md5 }),
        place: previous?.place ?? this.#choosePlace(key),
        attributes,
        ...(checksum === undefined ? {} : { checksum }),
        ...(uploadId === undefined ? {} : { uploadId }),
      });
      const placed = this.#install(object, staged.path, previous);
      this.#onCreated(placed, reason);
      return placed;
    } finally {
      this.discard(staged);
    }
  }

  /**
   * Makes an empty object for each key that has none, with one write of the journal. For 200,000 keys that takes seconds, where
   * single writes would take minutes.
   */
  fill(keys: readonly string[]): void {
    const etag = createHash('md5').digest('hex');
    const lines = keys.flatMap((key): Extract<BucketLine, { op: 'put' }>[] => {
      if (this.#index.get(key) !== undefined) return [];
      const object = this.#newObject({ key, size: 0, etag, place: 'encoded', attributes: plainAttributes });
      // The file is made before the line is written, because only the last line of a journal may lack its file.
      closeSync(openSync(this.pathOf(object), 'w'));
      return [{ op: 'put', object }];
    });
    this.#journal.appendAll(lines);
    for (const line of lines) {
      applyLine(this.#index, this.#history, line);
      this.#onCreated(line.object, 'PutObject');
    }
  }

  /** Removes a staged file, if it still exists. */
  discard(staged: StagedFile): void {
    rmSync(staged.path, { force: true });
  }

  /** The current object of a key. */
  find(key: string): StoredObject | undefined {
    return this.#index.get(key);
  }

  /** The version of a key that a multipart upload made, if it is still there. */
  completedBy(key: string, uploadId: string): StoredObject | undefined {
    const current = this.#index.get(key);
    return [...(current === undefined ? [] : [current]), ...this.#history.of(key)].find(
      (version): version is StoredObject => !isMarker(version) && version.uploadId === uploadId,
    );
  }

  /**
   * The current object, or one of its versions.
   *
   * @throws AwsError `NoSuchKey`, `NoSuchVersion`, `InvalidArgument`; `MethodNotAllowed` for the version ID of a delete marker.
   */
  get(key: string, versionId?: string): StoredObject {
    if (versionId === undefined) {
      const object = this.#index.get(key);
      if (object !== undefined) return object;
      throw s3Errors.noSuchKey(key, this.#history.of(key).find(isMarker));
    }
    const version = this.#findGenuine(key, versionId);
    if (version === undefined) throw s3Errors.noSuchVersion(key, versionId);
    if (isMarker(version)) throw s3Errors.markerNotAllowed(version);
    return version;
  }

  /** The object's current bytes: see {@link BucketFiles.read}. */
  read(object: StoredObject, range?: { readonly start: number; readonly end: number }): Readable {
    return this.#files.read(object, range);
  }

  /**
   * Removes an object, or hides it behind a delete marker when the bucket has versions. Does nothing when it doesn't
   * exist and can't be hidden, unless a condition requires it to exist.
   */
  delete(key: string, condition: WriteCondition = {}): Deletion {
    const object = this.#index.get(key);
    checkWriteCondition(object, condition, key);
    if (this.versioning === undefined) {
      if (object !== undefined) this.#remove(object);
      return { isMarker: false };
    }
    const sequencer = this.#nextSequencer();
    const marker: DeleteMarker = {
      key,
      versionId: this.versioning === 'Enabled' ? newVersionId(sequencer) : NULL_VERSION,
      modifiedMs: this.#clock.now(),
      sequencer,
      marker: true,
    };
    const replaced = this.#history.find(key, marker.versionId);
    if (object === undefined) this.#change({ op: 'keep', version: marker });
    else this.#remove(object, marker);
    if (replaced !== undefined) this.#files.removeVersion(replaced);
    return { versionId: marker.versionId, isMarker: true };
  }

  /** Removes one version for good. Does nothing when it is gone. @throws AwsError `InvalidArgument` for an ID that never was. */
  deleteVersion(key: string, versionId: string, condition: WriteCondition = {}): Deletion {
    const version = this.#findGenuine(key, versionId);
    checkWriteCondition(version === undefined || isMarker(version) ? undefined : version, condition, key);
    if (version === undefined) return { versionId, isMarker: false };
    const versions = this.#history.of(key);
    const current = this.#index.get(key);
    // The version that becomes the newest: the one below a current object, or below the marker that hides the key.
    const isNewest = version === (current ?? versions[0]);
    const below = current === undefined ? versions[1] : versions[0];
    if (isNewest && below !== undefined && !isMarker(below)) this.#restore(below, current);
    else if (version === current) this.#remove(current);
    else this.#change({ op: 'drop', key, versionId });
    this.#files.removeVersion(version);
    return { versionId, isMarker: isMarker(version) };
  }

  /** Versions and delete markers, by key and from the newest on. */
  listVersions(query: VersionQuery): VersionPage {
    return listVersions(this.#index, this.#history, query);
  }

  /** Current objects and common prefixes, by key. */
  list(query: ListQuery): ListPage {
    return listKeys(this.#index, query);
  }

  /** Absolute path of an object's file. */
  pathOf(object: StoredObject): string {
    return this.#files.pathOf(object);
  }

  /** Closes the journals. Everything is already on disk. */
  close(): void {
    this.#journal.close();
    this.uploads.close();
  }

  /** An object that is written now, with a version ID of its own if the bucket keeps versions. */
  #newObject(written: Omit<StoredObject, 'modifiedMs' | 'sequencer' | 'versionId'>): StoredObject {
    const sequencer = this.#nextSequencer();
    return {
      ...written,
      modifiedMs: this.#clock.now(),
      sequencer,
      ...(this.versioning === 'Enabled' ? { versionId: newVersionId(sequencer) } : {}),
    };
  }

  /** Where a new object goes: under its own key if the file system allows that path. */
  #choosePlace(key: string): StoredObject['place'] {
    return isNaturalPath(key) && this.#placement.hasRoomFor(key) ? 'natural' : 'encoded';
  }

  /** A version, or undefined for one that is gone. @throws AwsError `InvalidArgument` for an ID that never was. */
  #findGenuine(key: string, versionId: string): Version | undefined {
    const current = this.#index.get(key);
    const isCurrent = current !== undefined && versionIdOf(current) === versionId;
    const version = isCurrent ? current : this.#history.find(key, versionId);
    if (version === undefined && !isVersionId(versionId)) throw s3Errors.invalidVersionId(versionId);
    return version;
  }

  /** Writes a line, and then applies it. */
  #change(line: BucketLine): void {
    this.#journal.append(line);
    applyLine(this.#index, this.#history, line);
  }

  /** Makes a staged file the current object of its key. A previous one with another version ID is kept. */
  #install(object: StoredObject, stagedPath: string, previous: StoredObject | undefined): StoredObject {
    const replaced =
      object.versionId === undefined ? this.#history.find(object.key, NULL_VERSION) : undefined;
    const isKept = previous !== undefined && versionIdOf(previous) !== versionIdOf(object);
    if (isKept) this.#files.archive(previous);
    const placed = this.#move(
      { op: 'put', object, temp: basename(stagedPath), ...(isKept ? { archive: true } : {}) },
      stagedPath,
      previous,
    );
    if (replaced !== undefined) this.#files.removeVersion(replaced);
    return placed;
  }

  /** Makes a version the current object again, in place of a newer one or of a marker. */
  #restore(version: StoredObject, current: StoredObject | undefined): void {
    const { key } = version;
    const staged = this.#files.stagedPath(randomUUID());
    linkFile(this.pathOf(version), staged);
    const object: StoredObject = { ...version, place: current?.place ?? this.#choosePlace(key) };
    this.#move({ op: 'restore', object, temp: basename(staged) }, staged, current);
    this.#files.removeVersion(version);
  }

  /** Writes the line, moves the file, and then changes the index. */
  #move(
    line: Extract<BucketLine, { op: 'put' | 'restore' }>,
    stagedPath: string,
    previous: StoredObject | undefined,
  ): StoredObject {
    const { object } = line;
    const { key } = object;
    const path = this.pathOf(object);
    // A foreign file or folder occupies the natural path, so the object goes to the internal folder.
    const moveElsewhere = () =>
      this.#move({ ...line, object: { ...object, place: 'encoded' } }, stagedPath, previous);
    // This comes before the line, because a full disk may have no room for the folder, and then none for taking the
    // line back.
    try {
      mkdirSync(dirname(path), { recursive: true });
    } catch (error) {
      if (object.place === 'natural' && isBlocked(error)) return moveElsewhere();
      throw error;
    }
    this.#journal.append(line);
    try {
      moveFile(stagedPath, path);
    } catch (error) {
      const history = [...this.#history.of(key)];
      this.#journal.append({
        op: 'reset',
        key,
        ...(previous === undefined ? {} : { object: previous }),
        history,
      });
      if (object.place === 'natural' && isBlocked(error)) return moveElsewhere();
      throw error;
    }
    if (previous?.place !== object.place) {
      if (object.place === 'natural') this.#placement.add(key);
      if (previous?.place === 'natural') this.#placement.remove(key);
    }
    applyLine(this.#index, this.#history, line);
    return object;
  }

  /** Removes the current object of a key; with a marker, it is kept as a version unless the marker replaces it. */
  #remove(object: StoredObject, marker?: DeleteMarker): void {
    const { key, place } = object;
    if (place === 'version') throw new TypeError('An older version is not the current object.');
    const isKept = marker !== undefined && marker.versionId !== versionIdOf(object);
    if (isKept) this.#files.archive(object);
    this.#change({
      op: 'delete',
      key,
      place,
      ...(marker === undefined ? {} : { marker }),
      ...(isKept ? { archive: true } : {}),
    });
    if (place === 'natural') this.#placement.remove(key);
    this.#files.remove(object);
  }

  /** Increases with every call, also after a restart and when the clock doesn't advance. */
  #nextSequencer(): string {
    const now = BigInt(this.#clock.now()) << 16n;
    this.#sequence = now > this.#sequence ? now : this.#sequence + 1n;
    return this.#sequence.toString(16).toUpperCase().padStart(18, '0');
  }

  /** Takes what the journal has. */
  #load(objects: ReadonlyMap<string, StoredObject>, history: VersionHistory): void {
    this.#index = new KeyIndex(objects);
    this.#history = history;
    for (const { key, place } of objects.values()) if (place === 'natural') this.#placement.add(key);
    for (const { sequencer } of [...objects.values(), ...history.all()]) {
      const sequence = BigInt(`0x${sequencer}`);
      if (sequence > this.#sequence) this.#sequence = sequence;
    }
  }

  /**
   * Completes the last line. Only the last line can have files that a killed process did not move, because every
   * earlier write was completed.
   */
  #finish(last: BucketLine): void {
    if (last.op === 'delete') this.#files.remove(last);
    if ((last.op !== 'put' && last.op !== 'restore') || last.temp === undefined) return;
    const staged = this.#files.stagedPath(last.temp);
    if (!existsSync(staged)) return;
    try {
      moveFile(staged, this.pathOf(last.object));
    } catch (error) {
      if (last.object.place !== 'natural' || !isBlocked(error)) throw error;
      const object: StoredObject = { ...last.object, place: 'encoded' };
      this.#placement.remove(object.key);
      this.#move({ op: 'put', object, temp: last.temp }, staged, object);
    }
  }

  /** The lines of a journal that holds the present state, and nothing else. */
  #lines(): BucketLine[] {
    return linesOf(this.#info, this.#settings, this.#index.values(), this.#history);
  }
}

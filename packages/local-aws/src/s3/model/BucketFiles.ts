import { closeSync, createReadStream, fstatSync, mkdirSync, openSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { StoreError } from '../../base/errors.ts';
import { codeOf } from '../../base/nodeErrors.ts';
import { LineJournal } from '../../disk/LineJournal.ts';
import type { ChecksumAlgorithm } from '../checksums.ts';
import { bucketLineSchema, replay } from './bucketLines.ts';
import {
  encodedName,
  linkFile,
  type ObjectBody,
  removeFile,
  type StagedFile,
  stageBody,
} from './objectFiles.ts';
import type { StoredObject } from './StoredObject.ts';
import { isMarker, type Version, versionFile } from './VersionHistory.ts';
import { verifiedBody } from './verifiedBody.ts';

/** Folders of a bucket: `objects` is readable by people and DuckDB, `internal` is for everything else. */
export interface BucketFolders {
  /** Absolute path of the folder with the objects' files, by their keys. */
  readonly objects: string;
  /** Absolute path of the folder with the journal, uploads and older versions. */
  readonly internal: string;
}

/** The folder of the store's own files. No bucket's name begins with a dot, so no object is ever stored here. */
export const INTERNAL = '.store';

/** The folders of a bucket in the directory of a store. */
export function bucketFolders(directory: string, name: string): BucketFolders {
  return { objects: join(directory, name), internal: join(directory, INTERNAL, name) };
}

/** The folder with the bytes of objects whose keys are no paths, by {@link encodedName}. */
export function encodedFolder({ internal }: BucketFolders): string {
  return join(internal, 'encoded');
}

/** The parts of an object, or of an older version, that say where its bytes are. */
type Placed = Pick<StoredObject, 'key' | 'place' | 'versionId'>;

/** The files of a bucket's objects: those that are staged, the current ones, and those of older versions. */
export class BucketFiles {
  readonly #folders: BucketFolders;

  /** Makes missing folders. */
  constructor(folders: BucketFolders) {
    this.#folders = folders;
    mkdirSync(folders.objects, { recursive: true });
    for (const name of ['tmp', 'encoded', 'versions'])
      mkdirSync(join(folders.internal, name), { recursive: true });
  }

  /** Absolute path of an object's file. */
  pathOf({ key, place, versionId }: Placed): string {
    if (place === 'version') return this.#versionPath({ key, versionId });
    return place === 'natural'
      ? join(this.#folders.objects, key)
      : join(encodedFolder(this.#folders), encodedName(key));
  }

  /** Absolute path of the bytes of a version that is not current. */
  #versionPath(version: Pick<StoredObject, 'key' | 'versionId'>): string {
    return join(this.#folders.internal, 'versions', versionFile(version));
  }

  /** Absolute path of a temporary file. */
  stagedPath(name: string): string {
    return join(this.#folders.internal, 'tmp', name);
  }

  /** Writes bytes to a temporary file: see {@link stageBody}. */
  stage(body: ObjectBody, algorithm: ChecksumAlgorithm | undefined, limitBytes: number): Promise<StagedFile> {
    return stageBody(join(this.#folders.internal, 'tmp'), body, algorithm, limitBytes);
  }

  /**
   * The bytes of an object. The file is opened at once, so that later writes don't change what is read. Both ends are
   * inclusive; default is the whole object, which is compared with its digest.
   *
   * @throws StoreError for a file that is not there, or not as long as its object; the stream may end with one.
   */
  read(object: StoredObject, range?: { readonly start: number; readonly end: number }): Readable {
    const path = this.pathOf(object);
    const fd = openWhole(path, object.size);
    if (object.size === 0) {
      closeSync(fd);
      return Readable.from([]);
    }
    const last = object.size - 1;
    const { start, end } = range ?? { start: 0, end: last };
    const body = createReadStream(path, { fd, start, end });
    return start === 0 && end === last ? verifiedBody(body, object, path) : body;
  }

  /** Gives the bytes of an object that is replaced a second name, among the older versions. */
  archive(object: Placed): void {
    linkFile(this.pathOf(object), this.#versionPath(object));
  }

  /** Removes the bytes of a current object. */
  remove(object: Placed): void {
    const root = object.place === 'natural' ? this.#folders.objects : encodedFolder(this.#folders);
    removeFile(this.pathOf(object), root);
  }

  /** Removes the bytes of an older version, which a delete marker does not have. */
  removeVersion(version: Version): void {
    if (!isMarker(version)) rmSync(this.#versionPath(version), { force: true });
  }

  /**
   * Removes what a killed process has left: temporary files, and files of versions that are not among the older ones.
   *
   * @param versions All older versions of the bucket.
   */
  removeStray(versions: Iterable<Version>): void {
    const staged = join(this.#folders.internal, 'tmp');
    for (const name of readdirSync(staged)) rmSync(join(staged, name));
    const folder = join(this.#folders.internal, 'versions');
    const names = readdirSync(folder);
    if (names.length === 0) return;
    const kept = new Set<string>();
    for (const version of versions) if (!isMarker(version)) kept.add(versionFile(version));
    for (const name of names) if (!kept.has(name)) rmSync(join(folder, name));
  }
}

/** Opens a file of a known size, bytes. @throws StoreError for a file that is not there, or of another size. */
function openWhole(path: string, size: number): number {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') throw new StoreError('S3_FILE_MISSING', `${path}.`, { cause: error });
    throw error;
  }
  const actual = fstatSync(fd).size;
  if (actual === size) return fd;
  closeSync(fd);
  throw new StoreError('S3_FILE_DAMAGED', `${path} has ${actual} bytes, not ${size}.`);
}

/** An object whose key is not the path of its file. */
export interface EncodedObject {
  /** Key of the object. */
  readonly key: string;
  /** Absolute path of its bytes. */
  readonly path: string;
}

/**
 * The objects of a bucket that are not stored at the path of their keys. The store is not opened, so another process may
 * have it open.
 *
 * @param directory The directory of the store.
 * @throws DiskError DISK_DAMAGED
 */
export function encodedObjects(directory: string, bucket: string): readonly EncodedObject[] {
  const folders = bucketFolders(directory, bucket);
  const folder = encodedFolder(folders);
  // Most buckets have no such object, and a journal of 100,000 lines takes seconds.
  if (isEmptyFolder(folder)) return [];
  const lines = LineJournal.read(join(folders.internal, 'journal.ndjson'), (value) =>
    bucketLineSchema.parse(value),
  );
  return [...replay(lines).objects.values()]
    .filter(({ place }) => place === 'encoded')
    .map(({ key }) => ({ key, path: join(folder, encodedName(key)) }));
}

/** Whether a folder has no entries, or does not exist. */
function isEmptyFolder(folder: string): boolean {
  try {
    return readdirSync(folder).length === 0;
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
    return true;
  }
}

import type { ObjectStore } from '../../s3/model/ObjectStore.ts';
import { archivedClasses } from '../../s3/model/StoredObject.ts';
import { STATEMENT_LIMITS } from './StatementRunner.ts';

/** An object that contains rows. */
export interface DataFile {
  /** The path of the file with its content. */
  readonly path: string;
  /** Name of the bucket that the object is in. */
  readonly bucket: string;
  /** Key of the object. */
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  /** Whether S3 can't read it before somebody restores it. */
  readonly isArchived: boolean;
}

/** A folder of S3. */
export interface S3Folder {
  /** Name of the bucket. */
  readonly bucket: string;
  /** A prefix of keys. It ends with a slash or is empty. */
  readonly folder: string;
}

/** Parses `s3://bucket/folder`; undefined for another scheme. */
export function parseLocation(location: string): S3Folder | undefined {
  const [, bucket, key = ''] = /^s3:\/\/([^/]+)(?:\/(.*))?$/s.exec(location) ?? [];
  return bucket === undefined
    ? undefined
    : { bucket, folder: key === '' || key.endsWith('/') ? key : `${key}/` };
}

/**
 * The objects at a location that Athena reads: at every depth, except those whose name starts with `_` or `.`. Empty
 * objects are skipped. https://docs.aws.amazon.com/athena/latest/ug/tables-location-format.html
 *
 * Without an error it skips archived objects, and, unless the table says otherwise, restored ones, which are not emulated:
 * https://docs.aws.amazon.com/athena/latest/ug/querying-glacier.html
 */
export function listDataFiles(store: ObjectStore, location: string): DataFile[] {
  return listObjects(store, location).filter(
    ({ key, size, isArchived }) =>
      size > 0 && !isArchived && !/^[_.]/.test(key.slice(key.lastIndexOf('/') + 1)),
  );
}

/** All objects at a location; none when its bucket does not exist. */
export function listObjects(store: ObjectStore, location: string): DataFile[] {
  const place = parseLocation(location);
  if (place === undefined || !store.hasBucket(place.bucket)) return [];
  const bucket = store.bucket(place.bucket);
  const files: DataFile[] = [];
  for (let after = ''; ; ) {
    const page = bucket.list({ prefix: place.folder, after, limit: STATEMENT_LIMITS.listedObjects });
    for (const entry of page.entries) {
      if (!('object' in entry)) continue;
      const { key, size, attributes } = entry.object;
      const path = bucket.pathOf(entry.object);
      const isArchived = archivedClasses.has(attributes.storageClass ?? '');
      files.push({ path, bucket: place.bucket, key, size, isArchived });
    }
    if (page.next === undefined) return files;
    after = page.next;
  }
}

/** Characters that Hive escapes as `%XX` in the names of partition folders. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: Hive escapes control characters.
const ESCAPED_IN_FOLDERS = /[\u0000-\u001f"#%'*/:=?\\\u007f{[\]^]/g;

/** The folder of a partition in Hive's format, `ds=2026-11-20/hour=5`, without a trailing slash. */
export function partitionFolder(keys: readonly string[], values: readonly string[]): string {
  return keys.map((key, index) => `${key}=${escapeValue(values[index] ?? '')}`).join('/');
}

/** A partition's value in the name of a folder, where Hive escapes some characters: `10:05` is `10%3A05`. */
function escapeValue(value: string): string {
  return value.replaceAll(
    ESCAPED_IN_FOLDERS,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
}

/** The value of a partition key. Hive's default partition stands for null. */
export function partitionKeyValue(value: string): string | null {
  return value === '__HIVE_DEFAULT_PARTITION__' ? null : value;
}

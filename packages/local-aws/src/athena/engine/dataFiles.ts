import { parseLocation } from '../../glue/index.ts';
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

import type { ObjectStore } from '../../s3/model/ObjectStore.ts';
import { STATEMENT_LIMITS } from './limits.ts';

/** An object that rows are read from. */
export interface DataFile {
  /** Of the file that holds its bytes. */
  readonly path: string;
  readonly bucket: string;
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  /** Epoch ms. */
  readonly modifiedMs: number;
}

/** Takes `s3://bucket/folder` apart; undefined for another scheme. The folder ends with a slash or is empty. */
export function parseLocation(
  location: string,
): { readonly bucket: string; readonly folder: string } | undefined {
  const [, bucket, key = ''] = /^s3:\/\/([^/]+)(?:\/(.*))?$/s.exec(location) ?? [];
  return bucket === undefined
    ? undefined
    : { bucket, folder: key === '' || key.endsWith('/') ? key : `${key}/` };
}

/**
 * The objects at a location as Athena sees them: at every depth, without those whose name starts with `_` or `.`.
 * Empty ones hold no rows. https://docs.aws.amazon.com/athena/latest/ug/tables-location-format.html
 */
export function dataFiles(store: ObjectStore, location: string): DataFile[] {
  return listObjects(store, location).filter(
    ({ key, size }) => size > 0 && !/^[_.]/.test(key.slice(key.lastIndexOf('/') + 1)),
  );
}

/** All objects at a location; none when its bucket isn't there. */
export function listObjects(store: ObjectStore, location: string): DataFile[] {
  const place = parseLocation(location);
  if (place === undefined || !store.hasBucket(place.bucket)) return [];
  const bucket = store.bucket(place.bucket);
  const files: DataFile[] = [];
  for (let after = ''; ; ) {
    const page = bucket.list({ prefix: place.folder, after, limit: STATEMENT_LIMITS.listedObjects });
    for (const entry of page.entries) {
      if (!('object' in entry)) continue;
      const { key, size, modifiedMs } = entry.object;
      files.push({ path: bucket.pathOf(entry.object), bucket: place.bucket, key, size, modifiedMs });
    }
    if (page.next === undefined) return files;
    after = page.next;
  }
}

import { readFile } from 'node:fs/promises';
import { IcebergError, type TableFiles } from '../../iceberg/index.ts';
import { AwsError } from '../../protocol/AwsError.ts';
import type { ObjectStore } from '../../s3/model/ObjectStore.ts';
import { type QueryCall, STATEMENT_LIMITS } from '../engine/StatementRunner.ts';

/** Context of {@link openTableFiles}: the store, and the callback for each call. */
export interface FilesContext {
  readonly store: ObjectStore;
  /** Throws a StatementError for a call that the statement's caller may not make. */
  readonly onCall: (call: QueryCall) => void;
}

/** A place in S3; undefined for another scheme. Hadoop's schemes `s3a` and `s3n` mean S3, too. */
export function objectOf(location: string): { readonly bucket: string; readonly key: string } | undefined {
  const [, bucket, key = ''] = /^s3[an]?:\/\/([^/]+)(?:\/(.*))?$/s.exec(location) ?? [];
  return bucket === undefined ? undefined : { bucket, key };
}

/** The files of an Iceberg table in the local S3. Each call is reported before it is made: Athena makes it as its caller. */
export function openTableFiles({ store, onCall }: FilesContext): TableFiles {
  const placeOf = (location: string) => {
    const place = objectOf(location);
    if (place === undefined)
      throw new IcebergError('UNSUPPORTED', `The location ${location} isn't one in S3`);
    return place;
  };
  return {
    async read(location) {
      const { bucket, key } = placeOf(location);
      onCall({ service: 's3', operation: 'GetObject', bucket, key });
      try {
        return await readFile(store.localPath(bucket, key));
      } catch (error) {
        if (
          error instanceof AwsError ||
          (error instanceof Error && 'code' in error && error.code === 'ENOENT')
        )
          throw new IcebergError('FILE_MISSING', `There is no file ${location}`, { cause: error });
        throw error;
      }
    },
    async write(location, content) {
      const { bucket, key } = placeOf(location);
      onCall({ service: 's3', operation: 'PutObject', bucket, key });
      await store.put(bucket, key, content);
    },
    async *list(folder) {
      const { bucket, key } = placeOf(folder);
      const prefix = key === '' || key.endsWith('/') ? key : `${key}/`;
      onCall({ service: 's3', operation: 'ListBucket', bucket, key: prefix });
      for (let after = ''; ; ) {
        const page = store.list(bucket, { prefix, after, limit: STATEMENT_LIMITS.listedObjects });
        for (const entry of page.entries)
          if ('object' in entry)
            yield {
              location: `s3://${bucket}/${entry.object.key}`,
              size: entry.object.size,
              modifiedMs: entry.object.modifiedMs,
            };
        if (page.next === undefined) return;
        after = page.next;
      }
    },
    async remove(location) {
      const { bucket, key } = placeOf(location);
      onCall({ service: 's3', operation: 'DeleteObject', bucket, key });
      store.delete(bucket, key);
    },
  };
}

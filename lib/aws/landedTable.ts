import { Readable } from 'node:stream';
import { EntityNotFoundException, type GlueClient } from '@aws-sdk/client-glue';
import { GetObjectCommand, type S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import type { UtcDay } from '../base/time.ts';
import { ExportError } from '../export/ExportError.ts';
import type { LandedFile, LandedTable } from '../export/LandedTable.ts';
import { MOST_FILE_PAGES, MOST_PARTITION_PAGES } from '../export/limits.ts';
import { type Attempts, CatalogCallError, OUT_OF_TIME, readPages } from '../landing/catalog/catalogCalls.ts';
import { PARTITION_BATCH } from '../landing/catalog/PartitionCatalog.ts';
import { gluePartitionCatalog } from './gluePartitionCatalog.ts';
import { isMissingAfter, listObjects } from './listObjects.ts';

/** Errors of a GET with `If-Match` for an object that has changed or is gone. */
const CHANGED: ReadonlySet<string> = new Set(['PreconditionFailed', 'NoSuchKey']);

/**
 * A table of the catalog whose files are in the deployment's bucket.
 *
 * @param clients The client of Glue does not retry, as this adapter does. The client of S3 retries by itself.
 */
export function landedTable(
  clients: { readonly glue: GlueClient; readonly s3: S3Client },
  place: { readonly database: string; readonly table: string; readonly bucket: string },
  attempts: Attempts,
): LandedTable {
  const { database, table, bucket } = place;
  const catalog = gluePartitionCatalog(clients.glue);
  const inBucket = `s3://${bucket}/`;
  return {
    async locations(days) {
      const found = new Map<UtcDay, string>();
      for (let from = 0; from < days.length; from += PARTITION_BATCH) {
        const some = days.slice(from, from + PARTITION_BATCH);
        const partitions = await readPages(attempts, MOST_PARTITION_PAGES, (token) =>
          catalog.listPage(database, table, token, some),
        ).catch((error: unknown) => {
          throw sourceError(error, table);
        });
        if (partitions === undefined)
          throw new ExportError(
            'SLUICE_EXPORT_SOURCE_UNAVAILABLE',
            `${table}: Glue answered ${MOST_PARTITION_PAGES} pages for ${some.length} days, and more.`,
          );
        for (const { values, storage } of partitions) {
          const [day = ''] = values;
          const location = storage.Location ?? '';
          if (!location.startsWith(inBucket)) continue;
          found.set(day, location.slice(inBucket.length).replace(/\/*$/, '/'));
        }
      }
      return found;
    },

    async files(location) {
      const objects = await listObjects(
        clients.s3,
        { Bucket: bucket, Prefix: location },
        MOST_FILE_PAGES,
        attempts,
      ).catch((error: unknown) => {
        throw sourceError(error, location);
      });
      if (objects === undefined)
        throw new ExportError(
          'SLUICE_EXPORT_TOO_MANY_FILES',
          `${location}: more than ${MOST_FILE_PAGES},000 objects.`,
        );
      return objects.flatMap(({ Key = '', Size = 0, ETag = '' }): LandedFile[] => {
        const name = Key.slice(Key.lastIndexOf('/') + 1);
        // Like Athena: no markers, and no names that begin with an underscore or a dot.
        return Size > 0 && /^[^_.]/.test(name) ? [{ key: Key, size: Size, eTag: ETag }] : [];
      });
    },

    async read({ key, eTag }) {
      try {
        const { Body } = await clients.s3.send(
          new GetObjectCommand({ Bucket: bucket, Key: key, IfMatch: eTag }),
        );
        if (!(Body instanceof Readable)) throw new TypeError(`S3 answered no stream for ${key}.`);
        return Body;
      } catch (error) {
        if (error instanceof S3ServiceException && CHANGED.has(error.name)) return null;
        if (await isMissingAfter(error, clients.s3, { Bucket: bucket, Key: key })) return null;
        throw sourceError(error, key);
      }
    },
  };
}

function sourceError(error: unknown, what: string): Error {
  const name = error instanceof CatalogCallError ? error.code : error instanceof Error ? error.name : 'Error';
  const code =
    name === OUT_OF_TIME
      ? 'SLUICE_EXPORT_OUT_OF_TIME'
      : error instanceof CatalogCallError && error.cause instanceof EntityNotFoundException
        ? 'SLUICE_EXPORT_TABLE_MISSING'
        : 'SLUICE_EXPORT_SOURCE_UNAVAILABLE';
  return new ExportError(code, `${what}: ${name}.`, { cause: error });
}

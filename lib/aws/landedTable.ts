import { Readable } from 'node:stream';
import { EntityNotFoundException, type GlueClient } from '@aws-sdk/client-glue';
import {
  GetObjectCommand,
  paginateListObjectsV2,
  type S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { CatalogCallError } from '../catalog/CatalogCallError.ts';
import { PARTITION_BATCH } from '../catalog/PartitionCatalog.ts';
import { ExportError } from '../ingest/export/ExportError.ts';
import type { LandedFile, LandedTable } from '../ingest/export/LandedTable.ts';
import type { UtcDay } from '../time/utcDay.ts';
import { gluePartitionCatalog } from './gluePartitionCatalog.ts';

/** Of a GET with `If-Match`: it is another by now, or gone. */
const CHANGED: ReadonlySet<string> = new Set(['PreconditionFailed', 'NoSuchKey']);

/** A table of the catalog whose rows lie in our bucket. */
export function landedTable(
  clients: { readonly glue: GlueClient; readonly s3: S3Client },
  place: { readonly database: string; readonly table: string; readonly bucket: string },
): LandedTable {
  const { database, table, bucket } = place;
  const catalog = gluePartitionCatalog(clients.glue);
  const inBucket = `s3://${bucket}/`;
  return {
    async locations(days) {
      const found = new Map<UtcDay, string>();
      for (let from = 0; from < days.length; from += PARTITION_BATCH) {
        const some = days.slice(from, from + PARTITION_BATCH);
        let token: string | undefined;
        do {
          const page = await catalog.listPage(database, table, token, some).catch((error: unknown) => {
            throw catalogError(error, table);
          });
          for (const { values, storage } of page.items) {
            const [day = ''] = values;
            const location = storage.Location ?? '';
            if (!location.startsWith(inBucket)) continue;
            found.set(day, location.slice(inBucket.length).replace(/\/*$/, '/'));
          }
          token = page.next;
        } while (token !== undefined);
      }
      return found;
    },

    async files(location) {
      const files: LandedFile[] = [];
      try {
        const pages = paginateListObjectsV2({ client: clients.s3 }, { Bucket: bucket, Prefix: location });
        for await (const { Contents = [] } of pages) {
          for (const { Key = '', Size = 0, ETag = '' } of Contents) {
            const name = Key.slice(Key.lastIndexOf('/') + 1);
            // As Athena reads a location: no markers, and nothing that begins with an underscore or a dot.
            if (Size > 0 && /^[^_.]/.test(name)) files.push({ key: Key, size: Size, eTag: ETag });
          }
        }
      } catch (error) {
        throw sourceError(error, location);
      }
      return files;
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
        throw sourceError(error, key);
      }
    },
  };
}

function catalogError(error: unknown, table: string): Error {
  if (!(error instanceof CatalogCallError)) return sourceError(error, table);
  const missing = error.cause instanceof EntityNotFoundException;
  return new ExportError(
    missing ? 'SLUICE_EXPORT_TABLE_MISSING' : 'SLUICE_EXPORT_SOURCE_UNAVAILABLE',
    `${table}: ${error.message}`,
    { cause: error },
  );
}

function sourceError(error: unknown, what: string): Error {
  const name = error instanceof Error ? error.name : 'Error';
  return new ExportError('SLUICE_EXPORT_SOURCE_UNAVAILABLE', `${what}: ${name}.`, { cause: error });
}

import { EntityNotFoundException, type GlueClient } from '@aws-sdk/client-glue';
import type { S3Client } from '@aws-sdk/client-s3';
import { errorText } from '../base/errors.ts';
import { PAGE_OBJECTS } from '../base/ObjectStore.ts';
import { counted } from '../base/text.ts';
import { addDays, type UtcDay, utcDay } from '../base/time.ts';
import { ExportError } from '../export/ExportError.ts';
import type { LandedTable, TableFiles } from '../export/LandedTable.ts';
import { MOST_FILE_PAGES, MOST_PARTITION_PAGES } from '../export/limits.ts';
import { type Attempts, CatalogCallError, OUT_OF_TIME, readPages } from '../landing/catalog/catalogCalls.ts';
import { PARTITION_BATCH } from '../landing/catalog/PartitionCatalog.ts';
import { isDataFile } from '../tables/objectKeys.ts';
import { gluePartitionCatalog } from './gluePartitionCatalog.ts';
import { s3ObjectStore } from './s3ObjectStore.ts';

/** Where a table and its files are. */
export interface LandedPlace {
  /** Name of the database in the catalog. */
  readonly database: string;
  /** Name of the table. */
  readonly table: string;
  /** Name of the deployment's bucket. */
  readonly bucket: string;
  /** How the files of its days come and go. */
  readonly tableFiles: TableFiles;
  /** Whether the bucket encrypts with a key of KMS; default false. */
  readonly isKms?: boolean;
}

/**
 * A table of the catalog whose files are in the deployment's bucket.
 *
 * @param clients The client of Glue does not retry, as this adapter does. The client of S3 retries by itself.
 */
export function landedTable(
  clients: { readonly glue: GlueClient; readonly s3: S3Client },
  place: LandedPlace,
  attempts: Attempts,
): LandedTable {
  const { database, table, bucket, tableFiles, isKms } = place;
  const catalog = gluePartitionCatalog(clients.glue);
  const store = s3ObjectStore(clients.s3, bucket);
  const inBucket = `s3://${bucket}/`;
  const expireAfterDays = tableFiles.kind === 'raw' ? tableFiles.expireAfterDays : null;
  return {
    isRaw: tableFiles.kind === 'raw',
    isKms,

    isPast: (day) =>
      expireAfterDays !== null && utcDay(attempts.clock.now()) >= addDays(day, expireAfterDays),

    async locations(days) {
      const folders = new Map<UtcDay, string>();
      for (let from = 0; from < days.length; from += PARTITION_BATCH) {
        const batch = days.slice(from, from + PARTITION_BATCH);
        const partitions = await readPages(attempts, MOST_PARTITION_PAGES, (token) =>
          catalog.listPage(database, table, token, batch),
        ).catch((error: unknown) => {
          throw sourceError(error, table);
        });
        if (partitions === undefined)
          throw new ExportError(
            'SLUICE_EXPORT_SOURCE_UNAVAILABLE',
            `${table}: Glue answered ${MOST_PARTITION_PAGES} pages for ${batch.length} days, and more.`,
          );
        for (const { values, storage } of partitions) {
          const [day = ''] = values;
          const location = storage.Location ?? '';
          if (!location.startsWith(inBucket)) continue;
          folders.set(day, location.slice(inBucket.length).replace(/\/*$/, '/'));
        }
      }
      return folders;
    },

    async files(location) {
      const objects = await readPages(attempts, MOST_FILE_PAGES, (token) =>
        store.listPage(location, { token }),
      ).catch((error: unknown) => {
        throw sourceError(error, location);
      });
      if (objects === undefined)
        throw new ExportError(
          'SLUICE_EXPORT_TOO_MANY_FILES',
          `${location}: more than ${counted(MOST_FILE_PAGES * PAGE_OBJECTS, 'object')}.`,
        );
      return objects.filter(isDataFile);
    },

    async read({ key, eTag }) {
      try {
        return (await store.open(key, { ifMatch: eTag, listsIfDenied: true }))?.body ?? null;
      } catch (error) {
        throw sourceError(error, key);
      }
    },
  };
}

/** The error of an export whose table could not be read. */
function sourceError(error: unknown, what: string): Error {
  const name = error instanceof CatalogCallError ? error.code : undefined;
  return new ExportError(sourceCode(error), `${what}: ${errorText(error, name)}.`, { cause: error });
}

/** The code of an error by which a table or its files cannot be read. */
function sourceCode(error: unknown): keyof typeof ExportError.entries {
  if (!(error instanceof CatalogCallError)) return 'SLUICE_EXPORT_SOURCE_UNAVAILABLE';
  if (error.code === OUT_OF_TIME) return 'SLUICE_EXPORT_OUT_OF_TIME';
  const isMissing = error.cause instanceof EntityNotFoundException;
  return isMissing ? 'SLUICE_EXPORT_TABLE_MISSING' : 'SLUICE_EXPORT_SOURCE_UNAVAILABLE';
}

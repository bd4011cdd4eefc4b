import { isDeepStrictEqual } from 'node:util';
import type { UtcDay } from '../../base/time.ts';
import type { Config } from '../../schema/config.ts';
import type { TableKind } from '../../schema/kinds.ts';
import { partitionKey } from '../../tables/sharedColumns.ts';
import { dayFolder } from '../../tables/tableFolders.ts';
import { CatalogError } from './CatalogError.ts';
import { type Attempts, CatalogCallError, readPages, retryTransient } from './catalogCalls.ts';
import {
  type CatalogPartition,
  type CatalogTable,
  PARTITION_BATCH,
  type PartitionCatalog,
  type StorageDescriptor,
} from './PartitionCatalog.ts';
import { type SettledPartitions, settleInBatches } from './settleInBatches.ts';

/** Where partitions are registered, and for which files. */
export interface RegistrarTarget {
  readonly config: Pick<Config, 'statsigFolder' | 'tables' | 'database'>;
  readonly bucket: string;
  readonly catalog: PartitionCatalog;
  readonly attempts: Attempts;
}

/** What became of the days of one table. */
export interface RegisteredDays {
  readonly created: readonly UtcDay[];
  /** Were registered already, by an earlier file or by somebody at the same time. */
  readonly existed: readonly UtcDay[];
  readonly failed: readonly FailedDay[];
}

/** {@link RegisteredDays}, and what was brought along. */
export interface RefreshedDays extends RegisteredDays {
  readonly updated: readonly UtcDay[];
}

/**
 * Registers days of one table: every day is created, found to be there, or handed back by name. Safe to
 * repeat and to run twice at once.
 *
 * One that was there may be from before the table's columns changed, today's and tomorrow's above all, which the daily
 * run makes ahead. New files are coming into it, so it is brought along now: until tomorrow their new columns would be
 * null. Older days can wait for the daily run: their files hold nothing in a column that came later.
 *
 * @throws CatalogError when the table is missing, unfit, or can't be read in time.
 */
export async function registerPartitions(
  target: RegistrarTarget,
  kind: TableKind,
  days: readonly UtcDay[],
): Promise<RefreshedDays> {
  if (days.length === 0) return { created: [], existed: [], updated: [], failed: [] };
  const table = await readTable(target, kind);
  const registered = await registerDays(target, kind, table, days);
  const { updated, failed } = await syncExistingDays(target, kind, table, registered.existed);
  const late = new Set(failed.map(({ day }) => day));
  return {
    created: registered.created,
    existed: registered.existed.filter((day) => !late.has(day)),
    updated,
    failed: [...registered.failed, ...failed],
  };
}

/** Looks at partitions that were there. A day that can't be looked at is handed back, as one that can't be registered. */
async function syncExistingDays(
  target: RegistrarTarget,
  kind: TableKind,
  table: CatalogTable,
  days: readonly UtcDay[],
): Promise<Pick<RefreshedDays, 'updated' | 'failed'>> {
  const { config, catalog, attempts } = target;
  const updated: UtcDay[] = [];
  const failed: FailedDay[] = [];
  for (let from = 0; from < days.length; from += PARTITION_BATCH) {
    const some = days.slice(from, from + PARTITION_BATCH);
    try {
      const partitions = await readPages(attempts, PARTITION_BATCH, (token) =>
        catalog.listPage(config.database, table.name, token, some),
      );
      const along = await syncPartitionSchemas(target, kind, table, partitions ?? []);
      updated.push(...along.updated);
      failed.push(...along.failed);
    } catch (error) {
      if (!(error instanceof CatalogCallError)) throw error;
      const { code, message } = error;
      failed.push(...some.map((day) => ({ day, code, message })));
    }
  }
  return { updated, failed };
}

/** The same with a table that has been read already. */
export async function registerDays(
  target: RegistrarTarget,
  kind: TableKind,
  table: CatalogTable,
  days: readonly UtcDay[],
): Promise<RegisteredDays> {
  const { config, bucket, catalog, attempts } = target;
  const settled = await settleInBatches(
    days.map((day) => dayPartition(table, day, dayLocation(config, bucket, kind, day))),
    (batch) => catalog.batchCreate(config.database, table.name, batch),
    attempts,
  );
  return {
    created: partitionDays(settled.done),
    existed: partitionDays(settled.existed),
    failed: failedDays(settled),
  };
}

/**
 * Reads the table of a kind and makes sure that days can be its partitions.
 *
 * @throws CatalogError SLUICE_CATALOG_TABLE_NOT_FOUND, SLUICE_CATALOG_TABLE_UNFIT, SLUICE_CATALOG_UNAVAILABLE
 */
export async function readTable(target: RegistrarTarget, kind: TableKind): Promise<CatalogTable> {
  const { config, catalog, attempts } = target;
  const name = config.tables[kind];
  try {
    return checkTable(await retryTransient(attempts, () => catalog.getTable(config.database, name)));
  } catch (error) {
    if (!(error instanceof CatalogCallError)) throw error;
    const missing = error.code === 'EntityNotFoundException';
    throw new CatalogError(
      missing ? 'SLUICE_CATALOG_TABLE_NOT_FOUND' : 'SLUICE_CATALOG_UNAVAILABLE',
      `${config.database}.${name}: ${error.code}.`,
      { cause: error },
    );
  }
}

/** Where a day's files are: its partition's location. */
export function dayLocation(
  config: Pick<Config, 'statsigFolder' | 'tables'>,
  bucket: string,
  kind: TableKind,
  day: UtcDay,
): string {
  return `s3://${bucket}/${dayFolder(config, kind, day)}`;
}

/**
 * The partition of one day: the table's whole storage descriptor (Glue's API lets a partition inherit
 * nothing) at the day's own location.
 */
export function dayPartition(table: CatalogTable, day: UtcDay, location: string): CatalogPartition {
  return { values: [day], storage: { ...table.storage, Location: location } };
}

/**
 * Refuses a table whose partitions can't be days: values are positional, so with other keys they would be
 * added to the wrong ones.
 *
 * @throws CatalogError SLUICE_CATALOG_TABLE_UNFIT
 */
export function checkTable(table: CatalogTable): CatalogTable {
  const [key, ...more] = table.partitionKeys;
  if (key !== partitionKey.name || more.length > 0) {
    throw new CatalogError(
      'SLUICE_CATALOG_TABLE_UNFIT',
      `${table.name} is partitioned by ${table.partitionKeys.join(', ') || 'nothing'}.`,
    );
  }
  return table;
}

/** What became of partitions that were there. */
export interface SyncedPartitions {
  /** Were described as the table was before, and now as it is. */
  readonly updated: readonly UtcDay[];
  /** Point elsewhere than at their day's folder: made by hand, so left alone, but their rows aren't read. */
  readonly misplaced: readonly UtcDay[];
  readonly failed: readonly FailedDay[];
}

/**
 * Brings partitions along with their table: describes those anew that describe their files as the table did before
 * its columns changed. A reader of Glue's goes by the partition, so a new column would be null where it is filled.
 *
 * @param partitions Of days, as they are in the catalog.
 */
export async function syncPartitionSchemas(
  target: RegistrarTarget,
  kind: TableKind,
  table: CatalogTable,
  partitions: readonly CatalogPartition[],
): Promise<SyncedPartitions> {
  const { config, bucket, catalog, attempts } = target;
  const locationOf = (day: UtcDay) => dayLocation(config, bucket, kind, day);
  const inPlace = partitions.filter(({ values: [day = ''], storage }) =>
    isSameFolder(storage.Location, locationOf(day)),
  );
  const updated = await settleInBatches(
    findStalePartitions(table, inPlace).map(({ values: [day = ''] }) =>
      dayPartition(table, day, locationOf(day)),
    ),
    (batch) => catalog.batchUpdate(config.database, table.name, batch),
    attempts,
  );
  return {
    updated: partitionDays(updated.done),
    misplaced: partitionDays(partitions.filter((partition) => !inPlace.includes(partition))),
    failed: withoutDropped(failedDays(updated)),
  };
}

/** A partition that was dropped since it was listed needs no update. */
function withoutDropped(failed: readonly FailedDay[]): FailedDay[] {
  return failed.filter(({ code }) => code !== 'EntityNotFoundException');
}

function isSameFolder(location: string | undefined, folder: string): boolean {
  return location === folder || `${location}/` === folder;
}

/**
 * The partitions that don't describe their files as the table does: made before its columns or format changed,
 * which Glue doesn't pass on. Comments and other parameters don't count: no reader takes them from a partition.
 */
export function findStalePartitions(
  table: CatalogTable,
  partitions: readonly CatalogPartition[],
): CatalogPartition[] {
  const wanted = readerSettings(table.storage);
  return partitions.filter(({ storage }) => !isDeepStrictEqual(readerSettings(storage), wanted));
}

/** What decides how a reader reads the files. */
function readerSettings({ Columns = [], InputFormat, OutputFormat, SerdeInfo }: StorageDescriptor) {
  return {
    columns: Columns.map(({ Name, Type }) => [Name, Type]),
    InputFormat,
    OutputFormat,
    library: SerdeInfo?.SerializationLibrary,
    parameters: { ...SerdeInfo?.Parameters },
  };
}

/** A day without its partition, or with one that is not as it should be, and why, by AWS's code. */
export interface FailedDay {
  readonly day: UtcDay;
  readonly code: string;
  readonly message: string;
}

/** The days of partitions whose only value is a day. */
export function partitionDays(partitions: readonly { readonly values: readonly string[] }[]): UtcDay[] {
  return partitions.map(({ values }) => values[0] ?? '');
}

/** The days of a batch that failed. */
function failedDays({ failed }: Pick<SettledPartitions, 'failed'>): FailedDay[] {
  return failed.map(({ values, code, message }) => ({ day: values[0] ?? '', code, message }));
}

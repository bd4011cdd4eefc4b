import { isDeepStrictEqual } from 'node:util';
import type { SluiceError } from '../../base/errors.ts';
import { isUtcDay, type UtcDay } from '../../base/time.ts';
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

/** The catalog and the bucket for which partitions are registered. */
export interface RegistrarTarget {
  /** The names of the tables, of their database and of their folders. */
  readonly config: Pick<Config, 'statsigFolder' | 'tables' | 'database'>;
  /** The name of the deployment's bucket. */
  readonly bucket: string;
  /** The catalog of the tables. */
  readonly catalog: PartitionCatalog;
  /** How long calls are tried again. */
  readonly attempts: Attempts;
}

/** The outcome for the days of one table. */
export interface RegisteredDays {
  /** Have a new partition. */
  readonly created: readonly UtcDay[];
  /** Were already registered, by an earlier file or by another invocation at the same time. */
  readonly existed: readonly UtcDay[];
  /** Have no partition yet, each with its last error. */
  readonly failed: readonly FailedDay[];
}

/** {@link RegisteredDays}, and days whose partitions were updated to the table's columns. */
export interface RefreshedDays extends RegisteredDays {
  /** Had a partition with other columns or another format. */
  readonly updated: readonly UtcDay[];
}

/**
 * Registers days of one table: each day is created, found to exist, or returned as failed. It can be repeated and run
 * twice at the same time.
 *
 * An existing partition can be older than a change of the table's columns, especially those of today and tomorrow, which
 * the hourly run creates ahead. It receives new files, so it is updated now: otherwise their new columns would be null
 * until the next hourly run. Older days can wait for the hourly run, because their files have no values in new columns.
 *
 * @throws CatalogError when the table is missing or unfit, or cannot be read in time.
 */
export async function registerPartitions(
  target: RegistrarTarget,
  kind: TableKind,
  days: readonly UtcDay[],
): Promise<RefreshedDays> {
  if (days.length === 0) return { created: [], existed: [], updated: [], failed: [] };
  const { config, catalog, attempts } = target;
  const table = await readTable(target, kind);
  const registered = await registerDays(target, kind, table, days);
  // More than one call lists are of a copy of old files: they wait for the hourly run.
  const existed = registered.existed.slice(0, PARTITION_BATCH);
  if (existed.length === 0) return { ...registered, updated: [] };
  // As many pages as days, as Glue may answer a page of one, or of none. What is beyond waits for the hourly run, too.
  const partitions = await readPages(attempts, PARTITION_BATCH, (token) =>
    catalog.listPage(config.database, table.name, token, existed),
  ).catch((error: unknown) => {
    throw unavailable(`${config.database}.${table.name}: partitions`, error);
  });
  const states = partitionStates(target, kind, table, partitions ?? []);
  const { updated, failed } = await syncPartitionSchemas(target, kind, table, states);
  return {
    created: registered.created,
    existed: registered.existed.filter((day) => failed.every((late) => late.day !== day)),
    updated,
    failed: [...registered.failed, ...failed],
  };
}

/** Registers days of a table that has been read already, without updating existing partitions. */
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
 * Reads the table of a kind and checks that its partitions can be days.
 *
 * @throws CatalogError SLUICE_CATALOG_TABLE_NOT_FOUND, SLUICE_CATALOG_TABLE_UNFIT, SLUICE_CATALOG_UNAVAILABLE
 */
export async function readTable(target: RegistrarTarget, kind: TableKind): Promise<CatalogTable> {
  const { config, catalog, attempts } = target;
  const name = config.tables[kind];
  try {
    return checkTable(await retryTransient(attempts, () => catalog.getTable(config.database, name)));
  } catch (error) {
    throw unavailable(`${config.database}.${name}`, error);
  }
}

/**
 * The error for a call that has failed: SLUICE_CATALOG_TABLE_NOT_FOUND, or SLUICE_CATALOG_UNAVAILABLE.
 *
 * @param what What was called, for the detail.
 * @throws An error that is not of a call, as it is.
 */
export function unavailable(what: string, error: unknown): SluiceError {
  if (!(error instanceof CatalogCallError)) throw error;
  const missing = error.code === 'EntityNotFoundException';
  return new CatalogError(
    missing ? 'SLUICE_CATALOG_TABLE_NOT_FOUND' : 'SLUICE_CATALOG_UNAVAILABLE',
    `${what}: ${error.code}: ${error.message}`,
    { cause: error },
  );
}

/** The location of a day's partition: the folder of its files. */
export function dayLocation(
  config: Pick<Config, 'statsigFolder' | 'tables'>,
  bucket: string,
  kind: TableKind,
  day: UtcDay,
): string {
  return `s3://${bucket}/${dayFolder(config, kind, day)}`;
}

/**
 * The partition of one day: the table's whole storage descriptor with the day's location. In Glue's API, a partition
 * inherits nothing from its table.
 */
export function dayPartition(table: CatalogTable, day: UtcDay, location: string): CatalogPartition {
  return { values: [day], storage: { ...table.storage, Location: location } };
}

/**
 * Refuses a table whose partitions cannot be days. Partition values are positional, so with other keys they would be
 * assigned to the wrong ones.
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

/** What is to be done with the partition of a day. */
interface PartitionState {
  /** The day of the partition. */
  readonly day: UtcDay;
  /** Whether it points to its day's folder. */
  readonly isInPlace: boolean;
  /** Whether its columns or format differ from the table's. */
  readonly isStale: boolean;
}

/** Compares a page of partitions with their table. Those of no calendar day are left out. */
export function partitionStates(
  { config, bucket }: RegistrarTarget,
  kind: TableKind,
  table: CatalogTable,
  partitions: readonly CatalogPartition[],
): readonly PartitionState[] {
  const stale = new Set(findStalePartitions(table, partitions));
  return partitions.flatMap((partition) => {
    const {
      values: [day = ''],
      storage: { Location },
    } = partition;
    const isInPlace = [Location, `${Location}/`].includes(dayLocation(config, bucket, kind, day));
    return isUtcDay(day) ? [{ day, isInPlace, isStale: stale.has(partition) }] : [];
  });
}

/** The outcome for existing partitions. */
export interface SyncedPartitions {
  /** Had outdated columns or an outdated format, and were updated. */
  readonly updated: readonly UtcDay[];
  /**
   * Do not point to their day's folder. They were made by hand and are not changed, but queries do not read the day's
   * rows.
   */
  readonly misplaced: readonly UtcDay[];
  /** Could not be updated, each with its last error. */
  readonly failed: readonly FailedDay[];
}

/**
 * Updates partitions whose columns or format differ from the table's, because the table has changed since.
 * Readers use the schema of the partition, so a new column would be null even where files have values.
 *
 * @param partitions The state of each partition in the catalog.
 */
export async function syncPartitionSchemas(
  target: RegistrarTarget,
  kind: TableKind,
  table: CatalogTable,
  partitions: readonly PartitionState[],
): Promise<SyncedPartitions> {
  const { config, bucket, catalog, attempts } = target;
  const stale = partitions.filter(({ isInPlace, isStale }) => isInPlace && isStale);
  const updated = await settleInBatches(
    stale.map(({ day }) => dayPartition(table, day, dayLocation(config, bucket, kind, day))),
    (batch) => catalog.batchUpdate(config.database, table.name, batch),
    attempts,
  );
  return {
    updated: partitionDays(updated.done),
    misplaced: partitions.filter(({ isInPlace }) => !isInPlace).map(({ day }) => day),
    // A partition that was dropped since it was listed needs no update.
    failed: failedDays(updated).filter(({ code }) => code !== 'EntityNotFoundException'),
  };
}

/**
 * The partitions whose columns or format differ from the table's: Glue does not apply changes of a table to its
 * partitions. Comments and other parameters are not compared, because no reader uses a partition's.
 */
export function findStalePartitions(
  table: CatalogTable,
  partitions: readonly CatalogPartition[],
): CatalogPartition[] {
  const wanted = readerSettings(table.storage);
  return partitions.filter(({ storage }) => !isDeepStrictEqual(readerSettings(storage), wanted));
}

/** The settings that determine how a reader reads the files. */
function readerSettings({ Columns = [], InputFormat, OutputFormat, SerdeInfo }: StorageDescriptor) {
  return {
    columns: Columns.map(({ Name, Type }) => [Name, Type]),
    InputFormat,
    OutputFormat,
    library: SerdeInfo?.SerializationLibrary,
    parameters: { ...SerdeInfo?.Parameters },
  };
}

/** A day whose partition is missing or outdated, with AWS's error code. */
export interface FailedDay {
  /** The day of the partition. */
  readonly day: UtcDay;
  /** AWS's name for the error, e.g. `ThrottlingException`. */
  readonly code: string;
  /** AWS's message. */
  readonly message: string;
}

/** The days of partitions whose only value is a day. */
function partitionDays(partitions: readonly { readonly values: readonly string[] }[]): UtcDay[] {
  return partitions.map(({ values }) => values[0] ?? '');
}

/** The days of a batch that failed. */
function failedDays({ failed }: Pick<SettledPartitions, 'failed'>): FailedDay[] {
  return failed.map(({ values, code, message }) => ({ day: values[0] ?? '', code, message }));
}

import type { Config } from '../config/configSchema.ts';
import type { TableKind } from '../tables/Table.ts';
import type { UtcDay } from '../time/utcDay.ts';
import { type Attempts, retryTransient } from './Attempts.ts';
import { CatalogCallError } from './CatalogCallError.ts';
import { CatalogError } from './CatalogError.ts';
import { checkTable, dayLocation, dayPartition } from './dayPartition.ts';
import type { CatalogTable, PartitionCatalog } from './PartitionCatalog.ts';
import { type Settled, settleInBatches } from './settleInBatches.ts';

/** Where partitions are registered, and for which files. */
export interface RegistrarTarget {
  readonly config: Pick<Config, 'statsigFolder' | 'tables' | 'database'>;
  readonly bucket: string;
  readonly catalog: PartitionCatalog;
  readonly attempts: Attempts;
}

/** What became of the days of one table. */
export interface Registered {
  readonly created: readonly UtcDay[];
  /** Were registered already, by an earlier file or by somebody at the same time. */
  readonly existed: readonly UtcDay[];
  readonly failed: readonly FailedDay[];
}

/** A day without its partition, and why, by AWS's code. */
export interface FailedDay {
  readonly day: UtcDay;
  readonly code: string;
  readonly message: string;
}

/**
 * Registers days of one table: every day is created, found to be there, or handed back by name. Safe to
 * repeat and to run twice at once.
 *
 * @throws CatalogError when the table is missing, unfit, or can't be read in time.
 */
export async function registerPartitions(
  target: RegistrarTarget,
  kind: TableKind,
  days: readonly UtcDay[],
): Promise<Registered> {
  if (days.length === 0) return { created: [], existed: [], failed: [] };
  return registerDays(target, kind, await readTable(target, kind), days);
}

/** The same with a table that has been read already. */
export async function registerDays(
  target: RegistrarTarget,
  kind: TableKind,
  table: CatalogTable,
  days: readonly UtcDay[],
): Promise<Registered> {
  const { config, bucket, catalog, attempts } = target;
  const settled = await settleInBatches(
    days.map((day) => dayPartition(table, day, dayLocation(config, bucket, kind, day))),
    (batch) => catalog.batchCreate(config.database, table.name, batch),
    attempts,
  );
  return { created: daysOf(settled.done), existed: daysOf(settled.existed), failed: failedDays(settled) };
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

/** The days of partitions whose only value is a day. */
export function daysOf(partitions: readonly { readonly values: readonly string[] }[]): UtcDay[] {
  return partitions.map(({ values }) => values[0] ?? '');
}

export function failedDays({ failed }: Settled): FailedDay[] {
  return failed.map(({ values, code, message }) => ({ day: values[0] ?? '', code, message }));
}

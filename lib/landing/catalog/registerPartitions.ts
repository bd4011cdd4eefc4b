import type { Config } from '../../config/configSchema.ts';
import type { TableKind } from '../../schema/kinds.ts';
import type { UtcDay } from '../../time/utcDay.ts';
import { type Attempts, retryTransient } from './Attempts.ts';
import { bringAlong } from './bringAlong.ts';
import { CatalogCallError } from './CatalogCallError.ts';
import { CatalogError } from './CatalogError.ts';
import { checkTable, dayLocation, dayPartition } from './dayPartition.ts';
import { type CatalogTable, PARTITION_BATCH, type PartitionCatalog } from './PartitionCatalog.ts';
import { readPages } from './readPages.ts';
import { daysOf, type FailedDay, failedDays } from './settledDays.ts';
import { settleInBatches } from './settleInBatches.ts';

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

/** {@link Registered}, and what was brought along. */
export interface Refreshed extends Registered {
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
): Promise<Refreshed> {
  if (days.length === 0) return { created: [], existed: [], updated: [], failed: [] };
  const table = await readTable(target, kind);
  const registered = await registerDays(target, kind, table, days);
  const { updated, failed } = await refresh(target, kind, table, registered.existed);
  const late = new Set(failed.map(({ day }) => day));
  return {
    created: registered.created,
    existed: registered.existed.filter((day) => !late.has(day)),
    updated,
    failed: [...registered.failed, ...failed],
  };
}

/** Looks at partitions that were there. A day that can't be looked at is handed back, as one that can't be registered. */
async function refresh(
  target: RegistrarTarget,
  kind: TableKind,
  table: CatalogTable,
  days: readonly UtcDay[],
): Promise<Pick<Refreshed, 'updated' | 'failed'>> {
  const { config, catalog, attempts } = target;
  const updated: UtcDay[] = [];
  const failed: FailedDay[] = [];
  for (let from = 0; from < days.length; from += PARTITION_BATCH) {
    const some = days.slice(from, from + PARTITION_BATCH);
    try {
      const partitions = await readPages(attempts, PARTITION_BATCH, (token) =>
        catalog.listPage(config.database, table.name, token, some),
      );
      const along = await bringAlong(target, kind, table, partitions ?? []);
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

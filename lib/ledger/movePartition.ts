import type { UtcDay } from '../base/time.ts';
import {
  type Attempts,
  CatalogCallError,
  isTransient,
  retryTransient,
} from '../landing/catalog/catalogCalls.ts';
import type { ItemFailure, PartitionCatalog } from '../landing/catalog/PartitionCatalog.ts';
import { checkTable, dayPartition } from '../landing/catalog/registerPartitions.ts';
import type { Config } from '../schema/config.ts';
import { versionPrefix } from '../tables/tableFolders.ts';

/** The partition of one table's day. */
export interface DayPartition {
  readonly catalog: PartitionCatalog;
  readonly database: string;
  readonly table: string;
  readonly day: UtcDay;
}

/**
 * The location that queries of a day read; null if the day has no partition.
 *
 * @throws CatalogCallError
 */
export async function partitionLocation(
  { catalog, database, table, day }: DayPartition,
  attempts: Attempts,
): Promise<string | null> {
  const { items } = await retryTransient(attempts, () => catalog.listPage(database, table, undefined, [day]));
  const partition = items.find(({ values }) => values[0] === day);
  return partition?.storage.Location ?? null;
}

/**
 * Moves a day's partition to another location, or creates it. One call switches all queries from the old files to the new
 * ones. It may be repeated. Glue does not compare before it writes, so only the owner of the day's claim may call this.
 *
 * @throws CatalogCallError; CatalogError `SLUICE_CATALOG_TABLE_UNFIT`.
 */
export async function movePartition(
  { catalog, database, table, day }: DayPartition,
  location: string,
  attempts: Attempts,
): Promise<void> {
  const described = checkTable(await retryTransient(attempts, () => catalog.getTable(database, table)));
  const partition = dayPartition(described, day, location);
  const moved = await settle(attempts, () => catalog.batchUpdate(database, table, [partition]));
  if (moved === undefined) return;
  if (moved !== 'EntityNotFoundException') throw new CatalogCallError(moved, false, `The partition ${day}.`);
  const created = await settle(attempts, () => catalog.batchCreate(database, table, [partition]));
  // An earlier attempt may have created it, and its answer was lost.
  if (created === undefined || created === 'AlreadyExistsException') return;
  throw new CatalogCallError(created, false, `The partition ${day}.`);
}

/** Code of the partition's failure; undefined on success. */
function settle(
  attempts: Attempts,
  call: () => Promise<readonly ItemFailure[]>,
): Promise<string | undefined> {
  return retryTransient(attempts, async () => {
    const [failure] = await call();
    if (failure !== undefined && isTransient(failure.code)) {
      throw new CatalogCallError(failure.code, true, failure.message);
    }
    return failure?.code;
  });
}

/**
 * Whether queries of a day read this version; without a version, whether they read none. The catalog decides, as a killed
 * load may have left the ledger outdated.
 *
 * @param deadline Epoch milliseconds after which no call of the catalog starts.
 * @throws CatalogCallError
 */
export async function isReadVersion(
  {
    catalog,
    config,
    bucket,
    clock,
    wait,
    random,
  }: Pick<DayPartition, 'catalog'> &
    Pick<Attempts, 'clock' | 'wait' | 'random'> & {
      readonly bucket: string;
      readonly config: Pick<Config, 'statsigFolder' | 'database'>;
    },
  {
    table,
    day,
    version,
  }: { readonly table: string; readonly day: UtcDay; readonly version: string | undefined },
  deadline: number,
): Promise<boolean> {
  const place = { catalog, database: config.database, table, day };
  const location = await partitionLocation(place, { clock, wait, random, deadline });
  return version === undefined
    ? location === null
    : location === `s3://${bucket}/${versionPrefix(config, table, day, version)}`;
}

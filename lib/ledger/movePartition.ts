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
import { parseIngestedLocation, versionPrefix } from '../tables/tableFolders.ts';

/** The partition of one table's day. */
interface DayPartition {
  /** The catalog of the table. */
  readonly catalog: PartitionCatalog;
  /** The name of the database. */
  readonly database: string;
  /** The name of the table. */
  readonly table: string;
  /** The day of the partition. */
  readonly day: UtcDay;
}

/**
 * The location that queries of a day read, with the slash at its end that a person may have left out; null if the day
 * has no partition.
 *
 * @throws CatalogCallError
 */
export async function partitionLocation(
  { catalog, database, table, day }: DayPartition,
  attempts: Attempts,
): Promise<string | null> {
  const { items } = await retryTransient(attempts, () => catalog.listPage(database, table, undefined, [day]));
  const partition = items.find(({ values }) => values[0] === day);
  return partition?.storage.Location?.replace(/\/*$/, '/') ?? null;
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
  if (moved !== 'EntityNotFoundException')
    throw new CatalogCallError({ code: moved, message: `The partition ${day}.`, isTransient: false });
  const created = await settle(attempts, () => catalog.batchCreate(database, table, [partition]));
  // An earlier attempt may have created it, and its answer was lost.
  if (created === undefined || created === 'AlreadyExistsException') return;
  throw new CatalogCallError({ code: created, message: `The partition ${day}.`, isTransient: false });
}

/** Code of the partition's failure; undefined on success. */
function settle(
  attempts: Attempts,
  call: () => Promise<readonly ItemFailure[]>,
): Promise<string | undefined> {
  return retryTransient(attempts, async () => {
    const [failure] = await call();
    if (failure !== undefined && isTransient(failure.code)) {
      throw new CatalogCallError({ code: failure.code, message: failure.message, isTransient: true });
    }
    return failure?.code;
  });
}

/** What partitions of days are read and moved by. */
interface PartitionPorts extends Pick<DayPartition, 'catalog'>, Pick<Attempts, 'clock' | 'wait' | 'random'> {
  /** The name of the deployment's bucket. */
  readonly bucket: string;
  /** The settings that name the database and the folders. */
  readonly config: Pick<Config, 'statsigFolder' | 'database'>;
}

/** The partition of a day as it was read. */
interface ReadPartition {
  /** Whether the day has no partition. */
  readonly isMissing: boolean;
  /** The version that it has; undefined without one, and for a location that is none of the deployment's. */
  readonly version: string | undefined;
  /** Whether it is at the prefix of a version in the deployment's bucket. */
  isAt(prefix: string): boolean;
  /** Moves it to the prefix of a version in the deployment's bucket, as {@link movePartition}. */
  moveTo(prefix: string): Promise<void>;
}

/**
 * Reads the partition of a day.
 *
 * @param deadline Epoch milliseconds after which no call of the catalog starts.
 * @throws CatalogCallError
 */
export async function readPartition(
  { catalog, config, bucket, clock, wait, random }: PartitionPorts,
  place: { readonly table: string; readonly day: UtcDay },
  deadline: number,
): Promise<ReadPartition> {
  const attempts = { clock, wait, random, deadline };
  const partition = { catalog, database: config.database, ...place };
  const ours = `s3://${bucket}/`;
  const location = await partitionLocation(partition, attempts);
  return {
    isMissing: location === null,
    version: parseIngestedLocation(config, bucket, location ?? '')?.version,
    isAt: (prefix) => location === ours + prefix,
    moveTo: (prefix) => movePartition(partition, ours + prefix, attempts),
  };
}

/**
 * Whether queries of a day read this version; without a version, whether they read none. The catalog decides, as a killed
 * load may have left the ledger outdated.
 *
 * @param deadline As of {@link readPartition}.
 * @throws CatalogCallError
 */
export async function isReadVersion(
  ports: PartitionPorts,
  {
    table,
    day,
    version,
  }: { readonly table: string; readonly day: UtcDay; readonly version: string | undefined },
  deadline: number,
): Promise<boolean> {
  const partition = await readPartition(ports, { table, day }, deadline);
  if (version === undefined) return partition.isMissing;
  return partition.isAt(versionPrefix(ports.config, table, day, version));
}

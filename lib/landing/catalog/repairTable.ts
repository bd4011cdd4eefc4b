import { mapLimit } from '../../base/concurrency.ts';
import type { ObjectStore } from '../../base/ObjectStore.ts';
import { addDays, type UtcDay, utcDay } from '../../base/time.ts';
import type { Config } from '../../schema/config.ts';
import type { ForwardedKind, TableKind } from '../../schema/kinds.ts';
import { rawDaysKey } from '../../tables/ledgerKeys.ts';
import { tableFolders } from '../../tables/tableFolders.ts';
import { CatalogError } from './CatalogError.ts';
import { type Attempts, awsCall, dayFolders, type Page, readPages, retryTransient } from './catalogCalls.ts';
import { noteRawDays } from './rawDays.ts';
import {
  partitionStates,
  type RegisteredDays,
  type RegistrarTarget,
  readTable,
  registerDays,
  type SyncedPartitions,
  syncPartitionSchemas,
  unavailable,
} from './registerPartitions.ts';

/**
 * Most pages of 1,000 folders or partitions, or fewer if there are many columns: more than any number of days needs. Of
 * a page only its days are kept, so 100,000 partitions fit the memory of `register`.
 */
export const MAX_PAGES = 100;

/** The outcome of the hourly run for one table. */
interface RepairedTable extends RegisteredDays, SyncedPartitions {
  /** Every day that has its partition now. */
  readonly registered: readonly UtcDay[];
  /** Every day that has a folder. */
  readonly folders: readonly UtcDay[];
}

/** Dependencies of the hourly run. */
export type RepairTarget = RegistrarTarget & {
  /** The settings that name the table and its folders, and say how long files are kept. */
  readonly config: Pick<Config, 'timeWindow' | 'statsigFolder' | 'tables'> & {
    readonly retention: Pick<Config['retention'], 'forwardedDays'>;
  };
  /** The deployment's bucket. */
  readonly objects: ObjectStore;
};

/**
 * The hourly run for one table: registers today, tomorrow and every day that has a folder and no partition, and updates
 * partitions after a change of the table's columns. It can be repeated.
 *
 * @throws CatalogError when the table, its partitions or its folders cannot be read.
 */
export async function repairTable(target: RepairTarget, kind: TableKind): Promise<RepairedTable> {
  const { config, bucket, catalog, objects, attempts } = target;
  const table = await readTable(target, kind);
  const paths = tableFolders(config, kind);
  const [partitions, names] = await Promise.all([
    listAll(attempts, `${config.database}.${table.name}: partitions`, async (token) => {
      const { items, next } = await catalog.listPage(config.database, table.name, token);
      return { items: partitionStates(target, kind, table, items), next };
    }),
    mapLimit(paths, paths.length, (folder) =>
      listAll(attempts, `s3://${bucket}/${folder}: folders`, (token) => dayFolders(objects, folder, token)),
    ),
  ]);
  const today = utcDay(attempts.clock.now());
  const folders = names.flat();
  const registered = partitions.map(({ day }) => day);
  const missing = findMissingDays({ today, folders, registered });
  const { created, existed, failed } = await registerDays(target, kind, table, missing);
  const synced = await syncPartitionSchemas(target, kind, table, partitions);
  return {
    created,
    existed,
    failed: [...failed, ...synced.failed],
    registered: [...registered, ...created, ...existed],
    folders,
    updated: synced.updated,
    misplaced: synced.misplaced,
  };
}

/**
 * Notes the files of a table's days that have a folder. A call that fails for a passing reason is made again, not those
 * before it.
 *
 * @throws CatalogError SLUICE_CATALOG_UNAVAILABLE
 */
export async function noteFolders(
  { attempts, bucket, config, objects }: RepairTarget,
  kind: ForwardedKind,
  days: readonly UtcDay[],
  log: (fields: Record<string, unknown>) => void,
): Promise<void> {
  const retried = <Result>(call: () => Promise<Result>) => retryTransient(attempts, () => awsCall(call));
  try {
    await noteRawDays(
      {
        listPage: (...request) => retried(() => objects.listPage(...request)),
        read: (...request) => retried(() => objects.read(...request)),
        write: (...request) => retried(() => objects.write(...request)),
      },
      kind,
      days,
      config,
      attempts.clock.now(),
      log,
    );
  } catch (error) {
    throw unavailable(`s3://${bucket}/${rawDaysKey(kind)}`, error);
  }
}

/** Reads all pages of a list. @throws CatalogError SLUICE_CATALOG_UNAVAILABLE, SLUICE_CATALOG_LISTING_TOO_LONG */
async function listAll<Item>(
  attempts: Attempts,
  what: string,
  readPage: (token: string | undefined) => Promise<Page<Item>>,
): Promise<readonly Item[]> {
  try {
    const items = await readPages(attempts, MAX_PAGES, readPage);
    if (items !== undefined) return items;
  } catch (error) {
    throw unavailable(what, error);
  }
  throw new CatalogError('SLUICE_CATALOG_LISTING_TOO_LONG', `${what}.`);
}

/**
 * The days without the partition that they should have, sorted: days with a folder, and today and tomorrow in any case,
 * so that the first rows of a day can be queried as soon as they land.
 */
function findMissingDays(options: {
  /** The current day, UTC. */
  readonly today: UtcDay;
  /** The days that have a folder. */
  readonly folders: readonly UtcDay[];
  /** The days that have a partition. */
  readonly registered: readonly UtcDay[];
}): UtcDay[] {
  const { today, folders } = options;
  const registered = new Set(options.registered);
  const wanted = new Set([...folders, today, addDays(today, 1)]);
  return [...wanted].filter((day) => !registered.has(day)).sort();
}

import { s3ObjectStore } from '../../../lib/aws/s3ObjectStore.ts';
import { mapLimit } from '../../../lib/base/concurrency.ts';
import type { UtcDay } from '../../../lib/base/time.ts';
import type { LedgerSubject } from '../../../lib/ledger/LedgerEntry.ts';
import { listedEntries } from '../../../lib/ledger/ledgerStore.ts';
import { ingestedTableFolders, versionPrefix } from '../../../lib/tables/tableFolders.ts';
import type { Deployment } from '../../deployment.ts';
import { ifThere } from '../../ifThere.ts';
import { ALWAYS, daysUnder } from '../tables/partitionGaps.ts';
import { readMadePartitions } from '../tables/tables.ts';
import { type ConfiguredDataset, readLedgerDays, type UnreadDay } from './ledgerDays.ts';

/** Tables whose folders and partitions are read in parallel: Glue throttles a burst of calls. */
const PARALLEL_TABLES = 5;

/** The parts of a deployment by which the ledger is compared with the catalog. */
export type CatalogReaders = Pick<Deployment, 's3' | 'glue' | 'config' | 'signal' | 'onDamaged'>;

/** In what the ledger of a dataset, its table and the catalog differ. */
export interface DifferingDays {
  /** Days of the ledger whose version no query reads, as nothing but a load registers days. */
  readonly unread: readonly UnreadDay[];
  /** Days with files of the table, of which the ledger has no entry, oldest first: a load writes that before any file. */
  readonly forgotten: readonly UtcDay[];
}

/**
 * In what the ledger of each dataset, its table and the catalog differ: of a dataset two calls of S3 and one of Glue for each thousand
 * days.
 *
 * @throws What the clients of S3 and Glue throw; LedgerError.
 */
export function unreadDrops(
  deployment: CatalogReaders,
  datasets: readonly ConfiguredDataset[],
): Promise<readonly DifferingDays[]> {
  return mapLimit(datasets, PARALLEL_TABLES, (dataset) => differingDays(deployment, dataset));
}

/** {@link DifferingDays} of a dataset. @throws As {@link unreadDrops}. */
async function differingDays(
  deployment: CatalogReaders,
  { source, dataset }: ConfiguredDataset,
): Promise<DifferingDays> {
  const { config, s3 } = deployment;
  const folders = ingestedTableFolders(config, dataset.table);
  const days = daysUnder(deployment, folders, ALWAYS);
  const listLedger = () => listedEntries(s3ObjectStore(s3, config.bucket))(source.name, dataset.name);
  const [unread, entries, loaded] = await Promise.all([
    unreadVersions(deployment, dataset.table, days, (day) => {
      return { source: source.name, dataset: dataset.name, day };
    }),
    listLedger(),
    days,
  ]);
  const isKnown = loaded.every((day) => entries.has(day));
  // A day may have been loaded since the ledger was listed.
  const known = isKnown ? entries : await listLedger();
  return { unread, forgotten: loaded.filter((day) => !known.has(day)).sort() };
}

/**
 * Days of a table with versions that have no partition, or one outside of the folder of the day. Which of its versions the partition of
 * a day has is not compared: a run that was killed may have moved it before it could write so into the ledger.
 *
 * @throws What Glue's client throws; LedgerError.
 */
export async function unreadVersions(
  deployment: CatalogReaders,
  table: string,
  asked: readonly UtcDay[] | Promise<readonly UtcDay[]>,
  subjectOf: (day: UtcDay) => Pick<LedgerSubject, 'source' | 'dataset' | 'day'>,
): Promise<readonly UnreadDay[]> {
  const { config } = deployment;
  const own = `s3://${config.bucket}/`;
  const folders = ingestedTableFolders(config, table).map((folder) => `${own}${folder}`);
  const [registered, days] = await Promise.all([ifThere(readMadePartitions(deployment, table)), asked]);
  const subjects = days
    .filter((day) =>
      folders.every((folder) => !registered?.get(day)?.location.startsWith(`${folder}${day}/`)),
    )
    .map(subjectOf);
  const unread = (await readLedgerDays(deployment, [subjects])).flat();
  return unread.flatMap(({ day, entry }) => {
    const { filesWritten: [first] = [], version, rows } = entry ?? {};
    const elsewhere = registered?.get(day);
    // A first load that has not ended, or was killed, leaves files in the folder, and no version in the ledger.
    if (version === undefined || rows === undefined || (first === undefined && elsewhere === undefined))
      return [];
    const location = `${own}${versionPrefix(config, table, day, version)}`;
    return [{ day, location, rows: rows.out, ...(elsewhere === undefined ? {} : { elsewhere }) }];
  });
}

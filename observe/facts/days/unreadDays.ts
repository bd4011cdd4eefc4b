import { mapLimit } from '../../../lib/base/concurrency.ts';
import type { UtcDay } from '../../../lib/base/time.ts';
import type { LedgerSubject } from '../../../lib/ledger/LedgerEntry.ts';
import { ingestedTableFolders, versionPrefix } from '../../../lib/tables/tableFolders.ts';
import type { Deployment } from '../../deployment.ts';
import { ifThere } from '../../explainAwsError.ts';
import { daysUnder } from '../tables/partitionGaps.ts';
import { readMadePartitions } from '../tables/tables.ts';
import { type ConfiguredDataset, readLedgerDays, type UnreadDay } from './ledgerDays.ts';

/** Tables whose folders and partitions are read in parallel: Glue throttles a burst of calls. */
const PARALLEL_TABLES = 5;

/** The parts of a deployment by which the ledger is compared with the catalog. */
export type CatalogReaders = Pick<Deployment, 's3' | 'glue' | 'config' | 'signal' | 'onDamaged'>;

/**
 * The days of each dataset whose version no query reads, as nothing but a load registers days: of a dataset a call of S3 and one of
 * Glue for each thousand days.
 *
 * @throws What the clients of S3 and Glue throw; LedgerError.
 */
export function unreadDrops(
  deployment: CatalogReaders,
  datasets: readonly ConfiguredDataset[],
): Promise<readonly (readonly UnreadDay[])[]> {
  return mapLimit(datasets, PARALLEL_TABLES, (dataset) => unreadDays(deployment, dataset));
}

/** The days of a dataset whose version no query reads. @throws As {@link unreadDrops}. */
async function unreadDays(
  deployment: CatalogReaders,
  { source, dataset }: ConfiguredDataset,
): Promise<readonly UnreadDay[]> {
  const folders = ingestedTableFolders(deployment.config, dataset.table);
  const days = daysUnder(deployment, folders, { from: '', to: '9' });
  return unreadVersions(deployment, dataset.table, days, (day) => {
    return { source: source.name, dataset: dataset.name, day };
  });
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

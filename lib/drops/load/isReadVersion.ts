import { versionPrefix } from '../../layout/ingestedKeys.ts';
import type { UtcDay } from '../../time/utcDay.ts';
import type { Loader } from './Loader.ts';
import { partitionLocation } from './movePartition.ts';

/**
 * Whether queries of a day read this version of it; without a version, whether they read none. The catalog is asked, not
 * the ledger, which a load that was killed may have left behind.
 *
 * @param deadline Epoch milliseconds from which no call of the catalog begins.
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
  }: Pick<Loader, 'catalog' | 'config' | 'bucket' | 'clock' | 'wait' | 'random'>,
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

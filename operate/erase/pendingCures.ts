import { ListObjectVersionsCommand } from '@aws-sdk/client-s3';
import { counted } from '../../lib/base/text.ts';
import { nightDays } from '../../lib/reconcile/reconcileDays.ts';
import { LANDING_FOLDER } from '../../lib/tables/objectKeys.ts';
import type { Deployment } from '../../observe/deployment.ts';
import { readCurationState } from '../../observe/facts/days/curatedDays.ts';
import { restorableDays } from '../../observe/facts/days/goneFiles.ts';
import {
  configuredDatasets,
  dropDays,
  readDatasets,
  readExports,
} from '../../observe/facts/days/ledgerDays.ts';
import { readLostDays } from '../../observe/facts/tables/partitionGaps.ts';
import { judgedHours } from '../../observe/facts/tables/receivedHours.ts';

/**
 * What waits for a restore or a copy back of versions that S3 still has, in words. An erasure deletes such a version if it has a unit,
 * with the rows of all others in it, which no newer version has.
 *
 * @throws What the client of S3 throws.
 */
export async function pendingCures(deployment: Deployment): Promise<readonly string[]> {
  const { s3, config, now } = deployment;
  const { bucket: Bucket } = config;
  const texts: string[] = [];
  for (const { ds, hour, state, table_name, missing } of await judgedHours(deployment, nightDays(now))) {
    if (state !== 'short') continue;
    const folder = `${ds.replaceAll('-', '/')}/${String(hour).padStart(2, '0')}`;
    for (const name of [folder, `direct/${ds}`]) {
      const Prefix = `${LANDING_FOLDER}${name}/`;
      const { Versions = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket, Prefix }));
      if (Versions.length === 0) continue;
      texts.push(`${ds}, hour ${hour}, ${table_name}: ${missing} events are missing`);
      break;
    }
  }
  const lost = await restorableDays(deployment, {
    lostDays: await readLostDays(deployment),
    curated: await readCurationState(deployment),
    datasets: await readDatasets(deployment, configuredDatasets(config), { count: () => 1 }),
    exports: (await readExports(deployment, config.exports)).map(dropDays),
  });
  for (const { table, day, files } of lost)
    if (files > 0) texts.push(`${table}, ${day}: ${counted(files, 'file')}`);
  return texts;
}

import { counted } from '../../lib/base/text.ts';
import { nightDays } from '../../lib/reconcile/reconcileDays.ts';
import type { Deployment } from '../../observe/deployment.ts';
import { readCurationState } from '../../observe/facts/days/curationState.ts';
import { configuredDatasets, readDatasets } from '../../observe/facts/days/datasets.ts';
import { dropDays } from '../../observe/facts/days/dropDays.ts';
import { readExports } from '../../observe/facts/days/exportDays.ts';
import { hourFolders, restorableDays } from '../../observe/facts/days/files/restorableDays.ts';
import { judgedHours } from '../../observe/facts/receivedHours.ts';
import { readLostDays } from '../../observe/facts/tables/partitionGaps.ts';

/**
 * Lists, in words, what waits for a restore or a copy back of versions that S3 still has. If such a version has a unit,
 * an erasure deletes it, together with the rows of all other units in it, which no newer version has.
 *
 * @throws What the client of S3 throws.
 */
export async function pendingCures(deployment: Deployment): Promise<readonly string[]> {
  const { config, now } = deployment;
  const receivedHours = await judgedHours(deployment, nightDays(now));
  const restorable = await restorableDays(deployment, {
    receivedHours,
    lostDays: await readLostDays(deployment),
    curated: await readCurationState(deployment),
    datasets: await readDatasets(deployment, configuredDatasets(config), { count: () => 1 }),
    exports: (await readExports(deployment, config.exports)).map(dropDays),
  });
  const withFiles = restorable.filter(({ files }) => files > 0);
  const hours = receivedHours.filter(
    (row) =>
      row.state === 'short' &&
      hourFolders(row).some((folder) => withFiles.some(({ table }) => table === folder)),
  );
  return [
    ...hours.map(
      ({ ds, hour, table_name, missing }) =>
        `${ds}, hour ${hour}, ${table_name}: ${missing} events are missing`,
    ),
    ...withFiles.flatMap(({ table, day, files }) =>
      hours.some((row) => hourFolders(row).includes(table))
        ? []
        : [`${table}, ${day}: ${counted(files, 'file')}`],
    ),
  ];
}

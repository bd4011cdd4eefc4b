import { DAY_MS } from '../../lib/base/time.ts';
import { nightDays } from '../../lib/reconcile/reconcileDays.ts';
import type { Deployment } from '../../observe/deployment.ts';
import { readLostDays } from '../../observe/facts/tables/partitionGaps.ts';
import { judgedHours } from '../../observe/facts/tables/receivedHours.ts';

/**
 * What waits for a restore or a copy back of versions that S3 still has, in words. An erasure deletes such a version if it has a unit,
 * with the rows of all others in it, which no newer version has.
 *
 * @throws What the client of S3 throws.
 */
export async function pendingCures(
  deployment: Pick<Deployment, 's3' | 'config' | 'now'>,
): Promise<readonly string[]> {
  const { config, now } = deployment;
  const { landingVersionDays, dataVersionDays } = config.retention;
  const isKept = (since: number, days: number) => now - since <= (days + 1) * DAY_MS;
  const hours = await judgedHours(deployment, nightDays(now));
  const short = hours.filter(
    ({ ds, state }) => state === 'short' && isKept(Date.parse(ds), landingVersionDays),
  );
  const lost = (await readLostDays(deployment)).filter(({ seenAt }) => isKept(seenAt, dataVersionDays));
  return [
    ...short.map(
      (one) => `${one.ds}, hour ${one.hour}, ${one.table_name}: ${one.missing} events are missing`,
    ),
    ...lost.map(
      ({ table, day, files, left }) => `${config.tables[table]}, ${day}: ${left} of ${files} files`,
    ),
  ];
}

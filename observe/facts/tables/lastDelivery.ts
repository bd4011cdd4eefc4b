import { addDays, utcDay } from '../../../lib/base/time.ts';
import { forwardedKinds } from '../../../lib/schema/kinds.ts';
import { dayFolder } from '../../../lib/tables/tableFolders.ts';
import type { Deployment } from '../../deployment.ts';
import { listFolder } from '../flow/waitingObjects.ts';
import { dayFolders } from './partitionGaps.ts';

/** Newest days of a table whose files are looked at for the last of them. */
const NEWEST_DAYS = 2;

/**
 * When the last file of the forwarded tables was delivered, epoch milliseconds; null if they have no files at all. The
 * newest two days of each table are listed.
 *
 * @throws What S3's client throws.
 */
export async function lastDelivery(
  deployment: Pick<Deployment, 's3' | 'config' | 'now'>,
): Promise<number | null> {
  const { config, now } = deployment;
  const range = { from: '2000-01-01', to: addDays(utcDay(now), 1) } as const;
  const times: number[] = [];
  for (const kind of forwardedKinds)
    for (const day of (await dayFolders(deployment, kind, range)).slice(-NEWEST_DAYS)) {
      const { objects } = await listFolder(deployment, dayFolder(config, kind, day));
      times.push(...objects.map(({ modifiedAt }) => modifiedAt));
    }
  return times.length === 0 ? null : Math.max(...times);
}

import { paginateListObjectsV2 } from '@aws-sdk/client-s3';
import { addDays, utcDay } from '../../../lib/base/time.ts';
import { forwardedKinds } from '../../../lib/schema/kinds.ts';
import { dayFolder } from '../../../lib/tables/tableFolders.ts';
import type { Deployment } from '../../deployment.ts';
import { dayFolders } from './partitionGaps.ts';

/** Newest days of a table whose files are looked at for the last of them, and the objects of a day that are. */
const NEWEST_DAYS = 2;
const MOST_OBJECTS = 3_000;

/**
 * When the last file of the forwarded tables was delivered, epoch milliseconds; null if they have no files at all. The
 * newest two days of each table are listed.
 *
 * @throws What S3's client throws.
 */
export async function lastDelivery(
  deployment: Pick<Deployment, 's3' | 'config' | 'now'>,
): Promise<number | null> {
  const { s3: client, config, now } = deployment;
  const all = { from: '2000-01-01', to: addDays(utcDay(now), 1) } as const;
  let last: number | null = null;
  for (const kind of forwardedKinds)
    for (const day of (await dayFolders(deployment, kind, all)).toSorted().slice(-NEWEST_DAYS)) {
      const input = { Bucket: config.bucket, Prefix: dayFolder(config, kind, day) };
      let listed = 0;
      for await (const { Contents = [] } of paginateListObjectsV2({ client }, input)) {
        for (const { LastModified } of Contents) last = Math.max(last ?? 0, LastModified?.getTime() ?? 0);
        listed += Contents.length;
        if (listed >= MOST_OBJECTS) break;
      }
    }
  return last;
}

import { s3ObjectStore } from '../../../lib/aws/s3ObjectStore.ts';
import { listObjects } from '../../../lib/base/ObjectStore.ts';
import { addDays, utcDay } from '../../../lib/base/time.ts';
import { forwardedKinds } from '../../../lib/schema/kinds.ts';
import { isDataFile } from '../../../lib/tables/objectKeys.ts';
import { dayFolder } from '../../../lib/tables/tableFolders.ts';
import type { Deployment } from '../../deployment.ts';
import { ALWAYS, dayFolders } from './partitionGaps.ts';

/** Newest days of a table whose files are looked at for the last of them. */
const NEWEST_DAYS = 2;

/**
 * When the last file of the forwarded tables was delivered, epoch milliseconds; null if they have no files at all. The
 * newest two days of each table are listed in whole.
 *
 * @throws What S3's client throws.
 */
export async function lastDelivery(
  deployment: Pick<Deployment, 's3' | 'config' | 'now'>,
): Promise<number | null> {
  const { s3, config, now } = deployment;
  const store = s3ObjectStore(s3, config.bucket);
  const range = { ...ALWAYS, to: addDays(utcDay(now), 1) };
  let last: number | null = null;
  for (const kind of forwardedKinds)
    for (const day of (await dayFolders(deployment, kind, range)).slice(-NEWEST_DAYS))
      for await (const object of listObjects(store, dayFolder(config, kind, day)))
        if (isDataFile(object)) last = Math.max(last ?? 0, object.modifiedAt);
  return last;
}

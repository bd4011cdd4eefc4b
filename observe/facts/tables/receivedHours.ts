import { gluePartitionCatalog } from '../../../lib/aws/gluePartitionCatalog.ts';
import { s3ObjectStore } from '../../../lib/aws/s3ObjectStore.ts';
import type { UtcDay } from '../../../lib/base/time.ts';
import { type LastNight, lastNight } from '../../../lib/reconcile/lastNight.ts';
import { type ReceivedHour, readReceivedHours } from '../../../lib/reconcile/receivedHours.ts';
import type { Deployment } from '../../deployment.ts';

/** The last night that judged the day before it. @throws What the clients of S3 and Glue throw. */
export async function readLastNight({
  s3,
  glue,
  config,
  now,
}: Pick<Deployment, 's3' | 'glue' | 'config' | 'now'>): Promise<LastNight> {
  const store = s3ObjectStore(s3, config.bucket);
  return lastNight({ store, catalog: gluePartitionCatalog(glue), config, now });
}

/** The hours of days of receipt as the nights have judged them; none before the first. @throws What S3's client throws. */
export async function judgedHours(
  { s3, config }: Pick<Deployment, 's3' | 'config'>,
  days: readonly UtcDay[],
): Promise<readonly ReceivedHour[]> {
  const store = s3ObjectStore(s3, config.bucket);
  const read = await Promise.all(days.map((day) => readReceivedHours(store, config, day)));
  return read.flatMap(({ rows }) => rows);
}

import { s3ObjectStore } from '../../../lib/aws/s3ObjectStore.ts';
import type { UtcDay } from '../../../lib/base/time.ts';
import { type ReceivedHour, readReceivedHours } from '../../../lib/reconcile/receivedHours.ts';
import type { Deployment } from '../../deployment.ts';

/** The hours of days of receipt as the nights have judged them; none before the first. @throws What S3's client throws. */
export async function judgedHours(
  { s3, config }: Pick<Deployment, 's3' | 'config'>,
  days: readonly UtcDay[],
): Promise<readonly ReceivedHour[]> {
  const store = s3ObjectStore(s3, config.bucket);
  const read = await Promise.all(days.map((day) => readReceivedHours(store, config, day)));
  return read.flatMap(({ rows }) => rows);
}

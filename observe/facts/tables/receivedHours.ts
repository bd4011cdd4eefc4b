import { s3ObjectStore } from '../../../lib/aws/s3ObjectStore.ts';
import { addDays, isoTimestamp, isUtcDay, type UtcDay, utcDay } from '../../../lib/base/time.ts';
import { type ReceivedHour, readReceivedHours } from '../../../lib/reconcile/receivedHours.ts';
import { receivedHoursFolder, receivedHoursKey } from '../../../lib/tables/tableFolders.ts';
import type { Deployment } from '../../deployment.ts';

/** The newest day that a night has judged, and when its rows were written last, ISO 8601. */
export interface LastNight {
  readonly day: UtcDay;
  readonly at: string;
}

/** More days than a table of received hours lacks at its end: one page has them. */
const FAR_DAYS = 400;

/** The last night that kept rows of the day before it; null before the first. @throws What S3's client throws. */
export async function lastNight({
  s3,
  config,
  now,
}: Pick<Deployment, 's3' | 'config' | 'now'>): Promise<LastNight | null> {
  const folder = receivedHoursFolder(config);
  const after = receivedHoursKey(config, addDays(utcDay(now), -FAR_DAYS));
  const { items } = await s3ObjectStore(s3, config.bucket).listPage(folder, { after });
  const days = items.flatMap(({ key, modifiedAt }) => {
    const day = key.slice(folder.length, -'.json'.length);
    return isUtcDay(day) ? [{ day, at: isoTimestamp(modifiedAt) }] : [];
  });
  return days.at(-1) ?? null;
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

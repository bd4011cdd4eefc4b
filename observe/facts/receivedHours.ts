import { gluePartitionCatalog } from '../../lib/aws/gluePartitionCatalog.ts';
import { readMetricData } from '../../lib/aws/metricData.ts';
import { s3ObjectStore } from '../../lib/aws/s3ObjectStore.ts';
import { DAY_MS, HOUR_MS, type UtcDay } from '../../lib/base/time.ts';
import { type LastNight, lastNight } from '../../lib/reconcile/lastNight.ts';
import { hourStart, type ReceivedHour, readReceivedHours } from '../../lib/reconcile/receivedHours.ts';
import { recordMetrics, type UndeliveredWhy, undeliveredWhy } from '../../lib/reconcile/streamDelivery.ts';
import type { Deployment } from '../deployment.ts';

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

/** An hour of which events are missing, and of which the stream has delivered nothing. */
export interface UndeliveredHour {
  /** When the hour began, epoch milliseconds. */
  readonly hour: number;
  /** Why it has delivered nothing of it. */
  readonly why: UndeliveredWhy;
}

/**
 * Of hours of which events are missing those of which the stream has delivered nothing, each once.
 *
 * @param stream Gives the name of today's stream. One that was deleted, and made again, had another.
 * @throws MetricsError `SLUICE_OBSERVE_METRICS_INCOMPLETE`; what CloudWatch's client throws. What `stream` throws.
 */
export async function undeliveredHours(
  deployment: Pick<Deployment, 'cloudwatch' | 'now'>,
  rows: readonly ReceivedHour[],
  stream: () => Promise<string>,
): Promise<readonly UndeliveredHour[]> {
  const short = rows.filter(({ state }) => state === 'short').map(hourStart);
  const hours = [...new Set(short)];
  if (hours.length === 0) return [];
  const series = await readMetricData(deployment, recordMetrics(await stream()), {
    start: Math.min(...hours),
    end: Math.max(...hours) + DAY_MS,
    periodSeconds: HOUR_MS / 1_000,
  });
  return hours.flatMap((hour) => {
    const why = undeliveredWhy(series, hour);
    // Firehose may still deliver what is younger.
    const isKnown = why === 'notGiven' || hour + DAY_MS + HOUR_MS <= deployment.now;
    return why !== null && isKnown ? [{ hour, why }] : [];
  });
}

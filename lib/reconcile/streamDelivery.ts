import type { MetricSeries, WantedMetric } from '../base/metrics.ts';
import { sum } from '../base/sum.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../base/time.ts';
import { ofStream } from './hourCounts.ts';

// What the metrics of a delivery stream say of the records that it was given.

/** Firehose's metric of the age of the oldest record that it has not delivered, seconds. */
const FRESHNESS = 'DeliveryToS3.DataFreshness';
/** Firehose's metric of the records that it has delivered. */
const DELIVERED = 'DeliveryToS3.Records';
/** Firehose's metric of the records that it was given. */
const ARRIVED = 'IncomingRecords';
/** Minutes for which the freshness may be missing: Firehose's metrics arrive some minutes late. */
const LATE_MINUTES = 15;

/** The metrics, by the minute of 24 hours, that {@link oldestRecord} needs. */
export function recordMetrics(stream: string): WantedMetric[] {
  const metric = ofStream(stream);
  return [metric(FRESHNESS, 'Maximum'), metric(DELIVERED), metric(ARRIVED)];
}

/**
 * Why nothing of an hour's records came to the bucket by this stream: it dropped them (`dropped`), or it was given none
 * (`notGiven`), as it was made after the hour, or as all went past it.
 */
export type UndeliveredWhy = 'dropped' | 'notGiven';

/**
 * Why the stream has delivered nothing of the hour that begins then within 24 hours, after which it drops records; null
 * if it has delivered a part of them, as others of the hour may then be gone for another reason.
 */
export function undeliveredWhy(series: MetricSeries, hour: number): UndeliveredWhy | null {
  const records = (id: string, until: number) => {
    const within = [...(series.get(id) ?? [])].filter(([at]) => at >= hour && at < until);
    return sum(within.map(([, count]) => count));
  };
  if (records(ARRIVED, hour + HOUR_MS) === 0) return 'notGiven';
  return records(DELIVERED, hour + DAY_MS) === 0 ? 'dropped' : null;
}

/**
 * When the oldest record arrived that the stream has not delivered, epoch milliseconds; null if no such record is
 * known.
 *
 * A stream whose delivery is completely blocked has no freshness. Then the result is the minute of the first record
 * after the last delivery, or of the first record beyond as many as were delivered.
 */
export function oldestRecord(series: MetricSeries, now: number): number | null {
  const recent = Math.floor(now / MINUTE_MS - LATE_MINUTES) * MINUTE_MS;
  const points = (id: string) => [...(series.get(id) ?? [])];
  const delivered = points(DELIVERED).filter(([, records]) => records > 0);
  const arrived = points(ARRIVED).filter(([, records]) => records > 0);
  const fresh = points(FRESHNESS).filter(([at]) => at >= recent);
  const [newest] = fresh.sort(([a], [b]) => b - a);
  if (newest !== undefined) {
    const [at, seconds] = newest;
    return seconds > 0 ? Math.round(at - seconds * 1_000) : null;
  }
  const lastDelivery = Math.max(...delivered.map(([at]) => at));
  let left = sum(delivered.map(([, records]) => records));
  for (const [at, records] of arrived.sort(([a], [b]) => a - b)) {
    left -= records;
    if (left < 0 || at > lastDelivery) return at;
  }
  return null;
}

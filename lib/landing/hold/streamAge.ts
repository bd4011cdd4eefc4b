/** What Firehose told of a stream. */
export interface StreamReading {
  /**
   * Age of the oldest record that is not delivered, in seconds, a value a minute of the last 15, oldest first. Firehose
   * tells none while nothing arrives, and none while delivery is completely blocked.
   * https://docs.aws.amazon.com/firehose/latest/dev/data-freshness-metric-not-emitted.html
   */
  readonly freshness: readonly number[];
  /** Records that it delivered to the bucket within the last 15 minutes. */
  readonly delivered: number;
  /** Seconds since the first record arrived after the last delivery ({@link undeliveredSeconds}); 0 if none did. */
  readonly undelivered: number;
}

/** Firehose keeps what was put directly for so long, in seconds. https://docs.aws.amazon.com/firehose/latest/dev/basic-deliver.html */
export const KEPT_SECONDS = 24 * 3_600;
/** Age of a stream's oldest record from which its loss is near, in seconds: half of that. */
export const EXPIRING_SECONDS = KEPT_SECONDS / 2;
/** Length of the periods in which arrivals and deliveries are counted, seconds. */
export const COUNT_PERIOD_SECONDS = 300;

/** Counts by the start of their period, epoch milliseconds, in any order. */
export type Counts = Iterable<readonly [at: number, count: number]>;

/**
 * How long records have arrived without any delivery since: what tells of a stream whose delivery is completely blocked.
 * A record that arrived within the period of the last delivery counts as delivered: nothing tells which of them came
 * first. What arrived more than 24 hours ago is dropped.
 *
 * @param now Epoch milliseconds.
 * @returns Seconds since the beginning of the first such period; 0 if there is none.
 */
export function undeliveredSeconds(arrived: Counts, delivered: Counts, now: number): number {
  const kept = now - KEPT_SECONDS * 1_000;
  const last = Math.max(kept - 1, ...timesOf(delivered));
  const first = Math.min(now, ...timesOf(arrived).filter((at) => at > last));
  return Math.round((now - first) / 1_000);
}

function timesOf(counts: Counts): readonly number[] {
  return [...counts].flatMap(([at, count]) => (count > 0 ? [at] : []));
}

/** Age of a stream's oldest record that is not delivered, in seconds, by what is known of it; 0 if nothing waits. */
export function oldestSeconds({ freshness, undelivered }: StreamReading): number {
  return freshness.at(-1) ?? undelivered;
}

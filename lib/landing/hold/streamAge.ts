import type { StreamId } from '../../tables/streams.ts';

/** Firehose's metrics of a stream. */
export interface StreamReading {
  /**
   * Age of the oldest record that is not delivered, in seconds, one value per minute of the last 15, oldest first.
   * Firehose reports no value while nothing arrives, and no value while delivery is completely blocked.
   * https://docs.aws.amazon.com/firehose/latest/dev/data-freshness-metric-not-emitted.html
   */
  readonly freshness: readonly number[];
  /** Records that it delivered to the bucket within the last 15 minutes. */
  readonly delivered: number;
  /** Seconds since the first record arrived after the last delivery ({@link undeliveredSeconds}); 0 if none did. */
  readonly undelivered: number;
}

/** Firehose's metrics of every stream of a deployment, in the order in which streams are listed everywhere. */
export type StreamReadings = ReadonlyMap<StreamId, StreamReading>;

/** Firehose keeps what was put directly for so long, in seconds. https://docs.aws.amazon.com/firehose/latest/dev/basic-deliver.html */
export const KEPT_SECONDS = 24 * 3_600;
/** Age of a stream's oldest record from which its loss is near, in seconds: half of that. */
export const EXPIRING_SECONDS = KEPT_SECONDS / 2;
/**
 * Age of the oldest record, in seconds, at which a stream is held: two hours. A stream that is well delivers within one and
 * a half buffer intervals, of at most 15 minutes each, so this is neither a slow file nor a passing error of S3. Every
 * hour that it were longer, an hour more of acknowledged rows could be dropped. It is not shorter, because the reason
 * is mostly the bucket or its key: then the bucket takes no objects either.
 */
const HOLD_AFTER_SECONDS = 2 * 3_600;
/** Minutes in a row that must be late. */
const LATE_MINUTES = 3;
/**
 * Length of the periods in which arrivals and deliveries are counted, seconds: as short as CloudWatch keeps for a day, because
 * a record that arrived in the period of the last delivery counts as delivered.
 */
export const COUNT_PERIOD_SECONDS = 60;

/**
 * Milliseconds for which nothing must be seen of a stream that is to be deleted: what was just put on it is in Firehose's
 * metrics some minutes later. Two buffer intervals of the longest kind, and ten minutes for late metrics.
 */
export const SETTLE_MS = 2 * 15 * 60_000 + 10 * 60_000;

/** Reads Firehose's metrics of all streams. @param counts Default `all`. */
export type ReadStreams = (counts?: CountedStreams) => Promise<StreamReadings>;

/**
 * Streams whose `delivered` and `undelivered` are read: each read has a price, and the age that Firehose reports is
 * mostly enough. `doubtful`: only of those of which it is not ({@link isFresh}); of the others both are 0.
 */
export type CountedStreams = 'all' | 'doubtful';

/** Counts by the start of their period, epoch milliseconds, in any order. */
export type Counts = Iterable<readonly [at: number, count: number]>;

/**
 * How long records have arrived without any delivery since. This reveals a stream whose delivery is completely blocked.
 * A record that arrived within the period of the last delivery counts as delivered: nothing shows which of them came
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

/**
 * Whether the age that Firehose reports is enough to know that a stream is not late. Then nobody needs to count what
 * arrived.
 */
export function isFresh(freshness: StreamReading['freshness']): boolean {
  return freshness.slice(-LATE_MINUTES).some((seconds) => seconds < HOLD_AFTER_SECONDS);
}

/**
 * Whether a stream's oldest record is too old: by the age that Firehose reports, or, where it reports too little,
 * because records arrived and none was delivered since. An age that Firehose reports takes precedence: it delivers to
 * the error output too.
 */
export function isLate({ freshness, undelivered }: StreamReading): boolean {
  if (isFresh(freshness)) return false;
  return freshness.length >= LATE_MINUTES || undelivered >= HOLD_AFTER_SECONDS;
}

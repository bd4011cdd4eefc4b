import { isoTimestamp } from '../../base/time.ts';
import type { Counts, StreamReading } from './streamAge.ts';

/** The last records that arrived on a stream within 24 hours. */
export interface LastArrival {
  /** The end of the period in which they did, epoch milliseconds. */
  readonly at: number;
  /** Whether something was delivered in a later period. */
  readonly isFollowed: boolean;
}

/** Firehose's metrics of a stream that is to be deleted. */
export interface StreamActivity extends Pick<StreamReading, 'freshness' | 'undelivered'> {
  /** Null if nothing arrived within 24 hours. */
  readonly last: LastArrival | null;
}

/**
 * When records last arrived, and whether a delivery followed. One in the same period may have been before them.
 *
 * @param periodMs Length of the periods, by whose start the counts are, milliseconds.
 */
export function lastArrival(arrived: Counts, delivered: Counts, periodMs: number): LastArrival | null {
  const last = Math.max(...timesOf(arrived));
  if (!Number.isFinite(last)) return null;
  return { at: last + periodMs, isFollowed: timesOf(delivered).some((at) => at > last) };
}

function timesOf(counts: Counts): readonly number[] {
  return [...counts].flatMap(([at, count]) => (count > 0 ? [at] : []));
}

/**
 * Why a stream may have records that it has not delivered: the rest of a sentence about it. Null if by all that Firehose
 * tells it has none. While delivery is completely blocked Firehose reports no age, and in the counts a record that
 * arrived right after the last delivery cannot be told from one that was delivered: so a delivery must have followed.
 */
export function whyNotEmpty({ freshness, undelivered, last }: StreamActivity): string | null {
  const oldest = Math.max(0, undelivered, ...freshness);
  if (oldest > 0) return `has a record that has waited for ${Math.ceil(oldest / 60)} minutes.`;
  if (last === null || last.isFollowed) return null;
  return `got records until ${isoTimestamp(last.at)}, and delivered nothing after them.`;
}

import { CLOCK_TOLERANCE_MS, MAX_AGE_WHEN_SENT_MS } from './limits.ts';
import { readTime } from './readTime.ts';

/**
 * Milliseconds to add to an event's time: 0 unless its sender's clock is off by more than 5 minutes. A correction
 * by less would move a resend's events about, and between days, by as much as the network took.
 *
 * A clock is believed only of an event that was, by that clock, sent after it had happened and within 30 days: the
 * corrected time then lies that far before its arrival at most. A clock that was told in seconds, or as 0, would
 * otherwise move good times by decades.
 *
 * @param time The event's time by its sender's clock, epoch milliseconds.
 * @param skew From {@link clockSkew}.
 * @param receivedAt Epoch milliseconds.
 * @returns null when the clock is off, but not to be believed: the time is best left as it is.
 */
export function clockCorrection(time: number, skew: number | null, receivedAt: number): number | null {
  if (skew === null || Math.abs(skew) <= CLOCK_TOLERANCE_MS) return 0;
  const age = receivedAt - skew - time;
  return age >= -CLOCK_TOLERANCE_MS && age <= MAX_AGE_WHEN_SENT_MS ? skew : null;
}

/**
 * Milliseconds by which the sender's clock is behind ours, the network's time included; null when it told none.
 *
 * @param stated The sender's clock when it sent, wherever it may be (header `STATSIG-CLIENT-TIME`, query `t`,
 *   body `clientTime`): the first that is a time counts.
 * @param receivedAt Epoch milliseconds.
 */
export function clockSkew(stated: readonly unknown[], receivedAt: number): number | null {
  for (const value of stated) {
    const sentAt = readTime(value);
    if (sentAt !== null) return receivedAt - sentAt;
  }
  return null;
}

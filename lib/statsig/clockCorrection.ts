import { CLOCK_TOLERANCE_MS } from './limits.ts';
import { readTime } from './readTime.ts';

/**
 * Milliseconds to add to a sender's times: 0 unless its clock is off by more than 5 minutes. A correction
 * by less would move a resend's events about, and between days, by as much as the network took.
 *
 * @param stated The sender's clock when it sent, wherever it may be (header `STATSIG-CLIENT-TIME`, query `t`,
 *   body `clientTime`): the first that is a time counts.
 * @param receivedAt Epoch milliseconds.
 */
export function clockCorrection(stated: readonly unknown[], receivedAt: number): number {
  const offBy = clockSkew(stated, receivedAt) ?? 0;
  return Math.abs(offBy) > CLOCK_TOLERANCE_MS ? offBy : 0;
}

/** Milliseconds by which the sender's clock is behind ours, the network's time included; null when it told none. */
export function clockSkew(stated: readonly unknown[], receivedAt: number): number | null {
  for (const value of stated) {
    const sentAt = readTime(value);
    if (sentAt !== null) return receivedAt - sentAt;
  }
  return null;
}

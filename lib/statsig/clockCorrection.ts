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
  for (const value of stated) {
    const sentAt = readTime(value);
    if (sentAt === null) continue;
    const offBy = receivedAt - sentAt;
    return Math.abs(offBy) > CLOCK_TOLERANCE_MS ? offBy : 0;
  }
  return 0;
}

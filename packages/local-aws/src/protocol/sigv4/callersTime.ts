import { CLOCK_SKEW_MS, DATED_ALIKE_MS } from './limits.ts';

/**
 * By which time an answer is dated, epoch milliseconds: the caller's own, if it is one that was ever told here. An SDK
 * sets its clock by the date of every answer (`systemClockOffset`), whatever the difference, and would sign its next
 * calls by another one's time. The machine's clock, by which most clients go, is the first to be tried: dated by ours as
 * long as that is near, they would be led on minute by minute while it is moved in small steps.
 * https://github.com/aws/aws-sdk-js-v3/blob/main/packages/core/src/submodules/httpAuthSchemes/utils/getUpdatedSystemClockOffset.ts
 *
 * @param signedAtMs When the request was signed; undefined when it wasn't.
 * @param otherTimes As in startEdge.ts, the machine's first.
 */
export function callersTime(
  signedAtMs: number | undefined,
  nowMs: number,
  otherTimes: (() => readonly number[]) | undefined,
): number {
  if (signedAtMs === undefined || otherTimes === undefined) return nowMs;
  const off = (time: number) => Math.abs(signedAtMs - time);
  const others = otherTimes();
  for (const time of [others[0] ?? nowMs, nowMs]) if (off(time) <= DATED_ALIKE_MS) return time;
  const nearest = others.reduce((best, time) => (off(time) < off(best) ? time : best), nowMs);
  return off(nearest) <= CLOCK_SKEW_MS ? nearest : nowMs;
}

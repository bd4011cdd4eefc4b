import { expect, it } from '@jest/globals';
import { Pace } from '../../../../lib/landing/redrive/Pace.ts';
import { ManualClock } from '../../../../packages/local-aws/test/harness/ManualClock.ts';

const MEBIBYTE = 1_048_576;
const SECOND_MS = 1_000;

/** A stream with a quota of bytes in each second, which live traffic uses evenly and first. */
function startStream(quota: number, live: number) {
  const clock = new ManualClock(0);
  const pace = new Pace({ clock, wait: async (ms) => clock.advance(Math.ceil(ms)) });
  let [second, used, lateLive, delivered] = [0, 0, 0, 0];
  const put = (bytes: number): boolean => {
    const now = Math.floor(clock.now() / SECOND_MS);
    if (now !== second) [second, used] = [now, 0];
    // What came in since the beginning of the second has been accepted before.
    const ofLive = (live * (clock.now() % SECOND_MS)) / SECOND_MS;
    if (ofLive + used + bytes > quota) return false;
    used += bytes;
    delivered += bytes;
    // What it took from live traffic of the rest of the second.
    lateLive += Math.min(bytes, Math.max(0, used + live - quota));
    return true;
  };
  return { clock, pace, put, sums: () => ({ delivered, lateLive }) };
}

/** Delivers a backlog for so many seconds, in groups of half a mebibyte. */
async function drain(stream: ReturnType<typeof startStream>, seconds: number): Promise<void> {
  const { clock, pace, put } = stream;
  const group = MEBIBYTE / 2;
  while (clock.now() < seconds * SECOND_MS) {
    await pace.turn(group, Number.POSITIVE_INFINITY);
    const isAccepted = put(group);
    pace.note(isAccepted);
    // The call, or the pause before the next attempt.
    clock.advance(isAccepted ? 50 : 500);
  }
}

it('a backlog gets what live traffic leaves of a quota: 2.6 MiB/s of 11 beside 7.6', async () => {
  const stream = startStream(11 * MEBIBYTE, 7.6 * MEBIBYTE);
  const seconds = 30 * 60;
  await drain(stream, seconds);
  const { delivered, lateLive } = stream.sums();
  expect(delivered / seconds / MEBIBYTE).toBeGreaterThan(2.6);
  expect(lateLive / (7.6 * MEBIBYTE * seconds)).toBeLessThan(0.05);
});

it('a backlog takes next to nothing of a quota that live traffic needs', async () => {
  const stream = startStream(5 * MEBIBYTE, 4.9 * MEBIBYTE);
  await drain(stream, 600);
  expect(stream.sums().delivered / 600 / MEBIBYTE).toBeLessThan(0.2);
});

it('a turn that would come after the deadline is not taken', async () => {
  const clock = new ManualClock(0);
  const pace = new Pace({ clock, wait: async (ms) => clock.advance(ms) });
  expect(await pace.turn(MEBIBYTE, 100)).toBe(true);
  expect(await pace.turn(MEBIBYTE, 100)).toBe(false);
  expect(clock.now()).toBe(0);
  expect(await pace.turn(1, 10_000)).toBe(true);
  expect(clock.now()).toBe(2_000);
});

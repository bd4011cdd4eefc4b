import { describe, expect, it } from '@jest/globals';
import { backoffMs, eachAttempt, type RetryPolicy } from '../../../lib/base/retry.ts';

/** Timing that a test can read: random parts are always half of their bound. */
function fakeTiming() {
  const pauses: number[] = [];
  let now = 1_000;
  return {
    pauses,
    clock: { now: () => now },
    random: () => 0.5,
    wait: async (ms: number) => {
      // It takes until another turn of the event loop.
      await new Promise(setImmediate);
      pauses.push(ms);
      now += ms;
    },
  };
}

/** How many attempts there are, none of which succeeds. */
async function countAttempts(policy: RetryPolicy): Promise<number> {
  let count = 0;
  for await (const attempt of eachAttempt(policy)) count = attempt;
  return count;
}

describe('eachAttempt', () => {
  it('pauses between attempts, longer each time up to the cap, until the last attempt', async () => {
    const { pauses, wait, random } = fakeTiming();
    expect(await countAttempts({ tries: 5, baseMs: 100, capMs: 300, wait, random })).toBe(5);
    expect(pauses).toEqual([50, 100, 150, 150]);
  });

  it('adds the minimum pause to each pause', async () => {
    const { pauses, wait, random } = fakeTiming();
    await countAttempts({ tries: 3, baseMs: 100, capMs: 300, leastMs: 7, wait, random });
    expect(pauses).toEqual([57, 107]);
  });

  it.each([
    { deadline: 1_050, taken: [] },
    { deadline: 1_051, taken: [50] },
    { deadline: 1_151, taken: [50, 100] },
  ])('takes no pause that would reach the deadline: $deadline ms', async ({ deadline, taken }) => {
    const { pauses, clock, wait, random } = fakeTiming();
    const until = { clock, deadline };
    expect(await countAttempts({ baseMs: 100, capMs: 300, wait, random, until })).toBe(taken.length + 1);
    expect(pauses).toEqual(taken);
  });

  it('ends when a pause takes longer than requested', async () => {
    const { clock, random } = fakeTiming();
    let late = 0;
    const until = { clock: { now: () => clock.now() + late }, deadline: 2_000 };
    const wait = async () => {
      await new Promise(setImmediate);
      late = 5_000;
    };
    expect(await countAttempts({ baseMs: 100, capMs: 300, wait, random, until })).toBe(1);
  });

  it('makes no attempt once the deadline has passed', async () => {
    const { clock, wait, random } = fakeTiming();
    const until = { clock, deadline: 1_000 };
    expect(await countAttempts({ baseMs: 100, capMs: 300, wait, random, until })).toBe(0);
  });

  it('throws the reason of the signal in place of the next attempt', async () => {
    const { wait, random } = fakeTiming();
    const controller = new AbortController();
    const reason = new Error('stop');
    let count = 0;
    const run = async () => {
      const { signal } = controller;
      for await (const _ of eachAttempt({ baseMs: 1, capMs: 1, wait, random, signal })) {
        count += 1;
        if (count === 2) controller.abort(reason);
      }
    };
    await expect(run()).rejects.toBe(reason);
    expect(count).toBe(2);
  });

  it('takes no pause after an attempt that succeeds', async () => {
    const { pauses, wait, random } = fakeTiming();
    for await (const _ of eachAttempt({ baseMs: 100, capMs: 300, wait, random })) break;
    expect(pauses).toEqual([]);
  });
});

describe('backoffMs', () => {
  it.each([
    { random: 0, pauses: [0, 0, 0, 0, 0, 0] },
    { random: 0.5, pauses: [50, 100, 200, 400, 500, 500] },
    { random: 1, pauses: [100, 200, 400, 800, 1_000, 1_000] },
  ])('is a part of a bound that doubles with every failure up to the cap: $random', ({ random, pauses }) => {
    const range = { baseMs: 100, capMs: 1_000 };
    expect(pauses.map((_, failures) => backoffMs(failures + 1, () => random, range))).toEqual(pauses);
  });
});

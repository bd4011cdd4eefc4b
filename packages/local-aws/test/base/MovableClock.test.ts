import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DAY_MS, MINUTE_MS } from '../../src/base/clock.ts';
import { MovableClock } from '../../src/base/MovableClock.ts';

describe('a movable clock', () => {
  it("follows the machine's clock until it is moved, and runs on from there", async () => {
    const clock = new MovableClock();
    expect(Math.abs(clock.now() - Date.now())).toBeLessThan(1_000);
    await clock.set(Date.UTC(2030, 0, 1));
    await new Promise<void>((resolve) => clock.after(20, resolve));
    expect(clock.now() - Date.UTC(2030, 0, 1)).toBeGreaterThanOrEqual(20);
    expect(clock.now() - Date.UTC(2030, 0, 1)).toBeLessThan(MINUTE_MS);
    await clock.setReal();
    expect(clock.offsetMs).toBe(0);
  });

  it('rings alarms in order of time even when the later one is set first', async () => {
    const clock = new MovableClock();
    const rung: string[] = [];
    await new Promise<void>((resolve) => {
      clock.after(40, () => {
        rung.push('later');
        resolve();
      });
      clock.after(5, () => rung.push('sooner'));
      clock.after(1, () => rung.push('never')).cancel();
    });
    expect(rung).toEqual(['sooner', 'later']);
  });

  it('rings every alarm at its own instant while time passes, including alarms set on the way', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 10_000 }), { maxLength: 20 }),
        fc.integer({ min: 1, max: 12_000 }),
        async (minutes, passing) => {
          const clock = new MovableClock();
          const start = clock.now();
          const rung: number[] = [];
          const onRing = () => rung.push(Math.round((clock.now() - start) / MINUTE_MS));
          for (const after of minutes) {
            clock.after(after * MINUTE_MS, () => {
              onRing();
              clock.after(MINUTE_MS, onRing);
            });
          }
          await clock.advance(passing * MINUTE_MS + MINUTE_MS / 2);
          const expected = minutes.flatMap((at) => [at, at + 1]).filter((at) => at <= passing);
          expect(rung).toEqual(expected.sort((a, b) => a - b));
          expect(Math.round((clock.now() - start) / MINUTE_MS - 0.5)).toBe(passing);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('has whole milliseconds whatever it is moved by', async () => {
    const clock = new MovableClock();
    const times: number[] = [];
    const parts = fc.double({ min: 0, max: 10_000, noNaN: true });
    await fc.assert(
      fc.asyncProperty(parts, parts, parts, async (delay, passes, jumps) => {
        clock.after(delay, () => times.push(clock.now()));
        await clock.advance(passes);
        times.push(clock.now());
        await clock.set(clock.now() + jumps);
        times.push(clock.now(), clock.offsetMs);
      }),
    );
    expect(times.filter((time) => !Number.isInteger(time))).toEqual([]);
  });

  it('waits for the work that an alarm starts before it moves on, and runs moves one after another', async () => {
    const clock = new MovableClock();
    const start = clock.now();
    const seen: number[] = [];
    const daysSince = () => Math.floor((clock.now() - start) / DAY_MS);
    clock.after(DAY_MS, async () => {
      for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      seen.push(daysSince());
    });
    clock.after(2 * DAY_MS, () => seen.push(daysSince()));
    await Promise.all([clock.advance(1.5 * DAY_MS), clock.advance(1.5 * DAY_MS)]);
    expect(seen).toEqual([1, 2]);
    expect(daysSince()).toBe(3);
  });

  it('waits, in a move, for alarms that the machine rings beside another', async () => {
    const clock = new MovableClock();
    const done: string[] = [];
    const moved = Promise.withResolvers<void>();
    clock.after(MINUTE_MS, async () => {
      clock.after(10, async () => {
        await moved.promise;
        done.push('beside');
      });
      await new Promise<void>((resolve) => clock.after(20, resolve));
      done.push('moved');
      // The work beside it ends after this alarm's.
      setImmediate(moved.resolve);
    });
    await clock.advance(MINUTE_MS);
    expect(done).toEqual(['moved', 'beside']);
  });

  it.each([Number.NaN, -1, Date.UTC(10_000, 0, 1)])('refuses to be set to %d', async (instant) => {
    const clock = new MovableClock();
    await expect(clock.set(instant)).rejects.toMatchObject({ kind: 'CONTROL_BODY' });
    expect(clock.offsetMs).toBe(0);
  });

  it('rejects a move whose alarm fails, and can be moved again', async () => {
    const clock = new MovableClock();
    clock.after(MINUTE_MS, () => Promise.reject(new Error('of the alarm')));
    await expect(clock.advance(DAY_MS)).rejects.toThrow('of the alarm');
    await clock.advance(DAY_MS);
    expect(clock.offsetMs).toBeGreaterThanOrEqual(DAY_MS);
  });

  it('keeps the remaining time of each alarm when it is set back, and reports the change', async () => {
    const clock = new MovableClock();
    await clock.advance(DAY_MS);
    const rung: string[] = [];
    const setBack: number[] = [];
    clock.after(MINUTE_MS, () => rung.push('a minute later'));
    clock.onSetBack((byMs) => setBack.push(byMs))();
    // The machine's time may go on by a millisecond meanwhile.
    clock.onSetBack((byMs) => setBack.push(Math.round(byMs / MINUTE_MS)));
    await clock.setReal();
    expect(setBack).toEqual([1_440]);
    expect(rung).toEqual([]);
    await clock.advance(MINUTE_MS);
    expect(rung).toEqual(['a minute later']);
  });

  it('remembers every time it has returned, so that signatures can be checked', async () => {
    const clock = new MovableClock();
    await clock.set(clock.now() + 3 * DAY_MS);
    await clock.set(clock.now() - 10 * DAY_MS);
    const before = Date.now();
    const days = clock.timesByPastOffsets().map((time) => Math.round((time - before) / DAY_MS));
    expect(days).toEqual([0, 3, -7]);
  });
});

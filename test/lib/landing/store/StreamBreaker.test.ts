import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { HOUR_MS, MINUTE_MS } from '../../../../lib/base/time.ts';
import { StreamBreaker } from '../../../../lib/landing/store/StreamBreaker.ts';
import { PROBE_CALL_MS } from '../../../../lib/schema/deliveryLimits.ts';
import { ManualClock, seededRandom } from '../../../../packages/local-aws/src/base/index.ts';

const START = Date.UTC(2026, 10, 20, 7, 32);
const CODE = 'ServiceUnavailableException';

/** A collector's environment with one stream, which takes records or does not. */
function environment(random: () => number = () => 0.5) {
  const clock = new ManualClock(START);
  const log: Record<string, unknown>[] = [];
  const breaker = new StreamBreaker({ clock, random, log: (line) => log.push(line) });
  /** One request. @returns Whether the stream was asked. */
  const send = (takes: boolean): boolean => {
    if (!breaker.admit()) return false;
    breaker.answered(takes ? null : CODE);
    return true;
  };
  return { clock, log, breaker, send };
}

describe('the breaker of a stream', () => {
  it('lets a call through that is no longer than a probe after one that failed', () => {
    const { send, breaker } = environment();
    send(false);
    expect(breaker.longestCallMs).toBe(PROBE_CALL_MS);
    expect(send(true)).toBe(true);
  });

  it('opens after two calls in a row that fail, lets none through and logs why', () => {
    const { send, log, breaker } = environment();
    send(false);
    expect(breaker.isOpen).toBe(false);
    send(false);
    expect(breaker).toMatchObject({ isOpen: true, code: CODE });
    expect(send(true)).toBe(false);
    expect(log).toEqual([{ level: 'warn', event: 'stream_breaker', state: 'open', code: CODE }]);
  });

  it('lets one probe through when it is due: requests at the same time do not all wait for it', () => {
    const { clock, send, breaker } = environment();
    for (const _ of [1, 2]) send(false);
    clock.advance(breaker.msUntilProbe);
    expect([breaker.admit(), breaker.admit()]).toEqual([true, false]);
  });

  it('probes at another time than others that opened with it', () => {
    const [first = 0, other = 0] = [0, 0.9].map((random) => {
      const { send, breaker } = environment(() => random);
      for (const _ of [1, 2]) send(false);
      return breaker.msUntilProbe;
    });
    expect(first).toBeLessThan(other);
  });

  it('counts calls in a row: one that succeeds between them begins again', () => {
    const { send, breaker } = environment();
    for (let n = 0; n < 4; n += 1) {
      send(false);
      send(true);
    }
    expect(breaker.isOpen).toBe(false);
    expect(breaker.longestCallMs).toEqual(Number.POSITIVE_INFINITY);
  });

  it('probes less and less often, until its pauses are of twenty seconds at most', () => {
    const { clock, send } = environment();
    for (const _ of [1, 2]) send(false);
    const probes: number[] = [];
    for (let second = 1; second <= 120; second += 1) {
      clock.advance(1_000);
      if (send(false)) probes.push(second);
    }
    const pauses = probes.slice(1).map((at, i) => at - (probes[i] ?? at));
    // Half of the pause, and by chance half of the other half: at last 15 of 20 seconds.
    expect(pauses).toEqual([2, 3, 6, 12, 15, 15, 15, 15, 15, 15]);
  });

  it('is closed by the first probe that succeeds, and logs how long it was open', () => {
    const { clock, send, log, breaker } = environment();
    for (const _ of [1, 2]) send(false);
    clock.advance(20_000);
    expect(send(true)).toBe(true);
    expect(breaker.isOpen).toBe(false);
    const closed = { level: 'info', event: 'stream_breaker', state: 'closed', open_ms: 20_000 };
    expect(log.at(-1)).toEqual(closed);
  });

  it('is closed within a minute after the stream is well, however long it was away', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1_000 }),
        fc.integer({ min: 100, max: HOUR_MS }),
        fc.integer({ min: 10, max: 2_000 }),
        (seed, awayMs, everyMs) => {
          const { clock, send, breaker } = environment(seededRandom(seed));
          while (clock.now() < START + awayMs) {
            send(false);
            clock.advance(Math.max(everyMs, awayMs / 200));
          }
          const well = clock.now();
          while (breaker.isOpen) {
            clock.advance(everyMs);
            send(true);
          }
          expect(clock.now() - well).toBeLessThan(MINUTE_MS);
        },
      ),
      { numRuns: 50 },
    );
  });
});

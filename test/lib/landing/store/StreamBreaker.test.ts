import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { StreamBreaker } from '../../../../lib/landing/store/StreamBreaker.ts';
import { PROBE_CALL_MS } from '../../../../lib/schema/deliveryLimits.ts';
import { ManualClock, seededRandom } from '../../../../packages/local-aws/src/base/index.ts';

const START = Date.UTC(2026, 10, 20, 7, 32);
const MINUTE_MS = 60_000;
const CODE = 'ServiceUnavailableException';

/** A collector's environment with one stream, which takes records or does not. */
function environment(random: () => number = () => 0.5) {
  const clock = new ManualClock(START);
  const log: Record<string, unknown>[] = [];
  const breaker = new StreamBreaker({ clock, random, log: (line) => log.push(line) });
  /** One request. @returns Whether the stream was asked. */
  const send = (takes: boolean): boolean => {
    if (!breaker.admit()) return false;
    breaker.answered(takes, takes ? '' : CODE);
    return true;
  };
  return { clock, log, breaker, send };
}

describe('the breaker of a stream', () => {
  it('opens after two calls in a row that fail, and then lets none through', () => {
    const { clock, send, log, breaker } = environment();
    expect(send(false)).toBe(true);
    expect(breaker.isOpen).toBe(false);
    expect(breaker.longestCallMs).toEqual(PROBE_CALL_MS);
    expect(send(false)).toBe(true);
    expect(breaker.isOpen).toBe(true);
    expect(breaker.code).toEqual(CODE);
    expect(send(true)).toBe(false);
    expect(log).toEqual([{ level: 'warn', event: 'stream_breaker', state: 'open', code: CODE }]);
    clock.advance(breaker.msUntilProbe);
    // But a probe: requests at the same time do not all wait for it.
    expect(breaker.admit()).toBe(true);
    expect(breaker.admit()).toBe(false);
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

  it('probes with one call, less and less often, and is closed by the first that succeeds', () => {
    const { clock, send, log } = environment();
    send(false);
    send(false);
    const probes: number[] = [];
    for (let second = 1; second <= 120; second += 1) {
      clock.advance(1_000);
      if (send(false)) probes.push(second);
    }
    const pauses = probes.slice(1).map((at, i) => at - (probes[i] ?? 0));
    expect(pauses).toEqual(pauses.toSorted((a, b) => a - b));
    expect(Math.max(...pauses)).toBeLessThanOrEqual(20);
    expect(probes.length).toBeGreaterThan(6);
    clock.advance(20_000);
    expect(send(true)).toBe(true);
    expect(send(true)).toBe(true);
    expect(log.at(-1)).toEqual({
      level: 'info',
      event: 'stream_breaker',
      state: 'closed',
      open_ms: 140_000,
    });
  });

  it('is closed within a minute after the stream is well, however long it was away', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1_000 }),
        fc.integer({ min: 100, max: 3_600_000 }),
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

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { TokenBucket } from '../../../../lib/wire/keys/KeyGate.ts';

describe('TokenBucket', () => {
  it('admits a burst, then as many requests as its rate allows', () => {
    const bucket = new TokenBucket({ perSecond: 2, burst: 3 }, 0);
    expect([0, 0, 0, 0].map((now) => bucket.take(now))).toEqual([true, true, true, false]);
    expect([499, 500, 501, 1_000, 1_001].map((now) => bucket.take(now))).toEqual([
      false,
      true,
      false,
      true,
      false,
    ]);
    expect(Array.from({ length: 5 }, () => bucket.take(3_600_000))).toEqual([true, true, true, false, false]);
  });

  it('admits at most burst + rate × time in any interval, and rejects no request below the rate', () => {
    const steps = fc.array(fc.nat(2_000), { minLength: 1, maxLength: 200 });
    const size = fc.record({
      perSecond: fc.integer({ min: 1, max: 50 }),
      burst: fc.integer({ min: 1, max: 50 }),
    });
    fc.assert(
      fc.property(size, steps, (one, pauses) => {
        const bucket = new TokenBucket(one, 0);
        let now = 0;
        const taken: number[] = [];
        for (const pause of pauses) {
          now += pause;
          if (bucket.take(now)) taken.push(now);
          else expect(pause).toBeLessThan(1_000 / one.perSecond);
        }
        for (const [i, from] of taken.entries()) {
          for (const [j, to] of taken.entries()) {
            if (j < i) continue;
            expect(j - i + 1).toBeLessThanOrEqual(one.burst + ((to - from) / 1_000) * one.perSecond + 1e-6);
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  it('does not change when the clock is set back', () => {
    const bucket = new TokenBucket({ perSecond: 1, burst: 1 }, 10_000);
    expect(bucket.take(10_000)).toBe(true);
    expect(bucket.take(0)).toBe(false);
    expect(bucket.take(999)).toBe(false);
    expect(bucket.take(1_000)).toBe(true);
  });
});

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { requireAcceptableRows } from '../../../../lib/drops/load/publishDay.ts';

/** Whether a day passes of whose rows so many are refused. */
function passes(total: number, refused: number, refusedShare: number): boolean {
  const rows = { in: total, out: total - refused, refused };
  try {
    requireAcceptableRows({ rows, reasons: {} }, { refusedShare });
    return true;
  } catch {
    return false;
  }
}

describe('refused rows', () => {
  it('can be as many as the allowed share, also where the product of floats is less', () => {
    expect(passes(100, 29, 0.29)).toBe(true);
  });

  it('can not be all rows of a day, even if a share of all is allowed', () => {
    expect(passes(100, 100, 1)).toBe(false);
  });

  it('can be the allowed share of any number of rows, and not one more', () => {
    // The share is below one, so that there is always a row more.
    const milles = fc.integer({ min: 0, max: 999 });
    fc.assert(
      fc.property(milles, fc.integer({ min: 1, max: 10_000 }), (mille, times) => {
        const total = 1_000 * times;
        const allowed = mille * times;
        expect(passes(total, allowed, mille / 1_000)).toBe(true);
        expect(passes(total, allowed + 1, mille / 1_000)).toBe(false);
      }),
      { numRuns: 1_000 },
    );
  });

  it('are zero for a day without rows', () => {
    expect(passes(0, 0, 0)).toBe(true);
  });
});

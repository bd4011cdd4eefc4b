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
  it('can be as many as the allowed share', () => {
    expect(passes(100, 29, 0.29)).toBe(true);
    // A day whose rows are all refused would be empty.
    expect(passes(100, 100, 1)).toBe(false);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 999 }), fc.integer({ min: 1, max: 10_000 }), (mille, times) => {
        const share = mille / 1_000;
        const total = 1_000 * times;
        const bad = mille * times;
        expect(passes(total, bad, share)).toBe(true);
        if (bad < total) expect(passes(total, bad + 1, share)).toBe(false);
      }),
      { numRuns: 1_000 },
    );
  });

  it('are zero for a day without rows', () => {
    expect(passes(0, 0, 0)).toBe(true);
  });
});

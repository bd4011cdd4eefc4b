import { describe, expect, it } from '@jest/globals';
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

  it('can not be one more', () => {
    expect(passes(100, 30, 0.29)).toBe(false);
    expect(passes(3, 1, 0.3)).toBe(false);
  });

  it('can not be all rows of a day, even if a share of all is allowed', () => {
    expect(passes(100, 100, 1)).toBe(false);
  });

  it('are zero for a day without rows', () => {
    expect(passes(0, 0, 0)).toBe(true);
  });
});

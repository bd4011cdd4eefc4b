import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { requireAcceptableRows } from '../../../../lib/drops/load/judgeRows.ts';

/** Whether a day passes of whose rows so many are refused or late. */
function passes(total: number, bad: number, share: number, kind: 'refused' | 'late'): boolean {
  const isLate = kind === 'late';
  const rows = { in: total, out: isLate ? total : total - bad, refused: isLate ? 0 : bad };
  const rowsByDaysLate = isLate ? { 0: total - bad, 2: bad } : { 0: total - bad };
  const shares = { refusedShare: isLate ? 1 : share, lateShare: isLate ? share : 1 };
  try {
    requireAcceptableRows({ rows, reasons: {}, rowsByDaysLate }, shares);
    return true;
  } catch {
    return false;
  }
}

describe('refused or late rows', () => {
  it.each(['refused', 'late'] as const)('can be %s up to and including the allowed share', (kind) => {
    expect(passes(100, 29, 0.29, kind)).toBe(true);
    // A day whose rows are all refused would be empty.
    expect(passes(100, 100, 1, kind)).toBe(kind === 'late');
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 999 }), fc.integer({ min: 1, max: 10_000 }), (mille, times) => {
        const [share, total, bad] = [mille / 1_000, 1_000 * times, mille * times];
        expect(passes(total, bad, share, kind)).toBe(true);
        if (bad < total) expect(passes(total, bad + 1, share, kind)).toBe(false);
      }),
      { numRuns: 1_000 },
    );
  });

  it('are zero for a day without rows', () => {
    expect(passes(0, 0, 0, 'refused')).toBe(true);
    expect(passes(0, 0, 0, 'late')).toBe(true);
  });
});

import type { Dataset } from '../../schema/sources.ts';
import type { LoadResult } from '../engine/Engine.ts';
import { LoadError } from './LoadError.ts';

/**
 * Checks the shares of refused and late rows against the limits of the dataset.
 *
 * @throws LoadError `SLUICE_LOAD_ROWS_REFUSED`, `SLUICE_LOAD_ROWS_LATE`, with the shares, and refused rows by reason.
 */
export function requireAcceptableRows(
  { rows, reasons, rowsByDaysLate }: Pick<LoadResult, 'rows' | 'reasons' | 'rowsByDaysLate'>,
  { refusedShare, lateShare }: Pick<Dataset, 'refusedShare' | 'lateShare'>,
): void {
  // Divided, not multiplied: 100 × 0.29 is less than 29 in floating point.
  if (rows.refused / rows.in > refusedShare) {
    const by = Object.entries(reasons)
      .map(([reason, count]) => `${reason} ${count}`)
      .join(', ');
    throw new LoadError(
      'SLUICE_LOAD_ROWS_REFUSED',
      `${rows.refused} of ${rows.in} rows, ${percent(refusedShare)} allowed: ${by}.`,
    );
  }
  // Regardless of the allowed share: the day would be empty although its files are not.
  if (rows.in > 0 && rows.out === 0) throw new LoadError('SLUICE_LOAD_ROWS_REFUSED', `All ${rows.in} rows.`);
  const late = Object.entries(rowsByDaysLate)
    .filter(([days]) => !['-1', '0', '1'].includes(days))
    .reduce((sum, [, count]) => sum + count, 0);
  if (late / rows.out > lateShare) {
    throw new LoadError(
      'SLUICE_LOAD_ROWS_LATE',
      `${late} of ${rows.out} rows, ${percent(lateShare)} allowed.`,
    );
  }
}

function percent(share: number): string {
  return `${Number((share * 100).toFixed(4))} %`;
}

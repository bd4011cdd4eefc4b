import type { Dataset } from '../../config/sourcesSchema.ts';
import type { LoadResult } from '../engine/Engine.ts';
import { LoadError } from './LoadError.ts';

/**
 * Holds what was mapped against what the dataset allows.
 *
 * @throws LoadError `SLUICE_LOAD_ROWS_REFUSED`, `SLUICE_LOAD_ROWS_LATE`, with the shares, and refused rows by reason.
 */
export function judgeRows(
  { rows, reasons, rowsByDaysLate }: Pick<LoadResult, 'rows' | 'reasons' | 'rowsByDaysLate'>,
  { refusedShare, lateShare }: Pick<Dataset, 'refusedShare' | 'lateShare'>,
): void {
  // Divided, not multiplied: a share that is reached is the number that was configured, where 100 × 0.29 is less than 29.
  if (rows.refused / rows.in > refusedShare) {
    const by = Object.entries(reasons)
      .map(([reason, count]) => `${reason} ${count}`)
      .join(', ');
    throw new LoadError(
      'SLUICE_LOAD_ROWS_REFUSED',
      `${rows.refused} of ${rows.in} rows, ${percent(refusedShare)} allowed: ${by}.`,
    );
  }
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

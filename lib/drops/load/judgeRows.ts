import type { Dataset } from '../../schema/sources.ts';
import type { LoadResult } from '../engine/Engine.ts';
import { LoadError } from './LoadError.ts';

/**
 * Checks the share of refused rows against the limit of the dataset.
 *
 * @throws LoadError `SLUICE_LOAD_ROWS_REFUSED`, with the share, and refused rows by reason.
 */
export function requireAcceptableRows(
  { rows, reasons }: Pick<LoadResult, 'rows' | 'reasons'>,
  { refusedShare }: Pick<Dataset, 'refusedShare'>,
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
}

function percent(share: number): string {
  return `${Number((share * 100).toFixed(4))} %`;
}

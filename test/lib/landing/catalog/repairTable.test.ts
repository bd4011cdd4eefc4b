import { describe, expect, it } from '@jest/globals';
import { findMissingDays } from '../../../../lib/landing/catalog/repairTable.ts';

describe('findMissingDays', () => {
  it('returns today, tomorrow and every day with a folder, and no day that has its partition', () => {
    expect(
      findMissingDays({
        today: '2026-12-31',
        folders: ['2026-12-30', '2026-12-29'],
        registered: ['2026-12-30', '2027-06-01'],
      }),
    ).toEqual(['2026-12-29', '2026-12-31', '2027-01-01']);
  });
});

import { expect, it } from '@jest/globals';
import { lookbackDays } from '../../../lib/drops/lookbackDays.ts';

it("the days of a lookback are today in the dataset's timezone and those before it", () => {
  const at = Date.UTC(2026, 10, 20, 11, 30);
  expect(lookbackDays(at, 'UTC', 2)).toEqual(['2026-11-18', '2026-11-19', '2026-11-20']);
  expect(lookbackDays(at, 'Pacific/Kiritimati', 1)).toEqual(['2026-11-20', '2026-11-21']);
  expect(lookbackDays(at, 'Pacific/Pago_Pago', 1)).toEqual(['2026-11-19', '2026-11-20']);
  expect(lookbackDays(Date.UTC(2026, 2, 1, 3), 'America/Los_Angeles', 1)).toEqual([
    '2026-02-27',
    '2026-02-28',
  ]);
});

import { expect, it } from '@jest/globals';
import { dayRanges } from '../../../lib/views/curatedDays.ts';

it.each([
  { days: [], ranges: [] },
  { days: ['2026-11-20'], ranges: ['2026-11-20 2026-11-20'] },
  // Out of order, and one of them twice.
  { days: ['2026-12-01', '2026-11-30', '2026-12-01'], ranges: ['2026-11-30 2026-12-01'] },
  {
    days: ['2026-11-01', '2026-11-03', '2026-11-04', '2026-11-06', '2026-11-07'],
    ranges: ['2026-11-06 2026-11-07', '2026-11-03 2026-11-04', '2026-11-01 2026-11-01'],
  },
])('ranges of $days are $ranges, the newest first', ({ days, ranges }) => {
  expect(dayRanges(days).map(({ from, to }) => `${from} ${to}`)).toEqual(ranges);
});

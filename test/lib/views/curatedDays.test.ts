import { expect, it } from '@jest/globals';
import { dayRanges } from '../../../lib/views/curatedDays.ts';

it.each([
  { days: [], ranges: [] },
  { days: ['2026-11-20'], ranges: [{ from: '2026-11-20', to: '2026-11-20' }] },
  // Out of order, and one of them twice.
  {
    days: ['2026-12-02', '2026-11-30', '2026-12-01', '2026-12-02'],
    ranges: [{ from: '2026-11-30', to: '2026-12-02' }],
  },
  {
    days: ['2026-11-01', '2026-11-03', '2026-11-04', '2026-11-06', '2026-11-07', '2026-11-08'],
    ranges: [
      { from: '2026-11-06', to: '2026-11-08' },
      { from: '2026-11-03', to: '2026-11-04' },
      { from: '2026-11-01', to: '2026-11-01' },
    ],
  },
])('ranges of $days.length days begin with the newest', ({ days, ranges }) => {
  expect(dayRanges(days)).toEqual(ranges);
});

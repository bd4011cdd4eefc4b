import { expect, it } from '@jest/globals';
import { firstYoungDay, windowDays } from '../../../lib/curate/youngDays.ts';

const NOON = Date.UTC(2026, 10, 2, 12);

it.each([
  { curateAfter: 1, day: '2026-11-01' },
  { curateAfter: 3, day: '2026-10-30' },
])(
  'the first young day is $day if days are curated $curateAfter days after they are over',
  ({ curateAfter, day }) => {
    expect(firstYoungDay({ curateAfter }, NOON)).toBe(day);
  },
);

it.each([
  { pastDays: 0, days: ['2026-11-01', '2026-11-02'] },
  { pastDays: 2, days: ['2026-10-30', '2026-10-31', '2026-11-01', '2026-11-02'] },
])('a window of $pastDays past days has $days', ({ pastDays, days }) => {
  expect(windowDays({ timeWindow: { pastDays } }, NOON)).toEqual(days);
});

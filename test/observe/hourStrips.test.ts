import { expect, it } from '@jest/globals';
import type { HourState } from '../../lib/reconcile/judgeHour.ts';
import { hourStrips } from '../../observe/facts/hourStrips.ts';

it('the strip of three days has the worst of the tables of each hour', () => {
  const row = (hour: number, state: HourState, unproved = 0) => ({ ds: '2026-11-24', hour, state, unproved });
  const rows = [
    row(0, 'whole'),
    row(1, 'whole', 7),
    row(2, 'open'),
    row(2, 'short'),
    row(3, 'unknown'),
    row(3, 'open'),
  ];
  const days = ['2026-11-21', '2026-11-22', '2026-11-23'].map((ds) => ({ ...row(0, 'whole'), ds }));
  const rest = 'o'.repeat(20);
  expect(hourStrips([...days, ...rows]).slice(-2)).toEqual([
    `2026-11-23 .ooo${rest}`,
    `2026-11-24 .:S?${rest}`,
  ]);
  expect(hourStrips(days.concat(rows))).toHaveLength(3);
});

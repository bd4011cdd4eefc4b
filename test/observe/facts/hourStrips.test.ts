import { expect, it } from '@jest/globals';
import type { HourState } from '../../../lib/reconcile/judgeHour.ts';
import { hourStrips } from '../../../observe/facts/hourStrips.ts';

/** A table in an hour of a day. */
const row = (hour: number, state: HourState, unproved = 0) => ({ ds: '2026-11-24', hour, state, unproved });

it('the strip of a day has the worst of the tables of each hour, and is open where none is judged', () => {
  const rows = [
    row(0, 'whole'),
    row(1, 'whole', 7),
    row(2, 'open'),
    row(2, 'short'),
    row(3, 'unknown'),
    row(3, 'open'),
  ];
  expect(hourStrips(rows)).toEqual(['2026-11-24 .:S?oooooooooooooooooooo']);
});

it('there are strips of the last three days', () => {
  const days = ['2026-11-21', '2026-11-22', '2026-11-23', '2026-11-24'];
  const strips = hourStrips(days.map((ds) => ({ ...row(0, 'whole'), ds })));
  expect(strips.map((strip) => strip.slice(0, 10))).toEqual(['2026-11-22', '2026-11-23', '2026-11-24']);
});

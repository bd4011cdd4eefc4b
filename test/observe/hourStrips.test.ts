import { expect, it } from '@jest/globals';
import type { HourState } from '../../lib/reconcile/judgeHour.ts';
import { hourStrips } from '../../observe/facts/hourStrips.ts';

it('the strip of three days has the worst of the tables of each hour', () => {
  const row = (ds: string, hour: number, state: HourState, unproved = 0) => ({ ds, hour, state, unproved });
  const whole = (ds: string) => Array.from({ length: 24 }, (_, hour) => row(ds, hour, 'whole'));
  const worse = [
    row('2026-11-24', 1, 'whole', 7),
    row('2026-11-24', 2, 'open'),
    row('2026-11-24', 2, 'short'),
    row('2026-11-24', 3, 'unknown'),
    row('2026-11-24', 3, 'open'),
    row('2026-11-24', 4, 'open'),
  ];
  const days = ['2026-11-22', '2026-11-23', '2026-11-24', '2026-11-25'].flatMap(whole);
  expect(hourStrips([...days, ...worse])).toEqual([
    '2026-11-23 ........................',
    '2026-11-24 .:S?o...................',
    '2026-11-25 ........................',
  ]);
  expect(hourStrips([])).toEqual([]);
});

import { expect, it } from '@jest/globals';
import { tracedDays } from '../../observe/trace/copies.ts';

const WINDOW = { pastDays: 30, futureDays: 2 };
const NOW = Date.UTC(2026, 10, 20, 9);

it('a search reads the days of events that are older than their request', () => {
  expect(tracedDays(WINDOW, NOW, NOW)).toEqual({ from: '2026-10-21', to: '2026-11-22' });
});

it('a search without a time reads every day', () => {
  expect(tracedDays(WINDOW, undefined, NOW)).toEqual({ from: '0001-01-01', to: '2026-11-22' });
});

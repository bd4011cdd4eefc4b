import { describe, expect, it } from '@jest/globals';
import { tracedDays } from '../../../observe/trace/copies.ts';

const WINDOW = { pastDays: 5, futureDays: 2 };
const RECEIVED_FROM = Date.UTC(2026, 10, 17, 9);
const NOW = Date.UTC(2026, 10, 20, 9);

describe('the days that a search reads', () => {
  it('begin with those of events that are older than the first request, and end with those ahead of now', () => {
    expect(tracedDays(WINDOW, { since: RECEIVED_FROM, now: NOW })).toEqual({
      from: '2026-11-12',
      to: '2026-11-22',
    });
  });

  it('begin with the first day of all without a time of the first request', () => {
    expect(tracedDays(WINDOW, { since: undefined, now: NOW }).from).toBe('0001-01-01');
  });
});

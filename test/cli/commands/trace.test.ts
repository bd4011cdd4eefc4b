import { expect, it } from '@jest/globals';
import { sinceOption } from '../../../cli/commands/trace.ts';

it.each([
  { since: '36h', from: Date.UTC(2026, 10, 19) },
  { since: '7d', from: Date.UTC(2026, 10, 13, 12) },
  { since: '2026-11-18', from: Date.UTC(2026, 10, 18) },
  { since: '2026-11-18T07:30:00Z', from: Date.UTC(2026, 10, 18, 7, 30) },
])('a trace with --since $since begins there', ({ since, from }) => {
  expect(sinceOption({ values: { since } })?.(Date.UTC(2026, 10, 20, 12))).toBe(from);
});

it('a trace without --since has no beginning', () => {
  expect(sinceOption({ values: {} })).toBeUndefined();
});

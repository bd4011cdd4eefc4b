import { expect, it } from '@jest/globals';
import { sinceOption } from '../../../cli/commands/trace.ts';

const NOW = Date.UTC(2026, 10, 20, 12);

it.each([
  { since: '36h', from: Date.UTC(2026, 10, 19) },
  { since: '7d', from: Date.UTC(2026, 10, 13, 12) },
  { since: '2026-11-18', from: Date.UTC(2026, 10, 18) },
  { since: '2026-11-18T07:30:00Z', from: Date.UTC(2026, 10, 18, 7, 30) },
])('--since $since is a time before now, or a time itself, at which a trace begins', ({ since, from }) => {
  expect(sinceOption({ values: { since } })?.(NOW)).toBe(from);
});

it('a trace without --since has no beginning', () => {
  expect(sinceOption({ values: {} })).toBeUndefined();
});

import { describe, expect, it } from '@jest/globals';
import { hasProblems } from '../../cli/commands/curate.ts';

describe('a calendar of curated days', () => {
  it.each([
    { state: 'curated', isLate: false, expected: false },
    { state: 'waiting', isLate: false, expected: false },
    { state: 'waiting', isLate: true, expected: true },
    { state: 'failed', isLate: false, expected: true },
    { state: 'lacking', isLate: false, expected: true },
  ] as const)('with a day that is $state, late: $isLate, has problems: $expected', ({ expected, ...day }) => {
    const tables = [{ days: [{ state: 'curated', isLate: false } as const] }, { days: [day] }];
    expect(hasProblems({ tables })).toBe(expected);
  });
});

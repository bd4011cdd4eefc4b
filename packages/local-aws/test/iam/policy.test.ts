import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { matchesPattern } from '../../src/iam/policy.ts';

describe('policy patterns', () => {
  it('match the same texts as the equivalent regular expression', () => {
    const patterns = fc.string({ unit: fc.constantFrom('a', 'b', '/', '😀', '*', '?'), maxLength: 8 });
    const texts = fc.string({ unit: fc.constantFrom('a', 'b', '/', '😀'), maxLength: 8 });
    fc.assert(
      fc.property(patterns, texts, (pattern, text) => {
        const like = new RegExp(`^${pattern.replaceAll('*', '.*').replaceAll('?', '.')}$`, 'su');
        expect(matchesPattern(pattern, text)).toBe(like.test(text));
      }),
      { numRuns: 2_000 },
    );
  });

  it('are decided where a matcher that backtracks comes to no end', () => {
    const stars = '*a'.repeat(500);
    expect(matchesPattern(`${stars}b`, 'a'.repeat(5_000))).toBe(false);
    expect(matchesPattern(`${stars}b`, `${'a'.repeat(5_000)}b`)).toBe(true);
  });
});

import { describe, expect, it } from '@jest/globals';
import { InternCache } from '../../../lib/base/strings.ts';

describe('ShortTexts', () => {
  it('remembers short texts, up to a limit', () => {
    const made = new InternCache<number>(3);
    for (let i = 0; i < 100; i += 1) {
      made.set(`text ${i}`, i);
      expect(made.get(`text ${i}`)).toBe(i);
      expect(made.size).toBeLessThanOrEqual(3);
    }
    expect(made.get('text 0')).toBeUndefined();
  });

  it('remembers no text longer than 64 code units', () => {
    const made = new InternCache<number>(3);
    made.set('x'.repeat(64), 1);
    made.set('x'.repeat(65), 2);
    expect([made.size, made.get('x'.repeat(64)), made.get('x'.repeat(65))]).toEqual([1, 1, undefined]);
  });
});

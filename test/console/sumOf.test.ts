import { describe, expect, it } from '@jest/globals';
import { sumOf } from '../../console/page/parts/sumOf.ts';

describe('the sum of a count over periods', () => {
  const period = { accepted: 2, failed: 0, unreached: null };

  it('leaves out periods of which the count is not known', () => {
    expect(sumOf([period, { ...period, unreached: 3 }, { ...period, unreached: 4 }], 'unreached')).toBe(7);
  });

  it('is 0 if the count is 0 in each, and not known if it is known of none', () => {
    expect(sumOf([period, period], 'failed')).toBe(0);
    expect(sumOf([period, period], 'unreached')).toBeNull();
    expect(sumOf([], 'accepted')).toBeNull();
  });
});

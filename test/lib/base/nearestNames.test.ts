import { describe, expect, it } from '@jest/globals';
import { nearestNames } from '../../../lib/base/text.ts';

describe('nearestNames', () => {
  it.each([
    { word: 'chekcout', mistake: 'two letters the other way round', names: ['checkout'] },
    { word: 'checkout', mistake: 'none', names: ['checkout'] },
    { word: 'sea', mistake: 'only its beginning', names: ['search'] },
    { word: 'jsno', mistake: 'letters the other way round, without dashes', names: ['--json'] },
    { word: 'payment', mistake: 'another word', names: [] },
  ])('finds what is meant by $word: $mistake', ({ word, names }) => {
    expect(nearestNames(word, ['checkout', 'checkout_new', 'search', '--json'])).toEqual(names);
  });

  it('does not compare a word with names of a million letters', () => {
    const known = Array.from({ length: 100 }, (_, i) => `${i}${'x'.repeat(1_000_000)}`);
    const begun = process.cpuUsage();
    expect(nearestNames('checkout_button_color', [...known, 'checkout_button_colour'])).toEqual([
      'checkout_button_colour',
    ]);
    // Letter by letter it would be 2,000 million steps.
    expect(process.cpuUsage(begun).user).toBeLessThan(5_000_000);
  });
});

import { describe, expect, it } from '@jest/globals';
import { nearestNames } from '../../../lib/base/text.ts';

describe('nearestNames', () => {
  it('finds a name with a mistake, and one that is begun', () => {
    const known = ['checkout', 'checkout_new', 'search', '--json'];
    expect(nearestNames('chekcout', known)).toEqual(['checkout']);
    expect(nearestNames('checkout', known)).toEqual(['checkout']);
    expect(nearestNames('sea', known)).toEqual(['search']);
    expect(nearestNames('jsno', known)).toEqual(['--json']);
    expect(nearestNames('payment', known)).toEqual([]);
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

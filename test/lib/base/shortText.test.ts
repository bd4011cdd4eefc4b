import { expect, it } from '@jest/globals';
import { shortText } from '../../../lib/base/text.ts';

it('a text of any length is cut with its length behind it', () => {
  expect(shortText('purchase', 8)).toBe('purchase');
  expect(shortText('n'.repeat(5_000), 4)).toBe('nnnn… (5000 characters)');
});

import { expect, it } from '@jest/globals';
import { displayValue } from '../../../lib/base/text.ts';

it.each([
  { value: undefined, shown: 'nothing' },
  { value: { a: [1, null] }, shown: '{"a":[1,null]}' },
  // With its quotes it has 80 characters.
  { value: 'x'.repeat(78), shown: `"${'x'.repeat(78)}"` },
  { value: 'x'.repeat(79), shown: `"${'x'.repeat(76)}…` },
])('a message shows $value as $shown', ({ value, shown }) => {
  expect(displayValue(value)).toBe(shown);
});

import { expect, it } from '@jest/globals';
import { athenaRead, duration, moreNote } from '../../../cli/observe/words.ts';

it.each([
  [0, '0 s'],
  [59.94, '59.9 s'],
  [59.96, '1 min'],
  [3_569, '59 min'],
  [3_570, '1 h'],
  [9_000, '2.5 h'],
  [172_619, '47.9 h'],
  [172_799, '2 d'],
])('a duration of %d s is %s', (seconds, text) => {
  expect(duration(seconds)).toBe(text);
});

it('what Athena read has separators', () => {
  expect(athenaRead(0)).toBe('Athena read nothing.');
  expect(athenaRead(20_000_000)).toBe('Athena read 20,000,000 bytes.');
});

it('a list names the option that lists more, unless it lists the most already', () => {
  expect(moreNote('--rows', 20, 500)).toContain('--rows');
  expect(moreNote('--rows', 500, 500)).not.toContain('--rows');
});

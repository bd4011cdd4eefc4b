import { expect, it } from '@jest/globals';
import { athenaRead, duration, lines, moreNote } from '../../../cli/terminal/phrases.ts';

it.each([
  { seconds: 0, text: '0 s' },
  { seconds: 59.94, text: '59.9 s' },
  { seconds: 59.96, text: '1 min' },
  { seconds: 3_569, text: '59 min' },
  { seconds: 3_570, text: '1 h' },
  { seconds: 9_000, text: '2.5 h' },
  { seconds: 172_619, text: '47.9 h' },
  { seconds: 172_799, text: '2 d' },
  { seconds: 215_856, text: '2 d' },
  { seconds: 216_000, text: '3 d' },
])('a duration of $seconds s is $text', ({ seconds, text }) => {
  expect(duration(seconds)).toBe(text);
});

it.each([
  { scanned: 0, text: 'Athena read nothing.' },
  { scanned: 1, text: 'Athena read 1 byte.' },
  { scanned: 20_000_000, text: 'Athena read 20,000,000 bytes.' },
])('of $scanned bytes it says: $text', ({ scanned, text }) => {
  expect(athenaRead(scanned)).toBe(text);
});

it('a list names the option that lists more, and how many that lists at most', () => {
  expect(moreNote('--rows', { listed: 20, most: 500 })).toMatch(/--rows .*500/);
});

it('a list that lists the most already says how many, and names no option', () => {
  const note = moreNote('--rows', { listed: 500, most: 500 });
  expect(note).toContain('500');
  expect(note).not.toContain('--rows');
});

it('texts are a line each', () => {
  expect(lines(['a', 'b'])).toBe('a\nb\n');
  expect(lines([])).toBe('');
});

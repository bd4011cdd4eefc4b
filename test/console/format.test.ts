import { expect, it } from '@jest/globals';
import {
  formatBytes,
  formatCount,
  formatDay,
  formatSpan,
  formatTime,
  formatTimesIn,
} from '../../console/page/texts/format.ts';

it.each([
  { ms: 40_000, text: '40 s' },
  { ms: 59_999, text: '1 min' },
  { ms: 90_000, text: '2 min' },
  { ms: 86_000_000, text: '1 d' },
  { ms: -999.6, text: '-1 s' },
  { ms: 172_800_000, text: '2 d' },
])('a span of $ms ms is $text', ({ ms, text }) => {
  expect(formatSpan(ms)).toBe(text);
});

it.each([
  { count: 0, text: '0' },
  { count: 1_234_567, text: '1,234,567' },
  { count: 0.126, text: '0.13' },
])('$count is written as $text', ({ count, text }) => {
  expect(formatCount(count)).toBe(text);
});

it.each([
  { bytes: 1.5, text: '2 B' },
  { bytes: 999, text: '999 B' },
  { bytes: 1_250, text: '1.3 KB' },
  { bytes: 9_960, text: '10 KB' },
  { bytes: 12_600, text: '13 KB' },
  { bytes: 999_499, text: '999 KB' },
  { bytes: 999_950, text: '1 MB' },
  { bytes: 999_999_999, text: '1 GB' },
  { bytes: 4e15, text: '4 PB' },
  { bytes: 4e18, text: '4,000 PB' },
])('$bytes bytes are $text', ({ bytes, text }) => {
  expect(formatBytes(bytes)).toBe(text);
});

it('a time and a day are written as people read them', () => {
  expect(formatTime(0)).toBe('1970-01-01 00:00:00');
  expect(formatDay('2026-11-20')).toBe('Nov 20');
});

it('a text that is no time and no day is returned unchanged', () => {
  expect(formatTime('none yet')).toBe('none yet');
  expect(formatDay('none yet')).toBe('none yet');
});

it('each time in a text is written as people read it, and a day stays', () => {
  const text = 'from 2026-11-20T07:30:00.123Z to 2026-11-21T08:00:00Z, 2026-11-22';
  expect(formatTimesIn(text)).toBe('from 2026-11-20 07:30:00 to 2026-11-21 08:00:00, 2026-11-22');
});

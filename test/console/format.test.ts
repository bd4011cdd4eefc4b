import { describe, expect, it } from '@jest/globals';
import { axisTop, formatTime, usualIn, writtenOut } from '../../console/page/parts/format.ts';

describe('the axis of a chart', () => {
  const day = Array.from({ length: 96 }, (_, i) => (i < 20 ? 0 : 10 + (i % 30)));
  it('ends at the most, but a spike does not flatten the rest', () => {
    expect(axisTop([day])).toBeCloseTo(39 * 1.05);
    const spike = day.map((value, i) => (i >= 40 && i < 44 ? 5_000 : value));
    expect(axisTop([spike])).toBeLessThan(2 * 40);
    // One that lasts is the day.
    expect(axisTop([day.map((value, i) => (i >= 40 && i < 60 ? 5_000 : value))])).toBeCloseTo(5_250);
  });

  it('has room for few, and for none', () => {
    for (const few of [[], [0, 0], [1, 0, 3]]) expect(axisTop([few])).toBe(4);
    expect(axisTop([[0, 0, 8, 100]])).toBe(105);
  });
});

it('writes what is no time as it is', () => {
  expect(formatTime('none within 24 hours')).toBe('none within 24 hours');
});

describe('what is usual', () => {
  it('is a part of an hour, or hours, of a day in UTC', () => {
    const hours = Array.from({ length: 24 }, (_, i) => ({ least: 0, median: 10 * i, most: 900 }));
    const at = Date.UTC(2026, 10, 20, 23) / 1_000;
    const usual = [900, 3_600, 7_200].map((seconds) => usualIn(hours, 'median', at, seconds));
    expect([...usual, usualIn([], 'most', at, 900)]).toEqual([58, 230, 230, null]);
  });
});

describe('a refused body in the console', () => {
  it('is indented, with hidden characters as escapes', () => {
    expect(writtenOut('{"a":[1]}')).toBe('{\n  "a": [\n    1\n  ]\n}');
    const long = JSON.stringify({ a: 'x'.repeat(300_000) });
    expect(writtenOut(long) === `{\n  "a": ${long.slice(5, -1)}\n}`).toBe(true);
    expect(writtenOut('x\u202ey')).toBe('x\\u202ey');
  });

  it.each([
    ['nested deeply', '['.repeat(3_000) + '1'.repeat(1_000) + ']'.repeat(3_000)],
    ['very long', '[1,'.repeat(300_000)],
  ])('does not grow when it is %s', (_what, body) => {
    expect(writtenOut(body) === body).toBe(true);
  });
});

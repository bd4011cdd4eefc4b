import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  axisTop,
  beyond,
  formatBytes,
  formatDay,
  formatReceived,
  formatSpan,
  formatTime,
  formatTimesIn,
  isNumberType,
  rowJson,
  usualRequests,
} from '../../console/page/parts/format.ts';
import { visibleText } from '../../lib/base/text.ts';

describe('the axis of a chart', () => {
  const day = Array.from({ length: 96 }, (_, i) => (i < 20 ? 0 : 10 + (i % 30)));
  it('ends at the most, but a spike does not flatten the rest', () => {
    expect(axisTop([day])).toBeCloseTo(39 * 1.05);
    const spike = day.map((value, i) => (i >= 40 && i < 44 ? 5_000 : value));
    expect(axisTop([spike])).toBeLessThan(2 * 40);
    // More bars than have room for their numbers are not broken.
    expect(axisTop([day.map((value, i) => (i >= 40 && i < 45 ? 5_000 : value))])).toBeCloseTo(5_250);
    // One that lasts is the day.
    expect(axisTop([day.map((value, i) => (i >= 40 && i < 60 ? 5_000 : value))])).toBeCloseTo(5_250);
  });

  it('has room for few, and for none', () => {
    for (const few of [[], [0, 0], [1, 0, 3]]) expect(axisTop([few])).toBe(4);
    expect(axisTop([[0, 0, 8, 100]])).toBe(105);
  });
});

it('writes what is no time or day as it is', () => {
  expect([formatTime, formatDay].map((format) => format('none yet'))).toEqual(['none yet', 'none yet']);
});

it('chooses a unit for the rounded number', () => {
  expect([40_000, 59_999, 90_000, 86_000_000, -999.6, 172_800_000].map(formatSpan)).toEqual([
    '40 s',
    '1 min',
    '2 min',
    '1 d',
    '-1 s',
    '2 d',
  ]);
  expect([1.5, 999, 1_250, 999_499, 999_950, 999_999_999].map(formatBytes)).toEqual([
    '2 B',
    '999 B',
    '1.3 KB',
    '999 KB',
    '1 MB',
    '1 GB',
  ]);
  expect([9_960, 12_600, 4e15, 4e18].map(formatBytes)).toEqual(['10 KB', '13 KB', '4 PB', '4,000 PB']);
});

it('writes each time in a text as people read it', () => {
  const text = 'from 2026-11-20T07:30:00.123Z to 2026-11-21T08:00:00Z, 2026-11-22';
  expect(formatTimesIn(text)).toBe('from 2026-11-20 07:30:00 to 2026-11-21 08:00:00, 2026-11-22');
  expect([formatTime(0), formatDay('2026-11-20')]).toEqual(['1970-01-01 00:00:00', 'Nov 20']);
});

it('finds the places at which a line is beyond the top', () => {
  expect(
    beyond(
      [
        [1, null, 9],
        [9, 2, 5, 9],
      ],
      5,
    ),
  ).toEqual([0, 2, 3]);
  expect(beyond([], 5)).toEqual([]);
});

describe('what is usual', () => {
  it('is a part of an hour, or hours, of a day in UTC', () => {
    const hours = Array.from({ length: 24 }, (_, i) => ({ least: 0, median: 10 * i, most: 900 }));
    const at = Date.UTC(2026, 10, 20, 23) / 1_000;
    const usualIn = (seconds: number) => usualRequests(hours, 'median', { epochSeconds: at, seconds });
    expect(usualIn(900)).toBe(58);
    expect(usualIn(3_600)).toBe(230);
    expect(usualIn(7_200)).toBe(230);
    expect(usualRequests(hours, 'median', { epochSeconds: at - 3_600, seconds: 7_200 })).toBe(450);
    const lateInTheHour = usualRequests(hours, 'median', { epochSeconds: at + 2_700, seconds: 900 });
    expect(lateInTheHour).toBe(58);
  });

  it('is not known without hours before', () => {
    expect(usualRequests([], 'most', { epochSeconds: 0, seconds: 900 })).toBeNull();
  });
});

describe('a refused body in the console', () => {
  it('is indented, with hidden characters as escapes', () => {
    expect(formatReceived('{"a":[1]}')).toBe('{\n  "a": [\n    1\n  ]\n}');
    const long = JSON.stringify({ a: 'x'.repeat(300_000) });
    expect(formatReceived(long) === `{\n  "a": ${long.slice(5, -1)}\n}`).toBe(true);
    expect(formatReceived('x\u202ey')).toBe('x\\u202ey');
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(0, 1), (value, indent) => {
        const sent = JSON.stringify(value, null, indent);
        expect(formatReceived(sent)).toBe(visibleText(JSON.stringify(value, null, 2)));
      }),
    );
  });

  it('has the numbers, keys and escapes that were sent', () => {
    const sent = '{"id":9007199254740993,"v":1.0,"e":1E400,"id":-0,"s":"\\u0041\\"[,]"}';
    expect(formatReceived(sent).replaceAll(/\n *|(?<=:) /g, '')).toBe(sent);
  });

  it.each([
    { what: 'nested deeply', body: '['.repeat(3_000) + '1'.repeat(1_000) + ']'.repeat(3_000) },
    { what: 'very long', body: '[1,'.repeat(300_000) },
  ])('does not grow when it is $what', ({ body }) => {
    expect(formatReceived(body) === body).toBe(true);
  });
});

describe('a row of a query', () => {
  it('is JSON with all of its columns, and JSON texts as they were sent', () => {
    const columns = [{ name: 'id' }, { name: 'id' }, { name: 'body' }, { name: 'note' }, { name: 'none' }];
    const body = '{"2":12345678901234567890,"1":1.0}';
    expect(rowJson(columns, ['7', '8', body, '{x', null])).toBe(
      `{"id":"7","id":"8","body":${body},"note":"{x","none":null}`,
    );
  });

  it.each(['bigint', 'UINTEGER', 'UTINYINT', 'decimal(10,2)', 'DOUBLE'])(
    'has numbers of the type %s',
    (type) => {
      expect(isNumberType(type)).toBe(true);
    },
  );

  it.each(['BIGINT[]', 'varchar', 'interval', 'DECIMAL(10,2)[]'])('has no numbers of the type %s', (type) => {
    expect(isNumberType(type)).toBe(false);
  });
});

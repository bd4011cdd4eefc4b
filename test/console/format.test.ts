import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { cellsOf, notesOf } from '../../console/page/pages/cells.ts';
import { burstsOf, type NumberedEntry } from '../../console/page/parts/bursts.ts';
import {
  axisTop,
  formatBytes,
  formatDay,
  formatReceived,
  formatSpan,
  formatTime,
  usualRequests,
} from '../../console/page/parts/format.ts';
import { visibleText } from '../../lib/base/text.ts';
import { DAY_MARKS, marksOf } from '../../observe/facts/days/dayMarks.ts';
import { needOf } from '../../observe/facts/days/dropsPage.ts';
import type { DropDay } from '../../observe/facts/days/ledgerDays.ts';
import { dropCases } from '../observe/judgeCases/drops.ts';
import { loadedDay, namedExport } from '../observe/statusFacts.ts';

describe('a day of a dataset', () => {
  /** Its mark in the console, which is that of `sluice ingest status`. */
  const markOf = (day: Partial<DropDay>) => {
    const days = [{ ...loadedDay, ...day }];
    const marks = marksOf({ days });
    const cell = cellsOf({ ...namedExport, days }).get(loadedDay.day);
    expect(cell?.mark).toBe(DAY_MARKS[marks.get(loadedDay.day) ?? 'nothing'].mark);
    return cell?.mark;
  };
  it('tells a day without files, one with an empty file, and one that is accepted without rows', () => {
    const empty = { state: 'succeeded_no_data', files: 1 } as const;
    expect(markOf({ ...empty, files: 0 })).toBe('–');
    expect(markOf({ ...empty, empty: '1 file, 0 rows' })).toBe('∅');
    expect(markOf({ ...empty, empty: '1 file, 0 rows', lateSince: 0 })).toBe('∅');
    expect(markOf({ ...empty, isAccepted: true })).toBe('0');
  });

  it('tells files of another day, unless a dataset often has such', () => {
    const loaded = { rows: { in: 5, out: 5, refused: 0 }, hasCopies: true };
    expect(markOf({ ...loaded, unusual: 'files are those of other days' })).toBe('=');
    expect(markOf(loaded)).toBe('✓');
  });

  it('has in words what makes it need somebody', () => {
    const wordsOf = (day: Partial<DropDay>) =>
      cellsOf({ ...namedExport, days: [{ ...loadedDay, ...day }] }).get(loadedDay.day);
    expect(wordsOf({ kept: 2 })).toMatchObject({
      tone: 'warning',
      words: expect.stringContaining('2 copies'),
    });
    expect(wordsOf({ receipt: { code: 'SLUICE_X', since: 0 } })).toMatchObject({
      tone: 'warning',
      words: expect.stringContaining('SLUICE_X'),
    });
  });
});

describe('a line of Days', () => {
  it.each(dropCases)('shows why its dataset needs somebody: %s', (_what, { datasets = [] }) => {
    for (const drops of datasets ?? []) {
      // As dropDays makes them of the facts of a dataset.
      const days = [
        ...drops.days,
        ...drops.late.map(({ day, due }) => ({ ...loadedDay, day, lateSince: due })),
        ...drops.lacking.map(({ day, since }) => ({ ...loadedDay, day, lackingSince: since })),
        ...drops.waiting.map(({ day, words }) => ({ ...loadedDay, day, waiting: words })),
      ];
      const tones = [
        ...notesOf(drops).map(([tone]) => tone),
        ...[...cellsOf({ ...drops, days }).values()].map(({ tone }) => tone),
      ];
      expect(needOf(drops)).not.toBeNull();
      expect(tones).toEqual(expect.arrayContaining([expect.stringMatching(/^(bad|warning)$/)]));
    }
  });
});

describe('a burst', () => {
  const event = (number: number, at: string, unit: string, name = 'buy'): NumberedEntry => ({
    number,
    entry: {
      type: 'event',
      at: `2026-11-20T10:00:${at}Z`,
      kind: 'events',
      event_id: String(number),
      name,
      unit,
      group: null,
      code: null,
      sdk_type: null,
      sdk_version: null,
      row: null,
    },
  });
  it('is one row, and less than that stays as it came', () => {
    const buys = ['a', 'b', 'c', 'd'].map((unit, i) => event(i + 1, `0${i}.000`, unit));
    const others = [event(5, '05.000', 'a', 'see'), event(6, '06.000', 'a', 'see'), event(7, '27.000', 'e')];
    const rows = burstsOf([...buys, ...others]);
    expect(rows.map(({ newest, entries }) => [newest.number, entries.length])).toEqual([
      [7, 1],
      [6, 1],
      [5, 1],
      [4, 4],
    ]);
  });

  it('has events of one name alone, also where two spaces are in the names', () => {
    const kept = ['a  b', 'a  c', 'a  b', 'a  c'].map((name, i) => event(i + 1, `0${i}.000`, 'u', name));
    expect(burstsOf(kept).map(({ entries }) => entries.length)).toEqual([1, 1, 1, 1]);
  });
});

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
  expect([999, 1_250, 999_499, 999_950, 999_999_999].map(formatBytes)).toEqual([
    '999 B',
    '1.3 KB',
    '999 KB',
    '1 MB',
    '1 GB',
  ]);
});

describe('what is usual', () => {
  it('is a part of an hour, or hours, of a day in UTC', () => {
    const hours = Array.from({ length: 24 }, (_, i) => ({ least: 0, median: 10 * i, most: 900 }));
    const at = Date.UTC(2026, 10, 20, 23) / 1_000;
    const usualIn = (seconds: number) => usualRequests(hours, 'median', at, seconds);
    expect(usualIn(900)).toBe(58);
    expect(usualIn(3_600)).toBe(230);
    expect(usualIn(7_200)).toBe(230);
    const lateInTheHour = usualRequests(hours, 'median', at + 2_700, 900);
    expect(lateInTheHour).toBe(58);
  });

  it('is not known without hours before', () => {
    expect(usualRequests([], 'most', 0, 900)).toBeNull();
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
    ['nested deeply', '['.repeat(3_000) + '1'.repeat(1_000) + ']'.repeat(3_000)],
    ['very long', '[1,'.repeat(300_000)],
  ])('does not grow when it is %s', (_what, body) => {
    expect(formatReceived(body) === body).toBe(true);
  });
});

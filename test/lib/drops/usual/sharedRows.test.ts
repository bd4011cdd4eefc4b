import { describe, expect, it } from '@jest/globals';
import type { RowContent } from '../../../../lib/drops/engine/mappedRows.ts';
import { dayContentSchema } from '../../../../lib/ledger/DayContent.ts';
import {
  accepted,
  daysOf,
  holding,
  kindsOf,
  rowsOf,
  six,
  times,
  told,
  unusual,
  wordsOf,
} from './mappedContent.ts';

/** Rows of a sample that are in these files, `[rows, ...keys]`. */
function sampleOf(...groups: readonly (readonly [rows: number, ...keys: string[]])[]): RowContent['sample'] {
  return groups.flatMap(([rows, ...keys], group) =>
    Array.from({ length: rows }, (_, i) => ({
      digest: group * 1000 + i,
      files: keys.length,
      keys: keys.slice(0, 2),
    })),
  );
}

describe('rows of a day that are in two of its files', () => {
  /** A job that ran again has written 31 rows a second time. */
  const again = holding({ sample: sampleOf([31, 'd/r.parquet', 'd/run-2.parquet']) }, 62);

  it('are told with their number and the files', () => {
    const words = '31 of 62 rows equal to rows of another file: d/r.parquet and d/run-2.parquet';
    expect(kindsOf(again)).toEqual([['shared', words]]);
    expect(kindsOf(again, ...six)).toEqual([['shared', words]]);
  });

  it('are told about where the sample has not all rows, or a file has some of them twice', () => {
    const many = holding({ sample: sampleOf([64, 'a', 'b'], [64, 'c']) }, 3_000);
    expect(wordsOf(many)).toEqual(['about 1,000 of 3,000 rows equal to rows of another file: a and b']);
    const twice = holding({ sample: sampleOf([30, 'a', 'b']) }, 80);
    expect(wordsOf(twice)).toEqual(['about 40 of 80 rows equal to rows of another file: a and b']);
  });

  it('have the pair of files first that has the most of them', () => {
    const three = holding({ sample: sampleOf([5, 'a', 'b'], [20, 'a', 'c'], [10, 'x', 'y', 'z']) }, 80);
    expect(wordsOf(three)).toEqual([
      '45 of 80 rows equal to rows of another file: a and c, x and y, a and b',
    ]);
  });

  it.each([
    { what: 'each is in one file', sample: sampleOf([60, 'a'], [40, 'b']), rows: 100 },
    { what: 'four are in two', sample: sampleOf([4, 'a', 'b'], [2, 'a']), rows: 10 },
    { what: 'fewer than a tenth are', sample: sampleOf([9, 'a', 'b'], [82, 'a']), rows: 100 },
    { what: 'none was sampled', sample: [], rows: 100 },
  ])('are not told if $what', ({ sample, rows }) => {
    expect(told(holding({ sample }, rows), ...six)).toEqual([]);
  });

  it('are told from a tenth and from five on', () => {
    expect(wordsOf(holding({ sample: sampleOf([10, 'a', 'b'], [80, 'a']) }, 100))).toEqual([
      '10 of 100 rows equal to rows of another file: a and b',
    ]);
    expect(wordsOf(holding({ sample: sampleOf([5, 'a', 'b'], [2, 'a']) }, 12))).toEqual([
      '5 of 12 rows equal to rows of another file: a and b',
    ]);
  });

  it('are usual once each of the last seven loaded days had some, or a person accepted them', () => {
    expect(told(again, ...times(6, again))).toHaveLength(1);
    expect(told(again, ...times(7, again))).toEqual([]);
    expect(told(again, ...times(7, rowsOf()))).toHaveLength(1);
    expect(told(again, ...six, accepted(again))).toEqual([]);
  });

  it('are compared with no day whose entry is of a version that did not count them', () => {
    const old = daysOf(...times(7, rowsOf())).map(({ content, ...day }) => ({
      ...day,
      content: dayContentSchema.parse({ ...content, shared: undefined }),
    }));
    expect(unusual(again, old)).toHaveLength(1);
    const [newest] = daysOf(...times(7, again));
    expect(unusual(again, newest === undefined ? [] : [newest, ...old.slice(1)])).toEqual([]);
  });
});

import { describe, expect, it } from '@jest/globals';
import { addDays } from '../../../../lib/base/time.ts';
import { contentWords, judgeContent } from '../../../../lib/drops/usual/usualContent.ts';
import { dayContentSchema } from '../../../../lib/ledger/DayContent.ts';
import { dayContent } from '../../../harness/ledgerEntry.ts';
import {
  accepted,
  DAY,
  daysOf,
  holding,
  kindsOf,
  ON,
  rowsOf,
  six,
  times,
  told,
  unusual,
} from './mappedContent.ts';

describe('rows that repeat others of their file', () => {
  const repeats = { '2/a.parquet': { rows: 5, of: 10 }, '2/b.parquet': { rows: 40, of: 80 } };
  const doubled = holding({ repeats });

  it('are told with their number and their files', () => {
    const words = '45 of 100 rows equal to others of their file: 2/b.parquet (40), 2/a.parquet (5)';
    expect(kindsOf(doubled, ...six)).toEqual([['repeats', words]]);
  });

  it('are usual once each of the last seven loaded days had some, or a person accepted them', () => {
    expect(told(doubled, ...times(6, doubled))).toHaveLength(1);
    expect(told(doubled, ...times(7, doubled))).toEqual([]);
    expect(told(doubled, ...times(7, rowsOf()))).toHaveLength(1);
    expect(told(doubled, ...six, accepted(doubled))).toEqual([]);
  });

  it('are compared with no day whose entry is of a version that did not count them', () => {
    const [newest, ...older] = daysOf(...six, doubled);
    const old = older.map(({ content, ...day }) => ({
      ...day,
      content: dayContentSchema.parse({ ...content, repeats: undefined, names: undefined }),
    }));
    expect(unusual(doubled, old)).toHaveLength(1);
    expect(unusual(doubled, newest === undefined ? [] : [newest, ...old])).toEqual([]);
  });
});

describe('files of another day', () => {
  it('are told, unless the last seven loaded days had some', () => {
    const copied = [{ key: '2/a', original: '1/a', isSure: true }];
    const judged = (before: ReturnType<typeof daysOf>) => judgeContent(rowsOf(), before, copied, ON);
    const content = judged([]);
    expect(content).toMatchObject({
      copies: 1,
      unusual: [{ kind: 'copies', words: 'files are those of other days: 2/a is 1/a' }],
    });
    const { rows } = rowsOf();
    const before = Array.from({ length: 7 }, (_, i) => ({ day: addDays(DAY, -1 - i), rows, content }));
    expect(judged(before).unusual).toEqual([]);
    expect(judged(daysOf(...times(7, rowsOf()))).unusual).toHaveLength(1);
  });
});

it('what is told is of a loaded day, until somebody accepts it', () => {
  const content = dayContent({
    unusual: [
      { kind: 'values', words: 'a', values: ['\n'] },
      { kind: 'days', words: 'b' },
    ],
  });
  const words = 'has other values than the days before: a; for example "\\n". b';
  expect(contentWords({ state: 'succeeded', content })).toBe(words);
  expect(contentWords({ state: 'succeeded', content, accepted: true })).toBeNull();
  expect(contentWords({ state: 'failed', content })).toBeNull();
  expect(contentWords({ state: 'succeeded' })).toBeNull();
});

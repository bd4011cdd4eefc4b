import { describe, expect, it } from '@jest/globals';
import { addDays } from '../../../../lib/base/time.ts';
import type { Copy } from '../../../../lib/drops/usual/fileCopies.ts';
import { judgeContent } from '../../../../lib/drops/usual/usualContent.ts';
import { dayContentSchema } from '../../../../lib/ledger/DayContent.ts';
import { accepted, DAY, type Day, daysOf, holding, type Mapped, six, times, told } from './mappedContent.ts';

/** A day with 100 rows, of which each eighth has these units, names and values. */
const rowsWith = (...digests: readonly number[]) => holding({ digests: [...digests] });
/** A day with such rows as no other day has. */
const dayOf = (day: number) => rowsWith(...Array.from({ length: 8 }, (_, i) => 10 * day + i));
const week = [1, 2, 3, 4, 5, 6, 7].map(dayOf);
const wordsOf = (now: Mapped, ...before: readonly Day[]) =>
  told(now, ...before).flatMap(({ kind, words }) => (kind === 'stale' ? [words] : []));

/** The day before `DAY`. */
const LAST = addDays(DAY, -1);
const WORDS = `the units, names and values of ${LAST} in all of 100 rows, with other times, where days before differ`;

describe('rows with the units, names and values of a day before', () => {
  it.each([
    { what: 'the last day', now: dayOf(7), words: [WORDS] },
    {
      what: 'an earlier day',
      now: dayOf(3),
      words: [WORDS.replace(LAST, addDays(DAY, -5))],
    },
  ])('are told where seven days before differ: of $what', ({ now, words }) => {
    expect(wordsOf(now, ...week)).toEqual(words);
  });

  it.each([
    { what: 'some rows are others', now: rowsWith(70, 71, 72, 73, 74, 75, 76, 0), before: week },
    { what: 'more rows came', now: { ...dayOf(7), rows: { in: 101, out: 101, refused: 0 } }, before: week },
    { what: 'six days before are known', now: dayOf(7), before: week.slice(1) },
    { what: 'rows are the same each day', now: dayOf(7), before: times(7, dayOf(7)) },
    {
      what: 'a weekend has the rows of its Friday',
      now: dayOf(7),
      before: [dayOf(3), dayOf(3), ...week.slice(2)],
    },
    {
      what: 'rows change slowly, so that a day has most of the day before',
      now: dayOf(7),
      before: [...week.slice(0, 5), rowsWith(70, 1, 2, 3, 4, 5, 6, 7), dayOf(7)],
    },
    {
      what: 'rows are so few that an eighth has none',
      now: rowsWith(70, 0),
      before: [1, 2, 3, 4, 5, 6, 7].map((day) => rowsWith(10 * day, 0)),
    },
    {
      what: 'a day of fewer than a week had them, and was told of something else',
      now: dayOf(7),
      before: [
        dayOf(1),
        dayOf(2),
        holding({ ...dayOf(7).content, repeats: { '2/a.parquet': { rows: 50, of: 100 } } }),
      ],
    },
    { what: 'the kind has no values', now: holding({}), before: six.concat(six.slice(5)) },
  ])('are not told while $what', ({ now, before }) => {
    expect(wordsOf(now, ...before)).toEqual([]);
  });

  it('are told of a dataset that comes each week', () => {
    const weekly = daysOf(dayOf(1), dayOf(2), dayOf(3)).map((day, i) => ({
      ...day,
      day: addDays(DAY, -7 * (i + 1)),
    }));
    const kinds = (before: typeof weekly) =>
      judgeContent(dayOf(3), before, [], { day: DAY, today: DAY }).unusual.map(({ kind }) => kind);
    expect(kinds(weekly)).toEqual(['stale']);
    expect(kinds(weekly.slice(0, 2))).toEqual([]);
  });

  it('are told of each day until a person accepts one', () => {
    const stuck = dayOf(7);
    expect(wordsOf(stuck, ...week, stuck)).toEqual([WORDS.replace(LAST, addDays(DAY, -2))]);
    expect(wordsOf(stuck, ...week, ...times(9, stuck))).toHaveLength(1);
    expect(wordsOf(dayOf(8), ...week, stuck)).toEqual([]);
    expect(wordsOf(stuck, ...week, accepted(stuck))).toEqual([]);
    expect(wordsOf(stuck, ...week, accepted(stuck), stuck)).toEqual([]);
    // A told day does not say that rows are the same each day.
    expect(wordsOf(dayOf(5), ...week, stuck)).toHaveLength(1);
    // Days that differ from then on say again what is usual.
    expect(wordsOf(dayOf(20), ...week, stuck, ...[14, 15, 16, 17, 18, 19, 20].map(dayOf))).toHaveLength(1);
  });

  it('are not told of files that are told to be those of another day', () => {
    const copy: Copy = { key: 'a', original: 'b', isSure: true };
    const kinds = judgeContent(dayOf(7), daysOf(...week), [copy], { day: DAY, today: DAY }).unusual.map(
      ({ kind }) => kind,
    );
    expect(kinds).toEqual(['copies']);
  });

  it('are told where each of the days before had such a file, too, so that it is not told', () => {
    const copy: Copy = { key: 'a', original: 'b', isSure: true };
    const before = daysOf(...week).map((day) => ({
      ...day,
      content: dayContentSchema.parse({ ...day.content, copies: 1 }),
    }));
    const kinds = judgeContent(dayOf(7), before, [copy], { day: DAY, today: DAY }).unusual.map(
      ({ kind }) => kind,
    );
    expect(kinds).toEqual(['stale']);
  });

  it('are told by three days whose entries say it, and by no fewer', () => {
    const days = daysOf(...week);
    const told = (known: number) => {
      const before = days.map(({ content, ...day }, i) => ({
        ...day,
        content: dayContentSchema.parse(i < known ? content : { ...content, digests: undefined }),
      }));
      return judgeContent(dayOf(7), before, [], { day: DAY, today: DAY }).unusual.map(({ kind }) => kind);
    };
    expect([0, 2, 3].map(told)).toEqual([[], [], ['stale']]);
  });
});

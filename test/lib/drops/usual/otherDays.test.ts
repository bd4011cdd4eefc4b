import { describe, expect, it } from '@jest/globals';
import { addDays } from '../../../../lib/base/time.ts';
import { judgeContent } from '../../../../lib/drops/usual/usualContent.ts';
import { dayContentSchema } from '../../../../lib/ledger/DayContent.ts';
import {
  accepted,
  DAY,
  daysOf,
  kindsOf,
  type Mapped,
  rowsOf,
  six,
  times,
  told,
  unusual,
  wordsOf,
} from './mappedContent.ts';

const onDays = (days: Readonly<Record<string, number>>, out?: number) => rowsOf({}, days, out);

describe('rows of other days', () => {
  const counts = { '2026-11-12': 20, '2026-11-01': 21, '2026-11-03': 1, '2026-11-02': 4, '2026-11-04': 3 };
  const other = onDays({ ...counts, '2026-11-05': 2 });

  it('are told if they are more than half, with the five days that most of them are of', () => {
    expect(kindsOf(other)).toEqual([
      [
        'days',
        '51 of 100 rows of other days: 2026-11-01 (21), 2026-11-12 (20), 2026-11-02 (4), 2026-11-04 (3), 2026-11-05 (2) and 1 more',
      ],
    ]);
    expect(told(onDays({ '2026-11-01': 50 }))).toEqual([]);
  });

  it('are usual once each of the last seven loaded days had more than half', () => {
    expect(told(other, ...times(6, other))).toHaveLength(1);
    expect(told(other, ...times(7, other))).toEqual([]);
    expect(told(other, other, ...six)).toHaveLength(1);
    // Days to come are no days before.
    const ahead = times(7, onDays({ '2027-11-20': 60 }));
    expect(told(other, ...ahead).map(({ kind }) => kind)).toEqual(['days']);
  });

  it('are usual of a dataset that comes each week, and once a person accepted them', () => {
    const weekly = daysOf(other, other, other).map((day, i) => ({ ...day, day: addDays(DAY, -7 * (i + 1)) }));
    expect(unusual(other, weekly)).toEqual([]);
    expect(unusual(other, weekly.slice(0, 2))).toHaveLength(1);
    expect(told(other, ...six, accepted(other))).toEqual([]);
  });
});

describe('rows of the day before', () => {
  const before = onDays({ '2026-11-19': 51 });

  it('are told if they are more than half, where that is so on none of three days before', () => {
    const some = onDays({ '2026-11-19': 6 });
    expect(kindsOf(before, ...six, some)).toEqual([
      ['days', '51 of 100 rows of other days: 2026-11-19 (51)'],
    ]);
    expect(told(onDays({ '2026-11-19': 50 }), ...six, some)).toEqual([]);
    expect(told(onDays({ '2026-11-21': 51 }), ...six, some)).toHaveLength(1);
    expect(told(before, ...six, onDays({ '2026-11-19': 50 }))).toHaveLength(1);
    expect(told(before, ...six.slice(3))).toHaveLength(1);
  });

  it('are told, with those of the day after, if they are more than a quarter, where each day had less than 5 of 100', () => {
    const moved = onDays({ '2026-11-19': 20, '2026-11-21': 6 });
    const kinds = (rows: Mapped, ...days: readonly Mapped[]) =>
      judgeContent(rows, daysOf(...six, ...days), [], { day: DAY, today: '2026-11-21' }).unusual.map(
        ({ kind }) => kind,
      );
    expect(kinds(moved)).toEqual(['days']);
    expect(kinds(moved, onDays({ '2026-11-19': 4 }))).toEqual(['days']);
    expect(kinds(moved, onDays({ '2026-11-19': 5 }))).toEqual([]);
    expect(kinds(onDays({ '2026-11-19': 19, '2026-11-21': 6 }))).toEqual([]);
    // Less than ten rows may be chance, and the folder of today is not full yet.
    expect(kinds(onDays({ '2026-11-19': 10 }, 30))).toEqual(['days']);
    expect(kinds(onDays({ '2026-11-19': 9 }, 30))).toEqual([]);
    expect(told(moved, ...six)).toEqual([]);
  });

  it.each([
    { what: 'where one of the days before had them, too', days: [...six.slice(1), before] },
    { what: 'while two days are known', days: six.slice(4) },
  ])('are not told $what', ({ days }) => {
    expect(told(before, ...days)).toEqual([]);
  });

  it('are not told by days whose entry does not say it', () => {
    const old = daysOf(...six).map(({ content, ...day }) => ({
      ...day,
      content: dayContentSchema.parse({ ...content, neighbourDays: undefined }),
    }));
    expect(unusual(before, old)).toEqual([]);
  });
});

describe('rows of days that were still to come', () => {
  const ahead = onDays({ '2027-11-20': 10, '2026-11-01': 9 });

  it('are told from ten rows on, and from two days after the load on', () => {
    const words = '10 of 100 rows of days to come: 2027-11-20 (10)';
    expect(kindsOf(ahead, ...six)).toEqual([['toCome', words]]);
    expect(told(onDays({ '2027-11-20': 9 }), ...six)).toEqual([]);
    // Of a large day a hundredth.
    expect(told(onDays({ '2027-11-20': 19 }, 2_000), ...six)).toEqual([]);
    expect(told(onDays({ '2027-11-20': 20 }, 2_000), ...six)).toHaveLength(1);
    expect(told(onDays({ '2026-11-21': 10 }), ...six)).toEqual([]);
    expect(told(onDays({ '2026-11-22': 10 }), ...six)).toHaveLength(1);
    // Of a small day more than a tenth.
    expect(told(onDays({ '2027-11-20': 3 }, 30), ...six)).toEqual([]);
    expect(told(onDays({ '2027-11-20': 4 }, 30), ...six)).toHaveLength(1);
  });

  it('are those after the day that follows the load, whatever day the folder is of', () => {
    const kinds = (day: string) =>
      judgeContent(onDays({ [day]: 10 }), daysOf(...six), [], { day: DAY, today: '2026-11-25' }).unusual;
    expect(kinds('2026-11-26')).toEqual([]);
    expect(kinds('2026-11-27')).toMatchObject([{ kind: 'toCome' }]);
  });

  it('are told by days whose entry does not say whether they had some', () => {
    const old = daysOf(...six, ...six.slice(5)).map(({ content, ...day }) => ({
      ...day,
      content: dayContentSchema.parse({ ...content, daysToCome: undefined }),
    }));
    expect(unusual(ahead, old)).toHaveLength(1);
  });

  it('are told beside most rows that are of other days, and hide nothing of these', () => {
    const both = onDays({ '2024-01-01': 60, '2027-11-20': 10 });
    const other = '60 of 100 rows of other days: 2024-01-01 (60)';
    expect(wordsOf(both, ...six)).toEqual(['10 of 100 rows of days to come: 2027-11-20 (10)', other]);
    expect(wordsOf(both, ...six, accepted(ahead))).toEqual([other]);
  });

  it('are usual once each of the last seven loaded days had some, or a person accepted them', () => {
    expect(told(ahead, ...times(6, ahead))).toHaveLength(1);
    expect(told(ahead, ...times(7, ahead))).toEqual([]);
    expect(told(ahead, ...six, accepted(ahead))).toEqual([]);
  });
});

import { describe, expect, it } from '@jest/globals';
import { addDays } from '../../../../lib/base/time.ts';
import { judgeContent } from '../../../../lib/drops/usual/usualContent.ts';
import { dayContentSchema } from '../../../../lib/ledger/DayContent.ts';
import { accepted, DAY, type Day, daysOf, holding, type Mapped, six, times } from './mappedContent.ts';

/** A Friday's rows: so many in each of these hours. */
const inHours = (first: number, end: number, rows = 10, more: Readonly<Record<string, number>> = {}) => {
  const hours = Object.fromEntries(
    Array.from({ length: end - first }, (_, i) => [String(first + i), rows] as const),
  );
  const all = { ...hours, ...more };
  return holding(
    { hours: all },
    Object.values(all).reduce((sum, n) => sum + n, 0),
  );
};
const whole = inHours(0, 24);
const cut = inHours(0, 15);
const CUT = 'no row from 15:00 to 24:00, where each of 7 loaded days before had 38 % of its rows or more';

/** What is told of the hours of a day, which is loaded on the next one, after these. */
const unusual = (
  now: Mapped,
  before: ReturnType<typeof daysOf>,
  day = DAY,
  today = addDays(day, 1),
  kinds: readonly string[] = ['hours'],
) => judgeContent(now, before, [], { day, today }).unusual.filter(({ kind }) => kinds.includes(kind));
const told = (now: Mapped, ...before: readonly Day[]) =>
  unusual(now, daysOf(...before)).map(({ words }) => words);
/** The same of a day of another date. */
const toldOn = (day: string, now: Mapped, count: number) => {
  const before = daysOf(...times(count, whole)).map((each, i) => ({ ...each, day: addDays(day, -1 - i) }));
  return unusual(now, before, day);
};
const week = times(7, whole);

describe('hours without rows', () => {
  it.each([
    { what: 'at the end of the day, as of a job that runs too early', now: cut, words: [CUT] },
    {
      what: 'at its beginning',
      now: inHours(3, 24),
      words: ['no row from 00:00 to 03:00, where each of 7 loaded days before had 13 % of its rows or more'],
    },
    {
      what: 'within it, and at its end',
      now: inHours(12, 20, 10, { '0': 10, '1': 10 }),
      words: [
        'no row from 02:00 to 12:00, where each of 7 loaded days before had 42 % of its rows or more; no row from 20:00 to 24:00, where each of 7 loaded days before had 17 % of its rows or more',
      ],
    },
    {
      what: 'with a few strays',
      now: inHours(0, 15, 100, { '23': 3 }),
      words: ['3 rows from 15:00 to 24:00, where each of 7 loaded days before had 38 % of its rows or more'],
    },
    {
      what: 'with the least share of the days before',
      now: cut,
      before: [
        ...week.slice(1),
        inHours(0, 24, 10, Object.fromEntries([15, 16, 17, 18, 19, 20, 21, 22, 23].map((hour) => [hour, 5]))),
      ],
      words: ['no row from 15:00 to 24:00, where each of 7 loaded days before had 23 % of its rows or more'],
    },
  ])('are told $what', ({ now, before = week, words }) => {
    expect(told(now, ...before)).toEqual(words);
  });

  it('are those in which days before had rows', () => {
    // Nobody buys before 06:00 and after 22:00, and each day a few at 03:00.
    const open = inHours(6, 22, 10, { '3': 1 });
    expect(told(open, ...times(7, open))).toEqual([]);
    expect(told(inHours(6, 15, 10, { '3': 1 }), ...times(7, open))).toEqual([
      'no row from 15:00 to 22:00, where each of 7 loaded days before had 43 % of its rows or more',
    ]);
  });

  it('are told of folders that have the rows of the day before', () => {
    const late = inHours(-24, 0);
    expect(told(late, ...times(7, late))).toEqual([]);
    expect(told(inHours(-24, -9), ...times(7, late))).toEqual([
      'no row from 15:00 of the day before to 24:00 of the day before, where each of 7 loaded days before had 38 % of its rows or more',
    ]);
  });

  it.each([
    { what: 'one hour is empty, as of a job that moved', now: inHours(0, 23), before: week },
    {
      what: 'they had less than a twentieth of the rows',
      now: inHours(0, 22, 1_000),
      before: times(7, inHours(0, 22, 1_000, { '22': 500, '23': 500 })),
    },
    { what: 'less than ten rows are missing', now: inHours(0, 15, 1), before: times(7, inHours(0, 24, 1)) },
    { what: 'one day before had none either', now: cut, before: [...week.slice(1), cut] },
    { what: 'two days before are known', now: cut, before: week.slice(5) },
    { what: 'no day before has hours', now: cut, before: six },
    { what: 'all rows have the time of midnight', now: inHours(0, 1), before: times(7, inHours(0, 1, 240)) },
  ])('are not told while $what', ({ now, before }) => {
    expect(told(now, ...before)).toEqual([]);
  });

  it('are not told before the day is over, and on a first weekend', () => {
    expect(unusual(cut, daysOf(...week), DAY, DAY)).toEqual([]);
    // 2026-11-21 is a Saturday.
    expect(toldOn('2026-11-21', cut, 5)).toEqual([]);
    expect(toldOn('2026-11-21', cut, 7)).toHaveLength(1);
    expect(toldOn('2026-11-23', cut, 3)).toHaveLength(1);
    expect(toldOn('2026-11-23', cut, 2)).toEqual([]);
  });

  it('are told of each day until a person accepts one', () => {
    const since = (count: number) => daysOn(...week, ...times(count, cut));
    expect(unusual(cut, since(1)).map(({ words }) => words)).toEqual([CUT]);
    // No day before has all hours any more.
    expect(unusual(cut, since(9)).map(({ words }) => words)).toEqual([CUT]);
    expect(unusual(whole, since(9))).toEqual([]);
    expect(unusual(cut, daysOn(...week, cut, accepted(cut)))).toEqual([]);
  });

  it('are told of each day by what one day had, where the hours of the days differ', () => {
    // Each evening has 140 rows of 2,240: 130 of them in one hour, which is another on each day.
    const busy = [21, 22, 23, 21, 22, 23, 21].map((hour) =>
      inHours(0, 21, 100, { 21: 5, 22: 5, 23: 5, [hour]: 130 }),
    );
    const short = inHours(0, 21, 100);
    const words = [
      'no row from 21:00 to 24:00, where each of 7 loaded days before had 6 % of its rows or more',
    ];
    expect(unusual(short, daysOn(...busy)).map((told) => told.words)).toEqual(words);
    expect(unusual(short, daysOn(...busy, short)).map((told) => told.words)).toEqual(words);
    expect(unusual(short, daysOn(...busy, ...times(9, short))).map((told) => told.words)).toEqual(words);
  });

  it('are not told by days whose entry does not say them', () => {
    const old = daysOf(...week).map(({ content, ...day }) => ({
      ...day,
      content: dayContentSchema.parse({ ...content, hours: undefined }),
    }));
    expect(unusual(cut, old)).toEqual([]);
  });
});

describe('times that are shifted', () => {
  /** What is told of the times of a day, where a whole day has 240 rows. */
  const toldOf = (now: Mapped, before = daysOf(...week)) =>
    unusual(now, before, DAY, addDays(DAY, 1), ['hours', 'shifted']).map(({ kind, words }) => ({
      kind,
      words,
    }));
  const open = inHours(6, 22, 10, { '3': 1 });

  it.each([
    {
      what: 'two hours later',
      now: inHours(2, 26),
      words:
        'times that are 2 hours later than on the days before: no row from 00:00 to 02:00, where each of 7 loaded days before had 8 % of its rows or more, and 20 rows from 00:00 of the day after on, where hardly any are usual; 240 rows in all are usual',
    },
    {
      what: 'eight hours earlier',
      now: inHours(-8, 16),
      words:
        'times that are 8 hours earlier than on the days before: no row from 16:00 to 24:00, where each of 7 loaded days before had 33 % of its rows or more, and 80 rows until 24:00 of the day before, where hardly any are usual; 240 rows in all are usual',
    },
    {
      what: 'five and a half hours later',
      now: inHours(6, 29, 10, { '5': 5, '29': 5 }),
      words:
        'times that are 5.5 hours later than on the days before: no row from 00:00 to 05:00, where each of 7 loaded days before had 21 % of its rows or more, and 55 rows from 00:00 of the day after on, where hardly any are usual; 240 rows in all are usual',
    },
    {
      what: 'five and a half hours earlier',
      now: inHours(-5, 18, 10, { '-6': 5, '18': 5 }),
      words:
        'times that are 5.5 hours earlier than on the days before: no row from 19:00 to 24:00, where each of 7 loaded days before had 21 % of its rows or more, and 55 rows until 24:00 of the day before, where hardly any are usual; 240 rows in all are usual',
    },
  ])('are told $what', ({ now, words }) => {
    expect(toldOf(now)).toEqual([{ kind: 'shifted', words }]);
  });

  it.each([
    {
      what: 'later',
      now: inHours(8, 24, 10, { '5': 1 }),
      words:
        'times that are 2 hours later than on the days before: no row from 06:00 to 08:00, where each of 7 loaded days before had 12 % of its rows or more, and 20 rows from 22:00 on, where hardly any are usual; 161 rows in all are usual',
    },
    {
      what: 'later, without the row of the night',
      now: inHours(8, 24),
      words:
        'times that are 2 hours later than on the days before: no row from 03:00 to 08:00, where each of 7 loaded days before had 13 % of its rows or more, and 20 rows from 22:00 on, where hardly any are usual; 160 rows in all are usual',
    },
    {
      what: 'earlier',
      now: inHours(4, 20, 10, { '1': 1 }),
      words:
        'times that are 2 hours earlier than on the days before: no row from 20:00 to 22:00, where each of 7 loaded days before had 12 % of its rows or more, and 21 rows until 06:00, where hardly any are usual; 161 rows in all are usual',
    },
  ])('are told $what of days that begin and end with the work', ({ now, words }) => {
    expect(toldOf(now, daysOf(...times(7, open)))).toEqual([{ kind: 'shifted', words }]);
  });

  /** Rows of each hour from 6 to 23 of a shop, few at both ends. */
  const shop = [12, 40, 80, 120, 160, 180, 180, 170, 160, 160, 160, 140, 120, 100, 80, 60, 30, 12];
  const thin = [2, 80, 100, 120, 160, 180, 180, 170, 160, 160, 160, 140, 120, 100, 80, 60, 30, 2];
  /** The rows of a shop whose times are so many hours later. */
  const shopLater = (rows: readonly number[], by: number) =>
    inHours(0, 0, 0, Object.fromEntries(rows.map((n, i) => [String(6 + i + by), n])));

  it.each(
    [3, 5, 7, -3, -5, -8].flatMap((by) => [
      { what: 'fades out at its ends', rows: shop, by },
      { what: 'has hardly any rows at its ends', rows: thin, by },
    ]),
  )('are told $by hours of a day that $what', ({ rows, by }) => {
    const [told] = toldOf(shopLater(rows, by), daysOf(...times(9, shopLater(rows, 0))));
    expect(told).toMatchObject({
      kind: 'shifted',
      words: expect.stringMatching(
        new RegExp(`^times that are ${Math.abs(by)} hours ${by > 0 ? 'later' : 'earlier'} `),
      ),
    });
  });

  it('are told without hours of the night in which a day before had few rows', () => {
    const nights = inHours(6, 22, 10, { '2': 1, '3': 1 });
    expect(toldOf(inHours(8, 24), daysOf(...times(7, nights)))).toMatchObject([
      { kind: 'shifted', words: expect.stringMatching(/^times that are 2 hours later than/) },
    ]);
  });

  it.each([
    { what: 'has the rows of the smallest day before', now: inHours(2, 26) },
    { what: 'has the rows of the largest day before', now: inHours(2, 26, 20) },
  ])('are told of a day that $what', ({ now }) => {
    const before = daysOf(...week.slice(2), ...times(2, inHours(0, 24, 20)));
    expect(toldOf(now, before).map(({ kind }) => kind)).toEqual(['shifted']);
  });

  it.each([
    { what: 'no row lies beyond the other end', now: inHours(2, 24) },
    { what: 'a few rows lie there, as of clocks that are ahead', now: inHours(2, 24, 10, { '24': 3 }) },
    { what: 'the day has half of the usual rows', now: inHours(2, 26, 5) },
    { what: 'the day has twice the usual rows', now: inHours(2, 26, 20) },
    { what: 'the rows beyond are those of many hours', now: inHours(2, 24, 7, { '24': 40, '25': 40 }) },
    {
      what: 'hours within the day are empty, too',
      now: inHours(2, 12, 13, { '20': 13, '21': 13, '22': 13, '23': 13, '24': 13, '25': 13 }),
    },
    {
      what: 'the missing hours are within the day',
      now: inHours(0, 25, 10, { '10': 0, '11': 0 }),
    },
  ])('are told as missing hours while $what', ({ now }) => {
    expect(toldOf(now).map(({ kind }) => kind)).toEqual(['hours']);
  });

  it.each([
    {
      what: 'clocks change by an hour',
      now: inHours(7, 23, 10, { '4': 1 }),
      before: daysOf(...times(7, open)),
    },
    { what: 'the dataset is new', now: inHours(2, 26), before: daysOf(...week.slice(5)) },
    {
      what: 'each day before had such rows',
      now: inHours(2, 26),
      before: daysOf(...times(7, inHours(2, 26))),
    },
    {
      what: 'days before differ in their ends',
      now: inHours(2, 26),
      before: daysOf(...times(3, inHours(2, 26)), ...times(4, whole)),
    },
  ])('are not told while $what', ({ now, before }) => {
    expect(toldOf(now, before)).toEqual([]);
  });

  it('are told of each day until a person accepts one, or they are as before', () => {
    const later = inHours(2, 26);
    const kinds = (now: Mapped, ...before: readonly Day[]) =>
      toldOf(now, daysOn(...week, ...before)).map(({ kind }) => kind);
    expect(kinds(later, ...times(9, later))).toEqual(['shifted']);
    expect(kinds(whole, ...times(9, later))).toEqual([]);
    expect(kinds(later, later, accepted(later))).toEqual([]);
  });
});

describe('rows in hours in which no day before had one', () => {
  /** Shops that are open from 07:00 to 21:00. */
  const open = inHours(7, 21, 30);
  /** Some of them have their times five hours earlier. */
  const early = { '2': 10, '3': 12, '4': 12, '5': 12, '6': 12 };
  const partly = inHours(7, 21, 25, early);
  const WORDS = '58 of 408 rows in 5 hours from 02:00 to 07:00 in which none of 7 loaded days before had one';
  const toldNew = (now: Mapped, ...before: readonly Day[]) =>
    unusual(now, daysOn(...before), DAY, addDays(DAY, 1), ['newHours']).map(({ words }) => words);

  it('are told with their number and their hours', () => {
    expect(toldNew(partly, ...times(7, open))).toEqual([WORDS]);
  });

  it('are told of each day until a person accepts one', () => {
    expect(toldNew(partly, ...times(6, open), ...times(9, partly))).toEqual([WORDS]);
    expect(toldNew(partly, ...times(6, open), accepted(partly))).toEqual([]);
  });

  it.each([
    { what: 'four days are before it', now: partly, before: times(4, open) },
    {
      what: 'one of the days before had a row in each of these hours',
      now: partly,
      before: [inHours(2, 21, 30), ...times(6, open)],
    },
    { what: '49 rows are of them', now: inHours(7, 21, 25, { '4': 25, '5': 24 }), before: times(7, open) },
    { what: 'fewer than a tenth are', now: inHours(7, 21, 36, { '4': 28, '5': 27 }), before: times(7, open) },
    {
      what: 'they are one hour, as on the day on which clocks change',
      now: inHours(7, 21, 25, { '6': 60 }),
      before: times(7, open),
    },
    { what: 'rows come around the clock', now: inHours(0, 24, 20), before: times(7, inHours(0, 24, 10)) },
  ])('are not told where $what', ({ now, before }) => {
    expect(toldNew(now, ...before)).toEqual([]);
  });

  it('are told from 50 rows and a tenth on', () => {
    expect(toldNew(inHours(7, 21, 25, { '4': 25, '5': 25 }), ...times(7, open))).toHaveLength(1);
    expect(toldNew(inHours(7, 21, 36, { '4': 28, '5': 28 }), ...times(7, open))).toHaveLength(1);
  });

  it('are told as shifted where all rows are of other hours', () => {
    const all = inHours(2, 16, 30);
    expect(toldNew(all, ...times(7, open))).toEqual([]);
    expect(unusual(all, daysOf(...times(7, open)), DAY, addDays(DAY, 1), ['shifted'])).toHaveLength(1);
  });
});

/** Days before, the newest first, each of which was judged when it was over. */
function daysOn(...each: readonly Day[]): ReturnType<typeof daysOf> {
  let before: ReturnType<typeof daysOf> = [];
  for (const [i, { accepted: isAccepted, ...rows }] of each.entries()) {
    const day = addDays(DAY, i - each.length);
    const content = judgeContent(rows, before, [], { day, today: addDays(day, 1) });
    before = [{ day, rows: rows.rows, accepted: isAccepted, content }, ...before].slice(0, 7);
  }
  return before;
}

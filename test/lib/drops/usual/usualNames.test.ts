import { describe, expect, it } from '@jest/globals';
import { accepted, holding, kindsOf, price, six, times, told } from './mappedContent.ts';

/** A day with names in a column, each in sixty rows. */
const named = (column: string, ...names: readonly string[]) => {
  const found = names.map((name) => [name, { rows: 60, zeros: 0, file: `2/${name}.parquet` }]);
  return holding({ names: { [column]: Object.fromEntries(found) } });
};
/** A day with that many names. */
const many = (count: number, ...others: readonly string[]) =>
  named('event_name', ...others, ...Array.from({ length: count }, (_, i) => `${i}`));

describe('a name', () => {
  it.each([
    { column: 'id_type', now: 'userid', was: 'userID' },
    { column: 'id_type', now: 'user_id', was: 'userID' },
    { column: 'unit_type', now: 'customer', was: 'userID' },
    { column: 'event_name', now: 'Purchase', was: 'purchase' },
    { column: 'group_id', now: 'Control ', was: 'control' },
  ])('of $column is told that no day before had: $now, where they had $was', ({ column, now, was }) => {
    expect(told(named(column, now), named(column, was))).toEqual([
      {
        kind: 'names',
        field: column,
        words: `60 of 100 rows with ${column} "${now}", where days before have "${was}": 2/${now}.parquet`,
        usualNames: { [was]: { rows: 60, zeros: 0 } },
      },
    ]);
  });

  const misspelled = named('id_type', 'userid');
  const spelled = named('id_type', 'userID');

  it.each([
    {
      what: 'that is new, and no other spelling of one',
      now: named('event_name', 'refund'),
      before: [named('event_name', 'buy')],
    },
    { what: 'that a day before had', now: misspelled, before: [misspelled, spelled] },
    { what: 'of which no day before says any', now: misspelled, before: six },
    {
      what: 'that a person accepted on a day before',
      now: misspelled,
      before: [spelled, accepted(misspelled)],
    },
    { what: 'of a column of many', now: many(20, 'BUY'), before: [named('event_name', 'buy')] },
  ])('is not told $what', ({ now, before }) => {
    expect(told(now, ...before)).toEqual([]);
  });

  it('of which three days had another spelling is not told as missing, too', () => {
    const days = times(3, named('event_name', 'buy'));
    expect(kindsOf(named('event_name', 'Buy'), ...days).map(([kind]) => kind)).toEqual(['names']);
  });

  it('is compared with those of its own column of a day that was told of another', () => {
    const both = (type: string, name: string) =>
      holding({
        names: {
          ...named('id_type', type).content.names,
          ...named('metric_name', name).content.names,
        },
      });
    const days = [both('userID', 'visits'), ...times(7, both('userid', 'visits'))];
    expect(told(both('userid', 'Visits'), ...days)).toMatchObject([
      { field: 'id_type' },
      { field: 'metric_name', usualNames: { visits: { rows: 60 } } },
    ]);
  });

  it('of a column of twenty is told', () => {
    expect(told(many(19, 'BUY'), many(19, 'buy'))).toHaveLength(1);
  });

  it('that is spelled otherwise for weeks stays so beside new names, until a person accepts a day', () => {
    const odd = named('event_name', 'Buy');
    const days = [named('event_name', 'buy'), ...times(20, odd), named('event_name', 'Buy', 'refund')];
    expect(kindsOf(odd, ...days)).toEqual([
      ['names', '60 of 100 rows with event_name "Buy", where days before have "buy": 2/Buy.parquet'],
    ]);
    expect(told(named('event_name', 'refund'), ...days)).toEqual([]);
    expect(told(named('event_name', 'Refund'), ...days)).toHaveLength(1);
    expect(told(odd, ...days, accepted(odd))).toEqual([]);
  });

  it('is told as one of more than are compared, where three days had half as many, until a person accepts it', () => {
    const before = [many(3), many(10), many(9)];
    const words = (most: number) =>
      `more than 20 names in event_name, where days before have ${most} at most`;
    expect(kindsOf(many(21), ...before)).toEqual([['many', words(10)]]);
    expect(kindsOf(many(21), ...before, ...times(20, many(21)))).toEqual([['many', words(9)]]);
    expect(told(many(21), ...before, accepted(many(21)))).toEqual([]);
    expect(told(many(21), many(3), many(9))).toEqual([]);
    const beside = (day: typeof spelled, typed: typeof spelled) =>
      holding({ names: { ...day.content.names, ...typed.content.names } });
    expect(kindsOf(beside(many(21), spelled), ...before.map((day) => beside(day, spelled)))).toEqual([
      ['many', words(10)],
    ]);
    expect(told(many(21), many(3), many(11), many(9))).toEqual([]);
  });
});

describe('a metric', () => {
  /** Names in 100 rows, with the rows of each and how many of them are 0. */
  const namesOf = (rows: Readonly<Record<string, number>>, zeros = 0) => ({
    metric_name: Object.fromEntries(
      Object.entries(rows).map(([name, count]) => {
        return [name, { rows: count, zeros: name === 'revenue' ? zeros : 0, file: 'a' }] as const;
      }),
    ),
  });
  /** A day with such metrics. @param zeros The rows of revenue that are 0. */
  const metrics = (...names: Parameters<typeof namesOf>) => holding({ names: namesOf(...names) });
  const usual = times(3, metrics({ visits: 60, revenue: 40 }));
  const half = (zeros: number) => metrics({ visits: 50, revenue: 50 }, zeros);
  const missing = (rows: string, share: number) =>
    `${rows} with metric_name "revenue", which each of 3 loaded days before had in ${share} % of rows or more`;

  it('that less than a twentieth of the usual rows have is told as if it was missing', () => {
    expect(kindsOf(metrics({ visits: 99, revenue: 1 }), ...usual)).toEqual([
      ['missing', missing('1 row', 40)],
    ]);
    expect(told(metrics({ visits: 98, revenue: 2 }), ...usual)).toEqual([]);
  });

  it('that is missing is told with those that most rows have in its place', () => {
    expect(kindsOf(metrics({ visits: 49, buys: 51 }), ...usual)).toEqual([
      ['missing', `${missing('no row', 40)}; 51 of 100 rows with metric_name that no day before had: "buys"`],
    ]);
    expect(kindsOf(metrics({ visits: 50, buys: 50 }), ...usual)).toEqual([
      ['missing', missing('no row', 40)],
    ]);
  });

  it('that each of three days had, and of which so many rows surely have some, is told once if it is missing', () => {
    const both = half(40);
    const now = metrics({ visits: 100 });
    expect(kindsOf(now, both, both, both)).toEqual([['missing', missing('no row', 50)]]);
    expect(told(now, both, both, both, now)).toEqual([]);
    expect(told(now, both, both)).toEqual([]);
    expect(told(now, both, now, both, both)).toEqual([]);
    expect(told(now, both, metrics({ visits: 91, revenue: 9 }), both)).toEqual([]);
    expect(told(now, both, metrics({ visits: 90, revenue: 10 }), both)).toHaveLength(1);
  });

  const fields = (forms: Readonly<Record<string, number>>, types: Readonly<Record<string, string[]>>) => ({
    metricValue: { ...price({ forms, types }), column: 'v' },
  });

  it('whose values are all 0 is told until a person accepts it, where ten others are to be expected of so many rows', () => {
    const zero = half(50);
    const zeros = [
      'zeros',
      'the value 0 in 50 rows with metric_name "revenue", where days before have others: a',
    ];
    expect(kindsOf(zero, half(40))).toEqual([zeros]);
    expect(kindsOf(zero, half(40), ...times(20, zero))).toEqual([zeros]);
    expect(told(zero, half(40), accepted(zero))).toEqual([]);
    const typed = (type: string, count: number) =>
      holding({
        names: namesOf({ visits: 50, revenue: 50 }, count),
        fields: fields({ zero: 50 }, { [type]: ['0', '1'] }),
      });
    expect(kindsOf(typed('BIGINT', 50), typed('DOUBLE', 40))).toEqual([
      ['values', 'metricValue (column "v"): type BIGINT, before DOUBLE'],
      zeros,
    ]);
    expect(told(zero, half(41))).toEqual([]);
    expect(told(half(49), half(40))).toEqual([]);
    expect(told(zero, metrics({ visits: 50 }))).toEqual([]);
  });

  it('whose values are all 0 is not told beside the field', () => {
    const all = (zeros: number, forms: Readonly<Record<string, number>>) =>
      holding({ names: namesOf({ revenue: 100 }, zeros), fields: fields(forms, { DOUBLE: ['1.5'] }) });
    expect(told(all(100, { zero: 100 }), all(0, {})).map(({ kind }) => kind)).toEqual(['values']);
    const half = (zeros: number, forms: Readonly<Record<string, number>>) => {
      const day = all(zeros, forms);
      const { metricValue } = day.content.fields;
      return (
        metricValue && holding({ ...day.content, fields: { metricValue: { ...metricValue, none: 50 } } })
      );
    };
    const before = half(0, {});
    const now = half(100, { zero: 50 });
    expect(now && before && told(now, before).map(({ kind }) => kind)).toEqual(['values']);
  });
});

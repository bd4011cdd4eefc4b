import { describe, expect, it } from '@jest/globals';
import { addDays } from '../../../lib/base/time.ts';
import { emptyContent, type RowContent } from '../../../lib/drops/engine/mappedRows.ts';
import type { DayBefore } from '../../../lib/drops/unusualField.ts';
import { contentWords, copiesOf, judgeContent } from '../../../lib/drops/usualContent.ts';
import { type DayContent, dayContentSchema } from '../../../lib/ledger/DayContent.ts';
import type { FileFate } from '../../../lib/ledger/LedgerEntry.ts';

const DAY = '2026-11-20';
type Field = Partial<RowContent['fields'][string]>;
/** What rows hold of a price: numbers of a double, of which all have one. */
const price = (more: Field = {}) => ({
  column: 'price',
  none: 0,
  numbers: 100,
  types: { DOUBLE: ['1.5'] },
  ...more,
});
const rowsOf = (field: Field = {}, days: RowContent['days'] = {}, out = 100) => ({
  rows: { in: out, out, refused: 0 },
  content: { ...emptyContent(), rows: out, fields: { eventValue: price(field) }, days },
});
/** Days before, the newest first, of which each is judged by those before it. */
function daysOf(
  ...each: readonly (ReturnType<typeof rowsOf> & Pick<DayBefore, 'accepted'>)[]
): readonly DayBefore[] {
  let before: readonly DayBefore[] = [];
  for (const { accepted, ...fields } of each) {
    const content = judgeContent(fields, before, []);
    const day = addDays(DAY, before.length - each.length);
    before = [{ day, rows: fields.rows, accepted, content }, ...before];
  }
  return before.slice(0, 7);
}
const text = { numbers: 0, types: { VARCHAR: ['EUR 13,50', 'EUR 9,00', 'EUR 1,00'] } };
const unusual = (now: ReturnType<typeof rowsOf>, before: readonly DayBefore[]) =>
  judgeContent(now, before, []).unusual;
const six = Array.from({ length: 6 }, () => rowsOf());

describe('a field', () => {
  it('whose numbers became texts is told with its types, its shares and some values', () => {
    const [found, ...others] = unusual(rowsOf(text), daysOf(...six));
    expect(others).toEqual([]);
    expect(found).toEqual({
      kind: 'values',
      field: 'eventValue',
      words:
        'eventValue (column "price"): type VARCHAR, before DOUBLE; 0 % of its values are numbers, before 100 %',
      values: ['EUR 13,50', 'EUR 9,00', 'EUR 1,00'],
    });
  });

  it('of which some numbers became texts is told with how many', () => {
    const [found] = unusual(rowsOf({ numbers: 90, types: { VARCHAR: ['12 EUR'] } }), daysOf(...six));
    expect(found?.words).toBe(
      'eventValue (column "price"): type VARCHAR, before DOUBLE; 10 of 100 values are no numbers',
    );
  });

  it('is told with separators in large numbers', () => {
    const large = (field?: Field) => rowsOf({ numbers: 20_000, ...field }, {}, 20_000);
    const [found] = unusual(large({ numbers: 7_655, types: { VARCHAR: ['12 EUR'] } }), daysOf(large()));
    expect(found?.words).toBe(
      'eventValue (column "price"): type VARCHAR, before DOUBLE; 12,345 of 20,000 values are no numbers',
    );
  });

  const sized = (logarithm: number, more: Field & { readonly sized?: number } = {}) => {
    const { sized: values = 50, ...field } = more;
    return rowsOf({ size: { values, logs: values * logarithm }, ...field });
  };
  const tens = daysOf(sized(1), sized(1.02), sized(1));

  it.each([
    [2, '100 times as large as before'],
    [0.8, '6.3 times as large as before'],
    [-0.8, '1/6.3 of those before'],
    [-1, '1/10 of those before'],
  ])(
    'whose numbers are larger or smaller by %d powers of ten than on three days before is told',
    (powers, times) => {
      const before = daysOf(sized(1), sized(1), sized(1));
      const [found] = unusual(sized(1 + powers), before);
      expect(found?.words).toBe(`eventValue (column "price"): its numbers are about ${times}`);
    },
  );

  it.each([
    ['are a little larger than on one of the days', sized(1.81), tens],
    ['are a little smaller', sized(0.21), daysOf(sized(1), sized(1), sized(1))],
    ['are nine', sized(3, { sized: 9 }), tens],
    ['stand among texts', sized(3, { numbers: 94 }), tens],
    ['are known of two days', sized(3), daysOf(sized(1), sized(1))],
    ['stood among texts before', sized(3), daysOf(...[1, 1, 1].map((size) => sized(size, { numbers: 94 })))],
    [
      'a person accepted on a day before',
      sized(3),
      daysOf(sized(1), sized(1), { ...sized(3), accepted: true }),
    ],
  ])('whose numbers %s is not told', (_, now, before) => {
    expect(unusual(now, before)).toEqual([]);
  });

  it('is told with three values at most', () => {
    const many = { numbers: 0, types: { VARCHAR: ['a', 'b'], DECIMAL: ['c', 'd'] } };
    expect(unusual(rowsOf(many), daysOf(...six))[0]?.values).toEqual(['a', 'b', 'c']);
  });

  it.each(['unitIds.userID', 'unit ID'])('with IDs of units is told without values: %s', (name) => {
    const ofUnits = (values: ReturnType<typeof rowsOf>) => {
      const { eventValue } = values.content.fields;
      return { ...values, content: { ...values.content, fields: { [name]: eventValue } } };
    };
    const days = daysOf(...six).map((day) => ({ ...day, content: judgeContent(ofUnits(rowsOf()), [], []) }));
    const [found] = judgeContent(ofUnits(rowsOf(text)), days, []).unusual;
    expect(found).toEqual({ kind: 'values', field: name, words: expect.stringContaining('numbers') });
  });

  const asText = rowsOf({ types: { VARCHAR: ['13.50'] } });
  const days = Array.from({ length: 6 }, () => asText);

  it('of texts is told if fewer than 5 % of them are numbers, where more than 95 % were', () => {
    expect(unusual(asText, daysOf(...days))).toEqual([]);
    expect(unusual(rowsOf({ ...text, numbers: 5 }), daysOf(...days))).toEqual([]);
    expect(unusual(rowsOf({ ...text, numbers: 4 }), daysOf(...days))).toHaveLength(1);
    // Of a day before, 94 of 100 are too few.
    const most = Array.from({ length: 6 }, () => ({
      ...asText,
      content: { ...emptyContent(), rows: 100, fields: { eventValue: price({ numbers: 94 }) } },
    }));
    expect(unusual(rowsOf({ ...text, types: { DOUBLE: [] } }), daysOf(...most))).toEqual([]);
  });

  it('that stays unusual is told on the next days, too, until a person accepts a day', () => {
    expect(unusual(rowsOf(text), daysOf(...days, rowsOf(text)))).toHaveLength(1);
    expect(unusual(rowsOf(text), daysOf(...days, { ...rowsOf(text), accepted: true }))).toEqual([]);
  });

  it('is told if its nulls jump from below 5 % to above 50 %', () => {
    const before = daysOf(...six, rowsOf({ none: 4, numbers: 96 }));
    const contentWith = (none: number) =>
      unusual(rowsOf({ none, numbers: 100 - none }), before).map(({ words }) => words);
    expect(contentWith(50)).toEqual([]);
    expect(contentWith(51)).toEqual(['eventValue (column "price"): no value in 51 % of rows, before in 4 %']);
    expect(unusual(rowsOf({ none: 60 }), daysOf(...six, rowsOf({ none: 5 })))).toEqual([]);
    // Its column is in no file any more.
    const absent = rowsOf({ column: '', none: 100, numbers: 0, types: {} });
    expect(unusual(absent, before)[0]?.words).toBe('eventValue: no value in 100 % of rows, before in 4 %');
  });

  it('of fewer than ten rows is told for a new type, and for no share', () => {
    expect(unusual(rowsOf({ none: 9, numbers: 0 }, {}, 9), daysOf(...six))).toEqual([]);
    const small = daysOf(rowsOf({ numbers: 9 }, {}, 9));
    expect(unusual(rowsOf({ none: 100, numbers: 0, types: {} }), small)).toEqual([]);
    expect(unusual(rowsOf({ numbers: 3, types: { DECIMAL: ['1'] } }, {}, 3), small)).toHaveLength(1);
  });

  it('with another type is told once, and not for one that a day before had or that holds no value', () => {
    const wide = rowsOf({ types: { BIGINT: ['1'] } });
    const words = (now: typeof wide, before: readonly DayBefore[]) =>
      unusual(now, before).map((unusualField) => unusualField.words);
    expect(words(wide, daysOf(...six))).toEqual(['eventValue (column "price"): type BIGINT, before DOUBLE']);
    expect(words(wide, daysOf(...six, wide))).toEqual([]);
    // Back again.
    expect(words(rowsOf(), daysOf(...six, wide))).toEqual([]);
    expect(words(wide, daysOf(...six, wide, rowsOf()))).toEqual([]);
    expect(words(rowsOf({ types: { '': [] }, none: 100 }), daysOf(...six)).join()).not.toContain('type');
    const both = rowsOf({ types: { DOUBLE: ['1'], BIGINT: ['2'] } });
    expect(words(wide, daysOf(both))).toEqual([]);
    expect(words(both, daysOf(wide))).toHaveLength(1);
  });

  it('is not told if nothing is known of days before', () => {
    expect(unusual(rowsOf(text), [])).toEqual([]);
    expect(unusual(rowsOf(text), [{ day: '2026-11-19', rows: rowsOf().rows }])).toEqual([]);
  });
});

describe('rows of other days', () => {
  const counts = { '2026-11-12': 20, '2026-11-01': 21, '2026-11-03': 1, '2026-11-02': 4, '2026-11-04': 3 };
  const other = rowsOf({}, { ...counts, '2026-11-05': 2 });

  it('are told if they are more than half, with the five days that most of them are of', () => {
    expect(unusual(other, [])).toEqual([
      {
        kind: 'days',
        words:
          '51 of 100 rows of other days: 2026-11-01 (21), 2026-11-12 (20), 2026-11-02 (4), 2026-11-04 (3), 2026-11-05 (2) and 1 more',
      },
    ]);
    expect(unusual(rowsOf({}, { '2026-11-01': 50 }), [])).toEqual([]);
  });

  it('are usual once each of the last seven loaded days had more than half', () => {
    const likewise = Array.from({ length: 6 }, () => other);
    expect(unusual(other, daysOf(...likewise))).toHaveLength(1);
    expect(unusual(other, daysOf(...likewise, other))).toEqual([]);
    expect(unusual(other, daysOf(other, ...six))).toHaveLength(1);
  });

  it('are usual of a dataset that comes each week, and once a person accepted them', () => {
    const weekly = daysOf(other, other, other).map((day, i) => ({ ...day, day: addDays(DAY, -7 * (i + 1)) }));
    expect(unusual(other, weekly)).toEqual([]);
    expect(unusual(other, weekly.slice(0, 2))).toHaveLength(1);
    expect(unusual(other, daysOf(...six, { ...other, accepted: true }))).toEqual([]);
  });
});

describe('rows that repeat others of their file', () => {
  const { content, ...other } = rowsOf();
  const repeats = { '2/a.parquet': { rows: 5, of: 10 }, '2/b.parquet': { rows: 40, of: 80 } };
  const doubled = { ...other, content: { ...content, repeats } };

  it('are told with their number and their files', () => {
    expect(unusual(doubled, daysOf(...six))).toEqual([
      {
        kind: 'repeats',
        words: '45 of 100 rows equal to others of their file: 2/b.parquet (40), 2/a.parquet (5)',
      },
    ]);
  });

  it('are usual once each of the last seven loaded days had some, or a person accepted them', () => {
    expect(unusual(doubled, daysOf(doubled, doubled, doubled, doubled, doubled, doubled))).toHaveLength(1);
    expect(unusual(doubled, daysOf(doubled, doubled, doubled, doubled, doubled, doubled, doubled))).toEqual(
      [],
    );
    expect(unusual(doubled, daysOf(...six, { ...doubled, accepted: true }))).toEqual([]);
  });

  it('are compared with no day whose entry is of a version that did not count them', () => {
    const [newest, ...older] = daysOf(...six, doubled);
    const old = older.map(({ content: known, ...day }) => {
      const { repeats: _, names: __, ...counted } = known ?? judgeContent(doubled, [], []);
      return { ...day, content: dayContentSchema.parse(counted) };
    });
    expect(unusual(doubled, old)).toHaveLength(1);
    expect(unusual(doubled, [newest ?? old].flat().concat(old))).toEqual([]);
  });
});

describe('a name', () => {
  const named = (column: string, ...names: readonly string[]) => {
    const { content, ...other } = rowsOf();
    const found = names.map((name) => [name, { rows: 60, file: `2/${name}.parquet` }]);
    return { ...other, content: { ...content, names: { [column]: Object.fromEntries(found) } } };
  };

  it.each([
    ['id_type', 'userid', 'userID'],
    ['id_type', 'user_id', 'userID'],
    ['unit_type', 'customer', 'userID'],
    ['event_name', 'Purchase', 'purchase'],
    ['group_id', 'Control ', 'control'],
  ])('of %s is told that no day before had: %j, where they had %j', (column, now, was) => {
    expect(unusual(named(column, now), daysOf(named(column, was)))).toEqual([
      {
        kind: 'names',
        field: column,
        words: `60 of 100 rows with ${column} "${now}", where days before have "${was}": 2/${now}.parquet`,
      },
    ]);
  });

  it.each([
    [
      'that is new, and no other spelling of one',
      named('event_name', 'refund'),
      daysOf(named('event_name', 'buy')),
    ],
    [
      'that a day before had',
      named('id_type', 'userid'),
      daysOf(named('id_type', 'userid'), named('id_type', 'userID')),
    ],
    ['of which no day before says any', named('id_type', 'userid'), daysOf(...six)],
    [
      'that a person accepted on a day before',
      named('id_type', 'userid'),
      daysOf(named('id_type', 'userID'), { ...named('id_type', 'userid'), accepted: true }),
    ],
    [
      'of a column of many',
      named('event_name', 'BUY', ...Array.from({ length: 20 }, (_, i) => `${i}`)),
      daysOf(named('event_name', 'buy')),
    ],
  ])('is not told %s', (_, now, before) => {
    expect(unusual(now, before)).toEqual([]);
  });

  it('is told on the next days, too, until a person accepts a day', () => {
    const days = [named('id_type', 'userID'), named('id_type', 'userid')];
    expect(unusual(named('id_type', 'userid'), daysOf(...days))).toHaveLength(1);
  });
});

describe('files of another day', () => {
  const file = (key: string, more: Partial<FileFate> = {}): FileFate => ({
    key,
    size: 9,
    eTag: '"a"',
    fate: 'loaded',
    rows: { in: 5, out: 5, refused: 0 },
    ...more,
  });
  const copies = (fate: FileFate, other: FileFate, hasKey = false) =>
    copiesOf([fate], [other], hasKey).map(({ original, isSure }) => [original, isSure]);

  it('are found by ETag and size, or by size and rows if an ETag is no digest', () => {
    expect(copies(file('2/a'), file('1/a'))).toEqual([['1/a', true]]);
    expect(copies(file('2/a'), file('1/a', { eTag: '"b"' }))).toEqual([]);
    expect(copies(file('2/a'), file('1/a', { eTag: '"b-2"' }))).toEqual([['1/a', false]]);
    expect(copies(file('2/a'), file('1/a', { eTag: '"b"' }), true)).toEqual([['1/a', false]]);
    expect(copies(file('2/a'), file('1/a', { eTag: '"b-2"', rows: { in: 4, out: 4, refused: 0 } }))).toEqual(
      [],
    );
    expect(copies(file('2/a'), file('1/a', { size: 8 }))).toEqual([]);
  });

  it('are not found by size and rows if they are few of many', () => {
    const many = Array.from({ length: 5 }, (_, i) => file(`2/${i}`, { eTag: `"${i}-2"`, size: i }));
    expect(copiesOf(many, [file('1/a', { size: 3 })], false)).toEqual([]);
    expect(copiesOf(many.slice(3, 4), [file('1/a', { size: 3 })], false)).toHaveLength(1);
  });

  it('are compared if both are loaded and the later one has rows', () => {
    expect(copies(file('2/a'), file('1/a', { fate: 'gone' }))).toEqual([]);
    const { rows: _, ...empty } = file('2/a', { fate: 'left_out' });
    expect(copies(empty, file('1/a'))).toEqual([]);
    expect(copies(file('2/a', { rows: { in: 5, out: 0, refused: 5 } }), file('1/a'))).toEqual([]);
  });

  it('are told, unless the last seven loaded days had some', () => {
    const copied = [{ key: '2/a', original: '1/a', isSure: true }];
    expect(judgeContent(rowsOf(), [], copied)).toMatchObject({
      copies: 1,
      unusual: [{ kind: 'copies', words: 'files are those of other days: 2/a is 1/a' }],
    });
    const before = Array.from({ length: 7 }, (_, i) => ({
      day: addDays(DAY, -1 - i),
      rows: rowsOf().rows,
      content: judgeContent(rowsOf(), [], copied),
    }));
    expect(judgeContent(rowsOf(), before, copied).unusual).toEqual([]);
  });
});

describe('what is told of a day', () => {
  const content: DayContent = {
    rows: 0,
    fields: {},
    otherDays: 0,
    copies: 0,
    unusual: [
      { kind: 'values', words: 'a', values: ['\n'] },
      { kind: 'days', words: 'b' },
    ],
  };

  it('is of a loaded one, until somebody accepts it', () => {
    expect(contentWords({ state: 'succeeded', content })).toBe(
      'has other values than the days before: a; for example "\\n". b',
    );
    expect(contentWords({ state: 'succeeded', content, accepted: true })).toBeNull();
    expect(contentWords({ state: 'failed', content })).toBeNull();
    expect(contentWords({ state: 'succeeded' })).toBeNull();
  });
});

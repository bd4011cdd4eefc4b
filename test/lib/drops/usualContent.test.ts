import { describe, expect, it } from '@jest/globals';
import { addDays } from '../../../lib/base/time.ts';
import { emptyContent, type RowContent } from '../../../lib/drops/engine/mappedRows.ts';
import type { DayBefore } from '../../../lib/drops/unusualField.ts';
import { contentWords, copiesOf, judgeContent } from '../../../lib/drops/usualContent.ts';
import { type DayContent, dayContentSchema } from '../../../lib/ledger/DayContent.ts';
import type { FileFate } from '../../../lib/ledger/LedgerEntry.ts';

const DAY = '2026-11-20';
/** It is loaded on itself. */
const ON = { day: DAY, today: DAY };
type Field = Partial<RowContent['fields'][string]>;
/** What rows hold of a price: numbers of a double, of which all have one. */
const price = (more: Field = {}) => ({
  column: 'price',
  none: 0,
  numbers: 100,
  whole: 0,
  looked: 100,
  different: 50,
  lengths: { 3: 100 },
  forms: {},
  types: { DOUBLE: ['1.5', '2.5'] },
  ...more,
});
const rowsOf = (field: Field = {}, days: RowContent['days'] = {}, out = 100) => ({
  rows: { in: out, out, refused: 0 },
  content: { ...emptyContent(), rows: out, fields: { eventValue: price(field) }, days },
});
/** Rows of a day, as the engine has mapped them. */
type Mapped = Parameters<typeof judgeContent>[0];
/** Days before, the newest first, of which each is judged by those before it. */
function daysOf(...each: readonly (Mapped & Pick<DayBefore, 'accepted'>)[]): readonly DayBefore[] {
  let before: readonly DayBefore[] = [];
  for (const { accepted, ...fields } of each) {
    const content = judgeContent(fields, before, [], ON);
    const day = addDays(DAY, before.length - each.length);
    before = [{ day, rows: fields.rows, accepted, content }, ...before];
  }
  return before.slice(0, 7);
}
const text = { numbers: 0, types: { VARCHAR: ['EUR 13,50', 'EUR 9,00', 'EUR 1,00'] } };
const unusual = (now: Mapped, before: readonly DayBefore[]) => judgeContent(now, before, [], ON).unusual;
const six = Array.from({ length: 6 }, () => rowsOf());

describe('a field', () => {
  it('whose numbers became texts is told with its types, its shares and some values', () => {
    const [found, ...others] = unusual(rowsOf(text), daysOf(...six));
    expect(others).toEqual([]);
    const counts = { none: 0, numbers: 100, whole: 0, looked: 100, different: 50 };
    expect(found).toEqual({
      kind: 'values',
      field: 'eventValue',
      words:
        'eventValue (column "price"): type VARCHAR, before DOUBLE; 0 % of its values are numbers, before 100 %',
      values: ['EUR 13,50', 'EUR 9,00', 'EUR 1,00'],
      usual: { rows: 100, ...counts, forms: {}, types: ['DOUBLE'], column: 'price' },
    });
  });

  it.each([
    {
      title: 'that end in .0, where none did',
      now: { forms: { 'whole numbers that end in .0': 51 } },
      before: [{}],
      words: '51 of 100 values are whole numbers that end in .0, before 0 %',
    },
    {
      title: 'that are times as text, where they were numbers',
      now: { numbers: 0, forms: { 'times as text': 100 } },
      before: [{}],
      words: '0 % of its values are numbers, before 100 %; 100 of 100 values are times as text, before 0 %',
    },
    {
      title: 'of another sign',
      now: { forms: { 'negative numbers': 99, zero: 1 } },
      before: [{ forms: { 'negative numbers': 4, zero: 1 } }],
      words: '99 of 100 values are negative numbers, before 4 %',
    },
    {
      title: 'that are numbers, where hardly any was',
      now: { forms: {} },
      before: [{ numbers: 4 }],
      words: '100 of 100 values are numbers, before 4 %',
    },
    {
      title: 'that are all 0, where 30 % were at most',
      now: { forms: { zero: 100 } },
      before: [{ forms: { zero: 10 } }, { forms: { zero: 30 } }, { forms: { zero: 20 } }],
      words: '100 of 100 values are zero, before 30 %',
    },
    {
      title: 'that are all 0, where ten others are to be expected',
      now: { forms: { zero: 100 } },
      before: [{ forms: { zero: 90 } }],
      words: '100 of 100 values are zero, before 90 %',
    },
  ])('with values $title is told with how many', ({ now, before, words }) => {
    const [found] = unusual(rowsOf(now), daysOf(...before.map((field) => rowsOf(field))));
    expect(found?.words).toBe(`eventValue (column "price"): ${words}`);
  });

  it.each([
    { title: 'half of them', now: { 'in capital letters': 50 }, before: {} },
    { title: 'all, as 5 % did', now: { 'in capital letters': 100 }, before: { 'in capital letters': 5 } },
    { title: 'all but one, and it is 0', now: { zero: 99 }, before: { zero: 30 } },
    {
      title: 'all of many, it is 0, and of those that are looked at nine others are to be expected',
      now: { zero: 100_000 },
      before: { zero: 99_100 },
      out: 100_000,
    },
    { title: 'all, it is 0, and nine others are to be expected', now: { zero: 100 }, before: { zero: 91 } },
  ])('whose values have a form, $title, is not told', ({ now, before, out = 100 }) => {
    const day = (forms: Readonly<Record<string, number>>) => rowsOf({ forms, numbers: out }, {}, out);
    expect(unusual(day(now), daysOf(day(before)))).toEqual([]);
  });

  it('of fewer than ten values is not told for their form, nor by a day of a version that did not count it', () => {
    const capitals = rowsOf({ forms: { 'in capital letters': 100 } });
    const few = rowsOf({ none: 91, numbers: 0, forms: { 'in capital letters': 9 } });
    expect(unusual(few, daysOf(rowsOf({ none: 91, numbers: 0 })))).toEqual([]);
    expect(unusual(capitals, daysOf(rowsOf({ none: 91, numbers: 9 })))).toEqual([]);
    const [day] = daysOf(rowsOf());
    const content = { rows: 100, fields: { eventValue: { types: ['DOUBLE'], none: 0, numbers: 100 } } };
    const old = dayContentSchema.parse({ ...content, otherDays: 0, copies: 0, unusual: [] });
    expect(unusual(capitals, [{ day: '2026-11-19', rows: rowsOf().rows, ...day, content: old }])).toEqual([]);
  });

  it.each([
    { field: 'timestamp', now: 15.24, was: 12.24, words: 'its times are microseconds, before milliseconds' },
    { field: 'timestamp', now: 9.24, was: 12.24, words: 'its times are seconds, before milliseconds' },
    { field: 'date', now: 18.24, was: 9.24, words: 'its times are nanoseconds, before seconds' },
  ])(
    'with times of another unit than on the day before is told with both: $words',
    ({ field, now, was, words }) => {
      const timed = (logarithm: number) => {
        const { eventValue } = sized(logarithm).content.fields;
        return { ...rowsOf(), content: { ...rowsOf().content, fields: { [field]: eventValue } } };
      };
      const [found] = unusual(timed(now), daysOf(timed(was)));
      expect(found?.words).toBe(`${field} (column "price"): ${words}`);
      expect(unusual(timed(now), daysOf(timed(now)))).toEqual([]);
    },
  );

  it('that the mapping reads from another column is told with that of before, while its values differ', () => {
    const plan = { ...text, column: 'plan' };
    const [found] = unusual(rowsOf(plan), daysOf(...six, rowsOf(plan)));
    expect(found).toMatchObject({
      words: expect.stringMatching(
        /^eventValue \(column "plan", before "price"\): 0 % of its values are numbers/,
      ),
      columnBefore: 'price',
    });
    expect(unusual(rowsOf({ column: 'cost' }), daysOf(...six))).toEqual([]);
  });

  /** A day whose field has another content. */
  const ofField = (name: string, field: Field) => {
    const day = rowsOf(field);
    return { ...day, content: { ...day.content, fields: { [name]: day.content.fields.eventValue } } };
  };

  it.each([
    {
      title: 'none negative, where each day had some',
      field: 'eventValue',
      now: { forms: {} },
      before: { forms: { 'negative numbers': 10 } },
      words: 'none are negative numbers, before at least 10 %',
    },
    {
      title: 'all whole, where ten others are to be expected',
      field: 'eventValue',
      now: { whole: 100 },
      before: { whole: 90 },
      words: 'all of 100 numbers are whole, before 90 % at most',
    },
    {
      title: 'one constant, where each day had ten',
      field: 'eventValue',
      now: { types: { DOUBLE: ['42.5'] }, different: 1 },
      before: { different: 10 },
      words: 'all of 100 values are the same, before 10 or more',
    },
    {
      title: 'one a thousand times the largest',
      field: 'eventValue',
      now: { size: { values: 100, logs: 103, largest: 5, text: '100000' } },
      before: { size: { values: 100, logs: 100, largest: 2, text: '100' } },
      words: 'its largest number is about 1,000 times as large as before',
    },
    {
      title: 'half as many different IDs among as many',
      field: 'unit ID',
      now: { different: 24 },
      before: { different: 50 },
      words: '24 different ones among 100 values that were looked at, before 50 or more',
    },
    {
      title: 'IDs without their leading zeros',
      field: 'unitIds.userID',
      now: { lengths: { 2: 10, 8: 90 } },
      before: { lengths: { 8: 100 } },
      words: '10 of 100 values that were looked at are shorter than 8 characters, which all before had',
    },
    {
      title: 'IDs that are cut to one length',
      field: 'unitIds.userID',
      now: { lengths: { 6: 100 } },
      before: { lengths: { 6: 10, 8: 49, 9: 41 } },
      words: 'all have 6 characters, before at most 49 %',
    },
  ])('with values $title is told by three days before', ({ field, now, before, words }) => {
    const day = ofField(field, before);
    const [found, ...others] = unusual(ofField(field, now), daysOf(day, day, day));
    expect(others).toEqual([]);
    expect(found?.words).toBe(`${field} (column "price"): ${words}`);
    expect(unusual(ofField(field, now), daysOf(day, day))).toEqual([]);
    expect(unusual(day, daysOf(day, day, day))).toEqual([]);
  });

  it('with a number that stands out is told with that number', () => {
    const outlier = ofField('eventValue', { size: { values: 100, logs: 103, largest: 5, text: '100000' } });
    const day = ofField('eventValue', { size: { values: 100, logs: 100, largest: 2, text: '100' } });
    const [found] = unusual(outlier, daysOf(day, day, day));
    expect(found?.values).toEqual(['100000', '1.5', '2.5']);
  });

  it.each([
    {
      title: 'nine negative ones are to be expected',
      field: 'eventValue',
      now: {},
      before: { forms: { 'negative numbers': 9 } },
    },
    { title: 'all but one are whole', field: 'eventValue', now: { whole: 99 }, before: { whole: 4 } },
    { title: 'nine are usually not whole', field: 'eventValue', now: { whole: 100 }, before: { whole: 91 } },
    {
      title: 'nine different values were usual',
      field: 'eventValue',
      now: { types: { DOUBLE: ['42.5'] } },
      before: { different: 9 },
    },
    {
      title: 'the largest is 900 times as large',
      field: 'eventValue',
      now: { size: { values: 100, logs: 103, largest: 4.95, text: '89125' } },
      before: { size: { values: 100, logs: 100, largest: 2, text: '100' } },
    },
    { title: 'fewer IDs were looked at', field: 'unit ID', now: { looked: 99, different: 24 }, before: {} },
    { title: 'half of the IDs differ', field: 'unit ID', now: { different: 25 }, before: {} },
    { title: 'values of no unit ID differ less', field: 'eventValue', now: { different: 24 }, before: {} },
    {
      title: 'nine IDs are shorter',
      field: 'unit ID',
      now: { lengths: { 7: 9, 8: 91 } },
      before: { lengths: { 8: 100 } },
    },
    {
      title: 'IDs grow longer',
      field: 'unit ID',
      now: { lengths: { 9: 20, 8: 80 } },
      before: { lengths: { 8: 100 } },
    },
    {
      title: 'half of the IDs had this length',
      field: 'unit ID',
      now: { lengths: { 6: 100 } },
      before: { lengths: { 6: 50, 7: 50 } },
    },
  ])('is not told if $title', ({ field, now, before }) => {
    const day = ofField(field, before);
    expect(unusual(ofField(field, now), daysOf(day, day, day))).toEqual([]);
  });

  it('is compared with no day of a version that kept less of it', () => {
    const day = ofField('unit ID', { lengths: { 8: 100 } });
    const old = daysOf(day, day, day).map((before) => {
      const fields = { 'unit ID': { types: ['DOUBLE'], none: 0, numbers: 100 } };
      return { ...before, content: dayContentSchema.parse({ ...before.content, fields }) };
    });
    const now = { whole: 100, different: 1, lengths: { 2: 100 }, types: { DOUBLE: ['1'] } };
    expect(unusual(ofField('unit ID', now), old)).toEqual([]);
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
    return rowsOf({ size: { values, logs: values * logarithm, largest: logarithm, text: '7' }, ...field });
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
    const days = daysOf(...six).map((day) => ({
      ...day,
      content: judgeContent(ofUnits(rowsOf()), [], [], ON),
    }));
    const [found] = judgeContent(ofUnits(rowsOf(text)), days, [], ON).unusual;
    expect(found).toMatchObject({ kind: 'values', field: name, words: expect.stringContaining('numbers') });
    expect(found).not.toHaveProperty('values');
  });

  const asText = rowsOf({ types: { VARCHAR: ['13.50', '9.50'] } });
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

  it('that stays unusual for weeks is compared with what was usual before', () => {
    const weeks = Array.from({ length: 20 }, () => rowsOf({ ...text, types: { DOUBLE: ['x'] } }));
    const [found] = unusual(rowsOf({ ...text, types: { DOUBLE: ['x'] } }), daysOf(...six, ...weeks));
    expect(found?.words).toBe('eventValue (column "price"): 0 % of its values are numbers, before 100 %');
    expect(unusual(rowsOf(), daysOf(...six, ...weeks))).toEqual([]);
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
    const wide = rowsOf({ types: { BIGINT: ['1', '2'] } });
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
    // Days to come are no days before.
    const ahead = Array.from({ length: 7 }, () => rowsOf({}, { '2027-11-20': 60 }));
    expect(unusual(other, daysOf(...ahead)).map(({ kind }) => kind)).toEqual(['days']);
  });

  it('are usual of a dataset that comes each week, and once a person accepted them', () => {
    const weekly = daysOf(other, other, other).map((day, i) => ({ ...day, day: addDays(DAY, -7 * (i + 1)) }));
    expect(unusual(other, weekly)).toEqual([]);
    expect(unusual(other, weekly.slice(0, 2))).toHaveLength(1);
    expect(unusual(other, daysOf(...six, { ...other, accepted: true }))).toEqual([]);
  });
});

describe('rows of the day before', () => {
  const before = rowsOf({}, { '2026-11-19': 51 });
  const words = '51 of 100 rows of other days: 2026-11-19 (51)';

  it('are told if they are more than half, where that is so on none of three days before', () => {
    const some = rowsOf({}, { '2026-11-19': 6 });
    expect(unusual(before, daysOf(...six, some))).toEqual([{ kind: 'days', words }]);
    expect(unusual(rowsOf({}, { '2026-11-19': 50 }), daysOf(...six, some))).toEqual([]);
    expect(unusual(rowsOf({}, { '2026-11-21': 51 }), daysOf(...six, some))).toHaveLength(1);
    expect(unusual(before, daysOf(...six, rowsOf({}, { '2026-11-19': 50 })))).toHaveLength(1);
  });

  it('are told, with those of the day after, if they are more than a quarter, where each day had less than 5 of 100', () => {
    const moved = rowsOf({}, { '2026-11-19': 20, '2026-11-21': 6 });
    const kinds = (rows: Mapped, ...days: readonly Mapped[]) =>
      judgeContent(rows, daysOf(...days), [], { day: DAY, today: '2026-11-21' }).unusual.map(
        ({ kind }) => kind,
      );
    expect(kinds(moved, ...six)).toEqual(['days']);
    expect(kinds(moved, ...six, rowsOf({}, { '2026-11-19': 4 }))).toEqual(['days']);
    expect(kinds(moved, ...six, rowsOf({}, { '2026-11-19': 5 }))).toEqual([]);
    expect(kinds(rowsOf({}, { '2026-11-19': 19, '2026-11-21': 6 }), ...six)).toEqual([]);
    // Less than ten rows may be chance, and the folder of today is not full yet.
    expect(kinds(rowsOf({}, { '2026-11-19': 10 }, 30), ...six)).toEqual(['days']);
    expect(kinds(rowsOf({}, { '2026-11-19': 9 }, 30), ...six)).toEqual([]);
    expect(unusual(moved, daysOf(...six))).toEqual([]);
  });

  it.each([
    { what: 'where one of the days before had them, too', days: [...six.slice(1), before] },
    { what: 'while two days are known', days: six.slice(4) },
  ])('are not told $what', ({ days }) => {
    expect(unusual(before, daysOf(...days))).toEqual([]);
  });

  it('are not told by days whose entry does not say it', () => {
    const old = daysOf(...six).map(({ content, ...day }) => {
      const { neighbourDays: _, ...counted } = content ?? judgeContent(before, [], [], ON);
      return { ...day, content: dayContentSchema.parse(counted) };
    });
    expect(unusual(before, old)).toEqual([]);
  });
});

describe('rows of days that were still to come', () => {
  const ahead = rowsOf({}, { '2027-11-20': 10, '2026-11-01': 9 });

  it('are told from ten rows on, and from two days after the load on', () => {
    expect(unusual(ahead, daysOf(...six))).toEqual([
      { kind: 'toCome', words: '10 of 100 rows of days to come: 2027-11-20 (10)' },
    ]);
    expect(unusual(rowsOf({}, { '2027-11-20': 9 }), daysOf(...six))).toEqual([]);
    // Of a large day a hundredth.
    expect(unusual(rowsOf({}, { '2027-11-20': 19 }, 2_000), daysOf(...six))).toEqual([]);
    expect(unusual(rowsOf({}, { '2027-11-20': 20 }, 2_000), daysOf(...six))).toHaveLength(1);
    expect(unusual(rowsOf({}, { '2026-11-21': 10 }), daysOf(...six))).toEqual([]);
    expect(unusual(rowsOf({}, { '2026-11-22': 10 }), daysOf(...six))).toHaveLength(1);
  });

  it('are told beside most rows that are of other days, and hide nothing of these', () => {
    const days = { '2024-01-01': 60, '2027-11-20': 10 };
    const told = [
      ['toCome', '10 of 100 rows of days to come: 2027-11-20 (10)'],
      ['days', '60 of 100 rows of other days: 2024-01-01 (60)'],
    ];
    expect(unusual(rowsOf({}, days), daysOf(...six)).map(({ kind, words }) => [kind, words])).toEqual(told);
    const accepted = { ...ahead, accepted: true } as const;
    expect(unusual(rowsOf({}, days), daysOf(...six, accepted)).map(({ kind }) => kind)).toEqual(['days']);
  });

  it('are usual once each of the last seven loaded days had some, or a person accepted them', () => {
    expect(unusual(ahead, daysOf(...six.map(() => ahead)))).toHaveLength(1);
    expect(unusual(ahead, daysOf(...six.map(() => ahead), ahead))).toEqual([]);
    expect(unusual(ahead, daysOf(...six, { ...ahead, accepted: true }))).toEqual([]);
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
    expect(unusual(doubled, daysOf(...six, rowsOf()))).toHaveLength(1);
    expect(unusual(doubled, daysOf(...six, { ...doubled, accepted: true }))).toEqual([]);
  });

  it('are compared with no day whose entry is of a version that did not count them', () => {
    const [newest, ...older] = daysOf(...six, doubled);
    const old = older.map(({ content: known, ...day }) => {
      const { repeats: _, names: __, ...counted } = known ?? judgeContent(doubled, [], [], ON);
      return { ...day, content: dayContentSchema.parse(counted) };
    });
    expect(unusual(doubled, old)).toHaveLength(1);
    expect(unusual(doubled, [newest ?? old].flat().concat(old))).toEqual([]);
  });
});

describe('a name', () => {
  const named = (column: string, ...names: readonly string[]) => {
    const { content, ...other } = rowsOf();
    const found = names.map((name) => [name, { rows: 60, zeros: 0, file: `2/${name}.parquet` }]);
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
        usualNames: { [was]: { rows: 60, zeros: 0 } },
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

  it('of a column of twenty is told', () => {
    const others = Array.from({ length: 19 }, (_, i) => `${i}`);
    const now = named('event_name', 'BUY', ...others);
    expect(unusual(now, daysOf(named('event_name', 'buy', ...others)))).toHaveLength(1);
  });

  it('is told on the next days, too, until a person accepts a day', () => {
    const days = [named('id_type', 'userID'), named('id_type', 'userid')];
    expect(unusual(named('id_type', 'userid'), daysOf(...days))).toHaveLength(1);
  });

  it('that is spelled otherwise for weeks stays so beside new names, until a person accepts a day', () => {
    const odd = named('event_name', 'Buy');
    const weeks = Array.from({ length: 20 }, () => odd);
    const days = [named('event_name', 'buy'), ...weeks, named('event_name', 'Buy', 'refund')];
    const told = unusual(odd, daysOf(...days));
    expect(told.map(({ kind, words }) => [kind, words])).toEqual([
      ['names', '60 of 100 rows with event_name "Buy", where days before have "buy": 2/Buy.parquet'],
    ]);
    expect(unusual(named('event_name', 'refund'), daysOf(...days))).toEqual([]);
    expect(unusual(odd, daysOf(...days, { ...odd, accepted: true }))).toEqual([]);
  });

  /** A column of metrics in 100 rows, with the rows of each and how many of them are 0. */
  const metrics = (found: Readonly<Record<string, readonly [rows: number, zeros: number]>>) => {
    const { content, ...other } = rowsOf();
    const rows = Object.entries(found).map(
      ([name, [rows, zeros]]) => [name, { rows, zeros, file: 'a' }] as const,
    );
    return { ...other, content: { ...content, names: { metric_name: Object.fromEntries(rows) } } };
  };
  it('that less than a twentieth of the usual rows have is told as if it was missing', () => {
    const usual = metrics({ visits: [60, 0], revenue: [40, 0] });
    expect(kindsOf(metrics({ visits: [99, 0], revenue: [1, 0] }), daysOf(usual, usual, usual))).toEqual([
      [
        'missing',
        '1 row with metric_name "revenue", which each of 3 loaded days before had in 40 % of rows or more',
      ],
    ]);
    expect(kindsOf(metrics({ visits: [98, 0], revenue: [2, 0] }), daysOf(usual, usual, usual))).toEqual([]);
  });

  it('that is missing is told with those that most rows have in its place', () => {
    const usual = metrics({ visits: [60, 0], revenue: [40, 0] });
    const before = daysOf(usual, usual, usual);
    const told = kindsOf(metrics({ visits: [49, 0], buys: [51, 0] }), before);
    expect(told).toEqual([
      [
        'missing',
        'no row with metric_name "revenue", which each of 3 loaded days before had in 40 % of rows or more; 51 of 100 rows with metric_name that no day before had: "buys"',
      ],
    ]);
    const [[, half] = []] = kindsOf(metrics({ visits: [50, 0], buys: [50, 0] }), before);
    expect(half).not.toContain('buys');
  });

  it('is told as one of more than are compared, where three days had half as many, until a person accepts it', () => {
    const of = (count: number) => named('event_name', ...Array.from({ length: count }, (_, i) => `${i}`));
    const before = [of(3), of(10), of(9)];
    const told = [['many', 'more than 20 names in event_name, where days before have 10 at most']];
    expect(kindsOf(of(21), daysOf(...before))).toEqual(told);
    expect(kindsOf(of(21), daysOf(...before, ...Array.from({ length: 20 }, () => of(21))))).toEqual([
      ['many', 'more than 20 names in event_name, where days before have 9 at most'],
    ]);
    expect(kindsOf(of(21), daysOf(...before, { ...of(21), accepted: true }))).toEqual([]);
    expect(kindsOf(of(21), daysOf(of(3), of(9)))).toEqual([]);
    expect(kindsOf(of(21), daysOf(of(3), of(11), of(9)))).toEqual([]);
  });

  const both = metrics({ visits: [50, 0], revenue: [50, 40] });
  const kindsOf = (now: Mapped, before: readonly DayBefore[]) =>
    unusual(now, before).map(({ kind, words }) => [kind, words]);

  it('that each of three days had, and of which so many rows surely have some, is told once if it is missing', () => {
    const now = metrics({ visits: [100, 0] });
    expect(kindsOf(now, daysOf(both, both, both))).toEqual([
      [
        'missing',
        'no row with metric_name "revenue", which each of 3 loaded days before had in 50 % of rows or more',
      ],
    ]);
    expect(kindsOf(now, daysOf(both, both, both, now))).toEqual([]);
    expect(kindsOf(now, daysOf(both, both))).toEqual([]);
    expect(kindsOf(now, daysOf(both, now, both, both))).toEqual([]);
    const few = (rows: number) => metrics({ visits: [100 - rows, 0], revenue: [rows, 0] });
    expect(kindsOf(now, daysOf(both, few(9), both))).toEqual([]);
    expect(kindsOf(now, daysOf(both, few(10), both))).toHaveLength(1);
  });

  it('whose values are all 0 is told until a person accepts it, where ten others are to be expected of so many rows', () => {
    const zero = metrics({ visits: [50, 0], revenue: [50, 50] });
    const told = [
      ['zeros', 'the value 0 in 50 rows with metric_name "revenue", where days before have others: a'],
    ];
    expect(kindsOf(zero, daysOf(both))).toEqual(told);
    expect(kindsOf(zero, daysOf(both, ...Array.from({ length: 20 }, () => zero)))).toEqual(told);
    expect(kindsOf(zero, daysOf(both, { ...zero, accepted: true }))).toEqual([]);
    const field = { ...price({ forms: { zero: 50 } }), column: 'v' };
    const typed = (day: typeof zero, type: string) => {
      const fields = { metricValue: { ...field, types: { [type]: ['0', '1'] } } };
      return { ...day, content: { ...day.content, fields } };
    };
    const [type, zeros] = kindsOf(typed(zero, 'BIGINT'), daysOf(typed(both, 'DOUBLE')));
    expect(type).toEqual(['values', 'metricValue (column "v"): type BIGINT, before DOUBLE']);
    expect(zeros).toEqual(told[0]);
    expect(kindsOf(zero, daysOf(metrics({ visits: [50, 0], revenue: [50, 41] })))).toEqual([]);
    expect(kindsOf(metrics({ visits: [50, 0], revenue: [50, 49] }), daysOf(both))).toEqual([]);
    expect(kindsOf(zero, daysOf(metrics({ visits: [50, 0] })))).toEqual([]);
  });

  it('whose values are all 0 is not told beside the field', () => {
    const field = { ...price({ forms: { zero: 100 } }), column: 'value' };
    const zero = metrics({ revenue: [100, 100] });
    const inField = (now: typeof both, value: typeof field) => {
      return { ...now, content: { ...now.content, fields: { metricValue: value } } };
    };
    const before = daysOf(inField(metrics({ revenue: [100, 0] }), price()));
    expect(kindsOf(inField(zero, field), before).map(([kind]) => kind)).toEqual(['values']);
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
    expect(copiesOf(many.slice(2, 4), [file('1/a', { size: 3 })], false)).toEqual([]);
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
    expect(judgeContent(rowsOf(), [], copied, ON)).toMatchObject({
      copies: 1,
      unusual: [{ kind: 'copies', words: 'files are those of other days: 2/a is 1/a' }],
    });
    const before = Array.from({ length: 7 }, (_, i) => ({
      day: addDays(DAY, -1 - i),
      rows: rowsOf().rows,
      content: judgeContent(rowsOf(), [], copied, ON),
    }));
    expect(judgeContent(rowsOf(), before, copied, ON).unusual).toEqual([]);
    expect(judgeContent(rowsOf(), daysOf(...six, rowsOf()), copied, ON).unusual).toHaveLength(1);
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

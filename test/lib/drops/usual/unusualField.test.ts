import { describe, expect, it } from '@jest/globals';
import { dayContentSchema } from '../../../../lib/ledger/DayContent.ts';
import { dayContent } from '../../../harness/ledgerEntry.ts';
import {
  accepted,
  type Day,
  daysOf,
  type Field,
  holding,
  price,
  rowsOf,
  six,
  times,
  told,
  unusual,
  wordsOf,
} from './mappedContent.ts';

const text = { numbers: 0, types: { VARCHAR: ['EUR 13,50', 'EUR 9,00', 'EUR 1,00'] } };
const PRICE = 'eventValue (column "price"): ';
/** What is told of a price, which is one thing. */
const ofPrice = (now: Field, ...before: readonly Field[]) => {
  const words = wordsOf(rowsOf(now), ...before.map((field) => rowsOf(field)));
  return words.map((each) => each.replace(PRICE, ''));
};
/** What an earlier version kept of a field. */
const KEPT = { types: ['DOUBLE'], none: 0, numbers: 100 };

describe('a field', () => {
  it('whose numbers became texts is told with its types, its shares and some values', () => {
    const counts = { none: 0, numbers: 100, whole: 0, looked: 100, different: 50 };
    expect(told(rowsOf(text), ...six)).toEqual([
      {
        kind: 'values',
        field: 'eventValue',
        words: `${PRICE}type VARCHAR, before DOUBLE; 0 % of its values are numbers, before 100 %`,
        values: ['EUR 13,50', 'EUR 9,00', 'EUR 1,00'],
        usual: { rows: 100, ...counts, forms: {}, types: ['DOUBLE'], column: 'price' },
      },
    ]);
  });

  it.each<{ readonly title: string; readonly now: Field; readonly before?: Field[]; readonly words: string }>(
    [
      {
        title: 'that end in .0, where none did',
        now: { forms: { 'whole numbers that end in .0': 51 } },
        words: '51 of 100 values are whole numbers that end in .0, before 0 %',
      },
      {
        title: 'that are times as text, where they were numbers',
        now: { numbers: 0, forms: { 'times as text': 100 } },
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
        now: {},
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
    ],
  )('with values $title is told with how many', ({ now, before = [{}], words }) => {
    expect(ofPrice(now, ...before)).toEqual([words]);
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
    expect(told(day(now), day(before))).toEqual([]);
  });

  describe('with texts that were decoded wrongly', () => {
    const FORM = 'texts in UTF-8 that were read as Latin-1';
    const wrong = (count: number) => rowsOf({ numbers: 0, forms: { [FORM]: count } }, {}, 200);

    it('is told from a twentieth and ten values on, where three days had less than a hundredth', () => {
      const all = [
        'eventValue (column "price"): 11 of 200 values are texts in UTF-8 that were read as Latin-1, before 0 %',
      ];
      expect(wordsOf(wrong(11), ...times(3, wrong(0)))).toEqual(all);
      expect(wordsOf(wrong(10), ...times(3, wrong(0)))).toEqual([]);
      expect(wordsOf(wrong(11), ...times(2, wrong(0)))).toEqual([]);
      expect(wordsOf(wrong(11), ...times(3, wrong(2)))).toEqual([]);
      const few = (count: number) => rowsOf({ numbers: 0, forms: { [FORM]: count } }, {}, 100);
      expect(wordsOf(few(9), ...times(3, few(0)))).toEqual([]);
      expect(wordsOf(few(10), ...times(3, few(0)))).toHaveLength(1);
    });

    it('is not told once they are gone', () => {
      expect(wordsOf(wrong(0), ...times(7, wrong(200)))).toEqual([]);
    });
  });

  it('of fewer than ten values is not told for their form, nor by a day of a version that did not count it', () => {
    const capitals = rowsOf({ forms: { 'in capital letters': 100 } });
    const few = { none: 91, numbers: 0 };
    expect(ofPrice({ ...few, forms: { 'in capital letters': 9 } }, few)).toEqual([]);
    const ten = { none: 90, numbers: 0 };
    expect(ofPrice({ ...ten, forms: { 'in capital letters': 10 } }, ten)).toHaveLength(1);
    expect(told(capitals, rowsOf({ none: 91, numbers: 9 }))).toEqual([]);
    const content = dayContentSchema.parse(dayContent({ fields: { eventValue: KEPT } }));
    expect(unusual(capitals, [{ day: '2026-11-19', rows: rowsOf().rows, content }])).toEqual([]);
  });

  /** A day whose field has another content. */
  const ofField = (name: string, field: Field) => holding({ fields: { [name]: price(field) } });
  /** Numbers of such a size, a power of ten. */
  const size = (power: number, values = 50) => ({
    size: { values, logs: values * power, largest: power, text: '7' },
  });

  it.each([
    { field: 'timestamp', now: 15.24, was: 12.24, words: 'its times are microseconds, before milliseconds' },
    { field: 'timestamp', now: 9.24, was: 12.24, words: 'its times are seconds, before milliseconds' },
    { field: 'date', now: 18.24, was: 9.24, words: 'its times are nanoseconds, before seconds' },
    // Of the years 1987 and 2125.
    { field: 'date', now: 8.73, was: 12.69, words: 'its times are seconds, before milliseconds' },
  ])(
    'with times of another unit than on the day before is told with both: $words',
    ({ field, now, was, words }) => {
      const [after, before] = [now, was].map((power) => ofField(field, size(power)));
      expect(after && before && wordsOf(after, before)).toEqual([`${field} (column "price"): ${words}`]);
      expect(after && told(after, after)).toEqual([]);
    },
  );

  it.each([8.65, 9.75])(
    'with numbers that are no times of today is told of no unit: 10 to the power of %d',
    (power) => {
      expect(told(ofField('timestamp', size(power)), ofField('timestamp', size(12.24)))).toEqual([]);
    },
  );

  it('with IDs that are all the same is told of that alone', () => {
    const guest = {
      types: { VARCHAR: ['guest'] },
      numbers: 0,
      different: 1,
      most: { text: 'guest', values: 100 },
    };
    const usual = ofField('unit ID', {
      types: { VARCHAR: ['u1', 'u2'] },
      numbers: 0,
      most: { text: 'u1', values: 2 },
    });
    expect(wordsOf(ofField('unit ID', guest), usual, usual, usual)).toEqual([
      'unit ID (column "price"): all of 100 values are the same, before 50 or more',
    ]);
  });

  it('that the mapping reads from another column is told with that of before, while its values differ', () => {
    const plan = { ...text, column: 'plan' };
    expect(told(rowsOf(plan), ...six, rowsOf(plan))).toMatchObject([
      {
        words: expect.stringMatching(
          /^eventValue \(column "plan", before "price"\): 0 % of its values are numbers/,
        ),
        columnBefore: 'price',
      },
    ]);
    expect(told(rowsOf({ column: 'cost' }), ...six)).toEqual([]);
    const absent = times(3, rowsOf({ column: '' }));
    expect(wordsOf(rowsOf(text), ...absent)).toEqual([
      expect.stringMatching(/^eventValue \(column "price"\): /),
    ]);
  });

  const HUNDREDS = { size: { values: 100, logs: 100, largest: 2, text: '100' } };

  it.each<{
    readonly title: string;
    readonly field?: string;
    readonly now: Field;
    readonly before: Field;
    readonly words: string;
  }>([
    {
      title: 'none negative, where each day had some',
      now: {},
      before: { forms: { 'negative numbers': 10 } },
      words: 'none are negative numbers, before at least 10 %',
    },
    {
      title: 'all whole, where ten others are to be expected',
      now: { whole: 100 },
      before: { whole: 90 },
      words: 'all of 100 numbers are whole, before 90 % at most',
    },
    {
      title: 'one constant, where each day had ten',
      now: { types: { DOUBLE: ['42.5'] }, different: 1 },
      before: { different: 10 },
      words: 'all of 100 values are the same, before 10 or more',
    },
    {
      title: 'one a thousand times the largest',
      now: { size: { values: 100, logs: 103, largest: 5, text: '100000' } },
      before: HUNDREDS,
      words: 'its largest number is about 1,000 times as large as before',
    },
    {
      title: 'half as many different IDs among as many',
      field: 'unit ID',
      now: { different: 24 },
      before: {},
      words: '24 different ones among 100 values that were looked at, before 50 or more',
    },
    {
      title: 'a word for nobody in more than a quarter of IDs',
      field: 'unit ID',
      now: { most: { text: 'Guest', values: 26 } },
      before: { most: { text: 'u1', values: 4 } },
      words: '26 of 100 values that were looked at are "Guest", before at most 4 % were one',
    },
    {
      title: 'a word for nobody in place of long IDs',
      field: 'unit ID',
      now: { most: { text: 'guest', values: 40 } },
      before: { most: { values: 1 } },
      words: '40 of 100 values that were looked at are "guest", before at most 1 % were one',
    },
    {
      title: 'one ID, which may be a person, in most of few that differ',
      field: 'unitIds.userID',
      now: { most: { text: 'ada', values: 77 }, different: 24 },
      before: { most: { text: 'u1', values: 4 } },
      words: '77 of 100 values that were looked at are one and the same, before at most 4 % were one',
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
  ])('with values $title is told by three days before', ({ field = 'eventValue', now, before, words }) => {
    const day = ofField(field, before);
    expect(wordsOf(ofField(field, now), day, day, day)).toEqual([`${field} (column "price"): ${words}`]);
    expect(told(ofField(field, now), day, day)).toEqual([]);
    expect(told(day, day, day, day)).toEqual([]);
  });

  it('with a number that stands out is told with that number', () => {
    const outlier = rowsOf({ size: { values: 100, logs: 103, largest: 5, text: '100000' } });
    const [found] = told(outlier, ...times(3, rowsOf(HUNDREDS)));
    expect(found?.values).toEqual(['100000', '1.5', '2.5']);
  });

  it.each<{ readonly title: string; readonly field?: string; readonly now: Field; readonly before: Field }>([
    {
      title: 'nine negative ones are to be expected',
      now: {},
      before: { forms: { 'negative numbers': 9 } },
    },
    { title: 'all but one are whole', now: { whole: 99 }, before: { whole: 4 } },
    { title: 'nine are usually not whole', now: { whole: 100 }, before: { whole: 91 } },
    {
      title: 'nine different values were usual',
      now: { types: { DOUBLE: ['42.5'] } },
      before: { different: 9 },
    },
    {
      title: 'the largest is 900 times as large',
      now: { size: { values: 100, logs: 103, largest: 4.95, text: '89125' } },
      before: HUNDREDS,
    },
    { title: 'fewer IDs were looked at', field: 'unit ID', now: { looked: 99, different: 24 }, before: {} },
    {
      title: 'a quarter of the IDs are one',
      field: 'unit ID',
      now: { most: { text: 'guest', values: 25 } },
      before: { most: { text: 'u1', values: 1 } },
    },
    {
      title: 'a twentieth of the IDs was one before',
      field: 'unit ID',
      now: { most: { text: 'guest', values: 60 } },
      before: { most: { text: 'u1', values: 5 } },
    },
    {
      title: 'most IDs have one long beginning',
      field: 'unit ID',
      now: { most: { values: 60 } },
      before: { most: { text: 'u1', values: 1 } },
    },
    {
      title: 'values of no unit ID are one',
      now: { most: { text: 'EUR', values: 60 } },
      before: { most: { text: 'EUR', values: 4 } },
    },
    {
      title: 'nine of few IDs are one',
      field: 'unit ID',
      now: { looked: 20, different: 12, most: { text: 'guest', values: 9 } },
      before: { most: { text: 'u1', values: 1 } },
    },
    {
      title: 'nine different IDs were usual',
      field: 'unit ID',
      now: { different: 4 },
      before: { different: 9 },
    },
    {
      title: 'a twentieth of the IDs is shorter',
      field: 'unit ID',
      now: { looked: 200, lengths: { 7: 10, 8: 190 } },
      before: { lengths: { 8: 100 } },
    },
    {
      title: 'nine IDs were looked at, and all have one length',
      field: 'unit ID',
      now: { looked: 9, lengths: { 6: 9 } },
      before: { lengths: { 6: 10, 8: 49, 9: 41 } },
    },
    { title: 'the IDs are larger numbers', field: 'unit ID', now: size(3), before: size(1) },
    { title: 'half of the IDs differ', field: 'unit ID', now: { different: 25 }, before: {} },
    { title: 'values of no unit ID differ less', now: { different: 24 }, before: {} },
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
  ])('is not told if $title', ({ field = 'eventValue', now, before }) => {
    expect(told(ofField(field, now), ...times(3, ofField(field, before)))).toEqual([]);
  });

  it.each<{
    readonly title: string;
    readonly field?: string;
    readonly now?: Field;
    readonly before: readonly Field[];
    readonly words: readonly string[];
  }>([
    {
      title: 'the least share of a form',
      before: [30, 10, 20].map((count) => ({ forms: { 'negative numbers': count } })),
      words: ['none are negative numbers, before at least 10 %'],
    },
    {
      title: 'the most whole numbers',
      now: { whole: 100 },
      before: [{ whole: 50 }, { whole: 90 }, { whole: 10 }],
      words: ['all of 100 numbers are whole, before 90 % at most'],
    },
    {
      title: 'the fewest different values',
      now: { types: { DOUBLE: ['42.5'] } },
      before: [{ different: 30 }, { different: 10 }, { different: 20 }],
      words: ['all of 100 values are the same, before 10 or more'],
    },
    {
      title: 'the largest number',
      now: { size: { values: 100, logs: 103, largest: 4.5, text: '31623' } },
      before: [1, 2, 1].map((largest) => ({ size: { values: 100, logs: 100, largest, text: '7' } })),
      words: [],
    },
    {
      title: 'the fewest different IDs',
      field: 'unit ID',
      now: { different: 24 },
      before: [{ different: 70 }, { different: 48 }, { different: 60 }],
      words: [],
    },
    {
      title: 'the ID that most had',
      field: 'unit ID',
      now: { most: { text: 'guest', values: 40 } },
      before: [1, 5, 1].map((values) => ({ most: { text: 'u1', values } })),
      words: [],
    },
    {
      title: 'a day with IDs of another length',
      field: 'unit ID',
      now: { lengths: { 7: 20, 8: 80 } },
      before: [{ lengths: { 8: 100 } }, { lengths: { 7: 100 } }, { lengths: { 8: 100 } }],
      words: [],
    },
    {
      title: 'a day on which half of the IDs had the length',
      field: 'unit ID',
      now: { lengths: { 6: 100 } },
      before: [{ lengths: { 6: 40, 7: 30, 8: 30 } }, { lengths: { 6: 50, 7: 50 } }, { lengths: { 6: 100 } }],
      words: [],
    },
  ])('is judged by $title of the days before', ({ field = 'eventValue', now = {}, before, words }) => {
    const days = before.map((each) => ofField(field, each));
    expect(wordsOf(ofField(field, now), ...days)).toEqual(
      words.map((each) => `${field} (column "price"): ${each}`),
    );
  });

  describe('of which sixty of a hundred rows have no value', () => {
    const ofForty = (more: Field = {}) => ({ none: 60, numbers: 40, ...more });
    const FORM = 'whole numbers that end in .0';
    const negative = (count: number) => ofForty({ forms: { 'negative numbers': count } });
    const whole = (count: number, numbers = 40) => ofForty({ whole: count, numbers });
    const three = (day: Field) => [day, day, day];

    it.each<{
      readonly what: string;
      readonly now: Field;
      readonly before: Field[];
      readonly words: string[];
    }>([
      {
        what: 'more than half of the values have a new form',
        now: ofForty({ forms: { [FORM]: 21 } }),
        before: [ofForty()],
        words: [`21 of 40 values are ${FORM}, before 0 %`],
      },
      {
        what: 'a twentieth of the values had the form before',
        now: ofForty({ forms: { [FORM]: 40 } }),
        before: [ofForty({ forms: { [FORM]: 2 } })],
        words: [],
      },
      {
        what: 'ten values of a form are to be expected',
        now: ofForty(),
        before: three(negative(10)),
        words: ['none are negative numbers, before at least 25 %'],
      },
      {
        what: 'nine values of a form are to be expected',
        now: ofForty(),
        before: three(negative(9)),
        words: [],
      },
      {
        what: 'all numbers are whole',
        now: whole(38, 38),
        before: three(whole(4)),
        words: ['all of 38 numbers are whole, before 10 % at most'],
      },
      { what: 'all numbers are whole among texts', now: whole(37, 37), before: three(whole(4)), words: [] },
      {
        what: 'all values are the same',
        now: ofForty({ types: { DOUBLE: ['42.5'] } }),
        before: three(ofForty()),
        words: ['all of 40 values are the same, before 50 or more'],
      },
    ])('is judged by its values: $what', ({ now, before, words }) => {
      expect(ofPrice(now, ...before)).toEqual(words);
    });
  });

  it('is compared with no day of a version that kept less of it', () => {
    const old = daysOf(...times(3, ofField('unit ID', {}))).map((before) => {
      const content = { ...before.content, fields: { 'unit ID': KEPT } };
      return { ...before, content: dayContentSchema.parse(content) };
    });
    const now = { whole: 100, different: 1, lengths: { 2: 100 }, types: { DOUBLE: ['1'] } };
    expect(unusual(ofField('unit ID', now), old)).toEqual([]);
  });

  it('of which some numbers became texts is told with how many, with separators in large numbers', () => {
    const large = (field?: Field) => rowsOf({ numbers: 20_000, ...field }, {}, 20_000);
    expect(wordsOf(large({ numbers: 7_655, types: { VARCHAR: ['12 EUR'] } }), large())).toEqual([
      `${PRICE}type VARCHAR, before DOUBLE; 12,345 of 20,000 values are no numbers`,
    ]);
  });

  const sized = (...of: Parameters<typeof size>) => rowsOf(size(...of));
  const tens = [sized(1), sized(1.02), sized(1)];

  it.each([
    { powers: 2, words: '100 times as large as before' },
    { powers: 0.8, words: '6.3 times as large as before' },
    { powers: -0.8, words: '1/6.3 of those before' },
    { powers: -1, words: '1/10 of those before' },
  ])(
    'whose numbers are larger or smaller by $powers powers of ten than on three days before is told',
    ({ powers, words }) => {
      expect(ofPrice(size(1 + powers), size(1), size(1), size(1))).toEqual([
        `its numbers are about ${words}`,
      ]);
    },
  );

  it('whose amounts are cents is told with their size alone, which explains that all are whole', () => {
    const euros = { ...size(1), whole: 10 };
    const found = ofPrice({ ...size(3), whole: 100 }, euros, euros, euros);
    expect(found).toEqual(['its numbers are about 100 times as large as before']);
  });

  it('with another size and another type is told with the size first', () => {
    const cents = { ...size(3), types: { BIGINT: ['100', '200'] } };
    expect(ofPrice(cents, size(1), size(1), size(1))).toEqual([
      'its numbers are about 100 times as large as before; type BIGINT, before DOUBLE',
    ]);
  });

  const among = (power: number) => rowsOf({ ...size(power), numbers: 94 });
  it.each<{ readonly what: string; readonly now: Day; readonly before?: readonly Day[] }>([
    { what: 'are a little larger than on one of the days', now: sized(1.81) },
    { what: 'are a little smaller', now: sized(0.21), before: times(3, sized(1)) },
    { what: 'are nine', now: sized(3, 9) },
    { what: 'stand among texts', now: among(3) },
    { what: 'are known of two days', now: sized(3), before: times(2, sized(1)) },
    { what: 'stood among texts before', now: sized(3), before: times(3, among(1)) },
    {
      what: 'a person accepted on a day before',
      now: sized(3),
      before: [sized(1), sized(1), accepted(sized(3))],
    },
  ])('whose numbers $what is not told', ({ now, before = tens }) => {
    expect(told(now, ...before)).toEqual([]);
  });

  it('is told with three values at most', () => {
    const types = { VARCHAR: ['a', 'b'], DECIMAL: ['c', 'd'] };
    expect(told(rowsOf({ numbers: 0, types }), ...six)[0]?.values).toEqual(['a', 'b', 'c']);
  });

  it.each(['unitIds.userID', 'unit ID'])('with IDs of units is told without values: %s', (name) => {
    const [found] = told(ofField(name, text), ...times(6, ofField(name, {})));
    expect(found).toMatchObject({ kind: 'values', field: name, words: expect.stringContaining('numbers') });
    expect(found).not.toHaveProperty('values');
  });

  const asText = { types: { VARCHAR: ['13.50', '9.50'] } };
  const days = times(6, rowsOf(asText));

  it('of texts is told if fewer than 5 % of them are numbers, where more than 95 % were', () => {
    expect(told(rowsOf(asText), ...days)).toEqual([]);
    expect(told(rowsOf({ ...text, numbers: 5 }), ...days)).toEqual([]);
    expect(told(rowsOf({ ...text, numbers: 4 }), ...days)).toHaveLength(1);
    // Of a day before, 94 of 100 are too few.
    expect(ofPrice({ ...text, types: { DOUBLE: [] } }, { numbers: 94 })).toEqual([]);
  });

  it('that stays unusual is told on the next days, too, until a person accepts a day', () => {
    expect(told(rowsOf(text), ...days, rowsOf(text))).toHaveLength(1);
    expect(told(rowsOf(text), ...days, accepted(rowsOf(text)))).toEqual([]);
  });

  it('is compared with its own values of a day that was told of another field', () => {
    const plan = price({ numbers: 0, types: { VARCHAR: ['free', 'pro'] } });
    const day = (field?: Field) => holding({ fields: { eventValue: price(field), 'metadata.plan': plan } });
    expect(told(day(text), day(), ...times(7, day(text))).map(({ field }) => field)).toEqual(['eventValue']);
  });

  it('that stays unusual for weeks is compared with what was usual before', () => {
    const odd = rowsOf({ ...text, types: { DOUBLE: ['x'] } });
    expect(wordsOf(odd, ...six, ...times(20, odd))).toEqual([
      `${PRICE}0 % of its values are numbers, before 100 %`,
    ]);
    expect(told(rowsOf(), ...six, ...times(20, odd))).toEqual([]);
  });

  it('is told if its nulls jump from below 5 % to above 50 %', () => {
    const before = [...six, rowsOf({ none: 4, numbers: 96 })];
    expect(told(rowsOf({ none: 50, numbers: 50 }), ...before)).toEqual([]);
    expect(wordsOf(rowsOf({ none: 51, numbers: 49 }), ...before)).toEqual([
      `${PRICE}no value in 51 % of rows, before in 4 %`,
    ]);
    expect(ofPrice({ none: 60 }, { none: 5 })).toEqual([]);
    // Its column is in no file any more.
    const absent = rowsOf({ column: '', none: 100, numbers: 0, types: {} });
    expect(wordsOf(absent, ...before)).toEqual(['eventValue: no value in 100 % of rows, before in 4 %']);
  });

  it('of fewer than ten rows is told for a new type, and for no share', () => {
    expect(told(rowsOf({ none: 9, numbers: 0 }, {}, 9), ...six)).toEqual([]);
    expect(told(rowsOf({ numbers: 0 }, {}, 9), ...six)).toEqual([]);
    const ten = rowsOf({ numbers: 10 }, {}, 10);
    expect(told(rowsOf({ none: 10, numbers: 0 }, {}, 10), ten)).toHaveLength(1);
    expect(told(rowsOf({ numbers: 0 }, {}, 10), ten)).toHaveLength(1);
    const small = rowsOf({ numbers: 9 }, {}, 9);
    expect(told(rowsOf({ none: 100, numbers: 0, types: {} }), small)).toEqual([]);
    expect(told(rowsOf({ numbers: 3, types: { DECIMAL: ['1'] } }, {}, 3), small)).toHaveLength(1);
  });

  it('with another type is told once, and not for one that a day before had or that holds no value', () => {
    const wide = rowsOf({ types: { BIGINT: ['1', '2'] } });
    expect(wordsOf(wide, ...six)).toEqual([`${PRICE}type BIGINT, before DOUBLE`]);
    expect(told(wide, ...six, wide)).toEqual([]);
    // Back again.
    expect(told(rowsOf(), ...six, wide)).toEqual([]);
    expect(told(wide, ...six, wide, rowsOf())).toEqual([]);
    expect(wordsOf(rowsOf({ types: { '': [] }, none: 100 }), ...six).join()).not.toContain('type');
    const both = rowsOf({ types: { DOUBLE: ['1'], BIGINT: ['2'] } });
    expect(told(wide, both)).toEqual([]);
    expect(told(both, wide)).toMatchObject([{ values: ['1'] }]);
  });

  it('that no day before had is not compared with what every object has under its name', () => {
    const now = holding({ fields: { constructor: price({ numbers: 0 }) } });
    expect(told(now, ...six)).toEqual([]);
  });

  it('is not told if nothing is known of days before', () => {
    expect(told(rowsOf(text))).toEqual([]);
    expect(unusual(rowsOf(text), [{ day: '2026-11-19', rows: rowsOf().rows }])).toEqual([]);
  });
});

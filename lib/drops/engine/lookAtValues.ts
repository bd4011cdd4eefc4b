import type { DuckDbSession } from '../../parquet/DuckDbSession.ts';
import type { MappedGroup } from '../mapping/CompiledMapping.ts';
import { lookName, VALUE_CHARACTERS } from './loadStatements.ts';
import { emptyContent, type FieldContent, KEPT_VALUES, MOST_LENGTHS, type RowContent } from './mappedRows.ts';
import { valueForm } from './valueForms.ts';

/** The fewest values that stand for those of rows that were not looked at. */
const FEWEST_VALUES = 10;
/** What JavaScript reads as a number, and SQL does not. */
const NO_NUMBER = /^\s*0[xbo]/iu;

/**
 * Adds the function that looks at values of a group's accepted rows while they are written.
 *
 * @returns What the rows hold, once they are written. It gets the group's number of them.
 */
export function lookAtValues(
  session: DuckDbSession,
  { fields }: MappedGroup,
  index: number,
): (rows: number) => RowContent {
  const looked = fields.map((field) => ({ field, values: newCounts() }));
  let seen = 0;
  session.addLook(lookName(index), (text, place) => {
    if (place === 0) seen += 1;
    const values = looked[place]?.values;
    if (values !== undefined) count(values, text);
  });
  return (rows) => {
    // Rows of which none was looked at say nothing.
    if (seen === 0) return emptyContent();
    const contents = looked.map(
      ({ field, values }) => [field.field, contentOf(field, values, { seen, rows })] as const,
    );
    return { ...emptyContent(), rows, fields: Object.fromEntries(contents) };
  };
}

/** What was counted of the values of a field that were looked at. */
type ValueCounts = ReturnType<typeof newCounts>;

/** Counts of a field of which no value was looked at yet. */
function newCounts() {
  return {
    /** Nulls and blank texts. */
    none: 0,
    /** Texts that are numbers. */
    numbers: 0,
    /** Texts that are integers. */
    whole: 0,
    /** Of the numbers but zero: how many, the sum of their sizes as decimal logarithms, the largest, and its text. */
    size: { values: 0, logs: 0, largest: -Infinity, text: '' },
    /** How many values have each form that {@link valueForm} knows. */
    forms: new Map<string, number>(),
    /** How many values have each length. */
    lengths: new Map<number, number>(),
    /** How many values have each text. */
    different: new Map<string, number>(),
  };
}

/** Counts a value. */
function count(values: ValueCounts, text: string | null): void {
  const { size, forms, lengths, different } = values;
  if (text === null || text.trim() === '') {
    values.none += 1;
    return;
  }
  const number = NO_NUMBER.test(text) ? Number.NaN : Number(text);
  if (Number.isFinite(number)) values.numbers += 1;
  if (Number.isInteger(number)) values.whole += 1;
  if (Number.isFinite(number) && number !== 0) {
    size.values += 1;
    const logarithm = Math.log10(Math.abs(number));
    size.logs += logarithm;
    if (logarithm > size.largest) {
      size.largest = logarithm;
      size.text = text;
    }
  }
  const form = valueForm(text);
  if (form !== null) forms.set(form, (forms.get(form) ?? 0) + 1);
  const ofLength = lengths.get(text.length);
  if (ofLength !== undefined || lengths.size < MOST_LENGTHS) lengths.set(text.length, (ofLength ?? 0) + 1);
  different.set(text, (different.get(text) ?? 0) + 1);
}

/** What a field holds in all rows, by the values of those that were looked at. */
function contentOf(
  { column, type }: MappedGroup['fields'][number],
  values: ValueCounts,
  { seen, rows }: { readonly seen: number; readonly rows: number },
): FieldContent {
  const { different, size } = values;
  const seenValues = seen - values.none;
  const isTooFew = seen >= FEWEST_VALUES && seen < rows && seenValues < FEWEST_VALUES;
  const none = isTooFew ? rows : Math.round((rows * values.none) / seen);
  const scaled = (counted: number) =>
    none === rows ? 0 : Math.round(((rows - none) * counted) / seenValues);
  const forms = [...values.forms].map(([form, counted]) => [form, scaled(counted)] as const);
  const kept = [...different.keys()].slice(0, KEPT_VALUES);
  const [first] = [...different].toSorted(([, a], [, b]) => b - a);
  return {
    column,
    none,
    numbers: scaled(values.numbers),
    whole: scaled(values.whole),
    looked: seenValues,
    different: different.size,
    ...(first === undefined ? {} : { most: mostFrequent(...first) }),
    forms: Object.fromEntries(forms.filter(([, counted]) => counted > 0)),
    lengths: Object.fromEntries(values.lengths),
    types: kept.length === 0 ? {} : { [type]: kept },
    ...(size.values === 0 ? {} : { size }),
  };
}

/** The most frequent value as it is kept. Texts that are cut to one may differ. */
function mostFrequent(text: string, values: number): FieldContent['most'] {
  return text.length < VALUE_CHARACTERS ? { text, values } : { values };
}

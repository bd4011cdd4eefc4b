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
  const looked = fields.map((field) => {
    const counts = {
      none: 0,
      numbers: 0,
      whole: 0,
      size: { values: 0, logs: 0, largest: -Infinity, text: '' },
    };
    const maps = {
      forms: new Map<string, number>(),
      lengths: new Map<number, number>(),
      different: new Map<string, number>(),
    };
    return { ...field, ...counts, ...maps };
  });
  let seen = 0;
  session.addLook(lookName(index), (text, place) => {
    if (place === 0) seen += 1;
    const field = looked[place];
    if (field === undefined) return;
    if (text === null || text.trim() === '') {
      field.none += 1;
      return;
    }
    const number = NO_NUMBER.test(text) ? Number.NaN : Number(text);
    if (Number.isFinite(number)) field.numbers += 1;
    if (Number.isInteger(number)) field.whole += 1;
    if (Number.isFinite(number) && number !== 0) {
      field.size.values += 1;
      const logarithm = Math.log10(Math.abs(number));
      field.size.logs += logarithm;
      if (logarithm > field.size.largest) {
        field.size.largest = logarithm;
        field.size.text = text;
      }
    }
    const form = valueForm(text);
    if (form !== null) field.forms.set(form, (field.forms.get(form) ?? 0) + 1);
    const ofLength = field.lengths.get(text.length);
    if (ofLength !== undefined || field.lengths.size < MOST_LENGTHS)
      field.lengths.set(text.length, (ofLength ?? 0) + 1);
    field.different.set(text, (field.different.get(text) ?? 0) + 1);
  });
  return (rows) => {
    // Rows of which none was looked at say nothing.
    if (seen === 0) return emptyContent();
    const contents = looked.map((each): [field: string, content: FieldContent] => {
      const { field, column, type, different, size } = each;
      const seenValues = seen - each.none;
      const isTooFew = seen >= FEWEST_VALUES && seen < rows && seenValues < FEWEST_VALUES;
      const none = isTooFew ? rows : Math.round((rows * each.none) / seen);
      const scaled = (count: number) =>
        none === rows ? 0 : Math.round(((rows - none) * count) / seenValues);
      const numbers = scaled(each.numbers);
      const forms = Object.fromEntries(
        [...each.forms]
          .map(([form, count]) => [form, scaled(count)] as const)
          .filter(([, count]) => count > 0),
      );
      const values = [...different.keys()].slice(0, KEPT_VALUES);
      const types = values.length === 0 ? {} : { [type]: values };
      const counts = {
        none,
        numbers,
        whole: scaled(each.whole),
        looked: seenValues,
        different: different.size,
      };
      const lengths = Object.fromEntries(each.lengths);
      const [first] = [...different].toSorted(([, a], [, b]) => b - a);
      const most = first === undefined ? {} : { most: mostFrequent(...first) };
      const sized = size.values === 0 ? {} : { size };
      return [field, { column, ...counts, ...most, forms, lengths, types, ...sized }];
    });
    return { ...emptyContent(), rows, fields: Object.fromEntries(contents) };
  };
}

/** The most frequent value as it is kept. Texts that are cut to one may differ. */
function mostFrequent(text: string, values: number): FieldContent['most'] {
  return text.length < VALUE_CHARACTERS ? { text, values } : { values };
}

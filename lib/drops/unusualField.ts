import { sum } from '../base/sum.ts';
import { counted, quotedName } from '../base/text.ts';
import type { DayContent } from '../ledger/DayContent.ts';
import type { LedgerEntry } from '../ledger/LedgerEntry.ts';
import { type FieldContent, KEPT_VALUES } from './engine/mappedRows.ts';

/** Fewest rows, or values, of which a share is compared: a share of three rows says nothing. */
const FEWEST = 10;
/** Shares of rows without a value between which a field has jumped. */
const NONE = { before: 0.05, now: 0.5 };
/** Shares of values that are numbers between which a field has become a text. */
const NUMBERS = { before: 0.95, now: 0.05 };
/**
 * Powers of ten by which the numbers of a day differ from those of each day before, as after a change of their unit or of
 * a decimal point: 1 is ten times.
 */
const OTHER_SIZE = 0.8;
/** Fewest days before whose numbers say how large a field's are. */
const FEWEST_SIZES = 3;

/** What is compared of a loaded day before. */
export type DayBefore = Pick<LedgerEntry, 'day' | 'rows' | 'accepted' | 'content'>;

/** What is kept of a field, by which later days are compared. */
type KeptField = DayContent['fields'][string];

/** What a field held on a day before. */
interface FieldBefore extends KeptField {
  /** Rows of that day for which the counts stand. */
  readonly rows: number;
  /** Whether the field was as on the days before it, or a person accepted the day. */
  readonly isUsual: boolean;
}

/** What is kept of a field. @param rows Rows of the day for which its counts stand. */
export function keptField(field: string, content: FieldContent, rows: number): KeptField {
  const { types, none, numbers } = content;
  const kept = { types: Object.keys(types), none, numbers };
  const size = sizeOf(field, content, rows);
  return size === null ? kept : { ...kept, size: Math.round(size * 100) / 100 };
}

/**
 * How a field differs from the days before, and some of its values; null if it does not.
 *
 * @param rows Rows of the day for which the counts of the field stand.
 * @param before The days before, the newest first.
 */
export function unusualField(
  field: string,
  content: FieldContent,
  rows: number,
  before: readonly DayBefore[],
): Pick<DayContent['unusual'][number], 'words' | 'values'> | null {
  const all = fieldBefore(field, before);
  const usual = all.filter(({ isUsual }) => isUsual);
  const { column, types } = content;
  // Some writers choose between whole numbers and others by the values of each day: a type is told once.
  const typesBefore = [...new Set(all.flatMap((day) => day.types))];
  const isNew = (type: string) => typesBefore.length > 0 && type !== '' && !typesBefore.includes(type);
  const added = Object.keys(types).filter(isNew);
  const words = [
    added.length === 0 ? null : `type ${added.join(', ')}, before ${typesBefore.join(', ')}`,
    noneWords(content, rows, usual),
    numbersWords(content, rows, usual, added.length > 0),
    sizeWords(sizeOf(field, content, rows), usual),
  ].filter((difference) => difference !== null);
  if (words.length === 0) return null;
  const name = column === '' ? field : `${field} (column ${quotedName(column)})`;
  const difference = { words: `${name}: ${words.join('; ')}` };
  if (isUnitId(field)) return difference;
  const examples = (added.length > 0 ? added : Object.keys(types)).flatMap((type) => types[type] ?? []);
  return { ...difference, values: examples.slice(0, KEPT_VALUES) };
}

/** The field on the days before that had it. */
function fieldBefore(field: string, before: readonly DayBefore[]): readonly FieldBefore[] {
  return before.flatMap(({ content, accepted }) => {
    const kept = content?.fields[field];
    if (content === undefined || kept === undefined) return [];
    const isUsual = accepted === true || content.unusual.every((unusual) => unusual.field !== field);
    return [{ ...kept, rows: content.rows, isUsual }];
  });
}

/** The share of rows without a value, if it has risen from {@link NONE}'s `before` to its `now`; null if not. */
function noneWords({ none }: FieldContent, rows: number, usual: readonly FieldBefore[]): string | null {
  const last = usual.find((day) => day.rows >= FEWEST);
  if (last === undefined || rows < FEWEST) return null;
  const shareBefore = last.none / last.rows;
  const share = none / rows;
  return shareBefore < NONE.before && share > NONE.now
    ? `no value in ${percent(share)} of rows, before in ${percent(shareBefore)}`
    : null;
}

/** How many values are no numbers, if hardly any is one now or a type is new, of a field of numbers; null if not. */
function numbersWords(
  { none, numbers }: FieldContent,
  rows: number,
  usual: readonly FieldBefore[],
  hasNewType: boolean,
): string | null {
  const values = rows - none;
  const valuesBefore = sum(usual.map((day) => day.rows - day.none));
  if (valuesBefore < FEWEST || values < FEWEST) return null;
  const shareBefore = sum(usual.map((day) => day.numbers)) / valuesBefore;
  const share = numbers / values;
  if (shareBefore < NUMBERS.before) return null;
  if (share < NUMBERS.now)
    return `${percent(share)} of its values are numbers, before ${percent(shareBefore)}`;
  return hasNewType && share < 1
    ? `${(values - numbers).toLocaleString('en-US')} of ${counted(values, 'value')} are no numbers`
    : null;
}

/** How much larger or smaller numbers are than on the last day, if they differ from each day by {@link OTHER_SIZE}; null if not. */
function sizeWords(size: number | null, usual: readonly FieldBefore[]): string | null {
  const sizes = usual.flatMap((day) => day.size ?? []);
  const [last] = sizes;
  if (size === null || last === undefined || sizes.length < FEWEST_SIZES) return null;
  const isOther = sizes.every((sizeBefore) => Math.abs(size - sizeBefore) >= OTHER_SIZE);
  return isOther ? `its numbers are about ${timesText(size - last)}` : null;
}

/**
 * How large the numbers of a field are: the mean of their logarithms to base 10. Null of few, of IDs of units, and of a field that
 * holds texts, too: there a few numbers say nothing of it.
 */
function sizeOf(
  field: string,
  { size, none, numbers }: Pick<FieldContent, 'size' | 'none' | 'numbers'>,
  rows: number,
): number | null {
  if (size === undefined || size.values < FEWEST || isUnitId(field)) return null;
  return numbers >= (rows - none) * NUMBERS.before ? size.logs / size.values : null;
}

/** `100 times as large as before`, `1/100 of those before` @param logarithm To base 10. */
function timesText(logarithm: number): string {
  const times = Number((10 ** Math.abs(logarithm)).toPrecision(2)).toLocaleString('en-US');
  return logarithm > 0 ? `${times} times as large as before` : `1/${times} of those before`;
}

/** Whether the values of a field are IDs of units, which the ledger does not keep. @param field As the mapping has it. */
function isUnitId(field: string): boolean {
  return field.startsWith('unitIds.') || field === 'unit ID';
}

/** A share in words, to a tenth of a percent. */
function percent(share: number): string {
  return `${Number((share * 100).toFixed(1))} %`;
}

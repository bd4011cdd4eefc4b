import { ownMember } from '../../base/json.ts';
import { sum } from '../../base/sum.ts';
import { counted, percent, quotedName, someOf } from '../../base/text.ts';
import { NEW_TEXT_FORM, TEXT_FORMS } from '../../base/textForms.ts';
import type { DayContent } from '../../ledger/DayContent.ts';
import { type FieldContent, KEPT_VALUES } from '../engine/mappedRows.ts';
import { ZERO } from '../engine/valueForms.ts';
import { type DayBefore, FEWEST_DAYS, FEWEST_VALUES, isExpected } from './daysBefore.ts';
import { areNumbers, type FieldBefore, fieldBefore, isUnitId, type KeptField } from './fieldBefore.ts';
import { keptSizes, sizeWords } from './fieldSizes.ts';
import { idWords, keptIds } from './unusualIds.ts';

/**
 * A field has jumped if its share of rows without a value, or of values of one form, was below `before` and is above
 * `now`.
 */
const JUMP = { before: 0.05, now: 0.5 };
/** A field of numbers has become a text if its share of values that are numbers is below this. */
const HARDLY_NUMBERS = 0.05;
/** Values that stand for all of a field at most: of more a part was looked at. */
const MOST_LOOKED_AT = 1_000;
/** Forms of texts that are news already of a small share, and no news once they are gone. */
const BY_MISTAKE: readonly string[] = Object.values(TEXT_FORMS).map(({ words }) => words);

/** What is kept of a field. @param rows Rows of the day for which its counts stand. */
export function keptField(field: string, content: FieldContent, rows: number): KeptField {
  const { types, none, numbers, whole, forms, looked, different, column } = content;
  return {
    types: Object.keys(types),
    none,
    numbers,
    whole,
    forms,
    looked,
    different,
    ...(column === '' ? {} : { column }),
    ...(isUnitId(field) ? keptIds(content) : {}),
    ...keptSizes(field, content, rows),
  };
}

/**
 * How a field differs from the days before, some of its values, and what was usual; null if it does not differ.
 *
 * @param rows Rows of the day for which the counts of the field stand.
 * @param before The days before, the newest first.
 */
export function unusualField(
  field: string,
  content: FieldContent,
  rows: number,
  before: readonly DayBefore[],
): Pick<DayContent['unusual'][number], 'words' | 'values' | 'columnBefore' | 'usual'> | null {
  const usual = before.flatMap((day) => fieldBefore(field, day) ?? []);
  const { column, types } = content;
  // Some writers choose between whole numbers and others by the values of each day: a type is told once.
  const typesBefore = [
    ...new Set(before.flatMap((day) => ownMember(day.content?.fields ?? {}, field)?.types ?? [])),
  ];
  const isNew = (type: string) => typesBefore.length > 0 && type !== '' && !typesBefore.includes(type);
  const added = Object.keys(types).filter(isNew);
  const { size, largest } = sizeWords(field, content, rows, usual);
  const forms = [numbersWords(content, rows, usual, added.length > 0), ...formsWords(content, rows, usual)];
  const isOtherForm = forms.some((form) => form !== null);
  const same = isOtherForm ? null : sameWords(content, rows, usual);
  const words = [
    // Says most: other numbers explain other shares of them.
    size,
    added.length === 0 ? null : `type ${added.join(', ')}, before ${typesBefore.join(', ')}`,
    noneWords(content, rows, usual),
    ...forms,
    same,
    ...(isOtherForm || same !== null ? [] : detailWords(content, rows, usual, size !== null)),
    // That all are the same says how few they are, and how long.
    ...(isUnitId(field) && same === null ? idWords(content, usual) : []),
    largest,
  ].filter((text) => text !== null);
  if (words.length === 0) return null;
  const [last] = usual;
  const { column: columnBefore = column } = last ?? {};
  const hasMoved = column !== '' && columnBefore !== column;
  const moved = hasMoved ? { columnBefore } : {};
  const columnThen = hasMoved ? `, before ${quotedName(columnBefore)}` : '';
  const name = column === '' ? field : `${field} (column ${quotedName(column)}${columnThen})`;
  const difference = {
    words: `${name}: ${words.join('; ')}`,
    ...moved,
    ...(last === undefined ? {} : { usual: last }),
  };
  if (isUnitId(field)) return difference;
  const odd = largest === null ? [] : [content.size?.text ?? ''];
  const some = (added.length > 0 ? added : Object.keys(types)).flatMap((type) => types[type] ?? []);
  return { ...difference, values: [...odd, ...some].slice(0, KEPT_VALUES) };
}

/** The share of rows without a value, if it has risen from {@link JUMP}'s `before` to its `now`; null if not. */
function noneWords({ none }: FieldContent, rows: number, usual: readonly FieldBefore[]): string | null {
  const last = usual.find((day) => day.rows >= FEWEST_VALUES);
  if (last === undefined || rows < FEWEST_VALUES) return null;
  const shareBefore = last.none / last.rows;
  const share = none / rows;
  return shareBefore < JUMP.before && share > JUMP.now
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
  if (valuesBefore < FEWEST_VALUES || values < FEWEST_VALUES) return null;
  const numbersBefore = sum(usual.map((day) => day.numbers));
  const share = numbers / values;
  if (!areNumbers(numbersBefore, valuesBefore)) return null;
  if (share < HARDLY_NUMBERS)
    return `${percent(share)} of its values are numbers, before ${percent(numbersBefore / valuesBefore)}`;
  return hasNewType && share < 1 ? `${someOf(values - numbers, values, 'value')} are no numbers` : null;
}

/**
 * How many values have a form that hardly any had on the days before; or are 0, where others are to be expected of so
 * many.
 */
function formsWords(
  { none, numbers, forms }: FieldContent,
  rows: number,
  usual: readonly FieldBefore[],
): readonly string[] {
  const values = rows - none;
  const known = daysWithForms(usual);
  if (known.length === 0 || values < FEWEST_VALUES) return [];
  return Object.entries({ numbers, ...forms }).flatMap(([form, count]) => {
    const shareBefore = Math.max(...known.map((day) => formShare(day, form)));
    const isNews = (share: typeof JUMP) => shareBefore < share.before && count > values * share.now;
    const isByMistake =
      BY_MISTAKE.includes(form) && known.length >= FEWEST_DAYS && count >= NEW_TEXT_FORM.texts;
    const hasJumped = isNews(JUMP) || (isByMistake && isNews(NEW_TEXT_FORM));
    const isAllZero =
      form === ZERO && count === values && isExpected(1 - shareBefore, Math.min(values, MOST_LOOKED_AT));
    if (!hasJumped && !isAllZero) return [];
    return [`${someOf(count, values, 'value')} are ${form}, before ${percent(shareBefore)}`];
  });
}

/**
 * What of values that differ is told where their forms are those of before: which of them are missing.
 *
 * @param hasOtherSize Whether numbers are larger or smaller than before: as cents all are whole, and nobody asks why.
 */
function detailWords(
  content: FieldContent,
  rows: number,
  usual: readonly FieldBefore[],
  hasOtherSize: boolean,
): readonly (string | null)[] {
  const whole = hasOtherSize ? null : wholeWords(content, rows, usual);
  return [...vanishedWords(content, rows, usual), whole];
}

/** Forms that no value has, where each of enough days before had them in a share of which so many surely have some. */
function vanishedWords(
  { none, forms }: FieldContent,
  rows: number,
  usual: readonly FieldBefore[],
): readonly string[] {
  const values = Math.min(rows - none, MOST_LOOKED_AT);
  const known = daysWithForms(usual);
  if (known.length < FEWEST_DAYS) return [];
  return Object.keys(known[0]?.forms ?? {}).flatMap((form) => {
    const share = Math.min(...known.map((day) => formShare(day, form)));
    const isGone = forms[form] === undefined && !BY_MISTAKE.includes(form) && isExpected(share, values);
    return isGone ? [`none are ${form}, before at least ${percent(share)}`] : [];
  });
}

/** That all numbers are whole, where others are to be expected of so many; null if it is not so. */
function wholeWords(
  { none, numbers, whole }: FieldContent,
  rows: number,
  usual: readonly FieldBefore[],
): string | null {
  const shares = usual.flatMap((day) =>
    day.whole === undefined ? [] : day.whole / Math.max(1, day.numbers),
  );
  if (shares.length < FEWEST_DAYS || !areNumbers(numbers, rows - none) || whole < numbers) return null;
  const usually = Math.max(...shares);
  return isExpected(1 - usually, Math.min(numbers, MOST_LOOKED_AT))
    ? `all of ${counted(numbers, 'number')} are whole, before ${percent(usually)} at most`
    : null;
}

/** That all values are the same, where each of enough days before had ten; null if it is not so. */
function sameWords(
  { none, looked, types }: FieldContent,
  rows: number,
  usual: readonly FieldBefore[],
): string | null {
  const kept = new Set(Object.values(types).flat());
  const days = usual.flatMap((day) => day.different ?? []);
  const isUsual = days.length < FEWEST_DAYS || Math.min(...days) < FEWEST_VALUES;
  if (kept.size !== 1 || looked < FEWEST_VALUES || isUsual) return null;
  return `all of ${counted(rows - none, 'value')} are the same, before ${Math.min(...days)} or more`;
}

/** Days before with enough values, whose forms were counted. */
function daysWithForms(usual: readonly FieldBefore[]): readonly FieldBefore[] {
  return usual.filter((day) => day.forms !== undefined && day.rows - day.none >= FEWEST_VALUES);
}

/** The share of a day's values that have a form, numbers among them. */
function formShare({ numbers, forms = {}, rows, none }: FieldBefore, form: string): number {
  return (form === 'numbers' ? numbers : (forms[form] ?? 0)) / (rows - none);
}

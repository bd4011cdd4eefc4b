import { ownMember } from '../../base/json.ts';
import { sum } from '../../base/sum.ts';
import { counted, percent, quotedName, someOf } from '../../base/text.ts';
import { NEW_TEXT_FORM, TEXT_FORMS } from '../../base/textForms.ts';
import type { DayContent } from '../../ledger/DayContent.ts';
import { type FieldContent, KEPT_VALUES } from '../engine/mappedRows.ts';
import { ZERO } from '../engine/valueForms.ts';
import { type DayBefore, FEWEST, FEWEST_DAYS, isExpected } from './daysBefore.ts';

/**
 * A field has jumped if its share of rows without a value, or of values of one form, was below `before` and is above
 * `now`.
 */
const JUMP = { before: 0.05, now: 0.5 };
/**
 * Shares of the values that are one ID of a unit: below `before` of some unit that sends most, above `now` of many
 * units that have none of their own.
 */
const MANY_OF_ONE = { before: 0.05, now: 0.25 };
/** What programs write in place of an ID that they do not know. */
const NOBODY =
  /^(?:0|-1|[0-]+|null|none|nan|nil|undefined|n\/a|na|guest|anonymous|unknown|test|user|default)$/i;
/** A field has become a text if its share of values that are numbers was `before` at least and is below `now`. */
const NUMBERS = { before: 0.95, now: 0.05 };
/**
 * Powers of ten by which the numbers of a day differ from those of each day before, as after a change of their unit or of
 * a decimal point: 1 is ten times.
 */
const OTHER_SIZE = 0.8;
/** Powers of ten from the largest number of the days before to one that stands out: a thousand times. */
const OUTLIER = 3;
/** Values that stand for all of a field at most: of more a part was looked at. */
const MOST_LOOKED_AT = 1_000;
/** Forms of texts that are news already of a small share, and no news once they are gone. */
const BY_MISTAKE: readonly string[] = Object.values(TEXT_FORMS).map(({ words }) => words);
/** Fields that are times in each dataset with a time of its own. */
const TIMES: readonly string[] = ['timestamp', 'date'];
/** Numbers since 1970 that are times of today, by the power of ten that is nearest to them. */
const UNITS: Readonly<Record<number, string>> = {
  9: 'seconds',
  12: 'milliseconds',
  15: 'microseconds',
  18: 'nanoseconds',
};

/** What is kept of a field, by which later days are compared. */
type KeptField = DayContent['fields'][string];

/** What a field held on a day before, and of how many rows. */
type FieldBefore = KeptField & { readonly rows: number };

/** What is kept of a field. @param rows Rows of the day for which its counts stand. */
export function keptField(field: string, content: FieldContent, rows: number): KeptField {
  const { types, none, numbers, whole, forms, looked, different, most, lengths, column } = content;
  const size = sizeOf(field, content, rows);
  const largest = largestOf(field, content, rows);
  return {
    types: Object.keys(types),
    none,
    numbers,
    whole,
    forms,
    looked,
    different,
    ...(column === '' ? {} : { column }),
    ...(isUnitId(field) ? { length: mostLength(lengths), most: most?.values } : {}),
    ...(size === null ? {} : { size: rounded(size) }),
    ...(largest === null ? {} : { largest: rounded(largest) }),
  };
}

/** A number to two digits after the point. */
function rounded(number: number): number {
  return Math.round(number * 100) / 100;
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
  const usual = before.flatMap((day) => usualOf(field, day) ?? []);
  const { column, types } = content;
  // Some writers choose between whole numbers and others by the values of each day: a type is told once.
  const typesBefore = [
    ...new Set(before.flatMap((day) => ownMember(day.content?.fields ?? {}, field)?.types ?? [])),
  ];
  const isNew = (type: string) => typesBefore.length > 0 && type !== '' && !typesBefore.includes(type);
  const added = Object.keys(types).filter(isNew);
  const size = sizeWords(field, sizeOf(field, content, rows), usual);
  const forms = [numbersWords(content, rows, usual, added.length > 0), ...formsWords(content, rows, usual)];
  const largest = largestWords(largestOf(field, content, rows), usual);
  const isOtherForm = forms.some((form) => form !== null);
  const words = [
    // Says most: other numbers explain other shares of them.
    size,
    added.length === 0 ? null : `type ${added.join(', ')}, before ${typesBefore.join(', ')}`,
    noneWords(content, rows, usual),
    ...forms,
    ...(isOtherForm ? [] : detailWords(content, rows, usual, size !== null)),
    ...(isUnitId(field) ? unitWords(content, usual) : []),
    size === null ? largest : null,
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
  const odd = size === null && largest !== null ? [content.size?.text ?? ''] : [];
  const some = (added.length > 0 ? added : Object.keys(types)).flatMap((type) => types[type] ?? []);
  return { ...difference, values: [...odd, ...some].slice(0, KEPT_VALUES) };
}

/**
 * What is usual of a field by a day before: what it held, or what was usual until then if the day was told of the field and
 * nobody accepted it. Null if the day says nothing.
 */
function usualOf(field: string, { content, accepted }: DayBefore): FieldBefore | null {
  if (content === undefined) return null;
  const kept = ownMember(content.fields, field);
  if (kept === undefined) return null;
  const told = accepted === true ? undefined : content.unusual.find((unusual) => unusual.field === field);
  return told === undefined ? { ...kept, rows: content.rows } : (told.usual ?? null);
}

/** The share of rows without a value, if it has risen from {@link JUMP}'s `before` to its `now`; null if not. */
function noneWords({ none }: FieldContent, rows: number, usual: readonly FieldBefore[]): string | null {
  const last = usual.find((day) => day.rows >= FEWEST);
  if (last === undefined || rows < FEWEST) return null;
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
  const known = usual.filter((day) => day.forms !== undefined && day.rows - day.none >= FEWEST);
  if (known.length === 0 || values < FEWEST) return [];
  return Object.entries({ numbers, ...forms }).flatMap(([form, count]) => {
    const shareBefore = Math.max(...known.map((day) => formCount(day, form) / (day.rows - day.none)));
    const isNews = (share: typeof JUMP) => shareBefore < share.before && count > values * share.now;
    const isByMistake =
      BY_MISTAKE.includes(form) && known.length >= FEWEST_DAYS && count >= NEW_TEXT_FORM.texts;
    const hasJumped = isNews(JUMP) || (isByMistake && isNews(NEW_TEXT_FORM));
    const isAllZero =
      form === ZERO && count === values && isExpected(1 - shareBefore, Math.min(values, MOST_LOOKED_AT));
    if (!hasJumped && !isAllZero) return [];
    const of = `${count.toLocaleString('en-US')} of ${counted(values, 'value')}`;
    return [`${of} are ${form}, before ${percent(shareBefore)}`];
  });
}

/**
 * What of the values is told where their forms are those of before: that all are the same, or which of them are missing.
 *
 * @param hasOtherSize Whether numbers are larger or smaller than before: as cents all are whole, and nobody asks why.
 */
function detailWords(
  content: FieldContent,
  rows: number,
  usual: readonly FieldBefore[],
  hasOtherSize: boolean,
): readonly (string | null)[] {
  const same = sameWords(content, rows, usual);
  if (same !== null) return [same];
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
  const known = usual.filter((day) => day.forms !== undefined && day.rows - day.none >= FEWEST);
  if (known.length < FEWEST_DAYS) return [];
  return Object.keys(known[0]?.forms ?? {}).flatMap((form) => {
    const share = Math.min(...known.map((day) => formCount(day, form) / (day.rows - day.none)));
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
  const isOfNumbers = numbers > 0 && numbers >= (rows - none) * NUMBERS.before;
  if (shares.length < FEWEST_DAYS || !isOfNumbers || whole < numbers) return null;
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
  const isUsual = days.length < FEWEST_DAYS || Math.min(...days) < FEWEST;
  if (kept.size !== 1 || looked < FEWEST || isUsual) return null;
  return `all of ${counted(rows - none, 'value')} are the same, before ${Math.min(...days)} or more`;
}

/**
 * What of IDs of units is told beside what is of any field: one that many rows have, else that few differ; and their
 * length.
 */
function unitWords(content: FieldContent, usual: readonly FieldBefore[]): readonly (string | null)[] {
  return [mostWords(content, usual) ?? fewerWords(content, usual), lengthWords(content, usual)];
}

/**
 * How many values are one and the same, where none of enough days before had one of a twentieth; null if it is not so,
 * or all are. It is named if it is a word for nobody: any other may be a person.
 */
function mostWords({ looked, most }: FieldContent, usual: readonly FieldBefore[]): string | null {
  const shares = usual.flatMap((day) =>
    day.most === undefined ? [] : day.most / Math.max(1, day.looked ?? 0),
  );
  const shareBefore = Math.max(...shares);
  // Long ones are not known in whole: they may differ.
  if (most?.text === undefined || shares.length < FEWEST_DAYS) return null;
  const isMany = most.values >= FEWEST && most.values > looked * MANY_OF_ONE.now;
  if (!isMany || most.values === looked || shareBefore >= MANY_OF_ONE.before) return null;
  const one = NOBODY.test(most.text) ? quotedName(most.text) : 'one and the same';
  return `${someOf(most.values, looked, 'value')} that were looked at are ${one}, before at most ${percent(shareBefore, 1)} were one`;
}

/**
 * How few values differ from each other, where each of enough days before had twice as many among as many; null if it
 * is not so.
 */
function fewerWords({ looked, different }: FieldContent, usual: readonly FieldBefore[]): string | null {
  const days = usual.flatMap((day) =>
    day.looked !== undefined && day.looked <= looked ? (day.different ?? []) : [],
  );
  const fewest = Math.min(...days);
  if (days.length < FEWEST_DAYS || fewest < FEWEST || different * 2 >= fewest) return null;
  return `${different} different ones among ${counted(looked, 'value')} that were looked at, before ${fewest} or more`;
}

/**
 * How many IDs are shorter than all were on each of enough days, or that all are cut to one length; null if it is not
 * so.
 */
function lengthWords({ looked, lengths }: FieldContent, usual: readonly FieldBefore[]): string | null {
  const most = mostLength(lengths);
  const days = usual.flatMap(({ length, looked: values = 0 }) =>
    length === undefined ? [] : { ...length, share: length.values / Math.max(1, values) },
  );
  const [last] = days;
  if (most === undefined || last === undefined || days.length < FEWEST_DAYS || looked < FEWEST) return null;
  const wasOne = days.every(({ characters, share }) => characters === last.characters && share === 1);
  const shorter = sum(
    Object.entries(lengths).map(([characters, values]) =>
      Number(characters) < last.characters ? values : 0,
    ),
  );
  if (wasOne && shorter >= FEWEST && shorter > looked * JUMP.before)
    return `${someOf(shorter, looked, 'value')} that were looked at are shorter than ${last.characters} characters, which all before had`;
  const isCut = most.values === looked && days.every(({ share }) => share < JUMP.now);
  return isCut
    ? `all have ${most.characters} characters, before at most ${percent(Math.max(...days.map(({ share }) => share)))}`
    : null;
}

/** The length that most values have; undefined without values. */
function mostLength(lengths: FieldContent['lengths']): KeptField['length'] {
  const [most] = Object.entries(lengths).toSorted(([, a], [, b]) => b - a);
  if (most === undefined) return undefined;
  const [characters, values] = most;
  return { characters: Number(characters), values };
}

/** How much larger the largest number is than that of each of enough days, if it is {@link OUTLIER}; null if not. */
function largestWords(largest: number | null, usual: readonly FieldBefore[]): string | null {
  const days = usual.flatMap((day) => day.largest ?? []);
  const most = Math.max(...days);
  if (largest === null || days.length < FEWEST_DAYS || largest - most < OUTLIER) return null;
  return `its largest number is about ${timesText(largest - most)}`;
}

/** Values of a day with a form, numbers among them. */
function formCount({ numbers, forms = {} }: KeptField, form: string): number {
  return form === 'numbers' ? numbers : (forms[form] ?? 0);
}

/**
 * How much larger or smaller numbers are than on the last day, if they differ from each day by {@link OTHER_SIZE}; null
 * if not. One day is enough to say that times have another unit.
 */
function sizeWords(field: string, size: number | null, usual: readonly FieldBefore[]): string | null {
  const sizes = usual.flatMap((day) => day.size ?? []);
  const [last] = sizes;
  if (size === null || last === undefined) return null;
  const unit = unitOf(field, size);
  const unitBefore = unitOf(field, last);
  const isOtherUnit = unit !== undefined && unitBefore !== undefined && unit !== unitBefore;
  if (isOtherUnit) return `its times are ${unit}, before ${unitBefore}`;
  const isOther = sizes.every((sizeBefore) => Math.abs(size - sizeBefore) >= OTHER_SIZE);
  return isOther && sizes.length >= FEWEST_DAYS ? `its numbers are about ${timesText(size - last)}` : null;
}

/**
 * The unit of a field's times; undefined of other fields, and of numbers that are no times of today.
 *
 * @param size As {@link sizeOf}.
 */
function unitOf(field: string, size: number): string | undefined {
  return TIMES.includes(field) ? UNITS[Math.round(size - 0.2)] : undefined;
}

/**
 * How large the numbers of a field are: the mean of their logarithms to base 10. Null of few, of IDs of units, and of a
 * field that holds texts, too: there a few numbers say nothing of it.
 */
function sizeOf(
  field: string,
  { size, none, numbers }: Pick<FieldContent, 'size' | 'none' | 'numbers'>,
  rows: number,
): number | null {
  if (size === undefined || size.values < FEWEST || isUnitId(field)) return null;
  return numbers >= (rows - none) * NUMBERS.before ? size.logs / size.values : null;
}

/** How large the largest number is, as of {@link sizeOf}. */
function largestOf(field: string, content: FieldContent, rows: number): number | null {
  return sizeOf(field, content, rows) === null ? null : (content.size?.largest ?? null);
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

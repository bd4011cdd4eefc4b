import { counted, listed, quotedName } from '../base/text.ts';
import { addDays } from '../base/time.ts';
import type { DayContent } from '../ledger/DayContent.ts';
import type { FileFate, LedgerEntry } from '../ledger/LedgerEntry.ts';
import { KEPT_VALUES, type MappedRows, type RowContent } from './engine/mappedRows.ts';

// Whether what the rows of a day hold can be right, by the days before it.

/** Loaded days before a day that it is compared with. */
export const COMPARED_DAYS = 7;
/** Days from the first to the last of fewer days that say what a dataset does. */
const LONG_DAYS = 14;
/** Fewest rows, or values, that have a share: of three rows it says nothing. */
const FEWEST = 10;
/** Shares of rows without a value between which a field has jumped. */
const NONE = { before: 0.05, now: 0.5 };
/** Shares of values that are numbers between which a field has become a text. */
const NUMBERS = { before: 0.95, now: 0.05 };
/** Powers of ten between the numbers of a day and those of each day before, of which ten times is 1: another unit, or a decimal point. */
const OTHER_SIZE = 0.8;
/** Fewest days before whose numbers say how large a field's are. */
const FEWEST_SIZES = 3;
/** Share of rows of other days above which a day is unusual. */
const OTHER_DAYS = 0.5;

/** What is compared of a loaded day before. */
export type DayBefore = Pick<LedgerEntry, 'day' | 'rows' | 'accepted' | 'content'>;
/** A file of a day by its key, and the file of another day that it is, or may be. */
export interface Copy {
  readonly key: string;
  /** The key of the other day's file. */
  readonly original: string;
  readonly isSure: boolean;
}

/**
 * What the rows of a day hold, and what of it is not as before. A day of which a field is unusual says nothing of what is usual for
 * that field, unless a person accepted it.
 *
 * @param before The last {@link COMPARED_DAYS} loaded days before it, the newest first.
 */
export function judgeContent(
  { rows: { out }, content: { rows: fieldRows, fields, days } }: Pick<MappedRows, 'rows' | 'content'>,
  before: readonly DayBefore[],
  copies: readonly Copy[],
): DayContent {
  const most = Object.entries(days).sort(([, a], [, b]) => b - a);
  const otherDays = most.reduce((sum, [, n]) => sum + n, 0);
  const isUsual = (did: (content: DayContent, day: DayBefore) => boolean) => {
    const known = before.flatMap((day) =>
      day.content === undefined ? [] : [{ did: did(day.content, day), accepted: day.accepted }],
    );
    if (known.some((day) => day.did && day.accepted === true)) return true;
    return isLong(before) && known.length > 0 && known.every((day) => day.did);
  };
  const unusual: DayContent['unusual'] = [];
  for (const [field, held] of Object.entries(fields)) {
    const difference = unusualField(field, held, fieldRows, before);
    if (difference !== null) unusual.push({ field, ...difference });
  }
  const isOther = (other: number, all: number) => other > all * OTHER_DAYS;
  if (isOther(otherDays, out) && !isUsual((content, day) => isOther(content.otherDays, day.rows.out))) {
    const texts = most.map(([day, n]) => `${day} (${n.toLocaleString('en-US')})`);
    unusual.push({
      words: `${otherDays.toLocaleString('en-US')} of ${counted(out, 'row')} are of other days: ${listed(texts)}`,
    });
  }
  if (copies.length > 0 && !isUsual((content) => content.copies > 0)) {
    const texts = copies.map(({ key, original, isSure }) => `${key} ${isSure ? 'is' : 'may be'} ${original}`);
    unusual.push({ words: `files are those of other days: ${listed(texts)}` });
  }
  const kept = Object.entries(fields).map(
    ([field, { types, none, numbers, ...held }]): [field: string, content: DayContent['fields'][string]] => {
      const size = keptSize(field, held, numbers, fieldRows - none);
      return [
        field,
        { types: Object.keys(types), none, numbers, ...(size === null ? {} : { size: toHundredths(size) }) },
      ];
    },
  );
  return { rows: fieldRows, fields: Object.fromEntries(kept), otherDays, copies: copies.length, unusual };
}

/** Whether days are enough to say what a dataset does: seven, or fewer of one that comes each week. */
function isLong(before: readonly DayBefore[]): boolean {
  const newest = before.at(0)?.day;
  const oldest = before.at(-1)?.day;
  if (newest === undefined || oldest === undefined) return false;
  return before.length === COMPARED_DAYS || addDays(oldest, LONG_DAYS) <= newest;
}

/** How a field differs from the days before, and some of its values; null if it does not. */
function unusualField(
  field: string,
  { column, none, numbers, types, ...held }: RowContent['fields'][string],
  rows: number,
  before: readonly DayBefore[],
): Pick<DayContent['unusual'][number], 'words' | 'values'> | null {
  const known = before.flatMap(({ content, accepted }) => {
    const held = content?.fields[field];
    if (held === undefined) return [];
    const isUsual =
      accepted === true || content?.unusual.every((unusual) => unusual.field !== field) === true;
    return [{ ...held, rows: content?.rows ?? 0, isUsual }];
  });
  const usual = known.filter(({ isUsual }) => isUsual);
  const words: string[] = [];
  // Some writers choose between whole numbers and others by the values of each day: a type is told once.
  const typed = known.flatMap((day) => day.types);
  const added = Object.keys(types).filter((type) => typed.length > 0 && type !== '' && !typed.includes(type));
  if (added.length > 0) words.push(`type ${added.join(', ')}, before ${[...new Set(typed)].join(', ')}`);
  const last = usual.find((day) => day.rows >= FEWEST);
  if (last !== undefined && rows >= FEWEST) {
    const shareBefore = last.none / last.rows;
    const share = none / rows;
    if (shareBefore < NONE.before && share > NONE.now)
      words.push(`no value in ${percent(share)} of rows, before in ${percent(shareBefore)}`);
  }
  const values = usual.reduce((sum, day) => sum + day.rows - day.none, 0);
  if (values >= FEWEST && rows - none >= FEWEST) {
    const shareBefore = usual.reduce((sum, day) => sum + day.numbers, 0) / values;
    const share = numbers / (rows - none);
    if (shareBefore >= NUMBERS.before && share < NUMBERS.now)
      words.push(`${percent(share)} of its values are numbers, before ${percent(shareBefore)}`);
    else if (shareBefore >= NUMBERS.before && added.length > 0 && share < 1)
      words.push(`${rows - none - numbers} of ${counted(rows - none, 'value')} are no numbers`);
  }
  const size = keptSize(field, held, numbers, rows - none);
  const sizes = usual.flatMap((day) => day.size ?? []);
  const isOther =
    size !== null &&
    sizes.length >= FEWEST_SIZES &&
    sizes.every((known) => Math.abs(size - known) >= OTHER_SIZE);
  if (isOther) {
    const [last = 0] = sizes;
    words.push(`its numbers are about ${timesText(size - last)}`);
  }
  if (words.length === 0) return null;
  const name = column === '' ? field : `${field} (column ${quotedName(column)})`;
  const difference = { words: `${name}: ${words.join('; ')}` };
  if (isUnitId(field)) return difference;
  const examples = (added.length > 0 ? added : Object.keys(types)).flatMap((type) => types[type] ?? []);
  return { ...difference, values: examples.slice(0, KEPT_VALUES) };
}

/**
 * How large the numbers of a field are: the mean of their logarithms to base 10. Null of few, of IDs of units, and of a field that
 * holds texts, too: there a few numbers say nothing of it.
 *
 * @param values Rows that have a value.
 */
function keptSize(
  field: string,
  { size }: Pick<RowContent['fields'][string], 'size'>,
  numbers: number,
  values: number,
): number | null {
  if (size === undefined || size.values < FEWEST || isUnitId(field)) return null;
  return numbers >= values * NUMBERS.before ? size.logs / size.values : null;
}

function toHundredths(number: number): number {
  return Math.round(number * 100) / 100;
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

/**
 * Loaded files of a day that are those of another day. Equal ETags are of equal files. Unequal ones tell files apart where both are
 * digests of the bytes: those of multipart uploads, with a hyphen, and of files with a key of KMS are none. Then files of the same
 * size and rows may be the same. https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html
 *
 * @param hasKmsKey Whether the files are encrypted with a key of KMS.
 */
export function copiesOf(
  files: readonly FileFate[],
  others: readonly FileFate[],
  hasKmsKey: boolean,
): readonly Copy[] {
  const sizes = new Set(files.map(({ size }) => size));
  const read = others.filter(({ fate, size }) => fate === 'loaded' && sizes.has(size));
  const isDigest = ({ eTag }: FileFate) => !hasKmsKey && !eTag.includes('-');
  const tagged = new Map(read.map((other) => [`${other.size} ${other.eTag}`, other]));
  const sized = new Map(read.map((other) => [`${other.size} ${other.rows?.in}`, other]));
  const loaded = files.filter(({ fate, rows }) => fate === 'loaded' && (rows?.out ?? 0) > 0);
  const copies = loaded.flatMap((file): readonly Copy[] => {
    const { key, size, eTag, rows } = file;
    const same = tagged.get(`${size} ${eTag}`);
    if (same !== undefined) return [{ key, original: same.key, isSure: true }];
    const alike = sized.get(`${size} ${rows?.in}`);
    const isOther = alike === undefined || (isDigest(file) && isDigest(alike));
    return isOther ? [] : [{ key, original: alike.key, isSure: false }];
  });
  // Of many small files some have the size and the rows of others by chance.
  const isLikely = copies.length > loaded.length / 2;
  return copies.filter(({ isSure }) => isSure || isLikely);
}

type JudgedDay = Pick<LedgerEntry, 'state' | 'content' | 'accepted'>;

/** What of a loaded day's rows is not as before; nothing if a person accepted it. A member without a field is of the rows' days, or of files. */
export function unusualContent({ state, content, accepted }: JudgedDay): DayContent['unusual'] {
  return state === 'succeeded' && accepted !== true ? (content?.unusual ?? []) : [];
}

/** {@link unusualContent} in words; null if nothing is not as before. */
export function contentWords(day: JudgedDay): string | null {
  const unusual = unusualContent(day);
  if (unusual.length === 0) return null;
  const texts = unusual.map(({ words, values = [] }) =>
    values.length === 0 ? words : `${words}; for example ${values.map(quotedName).join(', ')}`,
  );
  return `has other values than the days before: ${listed(texts, '. ')}`;
}

function percent(share: number): string {
  return `${Number((share * 100).toFixed(1))} %`;
}

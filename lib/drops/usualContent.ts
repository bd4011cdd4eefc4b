import { areDigests } from '../base/ObjectStore.ts';
import { sum } from '../base/sum.ts';
import { counted, listed, quotedName } from '../base/text.ts';
import { addDays } from '../base/time.ts';
import type { DayContent } from '../ledger/DayContent.ts';
import type { FileFate, LedgerEntry } from '../ledger/LedgerEntry.ts';
import { type MappedRows, MOST_NAMES, type RowContent } from './engine/mappedRows.ts';
import { type DayBefore, keptField, unusualField } from './unusualField.ts';

// Whether what the rows of a day hold can be right, by the days before it.

/** Loaded days before a day that it is compared with. */
export const COMPARED_DAYS = 7;
/** Fewer days than {@link COMPARED_DAYS} are enough if so many days lie between the first and the last: a dataset may come each week. */
const LONG_DAYS = 14;
/** Share of rows of other days above which a day is unusual. */
const OTHER_DAYS = 0.5;

/** A file of a day by its key, and the file of another day that it is, or may be. */
export interface Copy {
  /** The key of the day's file. */
  readonly key: string;
  /** The key of the other day's file. */
  readonly original: string;
  /** Whether the files surely are the same. Otherwise only their sizes and rows are. */
  readonly isSure: boolean;
}

/**
 * What the rows of a day hold, and what of it is not as before. A day of which a field is unusual says nothing of what is usual for
 * that field, unless a person accepted it.
 *
 * @param before The last {@link COMPARED_DAYS} loaded days before it, the newest first.
 */
export function judgeContent(
  { rows: { out }, content: { rows, fields, days, repeats, names } }: Pick<MappedRows, 'rows' | 'content'>,
  before: readonly DayBefore[],
  copies: readonly Copy[],
): DayContent {
  const entries = Object.entries(fields);
  const kept = entries.map(([field, content]) => [field, keptField(field, content, rows)] as const);
  const unusual = entries.flatMap(([field, content]): DayContent['unusual'] => {
    const difference = unusualField(field, content, rows, before);
    return difference === null ? [] : [{ kind: 'values', field, ...difference }];
  });
  const most = Object.entries(days).sort(([, a], [, b]) => b - a);
  const otherDays = sum(most.map(([, count]) => count));
  const isMost = (other: number, all: number) => other > all * OTHER_DAYS;
  const hasOtherDays = (content: DayContent, day: DayBefore) => isMost(content.otherDays, day.rows.out);
  if (isMost(otherDays, out) && !isUsual(before, hasOtherDays)) {
    const texts = most.map(([day, count]) => `${day} (${count.toLocaleString('en-US')})`);
    unusual.push({
      kind: 'days',
      words: `${otherDays.toLocaleString('en-US')} of ${counted(out, 'row')} of other days: ${listed(texts)}`,
    });
  }
  if (copies.length > 0 && !isUsual(before, (content) => content.copies > 0)) {
    const texts = copies.map(({ key, original, isSure }) => `${key} ${isSure ? 'is' : 'may be'} ${original}`);
    unusual.push({ kind: 'copies', words: `files are those of other days: ${listed(texts)}` });
  }
  const repeated = Object.entries(repeats).sort(([, a], [, b]) => b.rows - a.rows);
  const hasRepeats = ({ repeats: known }: DayContent) => (known === undefined ? undefined : known > 0);
  if (repeated.length > 0 && !isUsual(before, hasRepeats)) {
    const texts = repeated.map(([key, file]) => `${key} (${file.rows.toLocaleString('en-US')})`);
    const all = sum(repeated.map(([, file]) => file.rows));
    unusual.push({
      kind: 'repeats',
      words: `${all.toLocaleString('en-US')} of ${counted(out, 'row')} equal to others of their file: ${listed(texts)}`,
    });
  }
  unusual.push(...Object.entries(names).flatMap(([column, found]) => otherNames(column, found, out, before)));
  const few = Object.entries(names).map(([column, found]) => [column, Object.keys(found)] as const);
  return {
    rows,
    fields: Object.fromEntries(kept),
    otherDays,
    copies: copies.length,
    repeats: repeated.length,
    names: Object.fromEntries(few.filter(([, each]) => each.length <= MOST_NAMES)),
    unusual,
  };
}

/** Columns in which a name that no day before had is told whatever it is: types of unit IDs are few, and hardly ever new. */
const TYPES: readonly string[] = ['id_type', 'unit_type'];

/** Names of a column that no day before had, if they are another spelling of one that it had, or types of IDs. */
function otherNames(
  column: string,
  found: RowContent['names'][string],
  out: number,
  before: readonly DayBefore[],
): DayContent['unusual'] {
  const known = before.flatMap(({ content, accepted }) => {
    const isTold = content?.unusual.some((unusual) => unusual.field === column) === true;
    return accepted === true || !isTold ? (content?.names?.[column] ?? []) : [];
  });
  if (known.length === 0 || Object.keys(found).length > MOST_NAMES) return [];
  const texts = Object.entries(found).flatMap(([name, { rows, file }]) => {
    if (known.includes(name)) return [];
    const spelled = known.find((other) => spelling(other) === spelling(name));
    const others =
      spelled === undefined && TYPES.includes(column) ? [...new Set(known)] : [spelled ?? []].flat();
    if (others.length === 0) return [];
    const has = `${rows.toLocaleString('en-US')} of ${counted(out, 'row')} with ${column} ${quotedName(name)}`;
    return [`${has}, where days before have ${listed(others.map(quotedName))}: ${file}`];
  });
  return texts.length === 0 ? [] : [{ kind: 'names', field: column, words: listed(texts, '; ') }];
}

/** A name without what its spellings differ in. */
function spelling(name: string): string {
  return name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');
}

/**
 * Whether what a day has is usual: a person accepted it of a day before, or all of enough days before have it.
 *
 * @param hasIt Undefined of a day whose entry does not say it: an earlier version has written it.
 */
function isUsual(
  before: readonly DayBefore[],
  hasIt: (content: DayContent, day: DayBefore) => boolean | undefined,
): boolean {
  const compared = before
    .map((day) => ({ hasIt: day.content && hasIt(day.content, day), accepted: day.accepted }))
    .filter((day) => day.hasIt !== undefined);
  if (compared.some((day) => day.hasIt === true && day.accepted === true)) return true;
  return isLong(before) && compared.length > 0 && compared.every((day) => day.hasIt);
}

/** Whether days are enough to say what a dataset does: seven, or fewer of one that comes each week. */
function isLong(before: readonly DayBefore[]): boolean {
  const newest = before.at(0)?.day;
  const oldest = before.at(-1)?.day;
  if (newest === undefined || oldest === undefined) return false;
  return before.length === COMPARED_DAYS || addDays(oldest, LONG_DAYS) <= newest;
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
  const tagged = new Map(read.map((other) => [`${other.size} ${other.eTag}`, other]));
  const sized = new Map(read.map((other) => [`${other.size} ${other.rows?.in}`, other]));
  const loaded = files.filter(({ fate, rows }) => fate === 'loaded' && (rows?.out ?? 0) > 0);
  const copies = loaded.flatMap((file): readonly Copy[] => {
    const { key, size, eTag, rows } = file;
    const same = tagged.get(`${size} ${eTag}`);
    if (same !== undefined) return [{ key, original: same.key, isSure: true }];
    const alike = sized.get(`${size} ${rows?.in}`);
    const isOther = alike === undefined || areDigests([eTag, alike.eTag], hasKmsKey);
    return isOther ? [] : [{ key, original: alike.key, isSure: false }];
  });
  // Of many small files some have the size and the rows of others by chance.
  const isLikely = copies.length > loaded.length / 2;
  return copies.filter(({ isSure }) => isSure || isLikely);
}

/** What of an entry says whether its rows are as before. */
type JudgedDay = Pick<LedgerEntry, 'state' | 'content' | 'accepted'>;

/** What of a loaded day's rows is not as before; nothing if a person accepted it. */
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

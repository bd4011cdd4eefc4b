import { ownMember } from '../../base/json.ts';
import { areDigests } from '../../base/ObjectStore.ts';
import { sum } from '../../base/sum.ts';
import { counted, listed, percent, quotedName, someOf } from '../../base/text.ts';
import { addDays, type UtcDay } from '../../base/time.ts';
import type { DayContent } from '../../ledger/DayContent.ts';
import type { FileFate, LedgerEntry } from '../../ledger/LedgerEntry.ts';
import { type MappedRows, MOST_NAMES, type RowContent } from '../engine/mappedRows.ts';
import { ZERO } from '../engine/valueForms.ts';
import { type DayBefore, FEWEST_DAYS, HARDLY_ANY, isExpected, isLong } from './daysBefore.ts';
import { staleRows } from './staleRows.ts';
import { keptField, unusualField } from './unusualField.ts';
import { unusualHours } from './unusualHours.ts';

// Whether what the rows of a day hold can be right, by the days before it.

/** Share of rows of other days above which a day is unusual. */
const OTHER_DAYS = 0.5;
/**
 * When times have moved, as by a time zone: on days before at most the share `before` of rows was of the neighbouring days,
 * now it is more than `now`, and these are `rows` or more.
 */
const MOVED = { before: 0.05, now: 0.25, rows: 10 };
/**
 * Rows of days to come that are told: `rows` that are the share `shareOfMany` of a day, or the share `share` of any day. A
 * few clocks are always ahead.
 */
const SOME_TO_COME = { rows: 10, shareOfMany: 0.01, share: 0.1 };

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
 * What the rows of a day hold, and what of it is not as before. What was usual of a field or a column stays so until a
 * person accepts a day that has something else.
 *
 * @param before The last loaded days before it, seven at most, the newest first.
 */
export function judgeContent(
  {
    rows: { out },
    content: { rows, fields, days, hours, digests, repeats, names },
  }: Pick<MappedRows, 'rows' | 'content'>,
  before: readonly DayBefore[],
  copies: readonly Copy[],
  {
    day: folderDay,
    today,
  }: {
    /** The day of the folder. */
    readonly day: UtcDay;
    /** The day on which it is loaded, in the dataset's time zone. */
    readonly today: UtcDay;
  },
): DayContent {
  const entries = Object.entries(fields);
  const kept = entries.map(([field, content]) => [field, keptField(field, content, rows)] as const);
  const isOver = folderDay < today;
  const unusual = isOver ? unusualHours(hours, out, folderDay, before) : [];
  // Of files that are those of another day that is told.
  if (copies.length === 0) unusual.push(...staleRows(digests, out, before));
  for (const [field, content] of entries) {
    const difference = unusualField(field, content, rows, before);
    if (difference !== null) unusual.push({ kind: 'values', field, ...difference });
  }
  const spread = spreadOf(days, folderDay, today);
  unusual.push(
    ...unusualDays(spread, { out, isOver }, before),
    ...unusualCopies(copies, before),
    ...unusualRepeats(repeats, out, before),
  );
  const few = Object.entries(names).filter(([, found]) => Object.keys(found).length <= MOST_NAMES);
  const { metricValue } = fields;
  const areAllZero = metricValue !== undefined && metricValue.forms[ZERO] === rows - metricValue.none;
  const namesToday = few.map(([column, found]): NamesToday => ({ column, found, out, areAllZero }));
  unusual.push(...namesToday.flatMap((ofColumn) => otherNames(ofColumn, before)));
  const many = Object.keys(names).filter((column) => few.every(([other]) => other !== column));
  unusual.push(...many.flatMap((column) => manyNames(column, before)));
  const keptNames = few.map(([column, found]) => [column, keptNamesOf(found)] as const);
  return {
    rows,
    fields: Object.fromEntries(kept),
    otherDays: rowsOf(spread.others),
    daysToCome: rowsOf(spread.toCome),
    neighbourDays: rowsOf(spread.neighbours),
    hours,
    ...(digests.length === 0 ? {} : { digests }),
    copies: copies.length,
    repeats: Object.keys(repeats).length,
    names: Object.fromEntries(keptNames),
    unusual,
  };
}

/** Rows of a day, by day. */
type DayRows = readonly [day: UtcDay, rows: number];

/** The days, besides that of its folder, that rows of a folder are of: those with the most rows first. */
interface Spread {
  /** The day before that of the folder, and the day after it. */
  readonly neighbours: readonly DayRows[];
  /** All other days. */
  readonly others: readonly DayRows[];
  /** The days of `others` that are more than a day ahead of today. */
  readonly toCome: readonly DayRows[];
}

/** Sorts days of rows by how they are to the folder's day and today. */
function spreadOf(days: RowContent['days'], folderDay: UtcDay, today: UtcDay): Spread {
  const all = Object.entries(days).sort(([, a], [, b]) => b - a);
  const beside = [addDays(folderDay, -1), addDays(folderDay, 1)];
  const neighbours = all.filter(([day]) => beside.includes(day));
  const others = all.filter(([day]) => !beside.includes(day));
  const toCome = others.filter(([day]) => day > addDays(today, 1));
  return { neighbours, others, toCome };
}

/** All rows of some days. */
function rowsOf(days: readonly DayRows[]): number {
  return sum(days.map(([, rows]) => rows));
}

/** Whether rows of other days are most of a day's. */
function isMost(other: number, all: number): boolean {
  return other > all * OTHER_DAYS;
}

/** Whether rows of days to come are more than clocks that are ahead explain. */
function isSome(toCome: number, all: number): boolean {
  const { rows, share, shareOfMany } = SOME_TO_COME;
  return toCome > all * share || toCome >= Math.max(rows, all * shareOfMany);
}

/** Rows of a loaded day, as far as other days are compared with it. */
interface AcceptedRows {
  /** Number of accepted rows. */
  readonly out: number;
  /** Whether the folder's day was over when it was loaded. */
  readonly isOver: boolean;
}

/** Rows of other days than the folder's, where days before had fewer. */
function unusualDays(
  { neighbours, others, toCome }: Spread,
  { out, isOver }: AcceptedRows,
  before: readonly DayBefore[],
): DayContent['unusual'] {
  const unusual: DayContent['unusual'] = [];
  const wordsOf = (what: string, days: readonly DayRows[]) => {
    const texts = days.map(([day, rows]) => `${day} (${rows.toLocaleString('en-US')})`);
    return `${rowsOf(days).toLocaleString('en-US')} of ${counted(out, 'row')} of ${what}: ${listed(texts)}`;
  };
  const hasDaysToCome = ({ daysToCome }: DayContent, day: DayBefore) =>
    daysToCome === undefined ? 'unsaid' : had(isSome(daysToCome, day.rows.out));
  if (isSome(rowsOf(toCome), out) && !isUsual(before, hasDaysToCome))
    unusual.push({ kind: 'toCome', words: wordsOf('days to come', toCome) });
  const cameOrPassed = others.filter((day) => !toCome.includes(day));
  const hasOtherDays = (content: DayContent, day: DayBefore) =>
    had(isMost(content.otherDays - (content.daysToCome ?? 0), day.rows.out));
  if (isMost(rowsOf(cameOrPassed), out) && !isUsual(before, hasOtherDays))
    unusual.push({ kind: 'days', words: wordsOf('other days', cameOrPassed) });
  // Many folders hold the day before their own.
  const known = before.flatMap(({ content, rows }) =>
    content?.neighbourDays === undefined ? [] : content.neighbourDays / Math.max(1, rows.out),
  );
  const usual = Math.max(...known);
  const share = rowsOf(neighbours) / Math.max(1, out);
  const isOther = share > OTHER_DAYS && usual <= OTHER_DAYS;
  // The folder of today begins with rows of the day before.
  const hasMoved = isOver && rowsOf(neighbours) >= MOVED.rows && share > MOVED.now && usual < MOVED.before;
  if ((isOther || hasMoved) && known.length >= FEWEST_DAYS)
    unusual.push({ kind: 'days', words: wordsOf('other days', neighbours) });
  return unusual;
}

/** Files that are those of other days, where days before had none. */
function unusualCopies(copies: readonly Copy[], before: readonly DayBefore[]): DayContent['unusual'] {
  if (copies.length === 0 || isUsual(before, (content) => had(content.copies > 0))) return [];
  const texts = copies.map(({ key, original, isSure }) => `${key} ${isSure ? 'is' : 'may be'} ${original}`);
  return [{ kind: 'copies', words: `files are those of other days: ${listed(texts)}` }];
}

/** Rows that are equal to others of their file, where days before had none. @param out Accepted rows of the day. */
function unusualRepeats(
  repeats: RowContent['repeats'],
  out: number,
  before: readonly DayBefore[],
): DayContent['unusual'] {
  const repeated = Object.entries(repeats).sort(([, a], [, b]) => b.rows - a.rows);
  const hasRepeats = ({ repeats: known }: DayContent) => (known === undefined ? 'unsaid' : had(known > 0));
  if (repeated.length === 0 || isUsual(before, hasRepeats)) return [];
  const texts = repeated.map(([key, { rows }]) => `${key} (${rows.toLocaleString('en-US')})`);
  const all = sum(repeated.map(([, { rows }]) => rows));
  const words = `${someOf(all, out, 'row')} equal to others of their file: ${listed(texts)}`;
  return [{ kind: 'repeats', words }];
}

/** Columns in which a name that no day before had is told whatever it is: types of unit IDs are few, and hardly ever new. */
const TYPES: readonly string[] = ['id_type', 'unit_type'];

/** The most names that stay usual of a column whose days are told one after the other. */
const MOST_USUAL = 5 * MOST_NAMES;

/** The names of a column on a day. */
interface NamesToday {
  /** The column. */
  readonly column: string;
  /** Its names with their rows. */
  readonly found: RowContent['names'][string];
  /** Accepted rows of the day. */
  readonly out: number;
  /** Whether all values of metrics of the day are 0: that is told as a whole. */
  readonly areAllZero: boolean;
}

/** Rows of the names of a column on a day. */
type NamesBefore = Readonly<NonNullable<DayContent['unusual'][number]['usualNames']>>;

/** What is kept of the names of a column. */
function keptNamesOf(found: NamesToday['found']): NamesBefore {
  const names = Object.entries(found).map(([name, { rows, zeros }]) => [name, { rows, zeros }] as const);
  return Object.fromEntries(names);
}

/**
 * How the names of a column differ from those of the days before: spelled otherwise, or a type of IDs that no day had;
 * with the value 0 alone; or missing, where each day had some. One that stays away is told once, as it may have ended.
 */
function otherNames(today: NamesToday, before: readonly DayBefore[]): DayContent['unusual'] {
  const { column, found } = today;
  const usual = before.map((day) => usualNames(column, day));
  const known = [...new Set(usual.flatMap((names) => Object.keys(names)))];
  const spelled = Object.keys(found).filter((name) => othersOf(column, name, known).length > 0);
  const zero = Object.keys(found).filter((name) => isOddZero(today, name, usual));
  const replaced = spelled.flatMap((name) => othersOf(column, name, known));
  // A name that only a told day had is not missing: it was corrected.
  const missing = missingNames(today, before).filter(
    ({ name }) => known.includes(name) && !replaced.includes(name),
  );
  const odd = [...spelled, ...zero];
  const ofToday = Object.entries(keptNamesOf(found)).filter(([name]) => !odd.includes(name));
  const stays = new Map(usual.toReversed().flatMap((names) => Object.entries(names)));
  for (const [name, rows] of ofToday) stays.set(name, rows);
  const usualToday = Object.fromEntries([...stays].slice(-MOST_USUAL));
  const told = (kind: 'names' | 'zeros' | 'missing', words: readonly string[]): DayContent['unusual'] =>
    words.length === 0 ? [] : [{ kind, field: column, words: listed(words, '; '), usualNames: usualToday }];
  const absent = missing.map((name) => missingWords(today, name));
  const added = Object.keys(found).filter((name) => !known.includes(name) && !spelled.includes(name));
  return [
    told(
      'names',
      spelled.map((name) => spelledWords(today, name, known)),
    ),
    told(
      'zeros',
      zero.map((name) => zeroWords(today, name)),
    ),
    told('missing', absent.length === 0 ? [] : [...absent, ...newWords(today, added)]),
  ].flat();
}

/**
 * The names of a column that are usual by a day before: its own, or those that were usual until then if the day was told of
 * the column and nobody accepted it.
 */
function usualNames(column: string, { content, accepted }: DayBefore): NamesBefore {
  const told = accepted === true ? undefined : content?.unusual.find(({ field }) => field === column);
  const names = told === undefined ? ownMember(content?.names ?? {}, column) : told.usualNames;
  return names ?? {};
}

/** The usual names in whose place a name seems to stand; an empty list for a usual name. */
function othersOf(column: string, name: string, known: readonly string[]): readonly string[] {
  if (known.includes(name)) return [];
  const spelled = known.find((other) => spelling(other) === spelling(name));
  if (spelled !== undefined) return [spelled];
  return TYPES.includes(column) ? known : [];
}

/** How a name is spelled otherwise than on the days before, in words. */
function spelledWords({ column, found, out }: NamesToday, name: string, known: readonly string[]): string {
  const { rows = 0, file = '' } = ownMember(found, name) ?? {};
  const has = `${rows.toLocaleString('en-US')} of ${counted(out, 'row')} with ${column} ${quotedName(name)}`;
  const others = othersOf(column, name, known).map(quotedName);
  return `${has}, where days before have ${listed(others)}: ${file}`;
}

/** Whether all rows of a name have the value 0, where on each day before that had the name so many have another. */
function isOddZero({ found, areAllZero }: NamesToday, name: string, usual: readonly NamesBefore[]): boolean {
  const { rows = 0, zeros = 0 } = ownMember(found, name) ?? {};
  const known = usual.flatMap((names) => ownMember(names, name) ?? []).filter((day) => day.rows > 0);
  const others = Math.min(...known.map((day) => 1 - day.zeros / day.rows));
  return !areAllZero && zeros === rows && known.length > 0 && isExpected(others, rows);
}

/** That a name has the value 0 alone, in words. */
function zeroWords({ column, found }: NamesToday, name: string): string {
  const { rows = 0, file = '' } = ownMember(found, name) ?? {};
  return `the value 0 in ${counted(rows, 'row')} with ${column} ${quotedName(name)}, where days before have others: ${file}`;
}

/** A name that the rows of a day lack. */
interface MissingName {
  /** The name. */
  readonly name: string;
  /** The least share of rows that it had on the days before. */
  readonly share: number;
  /** Days before that say it. */
  readonly days: number;
}

/**
 * Names that the rows of a day lack, where each of enough days before had them in a share of which so many rows surely
 * have some; or that hardly any has, by {@link HARDLY_ANY}.
 */
function missingNames(
  { column, found, out }: NamesToday,
  before: readonly DayBefore[],
): readonly MissingName[] {
  const shares = before.flatMap(({ content, rows }) => {
    const names = ownMember(content?.names ?? {}, column);
    return names === undefined
      ? []
      : [(name: string) => (ownMember(names, name)?.rows ?? 0) / Math.max(1, rows.out)];
  });
  if (shares.length < FEWEST_DAYS) return [];
  const names = Object.keys(ownMember(before[0]?.content?.names ?? {}, column) ?? {});
  return names
    .map((name) => ({
      name,
      share: Math.min(...shares.map((shareOf) => shareOf(name))),
      days: shares.length,
    }))
    .filter(
      ({ name, share }) =>
        isExpected(share, out) && (ownMember(found, name)?.rows ?? 0) < share * out * HARDLY_ANY,
    );
}

/** That a name is missing, or that hardly any row has it, in words. */
function missingWords({ column, found }: NamesToday, { name, share, days }: MissingName): string {
  const { rows = 0 } = ownMember(found, name) ?? {};
  const has = `${rows === 0 ? 'no row' : counted(rows, 'row')} with ${column} ${quotedName(name)}`;
  return `${has}, which each of ${days} loaded days before had in ${percent(share)} of rows or more`;
}

/** Which names most rows have, if no day before had them, in words; none if most have others. @param added Such names. */
function newWords({ column, found, out }: NamesToday, added: readonly string[]): readonly string[] {
  const rows = sum(added.map((name) => ownMember(found, name)?.rows ?? 0));
  if (!isMost(rows, out)) return [];
  const has = `${rows.toLocaleString('en-US')} of ${counted(out, 'row')}`;
  return [`${has} with ${column} that no day before had: ${listed(added.map(quotedName))}`];
}

/** That a column has more names than are compared, where each of enough days before had half as many at most. */
function manyNames(column: string, before: readonly DayBefore[]): DayContent['unusual'] {
  const days = before.map((day) => usualNames(column, day));
  const counts = days.map((names) => Object.keys(names).length);
  const most = Math.max(...counts);
  const [usual] = days;
  if (usual === undefined || days.length < FEWEST_DAYS || counts.includes(0) || most > MOST_NAMES / 2)
    return [];
  const words = `more than ${MOST_NAMES} names in ${column}, where days before have ${most} at most`;
  return [{ kind: 'many', field: column, words, usualNames: usual }];
}

/** A name without what its spellings differ in. */
function spelling(name: string): string {
  return name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');
}

/** Whether a day before has something. `unsaid`: its entry does not say it, as an earlier version has written it. */
type Had = 'has' | 'lacks' | 'unsaid';

/** {@link Had} by whether an entry that says it says that it is there. */
const had = (isThere: boolean): Had => (isThere ? 'has' : 'lacks');

/** Whether what a day has is usual: a person accepted it of a day before, or all of enough days before have it. */
function isUsual(before: readonly DayBefore[], hasIt: (content: DayContent, day: DayBefore) => Had): boolean {
  const compared = before
    .map((day) => ({ had: day.content ? hasIt(day.content, day) : 'unsaid', accepted: day.accepted }))
    .filter((day) => day.had !== 'unsaid');
  if (compared.some((day) => day.had === 'has' && day.accepted === true)) return true;
  return isLong(before) && compared.length > 0 && compared.every((day) => day.had === 'has');
}

/**
 * Loaded files of a day that are those of another day. Equal ETags are of equal files. Unequal ones tell files apart
 * where both are digests of the bytes: those of multipart uploads, with a hyphen, and of files with a key of KMS are
 * none. Then files of the same size and rows may be the same.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html
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

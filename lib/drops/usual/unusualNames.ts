import { ownMember } from '../../base/json.ts';
import { sum } from '../../base/sum.ts';
import { counted, listed, percent, quotedName, someOf } from '../../base/text.ts';
import type { DayContent } from '../../ledger/DayContent.ts';
import { MOST_NAMES, type RowContent } from '../engine/mappedRows.ts';
import { type DayBefore, FEWEST_DAYS, HARDLY_ANY, isExpected, isMost } from './daysBefore.ts';

// Whether the names in a column that has few are those of the days before.

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

/**
 * What of the names of a day is not as before, and what is kept of those of columns that have few.
 *
 * @param names The names of the day, with their rows, by column.
 */
export function judgeNames(
  names: RowContent['names'],
  { out, areAllZero }: Pick<NamesToday, 'out' | 'areAllZero'>,
  before: readonly DayBefore[],
): { readonly unusual: DayContent['unusual']; readonly kept: Record<string, NamesBefore> } {
  const few = Object.entries(names).filter(([, found]) => Object.keys(found).length <= MOST_NAMES);
  const many = Object.keys(names).filter((column) => few.every(([other]) => other !== column));
  return {
    unusual: [
      ...few.flatMap(([column, found]) => otherNames({ column, found, out, areAllZero }, before)),
      ...many.flatMap((column) => manyNames(column, before)),
    ],
    kept: Object.fromEntries(few.map(([column, found]) => [column, keptNamesOf(found)])),
  };
}

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
  const has = `${someOf(rows, out, 'row')} with ${column} ${quotedName(name)}`;
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
  return [
    `${someOf(rows, out, 'row')} with ${column} that no day before had: ${listed(added.map(quotedName))}`,
  ];
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

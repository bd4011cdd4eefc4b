import { isUtcDay, type UtcDay } from '../../base/time.ts';

/** How keys below a folder look: a glob with a day in it. */
export interface Layout {
  /** The day of a path; null for a path that does not match, or whose day does not exist. */
  dayOf(path: string): UtcDay | null;
  /**
   * The day of a folder of which the path ends with the day; null likewise. @param folder With the slash at its end.
   */
  dayOfFolder(folder: string): UtcDay | null;
  /** Whether folders below a folder may be days. @param folder With the slash at its end. */
  leadsToDays(folder: string): boolean;
  /** Prefix of all paths of a day. */
  prefixOf(day: UtcDay): string;
  /** A path of a day. */
  exampleOf(day: UtcDay): string;
}

/** Patterns of the wildcards. `**` is followed by a slash, or ends the glob. */
const WILDCARDS = String.raw`\*\*\/|\*\*$|\*`;
const PATTERNS: Readonly<Record<string, string>> = {
  '**/': '(?:[^/]+/)*',
  '**': '[^]*',
  '*': '[^/]*',
  YYYY: String.raw`(?<year>\d{4})`,
  MM: String.raw`(?<month>\d{2})`,
  DD: String.raw`(?<day>\d{2})`,
  M: String.raw`(?<month>[1-9]\d?)`,
  D: String.raw`(?<day>[1-9]\d?)`,
};
const EXAMPLES: Readonly<Record<string, string>> = { '**/': '', '**': 'example.parquet', '*': 'example' };
/**
 * The time of midnight behind a day that is a value: columns with times make such folders, `ds=2026-11-19
 * 00%3A00%3A00/`. Hive and Spark escape colons, and pyarrow escapes spaces, too.
 */
const MIDNIGHT = String.raw`(?:(?: |%20|T)00(?:(?::|%3[aA])00){2}(?:\.0+)?(?:Z|(?:\+|%2[bB])00(?:(?::|%3[aA])?00)?)?)?`;
const MIDNIGHT_FOLDER = new RegExp(String.raw`(\d{4}-\d\d?-\d\d?)${MIDNIGHT}(?=\/)`, 'gi');

/** A key without midnight behind the days in its folders' names. */
export function withoutMidnight(key: string): string {
  return key.replace(MIDNIGHT_FOLDER, '$1');
}

/**
 * Parses a glob such as `YYYY/MM/DD/*.parquet`; if it is not valid, returns what was expected, in words. `M` and `D` are
 * numbers without zeros in front.
 */
export function parseLayout(text: string): Layout | string {
  const parts = partsOf(text);
  const days = parts.filter(isOfDay);
  if (
    !/^(YYYY|MM?|DD?)(,(YYYY|MM?|DD?)){2}$/.test(`${days}`) ||
    new Set(days.map(([letter]) => letter)).size < 3
  )
    return 'a glob with YYYY, MM and DD, each once, or M and D for numbers without zeros: YYYY/MM/DD/*.parquet';
  // Refused are control characters, and characters that mean something else in other globs.
  if (/[?[\]{}\\\p{Cc}]|^\/|\/\/|(^|\/)\.\.?(\/|$)/u.test(text))
    return 'a path without ? [ ] { } and \\, no slash in front, no part of it empty, . or ..';
  if (text.split('/').some((name) => name.includes('**') && name !== '**'))
    return '* for a part of a name, **/ for any folders, or ** at the end';
  return layoutOf(parts);
}

/** The layout of a format of the names of days' folders, `ds=YYYY-MM-DD`. */
export function dayLayout(dayFormat: string): Layout {
  const [, name = '', day = ''] = /^([^/]*=)?(.*?)(?:\/HH)?$/.exec(dayFormat) ?? [];
  return layoutOf([name, ...partsOf(`${day}/**`)].filter((part) => part !== ''));
}

/**
 * Cuts a text into wildcards, parts of a day and other texts. A single letter is a part of a day if the text has no
 * pair of it, and if no letter stands beside it.
 */
function partsOf(text: string): readonly string[] {
  const [month, day] = ['M', 'D'].map((letter) =>
    text.includes(letter + letter) ? letter + letter : `(?<![A-Za-z])${letter}(?![A-Za-z])`,
  );
  return text.split(new RegExp(`(${WILDCARDS}|YYYY|${month}|${day})`)).filter((part) => part !== '');
}

function isOfDay(part: string): boolean {
  return ['YYYY', 'MM', 'DD', 'M', 'D'].includes(part);
}

/** Stands between the names of a pattern. No layout has this character. */
const CUT = '\0';

function layoutOf(parts: readonly string[]): Layout {
  const last = parts.findLastIndex(isOfDay);
  const isDeep = parts.slice(0, last).includes('**/');
  const isValue =
    /YYYY-MM?-DD?$/.test(parts.slice(0, last + 1).join('')) && parts[last + 1]?.startsWith('/') === true;
  const sources = parts.map((part, i) => {
    const source = PATTERNS[part] ?? part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll('/', `/${CUT}`);
    return source + (part === '**/' ? CUT : isValue && i === last ? MIDNIGHT : '');
  });
  const names = sources.join('').split(CUT);
  // The names down to the one that the day ends.
  const folders = names.slice(
    0,
    sources
      .slice(0, last + 1)
      .join('')
      .split(CUT).length,
  );
  // Names may have line breaks, so `.` matches these, too.
  const matching = (parts: readonly string[]) => new RegExp(`^${parts.join('')}$`, 'su');
  const whole = matching(names);
  const ofDay = folders.length < names.length ? matching(folders) : /(?!)/;
  const dayIn = (pattern: RegExp, path: string) => {
    const { year = '', month = '', day = '' } = pattern.exec(path)?.groups ?? {};
    const found = `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`;
    return isUtcDay(found) ? found : null;
  };
  const wildcard = parts.findIndex((part) => part.includes('*'));
  const fixed = parts
    .slice(0, isValue ? last + 1 : parts.length)
    .slice(0, wildcard < 0 ? undefined : wildcard);
  const filled = (parts: readonly string[], day: UtcDay, wildcards: Readonly<Record<string, string>>) => {
    const [YYYY = '', MM = '', DD = ''] = day.split('-');
    const values = { YYYY, MM, DD, M: String(Number(MM)), D: String(Number(DD)), ...wildcards };
    return parts.map((part) => (values as Readonly<Record<string, string>>)[part] ?? part).join('');
  };
  return {
    dayOf: (path) => dayIn(whole, path),
    dayOfFolder: (folder) => dayIn(ofDay, folder),
    leadsToDays(folder) {
      const depth = folder.split('/').length - 1;
      return isDeep || (depth < folders.length && matching(folders.slice(0, depth)).test(folder));
    },
    prefixOf: (day) => filled(fixed, day, {}),
    exampleOf: (day) => filled(parts, day, EXAMPLES),
  };
}

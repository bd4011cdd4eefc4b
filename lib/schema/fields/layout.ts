import { escapePattern } from '../../base/text.ts';
import { isUtcDay, type UtcDay } from '../../base/time.ts';

/** How keys below a folder look: a glob with a day in it. */
export interface Layout {
  /** The day of a path; null for a path that does not match, or whose day does not exist. */
  dayOf(path: string): UtcDay | null;
  /**
   * The day of a folder whose path ends with the day; null for a folder that does not match, or whose day does not exist.
   *
   * @param folder With the slash at its end.
   */
  dayOfFolder(folder: string): UtcDay | null;
  /** Whether folders below a folder may be days. @param folder With the slash at its end. */
  leadsToDays(folder: string): boolean;
  /** What all paths of a day begin with, up to the first wildcard: `2026/11/19/`. */
  prefixOf(day: UtcDay): string;
  /**
   * A path that the glob matches, with made-up names, and without folders that may be missing:
   * `2026/11/19/example.parquet`.
   */
  exampleOf(day: UtcDay): string;
}

/** The wildcards. `**` is followed by a slash, or ends the glob. */
const WILDCARDS = String.raw`\*\*\/|\*\*$|\*`;
/** What wildcards and parts of a day match. */
const PATTERNS: ReadonlyMap<string, string> = new Map([
  ['**/', '(?:[^/]+/)*'],
  ['**', '[^]*'],
  ['*', '[^/]*'],
  ['YYYY', String.raw`(?<year>\d{4})`],
  ['MM', String.raw`(?<month>\d{2})`],
  ['DD', String.raw`(?<day>\d{2})`],
  ['M', String.raw`(?<month>[1-9]\d?)`],
  ['D', String.raw`(?<day>[1-9]\d?)`],
]);
/** Names that wildcards match. */
const EXAMPLES = [
  ['**/', ''],
  ['**', 'example.parquet'],
  ['*', 'example'],
] as const;
/**
 * Midnight behind a day, which columns of times have in the names of folders: `ds=2026-11-19 00%3A00%3A00/`. Hive and Spark
 * escape colons; pyarrow escapes spaces, too.
 *
 * https://github.com/apache/spark/blob/master/sql/catalyst/src/main/scala/org/apache/spark/sql/catalyst/catalog/ExternalCatalogUtils.scala
 * https://arrow.apache.org/docs/python/generated/pyarrow.dataset.HivePartitioning.html
 */
const MIDNIGHT = String.raw`(?:(?: |%20|T)00(?:(?::|%3[aA])00){2}(?:\.0+)?(?:Z|(?:\+|%2[bB])00(?:(?::|%3[aA])?00)?)?)?`;
/** Matches a day with midnight behind it in the name of a folder. */
const MIDNIGHT_FOLDER = new RegExp(String.raw`(\d{4}-\d\d?-\d\d?)${MIDNIGHT}(?=\/)`, 'g');

/** A key without midnight behind the days in its folders' names. */
export function withoutMidnight(key: string): string {
  return key.replace(MIDNIGHT_FOLDER, '$1');
}

/** A glob as it is read; or, if it is not valid, what was expected, in words. */
type ParsedLayout = { readonly layout: Layout } | { readonly expected: string };

/** Parses a glob such as `YYYY/MM/DD/*.parquet`. `M` and `D` are numbers without zeros in front. */
export function parseLayout(text: string): ParsedLayout {
  const expected = problemOf(text);
  return expected === null ? { layout: layoutOf(piecesOf(text)) } : { expected };
}

/** What is expected of a glob that is not valid; null of a valid one. */
function problemOf(text: string): string | null {
  const letters = piecesOf(text)
    .filter(isOfDay)
    .map(([letter]) => letter);
  if (letters.toSorted().join('') !== 'DMY')
    return 'a glob with YYYY, MM and DD, each once, or M and D for numbers without zeros: YYYY/MM/DD/*.parquet';
  // Refused are control characters, and characters that mean something else in other globs.
  if (/[?[\]{}\\\p{Cc}]|^\/|\/\/|(^|\/)\.\.?(\/|$)/u.test(text))
    return 'a path without ? [ ] { } and \\, no slash in front, no part of it empty, . or ..';
  if (text.split('/').some((name) => name.includes('**') && name !== '**'))
    return '* for a part of a name, **/ for any folders, or ** at the end';
  return null;
}

/**
 * The layout of a format of the names of days' folders, `ds=YYYY-MM-DD`. Letters before `=` are not parts of a day. Folders
 * of hours are not parts of the layout: all files below the day's folder are of the day.
 */
export function dayLayout(dayFormat: string): Layout {
  const [, name = '', day = ''] = /^([^/]*=)?(.*?)(?:\/HH)?$/.exec(dayFormat) ?? [];
  return layoutOf([name, ...piecesOf(`${day}/**`)].filter((piece) => piece !== ''));
}

/** Cuts a text into wildcards, parts of a day and other texts. A slash ends a piece. */
function piecesOf(text: string): readonly string[] {
  const month = monthOrDay(text, 'M');
  const day = monthOrDay(text, 'D');
  return text
    .split(new RegExp(`(${WILDCARDS}|YYYY|${month}|${day})`))
    .flatMap((piece) => piece.split(/(?<=\/)/))
    .filter((piece) => piece !== '');
}

/**
 * The pattern of the month or day in a glob: a pair of the letter if one stands alone or beside another part of a day, else
 * a letter that stands alone, else a pair within a word. So `MM` is the month in `yYYYY/mMM/dDD`, and not in
 * `COMMANDS/YYYY/M/DD`.
 */
function monthOrDay(text: string, letter: 'M' | 'D'): string {
  const pair = letter + letter;
  const single = `(?<![A-Za-z])${letter}(?![A-Za-z])`;
  const clearPair = `(?<=YYYY|MM|DD)${pair}|${pair}(?=YYYY|MM|DD)|(?<![A-Za-z])${pair}(?![A-Za-z])`;
  return new RegExp(clearPair).test(text) || !new RegExp(single).test(text) ? pair : single;
}

/** Whether a piece stands for a part of the day. */
function isOfDay(piece: string): boolean {
  return ['YYYY', 'MM', 'DD', 'M', 'D'].includes(piece);
}

/** Makes a layout of its pieces. */
function layoutOf(pieces: readonly string[]): Layout {
  const last = pieces.findLastIndex(isOfDay);
  const isBelowAnyFolders = pieces.slice(0, last).includes('**/');
  const isIsoDayFolder =
    /YYYY-MM?-DD?$/.test(pieces.slice(0, last + 1).join('')) && pieces[last + 1]?.startsWith('/') === true;
  const patterns = pieces.map((piece, i) => {
    const pattern = PATTERNS.get(piece) ?? escapePattern(piece);
    return isIsoDayFolder && i === last ? pattern + MIDNIGHT : pattern;
  });
  const segmentPatterns = segmentsOf(pieces, patterns);
  const dayDepth = segmentsOf(pieces.slice(0, last + 1), patterns).length;
  const dayFolderPatterns = segmentPatterns.slice(0, dayDepth);
  const pathPattern = wholePattern(segmentPatterns);
  // Null if the day is in the name of a file.
  const dayFolderPattern = dayDepth < segmentPatterns.length ? wholePattern(dayFolderPatterns) : null;
  // The prefix ends with the day if midnight may follow it.
  const beforeMidnight = isIsoDayFolder ? pieces.slice(0, last + 1) : pieces;
  const wildcard = beforeMidnight.findIndex((piece) => piece.includes('*'));
  const fixed = wildcard < 0 ? beforeMidnight : beforeMidnight.slice(0, wildcard);
  return {
    dayOf: (path) => dayIn(pathPattern, path),
    dayOfFolder: (folder) => (dayFolderPattern === null ? null : dayIn(dayFolderPattern, folder)),
    leadsToDays(folder) {
      const depth = folder.split('/').length - 1;
      if (isBelowAnyFolders) return true;
      return depth < dayDepth && wholePattern(dayFolderPatterns.slice(0, depth)).test(folder);
    },
    prefixOf: (day) => filled(fixed, day),
    exampleOf: (day) => filled(pieces, day),
  };
}

/** Joins the patterns of pieces to those of folders' and files' names; a folder's has the slash behind it. */
function segmentsOf(pieces: readonly string[], patterns: readonly string[]): readonly string[] {
  const segments: string[] = [];
  let segment = '';
  pieces.forEach((piece, i) => {
    segment += patterns[i];
    if (!piece.endsWith('/')) return;
    segments.push(segment);
    segment = '';
  });
  return [...segments, segment];
}

/** Names may have line breaks, so `.` matches these, too. */
function wholePattern(segmentPatterns: readonly string[]): RegExp {
  return new RegExp(`^${segmentPatterns.join('')}$`, 'su');
}

/** The day in a path that a pattern matches; null if it does not match, or no calendar has the day. */
function dayIn(pattern: RegExp, path: string): UtcDay | null {
  const { year = '', month = '', day = '' } = pattern.exec(path)?.groups ?? {};
  const found = `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`;
  return isUtcDay(found) ? found : null;
}

/** Pieces with a day, and with names for wildcards. */
function filled(pieces: readonly string[], day: UtcDay): string {
  const [year = '', month = '', date = ''] = day.split('-');
  const values = new Map<string, string>([
    ...EXAMPLES,
    ['YYYY', year],
    ['MM', month],
    ['DD', date],
    ['M', String(Number(month))],
    ['D', String(Number(date))],
  ]);
  return pieces.map((piece) => values.get(piece) ?? piece).join('');
}

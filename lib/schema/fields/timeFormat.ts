import { escapePattern } from '../../base/text.ts';

/** The part of a time that a piece of a format stands for. */
export type TimePart =
  | 'year'
  | 'month'
  | 'day'
  | 'hour'
  | 'minute'
  | 'second'
  | 'fraction'
  | 'amPm'
  | 'offset'
  | 'weekday';

/** A piece of a format that is read. */
interface LetteredPart {
  /** The part of a time that it stands for. */
  readonly part: TimePart;
  /** The letters as they were written: `MMM`. */
  readonly letters: string;
}

/**
 * One way to write a time, as a regular expression that JavaScript and RE2, and so DuckDB, understand in the same way.
 */
export interface TimeVariant {
  /** Pattern of the whole text in lower case, without anchors, with a group for each of {@link parts}, in their order. */
  readonly pattern: string;
  /** The parts, without weekdays: nothing is read from these. */
  readonly parts: readonly LetteredPart[];
}

/** Names of months as `MMMM` has them, in lower case. */
const MONTHS = [
  'january',
  'february',
  'march',
  'april',
  'may',
  'june',
  'july',
  'august',
  'september',
  'october',
  'november',
  'december',
];
/** Names of weekdays as `EEEE` has them, in lower case. */
const WEEKDAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'];
/** The first three letters of names. */
const short = (names: readonly string[]) => names.map((name) => name.slice(0, 3));
/** Pattern of one of some names. */
const oneOf = (names: readonly string[]) => names.join('|');

/** The names of months as `MMM` has them, in lower case. */
export const SHORT_MONTHS: readonly string[] = short(MONTHS);

/**
 * Pattern of offsets from UTC, of at most 18 hours as in Java:
 * https://docs.oracle.com/en/java/javase/21/docs/api/java.base/java/time/ZoneOffset.html
 *
 * @param withMinutes Makes the pattern of what follows the hour from that of its minutes.
 */
const offsetPattern = (withMinutes: (minutes: string) => string) =>
  `[+-](?:(?:0[0-9]|1[0-7])${withMinutes('[0-5][0-9]')}|18${withMinutes('00')})`;

/** Patterns of `H` and `HH`. */
const HOURS = ['(?:[01]?[0-9]|2[0-3])', '(?:[01][0-9]|2[0-3])'];
/** Patterns of months, and of hours of half a day, with one letter and with two. */
const ONE_TO_TWELVE = ['(?:0?[1-9]|1[0-2])', '(?:0[1-9]|1[0-2])'];
/** Patterns of minutes and seconds, with one letter and with two. */
const SIXTIES = ['[0-5]?[0-9]', '[0-5][0-9]'];
/** Patterns of `d` and `dd`. */
const DAYS = ['(?:0?[1-9]|[12][0-9]|3[01])', '(?:0[1-9]|[12][0-9]|3[01])'];
/** Patterns of `yy` and `yyyy`. Other years have no fixed length. */
const YEARS = [undefined, '[0-9]{2}', undefined, '[0-9]{4}'];
/** Patterns of a fraction of a second, by how many digits it has. */
const FRACTIONS = Array.from({ length: 9 }, (_, i) => `[0-9]{${i + 1}}`);
/** Pattern of weekdays as `E` has them. */
const SHORT_WEEKDAY = oneOf(short(WEEKDAYS));
/** Patterns of `x`, `xx` and `xxx`; with `X` also `Z`. Java's `x` takes no colon, which is read here. */
const ISO_OFFSETS = [
  offsetPattern((minutes) => `(?::?${minutes})?`),
  offsetPattern((minutes) => minutes),
  offsetPattern((minutes) => `:${minutes}`),
];
/** Pattern of `Z`, with or without a colon. Java's takes none. */
const RFC_OFFSET = offsetPattern((minutes) => `:?${minutes}`);
/** Pattern of `z`: names of UTC. Other names are ambiguous. */
const ZONE_NAME = 'utc|gmt|z';

/** What a letter means. */
interface Letter {
  /** The part of a time that it stands for. */
  readonly part: TimePart;
  /** What it matches, by how often it is repeated, beginning with once; undefined if it is not read so. */
  readonly patterns: readonly (string | undefined)[];
}

/** The letters that are read. Java has more of them. */
const LETTERS: ReadonlyMap<string, Letter> = new Map([
  ['y', { part: 'year', patterns: YEARS }],
  ['u', { part: 'year', patterns: YEARS }],
  ['M', { part: 'month', patterns: [...ONE_TO_TWELVE, oneOf(SHORT_MONTHS), oneOf(MONTHS)] }],
  ['d', { part: 'day', patterns: DAYS }],
  ['H', { part: 'hour', patterns: HOURS }],
  ['h', { part: 'hour', patterns: ONE_TO_TWELVE }],
  ['m', { part: 'minute', patterns: SIXTIES }],
  ['s', { part: 'second', patterns: SIXTIES }],
  ['S', { part: 'fraction', patterns: FRACTIONS }],
  ['a', { part: 'amPm', patterns: ['am|pm'] }],
  ['E', { part: 'weekday', patterns: [SHORT_WEEKDAY, SHORT_WEEKDAY, SHORT_WEEKDAY, oneOf(WEEKDAYS)] }],
  ['X', { part: 'offset', patterns: ISO_OFFSETS.map((isoOffset) => `z|${isoOffset}`) }],
  ['x', { part: 'offset', patterns: ISO_OFFSETS }],
  ['Z', { part: 'offset', patterns: [RFC_OFFSET, RFC_OFFSET, RFC_OFFSET] }],
  ['z', { part: 'offset', patterns: [ZONE_NAME, ZONE_NAME, ZONE_NAME] }],
]);

/** Pieces of a format: a text in quotes, a doubled quote, a run of one letter, any other character. */
const PIECES =
  /'(?<quoted>(?:[^']|'')+)'|(?<quote>'')|(?<letters>(?<letter>[A-Za-z])\k<letter>*)|(?<other>[^A-Za-z'])/gy;
/** Characters that Java keeps for itself. */
const RESERVED = /[{}#]/;
/** Parts that say nothing without another part. */
const NEEDS: readonly (readonly [part: TimePart, needed: TimePart])[] = [
  ['minute', 'hour'],
  ['second', 'minute'],
  ['fraction', 'second'],
];

/** Optional sections that a format may have: each may double the ways to read it. */
const MOST_OPTIONAL = 4;

/** A node of a format: a text, letters, or a section that may be missing. */
type FormatNode =
  | { readonly pattern: string; readonly read?: LetteredPart }
  | { readonly optional: readonly FormatNode[] };

/** The way to write nothing: a section that is left out, or the beginning of a sequence. */
const EMPTY: TimeVariant = { pattern: '', parts: [] };

/** A format as it is read; or, if it is wrong, what was expected, in words that follow `expected`. */
type ParsedTimeFormat =
  | {
      /**
       * The ways to write a time in this format, of which the first that matches a text is to be taken: each way with an
       * optional section is before the same way without it, and an earlier section decides before a later one.
       */
      readonly variants: readonly TimeVariant[];
    }
  | { readonly expected: string };

/**
 * Reads the format of texts that are times, in the letters of Java's DateTimeFormatter, which Spark, Glue and Firehose have:
 * writers on AWS know these. Athena's `parse_datetime` has Joda's letters, of which y M d H h m s S a E and Z mean the same.
 *
 * https://docs.oracle.com/en/java/javase/21/docs/api/java.base/java/time/format/DateTimeFormatter.html
 * https://www.joda.org/joda-time/key_format.html
 *
 * A part of a time stands in it once, also if sections with it exclude each other. Texts match in any case of
 * their letters.
 */
export function parseTimeFormat(text: string): ParsedTimeFormat {
  const read: LetteredPart[] = [];
  const open: FormatNode[][] = [[]];
  let at = 0;
  let sections = 0;
  for (const { 0: piece, groups = {} } of text.matchAll(PIECES)) {
    const { quoted, quote, letters, letter = '', other } = groups;
    at += piece.length;
    const nodes = open.at(-1) ?? [];
    if (letters !== undefined) {
      const known = LETTERS.get(letter);
      const pattern = known?.patterns[letters.length - 1];
      if (known === undefined || pattern === undefined)
        return { expected: `${knownLetters(letter)}, and not ${letters}; texts in 'quotes'` };
      const { part } = known;
      if (read.some((former) => former.part === part))
        return { expected: `a format that has ${partName(part)} once` };
      read.push({ part, letters });
      if (part === 'weekday') nodes.push({ pattern: `(?:${pattern})` });
      else nodes.push({ pattern: `(${pattern})`, read: { part, letters } });
    } else if (quoted !== undefined) {
      nodes.push({ pattern: escapePattern(quoted.replaceAll("''", "'").toLowerCase()) });
    } else if (quote !== undefined) {
      nodes.push({ pattern: "'" });
    } else if (other === '[') {
      sections += 1;
      open.push([]);
    } else if (other === ']') {
      open.pop();
      const outer = open.at(-1);
      if (outer === undefined)
        return { expected: 'a format whose brackets are closed where they were opened' };
      outer.push({ optional: nodes });
    } else if (other !== undefined) {
      if (RESERVED.test(other)) return { expected: `a format in which ${other} is quoted: '${other}'` };
      nodes.push({ pattern: escapePattern(other.toLowerCase()) });
    }
  }
  if (at < text.length || open.length > 1)
    return { expected: 'a format whose quotes and brackets are closed' };
  if (sections > MOST_OPTIONAL)
    return { expected: `a format of at most ${MOST_OPTIONAL} sections that may be missing` };
  const variants = variantsOf(open[0] ?? []);
  const expected = variants.map(({ parts }) => problemOf(parts)).find((problem) => problem !== null);
  return expected === undefined ? { variants } : { expected };
}

/** How often a letter may be repeated, `yy or yyyy`; of a letter that is not read, which letters are. */
function knownLetters(letter: string): string {
  const known = LETTERS.get(letter);
  if (known === undefined)
    return `letters of Java's DateTimeFormatter that are read (${[...LETTERS.keys()].join(' ')})`;
  const forms = known.patterns.flatMap((pattern, i) => (pattern === undefined ? [] : [letter.repeat(i + 1)]));
  return forms.join(' or ');
}

/** The name of a part in words. */
function partName(part: TimePart): string {
  return part === 'amPm' ? 'AM or PM' : `the ${part}`;
}

/** Says what is wrong with the parts of one way to write a time; null if they are valid. */
function problemOf(read: readonly LetteredPart[]): string | null {
  const parts = new Set(read.map(({ part }) => part));
  for (const part of ['year', 'month', 'day'] as const)
    if (!parts.has(part)) return `a format that always has the ${part}`;
  for (const [part, needed] of NEEDS)
    if (parts.has(part) && !parts.has(needed)) return `a format with the ${needed} beside the ${part}`;
  const isTwelveHour = read.some(({ letters }) => letters.startsWith('h'));
  return parts.has('amPm') === isTwelveHour
    ? null
    : 'a format that has h and a (AM or PM) together, or H alone';
}

/** The ways to write a sequence of nodes, those with an earlier section first. */
function variantsOf(nodes: readonly FormatNode[]): readonly TimeVariant[] {
  let variants: readonly TimeVariant[] = [EMPTY];
  for (const node of nodes) {
    const following = variantsOfNode(node);
    variants = variants.flatMap(({ pattern, parts }) =>
      following.map((next) => ({
        pattern: pattern + next.pattern,
        parts: [...parts, ...next.parts],
      })),
    );
  }
  return variants;
}

/** The ways to write one node: a section may be there or not. */
function variantsOfNode(node: FormatNode): readonly TimeVariant[] {
  if ('optional' in node) return [...variantsOf(node.optional), EMPTY];
  return [{ pattern: node.pattern, parts: node.read === undefined ? [] : [node.read] }];
}

/**
 * Formats of texts that are times, in the letters of Java's DateTimeFormatter: Spark, Glue, Firehose and Athena's
 * `parse_datetime` (whose Joda letters mean the same here) have them, so they are what writers on AWS have at hand.
 * https://docs.oracle.com/en/java/javase/21/docs/api/java.base/java/time/format/DateTimeFormatter.html
 */

import { escapePattern } from '../base/text.ts';

/** The part of a time that a piece of a format stands for; `half` is AM or PM. */
export type TimePart =
  | 'year'
  | 'month'
  | 'day'
  | 'hour'
  | 'minute'
  | 'second'
  | 'fraction'
  | 'half'
  | 'offset'
  | 'weekday';

/** A piece of a format that is read, and the letters that it was written with: `MMM`. */
export interface LetteredPart {
  readonly part: TimePart;
  readonly letters: string;
}

/**
 * One way to write a time, as a regular expression that JavaScript and RE2, and so DuckDB, understand in the same way.
 */
export interface TimeVariant {
  /** Pattern of the whole text in lower case, with a group for each of {@link parts}, in their order. */
  readonly pattern: string;
  /** The parts, without weekdays: nothing is read from these. */
  readonly parts: readonly LetteredPart[];
}

const MONTHS = ['january', 'february', 'march', 'april', 'may', 'june', 'july', 'august', 'september'];
MONTHS.push('october', 'november', 'december');
const WEEKDAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'];
const short = (names: readonly string[]) => names.map((name) => name.slice(0, 3));
const oneOf = (names: readonly string[]) => names.join('|');

/** Offsets from UTC. No zone on earth is farther than 14 hours, and Java and ISO 8601 write at most 18. */
const offset = (minutes: string) =>
  `[+-](?:(?:0[0-9]|1[0-7])${minutes}|18${minutes.replace('[0-5][0-9]', '00')})`;

const HOURS = ['(?:[01]?[0-9]|2[0-3])', '(?:[01][0-9]|2[0-3])'];
const HALF_HOURS = ['(?:0?[1-9]|1[0-2])', '(?:0[1-9]|1[0-2])'];
const SIXTIES = ['[0-5]?[0-9]', '[0-5][0-9]'];
const DAYS = ['(?:0?[1-9]|[12][0-9]|3[01])', '(?:0[1-9]|[12][0-9]|3[01])'];
const YEARS = [undefined, '[0-9]{2}', undefined, '[0-9]{4}'];
const ISO_OFFSETS = ['(?::?[0-5][0-9])?', '[0-5][0-9]', ':[0-5][0-9]'].map(offset);
const RFC_OFFSET = offset(':?[0-5][0-9]');

/** What each letter means and matches, by how often it is repeated, beginning with once. */
const LETTERS: Readonly<Record<string, readonly [TimePart, readonly (string | undefined)[]]>> = {
  y: ['year', YEARS],
  u: ['year', YEARS],
  M: ['month', [...HALF_HOURS, oneOf(short(MONTHS)), oneOf(MONTHS)]],
  d: ['day', DAYS],
  H: ['hour', HOURS],
  h: ['hour', HALF_HOURS],
  m: ['minute', SIXTIES],
  s: ['second', SIXTIES],
  S: ['fraction', Array.from({ length: 9 }, (_, i) => `[0-9]{${i + 1}}`)],
  a: ['half', ['am|pm']],
  E: ['weekday', [...Array(3).fill(oneOf(short(WEEKDAYS))), oneOf(WEEKDAYS)]],
  X: ['offset', ISO_OFFSETS.map((isoOffset) => `z|${isoOffset}`)],
  x: ['offset', ISO_OFFSETS],
  Z: ['offset', Array(3).fill(RFC_OFFSET)],
  z: ['offset', Array(3).fill('utc|gmt|z')],
};

/** Pieces of a format: a text in quotes, a doubled quote, a run of one letter, any other character. */
const PIECES = /'((?:[^']|'')+)'|('')|(([A-Za-z])\4*)|([^A-Za-z'])/gy;
/** Characters that Java keeps for itself. */
const RESERVED = /[{}#]/;
/** Parts that say nothing without another part. */
const NEEDS: readonly (readonly [TimePart, TimePart])[] = [
  ['minute', 'hour'],
  ['second', 'minute'],
  ['fraction', 'second'],
  ['half', 'hour'],
];

/** Optional sections that a format may have: each doubles the ways to read it. */
const MOST_OPTIONAL = 4;

/** A node of a format: a text, letters, or a section that may be missing. */
type Node =
  | { readonly pattern: string; readonly read?: LetteredPart }
  | { readonly optional: readonly Node[] };

/**
 * Reads a format.
 *
 * @returns The ways to write a time in this format, those with the most parts first; or, if the format is wrong, what
 * was expected, in words.
 */
export function parseTimeFormat(text: string): readonly TimeVariant[] | string {
  const read: LetteredPart[] = [];
  const open: Node[][] = [[]];
  let at = 0;
  let sections = 0;
  for (const match of text.matchAll(PIECES)) {
    const [piece, quoted, quote, letters, letter = '', other] = match;
    at += piece.length;
    const nodes = open.at(-1) ?? [];
    if (letters !== undefined) {
      const [part, forms] = LETTERS[letter] ?? [];
      const form = forms?.[letters.length - 1];
      if (part === undefined || form === undefined)
        return `letters of Java's DateTimeFormatter that are read (y u M d H h m s S a E X x Z z), and not ${letters}; texts in 'quotes'`;
      if (read.some((known) => known.part === part)) return `a format that has the ${part} once`;
      read.push({ part, letters });
      nodes.push({ pattern: part === 'weekday' ? `(?:${form})` : `(${form})`, read: { part, letters } });
    } else if (other === '[') {
      sections += 1;
      open.push([]);
    } else if (other === ']') {
      open.pop();
      const outer = open.at(-1);
      if (outer === undefined) return 'a format whose brackets are closed where they were opened';
      outer.push({ optional: nodes });
    } else {
      if (other !== undefined && RESERVED.test(other))
        return `a format in which ${other} is quoted: '${other}'`;
      nodes.push({
        pattern: escapePattern(quoted?.replaceAll("''", "'") ?? (quote === undefined ? (other ?? '') : "'")),
      });
    }
  }
  if (at < text.length || open.length > 1) return 'a format whose quotes and brackets are closed';
  if (sections > MOST_OPTIONAL) return `a format of at most ${MOST_OPTIONAL} sections that may be missing`;
  const variants = variantsOf(open[0] ?? []);
  return variants.map(({ parts }) => problemOf(parts)).find((problem) => problem !== null) ?? variants;
}

/** Says what is wrong with the parts of one way to write a time; null if they are valid. */
function problemOf(read: readonly LetteredPart[]): string | null {
  const parts = new Set(read.map(({ part }) => part));
  for (const part of ['year', 'month', 'day'] as const)
    if (!parts.has(part)) return `a format that always has the ${part}`;
  for (const [part, needed] of NEEDS)
    if (parts.has(part) && !parts.has(needed)) return `a format with the ${needed} beside the ${part}`;
  const isHalf = read.some(({ letters }) => letters.startsWith('h'));
  return parts.has('half') === isHalf ? null : 'a format that has h and a (AM or PM) together, or H alone';
}

function variantsOf(nodes: readonly Node[]): readonly TimeVariant[] {
  let variants: readonly TimeVariant[] = [{ pattern: '', parts: [] }];
  for (const node of nodes) {
    const next =
      'optional' in node
        ? [...variantsOf(node.optional), { pattern: '', parts: [] }]
        : [
            {
              pattern: node.pattern.toLowerCase(),
              parts: node.read === undefined || node.read.part === 'weekday' ? [] : [node.read],
            },
          ];
    variants = variants.flatMap(({ pattern, parts }) =>
      next.map((following) => ({
        pattern: pattern + following.pattern,
        parts: [...parts, ...following.parts],
      })),
    );
  }
  return variants;
}

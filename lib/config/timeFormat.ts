/**
 * Formats of texts that are times, in the letters of Java's DateTimeFormatter: Spark, Glue, Firehose and Athena's
 * `parse_datetime` (whose Joda letters mean the same here) have them, so they are what writers on AWS have at hand.
 * https://docs.oracle.com/en/java/javase/21/docs/api/java.base/java/time/format/DateTimeFormatter.html
 */

/** What a piece of a format says of a time. */
export type TimePart =
  | 'year'
  | 'month'
  | 'day'
  | 'hour'
  | 'minute'
  | 'second'
  | 'fraction'
  /** AM or PM. */
  | 'half'
  /** From UTC: `Z`, `UTC`, `GMT`, `+01`, `+0100`, `+01:00`. */
  | 'offset'
  | 'weekday';

/** A format as a regular expression, of which JavaScript, RE2 and so DuckDB make the same. */
export interface TimeFormat {
  /** Of the whole text in lower case; a group for each of {@link parts}, in their order. */
  readonly pattern: string;
  readonly parts: readonly TimePart[];
}

const MONTHS = ['january', 'february', 'march', 'april', 'may', 'june', 'july', 'august', 'september'];
MONTHS.push('october', 'november', 'december');
const WEEKDAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'];
const short = (names: readonly string[]) => names.map((name) => name.slice(0, 3));
const oneOf = (names: readonly string[]) => names.join('|');

/** No zone on earth is further from UTC than 14 hours, and none that Java or ISO 8601 writes further than 18. */
const offset = (minutes: string) =>
  `[+-](?:(?:0[0-9]|1[0-7])${minutes}|18${minutes.replace('[0-5][0-9]', '00')})`;

const HOURS = ['(?:[01]?[0-9]|2[0-3])', '(?:[01][0-9]|2[0-3])'];
const HALF_HOURS = ['(?:0?[1-9]|1[0-2])', '(?:0[1-9]|1[0-2])'];
const SIXTIES = ['[0-5]?[0-9]', '[0-5][0-9]'];
const DAYS = ['(?:0?[1-9]|[12][0-9]|3[01])', '(?:0[1-9]|[12][0-9]|3[01])'];
const YEARS = [undefined, '[0-9]{2}', undefined, '[0-9]{4}'];
const ISO_OFFSETS = ['(?::?[0-5][0-9])?', '[0-5][0-9]', ':[0-5][0-9]'].map(offset);
const RFC_OFFSET = offset(':?[0-5][0-9]');

/** What each letter stands for, by how often it is repeated, once first. */
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
  X: ['offset', ISO_OFFSETS.map((one) => `z|${one}`)],
  x: ['offset', ISO_OFFSETS],
  Z: ['offset', Array(3).fill(RFC_OFFSET)],
  z: ['offset', Array(3).fill('utc|gmt|z')],
};

/** What stands in a format beside letters: a text in quotes, a doubled quote, a run of one letter, any other character. */
const PIECES = /'((?:[^']|'')+)'|('')|(([A-Za-z])\4*)|([^A-Za-z'])/gy;
/** Java keeps these for itself. */
const RESERVED = /[{}#]/;
/** Parts without which others say nothing. */
const NEEDS: readonly (readonly [TimePart, TimePart])[] = [
  ['minute', 'hour'],
  ['second', 'minute'],
  ['fraction', 'second'],
  ['half', 'hour'],
];

/**
 * Reads a format.
 *
 * @returns the format, or what is wrong with it: what was expected, in words.
 */
export function parseTimeFormat(text: string): TimeFormat | string {
  const parts: TimePart[] = [];
  let pattern = '';
  let depth = 0;
  let at = 0;
  let isHalf = false;
  const optional = new Set<TimePart>();
  for (const match of text.matchAll(PIECES)) {
    const [piece, quoted, quote, run, letter = '', other] = match;
    at += piece.length;
    if (run !== undefined) {
      const [part, forms] = LETTERS[letter] ?? [];
      const form = forms?.[run.length - 1];
      if (part === undefined || form === undefined)
        return `letters of Java's DateTimeFormatter that are read (y u M d H h m s S a E X x Z z), and not ${run}; texts in 'quotes'`;
      if (parts.includes(part)) return `a format that has the ${part} once`;
      if (depth > 0) optional.add(part);
      if (letter === 'h') isHalf = true;
      parts.push(part);
      pattern += `(${form})`;
    } else if (other === '[') {
      depth += 1;
      pattern += '(?:';
    } else if (other === ']') {
      depth -= 1;
      if (depth < 0) return 'a format whose brackets are closed where they were opened';
      pattern += ')?';
    } else {
      if (other !== undefined && RESERVED.test(other))
        return `a format in which ${other} is quoted: '${other}'`;
      pattern += escaped(quoted?.replaceAll("''", "'") ?? (quote === undefined ? (other ?? '') : "'"));
    }
  }
  if (at < text.length || depth !== 0) return 'a format whose quotes and brackets are closed';
  for (const part of ['year', 'month', 'day'] as const) {
    if (!parts.includes(part) || optional.has(part)) return `a format that always has the ${part}`;
  }
  for (const [part, needed] of NEEDS)
    if (parts.includes(part) && !parts.includes(needed))
      return `a format with the ${needed} beside the ${part}`;
  if (parts.includes('half') !== isHalf) return 'a format that has h and a (AM or PM) together, or H alone';
  return { pattern: pattern.toLowerCase(), parts };
}

/** For regular expressions of JavaScript and RE2. */
function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

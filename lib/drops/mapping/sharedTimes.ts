import { quoteText } from '../../base/sql.ts';
import { parseTimeFormat, type TimePart, type TimeVariant } from '../../schema/timeFormat.ts';

// Times in SQL, as far as both dialects agree.

/** Units per second. */
export const PER_SECOND = { s: 1, ms: 1_000, us: 1_000_000, ns: 1_000_000_000 } as const;
/** Epoch seconds of the years 1 and 10000: the range of Athena's timestamps and of Java's dates. */
export const FIRST_SECOND = -62_135_596_800;
const END_SECOND = 253_402_300_800;
/** The most of a BIGINT. Nanoseconds before 1677 and after 2262 are more. The bounds of other units are less. */
const MAX_NANOSECONDS = '9223372036854775807';

/** Whether a number since 1970 is of the years 1 to 9999, so that no product of it overflows. */
export function isOfCalendar(number: string, unit: keyof typeof PER_SECOND): string {
  const [first, end] =
    unit === 'ns'
      ? [`-${MAX_NANOSECONDS}`, MAX_NANOSECONDS]
      : [FIRST_SECOND * PER_SECOND[unit], END_SECOND * PER_SECOND[unit]];
  return `${number} >= ${first} AND ${number} < ${end}`;
}

/** The beginnings of month names, in lower case. */
export const MONTHS: readonly string[] = [
  ...['jan', 'feb', 'mar', 'apr', 'may', 'jun'],
  ...['jul', 'aug', 'sep', 'oct', 'nov', 'dec'],
];

/** How a dialect writes what a format needs. */
interface FormatSql {
  /** Whether the text matches. @param whole SQL of a pattern of the whole text. */
  readonly matches: (whole: string) => string;
  /** A group in the replacement of `regexp_replace`, not SQL. */
  readonly group: (number: number) => string;
  /** The number of a month by its name. */
  readonly monthOf: (name: string) => string;
}

/** One way to write a time. All members are SQL. */
interface WrittenTime {
  readonly when: string;
  /** `2026-11-20 8:15:00`, with one or two digits each. */
  readonly local: string;
  /** `Z`, `+01`, `+01:00` or `+0100`; null without one. */
  readonly offset: string | null;
}

/**
 * Assembles the parts of texts in a format as ISO 8601: one result for each way that the format allows.
 *
 * @param text In lower case.
 */
export function isoOfFormat(text: string, format: string, sql: FormatSql): readonly WrittenTime[] {
  const variants = parseTimeFormat(format);
  if (typeof variants === 'string')
    throw new RangeError(`The format was not validated: expected ${variants}.`);
  return variants.map((variant) => isoOfVariant(text, variant, sql));
}

/** It takes one pass over the text, and one more for each part that is not a number. */
function isoOfVariant(
  text: string,
  { pattern, parts }: TimeVariant,
  { matches, group, monthOf }: FormatSql,
): WrittenTime {
  // Anchored, as otherwise `1` would match in `10`. In Athena `$` would be before a line break, too.
  const whole = quoteText(`^${pattern} *\\z`);
  const only = (part: TimePart) => `regexp_replace(${text}, ${whole}, '${groupOf(part)}')`;
  const groupOf = (part: TimePart) => group(parts.findIndex((one) => one.part === part) + 1);
  const lettersOf = (part: TimePart) => parts.find((one) => one.part === part)?.letters ?? '';
  const digits = (part: TimePart) => (lettersOf(part) === '' ? '0' : groupOf(part));
  const isNamed = lettersOf('month').length > 2;
  const isHalf = lettersOf('half') !== '';
  const year = `${lettersOf('year').length === 2 ? '20' : ''}${groupOf('year')}`;
  const day = `${year}-${isNamed ? '<month>' : groupOf('month')}-${groupOf('day')}`;
  const time = `${isHalf ? '<hour>' : digits('hour')}:${digits('minute').padStart(2, '0')}:${digits('second').padStart(2, '0')}`;
  const fraction = lettersOf('fraction') === '' ? '' : `.${groupOf('fraction')}`;
  let local = `regexp_replace(${text}, ${whole}, '${day} ${time}${fraction}')`;
  if (isNamed) {
    local = `replace(${local}, '<month>', CAST(${monthOf(only('month'))} AS VARCHAR))`;
  }
  if (isHalf) {
    const hour = `CAST(${only('hour')} AS INTEGER) % 12 + CASE ${only('half')} WHEN 'pm' THEN 12 ELSE 0 END`;
    local = `replace(${local}, '<hour>', CAST(${hour} AS VARCHAR))`;
  }
  const offset =
    lettersOf('offset') === '' ? null : `upper(replace(replace(${only('offset')}, 'utc', 'z'), 'gmt', 'z'))`;
  return { when: matches(whole), local, offset };
}

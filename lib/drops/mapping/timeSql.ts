import { quoteText } from '../../base/sql.ts';
import { LOCAL_TIME, TIME_REWRITES, ZONED_TIME } from '../../base/timeForms.ts';
import {
  parseTimeFormat,
  SHORT_MONTHS,
  type TimePart,
  type TimeVariant,
} from '../../schema/fields/timeFormat.ts';
import type { FoundColumn } from './columns/FoundColumn.ts';
import type { ColumnKind } from './valueSql.ts';

/** Units per second. */
const PER_SECOND = { s: 1, ms: 1_000, us: 1_000_000, ns: 1_000_000_000 } as const;
/** Epoch seconds of the year 1, where the range of Athena's timestamps and of Java's dates begins. */
const FIRST_SECOND = -62_135_596_800;
/** Epoch seconds of the year 10000, where that range ends. */
const END_SECOND = 253_402_300_800;
/** The most of a BIGINT. Nanoseconds before 1677 and after 2262 are more. The bounds of other units are less. */
const MAX_NANOSECONDS = '9223372036854775807';

/** Whether a number since 1970 is of the years 1 to 9999, so that no product of it overflows. */
function isOfCalendar(number: string, unit: keyof typeof PER_SECOND): string {
  if (unit === 'ns') return `${number} >= -${MAX_NANOSECONDS} AND ${number} < ${MAX_NANOSECONDS}`;
  const per = PER_SECOND[unit];
  return `${number} >= ${FIRST_SECOND * per} AND ${number} < ${END_SECOND * per}`;
}

/** Epoch seconds of the years 2000 and 2100: no other unit has these numbers. */
const CENTURY = { first: 946_684_800, end: 4_102_444_800 } as const;

/** Whether a number since 1970 is a time of this century in a unit. */
export function isOfUnit(number: string, unit: keyof typeof PER_SECOND): string {
  const per = PER_SECOND[unit];
  return `${number} >= ${CENTURY.first * per} AND ${number} < ${CENTURY.end * per}`;
}

/** Whether a number since 1970 is a time of this century in any unit. */
export function isOfAnyUnit(number: string): string {
  const units = ['s', 'ms', 'us', 'ns'] as const;
  return units.map((unit) => isOfUnit(number, unit)).join(' OR ');
}

/** SQL of a text that is written in one way, as ISO 8601. */
interface IsoSql {
  /** Whether the text is written so. */
  readonly when: string;
  /** Its local time: `2026-11-20 8:15:00`, with one or two digits each. */
  readonly local: string;
  /** Its offset: `Z`, `+01`, `+01:00` or `+0100`; null if that way has none. */
  readonly offset: string | null;
}

/** One way to write a time, in SQL. It takes one pass over the text, and one more for each part that is not a number. */
function isoOfVariant(text: string, { pattern, parts }: TimeVariant): IsoSql {
  // Anchored, as otherwise `1` would match in `10`.
  const whole = quoteText(`^${pattern} *\\z`);
  const groupOf = (part: TimePart) => `\\${parts.findIndex((candidate) => candidate.part === part) + 1}`;
  const only = (part: TimePart) => `regexp_replace(${text}, ${whole}, '${groupOf(part)}')`;
  const lettersOf = (part: TimePart) => parts.find((candidate) => candidate.part === part)?.letters ?? '';
  const digits = (part: TimePart) => (lettersOf(part) === '' ? '0' : groupOf(part));
  const isNamed = lettersOf('month').length > 2;
  const isTwelveHour = lettersOf('amPm') !== '';
  const year = `${lettersOf('year').length === 2 ? '20' : ''}${groupOf('year')}`;
  const day = `${year}-${isNamed ? '<month>' : groupOf('month')}-${groupOf('day')}`;
  const time = `${isTwelveHour ? '<hour>' : digits('hour')}:${digits('minute').padStart(2, '0')}:${digits('second').padStart(2, '0')}`;
  const fraction = lettersOf('fraction') === '' ? '' : `.${groupOf('fraction')}`;
  let local = `regexp_replace(${text}, ${whole}, '${day} ${time}${fraction}')`;
  if (isNamed) {
    const number = `list_position([${SHORT_MONTHS.map(quoteText).join(', ')}], left(${only('month')}, 3))`;
    local = `replace(${local}, '<month>', CAST(${number} AS VARCHAR))`;
  }
  if (isTwelveHour) {
    const hour = `CAST(${only('hour')} AS INTEGER) % 12 + CASE ${only('amPm')} WHEN 'pm' THEN 12 ELSE 0 END`;
    local = `replace(${local}, '<hour>', CAST(${hour} AS VARCHAR))`;
  }
  const offset =
    lettersOf('offset') === '' ? null : `upper(replace(replace(${only('offset')}, 'utc', 'z'), 'gmt', 'z'))`;
  return { when: `regexp_matches(${text}, ${whole})`, local, offset };
}

/** The smallest number of nanoseconds as DuckDB's time with a zone. Writers use it for a missing time. */
const MIN_NANOSECOND = "TIMESTAMPTZ '1677-09-21 00:12:43.145225+00'";
/** The first local time that can be converted. Times just outside of the years 1 to 9999 are judged in UTC. */
const FIRST_LOCAL = "TIMESTAMP '0002-01-01 (BC)'";
/** The end of the local times that can be converted. */
const END_LOCAL = "TIMESTAMP '10001-01-01'";

/** Numbers since 1970 as UTC; NULL out of range. @param kind `integer`, `decimal` or `float`. */
export function timeOfNumber(sql: string, kind: ColumnKind, unit: keyof typeof PER_SECOND): string {
  return kind === 'integer' ? utcOfInteger(sql, unit) : utcOfDouble(`CAST(${sql} AS DOUBLE)`, unit);
}

/** Whole numbers since 1970 as UTC, to the microsecond. The range is checked first, so that no product overflows. */
function utcOfInteger(sql: string, unit: keyof typeof PER_SECOND): string {
  const per = PER_SECOND[unit];
  const micros =
    per <= 1_000_000
      ? `CAST(${sql} AS BIGINT) * ${1_000_000 / per}`
      : `CAST(${sql} AS BIGINT) // 1000 - CAST(${sql} % 1000 < 0 AS BIGINT)`;
  return `CASE WHEN ${isOfCalendar(sql, unit)} THEN make_timestamp(${micros}) END`;
}

/** Doubles since 1970 as UTC, to the microsecond: a double is precise to a quarter of one for today's seconds. */
function utcOfDouble(sql: string, unit: keyof typeof PER_SECOND): string {
  const per = PER_SECOND[unit];
  return `CASE WHEN ${isOfCalendar(sql, unit)} THEN make_timestamp(CAST(round(${sql} * ${1_000_000 / per}) AS BIGINT)) END`;
}

/** A column of times in UTC; null if it holds none. */
export function timeOfColumn(column: FoundColumn, timezone: string): string | null {
  const { sql, kind, type, isNanoseconds } = column;
  switch (kind) {
    case 'instant':
      return type === 'TIMESTAMP WITH TIME ZONE'
        ? ofInstant(sql, isNanoseconds ? MIN_NANOSECOND : null)
        : sql;
    case 'local':
    case 'date': {
      const local = timestampSql(column);
      return timezone === 'UTC' ? local : utcOfLocal(local, timezone);
    }
    default:
      return null;
  }
}

/** A time without a zone, or a date, as a TIMESTAMP. */
function timestampSql({ sql, type, isNanoseconds }: FoundColumn): string {
  if (type === 'TIMESTAMP') return sql;
  return isNanoseconds ? ofNanoseconds(sql) : `TRY_CAST(${sql} AS TIMESTAMP)`;
}

/**
 * A time of nanoseconds, rounded down to a microsecond. The smallest number is a missing time, which DuckDB does not
 * treat as infinite.
 */
function ofNanoseconds(sql: string): string {
  const ns = `epoch_ns(${sql})`;
  return `CASE WHEN isfinite(${sql}) AND ${ns} > -9223372036854775807 THEN make_timestamp(${ns} // 1000 - CAST(${ns} % 1000 < 0 AS BIGINT)) END`;
}

/**
 * Texts of TIME_FORMS in UTC; NULL for others. Only patterns of {@link LOCAL_TIME} and {@link ZONED_TIME}: DuckDB would read
 * `epoch`, and ignore an unknown zone.
 */
export function timeOfText(raw: string, timezone: string): string {
  const text = `rtrim(upper(${raw}), ' ')`;
  const rewritten = TIME_REWRITES.reduce(
    (sql, [pattern, replacement]) =>
      `regexp_replace(${sql}, '${pattern}', '${replacement.replaceAll('$', '\\')}')`,
    text,
  );
  const matching = (sql: string) => {
    const local = `TRY_CAST(${sql} AS TIMESTAMP)`;
    return `WHEN regexp_full_match(${sql}, '${ZONED_TIME}') THEN timezone('UTC', TRY_CAST(${sql} AS TIMESTAMPTZ))
      WHEN regexp_full_match(${sql}, '${LOCAL_TIME}') THEN ${timezone === 'UTC' ? local : zonedSql(local, timezone)}`;
  };
  // Most texts need no rewriting, which takes several times as long as the rest.
  return `CASE ${matching(text)}
      ELSE list_transform([${rewritten}], lambda written: CASE ${matching('written')} END)[1] END`;
}

/**
 * The expression that reads texts in a format. The parts are assembled as ISO 8601, so that DuckDB validates the date.
 * With an offset they are instants, without one local times in the timezone. Other texts are NULL.
 *
 * @param text An expression for the text, in lower case.
 * @throws RangeError for a format that the schema refuses.
 */
export function timeOfFormat(
  text: string,
  { format, timezone }: { readonly format: string; readonly timezone: string },
): string {
  const parsed = parseTimeFormat(format);
  if ('expected' in parsed)
    throw new RangeError(`The format was not validated: expected ${parsed.expected}.`);
  const ways = parsed.variants.map((variant) => {
    const { when, local, offset } = isoOfVariant(text, variant);
    if (offset !== null)
      return `WHEN ${when} THEN timezone('UTC', TRY_CAST(${local} || ${offset} AS TIMESTAMPTZ))`;
    const timestamp = `TRY_CAST(${local} AS TIMESTAMP)`;
    return `WHEN ${when} THEN ${timezone === 'UTC' ? timestamp : utcOfLocal(timestamp, timezone)}`;
  });
  return `CASE ${ways.join(' ')} END`;
}

/** A local time in a timezone, as a TIMESTAMP in UTC. */
function zonedSql(timestamp: string, timezone: string): string {
  return `timezone('UTC', timezone(${quoteText(timezone)}, ${timestamp}))`;
}

/** Any TIMESTAMP as a local time in a timezone: a TIMESTAMP in UTC; NULL far out of range, where DuckDB would fail. */
function utcOfLocal(timestamp: string, timezone: string): string {
  return `CASE WHEN ${timestamp} >= ${FIRST_LOCAL} AND ${timestamp} < ${END_LOCAL} THEN ${zonedSql(timestamp, timezone)} END`;
}

/**
 * A TIMESTAMPTZ as a TIMESTAMP in UTC, NULL out of range, independent of the session's zone.
 *
 * @param after Exclusive lower bound.
 */
function ofInstant(sql: string, after: string | null): string {
  const begins = after === null ? `>= TIMESTAMPTZ '0001-01-01 00:00:00+00'` : `> ${after}`;
  return `CASE WHEN ${sql} ${begins} AND ${sql} < TIMESTAMPTZ '10000-01-01 00:00:00+00' THEN timezone('UTC', ${sql}) END`;
}

/** Whether a time is before the year 1 or after the year 9999. */
export function isOutOfRange(time: string): string {
  return `${time} < TIMESTAMP '0001-01-01' OR ${time} >= TIMESTAMP '10000-01-01'`;
}

/** The day of a UTC timestamp in a timezone. */
export function dayInZone(utcTimestamp: string, timezone: string): string {
  return timezone === 'UTC'
    ? `CAST(${utcTimestamp} AS DATE)`
    : `CAST(timezone(${quoteText(timezone)}, timezone('UTC', ${utcTimestamp})) AS DATE)`;
}

import { quoteText } from '../../base/sql.ts';
import type { Dialect, FoundColumn } from './Dialect.ts';
import { isOfCalendar, isoOfFormat, MONTHS, PER_SECOND } from './sharedTimes.ts';

/** How DuckDB reads times, to the microsecond. */

const DAY = String.raw`\d{4}-\d{2}-\d{2}`;
/** Without these patterns DuckDB would accept `epoch` and `infinity`, and ignore an unknown zone. */
const LOCAL = `${DAY}([T ]([0-9:.]*[0-9.])?)? *`;
/** Real zones are at most 14 hours from UTC. Java and ISO 8601 allow up to 18. */
const OFFSET = String.raw`[+-](0\d|1[0-7])(:?[0-5]\d)?|[+-]18(:?00)?`;
const MINUTE = String.raw`${DAY}[T ]\d{1,2}:\d{2}`;
const ZONED = `${MINUTE}:[0-9.]+(Z| ?UTC|${OFFSET}) *`;
/** Ruby writes a space before an offset. DuckDB accepts one only before `UTC`. */
const ZONED_APART = `${MINUTE}:[0-9.]+ (Z|${OFFSET}) *`;
/** Java leaves out zero seconds. DuckDB requires them before a zone. */
const ZONED_MINUTE = `${MINUTE} ?(Z|UTC|${OFFSET}) *`;

/** The smallest number of nanoseconds as DuckDB's time with a zone. Writers use it for a missing time. */
const MIN_NANOSECOND = "TIMESTAMPTZ '1677-09-21 00:12:43.145225+00'";
/** Bounds of local times that can be converted. Times just outside of the years 1 to 9999 are judged in UTC. */
const FIRST_LOCAL = "TIMESTAMP '0002-01-01 (BC)'";
const END_LOCAL = "TIMESTAMP '10001-01-01'";

/** The range is checked first, so that no product overflows. */
function utcOfInteger(sql: string, unit: keyof typeof PER_SECOND): string {
  const per = PER_SECOND[unit];
  const micros =
    per <= 1_000_000
      ? `CAST(${sql} AS BIGINT) * ${1_000_000 / per}`
      : `CAST(${sql} AS BIGINT) // 1000 - CAST(${sql} % 1000 < 0 AS BIGINT)`;
  return `CASE WHEN ${isOfCalendar(sql, unit)} THEN make_timestamp(${micros}) END`;
}

/** A double has a precision of a quarter of a microsecond for today's seconds. */
function utcOfDouble(sql: string, unit: keyof typeof PER_SECOND): string {
  const per = PER_SECOND[unit];
  return `CASE WHEN ${isOfCalendar(sql, unit)} THEN make_timestamp(CAST(round(${sql} * ${1_000_000 / per}) AS BIGINT)) END`;
}

function utcOfTimestamp(column: FoundColumn, timezone: string): string | null {
  const { sql, kind, type, nanoseconds } = column;
  switch (kind) {
    case 'instant':
      return type === 'TIMESTAMP WITH TIME ZONE' ? ofInstant(sql, nanoseconds ? MIN_NANOSECOND : null) : sql;
    case 'local':
    case 'date': {
      const plain =
        type === 'TIMESTAMP' ? sql : nanoseconds ? ofNanoseconds(sql) : `TRY_CAST(${sql} AS TIMESTAMP)`;
      return timezone === 'UTC' ? plain : utcOfLocal(plain, timezone);
    }
    default:
      return null;
  }
}

/** Rounds down to a microsecond. The smallest number is missing, which DuckDB does not treat as infinite. */
function ofNanoseconds(sql: string): string {
  const ns = `epoch_ns(${sql})`;
  return `CASE WHEN isfinite(${sql}) AND ${ns} > -9223372036854775807 THEN make_timestamp(${ns} // 1000 - CAST(${ns} % 1000 < 0 AS BIGINT)) END`;
}

function utcOfText(raw: string, timezone: string): string {
  // RFC 3339 allows t and z.
  const text = `upper(${raw})`;
  const matches = (pattern: string) => `regexp_full_match(${text}, '${pattern}')`;
  const local = `TRY_CAST(${text} AS TIMESTAMP)`;
  const instant = (zoned: string) => `timezone('UTC', TRY_CAST(${zoned} AS TIMESTAMPTZ))`;
  const joined = (apart: string) => String.raw`regexp_replace(${apart}, ' ([Z+-])', '\1')`;
  const withSeconds = String.raw`regexp_replace(${text}, '[T ]\d{1,2}:\d{2}', '\0:00')`;
  return `CASE WHEN ${matches(ZONED)} THEN ${instant(text)}
      WHEN ${matches(LOCAL)} THEN ${timezone === 'UTC' ? local : zonedSql(local, timezone)}
      WHEN ${matches(ZONED_APART)} THEN ${instant(joined(text))}
      WHEN ${matches(ZONED_MINUTE)} THEN ${instant(joined(withSeconds))} END`;
}

/**
 * Reads texts in a format. The parts are assembled as ISO 8601, so that DuckDB validates the date. With an offset they are
 * instants, without one local times in the timezone.
 */
function utcOfFormat(text: string, format: string, timezone: string): string {
  const ways = isoOfFormat(text, format, {
    matches: (whole) => `regexp_matches(${text}, ${whole})`,
    group: (number) => `\\${number}`,
    monthOf: (name) => `list_position([${MONTHS.map(quoteText).join(', ')}], left(${name}, 3))`,
  }).map(({ when, local, offset }) => {
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

/** The same for any TIMESTAMP; NULL far out of range, where DuckDB would fail. */
function utcOfLocal(timestamp: string, timezone: string): string {
  return `CASE WHEN ${timestamp} >= ${FIRST_LOCAL} AND ${timestamp} < ${END_LOCAL} THEN ${zonedSql(timestamp, timezone)} END`;
}

/** A TIMESTAMPTZ as a TIMESTAMP in UTC, NULL out of range, independent of the session's zone. @param after Exclusive lower bound. */
function ofInstant(sql: string, after: string | null): string {
  const begins = after === null ? `>= TIMESTAMPTZ '0001-01-01 00:00:00+00'` : `> ${after}`;
  return `CASE WHEN ${sql} ${begins} AND ${sql} < TIMESTAMPTZ '10000-01-01 00:00:00+00' THEN timezone('UTC', ${sql}) END`;
}

/** The day of a UTC timestamp in a timezone. */
function dayInZone(utcTimestamp: string, timezone: string): string {
  return timezone === 'UTC'
    ? `CAST(${utcTimestamp} AS DATE)`
    : `CAST(timezone(${quoteText(timezone)}, timezone('UTC', ${utcTimestamp})) AS DATE)`;
}

/** Reading times in DuckDB: part of its dialect. */
export const duckDbTimes: Pick<
  Dialect,
  'timeOfNumber' | 'timeOfColumn' | 'timeOfText' | 'timeOfFormat' | 'isOutOfRange' | 'dayInZone'
> = {
  timeOfNumber: (sql, kind, unit) =>
    kind === 'integer' ? utcOfInteger(sql, unit) : utcOfDouble(`CAST(${sql} AS DOUBLE)`, unit),
  timeOfColumn: utcOfTimestamp,
  timeOfText: utcOfText,
  timeOfFormat: utcOfFormat,
  isOutOfRange: (time) => `${time} < TIMESTAMP '0001-01-01' OR ${time} >= TIMESTAMP '10000-01-01'`,
  dayInZone,
};

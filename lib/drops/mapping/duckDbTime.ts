import { quoteText } from '../../base/sql.ts';
import { LOCAL_TIME, TIME_REWRITES, ZONED_TIME } from '../../base/timeForms.ts';
import type { Dialect, FoundColumn } from './Dialect.ts';
import { isOfCalendar, isoOfFormat, MONTHS, PER_SECOND } from './sharedTimes.ts';

/** How DuckDB reads times, to the microsecond. */

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

/** Only patterns of {@link LOCAL_TIME} and {@link ZONED_TIME}: DuckDB would read `epoch`, and ignore an unknown zone. */
function utcOfText(raw: string, timezone: string): string {
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

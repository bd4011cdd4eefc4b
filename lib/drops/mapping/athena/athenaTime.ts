import { quoteText } from '../../../base/sql.ts';
import type { TimeUnit } from '../../../schema/mappings.ts';
import type { Dialect, FoundColumn, TimeSql } from '../Dialect.ts';
import { isoOfFormat, MONTHS } from '../isoOfFormat.ts';
import type { ColumnKind } from '../valueSql.ts';
import { bound } from './athenaValues.ts';

/**
 * How Athena reads times. Its timestamps are milliseconds: https://docs.aws.amazon.com/athena/latest/ug/data-types-timestamps.html
 * So times are read to the microsecond, as DuckDB reads them, and rounded as Athena rounds the microseconds of a file.
 */

/** Units per second. */
const PER_SECOND = { s: 1, ms: 1_000, us: 1_000_000, ns: 1_000_000_000 } as const;
/** Epoch seconds of the years 1 and 10000. */
const FIRST_SECOND = -62_135_596_800;
const END_SECOND = 253_402_300_800;
/** The range of nanoseconds in a BIGINT. */
const LEAST_NANOSECOND = '-9223372036854775807';
const MOST_NANOSECOND = '9223372036854775807';

const EPOCH = "TIMESTAMP '1970-01-01 00:00:00.000'";

/** Milliseconds that are added to make a number of microseconds positive, as Athena divides towards zero. */
const POSITIVE = -FIRST_SECOND * 1_000;

/** Milliseconds of microseconds from the year 1. */
const millisOf = (micros: string) => `(${micros} + ${POSITIVE}000 + 500) / 1000 - ${POSITIVE}`;

function timeOfMillis(millis: string): string {
  return bound(millis, 'l', (l) => `date_add('millisecond', ${l}, ${EPOCH})`);
}

function timeOfNumber(sql: string, kind: ColumnKind, unit: Exclude<TimeUnit, 'timestamp' | 'iso'>): string {
  const per = PER_SECOND[unit];
  const limit = (seconds: number) =>
    unit === 'ns' ? (seconds < 0 ? LEAST_NANOSECOND : MOST_NANOSECOND) : String(seconds * per);
  const number = kind === 'integer' ? sql : `CAST(${sql} AS DOUBLE)`;
  const isInRange = `${number} >= ${limit(FIRST_SECOND)} AND ${number} < ${limit(END_SECOND)}`;
  return `CASE WHEN ${isInRange} THEN ${timeOfMillis(millisOfNumber(number, kind, unit))} END`;
}

function millisOfNumber(number: string, kind: ColumnKind, unit: keyof typeof PER_SECOND): string {
  if (kind !== 'integer')
    return millisOf(`CAST(round(${number} * ${1_000_000 / PER_SECOND[unit]}E0) AS BIGINT)`);
  const whole = `CAST(${number} AS BIGINT)`;
  switch (unit) {
    case 's':
      return `${whole} * 1000`;
    case 'ms':
      return whole;
    case 'us':
      return millisOf(whole);
    case 'ns':
      return millisOf(`CASE WHEN ${whole} < 0 THEN (${whole} + 1) / 1000 - 1 ELSE ${whole} / 1000 END`);
  }
}

function timeOfColumn({ sql, kind }: FoundColumn, timezone: string): TimeSql | null {
  switch (kind) {
    case 'instant':
      return { value: sql, refusals: [] };
    case 'local':
    case 'date': {
      const plain = kind === 'date' ? `CAST(${sql} AS TIMESTAMP)` : sql;
      return { value: timezone === 'UTC' ? plain : utcOfLocal(plain, timezone), refusals: [] };
    }
    default:
      return null;
  }
}

/** Groups: the date, hour, minute, second, fraction and zone. */
const isoPattern = (date: string) =>
  `^(${date})(?:[T ]([01]?\\d|2[0-4]):([0-5]?\\d)(?::([0-5]?\\d)(?:\\.(\\d*))?)? ?(Z|UTC|[+-](?:0\\d|1[0-7])(?::?[0-5]\\d)?|[+-]18(?::?00)?)? *)?$`;
const STRICT_DATE = '\\d{4}-\\d{2}-\\d{2}';
const LOOSE_DATE = '\\d{4}-\\d{1,2}-\\d{1,2}';
/** Midnight is written as the end of a day, too. */
const LATE = '[T ]24:';
const MIDNIGHT = '[T ]24:00?(:00?(\\.0*)?)? ?([ZU+-]|$)';

/** @param text In upper case. @param date Pattern of its date. */
function timeOfIso(text: string, date: string, timezone: string): string {
  const pattern = isoPattern(date);
  const number = (group: number) =>
    `TRY_CAST(coalesce(regexp_extract(i, '${pattern}', ${group}), '0') AS BIGINT)`;
  const micros = `TRY_CAST(rpad(substr(coalesce(regexp_extract(i, '${pattern}', 5), ''), 1, 6), 6, '0') AS BIGINT)`;
  const clock = `((${number(2)} * 60 + ${number(3)}) * 60 + ${number(4)}) * 1000 + (${micros} + 500) / 1000`;
  const zone = `regexp_extract(i, '${pattern}', 6)`;
  const ahead = [2, 3].map(
    (group) =>
      `TRY_CAST(coalesce(nullif(regexp_extract(${zone}, '^([+-])(\\d\\d):?(\\d\\d)?$', ${group}), ''), '0') AS BIGINT)`,
  );
  const [hours, minutes] = ahead;
  const offset = `(${hours} * 60 + ${minutes}) * 60000 * CASE WHEN ${zone} LIKE '-%' THEN -1 ELSE 1 END`;
  const day = `CAST(TRY_CAST(regexp_extract(i, '${pattern}', 1) AS DATE) AS TIMESTAMP)`;
  const local = bound(clock, 'l', (l) => `date_add('millisecond', ${l}, ${day})`);
  const instant = bound(
    `${clock} - CASE WHEN ${zone} IN ('Z', 'UTC') THEN 0 ELSE ${offset} END`,
    'l',
    (l) => `date_add('millisecond', ${l}, ${day})`,
  );
  return bound(
    text,
    'i',
    () => `CASE WHEN NOT regexp_like(i, '${pattern}') THEN NULL
      WHEN regexp_like(i, '${LATE}') AND NOT regexp_like(i, '${MIDNIGHT}') THEN NULL
      WHEN ${zone} IS NULL OR ${zone} = '' THEN ${utcOfLocal(local, timezone)} ELSE ${instant} END`,
  );
}

const unread = (): TimeSql['refusals'] => [
  { reason: 'SLUICE_INGEST_ROW_TIME_INVALID', when: (_, read) => `${read} IS NULL` },
];

function timeOfFormat(text: string, format: string, timezone: string): TimeSql {
  const ways = isoOfFormat(text, format, {
    matches: (whole) => `regexp_like(${text}, ${whole})`,
    group: (number) => `$${number}`,
    monthOf: (name) => `array_position(ARRAY[${MONTHS.map(quoteText).join(', ')}], substr(${name}, 1, 3))`,
  }).map(
    ({ when, local, offset }) =>
      `WHEN ${when} THEN ${timeOfIso(offset === null ? local : `${local} || ${offset}`, LOOSE_DATE, timezone)}`,
  );
  return { value: `CASE ${ways.join(' ')} END`, refusals: unread() };
}

/** A local time in a timezone, as a timestamp in UTC. */
function utcOfLocal(timestamp: string, timezone: string): string {
  return timezone === 'UTC'
    ? timestamp
    : `CAST(at_timezone(with_timezone(${timestamp}, ${quoteText(timezone)}), 'UTC') AS TIMESTAMP)`;
}

/** Reading times in Athena: part of its dialect. */
export const athenaTimes: Pick<
  Dialect,
  'timeOfNumber' | 'timeOfColumn' | 'timeOfText' | 'timeOfFormat' | 'isOutOfRange' | 'dayInZone'
> = {
  timeOfNumber,
  timeOfColumn,
  timeOfText: (text, timezone) => ({
    value: timeOfIso(`upper(${text})`, STRICT_DATE, timezone),
    refusals: unread(),
  }),
  timeOfFormat,
  isOutOfRange: (time) => `year(${time}) NOT BETWEEN 1 AND 9999`,
  dayInZone: (time, timezone) =>
    timezone === 'UTC'
      ? `CAST(${time} AS DATE)`
      : `CAST(at_timezone(with_timezone(${time}, 'UTC'), ${quoteText(timezone)}) AS DATE)`,
};

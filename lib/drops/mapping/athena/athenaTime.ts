import { quoteText } from '../../../base/sql.ts';
import { DAY_MS } from '../../../base/time.ts';
import type { TimeUnit } from '../../../schema/mappings.ts';
import type { Dialect, FoundColumn } from '../Dialect.ts';
import { FIRST_SECOND, isOfCalendar, isoOfFormat, MONTHS, PER_SECOND } from '../sharedTimes.ts';
import type { ColumnKind } from '../valueSql.ts';
import { bound, calendarTime } from './athenaValues.ts';

/**
 * How Athena reads times. Its timestamps are milliseconds: https://docs.aws.amazon.com/athena/latest/ug/data-types-timestamps.html
 * So times are read to the microsecond, as DuckDB reads them, and rounded as Athena rounds the microseconds of a file.
 */

const EPOCH = "TIMESTAMP '1970-01-01 00:00:00.000'";

/** Milliseconds that are added to make a number of microseconds positive, as Athena divides towards zero. */
const POSITIVE = -FIRST_SECOND * 1_000;

/** Milliseconds of microseconds from the year 1. */
const millisOf = (micros: string) => `(${micros} + ${POSITIVE}000 + 500) / 1000 - ${POSITIVE}`;

/** Athena adds no more than 31 bits of anything: `addFieldValueTimestamp` in https://github.com/trinodb/trino */
function timeOfMillis(millis: string): string {
  return bound(
    millis,
    'l',
    (l) => `date_add('millisecond', ${l} % ${DAY_MS}, date_add('day', ${l} / ${DAY_MS}, ${EPOCH}))`,
  );
}

function timeOfNumber(sql: string, kind: ColumnKind, unit: Exclude<TimeUnit, 'timestamp' | 'iso'>): string {
  const number = kind === 'integer' ? sql : `CAST(${sql} AS DOUBLE)`;
  return `CASE WHEN ${isOfCalendar(number, unit)} THEN ${timeOfMillis(millisOfNumber(number, kind, unit))} END`;
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

function timeOfColumn({ sql, kind, nanoseconds }: FoundColumn, timezone: string): string | null {
  const time = calendarTime(sql, nanoseconds);
  switch (kind) {
    case 'instant':
      return time;
    case 'local':
    case 'date': {
      const plain = kind === 'date' ? `CAST(${time} AS TIMESTAMP)` : time;
      return timezone === 'UTC' ? plain : utcOfLocal(plain, timezone);
    }
    default:
      return null;
  }
}

/**
 * Groups: the date, hour, minute, second and fraction; `Z` or `UTC`; the sign, hours and minutes of an offset. In Athena `\\d`
 * would be the digits of all alphabets, and `$` a place before a line break, too: https://github.com/jruby/joni
 */
const isoPattern = (date: string) =>
  `^(${date})(?:[T ]([01]?[0-9]|2[0-4]):([0-5]?[0-9])(?::([0-5]?[0-9])(?:\\.([0-9]*))?)? ?(?:(Z|UTC)|([+-])(0[0-9]|1[0-8])(?::?([0-5][0-9]))?)?)? *\\z`;
const STRICT_DATE = '[0-9]{4}-[0-9]{2}-[0-9]{2}';
const LOOSE_DATE = '[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}';

/** @param text In upper case. @param date Pattern of its date. */
function timeOfIso(text: string, date: string, timezone: string): string {
  const pattern = quoteText(isoPattern(date));
  return bound(text, 'i', (i) => {
    const parts = `split(regexp_replace(${i}, ${pattern}, '$1|$2|$3|$4|$5|$6|$7|$8|$9'), '|')`;
    return `CASE WHEN regexp_like(${i}, ${pattern}) THEN ${bound(parts, 'p', (p) => timeOfParts(p, timezone))} END`;
  });
}

/** @param parts SQL of an array with the groups of the pattern, '' for those that are not there. */
function timeOfParts(parts: string, timezone: string): string {
  const part = (group: number) => `element_at(${parts}, ${group})`;
  const number = (group: number) => `CAST('0' || ${part(group)} AS BIGINT)`;
  const micros = `CAST(rpad(substr(${part(5)}, 1, 6), 6, '0') AS BIGINT)`;
  const clock = `((${number(2)} * 60 + ${number(3)}) * 60 + ${number(4)}) * 1000 + (${micros} + 500) / 1000`;
  const offset = `(${number(8)} * 60 + ${number(9)}) * 60000 * CASE ${part(7)} WHEN '-' THEN -1 ELSE 1 END`;
  const time = `date_add('millisecond', ${clock} - ${offset}, CAST(TRY_CAST(${part(1)} AS DATE) AS TIMESTAMP))`;
  const isLocal = `${part(6)} = '' AND ${part(7)} = ''`;
  // Midnight is written as the end of a day, too. No zone is farther away than 18 hours.
  const isBeyond = `${part(2)} = '24' AND regexp_like(${part(3)} || ${part(4)} || ${part(5)}, '[1-9]') OR ${part(8)} = '18' AND ${number(9)} > 0`;
  return `CASE WHEN ${isBeyond} THEN NULL ${timezone === 'UTC' ? '' : `WHEN ${isLocal} THEN ${utcOfLocal(time, timezone)}`} ELSE ${time} END`;
}

function timeOfFormat(text: string, format: string, timezone: string): string {
  const iso = bound(text, 'f', (f) => {
    const ways = isoOfFormat(f, format, {
      matches: (whole) => `regexp_like(${f}, ${whole})`,
      group: (number) => `$${number}`,
      monthOf: (name) => `array_position(ARRAY[${MONTHS.map(quoteText).join(', ')}], substr(${name}, 1, 3))`,
    });
    return `CASE ${ways
      .map(
        ({ when, local, offset }) => `WHEN ${when} THEN ${offset === null ? local : `${local} || ${offset}`}`,
      )
      .join(' ')} END`;
  });
  return timeOfIso(iso, LOOSE_DATE, timezone);
}

/**
 * A local time in a timezone, as a timestamp in UTC. When clocks are set back, an hour is there twice: DuckDB takes the later
 * one, and Athena the earlier west of Greenwich (`getMillisKeepLocal` in https://github.com/JodaOrg/joda-time).
 */
function utcOfLocal(timestamp: string, timezone: string): string {
  if (timezone === 'UTC') return timestamp;
  const utc = (local: string) =>
    `CAST(at_timezone(with_timezone(${local}, ${quoteText(timezone)}), 'UTC') AS TIMESTAMP)`;
  const later = (first: string) => `date_add('hour', 1, ${first})`;
  return bound(timestamp, 'w', (local) =>
    bound(
      utc(local),
      'z',
      (first) =>
        `CASE WHEN ${localOfUtc(later(first), timezone)} = ${local} THEN ${later(first)} ELSE ${first} END`,
    ),
  );
}

function localOfUtc(timestamp: string, timezone: string): string {
  return `CAST(at_timezone(with_timezone(${timestamp}, 'UTC'), ${quoteText(timezone)}) AS TIMESTAMP)`;
}

/** Reading times in Athena: part of its dialect. */
export const athenaTimes: Pick<
  Dialect,
  'timeOfNumber' | 'timeOfColumn' | 'timeOfText' | 'timeOfFormat' | 'isOutOfRange' | 'dayInZone'
> = {
  timeOfNumber,
  timeOfColumn,
  timeOfText: (text, timezone) => timeOfIso(`upper(${text})`, STRICT_DATE, timezone),
  timeOfFormat,
  isOutOfRange: (time) => `year(${time}) NOT BETWEEN 1 AND 9999`,
  dayInZone: (time, timezone) =>
    timezone === 'UTC'
      ? `CAST(${time} AS DATE)`
      : `CAST(at_timezone(with_timezone(${time}, 'UTC'), ${quoteText(timezone)}) AS DATE)`,
};

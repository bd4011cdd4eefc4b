/** The unit in lower case. A unit of time with a date `x` fails with the error message. */
const FIELD = (x: string) => `CASE
  WHEN typeof(${x}) = 'DATE' AND lower(CAST(unit AS VARCHAR)) NOT IN ('day', 'week', 'month', 'quarter', 'year')
  THEN CAST(CAST('INVALID_FUNCTION_ARGUMENT: ''' || unit || ''' is not a valid DATE field' AS BIGINT) AS VARCHAR)
  ELSE lower(CAST(unit AS VARCHAR)) END`;

/** The same check for an interval. It mentions `x` only once, since every mention doubles the size of nested calls. */
const CHECKED_INTERVAL = (interval: string) => `CASE
  WHEN typeof(x) = 'DATE' AND lower(unit) IN ('hour', 'minute', 'second', 'millisecond')
  THEN CAST('INVALID_FUNCTION_ARGUMENT: ''' || unit || ''' is not a valid DATE field' AS INTERVAL)
  ELSE ${interval} END`;

/**
 * A number of at most 31 bits: Trino adds no more of any unit (`toIntExact` in its `DateTimeFunctions`). It
 * is cast by 128 bits, which hold any number.
 */
const INT = 'CAST(CAST(n AS HUGEINT) AS INTEGER)';

/** A number of units as an interval, by unit. */
const INTERVALS: Readonly<Record<string, string>> = {
  millisecond: `to_milliseconds(CAST(${INT} AS DOUBLE))`,
  second: `to_seconds(CAST(${INT} AS DOUBLE))`,
  minute: `to_minutes(CAST(${INT} AS BIGINT))`,
  hour: `to_hours(CAST(${INT} AS BIGINT))`,
  day: `to_days(${INT})`,
  week: `to_weeks(${INT})`,
  month: `to_months(${INT})`,
  quarter: `to_months(CAST(3 * CAST(${INT} AS BIGINT) AS INTEGER))`,
  year: `to_years(${INT})`,
};

/** The branches for the units of an interval. */
const cases = Object.entries(INTERVALS)
  .map(([unit, interval]) => `WHEN '${unit}' THEN ${interval}`)
  .join(' ');
/** The interval of a unit that is no literal. */
const INTERVAL = `CASE lower(unit)
  ${cases}
  ELSE CAST('INVALID_FUNCTION_ARGUMENT: ''' || unit || ''' is not a valid TIMESTAMP field' AS INTERVAL) END`;

/** Additions of one unit each, which mention the number once: see `callForms.ts`. */
const ADDITIONS = Object.entries(INTERVALS).map(
  ([unit, interval]) =>
    `trino_date_add_of_${unit}(unit, n, x) AS cast_to_type(x + ${/second|minute|hour/.test(unit) ? CHECKED_INTERVAL(interval) : interval}, x)`,
);

/** A macro that only has another name. */
const alias = (name: string, call: string) => `trino_${name}(x) AS ${call}(x)`;

/** https://trino.io/docs/current/functions/datetime.html; the session's zone is UTC, as Athena's is. */
export const dateMacros: readonly string[] = [
  // A date plus an interval remains a date.
  'trino_shift(x, i) AS cast_to_type(system.main."+"(x, i), x)',
  'trino_unshift(x, i) AS cast_to_type(system.main."-"(x, i), x)',
  "trino_now() AS date_trunc('milliseconds', now())",
  'trino_current_date() AS CAST(trino_now() AS DATE)',
  'trino_localtimestamp() AS CAST(trino_now() AS TIMESTAMP)',
  'trino_date(x) AS CAST(x AS DATE)',
  `trino_date_trunc(unit, x) AS cast_to_type(date_trunc(${FIELD('x')}, x), x)`,
  `trino_date_add(unit, n, x) AS cast_to_type(x + ${CHECKED_INTERVAL(INTERVAL)}, x)`,
  // These are for units that are valid for dates: see `callForms.ts`.
  'trino_date_trunc_days(unit, x) AS cast_to_type(date_trunc(unit, x), x)',
  ...ADDITIONS,
  // Complete units, where DuckDB's date_diff counts crossed boundaries.
  `trino_date_diff(unit, a, b) AS date_sub(${FIELD('a')}, a, b)`,
  'trino_date_format(x, pattern) AS strftime(x, pattern)',
  'trino_date_parse(x, pattern) AS strptime(x, pattern)',
  'trino_from_unixtime(x) AS to_timestamp(x), (x, zone) AS timezone(zone, to_timestamp(x))',
  'trino_to_unixtime(x) AS epoch(x)',
  'trino_from_iso8601_timestamp(x) AS CAST(x AS TIMESTAMPTZ)',
  'trino_at_timezone(x, zone) AS timezone(zone, x)',
  'trino_with_timezone(x, zone) AS system.main.timezone(zone, CAST(x AS TIMESTAMP))',
  alias('year', 'year'),
  alias('day', 'day'),
  alias('day_of_month', 'day'),
  alias('day_of_week', 'isodow'),
  alias('day_of_year', 'dayofyear'),
  alias('week', 'week'),
  alias('hour', 'hour'),
  alias('second', 'second'),
  alias('last_day_of_month', 'last_day'),
];

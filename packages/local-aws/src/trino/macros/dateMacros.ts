import { DATE_INTERVALS, DATE_UNITS, TIME_INTERVALS, TIME_UNITS } from '../intervals.ts';

/**
 * SQL that fails with Trino's error for the parameter `unit`, typed like another expression: a text that cannot be converted, as in
 * macroStatements.ts (`failure`).
 */
const unfit = (kind: string, type = 'INTERVAL') =>
  `CAST('INVALID_FUNCTION_ARGUMENT: ''' || unit || ''' is not a valid ${kind} field' AS ${type})`;

/** Units as a list of texts. */
const listOf = (units: readonly string[]) => `('${units.join("', '")}')`;

/**
 * The parameter `unit` in lower case; Trino's error for one that the operands do not have. It mentions them once, since every mention
 * doubles the size of nested calls.
 *
 * @param areDates Whether all operands are dates.
 */
const unitOf = (areDates: string) => `CASE
  WHEN lower(unit) IN ${listOf(DATE_UNITS)} THEN lower(unit)
  WHEN ${areDates} THEN CAST(${unfit('DATE', 'BIGINT')} AS VARCHAR)
  WHEN lower(unit) IN ${listOf(TIME_UNITS)} THEN lower(unit)
  ELSE CAST(${unfit('TIMESTAMP', 'BIGINT')} AS VARCHAR) END`;

/** Whether `x` is a date. */
const IS_DATE = "typeof(x) = 'DATE'";

/** The addition of a unit that is a literal, which mentions the number once: see translate/calls/callForms.ts. */
const addition = ([unit, interval]: readonly [unit: string, interval: string]) =>
  `trino_date_add_of_${unit}(unit, n, x) AS cast_to_type(x + ${interval}, x)`;

/** An interval of a unit that only times have, or Trino's error for a date. */
const ofTimes = (interval: string) => `CASE WHEN ${IS_DATE} THEN ${unfit('DATE')} ELSE ${interval} END`;

/** The interval of any of some units, or else another. */
function intervalOf(intervals: Readonly<Record<string, string>>, otherwise: string): string {
  const cases = Object.entries(intervals).map(([unit, interval]) => `WHEN '${unit}' THEN ${interval}`);
  return `CASE lower(unit) ${cases.join(' ')} ELSE ${otherwise} END`;
}

/** The interval of any unit of a time. */
const OF_TIMES = intervalOf(TIME_INTERVALS, unfit('TIMESTAMP'));

/** Macros of functions of times: https://trino.io/docs/current/functions/datetime.html. The session's zone is UTC, as Athena's is. */
export const dateMacros: readonly string[] = [
  // A date plus an interval remains a date.
  'trino_shift(x, i) AS cast_to_type(system.main."+"(x, i), x)',
  'trino_unshift(x, i) AS cast_to_type(system.main."-"(x, i), x)',
  "trino_now() AS date_trunc('milliseconds', now())",
  'trino_current_date() AS CAST(trino_now() AS DATE)',
  'trino_localtimestamp() AS CAST(trino_now() AS TIMESTAMP)',
  'trino_date(x) AS CAST(x AS DATE)',
  `trino_date_trunc(unit, x) AS cast_to_type(date_trunc(${unitOf(IS_DATE)}, x), x)`,
  // For a literal unit that dates have, which needs no check: see translate/calls/callForms.ts.
  'trino_date_trunc_days(unit, x) AS cast_to_type(date_trunc(unit, x), x)',
  `trino_date_add(unit, n, x) AS cast_to_type(x + ${intervalOf(DATE_INTERVALS, ofTimes(OF_TIMES))}, x)`,
  ...Object.entries(DATE_INTERVALS).map(addition),
  ...Object.entries(TIME_INTERVALS).map(([unit, interval]) => addition([unit, ofTimes(interval)])),
  // Complete units, where DuckDB's date_diff counts crossed boundaries. A date with a time becomes a time.
  `trino_date_diff(unit, a, b) AS date_sub(${unitOf("typeof(a) = 'DATE' AND typeof(b) = 'DATE'")}, a, b)`,
  // Patterns are DuckDB's by now: see translate/calls/callForms.ts.
  'trino_date_format(x, pattern) AS strftime(x, pattern)',
  'trino_date_parse(x, pattern) AS strptime(x, pattern)',
  // Trino rounds to milliseconds.
  'trino_from_unixtime(x) AS to_timestamp(round(x, 3)), (x, zone) AS timezone(zone, to_timestamp(round(x, 3)))',
  'trino_to_unixtime(x) AS epoch(x)',
  'trino_from_iso8601_timestamp(x) AS CAST(x AS TIMESTAMPTZ)',
  'trino_at_timezone(x, zone) AS timezone(zone, x)',
  'trino_with_timezone(x, zone) AS system.main.timezone(zone, CAST(x AS TIMESTAMP))',
  'trino_day_of_month(x) AS day(x)',
  'trino_day_of_week(x) AS isodow(x)',
  'trino_day_of_year(x) AS dayofyear(x)',
  'trino_last_day_of_month(x) AS last_day(x)',
];

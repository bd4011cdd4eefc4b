/**
 * A number of at most 31 bits: Trino adds no more of any unit (`toIntExact` in its `DateTimeFunctions`). It
 * is cast by 128 bits, which hold any number.
 */
const INT = 'CAST(CAST(n AS HUGEINT) AS INTEGER)';

/** SQL of `n` of the units that dates and times have, as intervals. */
export const DATE_INTERVALS: Readonly<Record<string, string>> = {
  day: `to_days(${INT})`,
  week: `to_weeks(${INT})`,
  month: `to_months(${INT})`,
  quarter: `to_months(CAST(3 * CAST(${INT} AS BIGINT) AS INTEGER))`,
  year: `to_years(${INT})`,
};
/** SQL of `n` of the units that only times have, as intervals. */
export const TIME_INTERVALS: Readonly<Record<string, string>> = {
  millisecond: `to_milliseconds(CAST(${INT} AS DOUBLE))`,
  second: `to_seconds(CAST(${INT} AS DOUBLE))`,
  minute: `to_minutes(CAST(${INT} AS BIGINT))`,
  hour: `to_hours(CAST(${INT} AS BIGINT))`,
};

/** The units that dates and times have. */
export const DATE_UNITS: readonly string[] = Object.keys(DATE_INTERVALS);
/** The units that only times have. */
export const TIME_UNITS: readonly string[] = Object.keys(TIME_INTERVALS);

import type { Tried } from './Tried.ts';

const events = (column: string) => `"sluice"."product_events"."${column}"`;
const exposed = (column: string) => `"sluice"."experiment_exposures"."${column}"`;
const FROM_EVENTS = 'FROM "sluice"."product_events"';
/** One exposure, at 2026-11-19 10:15:30.250, a Thursday. */
const ONE_EXPOSURE = `FROM "sluice"."experiment_exposures" WHERE ${exposed('user_id')} = 'u3' LIMIT 1048575`;
const TIME = exposed('timestamp');
/** Weeks begin on Sundays in Metabase by default, and on Mondays in Athena. */
const sundayOf = (expression: string) =>
  `date_add('day', -1, date_trunc('week', date_add('day', 1, ${expression})))`;

/**
 * Queries with which Metabase examines a database: a connection test, a sample of each table (fingerprint) and the
 * values of columns that filters offer.
 * https://github.com/metabase/metabase: src/metabase/sync/analyze/fingerprint.clj, src/metabase/driver/common/table_rows_sample.clj
 */
export const metabaseSync: readonly Tried[] = [
  { about: 'connection test', sql: 'SELECT 1', types: ['integer'], rows: [['1']] },
  {
    about: 'fingerprint: the first 10,000 rows, long texts cut',
    sql: `SELECT ${events('event_name')} AS "event_name", substring(${events('company_metadata')}, 1, 1234) AS "substring42", ${events('value_number')} AS "value_number", ${events('ds')} AS "ds" ${FROM_EVENTS} LIMIT 10000`,
    types: ['varchar', 'varchar', 'double', 'date'],
    rows: [
      ['add_to_cart', null, null, '2026-11-20'],
      ['page_view', '{"url":"https://shop.example/hats?page=1"}', null, '2026-11-18'],
      ['page_view', '{"url":"https://shop.example/shoes"}', null, '2026-11-19'],
      ['purchase', '{"sku":"hat-7"}', '19.5', '2026-11-18'],
      ['purchase', '{"sku":"it\'s a sock"}', '5.25', '2026-11-20'],
      ['purchase', '{"sku":"shoe-12"}', '40.0', '2026-11-19'],
    ],
    anyOrder: true,
  },
  {
    about: 'values of a column, for a filter',
    sql: `SELECT ${events('event_name')} AS "event_name" ${FROM_EVENTS} GROUP BY ${events('event_name')} ORDER BY ${events('event_name')} ASC LIMIT 1000`,
    rows: [['add_to_cart'], ['page_view'], ['purchase']],
  },
  {
    about: 'rows of a table',
    sql: `SELECT COUNT(*) AS "count" ${FROM_EVENTS}`,
    types: ['bigint'],
    rows: [['6']],
  },
];

const truncated = ['minute', 'hour', 'day', 'month', 'quarter', 'year']
  .map((unit) => `date_trunc('${unit}', ${TIME}) AS "${unit}"`)
  .join(', ');
const shifted = [
  ['month', -1],
  ['hour', 36],
  ['quarter', 1],
  ['week', 2],
  ['year', -1],
  ['second', 30],
]
  .map(([unit, amount]) => `date_add('${unit}', ${amount}, ${TIME}) AS "${unit}"`)
  .join(', ');
/**
 * SQL that Metabase's query processor makes of questions that were put together by clicks.
 * https://github.com/metabase/metabase: modules/drivers/athena/src/metabase/driver/athena.clj, and for the parts that a
 * driver leaves out src/metabase/driver/sql/query_processor.clj
 */
export const metabaseQueries: readonly Tried[] = [
  {
    about: 'truncation: minute, hour, day, month, quarter, year',
    sql: `SELECT ${truncated} ${ONE_EXPOSURE}`,
    types: Array.from({ length: 6 }, () => 'timestamp'),
    rows: [
      [
        '2026-11-19 10:15:00.000',
        '2026-11-19 10:00:00.000',
        '2026-11-19 00:00:00.000',
        '2026-11-01 00:00:00.000',
        '2026-10-01 00:00:00.000',
        '2026-01-01 00:00:00.000',
      ],
    ],
  },
  {
    about: 'count by day',
    sql: `SELECT date_trunc('day', ${events('timestamp')}) AS "timestamp", COUNT(*) AS "count" ${FROM_EVENTS} GROUP BY date_trunc('day', ${events('timestamp')}) ORDER BY date_trunc('day', ${events('timestamp')}) ASC LIMIT 1048575`,
    types: ['timestamp', 'bigint'],
    rows: [
      ['2026-11-18 00:00:00.000', '2'],
      ['2026-11-19 00:00:00.000', '2'],
      ['2026-11-20 00:00:00.000', '2'],
    ],
  },
  {
    about: 'truncation to weeks that begin on Sundays, of a date',
    sql: `SELECT ${sundayOf(events('ds'))} AS "ds", COUNT(*) AS "count" ${FROM_EVENTS} GROUP BY ${sundayOf(events('ds'))} ORDER BY ${sundayOf(events('ds'))} ASC LIMIT 1048575`,
    types: ['date', 'bigint'],
    rows: [['2026-11-15', '6']],
  },
  {
    about: 'extraction: minute, hour, day of month, of year and of week, week, month, quarter',
    sql: `SELECT minute(${TIME}) AS "minute", hour(${TIME}) AS "hour", day_of_month(${TIME}) AS "day", day_of_year(${TIME}) AS "doy", CASE WHEN ((day_of_week(${TIME}) + 1) % 7) = 0 THEN 7 ELSE (day_of_week(${TIME}) + 1) % 7 END AS "dow", CAST(CEIL(day_of_year(${sundayOf(TIME)}) / 7.0) AS INTEGER) AS "week", month(${TIME}) AS "month", quarter(${TIME}) AS "quarter" ${ONE_EXPOSURE}`,
    types: ['bigint', 'bigint', 'bigint', 'bigint', 'bigint', 'integer', 'bigint', 'bigint'],
    rows: [['15', '10', '19', '323', '5', '46', '11', '4']],
  },
  {
    about: 'arithmetic of dates',
    sql: `SELECT ${shifted} ${ONE_EXPOSURE}`,
    rows: [
      [
        '2026-10-19 10:15:30.250',
        '2026-11-20 22:15:30.250',
        '2027-02-19 10:15:30.250',
        '2026-12-03 10:15:30.250',
        '2025-11-19 10:15:30.250',
        '2026-11-19 10:16:00.250',
      ],
    ],
  },
  {
    about: 'difference of times, over a join',
    sql: `SELECT date_diff('day', date_trunc('day', "First Exposures - User"."ts"), date_trunc('day', ${events('timestamp')})) AS "days", date_diff('month', date_trunc('day', "First Exposures - User"."ts"), date_trunc('day', ${events('timestamp')})) AS "months", date_diff('hour', CAST("First Exposures - User"."ts" AS timestamp), CAST(${events('timestamp')} AS timestamp)) AS "hours", date_diff('minute', CAST("First Exposures - User"."ts" AS timestamp), CAST(${events('timestamp')} AS timestamp)) AS "minutes" ${FROM_EVENTS} INNER JOIN "sluice"."first_exposures" AS "First Exposures - User" ON ${events('user_id')} = "First Exposures - User"."unit_id" WHERE (${events('user_id')} = 'u2') AND ("First Exposures - User"."unit_type" = 'user_id') LIMIT 1048575`,
    types: ['bigint', 'bigint', 'bigint', 'bigint'],
    rows: [['1', '0', '24', '1470']],
  },
  {
    about: 'previous 30 days, of times',
    sql: `SELECT COUNT(*) AS "count" ${FROM_EVENTS} WHERE (${events('timestamp')} >= date_trunc('day', date_add('day', -30, now()))) AND (${events('timestamp')} < date_trunc('day', now()))`,
    rows: [['4']],
  },
  {
    about: 'previous 30 days, of dates',
    sql: `SELECT COUNT(*) AS "count" ${FROM_EVENTS} WHERE (${events('ds')} >= CAST(date_add('day', -30, now()) AS date)) AND (${events('ds')} < CAST(now() AS date))`,
    rows: [['4']],
  },
  {
    about: 'this month, of dates held against times',
    sql: `SELECT COUNT(*) AS "count" ${FROM_EVENTS} WHERE (${events('ds')} >= date_trunc('month', now())) AND (${events('ds')} < date_trunc('month', date_add('month', 1, now())))`,
    rows: [['6']],
  },
  {
    about: 'days, times, offsets and zones as literals',
    sql: `SELECT count_if(${events('ds')} = date '2026-11-19') AS "day", count_if(${events('timestamp')} >= timestamp '2026-11-19 22:00:00.000') AS "local", count_if(${events('timestamp')} >= timestamp '2026-11-19 14:00:00 -08:00') AS "offset", count_if(${events('timestamp')} >= timestamp '2026-11-19 22:00:00 Z') AS "utc", count_if(${events('timestamp')} >= timestamp '2026-11-19 14:00:00 US/Pacific') AS "zone" ${FROM_EVENTS}`,
    rows: [['2', '3', '3', '3', '3']],
  },
  {
    about: 'median and percentile',
    sql: `SELECT approx_percentile(${events('value_number')}, 0.5) AS "median", approx_percentile(${events('value_number')}, 0.9) AS "percentile" ${FROM_EVENTS}`,
    types: ['double', 'double'],
    rows: [['19.5', '40.0']],
  },
  {
    about: 'sum, average, least, largest, deviation, distinct values',
    sql: `SELECT SUM(${events('value_number')}) AS "sum", AVG(${events('value_number')}) AS "avg", MIN(${events('value_number')}) AS "min", MAX(${events('value_number')}) AS "max", ROUND(STDDEV_POP(${events('value_number')}), 4) AS "stddev", COUNT(DISTINCT ${events('user_id')}) AS "users" ${FROM_EVENTS}`,
    types: ['double', 'double', 'double', 'double', 'double', 'bigint'],
    rows: [['64.75', '21.583333333333332', '5.25', '40.0', '14.2629', '4']],
  },
  {
    about: 'count and share of what meets a condition',
    sql: `SELECT SUM(CASE WHEN ${events('event_name')} = 'purchase' THEN 1 ELSE 0.0 END) AS "count-where", SUM(CASE WHEN ${events('event_name')} = 'purchase' THEN 1 ELSE 0.0 END) / COUNT(*) AS "share" ${FROM_EVENTS}`,
    rows: [['3.0', '0.5']],
  },
  {
    about: 'division that is never one of integers',
    sql: `SELECT CAST(COUNT(*) AS double) / CAST(NULLIF(COUNT(DISTINCT ${events('user_id')}), 0) AS double) AS "events_per_user" ${FROM_EVENTS}`,
    types: ['double'],
    rows: [['1.5']],
  },
  {
    about: 'regular expression: first match',
    sql: `SELECT regexp_extract(${events('company_metadata')}, 'example/([a-z]+)') AS "match", COUNT(*) AS "count" ${FROM_EVENTS} WHERE ${events('event_name')} = 'page_view' GROUP BY regexp_extract(${events('company_metadata')}, 'example/([a-z]+)') ORDER BY regexp_extract(${events('company_metadata')}, 'example/([a-z]+)') ASC LIMIT 1048575`,
    rows: [
      ['example/hats', '1'],
      ['example/shoes', '1'],
    ],
  },
  {
    about: 'pages: OFFSET before LIMIT, over a question in a question',
    sql: `SELECT "source"."user_id" AS "user_id", "source"."event_name" AS "event_name" FROM (SELECT ${events('user_id')} AS "user_id", ${events('event_name')} AS "event_name", ${events('timestamp')} AS "timestamp" ${FROM_EVENTS}) AS "source" ORDER BY "source"."timestamp" ASC OFFSET 2 LIMIT 2`,
    rows: [
      ['u3', 'page_view'],
      ['u2', 'purchase'],
    ],
  },
  {
    about: 'texts: pieces, cases, replacements',
    sql: `SELECT CONCAT(UPPER(${events('event_name')}), ' / ', COALESCE(${events('country')}, 'unknown')) AS "text", LENGTH(${events('event_name')}) AS "length", REPLACE(${events('event_name')}, '_', ' ') AS "replaced", SUBSTRING(${events('event_name')}, 1, 3) AS "left", TRIM(${events('event_value')}) AS "trimmed" ${FROM_EVENTS} WHERE ${events('user_id')} = 'u4' LIMIT 1048575`,
    rows: [['ADD_TO_CART / unknown', '11', 'add to cart', 'add', 'three']],
  },
  {
    about: 'filters on texts, with and without case, NULL included',
    sql: `SELECT ${events('user_id')} AS "user_id" ${FROM_EVENTS} WHERE (lower(${events('event_name')}) LIKE '%cart%' OR ${events('event_name')} LIKE 'purch%') AND (NOT (lower(${events('country')}) LIKE '%us%') OR ${events('country')} IS NULL) GROUP BY ${events('user_id')} ORDER BY ${events('user_id')} ASC LIMIT 1048575`,
    rows: [['u1'], ['u3'], ['u4']],
  },
  {
    about: 'numbers in bins',
    sql: `SELECT (FLOOR(((${events('value_number')} - 0.0) / 10.0)) * 10.0) + 0.0 AS "value_number", COUNT(*) AS "count" ${FROM_EVENTS} WHERE ${events('value_number')} IS NOT NULL GROUP BY (FLOOR(((${events('value_number')} - 0.0) / 10.0)) * 10.0) + 0.0 ORDER BY (FLOOR(((${events('value_number')} - 0.0) / 10.0)) * 10.0) + 0.0 ASC LIMIT 1048575`,
    rows: [
      ['0.0', '1'],
      ['10.0', '1'],
      ['40.0', '1'],
    ],
  },
  {
    about: 'cumulative sum',
    sql: `SELECT date_trunc('day', ${events('timestamp')}) AS "timestamp", SUM(SUM(${events('value_number')})) OVER (ORDER BY date_trunc('day', ${events('timestamp')}) ASC ROWS UNBOUNDED PRECEDING) AS "sum" ${FROM_EVENTS} GROUP BY date_trunc('day', ${events('timestamp')}) ORDER BY date_trunc('day', ${events('timestamp')}) ASC LIMIT 1048575`,
    rows: [
      ['2026-11-18 00:00:00.000', '19.5'],
      ['2026-11-19 00:00:00.000', '59.5'],
      ['2026-11-20 00:00:00.000', '64.75'],
    ],
  },
  {
    about: 'left join of two views, summed by the other',
    sql: `SELECT "First Exposures - User"."group_id" AS "First Exposures - User__group_id", SUM(${events('value_number')}) AS "sum" ${FROM_EVENTS} LEFT JOIN "sluice"."first_exposures" AS "First Exposures - User" ON ${events('user_id')} = "First Exposures - User"."unit_id" WHERE ("First Exposures - User"."unit_type" = 'user_id') AND ("First Exposures - User"."is_gate" = FALSE) GROUP BY "First Exposures - User"."group_id" ORDER BY "sum" DESC, "First Exposures - User"."group_id" ASC LIMIT 1048575`,
    rows: [
      ['treatment', '45.25'],
      ['control', '19.5'],
    ],
  },
  {
    about: 'days of another zone, and epochs, in SQL by hand',
    sql: `SELECT CAST(at_timezone(with_timezone("timestamp", 'UTC'), 'Asia/Tokyo') AS date) AS day, count(*) AS events, to_unixtime(min("timestamp")) AS first, CAST(from_unixtime(1795039200) AS timestamp) AS same FROM sluice.product_events WHERE user_id = 'u2' GROUP BY 1`,
    rows: [['2026-11-20', '1', '1.7951256E9', '2026-11-18 22:00:00.000']],
  },
];

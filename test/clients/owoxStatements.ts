import type { Tried } from './Tried.ts';

const EVENTS = '"sluice"."product_events"';

/**
 * SQL that OWOX Data Marts makes of a data mart and the controls of a report, values as execution parameters.
 * https://github.com/OWOX/owox-data-marts: apps/backend/src/data-marts/data-storage-types/athena/services,
 * athena-query.builder.ts, athena-clause-renderer.ts, athena-blended-query-builder.ts
 */
export const owoxQueries: readonly Tried[] = [
  {
    about: 'columns of a data mart that is a query',
    sql: 'SELECT\n  "event_name",\n  "user_id"\nFROM (SELECT * FROM sluice.product_events WHERE event_name = \'purchase\')',
    rows: [
      ['purchase', 'u1'],
      ['purchase', 'u2'],
      ['purchase', 'u3'],
    ],
    anyOrder: true,
  },
  {
    about: 'filter, grouping, HAVING, order and limit',
    sql: `SELECT\n  "country",\n  SUM("value_number") AS "value_number | SUM",\n  COUNT(DISTINCT "user_id") AS "user_id | COUNTUNIQUE",\n  COUNT(*) AS "Row Count"\nFROM ${EVENTS}\nWHERE "event_name" = ?\nGROUP BY\n  "country"\nHAVING SUM("value_number") > ?\nORDER BY\n  "value_number | SUM" DESC\nLIMIT 100`,
    parameters: ["'purchase'", '1'],
    types: ['varchar', 'double', 'bigint', 'bigint'],
    rows: [
      ['US', '40.0', '1', '1'],
      ['DE', '24.75', '2', '2'],
    ],
  },
  {
    about: 'filters on texts: contains, begins, ends, matches, is one of',
    sql: `SELECT\n  "user_id"\nFROM ${EVENTS}\nWHERE strpos("event_name", ?) > 0 AND strpos("event_name", ?) = 1 AND substr("event_name", -length(?)) = ? AND regexp_like("event_name", ?) AND NOT regexp_like("event_name", ?) AND "country" IN (?, ?) AND ("country" IS NOT NULL AND "country" != '')\nORDER BY\n  "user_id" ASC`,
    parameters: ["'rch'", "'pur'", "'ase'", "'ase'", "'^p.*e$'", "'view'", "'DE'", "'it''s'"],
    rows: [['u1'], ['u3']],
  },
  {
    about: 'filters on days: typed placeholders, BETWEEN, relative days',
    sql: `SELECT\n  COUNT(*) AS "Row Count"\nFROM ${EVENTS}\nWHERE "ds" BETWEEN CAST(? AS DATE) AND CAST(? AS DATE) AND "timestamp" >= CAST(? AS TIMESTAMP) AND "ds" >= date_add('day', -7, current_date) AND "ds" < date_add('day', 1, current_date) AND "timestamp" >= date_trunc('week', current_date) AND "timestamp" < date_add('week', 1, date_trunc('week', current_date))`,
    parameters: ["'2026-11-18'", "'2026-11-19'", "'2026-11-18 09:10:00'"],
    rows: [['3']],
  },
  {
    about: 'today, yesterday, this and last month, quarter and year',
    sql: `SELECT count_if("timestamp" >= current_date AND "timestamp" < date_add('day', 1, current_date)) AS "today", count_if("timestamp" >= date_add('day', -1, current_date) AND "timestamp" < current_date) AS "yesterday", count_if("ds" >= date_trunc('month', current_date) AND "ds" < date_add('month', 1, date_trunc('month', current_date))) AS "this_month", count_if("ds" >= date_trunc('month', date_add('month', -1, current_date)) AND "ds" < date_trunc('month', current_date)) AS "last_month", count_if("ds" >= date_trunc('quarter', current_date) AND "ds" < date_add('month', 3, date_trunc('quarter', current_date))) AS "this_quarter", count_if("ds" >= date_trunc('year', current_date)) AS "this_year" FROM ${EVENTS}`,
    rows: [['2', '2', '6', '0', '6', '6']],
  },
  {
    about: 'days and months of a report, in its zone',
    sql: `SELECT\n  date_trunc('month', "ds") AS "ds",\n  date_trunc('day', ("timestamp") AT TIME ZONE 'America/New_York') AS "timestamp",\n  COUNT(*) AS "Row Count"\nFROM ${EVENTS}\nWHERE "user_id" = ?\nGROUP BY\n  date_trunc('month', "ds"),\n  date_trunc('day', ("timestamp") AT TIME ZONE 'America/New_York')\nORDER BY\n  "Row Count" DESC`,
    parameters: ["'u2'"],
    rows: [['2026-11-01', '2026-11-19 00:00:00.000', '1']],
  },
  {
    about: 'percentiles, any value, joined texts',
    sql: `SELECT\n  "event_name",\n  APPROX_PERCENTILE(CAST("value_number" AS DOUBLE), 0.5) AS "value_number | MEDIAN",\n  arbitrary("event_name") AS "event_name | ANYVALUE",\n  array_join(array_agg(CAST("ds" AS VARCHAR)), ', ') AS "ds | STRINGAGG"\nFROM ${EVENTS}\nWHERE "event_value" = ?\nGROUP BY\n  "event_name"`,
    parameters: ["'19.5'"],
    rows: [['purchase', '19.5', 'purchase', '2026-11-18']],
  },
  {
    about: 'unique rows by a key of two columns',
    sql: `SELECT\n  COUNT(DISTINCT CASE WHEN "user_id" IS NULL OR "ds" IS NULL THEN NULL ELSE CONCAT(CAST(LENGTH(CAST("user_id" AS VARCHAR)) AS VARCHAR), '␟', CAST("user_id" AS VARCHAR), CAST(LENGTH(CAST("ds" AS VARCHAR)) AS VARCHAR), '␟', CAST("ds" AS VARCHAR)) END) AS "Unique Count"\nFROM ${EVENTS}`,
    types: ['bigint'],
    rows: [['5']],
  },
  {
    about: 'data marts blended by CTEs',
    sql: `WITH "main" AS (\n  SELECT "unit_id", "group_id" FROM "sluice"."first_exposures" WHERE "unit_type" = 'user_id' AND NOT "is_gate"\n), "purchases" AS (\n  SELECT "user_id", SUM("value_number") AS "value" FROM ${EVENTS} GROUP BY "user_id"\n)\nSELECT\n  "main"."group_id" AS "group_id",\n  SUM("purchases"."value") AS "value | SUM"\nFROM "main"\nLEFT JOIN "purchases" ON "main"."unit_id" = "purchases"."user_id"\nGROUP BY\n  "main"."group_id"\nORDER BY\n  "group_id" ASC`,
    rows: [
      ['control', '19.5'],
      ['treatment', '45.25'],
    ],
  },
];

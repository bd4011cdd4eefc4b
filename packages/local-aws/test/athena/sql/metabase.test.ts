import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openLake } from './openLake.ts';

let lake: Awaited<ReturnType<typeof openLake>>;
beforeAll(async () => {
  lake = await openLake();
});
afterAll(() => lake.close());

describe('the SQL that Metabase writes', () => {
  const cases: readonly {
    readonly what: string;
    readonly sql: string;
    readonly rows: readonly (readonly (string | undefined)[])[];
  }[] = [
    {
      what: 'a count by month',
      sql: `-- Metabase:: userID: 1 queryType: MBQL queryHash: 5b
       SELECT DATE_TRUNC('month', "db"."events"."ts") AS "ts", COUNT(*) AS "count" FROM "db"."events"
       WHERE ("db"."events"."ts" >= timestamp '2026-11-01 00:00:00.000') AND ("db"."events"."ts" < timestamp '2026-12-01 00:00:00.000')
       GROUP BY DATE_TRUNC('month', "db"."events"."ts") ORDER BY DATE_TRUNC('month', "db"."events"."ts") ASC`,
      rows: [['2026-11-01 00:00:00.000', '30']],
    },
    {
      what: 'a count by week that begins on Sunday',
      sql: `SELECT DATE_ADD('day', -1, DATE_TRUNC('week', DATE_ADD('day', 1, "db"."events"."ds"))) AS "week", COUNT(*) AS "count"
       FROM "db"."events" GROUP BY DATE_ADD('day', -1, DATE_TRUNC('week', DATE_ADD('day', 1, "db"."events"."ds"))) ORDER BY 1 ASC`,
      rows: [['2026-11-15', '30']],
    },
    {
      what: 'parts of dates',
      sql: `SELECT "source"."dow" AS "dow", "source"."hour" AS "hour", "source"."q" AS "q", COUNT(*) AS "count" FROM (
         SELECT ((day_of_week("db"."events"."ds") % 7) + 1) AS "dow", extract(hour from "db"."events"."ts") AS "hour", quarter("db"."events"."ds") AS "q" FROM "db"."events"
       ) AS "source" WHERE "source"."hour" >= 18 GROUP BY "source"."dow", "source"."hour", "source"."q" ORDER BY "source"."dow" ASC, "source"."hour" ASC`,
      rows: [
        ['4', '18', '4', '1'],
        ['4', '19', '4', '1'],
        ['5', '18', '4', '1'],
        ['5', '19', '4', '1'],
        ['6', '18', '4', '1'],
        ['6', '19', '4', '1'],
      ],
    },
    {
      what: 'a custom expression',
      sql: `SELECT "db"."events"."id" AS "id", CASE WHEN "db"."events"."value" > 10.5 THEN concat('big ', "db"."events"."name") ELSE 'small' END AS "size",
         regexp_extract("db"."events"."name", '\\d+') AS "digits", date_diff('day', "db"."events"."ds", DATE '2026-11-20') AS "age",
         CAST("db"."events"."id" AS double) / NULLIF(CAST("db"."events"."value" AS double), 0.0) AS "ratio"
       FROM "db"."events" WHERE "db"."events"."ds" = date '2026-11-18' AND "db"."events"."id" IN (3, 8) ORDER BY "db"."events"."id" ASC LIMIT 2000`,
      rows: [
        ['3', 'small', '3', '2', '0.6666666666666666'],
        ['8', 'big n8', '8', '2', '0.6666666666666666'],
      ],
    },
    {
      what: 'aggregations',
      sql: `SELECT approx_percentile("source"."id", 0.5) AS "median", approx_distinct("source"."name") AS "d", STDDEV_SAMP("source"."id") > 2 AS "s",
         SUM(CASE WHEN lower("source"."name") LIKE '%n1%' THEN 1 ELSE 0.0 END) AS "share", COUNT(DISTINCT "source"."ds") AS "days"
       FROM "db"."events" AS "source"`,
      rows: [['4', '10', 'true', '3.0', '3']],
    },
    {
      what: 'a page of rows',
      sql: `SELECT "db"."events"."id" AS "id" FROM "db"."events" WHERE "db"."events"."ds" = date '2026-11-18' ORDER BY "db"."events"."id" ASC OFFSET 4 LIMIT 2`,
      rows: [['4'], ['5']],
    },
    {
      what: 'times in another zone',
      sql: `SELECT DATE_TRUNC('day', at_timezone(from_iso8601_timestamp('2026-11-20T23:30:00Z'), 'Europe/Vienna')) AS "day"`,
      rows: [['2026-11-21 00:00:00.000']],
    },
    {
      what: 'a fingerprint of a table',
      sql: `SELECT "source"."substring8" AS "substring8", "source"."id" AS "id" FROM (SELECT substring("db"."events"."name", 1, 1234) AS "substring8", "db"."events"."id" AS "id" FROM "db"."events" ORDER BY "db"."events"."id" LIMIT 1) AS "source" LIMIT 10000`,
      rows: [['n0', '0']],
    },
  ];
  it.each(cases)('is answered: $what', async ({ sql, rows }) => {
    expect(await lake.rows(sql)).toEqual(rows);
  });
});

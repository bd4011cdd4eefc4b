import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openLake } from './openLake.ts';

let lake: Awaited<ReturnType<typeof openLake>>;
beforeAll(async () => {
  lake = await openLake();
});
afterAll(() => lake.close());

const BERLIN = "TIMESTAMP '2026-11-20 10:00:00 Europe/Berlin'";
const VIENNA = "ts AT TIME ZONE 'Europe/Vienna'";

/** Trino's own values of expressions of one row of `events`, whose `ts` is 2026-11-20 18:00:00. */
const RIGHT: readonly { readonly expression: string; readonly value: string }[] = [
  { expression: `date_format(${VIENNA}, '%Y-%m-%d %H')`, value: '2026-11-20 19' },
  { expression: `extract(hour FROM ${VIENNA})`, value: '19' },
  { expression: `CAST(at_timezone(with_timezone(ts, 'UTC'), 'Asia/Tokyo') AS date)`, value: '2026-11-21' },
  { expression: `CAST(${VIENNA} AS timestamp)`, value: '2026-11-20 19:00:00.000' },
  { expression: `CAST(date_trunc('day', (${VIENNA})) AS timestamp)`, value: '2026-11-20 00:00:00.000' },
  { expression: `day(max(ts) AT TIME ZONE 'Asia/Tokyo')`, value: '21' },
  { expression: `ts AT TIME ZONE 'UTC' = TIMESTAMP '2026-11-20 18:00:00 UTC'`, value: 'true' },
  { expression: `${BERLIN} = TIMESTAMP '2026-11-20 09:00:00 UTC'`, value: 'true' },
  {
    expression: `ts > ${BERLIN} AND ts BETWEEN ${BERLIN} AND TIMESTAMP '2026-11-20 18:00:00 +00:00'`,
    value: 'true',
  },
  { expression: `to_unixtime(${BERLIN})`, value: '1.7951652E9' },
  { expression: `day(max(${VIENNA}))`, value: '20' },
  { expression: `${BERLIN} IN (TIMESTAMP '2026-11-20 09:00:00 UTC', ${BERLIN})`, value: 'true' },
  { expression: `max(${BERLIN}) = TIMESTAMP '2026-11-20 09:00:00 UTC'`, value: 'true' },
];

const REFUSED: readonly string[] = [
  `SELECT date_format(${VIENNA} + INTERVAL '6' HOUR, '%Y-%m-%d %H') FROM events`,
  `SELECT ${VIENNA} > TIMESTAMP '2026-11-20 10:00:00 UTC' FROM events`,
  `SELECT id FROM events WHERE now() >= date_trunc('day', ${VIENNA})`,
  `SELECT id FROM events WHERE ${VIENNA} BETWEEN now() AND now()`,
  `SELECT to_unixtime(${VIENNA}) FROM events`,
  `SELECT date_diff('day', ${VIENNA}, now()) FROM events`,
  `SELECT ${VIENNA} AT TIME ZONE 'UTC' FROM events`,
  `SELECT CAST(${VIENNA} AS varchar) FROM events`,
  `SELECT CAST(${VIENNA} AS timestamp with time zone) FROM events`,
  `SELECT at_timezone(ts, 'Asia/Tokyo') - INTERVAL '1' DAY < now() FROM events`,
  `SELECT CASE WHEN id > 1 THEN ${VIENNA} ELSE now() END FROM events`,
  `SELECT * FROM (SELECT ${VIENNA} AS t FROM events) WHERE t > now()`,
  `WITH d AS (SELECT date_trunc('day', ${VIENNA}) AS t FROM events) SELECT t FROM d`,
  `SELECT hour(${BERLIN})`,
  `SELECT CAST(${BERLIN} AS date)`,
  `SELECT date_trunc('day', ${BERLIN})`,
  `SELECT to_iso8601(with_timezone(ts, 'Europe/Berlin')) FROM events`,
  `SELECT to_unixtime(max(${VIENNA})) FROM events`,
  `SELECT max(${VIENNA}) > now() FROM events`,
  `SELECT CAST(max(${VIENNA}) AS varchar) FROM events`,
  `SELECT now() IN (${VIENNA}) FROM events`,
  `SELECT id FROM (SELECT id, ts AS "by" FROM events) WHERE now() > "by" AT TIME ZONE 'Europe/Vienna'`,
  `SELECT "to_unixtime"(${VIENNA}) FROM events`,
  `SELECT ${VIENNA} FROM events UNION SELECT now()`,
  `CREATE VIEW zoned AS SELECT ${VIENNA} AS t FROM events`,
  `INSERT INTO events SELECT ${VIENNA} FROM events`,
  `SELECT with_timezone(ts, "utc") FROM (SELECT ts, 'Europe/Berlin' AS "utc" FROM events) WHERE hour(with_timezone(ts, "utc")) = 1`,
];

describe('times with time zone in the local Athena', () => {
  it.each(RIGHT)('$expression is $value', async ({ expression, value }) => {
    const where = "WHERE ds = DATE '2026-11-20' AND id = 8 GROUP BY ts";
    expect(await lake.rows(`SELECT ${expression} FROM events ${where}`)).toEqual([[value]]);
  });

  it('takes a name in quotes for no keyword', async () => {
    const source = `(SELECT ts AS "from" FROM events WHERE ds = DATE '2026-11-20' AND id = 8)`;
    const sql = `SELECT date_format("from" AT TIME ZONE 'Europe/Vienna', '%H') FROM ${source}`;
    expect(await lake.rows(sql)).toEqual([['19']]);
  });

  it('groups and orders by local days', async () => {
    const day = "date_trunc('day', ts AT TIME ZONE 'Asia/Tokyo')";
    const rows = await lake.rows(
      `SELECT ${day} AS "ts", count(*) FROM events WHERE ds = DATE '2026-11-18' GROUP BY ${day} ORDER BY ${day} ASC`,
    );
    expect(rows).toEqual([
      ['2026-11-18 00:00:00.000', '5'],
      ['2026-11-19 00:00:00.000', '5'],
    ]);
  });

  it.each(REFUSED)('refuses %s', async (sql) => {
    const { reason, error } = await lake.failure(sql);
    expect(reason).toMatch(/^NOT_SUPPORTED: line 1:\d+: A time of another zone outside of CAST/);
    expect(error).toEqual({ category: 2, type: 1200 });
  });

  it.each(["'+02:00'", "INTERVAL '2' HOUR"])('rejects an offset: %s', async (zone) => {
    const { reason } = await lake.failure(`SELECT ts AT TIME ZONE ${zone} FROM events`);
    expect(reason).toMatch(/^NOT_SUPPORTED: line 1:11: AT TIME ZONE without the name of a zone/);
  });
});

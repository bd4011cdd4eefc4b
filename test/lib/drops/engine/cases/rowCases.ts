import { type DropCase, events } from './DropCase.ts';

/** Rows of metrics that are refused for each of their reasons, in different numbers. */
const BAD_METRICS = `SELECT * FROM (VALUES
    (DATE '2026-11-20', 'u', 't', 'm', 1.5::DOUBLE, 1), (NULL, 'u', 't', 'm', 1, 2), (DATE '2026-11-20', NULL, 't', 'm', 1, 3),
    (DATE '2026-11-20', '', 't', 'm', 1, 2), (DATE '2026-11-20', 'u', NULL, 'm', 1, 4), (DATE '2026-11-20', 'u', 't', NULL, 1, 5),
    (DATE '2026-11-20', 'u', 't', 'm', NULL, 6), (DATE '2026-11-20', 'u', 't', 'm', 'nan', 7), (DATE '2026-11-20', 'u', 't', 'm', '-inf', 1)
  ) AS given(date, unit_id, id_type, metric_name, metric_value, n), range(n)`;
/** Rows that are refused, and files of several schemas. */
export const rowCases: readonly DropCase[] = [
  {
    name: 'metrics that are refused for every reason',
    dataset: { kind: 'metrics', refusedShare: 1, mapping: {} },
    files: [{ sql: BAD_METRICS }, { sql: BAD_METRICS.replace("'u', 't', 'm', 1.5", "'u', 't', 'm', 2.5") }],
    rows: 2,
    refused: { TIME_MISSING: 4, UNIT_MISSING: 18, NAME_MISSING: 10, VALUE_MISSING: 12, VALUE_INVALID: 16 },
  },
  {
    name: 'several schemas in one day',
    dataset: events({
      eventValue: { column: 'Value', optional: true },
      unitIds: { userID: 'USER id', companyID: { column: 'company-id', optional: true } },
      metadata: {
        plan: { column: 'plan.name', optional: true },
        country: { folder: 'country', optional: true },
        gone: { column: 'gone', optional: true },
      },
    }),
    files: [
      {
        sql: `SELECT 1795169730 AS "Ts", 'e' AS "Event_Name", 'u1' AS "user ID", 1.50::DOUBLE AS "value", 'pro' AS "plan.name", 1 AS more FROM range(3)`,
      },
      {
        sql: `SELECT 1795169731 AS ts, 'e' AS event_name, 7::BIGINT AS "USER id", '12' AS "Value", NULL AS "company-id" FROM range(2)`,
        folder: 'country=DE/',
      },
      {
        sql: `SELECT TIMESTAMP '2026-11-20 10:00:00' AS ts, 'e' AS event_name, 7.00::DECIMAL(9,2) AS "USER id", NULL AS "Größe" UNION ALL SELECT TIMESTAMP '2026-11-20 10:00:01', NULL, NULL, NULL`,
        folder: 'country=a%2Fb%20%C3%BC/',
      },
      {
        sql: `SELECT '2026-11-20T10:00:00Z' AS ts, 'e' AS event_name, NULL::VARCHAR AS "USER id", {'id': 1} AS "company-id", true AS "Value"`.replace(
          "{'id': 1}",
          "'c1'",
        ),
        folder: 'country=__HIVE_DEFAULT_PARTITION__/',
      },
      {
        sql: `SELECT 1795169730 AS ts, 'e' AS event_name, 'u9' AS "USER id", {'Upper': 1} AS unmapped, 1::UINTEGER AS unsigned, uuid() AS id, TIME '10:00:00' AS clock WHERE 1 = 1`,
      },
      { sql: `SELECT 1795169730 AS ts, 'e' AS event_name, 'u9' AS "USER id" WHERE false` },
    ],
    rows: 8,
    refused: { NAME_MISSING: 1 },
  },
  {
    name: 'columns of names that statements use themselves',
    dataset: events({}),
    files: [
      {
        sql: `SELECT 1795169730 AS ts, nullif('e' || range, 'e1') AS event_name, 'u' AS unit_id, 'x' AS "File path", 1 AS problem, 2 AS raw FROM range(2)`,
      },
    ],
    rows: 1,
    refused: { NAME_MISSING: 1 },
  },
];

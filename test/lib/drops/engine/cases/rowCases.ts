import { type DropCase, events } from './DropCase.ts';

/** Rows of metrics that are refused for each of their reasons, in different numbers. */
const BAD_METRICS = `SELECT * FROM (VALUES
    (DATE '2026-11-20', 'u', 't', 'm', 1.5::DOUBLE, 1), (NULL, 'u', 't', 'm', 1, 2), (DATE '2026-11-20', NULL, 't', 'm', 1, 3),
    (DATE '2026-11-20', '', 't', 'm', 1, 2), (DATE '2026-11-20', 'u', NULL, 'm', 1, 4), (DATE '2026-11-20', 'u', 't', NULL, 1, 5),
    (DATE '2026-11-20', 'u', 't', 'm', NULL, 6), (DATE '2026-11-20', 'u', 't', 'm', 'nan', 7), (DATE '2026-11-20', 'u', 't', 'm', '-inf', 1)
  ) AS given(date, unit_id, id_type, metric_name, metric_value, n), range(n)`;
const BAD_EVENTS = `SELECT ts, event_name, unit_id, bytes, cast_me, json, day FROM (VALUES
    ('2026-11-20T10:00:00Z', 'e', 'u', 'fine'::BLOB, '1', '{"a":1}', 1), ('soon', 'e', 'u', NULL, NULL, NULL, 2), (NULL, 'e', 'u', NULL, NULL, NULL, 3),
    ('0000-01-01', 'e', 'u', NULL, NULL, NULL, 4), ('2026-11-20', '', 'u', NULL, NULL, NULL, 5), ('2026-11-20', 'e', NULL, NULL, NULL, NULL, 6),
    ('2026-11-20', 'e', 'u', '\\xFF\\x00'::BLOB, NULL, NULL, 7), ('2026-11-20', 'e', 'u', NULL, 'one', NULL, 8), ('2026-11-20', 'e', 'u', NULL, NULL, '[1]', 9),
    ('2026-11-20', 'e', 'u', NULL, NULL, 'null', 2), ('2026-11-20', 'e', 'u', NULL, NULL, ' ', 1)
  ) AS given(ts, event_name, unit_id, bytes, cast_me, json, day), range(day)`;

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
    name: 'ratios, and values of neither',
    dataset: {
      kind: 'metrics',
      refusedShare: 1,
      mapping: { metricValue: 'v', numerator: 'a', denominator: { column: 'b', cast: 'bigint' } },
    },
    files: [
      {
        sql: `SELECT DATE '2026-11-20' AS date, 'u' AS unit_id, 't' AS id_type, 'm' AS metric_name, * FROM (VALUES
          (1::FLOAT, 2, '3'), (NULL, 2, '3'), (0.1, NULL, '3'), (NULL, NULL, '3'), (NULL, 2, NULL), (1, 2, '3.5')) AS given(v, a, b)`,
      },
    ],
    rows: 3,
    refused: { CAST_FAILED: 1, VALUE_MISSING: 2 },
  },
  {
    name: 'events that are refused for every reason',
    dataset: events({
      metadataJson: 'json',
      metadata: { bytes: 'bytes', one: { column: 'cast_me', cast: 'bigint' } },
    }),
    files: [{ sql: BAD_EVENTS }],
    rows: 4,
    refused: {
      TIME_INVALID: 2,
      TIME_MISSING: 3,
      TIME_OUT_OF_RANGE: 4,
      NAME_MISSING: 5,
      UNIT_MISSING: 6,
      TEXT_INVALID: 7,
      CAST_FAILED: 8,
      METADATA_INVALID: 9,
    },
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
    name: 'required columns, and columns of nothing but null',
    dataset: {
      kind: 'table',
      refusedShare: 1,
      mapping: {
        columns: {
          id: { column: 'id', required: true },
          a: 'a',
          n: { column: 'n', type: 'bigint' },
          d: { column: 'd', type: 'double' },
          at: { column: 'at', type: 'timestamp' },
          b: { column: 'b', type: 'boolean' },
        },
      },
    },
    files: [
      {
        sql: `SELECT CASE WHEN range > 1 THEN 'id' || range END AS id, NULL AS a, NULL::BIGINT AS n, NULL::DOUBLE AS d, NULL::TIMESTAMP AS at, NULL::BOOLEAN AS b FROM range(4)`,
      },
      {
        sql: `SELECT NULL::VARCHAR AS id, 'x' AS a, NULL::INTEGER AS n, NULL::FLOAT AS d, NULL::DATE AS at, NULL AS b FROM range(2)`,
      },
    ],
    rows: 2,
    refused: { REQUIRED_MISSING: 4 },
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
  {
    name: 'exposures that are refused',
    dataset: { kind: 'exposures', refusedShare: 1, mapping: { timestamp: 'ts', metadataJson: 'extra' } },
    files: [
      {
        sql: `SELECT 1795169730 AS ts, * FROM (VALUES ('x', 'g', 'u', '{"a": 1.50}'), ('', 'g', 'u', NULL), ('x', '', 'u', NULL), ('x', 'g', NULL, NULL), ('x', 'g', 'u', '1')) AS given(experiment, group_id, unit_id, extra), range(2)`,
      },
    ],
    rows: 2,
    refused: { NAME_MISSING: 2, GROUP_MISSING: 2, UNIT_MISSING: 2, METADATA_INVALID: 2 },
  },
  {
    name: 'metrics of another timezone, with equal rows that are refused',
    dataset: {
      kind: 'metrics',
      timezone: 'Europe/Berlin',
      refusedShare: 1,
      mapping: { date: 'ts', unitId: 'u', idType: { constant: 'userID' }, metricName: 'm', metricValue: 'v' },
    },
    files: [
      {
        sql: `SELECT TIMESTAMP '2026-11-20 23:30:00' AS ts, 12.00::DECIMAL(10,2) AS u, 'revenue' AS m, '12.5' AS v FROM range(3)`,
      },
      {
        sql: `SELECT TIMESTAMP '2026-11-20 23:30:00' AS ts, NULL::DECIMAL(10,2) AS u, 'revenue' AS m, 'many' AS v FROM range(3)`,
      },
      { sql: `SELECT DATE '2026-11-20' AS ts, 7 AS u, 'revenue' AS m, 1.5::DOUBLE AS v` },
      { sql: `SELECT '9999-12-31T23:30:00Z' AS ts, 7 AS u, 'revenue' AS m, 1.5::DOUBLE AS v` },
    ],
    rows: 4,
    refused: { UNIT_MISSING: 3, TIME_OUT_OF_RANGE: 1 },
  },
  {
    name: 'numbers at the edges of their declared types',
    dataset: {
      kind: 'table',
      refusedShare: 1,
      mapping: {
        columns: {
          id: 'id',
          big: { column: 'big', type: 'double' },
          d: { column: 'd', type: 'double' },
          whole: { column: 'd', type: 'bigint' },
          at: { column: 'd', type: 'timestamp' },
          day: { column: 'd', type: 'date' },
          t: { column: 't', type: 'double' },
          flag: { column: 'flag', type: 'boolean' },
          broken: { column: 'broken', type: 'boolean' },
        },
      },
    },
    files: [
      {
        sql: `SELECT * FROM (VALUES (1, 9007199254740993, 'nan'::DOUBLE, '9007199254740993', 1, 0.0::FLOAT), (2, NULL, 'inf', NULL, NULL, 'nan'),
          (3, NULL, NULL, '1_000', NULL, NULL), (4, NULL, NULL, NULL, 2, NULL), (5, NULL, NULL, NULL, -5, NULL), (6, NULL, NULL, NULL, NULL, 0.5)) AS given(id, big, d, t, flag, broken)`,
      },
    ],
    rows: 2,
    refused: { VALUE_INVALID: 1, CAST_FAILED: 3 },
  },
  {
    name: 'properties with declared columns',
    dataset: {
      kind: 'properties',
      refusedShare: 1,
      mapping: {
        unitId: 'u',
        date: 'since',
        properties: {
          age: { column: 'age', type: 'bigint' },
          vip: { column: 'vip', type: 'boolean' },
          at: { column: 'at', type: 'timestamp' },
          score: { column: 'score', type: 'double' },
        },
      },
    },
    files: [
      {
        sql: `SELECT * FROM (VALUES ('u1', '33', 'yes', '2026-11-18', '2026-11-20T10:00:00Z', '1.5'), ('u2', 'old', 'yes', '2026-11-20', NULL, NULL),
          ('u3', NULL, NULL, '2026-08-01', NULL, NULL), ('u4', NULL, NULL, '2026-12-31', NULL, NULL), ('u5', NULL, NULL, NULL, NULL, NULL)) AS given(u, age, vip, since, "at", score)`,
      },
    ],
    rows: 3,
    refused: { CAST_FAILED: 1, TIME_MISSING: 1 },
  },
];

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Answers, openAnswers } from './answers.ts';

// Trino 435's answers.
const CASES: readonly { readonly expression: string; readonly expected: string | null }[] = [
  // Half away from zero.
  { expression: 'CAST(0.5e0 AS bigint)', expected: '1' },
  { expression: 'CAST(2.5e0 AS bigint)', expected: '3' },
  { expression: 'CAST(-2.5e0 AS integer)', expected: '-3' },
  { expression: "CAST(json_parse('2.5') AS bigint)", expected: '3' },
  { expression: 'CAST(json_parse(\'"7"\') AS integer)', expected: '7' },
  { expression: "CAST(json_parse('true') AS integer)", expected: '1' },
  { expression: "CAST(json_parse('null') AS integer)", expected: null },
  { expression: 'CAST(-1.5 AS bigint)', expected: '-2' },
  { expression: 'CAST(true AS bigint)', expected: '1' },
  { expression: 'CAST(1.015e0 AS decimal(5, 2))', expected: '1.02' },
  { expression: 'CAST(true AS decimal(5, 2))', expected: '1.00' },
  { expression: 'TRY_CAST(1e30 AS bigint)', expected: null },
  // DuckDB takes the hour 24 for the next day.
  { expression: "TRY_CAST('2026-11-30 24:00:00' AS timestamp)", expected: null },
  { expression: "TRY_CAST('2026-11-30 24:00:00 UTC' AS timestamp with time zone)", expected: null },
  { expression: "CAST('2026-11-30 3:00' AS timestamp)", expected: '2026-11-30 03:00:00.000' },
  { expression: "CAST('2026-11-30 23:59:59' AS timestamp)", expected: '2026-11-30 23:59:59.000' },
  // Whole numbers.
  { expression: "TRY_CAST('+3' AS integer)", expected: '3' },
  { expression: "TRY_CAST('1.5' AS integer)", expected: null },
  { expression: "TRY_CAST(' 5' AS integer)", expected: null },
  { expression: "TRY_CAST('1e3' AS bigint)", expected: null },
  { expression: "TRY_CAST('1_000' AS bigint)", expected: null },
  { expression: "TRY_CAST('0x1F' AS bigint)", expected: null },
  { expression: "TRY_CAST('2147483648' AS integer)", expected: null },
  // Others.
  { expression: "TRY_CAST(' 1.5d ' AS double)", expected: '1.5' },
  { expression: "TRY_CAST('-Infinity' AS double)", expected: '-Infinity' },
  { expression: "TRY_CAST('inf' AS double)", expected: null },
  { expression: "TRY_CAST('nan' AS double)", expected: null },
  { expression: "TRY_CAST(' 1' AS decimal(5, 2))", expected: null },
  { expression: "CAST('1e1' AS decimal(5, 2))", expected: '10.00' },
  { expression: "TRY_CAST('yes' AS boolean)", expected: null },
  { expression: "CAST('T' AS boolean)", expected: 'true' },
  { expression: "CAST('2026-1-2' AS date)", expected: '2026-01-02' },
  { expression: "TRY_CAST('2026/11/20' AS date)", expected: null },
  { expression: "TRY_CAST('2026-11-20 10:00:00' AS date)", expected: null },
  { expression: "TRY_CAST('2026-11-31' AS date)", expected: null },
  { expression: "CAST(TIMESTAMP '2026-11-20 10:00:00' AS date)", expected: '2026-11-20' },
  { expression: "CAST('2026-11-20 1:2' AS timestamp)", expected: '2026-11-20 01:02:00.000' },
  { expression: "CAST('2026-11-20 10:00:00 +02:00' AS timestamp)", expected: '2026-11-20 10:00:00.000' },
  { expression: "TRY_CAST('2026-11-20T10:00:00Z' AS timestamp)", expected: null },
  {
    expression: "CAST('2026-11-20 10:00:00 Z' AS timestamp with time zone)",
    expected: '2026-11-20 10:00:00.000 UTC',
  },
  {
    expression: "CAST('2026-11-20 10:00:00 Europe/Berlin' AS timestamp with time zone)",
    expected: '2026-11-20 09:00:00.000 UTC',
  },
  {
    expression: "CAST('2026-11-20 10:00:00' AS timestamp with time zone)",
    expected: '2026-11-20 10:00:00.000 UTC',
  },
  // Each cast stands in the next.
  { expression: 'CAST(CAST(CAST(CAST(2.5e0 AS bigint) AS double) AS varchar) AS double)', expected: '3.0' },
  { expression: "try(CAST(' 5' AS bigint))", expected: null },
];

describe('a cast', () => {
  let answers: Answers;
  beforeAll(async () => {
    answers = await openAnswers();
  });
  afterAll(() => answers.close());

  it.each(CASES)("has Trino's value $expected: $expression", async ({ expression, expected }) => {
    expect(await answers.value(expression)).toBe(expected);
  });

  it.each(['bigint', 'double', 'boolean', 'date', 'timestamp', 'decimal(5, 2)'])(
    'fails for a text that is no %s, and has NULL where it is tried',
    async (type) => {
      await expect(answers.value(`CAST('it''s' AS ${type})`)).rejects.toThrow(
        "INVALID_CAST_ARGUMENT: Cannot cast 'its' to",
      );
      const rows = await answers.rows(
        `SELECT TRY_CAST(x AS ${type}) FROM (VALUES 'it''s', '', NULL) AS t(x)`,
      );
      expect(rows).toEqual([[null], [null], [null]]);
    },
  );

  it.each(['{"a":1}', '[1, 2]'])('fails for a text of JSON that is none: %s', async (json) => {
    await expect(answers.value(`CAST(json_parse('${json}') AS varchar)`)).rejects.toThrow(
      `INVALID_CAST_ARGUMENT: Cannot cast '`,
    );
  });

  it.each(['date', 'timestamp', 'timestamp with time zone'])('is not made from JSON to %s', async (type) => {
    for (const cast of ['CAST', 'TRY_CAST'])
      await expect(answers.value(`${cast}(json_parse('"2026-11-20"') AS ${type})`)).rejects.toThrow(
        'TYPE_MISMATCH: Cannot cast json to',
      );
  });

  it.each([
    {
      type: 'interval year to second',
      code: 'TYPE_NOT_FOUND',
      message: 'Unknown type: interval',
    },
    { type: 'interval day to', code: 'TYPE_NOT_FOUND', message: 'Unknown type: interval' },
    { type: 'varchar(x)', code: 'TYPE_NOT_FOUND', message: 'Unknown type: varchar(x)' },
    {
      type: 'varchar()',
      code: 'SYNTAX_ERROR',
      message: "mismatched input ')'. Expecting: <integer>, <type>",
    },
    {
      type: 'timestamp()',
      code: 'SYNTAX_ERROR',
      message: "mismatched input ')'. Expecting: <integer>, <type>",
    },
    {
      type: "array('integer')",
      code: 'SYNTAX_ERROR',
      message: "mismatched input ''integer''. Expecting: <type>",
    },
    { type: 'decimal(a, 2)', code: 'TYPE_NOT_FOUND', message: 'Unknown type: decimal(a)' },
    {
      type: 'decimal(50, 2)',
      code: 'INVALID_FUNCTION_ARGUMENT',
      message: 'DECIMAL precision must be in range [1, 38]: 50',
    },
    {
      type: 'decimal(5, 9)',
      code: 'INVALID_FUNCTION_ARGUMENT',
      message: 'DECIMAL scale must be in range [0, precision (5)]: 9',
    },
    {
      type: 'hyperloglog',
      code: 'NOT_SUPPORTED',
      message: 'The type hyperloglog is not emulated by the local Athena: try it in Trino or on AWS',
    },
  ])('is refused to the type $type', async ({ type, code, message }) => {
    await expect(answers.value(`CAST(NULL AS ${type})`)).rejects.toMatchObject({ code, message });
  });

  it.each(['interval day to second', 'interval year to month', 'map<varchar,int>', 'decimal(38, 38)'])(
    'is made to the type %s',
    async (type) => {
      expect(await answers.value(`CAST(NULL AS ${type})`)).toBeNull();
    },
  );

  it('is made of columns and aggregates', async () => {
    const sql =
      "SELECT sum(TRY_CAST(x AS integer)), CAST(max(CAST(y AS date)) AS timestamp), CAST(avg(z) AS integer) FROM (VALUES ('1', '2026-11-19', 2), ('1.6', '2026-11-20', 3), (' 2', NULL, NULL)) AS t(x, y, z)";
    expect(await answers.rows(sql)).toEqual([['1', '2026-11-20 00:00:00.000', '3']]);
  });
});

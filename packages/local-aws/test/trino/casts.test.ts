import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Answers, openAnswers } from './answers.ts';

// Trino 435's answers.
const CASES: readonly (readonly [expression: string, expected: string | null])[] = [
  // Half away from zero.
  ['CAST(0.5e0 AS bigint)', '1'],
  ['CAST(2.5e0 AS bigint)', '3'],
  ['CAST(-2.5e0 AS integer)', '-3'],
  ["CAST(json_parse('2.5') AS bigint)", '3'],
  ['CAST(json_parse(\'"7"\') AS integer)', '7'],
  ["CAST(json_parse('true') AS integer)", '1'],
  ["CAST(json_parse('null') AS integer)", null],
  ['CAST(-1.5 AS bigint)', '-2'],
  ['CAST(true AS bigint)', '1'],
  ['CAST(1.015e0 AS decimal(5, 2))', '1.02'],
  ['CAST(true AS decimal(5, 2))', '1.00'],
  ['TRY_CAST(1e30 AS bigint)', null],
  // Whole numbers.
  ["TRY_CAST('+3' AS integer)", '3'],
  ["TRY_CAST('1.5' AS integer)", null],
  ["TRY_CAST(' 5' AS integer)", null],
  ["TRY_CAST('1e3' AS bigint)", null],
  ["TRY_CAST('1_000' AS bigint)", null],
  ["TRY_CAST('0x1F' AS bigint)", null],
  ["TRY_CAST('2147483648' AS integer)", null],
  // Others.
  ["TRY_CAST(' 1.5d ' AS double)", '1.5'],
  ["TRY_CAST('-Infinity' AS double)", '-Infinity'],
  ["TRY_CAST('inf' AS double)", null],
  ["TRY_CAST('nan' AS double)", null],
  ["TRY_CAST(' 1' AS decimal(5, 2))", null],
  ["CAST('1e1' AS decimal(5, 2))", '10.00'],
  ["TRY_CAST('yes' AS boolean)", null],
  ["CAST('T' AS boolean)", 'true'],
  ["CAST('2026-1-2' AS date)", '2026-01-02'],
  ["TRY_CAST('2026/11/20' AS date)", null],
  ["TRY_CAST('2026-11-20 10:00:00' AS date)", null],
  ["TRY_CAST('2026-11-31' AS date)", null],
  ["CAST(TIMESTAMP '2026-11-20 10:00:00' AS date)", '2026-11-20'],
  ["CAST('2026-11-20 1:2' AS timestamp)", '2026-11-20 01:02:00.000'],
  ["CAST('2026-11-20 10:00:00 +02:00' AS timestamp)", '2026-11-20 10:00:00.000'],
  ["TRY_CAST('2026-11-20T10:00:00Z' AS timestamp)", null],
  ["CAST('2026-11-20 10:00:00 Z' AS timestamp with time zone)", '2026-11-20 10:00:00.000 UTC'],
  ["CAST('2026-11-20 10:00:00 Europe/Berlin' AS timestamp with time zone)", '2026-11-20 09:00:00.000 UTC'],
  ["CAST('2026-11-20 10:00:00' AS timestamp with time zone)", '2026-11-20 10:00:00.000 UTC'],
  // Each cast stands in the next.
  ['CAST(CAST(CAST(CAST(2.5e0 AS bigint) AS double) AS varchar) AS double)', '3.0'],
  ["try(CAST(' 5' AS bigint))", null],
];

describe('casts as in Trino', () => {
  let answers: Answers;
  beforeAll(async () => {
    answers = await openAnswers();
  });
  afterAll(() => answers.close());

  it.each(CASES)('%s', async (expression, expected) => {
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

  it('casts columns and aggregates', async () => {
    const sql =
      "SELECT sum(TRY_CAST(x AS integer)), CAST(max(CAST(y AS date)) AS timestamp), CAST(avg(z) AS integer) FROM (VALUES ('1', '2026-11-19', 2), ('1.6', '2026-11-20', 3), (' 2', NULL, NULL)) AS t(x, y, z)";
    expect(await answers.rows(sql)).toEqual([['1', '2026-11-20 00:00:00.000', '3']]);
  });
});

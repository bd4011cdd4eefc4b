import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Answers, openAnswers } from './answers.ts';

// Trino 435's answers.
const CASES: readonly (readonly [expression: string, expected: string | null])[] = [
  // Arrays with elements that are null.
  ['any_match(ARRAY[1, NULL], x -> x > 5)', null],
  ['any_match(ARRAY[6, NULL], x -> x > 5)', 'true'],
  ['any_match(CAST(NULL AS array(integer)), x -> x > 5)', null],
  ["contains(ARRAY['a', NULL], 'b')", null],
  ["contains(ARRAY['a', NULL], 'a')", 'true'],
  ["contains(ARRAY['a'], 'b')", 'false'],
  // Sequences.
  [
    "sequence(DATE '2026-01-31', DATE '2026-05-30', INTERVAL '1' MONTH)",
    '[2026-01-31, 2026-02-28, 2026-03-31, 2026-04-30]',
  ],
  ["sequence(DATE '2026-11-20', DATE '2026-11-18')", '[2026-11-20, 2026-11-19, 2026-11-18]'],
  ['sequence(5, 1, -2)', '[5, 3, 1]'],
  // Dates and intervals.
  ["INTERVAL '1' DAY + DATE '2026-01-31'", '2026-02-01'],
  ["DATE '2026-11-20' + 3 * INTERVAL '1' MONTH", '2027-02-20'],
  ["DATE '2026-11-20' - INTERVAL '1' DAY * 2 + INTERVAL '1' MONTH", '2026-12-18'],
  ["CASE WHEN true THEN CASE WHEN true THEN DATE '2026-11-20' END END + INTERVAL '1' DAY", '2026-11-21'],
  ["INTERVAL '1' DAY + INTERVAL '2' HOUR", '1 02:00:00.000'],
  ["date_diff('hour', DATE '2026-01-31', TIMESTAMP '2026-02-01 01:00:00')", '25'],
  ["INTERVAL '1' DAY + INTERVAL '2' HOUR + TIMESTAMP '2026-11-20 10:00:00'", '2026-11-21 12:00:00.000'],
  ["TIMESTAMP '2026-11-20 10:00:00' - TIMESTAMP '2026-11-20 09:00:00' + INTERVAL '1' HOUR", '0 02:00:00.000'],
  // Text.
  ["concat_ws(',', ARRAY['a', NULL, 'b'])", 'a,b'],
  ["concat_ws(',', 'a', NULL, 'b')", 'a,b'],
  ["concat_ws(',', '[a]')", '[a]'],
  ["replace('abc', '', 'x\\')", 'x\\ax\\bx\\cx\\'],
  ["substr('hello', -10)", ''],
  ["substr('hello', 2, -1)", ''],
  ["upper('straße')", 'STRAßE'],
  // Numbers.
  ['sqrt(-1)', 'NaN'],
  ['ln(0)', '-Infinity'],
  ["round(DECIMAL '3.3333', 2)", '3.3300'],
  ["round(DECIMAL '9.99', 1)", '10.00'],
  ['round(-0.04e0, 1)', '-0.0'],
];

describe('edge cases of functions as in Trino', () => {
  let answers: Answers;
  beforeAll(async () => {
    answers = await openAnswers();
  });
  afterAll(() => answers.close());

  it.each(CASES)('%s', async (expression, expected) => {
    expect(await answers.value(expression)).toBe(expected);
  });

  it.each([
    { kind: 'DATE', call: "date_add('hour', 1, current_date)" },
    { kind: 'DATE', call: "date_add('hours', 1, current_date)" },
    { kind: 'DATE', call: "date_trunc('hour', current_date)" },
    { kind: 'DATE', call: "date_diff('hour', current_date, current_date)" },
    { kind: 'TIMESTAMP', call: "date_add('hours', 1, now())" },
    { kind: 'TIMESTAMP', call: "date_trunc('hours', now())" },
    { kind: 'TIMESTAMP', call: "date_diff('hours', now(), now())" },
  ])('refuses $call', async ({ kind, call }) => {
    await expect(answers.value(call)).rejects.toThrow(`is not a valid ${kind} field`);
  });
});

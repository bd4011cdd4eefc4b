import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Answers, openAnswers } from './answers.ts';

// Trino 435's answers.
const CASES: readonly { readonly expression: string; readonly expected: string | null }[] = [
  // Arrays with elements that are null.
  { expression: 'any_match(ARRAY[1, NULL], x -> x > 5)', expected: null },
  { expression: 'any_match(ARRAY[6, NULL], x -> x > 5)', expected: 'true' },
  { expression: 'any_match(CAST(NULL AS array(integer)), x -> x > 5)', expected: null },
  { expression: "contains(ARRAY['a', NULL], 'b')", expected: null },
  { expression: "contains(ARRAY['a', NULL], 'a')", expected: 'true' },
  { expression: "contains(ARRAY['a'], 'b')", expected: 'false' },
  // Sequences.
  {
    expression: "sequence(DATE '2026-01-31', DATE '2026-05-30', INTERVAL '1' MONTH)",
    expected: '[2026-01-31, 2026-02-28, 2026-03-31, 2026-04-30]',
  },
  {
    expression: "sequence(DATE '2026-11-20', DATE '2026-11-18')",
    expected: '[2026-11-20, 2026-11-19, 2026-11-18]',
  },
  { expression: 'sequence(5, 1, -2)', expected: '[5, 3, 1]' },
  // Dates and intervals.
  { expression: "INTERVAL '1' DAY + DATE '2026-01-31'", expected: '2026-02-01' },
  { expression: "DATE '2026-11-20' + 3 * INTERVAL '1' MONTH", expected: '2027-02-20' },
  { expression: "DATE '2026-11-20' - INTERVAL '1' DAY * 2 + INTERVAL '1' MONTH", expected: '2026-12-18' },
  {
    expression: "CASE WHEN true THEN CASE WHEN true THEN DATE '2026-11-20' END END + INTERVAL '1' DAY",
    expected: '2026-11-21',
  },
  { expression: "INTERVAL '1' DAY + INTERVAL '2' HOUR", expected: '1 02:00:00.000' },
  { expression: "date_diff('hour', DATE '2026-01-31', TIMESTAMP '2026-02-01 01:00:00')", expected: '25' },
  {
    expression: "INTERVAL '1' DAY + INTERVAL '2' HOUR + TIMESTAMP '2026-11-20 10:00:00'",
    expected: '2026-11-21 12:00:00.000',
  },
  {
    expression: "TIMESTAMP '2026-11-20 10:00:00' - TIMESTAMP '2026-11-20 09:00:00' + INTERVAL '1' HOUR",
    expected: '0 02:00:00.000',
  },
  // Text.
  { expression: "concat_ws(',', ARRAY['a', NULL, 'b'])", expected: 'a,b' },
  { expression: "concat_ws(',', 'a', NULL, 'b')", expected: 'a,b' },
  { expression: "concat_ws(',', '[a]')", expected: '[a]' },
  { expression: "replace('abc', '', 'x\\')", expected: 'x\\ax\\bx\\cx\\' },
  { expression: "substr('hello', -10)", expected: '' },
  { expression: "substr('hello', 2, -1)", expected: '' },
  { expression: "upper('straße')", expected: 'STRAßE' },
  { expression: "trim(chr(9) || ' a b ' || chr(10) || chr(8195))", expected: 'a b' },
  { expression: "ltrim(chr(10) || 'a ') || '|'", expected: 'a |' },
  { expression: "rtrim(' a' || chr(10)) || '|'", expected: ' a|' },
  { expression: "trim(BOTH FROM chr(9) || 'a' || chr(9))", expected: 'a' },
  { expression: "trim(LEADING FROM chr(9) || 'a ') || '|'", expected: 'a |' },
  { expression: "trim(TRAILING FROM ' a' || chr(9)) || '|'", expected: ' a|' },
  { expression: "trim('x' FROM 'xax')", expected: 'a' },
  { expression: "trim('xay', 'xy')", expected: 'a' },
  { expression: "trim('a' || chr(160)) || '|'", expected: 'a\u00a0|' },
  { expression: "split_part('ab', '', 2)", expected: 'b' },
  // Numbers.
  { expression: 'sqrt(-1)', expected: 'NaN' },
  { expression: 'ln(0)', expected: '-Infinity' },
  { expression: 'log10(0)', expected: '-Infinity' },
  { expression: 'log10(1000)', expected: '3.0' },
  { expression: "round(DECIMAL '3.3333', 2)", expected: '3.3300' },
  { expression: "round(DECIMAL '9.99', 1)", expected: '10.00' },
  { expression: 'round(-0.04e0, 1)', expected: '-0.0' },
];

describe('a function at its edges', () => {
  let answers: Answers;
  beforeAll(async () => {
    answers = await openAnswers();
  });
  afterAll(() => answers.close());

  it.each(CASES)("has Trino's value $expected: $expression", async ({ expression, expected }) => {
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
  ])('is refused a unit that its argument lacks: $call', async ({ kind, call }) => {
    await expect(answers.value(call)).rejects.toThrow(`is not a valid ${kind} field`);
  });

  it.each([
    { call: "lpad('a', -1, 'x')", reason: 'Target length must be in the range' },
    { call: "rpad('a', -1, 'x')", reason: 'Target length must be in the range' },
    { call: "split('ab', '')", reason: 'The delimiter may not be the empty string' },
    { call: "split_part('a,b', ',', 0)", reason: 'Index must be greater than zero' },
    { call: "split_part('a,b', ',', -1)", reason: 'Index must be greater than zero' },
    { call: 'sequence(1, 5, 0)', reason: 'step must not be zero' },
    { call: 'sequence(1, 5, -1)', reason: 'sequence stop value should be greater than' },
    { call: "sequence(current_date, DATE '2000-01-01', INTERVAL '1' DAY)", reason: 'sequence stop value' },
    { call: 'sequence(1, 10001)', reason: 'must not have more than 10000 entries' },
    { call: 'sequence(1, 20001, 2)', reason: 'must not have more than 10000 entries' },
  ])('fails as in Trino: $call', async ({ call, reason }) => {
    await expect(answers.value(call)).rejects.toThrow(new RegExp(`INVALID_FUNCTION_ARGUMENT: .*${reason}`));
  });

  it('has no digits of a double to truncate to', async () => {
    await expect(answers.value('truncate(1.25e0, 1)')).rejects.toThrow(
      'FUNCTION_NOT_FOUND: Unexpected parameters',
    );
  });

  it('makes sequences of 10,000 elements', async () => {
    expect(await answers.value('cardinality(sequence(1, 10000))')).toBe('10000');
    expect(await answers.value('cardinality(sequence(1, 19999, 2))')).toBe('10000');
  });
});

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Answers, openAnswers } from './answers.ts';

// Trino 435's answers.
const CASES: readonly (readonly [expression: string, expected: string | null])[] = [
  ["regexp_extract('abc123', '(x)?abc', 1)", null],
  ["regexp_extract('abc', '(a)|(c)', 2)", null],
  ["regexp_extract('abc', '(x*)abc', 1)", ''],
  ["regexp_extract('abc', 'b', 0)", 'b'],
  ["regexp_extract('1a 2b', '\\d(?<letter>[a-z])', 1)", 'a'],
  ["regexp_extract('a(b', '[(]\\(?(b)', 1)", 'b'],
  [`regexp_replace('abc', '(?<x>b)', '[\${x}]')`, 'a[b]c'],
  ["regexp_replace('abc', 'b', '\\$')", 'a$c'],
  ["regexp_replace('abc', 'b', '\\\\')", 'a\\c'],
  ["regexp_replace('abc', '(b)', '$0$1!')", 'abb!c'],
  ["regexp_like('ab' || chr(10), 'ab$')", 'true'],
  ["regexp_like('ab' || chr(10) || 'c', 'ab$')", 'false'],
  ["regexp_like('a$', 'a[$]')", 'true'],
];

const REFUSED: readonly (readonly [expression: string, code: string, message: string])[] = [
  [
    "regexp_extract('abc', 'b', 1)",
    'INVALID_FUNCTION_ARGUMENT',
    'Pattern has 0 groups. Cannot access group 1',
  ],
  ["regexp_replace('abc', 'b', '$1')", 'INVALID_FUNCTION_ARGUMENT', 'Illegal replacement sequence'],
  ["regexp_like('foobar', 'foo(?=bar)')", 'NOT_SUPPORTED', 'a lookaround'],
  ["regexp_like('foobar', '(?<!a)bar')", 'NOT_SUPPORTED', 'a lookaround'],
  ["regexp_like('abab', '(ab)\\1')", 'NOT_SUPPORTED', 'a backreference'],
  ["regexp_like('aaa', 'a++')", 'NOT_SUPPORTED', 'a possessive quantifier'],
  ["regexp_like('aaa', '[a-z&&[^b]]')", 'NOT_SUPPORTED', 'an intersection of classes'],
];

describe('regular expressions as in Trino', () => {
  let answers: Answers;
  beforeAll(async () => {
    answers = await openAnswers();
  });
  afterAll(() => answers.close());

  it.each(CASES)('%s', async (expression, expected) => {
    expect(await answers.value(expression)).toBe(expected);
  });

  it.each(REFUSED)('refuses %s as %s', async (expression, code, message) => {
    await expect(answers.value(expression)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message),
    });
  });
});

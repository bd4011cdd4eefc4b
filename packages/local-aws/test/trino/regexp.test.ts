import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Answers, openAnswers } from './answers.ts';

// What is matched is in functionCases.ts.
describe('a regular expression', () => {
  let answers: Answers;
  beforeAll(async () => {
    answers = await openAnswers();
  });
  afterAll(() => answers.close());

  it.each([
    {
      what: 'a group that it does not have',
      expression: "regexp_extract('abc', 'b', 1)",
      message: 'Pattern has 0 groups. Cannot access group 1',
    },
    {
      what: 'a replacement by the number of such a group',
      expression: "regexp_replace('abc', 'b', '$1')",
      message: 'Illegal replacement sequence',
    },
    {
      what: 'a replacement by the name of such a group',
      expression: `regexp_replace('abc', '(?<x>b)', '\${y}')`,
      message: 'Illegal replacement sequence',
    },
  ])('is refused with the error of Trino for $what', async ({ expression, message }) => {
    await expect(answers.value(expression)).rejects.toMatchObject({
      code: 'INVALID_FUNCTION_ARGUMENT',
      message: expect.stringContaining(message),
    });
  });

  it.each([
    { syntax: 'a lookaround', pattern: 'foo(?=bar)' },
    { syntax: 'a lookaround', pattern: 'foo(?!bar)' },
    { syntax: 'a lookaround', pattern: '(?<=a)bar' },
    { syntax: 'a lookaround', pattern: '(?<!a)bar' },
    { syntax: 'an atomic group', pattern: '(?>foo)bar' },
    { syntax: 'a backreference', pattern: '(ab)\\1' },
    { syntax: 'a backreference', pattern: '(?<x>ab)\\k<x>' },
    { syntax: 'a possessive quantifier', pattern: 'a++' },
    { syntax: 'a possessive quantifier', pattern: 'a*+' },
    { syntax: 'a possessive quantifier', pattern: 'a{1,2}+' },
    { syntax: 'an escape that DuckDB lacks', pattern: 'a\\hb' },
    { syntax: 'an escape that DuckDB lacks', pattern: 'a\\Rb' },
    { syntax: 'an escape that DuckDB lacks', pattern: '\\e' },
    { syntax: 'an escape that DuckDB lacks', pattern: '\\Ca' },
    { syntax: 'an escape that DuckDB lacks', pattern: 'a\\E' },
    { syntax: 'an escape that DuckDB lacks', pattern: '\\u41' },
    { syntax: 'an escape that DuckDB lacks', pattern: '\\ud83d\\ude00' },
    { syntax: 'an escape that DuckDB lacks within a class', pattern: '[\\Qa]\\E]' },
    { syntax: 'an escape that DuckDB lacks within a class', pattern: '[a\\b]' },
    { syntax: 'a character property', pattern: '\\p{Alpha}' },
    { syntax: 'an intersection of classes', pattern: '[a-z&&[^b]]' },
    { syntax: 'a class within a class', pattern: '[a[bc]]' },
    { syntax: 'a class within a class', pattern: '[[:other:]]' },
    { syntax: 'a character property', pattern: '[a\\p{Alpha}]' },
  ])('is not emulated with $syntax, which RE2 lacks: $pattern', async ({ syntax, pattern }) => {
    await expect(answers.value(`regexp_like('foobar', '${pattern}')`)).rejects.toMatchObject({
      code: 'NOT_SUPPORTED',
      message: expect.stringContaining(syntax),
    });
  });

  it.each([{ replacement: '$10' }, { replacement: `\${last}` }])(
    'is not emulated with $replacement for a tenth group, which RE2 cannot replace by',
    async ({ replacement }) => {
      const call = `regexp_replace('x', '()()()()()()()()()(?<last>x)', '${replacement}')`;
      await expect(answers.value(call)).rejects.toMatchObject({
        code: 'NOT_SUPPORTED',
        message: expect.stringContaining('a reference to group 10'),
      });
    },
  );
});

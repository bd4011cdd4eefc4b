import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Answers, openAnswers } from './answers.ts';
import { functionCases, queryCases } from './functionCases.ts';
import { knownDifferences } from './knownDifferences.ts';

describe('translate: the results of Trino', () => {
  let answers: Answers;
  beforeAll(async () => {
    answers = await openAnswers();
  });
  afterAll(() => answers.close());

  it.each(functionCases)('%s', async (expression, expected) => {
    expect(await answers.value(expression)).toBe(expected);
  });

  it.each(knownDifferences.flatMap(({ cases }) => cases))('differs for $expression', async (known) => {
    expect(known.here).not.toBe(known.trino);
    expect(await answers.value(known.expression)).toBe(known.here);
  });

  it.each(queryCases)('%s', async (sql, expected) => {
    expect(await answers.rows(sql)).toEqual(expected);
  });
});

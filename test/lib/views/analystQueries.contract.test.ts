import { afterAll, describe, expect, it } from '@jest/globals';
import { openAnswers } from '../../../packages/local-aws/test/trino/answers.ts';
import { analystQueries, plainNumbers } from './analystQueries.ts';

const athena = await openAnswers();
afterAll(() => athena.close());

describe('a query of docs/experiments.md', () => {
  it.each(analystQueries)('answers what is known of made rows: $heading', async ({ sql, rows }) => {
    expect(plainNumbers(await athena.rows(sql))).toEqual(rows);
  });
});

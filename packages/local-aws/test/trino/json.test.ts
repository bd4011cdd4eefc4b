import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Answers, openAnswers } from './answers.ts';

const TEXTS = `(VALUES (1, '{"a":["x"]}'), (2, 'no json'), (3, NULL), (4, '{"a":')) AS t(id, j)`;

describe('JSON as in Trino', () => {
  let answers: Answers;
  beforeAll(async () => {
    answers = await openAnswers();
  });
  afterAll(() => answers.close());

  it.each([
    { expression: "json_extract_scalar(j, '$.a[0]')", first: 'x' },
    { expression: "json_extract(j, '$.a')", first: '["x"]' },
  ])('returns NULL for strings of a column that are not JSON: $expression', async ({ expression, first }) => {
    const rows = await answers.rows(`SELECT ${expression} FROM ${TEXTS} ORDER BY id`);
    expect(rows).toEqual([[first], [null], [null], [null]]);
  });

  it('returns NULL for them in conditions and groupings', async () => {
    const sql = `SELECT json_extract_scalar(j, '$.a[0]') AS n, count(*) FROM ${TEXTS} WHERE json_extract(j, '$.a') IS NULL OR id = 1 GROUP BY 1 ORDER BY n`;
    expect(await answers.rows(sql)).toEqual([
      ['x', '1'],
      [null, '3'],
    ]);
  });

  it.each(['$.a[*]', '$.*', '$..a', '$.a[-1]', '$.a-b', '$.a b', 'a', '$.$a'])(
    'refuses the path %s',
    async (path) => {
      await expect(answers.value(`json_extract('{"a":[1]}', '${path}')`)).rejects.toMatchObject({
        code: 'INVALID_FUNCTION_ARGUMENT',
        message: `Invalid JSON path: '${path}'`,
      });
    },
  );
});

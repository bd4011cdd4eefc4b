import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Answers, openAnswers } from './answers.ts';

/** Words that Trino takes for no name: https://trino.io/docs/435/language/reserved.html */
const RESERVED = new Set(
  `alter and as between by case cast constraint create cross cube current_catalog current_date current_path
  current_role current_schema current_time current_timestamp current_user deallocate delete describe distinct drop
  else end escape except execute exists extract false for from full group grouping having in inner insert intersect
  into is join json_array json_exists json_object json_query json_table json_value left like listagg localtime
  localtimestamp natural normalize not null on or order outer prepare recursive right rollup select skip table then
  trim true uescape union unnest using values when where with`.split(/\s+/),
);

/** The keywords that DuckDB reserves at some places, and that Trino takes for names. */
async function namesOfTrino(): Promise<string[]> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const reader = await connection.runAndReadAll(
    "SELECT keyword_name FROM duckdb_keywords() WHERE keyword_category <> 'unreserved'",
  );
  const words = reader.getRows().map(([word]) => String(word));
  connection.closeSync();
  instance.closeSync();
  return words.filter((word) => !RESERVED.has(word));
}

let answers: Answers;
beforeAll(async () => {
  answers = await openAnswers();
});
afterAll(() => answers.close());

describe("a word that is a keyword of DuckDB's, and none that Trino reserves,", () => {
  it.each<{ readonly name: string; readonly sql: (word: string) => string }>([
    {
      name: 'a column',
      sql: (word) =>
        `SELECT ${word}, t.${word} FROM (VALUES 1, 7) AS t(${word}) WHERE ${word} > 1 GROUP BY ${word} ORDER BY ${word}`,
    },
    {
      name: 'the last column',
      sql: (word) => `WITH t(a, ${word}) AS (SELECT 7, 7) SELECT a, ${word} FROM t`,
    },
    { name: 'an argument', sql: (word) => `SELECT max(${word}), 7 FROM (VALUES 7) AS t(${word})` },
    { name: 'an alias', sql: (word) => `SELECT a AS ${word}, a ${word} FROM (VALUES 7) AS t(a)` },
    {
      name: 'a table',
      sql: (word) => `WITH ${word} AS (SELECT 7 AS a) SELECT ${word}.a, a FROM ${word}`,
    },
    {
      name: "a table's alias",
      sql: (word) => `SELECT ${word}.a, a FROM (SELECT 7 AS a) AS ${word}`,
    },
  ])('can be $name', async ({ sql }) => {
    const refused: string[] = [];
    const words = await namesOfTrino();
    expect(words.length).toBeGreaterThan(70);
    for (const word of words) {
      const rows = await answers.rows(sql(word)).catch((error: unknown) => error);
      const isRight = Array.isArray(rows) && JSON.stringify(rows) === '[["7","7"]]';
      if (!isRight) refused.push(`${word}: ${rows}`);
    }
    expect(refused).toEqual([]);
  });
});

describe('a word of syntax stays syntax', () => {
  it.each([
    { sql: 'SELECT ALL a FROM (VALUES 1, 1) AS t(a)', rows: [['1'], ['1']] },
    { sql: 'SELECT ALL * FROM (VALUES 1, 1) AS t(a)', rows: [['1'], ['1']] },
    { sql: 'SELECT count(ALL a) FROM (VALUES 1, 1) AS t(a)', rows: [['2']] },
    { sql: 'SELECT 1 UNION ALL SELECT 1', rows: [['1'], ['1']] },
    {
      sql: 'SELECT 3 >= ALL (SELECT 2), 3 = ANY (SELECT 3), 3 = SOME (SELECT 2)',
      rows: [['true', 'true', 'false']],
    },
    { sql: 'SELECT a FROM (VALUES 1, 2) AS t(a) ORDER BY a DESC', rows: [['2'], ['1']] },
    { sql: 'SELECT first FROM (VALUES 1, 2) AS t(first) ORDER BY first DESC', rows: [['2'], ['1']] },
    { sql: 'SELECT desc FROM (VALUES 1, 2) AS t(desc) ORDER BY desc DESC, desc ASC', rows: [['2'], ['1']] },
    { sql: 'SELECT a FROM (VALUES 1, 2) AS t(a) ORDER BY (a) DESC NULLS LAST', rows: [['2'], ['1']] },
    { sql: 'SELECT a FROM (VALUES 1, 2, 3) AS t(a) ORDER BY a OFFSET 1 ROW LIMIT 1', rows: [['2']] },
    { sql: 'SELECT a FROM (VALUES 1, 2, 3) AS t(a) ORDER BY a FETCH FIRST 1 ROW ONLY', rows: [['1']] },
    { sql: 'SELECT a FROM (VALUES 1) AS t(a) LIMIT ALL', rows: [['1']] },
    { sql: 'SELECT limit FROM (VALUES 1, 2) AS t(limit) ORDER BY limit LIMIT 1', rows: [['1']] },
    { sql: 'SELECT sum(a) OVER w FROM (VALUES 1) AS t(a) WINDOW w AS (ORDER BY a)', rows: [['1']] },
    { sql: 'SELECT sum(a) OVER "w" FROM (VALUES 1) AS t(a) WINDOW "w" AS (ORDER BY a)', rows: [['1']] },
    { sql: 'SELECT ARRAY[1, 2][1], array[3][1]', rows: [['1', '3']] },
    { sql: "SELECT trim(BOTH 'x' FROM 'xax'), trim(LEADING FROM ' a')", rows: [['a', 'a']] },
    { sql: "SELECT TRY_CAST('x' AS integer)", rows: [[null]] },
    { sql: 'SELECT b FROM (VALUES 1) AS t(a) CROSS JOIN LATERAL (SELECT a + 1 AS b)', rows: [['2']] },
    { sql: "SELECT INTERVAL '1-2' YEAR TO MONTH", rows: [['1-2']] },
  ])('in $sql', async ({ sql, rows }) => {
    expect(await answers.rows(sql)).toEqual(rows);
  });
});

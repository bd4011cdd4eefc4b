import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { macroStatements, translate } from '../../../packages/local-aws/src/trino/index.ts';
import { plainNumbers } from './analystQueries/AnalystQuery.ts';
import { analystQueries } from './analystQueries.ts';

const instance = await DuckDBInstance.create(':memory:');
const connection = await instance.connect();
beforeAll(() => connection.run(`SET TimeZone = 'UTC'; ${macroStatements()}`));
afterAll(() => {
  connection.closeSync();
  instance.closeSync();
});

describe('a query that analysts copy', () => {
  it.each(analystQueries)('has the answers that are known of made rows: $title', async ({ sql, answers }) => {
    const reader = await connection.runAndReadAll(translate(sql).sql);
    const texts = reader
      .getRowsJson()
      .map((row) => row.map((value) => (value === null ? null : String(value))));
    expect(plainNumbers(texts)).toEqual(answers);
  });
});

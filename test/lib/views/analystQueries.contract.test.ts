import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, describe, expect, it } from '@jest/globals';
import { macroStatements, translate } from '../../../packages/local-aws/src/trino/index.ts';
import { analystQueries, plainNumbers } from './analystQueries.ts';

const instance = await DuckDBInstance.create(':memory:');
const connection = await instance.connect();
await connection.run(`SET TimeZone = 'UTC'; ${macroStatements()}`);
afterAll(() => {
  connection.closeSync();
  instance.closeSync();
});

describe('a query of the docs', () => {
  it.each(analystQueries)('answers what is known of made rows: $heading', async ({ sql, rows }) => {
    const reader = await connection.runAndReadAll(translate(sql).sql);
    const texts = reader
      .getRowsJson()
      .map((row) => row.map((value) => (value === null ? null : String(value))));
    expect(plainNumbers(texts)).toEqual(rows);
  });
});

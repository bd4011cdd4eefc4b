import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { ManualClock } from '../../src/base/index.ts';
import { dataFolders } from '../../src/disk/dataDirectory.ts';
import { Catalog, EXPANDED_TEXT, encodePrestoView } from '../../src/glue/index.ts';
import { temporaryDirectory } from '../../src/testing/temporaryDirectory.ts';
import { runQuery } from '../../src/trino/query/runQuery.ts';

const directory = temporaryDirectory();
afterAll(() => directory.remove());

beforeAll(() => {
  const catalog = Catalog.open({ directory: dataFolders(directory.path).glue, clock: new ManualClock(0) });
  catalog.createDatabase({ Name: 'db' });
  const view = (name: string, sql: string) =>
    catalog.createTable('db', {
      Name: name,
      TableType: 'VIRTUAL_VIEW',
      ViewOriginalText: encodePrestoView({ originalSql: sql, columns: [{ name: 'a', type: 'varchar' }] }),
      ViewExpandedText: EXPANDED_TEXT,
    });
  view('plain', "SELECT date_add('day', 1, DATE '2026-11-20') AS a");
  view('divided', 'SELECT 7 / 2 AS a');
  view(
    'twice',
    'WITH k AS (SELECT a, a AS b FROM plain) SELECT a FROM k UNION ALL SELECT CAST(b AS varchar) FROM k',
  );
});

it("keeps DuckDB's operators in a query that reads views of Athena", async () => {
  expect(await runQuery(directory.path, 'SELECT 7 / 2 AS half, a FROM plain')).toEqual([
    { half: 3.5, a: '2026-11-21' },
  ]);
});

it('gives the operators of a view their meaning in Athena', async () => {
  expect(await runQuery(directory.path, 'SELECT a FROM divided')).toEqual([{ a: 3 }]);
});

it('inlines the clauses of a view, so that a query reads only the columns that it asks for', async () => {
  expect(await runQuery(directory.path, 'SELECT count(*) AS n FROM twice')).toEqual([{ n: 2 }]);
  const plan = JSON.stringify(await runQuery(directory.path, 'EXPLAIN SELECT a FROM twice'));
  expect(plan).not.toContain('CTE');
});

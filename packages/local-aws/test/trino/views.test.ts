import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { ManualClock } from '../../src/base/index.ts';
import { dataFolders } from '../../src/disk/dataDirectory.ts';
import { Catalog, EXPANDED_TEXT, encodePrestoView } from '../../src/glue/index.ts';
import { temporaryDirectory } from '../../src/testing/temporaryDirectory.ts';
import { type AthenaView, viewsNeededBy } from '../../src/trino/index.ts';
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
  // In the order of names, each before what it reads.
  view('a_last', 'SELECT max(a) AS a FROM "db"."b_last"');
  view('b_last', 'SELECT a FROM "db"."plain"');
  view('broken', 'SELECT nowhere AS a FROM "db"."gone"');
  view('text', `SELECT 'json_extract_scalar(x)' AS a`);
  catalog.createTable('db', { Name: 'hives', TableType: 'VIRTUAL_VIEW', ViewOriginalText: 'SELECT 1' });
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

it('finds the views that a query names, and the views that these name', () => {
  const view = (name: string, sql: string): AthenaView => ({ database: 'db', name, sql, columns: ['n'] });
  const base = view('base', 'SELECT n FROM t');
  const above = view('above', 'SELECT n FROM "db"."base"');
  const all = [above, base, view('other', 'SELECT n FROM t')];
  expect(viewsNeededBy('SELECT * FROM ABOVE', all)).toEqual([above, base]);
  expect(viewsNeededBy('SELECT * FROM base', all)).toEqual([base]);
  expect(viewsNeededBy('SELECT * FROM t', all)).toEqual([]);
  expect(viewsNeededBy('show all tables', all)).toEqual(all);
});

it('creates a view also if it comes before one that it reads', async () => {
  expect(await runQuery(directory.path, 'SELECT * FROM a_last')).toEqual([{ a: '2026-11-21' }]);
});

it('leaves the texts in a view as they are', async () => {
  expect(await runQuery(directory.path, 'SELECT * FROM text')).toEqual([{ a: 'json_extract_scalar(x)' }]);
});

it('leaves views that fail out of other queries, and explains why they fail their own', async () => {
  const names = (await runQuery(directory.path, 'SHOW ALL TABLES')).map(({ name }) => name);
  expect(names.sort()).toEqual(['a_last', 'b_last', 'divided', 'plain', 'text', 'twice']);
  await expect(runQuery(directory.path, 'SELECT * FROM broken')).rejects.toMatchObject({
    code: 'LOCAL_AWS_QUERY_FAILED',
    message: expect.stringMatching(/broken does not exist(.|\n)*The view broken could not be created:.*gone/),
  });
});

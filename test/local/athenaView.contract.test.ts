import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import '../../local/errors.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import { prestoViewText } from '../../lib/views/prestoView.ts';
import { realClock } from '../../packages/local-aws/src/base/index.ts';
import { dataFolders } from '../../packages/local-aws/src/disk/dataDirectory.ts';
import { Catalog } from '../../packages/local-aws/src/glue/index.ts';
import { type AthenaView, runQuery, viewsNeededBy } from '../../packages/local-aws/src/trino/index.ts';
import { temporaryDirectory } from '../harness/temporaryDirectory.ts';
import { openData } from '../lib/views/openData.ts';

const view = (name: string, sql: string): AthenaView => ({ database: 'sluice', name, sql, columns: ['n'] });
const base = view('base', 'SELECT n FROM t');
const above = view('above', 'SELECT n FROM "sluice"."base"');
const other = view('other', 'SELECT n FROM t');

describe('viewsFor', () => {
  it('finds the views that a query names, and the views that these name', () => {
    const all = [above, base, other];
    expect(viewsNeededBy('SELECT * FROM ABOVE', all)).toEqual([above, base]);
    expect(viewsNeededBy('SELECT * FROM base', all)).toEqual([base]);
    expect(viewsNeededBy('SELECT * FROM t', all)).toEqual([]);
    expect(viewsNeededBy('show all tables', all)).toEqual(all);
  });
});

describe('views that others create in the catalog', () => {
  const data = temporaryDirectory();
  beforeAll(async () => {
    await openData(data.path, defineConfig({ bucket: 'acme' }), { exposures: [], events: [] });
    const catalog = Catalog.open({ directory: dataFolders(data.path).glue, clock: realClock });
    const create = (name: string, sql: string, type: 'bigint' | 'string' = 'bigint') =>
      catalog.createTable('sluice', {
        Name: name,
        TableType: 'VIRTUAL_VIEW',
        ViewOriginalText: prestoViewText({ sql, columns: [{ name: 'n', type, comment: '' }] }, 'sluice'),
      });
    // In the order of names, each before what it reads.
    create('a_counted', 'SELECT n + 1 AS n FROM "sluice"."b_counted"');
    create('b_counted', 'SELECT count(*) AS n FROM "sluice"."c_events"');
    create('c_events', `SELECT event_id AS n FROM "sluice"."statsig_forwarded_events"`, 'string');
    create('broken', 'SELECT nowhere AS n FROM "sluice"."gone"');
    create('scalars', `SELECT json_extract_scalar('{"a": {"b": 1}}', '$.a') AS n`, 'string');
    create('text', `SELECT 'json_extract_scalar(x)' AS n`, 'string');
    catalog.createTable('sluice', { Name: 'hives', TableType: 'VIRTUAL_VIEW', ViewOriginalText: 'SELECT 1' });
  });
  afterAll(data.remove);

  it('are created in any order of their dependencies', async () => {
    expect(await runQuery(data.path, 'SELECT * FROM a_counted')).toEqual([{ n: 1 }]);
  });

  it('have the same meaning as in Athena', async () => {
    expect(await runQuery(data.path, 'SELECT * FROM scalars')).toEqual([{ n: null }]);
    expect(await runQuery(data.path, 'SELECT * FROM text')).toEqual([{ n: 'json_extract_scalar(x)' }]);
  });

  it('do not affect other queries, and explain why they fail their own', async () => {
    const shown = await runQuery(data.path, 'SHOW ALL TABLES');
    const names = shown.map(({ name }) => name);
    expect(names).toContain('a_counted');
    expect(names).not.toContain('broken');
    expect(names).not.toContain('hives');
    await expect(runQuery(data.path, 'SELECT * FROM broken')).rejects.toMatchObject({
      code: 'SLUICE_QUERY_FAILED',
      message: expect.stringMatching(
        /broken does not exist(.|\n)*The view broken could not be created:.*gone/,
      ),
    });
  });
});

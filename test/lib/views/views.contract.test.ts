import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as z from 'zod';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { KnownGroups } from '../../../lib/groups/KnownGroups.ts';
import { RESERVED_COLUMNS } from '../../../lib/tables/deliveredTables.ts';
import { dayRanges } from '../../../lib/views/curatedDays.ts';
import { RESERVED_VIEW_COLUMNS, viewNames } from '../../../lib/views/viewNames.ts';
import { views } from '../../../lib/views/views.ts';
import { duckDbType, type QueryRow, runQuery } from '../../../packages/local-aws/src/trino/index.ts';
import { temporaryDirectory } from '../../harness/temporaryDirectory.ts';
import { expectedRows } from './expectedRows.ts';
import { comparable, DAYS, GROUP_ROWS, generateRows } from './generateRows.ts';
import { openData } from './openData.ts';

const input = {
  bucket: 'acme-experiments',
  unitIds: { companyID: 'company_id' },
};
const config = defineConfig({ ...input, experiments: ['checkout'], holdouts: ['spring_holdout'] });
/** Resolves the holdout's name, and doesn't know that it is one. */
const unknowing = ['spring_holdout', 'checkout'];

const planSchema = z.array(
  z.object({
    name: z.string(),
    extra_info: z.object({ Filters: z.union([z.string(), z.array(z.string())]).optional() }),
    children: z.array(z.unknown()),
  }),
);

/** The filters of each scan of Parquet files in DuckDB's plan. */
function scansOf(plan: unknown): string[] {
  return planSchema
    .parse(plan)
    .flatMap(({ name, extra_info: { Filters = '' }, children }) => [
      ...(name.includes('PARQUET') ? [[Filters].flat().join(' AND ')] : []),
      ...scansOf(children),
    ]);
}

const data = temporaryDirectory();
const rows = generateRows(20_261_120);
beforeAll(() => openData(data.path, { config, rows }));
afterAll(data.remove);

describe('the views', () => {
  const expected = expectedRows(rows.exposures, rows.events, { holdouts: true });

  it.each(viewNames)('include %s, which shows the rows that are computed without SQL', async (name) => {
    const shown = await runQuery(data.path, `SELECT * FROM ${name}`);
    expect(expected[name].length).toBeGreaterThan(20);
    expect(comparable(shown)).toEqual(comparable(expected[name]));
  });

  it('show the computed rows of other data whose holdouts are not known', async () => {
    const other = temporaryDirectory();
    try {
      const generated = generateRows(8);
      // Rows of a layer's experiment land hashed: its name is in the configuration alone.
      const named = defineConfig({ ...input, experiments: [...unknowing, 'hero'] });
      await openData(other.path, { config: named, rows: generated });
      const wanted = expectedRows(generated.exposures, generated.events, {
        holdouts: false,
        named: ['hero'],
      });
      for (const name of viewNames) {
        const shown = await runQuery(other.path, `SELECT * FROM ${name}`);
        expect({ name, rows: comparable(shown) }).toEqual({ name, rows: comparable(wanted[name]) });
      }
    } finally {
      other.remove();
    }
  });

  it('use the table of experiment groups, also for rows that landed before it, of raw and of curated days', async () => {
    const other = temporaryDirectory();
    try {
      const generated = generateRows(9);
      // The configuration knows the name of the holdout, but not that it is one.
      const days = dayRanges([DAYS[1], DAYS[3]]);
      const curated = { exposures: days, events: days };
      await openData(other.path, {
        config: defineConfig({ ...input, experiments: unknowing }),
        rows: generated,
        groups: GROUP_ROWS,
        curated,
      });
      const known = new KnownGroups(GROUP_ROWS);
      const wanted = expectedRows(generated.exposures, generated.events, { holdouts: true, known });
      const names = new Set<unknown>();
      for (const name of viewNames) {
        const shown = await runQuery(other.path, `SELECT * FROM ${name}`);
        expect({ name, rows: comparable(shown) }).toEqual({ name, rows: comparable(wanted[name]) });
        for (const row of shown) names.add(row['group_name']);
      }
      expect([...names]).toEqual(expect.arrayContaining(['Control by specs', 'Variant by specs']));
    } finally {
      other.remove();
    }
  });

  it.each(['experiment_exposures', 'first_exposures', 'daily_exposures', 'secondary_exposures'] as const)(
    'include %s, which passes a filter on the experiment to the scan',
    async (name) => {
      const column = name === 'secondary_exposures' ? 'primary_id' : 'experiment_id';
      const [plan] = await runQuery(
        data.path,
        `EXPLAIN (FORMAT json) SELECT * FROM ${name} WHERE ${column} = 'checkout'`,
      );
      const scans = scansOf(JSON.parse(String(plan?.['explain_value'])));
      expect(scans.length).toBeGreaterThan(0);
      // Rows that landed hashed are found by their layer.
      const ofLayers = scans.filter((filters) => filters.includes("exposure_type='layer'"));
      expect(ofLayers.length).toBe(scans.length / 2);
      for (const filters of scans)
        if (!ofLayers.includes(filters)) expect(filters).toContain("experiment_id='checkout'");
    },
  );

  it.each(viewNames)('include %s, which has the columns and types of the catalog', async (name) => {
    const described = await runQuery(data.path, `DESCRIBE ${name}`);
    expect(described.map(({ column_name, column_type }) => [column_name, column_type])).toEqual(
      views(config)[name].columns.map((column) => [column.name, duckDbType(column.type)]),
    );
  });

  it('reserve all of their column names, so that no unit ID or path can use them', () => {
    const bare = views(defineConfig({ bucket: 'acme' }));
    const names = viewNames.flatMap((name) => bare[name].columns.map((column) => column.name));
    const aliases = viewNames.flatMap((name) =>
      [...bare[name].sql.matchAll(/AS "(\w+)"/g)].map(([, alias = '']) => alias),
    );
    const free = [...names, ...aliases].filter(
      (name) => !RESERVED_COLUMNS.has(name) && !RESERVED_VIEW_COLUMNS.has(name),
    );
    // Names of sources can be a column's, too: every column is named without one.
    expect([...new Set(free)].sort()).toEqual([
      'evaluated',
      'evaluations',
      'events',
      'groups',
      'hashed',
      'holdouts',
      'known',
      'landed',
      'marked',
      'names',
      'placed',
      'plain',
      'sent',
      'unit_types',
    ]);
  });

  it('have a comment for every column, valid for Glue', () => {
    const columns = viewNames.flatMap((name) => views(config)[name].columns);
    expect(columns.filter(({ comment }) => comment === '' || comment.length > 255)).toEqual([]);
  });
});

describe('a filter on ds', () => {
  const days: typeof viewNames = viewNames.filter((name) => name !== 'first_exposures');
  const filesRead = async (sql: string) => {
    const [plan]: QueryRow[] = await runQuery(data.path, `EXPLAIN (ANALYZE, FORMAT json) ${sql}`);
    return [...JSON.stringify(plan).matchAll(/Total Files Read\\*": *\\*"(\d+)/g)].reduce(
      (sum, [, n]) => sum + Number(n),
      0,
    );
  };

  it('works for every view except those that need all days', () => {
    expect(viewNames.filter((name) => !days.includes(name))).toEqual(['first_exposures']);
    for (const name of viewNames) {
      const columns = views(config)[name].columns.map((column) => column.name);
      expect({ name, hasDay: columns.includes('ds') }).toEqual({ name, hasDay: days.includes(name) });
    }
  });

  it.each(days)('on %s reads only the files of its days', async (name) => {
    // Files of exposures are read once more, for rows that landed hashed.
    const scans = name === 'product_events' ? 1 : 2;
    expect(await filesRead(`SELECT * FROM ${name}`)).toBe(scans * DAYS.length);
    expect(await filesRead(`SELECT * FROM ${name} WHERE ds = DATE '${DAYS[1]}'`)).toBe(scans);
    expect(
      await filesRead(
        `SELECT count(*) FROM ${name} WHERE ds BETWEEN DATE '${DAYS[1]}' AND DATE '${DAYS[2]}'`,
      ),
    ).toBe(2 * scans);
  });

  it.each(days)('on %s changes no row of the days', async (name) => {
    const all = await runQuery(data.path, `SELECT * FROM ${name}`);
    const oneDay = await runQuery(data.path, `SELECT * FROM ${name} WHERE ds = DATE '${DAYS[1]}'`);
    expect(comparable(oneDay)).toEqual(comparable(all.filter(({ ds }) => ds === DAYS[1])));
  });

  it('on first exposures of one day reads every day, and one type of unit', async () => {
    const ofDay = `SELECT * FROM first_exposures WHERE first_day = DATE '${DAYS[1]}'`;
    // A query for each type of unit, of which a filter on the type leaves one.
    expect(await filesRead(ofDay)).toBe(3 * 2 * DAYS.length);
    expect(await filesRead(`${ofDay} AND unit_type = 'user_id'`)).toBe(2 * DAYS.length);
  });
});

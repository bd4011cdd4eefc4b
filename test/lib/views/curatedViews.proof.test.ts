import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { dayRanges } from '../../../lib/views/curatedDays.ts';
import { viewKinds } from '../../../lib/views/curatedViews.ts';
import { viewNames } from '../../../lib/views/viewNames.ts';
import { type QueryRow, runQuery } from '../../../packages/local-aws/src/trino/index.ts';
import { temporaryDirectory } from '../../harness/temporaryDirectory.ts';
import { DAYS, generateRows } from './generateRows.ts';
import { openData } from './openData.ts';

describe('views over files with curated days', () => {
  const config = defineConfig({
    bucket: 'acme-experiments',
    database: 'sluice',
    unitIds: { companyID: 'company_id' },
    experiments: ['checkout'],
    holdouts: ['spring_holdout'],
  });
  const [, second, third] = DAYS;
  const rows = generateRows(20_261_121);
  const curated = { exposures: dayRanges([second, third]), events: dayRanges([second, third]) };
  const data = temporaryDirectory();
  beforeAll(() => openData(data.path, { config, rows, curated }));
  afterAll(data.remove);

  /** The files that a query reads, as table and day. */
  async function filesRead(sql: string): Promise<string[]> {
    const [plan]: QueryRow[] = await runQuery(data.path, `EXPLAIN (ANALYZE, FORMAT json) ${sql}`);
    const files = JSON.stringify(plan).matchAll(/\/(\w+)\/(\d{4}-\d\d-\d\d)\/[^"]*?rows\.parquet/g);
    return [...new Set([...files].map(([, table, day]) => `${table} ${day}`))].sort();
  }

  it.each(viewNames)('read the curated files of curated days alone for %s', async (name) => {
    const kinds = viewKinds[name === 'daily_exposures' ? 'experiment_exposures' : name];
    const wanted = (days: readonly string[]) =>
      kinds.flatMap((kind) =>
        days.map(
          (day) =>
            `${day === second || day === third ? config.curatedTables[kind] : config.tables[kind]} ${day}`,
        ),
      );
    expect(await filesRead(`SELECT * FROM ${name}`)).toEqual(wanted(DAYS).sort());
    if (name === 'first_exposures') return;
    for (const day of DAYS) {
      expect(await filesRead(`SELECT * FROM ${name} WHERE ds = DATE '${day}'`)).toEqual(wanted([day]));
    }
  });
});

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import type { GroupRow } from '../../../lib/groups/GroupRow.ts';
import { dayRanges } from '../../../lib/views/curatedDays.ts';
import { viewKinds } from '../../../lib/views/curatedViews.ts';
import { viewNames } from '../../../lib/views/viewNames.ts';
import { hashedNames } from '../../../lib/wire/experimentNames.ts';
import { type QueryRow, runQuery } from '../../../packages/local-aws/src/trino/index.ts';
import { temporaryDirectory } from '../../harness/temporaryDirectory.ts';
import { expectedRows } from './expectedRows.ts';
import { comparable, DAYS, drawing, exposure, generateRows } from './generateRows.ts';
import { openData, type RawRow } from './openData.ts';

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

  it.each(viewNames)('show the rows of %s that are computed without SQL', async (name) => {
    const wanted = expectedRows(rows.exposures, rows.events, { holdouts: true })[name];
    expect(wanted.length).toBeGreaterThan(20);
    expect(comparable(await runQuery(data.path, `SELECT * FROM ${name}`))).toEqual(comparable(wanted));
  });

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

describe('an experiment of a layer whose name becomes known on its second day', () => {
  const [firstDay, two] = DAYS;
  const unit = (n: number) => `u${String(n).padStart(3, '0')}`;
  const seen = (n: number, day: string, name: string): RawRow => ({
    ...exposure(drawing(n), n, [day]),
    event_id: `${day}-${n}`,
    environment: 'production',
    ds: day,
    timestamp: `${day} 09:00:00.001`,
    exposure_type: 'layer',
    layer_id: 'home',
    experiment_id: name,
    allocated_experiment: name,
    user_id: unit(n),
    stable_id: null,
    company_id: null,
    group_id: 'test',
    rule_id: 'test',
    gate_value: null,
    group_name: null,
    is_assignment: true,
    reason: null,
    secondary_exposures: null,
  });
  const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
  const group = { layerId: 'home', expectedSplit: null, splits: [], firstSeen: 0, lastSeen: 0 };
  const pulled: readonly GroupRow[] = [
    {
      ...group,
      entity: 'experiment',
      experimentId: 'late',
      ruleId: 'test',
      kind: 'group',
      groupName: 'Test',
    },
  ];
  const inConfig = defineConfig({
    bucket: 'acme-experiments',
    unitIds: { companyID: 'company_id' },
    experiments: ['late'],
  });
  const unnamed = defineConfig({ bucket: 'acme-experiments', unitIds: { companyID: 'company_id' } });

  const known = [
    { where: 'pulled', named: unnamed, groups: pulled, groupName: 'Test' },
    { where: 'configured', named: inConfig, groups: [], groupName: null },
  ];
  const landed = [
    { from: 'raw', days: undefined },
    { from: 'curated', days: { exposures: dayRanges([firstDay]), events: [] } },
  ];
  const resends = hashedNames('late').flatMap((hash) =>
    known.flatMap((names) => landed.map((days) => ({ hash, ...names, ...days }))),
  );

  it.each(resends)(
    'has its 160 units of both days, sent as $hash, $where, from $from days',
    async (resend) => {
      const { hash, named, groups, groupName, days } = resend;
      const other = temporaryDirectory();
      try {
        const exposures = [
          ...range(0, 100).map((n) => seen(n, firstDay, hash)),
          // A resend that another collector took, which knew the name already.
          { ...seen(7, firstDay, 'late'), received_at: `${firstDay} 23:00:00.001` },
          // Half of them come back, and others come; a slow collector does not know the name yet.
          ...range(50, 150).map((n) => seen(n, two, n % 2 === 0 ? 'late' : hash)),
          ...range(150, 160).map((n) => seen(n, two, 'late')),
          // No layer's, and so no hash.
          {
            ...seen(500, firstDay, hash),
            exposure_type: 'config',
            layer_id: null,
            allocated_experiment: null,
          },
        ];
        await openData(other.path, { config: named, rows: { exposures, events: [] }, groups, curated: days });
        const ask = (sql: string) => runQuery(other.path, sql);
        const first = await ask(
          "SELECT * FROM first_exposures WHERE experiment_id = 'late' ORDER BY unit_id",
        );
        expect(first.map((row) => [row['unit_id'], row['first_day'], row['group_name']])).toEqual(
          range(0, 160).map((n) => [unit(n), n < 100 ? firstDay : two, groupName]),
        );
        const daily = await ask(
          'SELECT experiment_id, group_name, ds, units, exposures FROM daily_exposures ORDER BY experiment_id DESC, ds',
        );
        expect(daily.map((row) => Object.values(row).map(String))).toEqual([
          ['late', String(groupName), firstDay, '100', '100'],
          ['late', String(groupName), two, '110', '110'],
          [hash, 'null', firstDay, '1', '1'],
        ]);
        const shown = await ask(
          'SELECT DISTINCT experiment_id, allocated_experiment FROM experiment_exposures',
        );
        expect(shown.map((row) => row['allocated_experiment']).sort()).toEqual(['late', null]);
      } finally {
        other.remove();
      }
    },
  );
});

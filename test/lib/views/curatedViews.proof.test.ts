import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { addDays } from '../../../lib/base/time.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import type { GroupRow } from '../../../lib/groups/GroupRow.ts';
import { type CuratedDays, dayRanges, nothingCurated } from '../../../lib/views/curatedDays.ts';
import { fitCuratedView, readCuratedDays, viewKinds } from '../../../lib/views/curatedViews.ts';
import { prestoViewText } from '../../../lib/views/prestoView.ts';
import { viewNames } from '../../../lib/views/viewNames.ts';
import { views } from '../../../lib/views/views.ts';
import { hashedNames } from '../../../lib/wire/experimentNames.ts';
import { type QueryRow, runQuery } from '../../../packages/local-aws/src/trino/index.ts';
import { temporaryDirectory } from '../../harness/temporaryDirectory.ts';
import { expectedRows } from './expectedRows.ts';
import { comparable, DAYS, drawing, exposure, generateRows } from './generateRows.ts';
import { openData, type RawRow } from './openData.ts';

const configOf = (holdouts = true) =>
  defineConfig({
    bucket: 'acme-experiments',
    database: 'sluice',
    unitIds: { companyID: 'company_id' },
    // Without holdouts, its name is known and not that it is one.
    experiments: holdouts ? ['checkout'] : ['checkout', 'spring_holdout'],
    ...(holdouts ? { holdouts: ['spring_holdout'] } : {}),
  });

const FIRST = '2026-01-01';
describe('views over files with curated days', () => {
  const config = configOf();
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

describe('the list of curated days', () => {
  const config = configOf();
  const curated: CuratedDays = {
    exposures: dayRanges(['2026-01-03', '2026-01-01', '2026-01-02', '2026-01-05', '2026-01-03']),
    events: dayRanges(['2025-12-31', '2026-01-01']),
  };

  it.each(viewNames)('is read from the text of %s', (name) => {
    const { sql } = views(config, curated)[name];
    const read = {
      exposures: [],
      events: [],
      ...Object.fromEntries(viewKinds[name].map((kind) => [kind, curated[kind]])),
    };
    expect(readCuratedDays(config, name, sql)).toEqual(read);
    expect(readCuratedDays(config, name, views(config)[name].sql)).toEqual(nothingCurated);
    expect(sql === views(config)[name].sql).toBe(viewKinds[name].length === 0);
  });

  it.each([
    { who: 'another configuration', changed: (sql: string) => sql, reader: configOf(false) },
    {
      who: 'another version',
      changed: (sql: string) => sql.replace('"copies_differ" = TRUE', '"copies" > 1'),
      reader: config,
    },
    {
      who: 'somebody who left a day out of one branch',
      changed: (sql: string) => sql.replace("-05'", "-06'"),
      reader: config,
    },
    {
      who: 'somebody who closed a bracket',
      changed: (sql: string) => sql.replace(' OR ', ') OR ('),
      reader: config,
    },
    { who: 'somebody who wrote all of it', changed: () => 'SELECT 1', reader: config },
  ])('is not read from the text of $who', ({ changed, reader }) => {
    const { sql } = views(config, curated).experiment_exposures;
    expect(readCuratedDays(reader, 'experiment_exposures', changed(sql))).toBeNull();
  });

  it('keeps the newest days that fit', () => {
    const odd = Array.from({ length: 1_000 }, (_, n) => addDays(FIRST, 2 * n));
    const days = { exposures: odd, events: [...odd, addDays(odd[0] ?? '', 1)] };
    const fitted = fitCuratedView(config, 'experiment_exposures', days);
    expect(fitted.curated.exposures).toHaveLength(100);
    expect(fitted.curated.events).toHaveLength(0);
    expect(fitted.curated.exposures[0]?.to).toBe(odd.at(-1));
    expect(fitted.view.sql).toBe(views(config, fitted.curated).experiment_exposures.sql);
    const few = fitCuratedView(config, 'product_events', { exposures: odd, events: [FIRST] });
    expect(few.curated).toEqual({ exposures: [], events: [{ from: FIRST, to: FIRST }] });
    expect(fitCuratedView(config, 'daily_exposures', days).curated).toEqual(nothingCurated);
  });

  it('leaves room in the text for what Athena and Glue take', () => {
    const unitIds = Object.fromEntries(
      Array.from({ length: 12 }, (_, n) => [`unit${n}ID`, `unit_${n}_with_a_long_name`]),
    );
    const experiments = Array.from(
      { length: 1_000 },
      (_, n) => `an_experiment_with_a_name_of_usual_length_${n}`,
    );
    const large = defineConfig({ bucket: 'acme-experiments', unitIds, experiments });
    const odd = Array.from({ length: 200 }, (_, n) => addDays(FIRST, 2 * n));
    for (const name of viewNames) {
      const { view, curated: fitted } = fitCuratedView(large, name, { exposures: odd, events: odd });
      expect(prestoViewText(view, large.database).length).toBeLessThanOrEqual(409_600);
      if (name !== 'secondary_exposures') expect(Buffer.byteLength(view.sql)).toBeLessThanOrEqual(262_144);
      const ranges = fitted.exposures.length + fitted.events.length;
      if (name === 'first_exposures') expect(ranges).toBeLessThan(100);
      expect({ name, readsMany: ranges > 5 }).toEqual({ name, readsMany: viewKinds[name].length > 0 });
    }
  });
});

import { describe, expect, it } from '@jest/globals';
import { addDays } from '../../../lib/base/time.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { type CuratedDays, dayRanges, nothingCurated } from '../../../lib/views/curatedDays.ts';
import { fitCuratedView, readCuratedDays, viewKinds } from '../../../lib/views/curatedViews.ts';
import { prestoViewText } from '../../../lib/views/prestoView.ts';
import { COPY_ORDER } from '../../../lib/views/View.ts';
import { viewNames } from '../../../lib/views/viewNames.ts';
import { views } from '../../../lib/views/views.ts';

const FIRST = '2026-01-01';
const configOf = (holdouts: readonly string[]) =>
  defineConfig({ bucket: 'acme-experiments', experiments: ['checkout'], holdouts: [...holdouts] });

describe('the list of curated days', () => {
  const config = configOf(['spring_holdout']);
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
    // Both branches have the types that the view declares.
    if (name === 'experiment_exposures') expect(sql.match(/CAST\("held_out" AS boolean\)/g)).toHaveLength(2);
  });

  it.each([
    { who: 'another configuration', changed: (sql: string) => sql, reader: configOf(['winter_holdout']) },
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

it('of copies the one that was received first is shown, whatever its sender says', () => {
  const order = ['received_at', 'timestamp', 'sdk_type', 'sdk_version', 'session_id', 'statsig_metadata'];
  expect(COPY_ORDER).toEqual(order);
});

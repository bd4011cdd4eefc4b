import { describe, expect, it } from '@jest/globals';
import { addDays } from '../../../lib/base/time.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { type CuratedDays, dayRanges, nothingCurated } from '../../../lib/views/curatedDays.ts';
import { fitCuratedView, readCuratedDays } from '../../../lib/views/curatedViews.ts';
import { prestoViewText } from '../../../lib/views/prestoView.ts';
import { COPY_ORDER, type ViewName } from '../../../lib/views/View.ts';
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

  const exposures = [
    { from: '2026-01-05', to: '2026-01-05' },
    { from: '2026-01-01', to: '2026-01-03' },
  ];
  const events = [{ from: '2025-12-31', to: '2026-01-01' }];

  const daysOfViews = [
    { name: 'experiment_exposures', days: { exposures, events: [] } },
    { name: 'first_exposures', days: { exposures, events: [] } },
    { name: 'product_events', days: { exposures: [], events } },
    { name: 'secondary_exposures', days: { exposures, events: [] } },
    { name: 'daily_exposures', days: { exposures: [], events: [] } },
  ] as const;

  it('is asked of each view', () => {
    expect(daysOfViews.map(({ name }) => name)).toEqual(viewNames);
  });

  it.each(daysOfViews)('is read from the text of $name', ({ name, days }) => {
    expect(readCuratedDays(config, name, views(config, curated)[name].sql)).toEqual(days);
    expect(readCuratedDays(config, name, views(config)[name].sql)).toEqual({ exposures: [], events: [] });
  });

  it('is in no text of a view that reads no curated table', () => {
    expect(views(config, curated).daily_exposures.sql).toBe(views(config).daily_exposures.sql);
  });

  it('gives both branches of a view the types that it declares', () => {
    const { sql } = views(config, curated).experiment_exposures;
    expect(sql.match(/CAST\("held_out" AS boolean\)/g)).toHaveLength(2);
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

  describe('of a large configuration', () => {
    const large = defineConfig({
      bucket: 'acme-experiments',
      unitIds: Object.fromEntries(
        Array.from({ length: 12 }, (_, n) => [`unit${n}ID`, `unit_${n}_with_a_long_name`]),
      ),
      experiments: Array.from({ length: 1_000 }, (_, n) => `an_experiment_with_a_name_of_usual_length_${n}`),
    });
    const odd = Array.from({ length: 200 }, (_, n) => addDays(FIRST, 2 * n));
    const fitted = (name: ViewName) => fitCuratedView(large, name, { exposures: odd, events: odd });

    it.each(viewNames)('leaves the text of %s room in Glue', (name) => {
      expect(prestoViewText(fitted(name).view, large.database).length).toBeLessThanOrEqual(409_600);
    });

    it.each(['experiment_exposures', 'first_exposures', 'product_events', 'daily_exposures'] as const)(
      'leaves the text of %s room in a query of Athena',
      (name) => {
        expect(Buffer.byteLength(fitted(name).view.sql)).toBeLessThanOrEqual(262_144);
      },
    );

    it.each(['experiment_exposures', 'first_exposures', 'secondary_exposures'] as const)(
      'has more than five ranges of exposures in %s',
      (name) => {
        expect(fitted(name).curated.exposures.length).toBeGreaterThan(5);
      },
    );

    it('has more than five ranges of events in product_events', () => {
      expect(fitted('product_events').curated.events.length).toBeGreaterThan(5);
    });

    it('has fewer ranges than the most where the text has no room for them', () => {
      expect(fitted('first_exposures').curated.exposures.length).toBeLessThan(100);
    });
  });
});

it('of copies the one that was received first is shown, whatever its sender says', () => {
  const order = ['received_at', 'timestamp', 'sdk_type', 'sdk_version', 'session_id', 'statsig_metadata'];
  expect(COPY_ORDER).toEqual(order);
});

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { sum } from '../../../../lib/base/sum.ts';
import { isUtcDay, utcDay } from '../../../../lib/base/time.ts';
import { defineConfig } from '../../../../lib/config/defineConfig.ts';
import { planPartitions } from '../../../../lib/landing/catalog/planPartitions.ts';
import { tableKinds } from '../../../../lib/schema/kinds.ts';
import { dayFolder } from '../../../../lib/tables/tableFolders.ts';

const config = defineConfig({ bucket: 'data-bucket' });
const exposures = 'statsig/statsig_forwarded_exposures/statsig_forwarded_exposures/';
const nothingKnown = () => false;

describe('planPartitions', () => {
  it('returns each day once, with the keys that need it', () => {
    const plan = planPartitions(
      config,
      [
        `${exposures}2026-11-20/a.parquet`,
        `${exposures}2026-11-21/b.parquet`,
        `${exposures}2026-11-20/c.parquet`,
        'statsig/statsig_forwarded_events/statsig_forwarded_events/2026-11-20/d.parquet',
      ],
      (kind, day) => kind === 'exposures' && day === '2026-11-21',
    );
    expect(plan).toEqual({
      wanted: [
        { kind: 'exposures', day: '2026-11-20', keys: [0, 2] },
        { kind: 'events', day: '2026-11-20', keys: [3] },
      ],
      known: 1,
      ignored: {},
    });
  });

  it('counts keys that need no partition by reason', () => {
    const { wanted, ignored } = planPartitions(
      config,
      [
        'statsig/experiment-abc/results.parquet',
        'quarantine-large/2026-11-20/x',
        `${exposures}2026-02-30/a.parquet`,
        `${exposures}2026-11-20`,
        `${exposures}2026-11-20/`,
        `${exposures}2026-11-20/deep/a.parquet`,
      ],
      nothingKnown,
    );
    expect(wanted).toEqual([]);
    expect(ignored).toEqual({
      outside_tables: 2,
      no_day_folder: 2,
      folder_marker: 1,
      nested_too_deep: 1,
    });
  });

  it('accounts for every key, and finds the day of every key that is built from one', () => {
    const key = fc.oneof(
      fc.string(),
      fc
        .tuple(
          fc.constantFrom(...tableKinds),
          fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }),
          fc.string({ minLength: 1 }).filter((name) => !name.includes('/')),
        )
        .map(([kind, date, name]) => `${dayFolder(config, kind, utcDay(date.getTime()))}${name}`),
    );
    fc.assert(
      fc.property(fc.array(key), (keys) => {
        const { wanted, ignored } = planPartitions(config, keys, nothingKnown);
        const counted = sum(Object.values(ignored));
        expect(counted + sum(wanted.map((partition) => partition.keys.length))).toBe(keys.length);
        for (const { kind, day, keys: indexes } of wanted) {
          expect(isUtcDay(day)).toBe(true);
          for (const index of indexes)
            expect(keys[index]?.startsWith(dayFolder(config, kind, day))).toBe(true);
        }
      }),
    );
  });
});

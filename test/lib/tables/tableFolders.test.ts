import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { utcDay } from '../../../lib/base/time.ts';
import { tableKinds } from '../../../lib/schema/kinds.ts';
import {
  dayFolder,
  landedFolders,
  parseIngestedKey,
  parseTableKey,
  tableFolder,
  tableFolders,
  versionPrefix,
} from '../../../lib/tables/tableFolders.ts';

const layout = {
  statsigFolder: 'team/statsig',
  tables: { exposures: 'exposures', events: 'events', quarantine: 'refused' },
};
const day = fc.integer({ min: 0, max: 4_102_444_800_000 }).map(utcDay);
const file = fc.stringMatching(/^[\w.-]{1,40}$/);

describe('parseTableKey', () => {
  it('parses every key that the layout builds', () => {
    fc.assert(
      fc.property(fc.constantFrom(...tableKinds), day, file, (kind, ds, name) => {
        expect(parseTableKey(layout, `${dayFolder(layout, kind, ds)}${name}`)).toEqual({ kind, day: ds });
      }),
    );
  });

  it.each([
    { key: 'team/statsig/statsig_forwarded_exposures/exposures/2026-11-20/', rule: 'folder_marker' },
    { key: 'team/statsig/statsig_forwarded_exposures/exposures/2026-11-20', rule: 'no_day_folder' },
    { key: 'team/statsig/statsig_forwarded_exposures/exposures/2026-02-30/a.parquet', rule: 'no_day_folder' },
    {
      key: 'team/statsig/statsig_forwarded_exposures/exposures/ds=2026-11-20/a.parquet',
      rule: 'no_day_folder',
    },
    { key: 'team/statsig/statsig_forwarded_exposures/exposures/a.parquet', rule: 'no_day_folder' },
    {
      key: 'team/statsig/statsig_forwarded_exposures/exposures/2026-11-20/sub/a.parquet',
      rule: 'nested_too_deep',
    },
    { key: 'team/statsig/statsig_forwarded_exposures/other/2026-11-20/a.parquet', rule: 'outside_tables' },
    { key: 'team/statsig/experiment-abc/2026-11-20/a.parquet', rule: 'outside_tables' },
    { key: 'quarantine/refused/2026-11-20/a.parquet', rule: 'no_day_folder' },
    { key: 'quarantine-large/2026-11-20/a', rule: 'outside_tables' },
    { key: '', rule: 'outside_tables' },
  ])('ignores $key: $rule', ({ key, rule }) => {
    expect(parseTableKey(layout, key)).toEqual({ ignored: rule });
  });

  it('finds no table inside the folder of another, because Athena reads a location recursively', () => {
    for (const kind of tableKinds) {
      const folder = tableFolder(layout, kind);
      const inside = tableKinds.filter((other) => tableFolder(layout, other).startsWith(folder));
      expect(inside).toEqual([kind]);
    }
  });

  it('accepts any text without an error', () => {
    fc.assert(
      fc.property(fc.string(), (key) => void parseTableKey(layout, tableFolder(layout, 'events') + key)),
    );
  });
});

describe('former Statsig folders', () => {
  const layout = {
    statsigFolder: 'acme-4f2a',
    formerStatsigFolders: [
      { folder: 'second', until: '2026-11-26' },
      { folder: 'first', until: '2026-10-10' },
    ],
    tables: { exposures: 'exposures', events: 'events', quarantine: 'quarantine' },
  };

  it('have the days up to their last one, and no others', () => {
    const folderOf = (day: string) => dayFolder(layout, 'events', day).split('/')[0];
    expect(['2026-10-10', '2026-10-11', '2026-11-26', '2026-11-27'].map(folderOf)).toEqual([
      'first',
      'second',
      'second',
      'acme-4f2a',
    ]);
    expect(versionPrefix(layout, 'shop_orders', '2026-10-10', 'v1')).toBe(
      'first/ingested/shop_orders/2026-10-10/v1/',
    );
  });

  it('have keys that are read back, of their own days alone', () => {
    for (const day of ['2026-10-10', '2026-11-26', '2026-11-27']) {
      expect(parseTableKey(layout, `${dayFolder(layout, 'events', day)}a.parquet`)).toEqual({
        kind: 'events',
        day,
      });
      const prefix = versionPrefix(layout, 'shop_orders', day, 'v1');
      expect(parseIngestedKey(layout, `${prefix}a.parquet`)).toMatchObject({ day, version: 'v1' });
    }
    expect(parseTableKey(layout, 'first/statsig_forwarded_events/events/2026-11-27/a.parquet')).toEqual({
      ignored: 'no_day_folder',
    });
  });

  it('are among the folders that analysts read, and none of them is the quarantine’s twice', () => {
    expect(landedFolders(layout)).toHaveLength(9);
    expect(tableFolders(layout, 'events')).toEqual([
      'acme-4f2a/statsig_forwarded_events/events/',
      'second/statsig_forwarded_events/events/',
      'first/statsig_forwarded_events/events/',
    ]);
    expect(tableFolders(layout, 'quarantine')).toEqual(['quarantine/']);
  });
});

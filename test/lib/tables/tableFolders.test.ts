import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { utcDay } from '../../../lib/base/time.ts';
import { tableKinds } from '../../../lib/schema/kinds.ts';
import {
  dayFolder,
  deliveredTime,
  foldersOfTable,
  groupsFolder,
  groupsKey,
  landedFileName,
  landedFolders,
  parseIngestedKey,
  parseTableKey,
  receivedHoursKey,
  refusedRowsKey,
  restoredKey,
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
const table = fc.stringMatching(/^[a-z][a-z0-9]{0,8}(_[a-z0-9]{1,5})?$/);
const version = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_-]{0,20}$/);

/** The folders of a forwarded and of an ingested table. */
const EXPOSURES = 'team/statsig/statsig_forwarded_exposures/exposures/';
const INGESTED = 'team/statsig/ingested/acme_events/';

describe('parseTableKey', () => {
  it('parses every key that the layout builds', () => {
    fc.assert(
      fc.property(fc.constantFrom(...tableKinds), day, file, (kind, ds, name) => {
        expect(parseTableKey(layout, `${dayFolder(layout, kind, ds)}${name}`)).toEqual({ kind, day: ds });
      }),
    );
  });

  it.each([
    { key: `${EXPOSURES}2026-11-20/`, ignored: 'folder_marker' },
    { key: `${EXPOSURES}2026-11-20`, ignored: 'no_day_folder' },
    {
      key: `${EXPOSURES}2026-02-30/a.parquet`,
      ignored: 'no_day_folder',
    },
    {
      key: `${EXPOSURES}ds=2026-11-20/a.parquet`,
      ignored: 'no_day_folder',
    },
    { key: `${EXPOSURES}a.parquet`, ignored: 'no_day_folder' },
    {
      key: `${EXPOSURES}2026-11-20/sub/a.parquet`,
      ignored: 'nested_too_deep',
    },
    { key: 'team/statsig/statsig_forwarded_exposures/other/2026-11-20/a.parquet', ignored: 'outside_tables' },
    { key: 'team/statsig/experiment-abc/2026-11-20/a.parquet', ignored: 'outside_tables' },
    { key: 'quarantine/refused/2026-11-20/a.parquet', ignored: 'no_day_folder' },
    { key: 'quarantine-large/2026-11-20/a', ignored: 'outside_tables' },
    { key: '', ignored: 'outside_tables' },
  ])('ignores "$key": $ignored', ({ key, ignored }) => {
    expect(parseTableKey(layout, key)).toEqual({ ignored });
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

describe('keys of ingested tables', () => {
  it('are parsed back as they were built', () => {
    expect(versionPrefix(layout, 'acme_events', '2026-11-20', 'v1')).toBe(`${INGESTED}2026-11-20/v1/`);
    fc.assert(
      fc.property(table, day, version, fc.oneof(file, fc.constant('')), (of, ds, ofVersion, name) => {
        const key = `${versionPrefix(layout, of, ds, ofVersion)}${name}`;
        expect(parseIngestedKey(layout, key)).toEqual({ table: of, day: ds, version: ofVersion });
      }),
    );
  });

  it.each([
    `${INGESTED}2026-11-20/v1`,
    `${INGESTED}2026-02-30/v1/part-0.parquet`,
    `${INGESTED}2026-11-20/v 1/part-0.parquet`,
    `${INGESTED}2026-11-20/v1/deeper/part-0.parquet`,
    'team/statsig/ingested//2026-11-20/v1/part-0.parquet',
    'team/statsig/statsig_forwarded_events/events/2026-11-20/v1/part-0.parquet',
    'elsewhere/ingested/acme_events/2026-11-20/v1/part-0.parquet',
    // As long as the folder, and not it.
    'team/statsig/1ngested/acme_events/2026-11-20/v1/part-0.parquet',
  ])('do not include %s', (key) => {
    expect(parseIngestedKey(layout, key)).toBeNull();
  });

  it.each([
    { ds: '2026-02-30', ofVersion: 'v1' },
    { ds: '2026-11-20', ofVersion: '../v1' },
    { ds: '2026-11-20', ofVersion: '' },
  ])('are not built from the day $ds and the version "$ofVersion"', ({ ds, ofVersion }) => {
    expect(() => versionPrefix(layout, 'table', ds, ofVersion)).toThrow(RangeError);
  });
});

it('analysts read the folders of forwarded and of ingested tables', () => {
  expect(landedFolders(layout)).toEqual([
    'team/statsig/statsig_forwarded_exposures/',
    'team/statsig/statsig_forwarded_events/',
    'team/statsig/ingested/',
  ]);
});

it('experiment groups have a folder among the ingested tables', () => {
  expect(groupsFolder(layout)).toBe('team/statsig/ingested/experiment_groups/');
  expect(groupsKey(layout)).toBe('team/statsig/ingested/experiment_groups/experiment_groups.json');
});

it('received hours have an object a day, beside them', () => {
  expect(receivedHoursKey(layout, '2026-11-20')).toBe('team/statsig/ingested/received_hours/2026-11-20.json');
});

it('a file of rows has its second in its name, as those of Firehose do', () => {
  const name = landedFileName(Date.UTC(2026, 10, 20, 7, 8, 9, 999), '0123456789abcdef'.repeat(4));
  expect(name).toBe('sluice-1-2026-11-20-07-08-09-01234567-89ab-cdef-0123-456789abcdef.parquet');
  expect([name, name.replace('.parquet', ''), name.replace('2026', '226')].map(deliveredTime)).toEqual([
    '2026-11-20-07-08-09',
    '2026-11-20-07-08-09',
    undefined,
  ]);
});

it('the copy of a file is beside it', () => {
  expect(['a/b/part.parquet', 'part.parquet'].map(restoredKey)).toEqual([
    'a/b/restored-part.parquet',
    'restored-part.parquet',
  ]);
});

it('refused rows of a day are under the day on which they were received', () => {
  const drop = { table: 'acme_events', day: '2026-11-18', fingerprint: '0123456789abcdef'.repeat(4) };
  expect(refusedRowsKey(layout, { ...drop, receivedAt: Date.UTC(2026, 10, 20, 23, 59) })).toBe(
    'quarantine/2026-11-20/ingest-acme_events-2026-11-18-0123456789abcdef.parquet',
  );
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

  it('have the days up to their last one, and no others, in whatever order they are listed', () => {
    for (const formerStatsigFolders of [
      layout.formerStatsigFolders,
      layout.formerStatsigFolders.toReversed(),
    ]) {
      const folderOf = (day: string) =>
        dayFolder({ ...layout, formerStatsigFolders }, 'events', day).split('/')[0];
      expect(['2026-10-10', '2026-10-11', '2026-11-26', '2026-11-27'].map(folderOf)).toEqual([
        'first',
        'second',
        'second',
        'acme-4f2a',
      ]);
    }
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

  it('are among the folders that analysts read', () => {
    expect(landedFolders(layout)).toHaveLength(9);
    expect(landedFolders(layout)).toContain('first/statsig_forwarded_events/');
  });

  it('have a folder of each forwarded table, and none of the quarantine', () => {
    expect(tableFolders(layout, 'events')).toEqual([
      'acme-4f2a/statsig_forwarded_events/events/',
      'second/statsig_forwarded_events/events/',
      'first/statsig_forwarded_events/events/',
    ]);
    expect(tableFolders(layout, 'quarantine')).toEqual(['quarantine/']);
  });

  it('have a folder of each table, by its name', () => {
    expect(foldersOfTable(layout, 'events')).toEqual(tableFolders(layout, 'events'));
    expect(foldersOfTable(layout, 'shop_orders')).toEqual([
      'acme-4f2a/ingested/shop_orders/',
      'second/ingested/shop_orders/',
      'first/ingested/shop_orders/',
    ]);
  });
});

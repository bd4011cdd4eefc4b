import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { dayFolder, parseForwardedKey, tableFolder } from '../../../lib/layout/forwardedFolders.ts';
import { utcDay } from '../../../lib/time/utcDay.ts';

const layout = { statsigFolder: 'team/statsig', tables: { exposures: 'exposures', events: 'events' } };
const day = fc.integer({ min: 0, max: 4_102_444_800_000 }).map(utcDay);
const file = fc.stringMatching(/^[\w.-]{1,40}$/);

describe('parseForwardedKey', () => {
  it('reads back every key that the layout builds', () => {
    fc.assert(
      fc.property(fc.constantFrom('exposures' as const, 'events' as const), day, file, (kind, ds, name) => {
        expect(parseForwardedKey(layout, `${dayFolder(layout, kind, ds)}${name}`)).toEqual({ kind, day: ds });
      }),
    );
  });

  it.each([
    ['team/statsig/statsig_forwarded_exposures/exposures/2026-11-20/', 'folder_marker'],
    ['team/statsig/statsig_forwarded_exposures/exposures/2026-11-20', 'no_day_folder'],
    ['team/statsig/statsig_forwarded_exposures/exposures/2026-02-30/a.parquet', 'no_day_folder'],
    ['team/statsig/statsig_forwarded_exposures/exposures/ds=2026-11-20/a.parquet', 'no_day_folder'],
    ['team/statsig/statsig_forwarded_exposures/exposures/a.parquet', 'no_day_folder'],
    ['team/statsig/statsig_forwarded_exposures/exposures/2026-11-20/sub/a.parquet', 'nested_too_deep'],
    ['team/statsig/statsig_forwarded_exposures/other/2026-11-20/a.parquet', 'outside_forwarded_tables'],
    ['team/statsig/experiment-abc/2026-11-20/a.parquet', 'outside_forwarded_tables'],
    ['quarantine/2026-11-20/a.ndjson', 'outside_forwarded_tables'],
    ['', 'outside_forwarded_tables'],
  ])('leaves out %s: %s', (key, rule) => {
    expect(parseForwardedKey(layout, key)).toEqual({ ignored: rule });
  });

  it('takes any text without throwing', () => {
    fc.assert(
      fc.property(fc.string(), (key) => void parseForwardedKey(layout, tableFolder(layout, 'events') + key)),
    );
  });
});

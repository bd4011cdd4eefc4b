import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { utcDay } from '../../../lib/base/time.ts';
import { ledgerKey } from '../../../lib/tables/ledgerKeys.ts';
import { parseIngestedKey, versionPrefix } from '../../../lib/tables/tableFolders.ts';

const layout = { statsigFolder: 'statsig' };
const name = fc.stringMatching(/^[a-z][a-z0-9]{0,8}(_[a-z0-9]{1,5})?$/);
const day = fc
  .date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true })
  .map((date) => utcDay(date.getTime()));
const version = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_-]{0,20}$/);

describe('keys of ingested tables', () => {
  it('are parsed back as they were built', () => {
    fc.assert(
      fc.property(name, day, version, name, (table, onDay, ofVersion, file) => {
        const prefix = versionPrefix(layout, table, onDay, ofVersion);
        const parts = { table, day: onDay, version: ofVersion };
        expect(parseIngestedKey(layout, prefix)).toEqual({ ...parts, file: '' });
        expect(parseIngestedKey(layout, `${prefix}${file}`)).toEqual({ ...parts, file });
      }),
    );
    expect(versionPrefix(layout, 'acme_events', '2026-11-20', 'v1')).toBe(
      'statsig/ingested/acme_events/2026-11-20/v1/',
    );
  });

  it.each([
    'statsig/ingested/acme_events/2026-11-20/v1',
    'statsig/ingested/acme_events/2026-02-30/v1/part-0.parquet',
    'statsig/ingested/acme_events/2026-11-20/v 1/part-0.parquet',
    'statsig/ingested/acme_events/2026-11-20/v1/deeper/part-0.parquet',
    'statsig/statsig_forwarded_events/events/2026-11-20/v1/part-0.parquet',
    'statsig/ingested//2026-11-20/v1/part-0.parquet',
  ])('do not include %s', (key) => {
    expect(parseIngestedKey(layout, key)).toBeNull();
  });

  it.each([
    { onDay: '2026-02-30', ofVersion: 'v1' },
    { onDay: '2026-11-20', ofVersion: '../v1' },
    { onDay: '2026-11-20', ofVersion: '' },
  ])('are not built from $onDay and $ofVersion', ({ onDay, ofVersion }) => {
    expect(() => versionPrefix(layout, 'table', onDay, ofVersion)).toThrow(RangeError);
  });
});

describe('keys of the ledger', () => {
  it('name source, dataset and day', () => {
    expect(ledgerKey('acme', 'web-events', '2026-11-20')).toBe('ledger/acme/web-events/2026-11-20.json');
  });
});

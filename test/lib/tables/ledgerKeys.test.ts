import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  exportSubject,
  lastLookKey,
  lateNoteKey,
  ledgerDay,
  ledgerKey,
  loadFolder,
  parseLoadKey,
  parseVersionNote,
  triggerKey,
  versionFilesKey,
  versionLooksKey,
  versionNoteKey,
} from '../../../lib/tables/ledgerKeys.ts';

it('the key of a day of a dataset names source, dataset and day', () => {
  expect(ledgerKey('acme', 'web-events', '2026-11-20')).toBe('ledger/acme/web-events/2026-11-20.json');
});

it('the keys of what a dataset has besides its days are apart', () => {
  const keys = [lastLookKey, versionFilesKey, versionLooksKey, lateNoteKey].map((key) => key('acme', 'web'));
  expect(keys).toEqual(
    ['last-look', 'files', 'version-looks', 'expected'].map((name) => `ledger/acme/web/${name}.json`),
  );
});

it("the key of a source's next start is beside its datasets", () => {
  expect(triggerKey('acme')).toBe('ledger/acme/trigger.json');
});

it('the entry of an exported day is of the source exports and of a dataset of its name', () => {
  expect(exportSubject({ name: 'clicks', table: 'acme_clicks' }, '2026-11-20')).toEqual({
    source: 'exports',
    dataset: 'clicks',
    day: '2026-11-20',
    table: 'acme_clicks',
  });
});

describe('notes on versions', () => {
  const note = { due: Date.UTC(2026, 10, 20, 7), table: 'acme_web', day: '2026-11-20', version: 'v1' };
  const at = '2026-11-20T07:00:00.000Z';
  const key = `ledger/_versions/${at}/acme_web/2026-11-20/v1`;

  it('are parsed back as they were built', () => {
    expect(versionNoteKey(note)).toBe(key);
    expect(parseVersionNote(key)).toEqual(note);
  });

  it.each([
    `ledger/-versions/${at}/acme_web/2026-11-20/v1`,
    'ledger/_versions/soon/acme_web/2026-11-20/v1',
    'ledger/_versions/2026/acme_web/2026-11-20/v1',
    'ledger/_versions/2026-11-20T07:00:00Z/acme_web/2026-11-20/v1',
    `ledger/_versions/${at}//2026-11-20/v1`,
    `ledger/_versions/${at}/acme_web/today/v1`,
    `ledger/_versions/${at}/acme_web/2026-11-20`,
    `ledger/_versions/${at}/acme_web/2026-11-20/`,
    `${key}/deeper`,
  ])('are not parsed from %s', (other) => {
    expect(parseVersionNote(other)).toBeNull();
  });

  it('are parsed from a key of likely segments only if it is the key of a note', () => {
    const times = fc.constantFrom(
      at,
      '2026',
      '2026-11-20',
      '2026-11-20T07:00Z',
      '+010000-01-01T00:00:00.000Z',
    );
    const names = fc.constantFrom('', 'acme_web', 'v1', 'a/b');
    const segments = fc.tuple(times, names, fc.constantFrom('2026-11-20', '2026-02-30', ''), names);
    fc.assert(
      fc.property(segments, ([time, table, day, version]) => {
        const isNote =
          (time === at || time.startsWith('+')) &&
          ['acme_web', 'v1'].includes(table) &&
          day === '2026-11-20' &&
          ['acme_web', 'v1'].includes(version);
        const parsed = parseVersionNote(`ledger/_versions/${time}/${table}/${day}/${version}`);
        expect(parsed).toEqual(isNote ? { due: Date.parse(time), table, day, version } : null);
      }),
    );
  });
});

describe('keys of loads in pieces', () => {
  const load = { table: 'acme_web', day: '2026-11-20', version: 'v1' };

  it('are in a folder of the table, the day and the version', () => {
    expect(loadFolder(load)).toBe('ledger/_loads/acme_web/2026-11-20/v1/');
    expect(parseLoadKey('ledger/_loads/acme_web/2026-11-20/v1/plan.json')).toEqual(load);
    expect(parseLoadKey('ledger/_loads/acme_web/2026-11-20/v1/refused/0.json')).toEqual(load);
  });

  it.each([
    'acme_web/2026-11-20//plan.json',
    'acme_web/2026-11-20',
    'acme_web/2026-11-20/v1',
    'acme_web/today/v1/plan.json',
    '/2026-11-20/v1/plan.json',
  ])('are not parsed from %s', (path) => {
    expect(parseLoadKey(`ledger/_loads/${path}`)).toBeNull();
  });

  it('are not parsed from another folder', () => {
    expect(parseLoadKey('ledger/_other/acme_web/2026-11-20/v1/plan.json')).toBeNull();
  });
});

it.each([
  { key: 'ledger/curated/events/2026-11-20.json', day: '2026-11-20' },
  { key: 'ledger/curated/exposures/2026-11-20.json', day: null },
  { key: 'ledger/curated/events/days.json', day: null },
  { key: 'ledger/curated/events/old/2026-11-20.json', day: null },
  { key: 'ledger/curated/events/2026-02-30.json', day: null },
  { key: 'ledger/curated/events/2026-11-20.jsonx', day: null },
])('the day of $key in the ledger of curated events is $day', ({ key, day }) => {
  expect(ledgerDay('curated', 'events', key)).toBe(day);
});

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import {
  exportSubject,
  LOADS_FOLDER,
  loadFolder,
  parseLoadKey,
  parseVersionNote,
  triggerKey,
  VERSION_NOTES,
  versionNoteKey,
} from '../../../lib/tables/ledgerKeys.ts';
import {
  damagedKey,
  directRecordKey,
  isLanded,
  isOwnKey,
  parseRowPath,
  quarantineLargeKey,
  readerResultsFolder,
  rowPath,
} from '../../../lib/tables/objectKeys.ts';
import {
  groupsFolder,
  groupsKey,
  landedFolders,
  parseIngestedKey,
} from '../../../lib/tables/tableFolders.ts';

const DIGEST = '0123456789abcdef'.repeat(4);
const layout = {
  statsigFolder: 'statsig',
  tables: { exposures: 'seen', events: 'done', quarantine: 'kept' },
};

describe('keys of the landing', () => {
  const key = directRecordKey('2026-11-20', DIGEST);

  it('name the day received', () => {
    expect(key).toBe(`landing/direct/2026-11-20/${DIGEST}.ndjson.gz`);
    expect(damagedKey(key)).toBe(`damaged/direct/2026-11-20/${DIGEST}.ndjson.gz`);
    expect(['landing/2026/11/20/13/x', 'landing/2026/', 'damaged/x'].map(isLanded)).toEqual([
      true,
      false,
      false,
    ]);
  });

  it('are in the paths of rows, with the table and the day', () => {
    for (const object of [key, 'landing/a#b'])
      expect(parseRowPath(rowPath(object, 'events', '2026-11-19'))).toEqual({
        kind: 'events',
        day: '2026-11-19',
      });
  });

  it.each(['', key, `${key}#events`, `${key}#events/`, `${key}#events/today`, `${key}#clicks/2026-11-19`])(
    'are no path of a row in %s',
    (path) => {
      expect(parseRowPath(path)).toBeUndefined();
    },
  );
});

describe('keys of bodies that are too large for a row', () => {
  it('contain the day and one ID', () => {
    expect(quarantineLargeKey('2026-11-20', 'q-1')).toBe('quarantine-large/2026-11-20/q-1');
    expect(isOwnKey(layout, 'quarantine-large/2026-11-20')).toBe(false);
    expect(isOwnKey(layout, 'quarantine-large/2026-11-20/a/b')).toBe(false);
  });
});

describe("the folder of a reader's results", () => {
  it('is among those that expire, unless the reader creates tables', () => {
    expect(readerResultsFolder({ name: 'bi' })).toBe('query-results/bi/');
    expect(readerResultsFolder({ name: 'bi', ownDatabase: null })).toBe('query-results/bi/');
    expect(readerResultsFolder({ name: 'bi', ownDatabase: 'models' })).toBe('reader-tables/bi/');
  });
});

describe('the folders that analysts read', () => {
  it('are the folders of forwarded and ingested tables', () => {
    expect(landedFolders(layout)).toEqual([
      'statsig/statsig_forwarded_exposures/',
      'statsig/statsig_forwarded_events/',
      'statsig/ingested/',
    ]);
  });

  it('include the experiment groups among the ingested tables', () => {
    expect(groupsFolder(layout)).toBe('statsig/ingested/experiment_groups/');
    expect(groupsKey(layout)).toBe('statsig/ingested/experiment_groups/experiment_groups.json');
  });

  it('contain all ingested keys', () => {
    expect(parseIngestedKey(layout, 'elsewhere/ingested/acme/2026-11-20/v1/x')).toBeNull();
    // As long as the folder, and not it.
    expect(parseIngestedKey(layout, 'statsig/forwarded/acme/2026-11-20/v1/x')).toBeNull();
    expect(parseIngestedKey(layout, 'statsig/1ngested/acme/2026-11-20/v1/x')).toBeNull();
  });
});

describe('notes on versions', () => {
  const note = { due: Date.UTC(2026, 10, 20, 7), table: 'acme_web', day: '2026-11-20', version: 'v1' };
  const at = '2026-11-20T07:00:00.000Z';

  it('are parsed back as they were built', () => {
    expect(versionNoteKey(note)).toBe(`ledger/_versions/${at}/acme_web/2026-11-20/v1`);
    expect(parseVersionNote(versionNoteKey(note))).toEqual(note);
  });

  it.each([
    `ledger/-versions/${at}/acme_web/2026-11-20/v1`,
    `${VERSION_NOTES}soon/acme_web/2026-11-20/v1`,
    `${VERSION_NOTES}2026/acme_web/2026-11-20/v1`,
    `${VERSION_NOTES}2026-11-20T07:00:00Z/acme_web/2026-11-20/v1`,
    `${VERSION_NOTES}${at}//2026-11-20/v1`,
    `${VERSION_NOTES}${at}/acme_web/today/v1`,
    `${VERSION_NOTES}${at}/acme_web/2026-11-20`,
    `${VERSION_NOTES}${at}/acme_web/2026-11-20/`,
    `${VERSION_NOTES}${at}/acme_web/2026-11-20/v1/deeper`,
  ])('are not parsed from %s', (key) => {
    expect(parseVersionNote(key)).toBeNull();
  });

  it('are parsed from no key that a note does not have', () => {
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
      fc.property(segments, (parts) => {
        const key = `${VERSION_NOTES}${parts.join('/')}`;
        const parsed = parseVersionNote(key);
        expect(parsed === null ? key : versionNoteKey(parsed)).toBe(key);
      }),
    );
  });

  it('are beside the time at which a source can be started again', () => {
    expect(triggerKey('acme')).toBe('ledger/acme/trigger.json');
  });
});

describe('keys of exports', () => {
  it('have their ledger state under a name that no source can have', () => {
    expect(exportSubject({ name: 'clicks', table: 'acme_clicks' }, '2026-11-20')).toEqual({
      source: 'exports',
      dataset: 'clicks',
      day: '2026-11-20',
      table: 'acme_clicks',
    });
  });
});

describe('keys of loads in pieces', () => {
  const load = { table: 'acme_web', day: '2026-11-20', version: 'v1' };

  it('name the table, the day and the version', () => {
    expect(parseLoadKey(`${loadFolder(load)}plan.json`)).toEqual(load);
    expect(parseLoadKey(`${loadFolder(load)}refused/0.json`)).toEqual(load);
  });

  it.each([
    'acme_web/2026-11-20//plan.json',
    'acme_web/2026-11-20',
    'acme_web/2026-11-20/v1',
    '/2026-11-20/v1/plan.json',
  ])('are not parsed from %s', (path) => {
    expect(parseLoadKey(`${LOADS_FOLDER}${path}`)).toBeNull();
  });
});

describe('keys under a Statsig folder of several segments', () => {
  it('belong to its tables only', () => {
    const config = defineConfig({ bucket: 'acme-data', statsigFolder: 'a/b' });
    expect(isOwnKey(config, 'a/b/ingested/experiment_groups/experiment_groups.json')).toBe(true);
    expect(isOwnKey(config, 'b/ingested/experiment_groups/experiment_groups.json')).toBe(false);
  });
});

import { describe, expect, it } from '@jest/globals';
import {
  damagedKey,
  directRecordKey,
  isLanded,
  parseRowPath,
  quarantineLargeKey,
  readerResultsFolder,
  rowPath,
} from '../../../lib/tables/objectKeys.ts';

const DIGEST = '0123456789abcdef'.repeat(4);
const KEY = `landing/direct/2026-11-20/${DIGEST}.ndjson.gz`;

describe('the key of a record that did not go through Firehose', () => {
  it('names the day received and the digest', () => {
    expect(directRecordKey('2026-11-20', DIGEST)).toBe(KEY);
  });

  it('has the same path below damaged/ once it is skipped', () => {
    expect(damagedKey(KEY)).toBe(`damaged/direct/2026-11-20/${DIGEST}.ndjson.gz`);
  });
});

it.each([
  { key: 'landing/2026/11/20/13/x', waits: true },
  { key: 'landing/2026/', waits: false },
  { key: 'damaged/x', waits: false },
])('whether $key waits to be written: $waits', ({ key, waits }) => {
  expect(isLanded(key)).toBe(waits);
});

describe('the path of a row', () => {
  it.each([KEY, 'landing/a#b'])('has the table and the day behind %s', (key) => {
    const path = `${key}#events/2026-11-19`;
    expect(rowPath(key, 'events', '2026-11-19')).toBe(path);
    expect(parseRowPath(path)).toEqual({ kind: 'events', day: '2026-11-19' });
  });

  it.each(['', KEY, `${KEY}#events`, `${KEY}#events/`, `${KEY}#events/today`, `${KEY}#clicks/2026-11-19`])(
    'is not "%s"',
    (path) => {
      expect(parseRowPath(path)).toBeUndefined();
    },
  );
});

it('the key of an item that is too large for a row names the day and its ID', () => {
  expect(quarantineLargeKey('2026-11-20', 'q-1')).toBe('quarantine-large/2026-11-20/q-1');
});

it.each([
  { reader: { name: 'bi' }, folder: 'query-results/bi/' },
  { reader: { name: 'bi', ownDatabase: null }, folder: 'query-results/bi/' },
  { reader: { name: 'bi', ownDatabase: 'models' }, folder: 'reader-tables/bi/' },
  {
    reader: { name: 'bi', ownDatabase: 'models', resultLocation: 's3://acme-data/statsig-results/' },
    folder: 'statsig-results/',
  },
])('the results of the reader $reader are in $folder', ({ reader, folder }) => {
  expect(readerResultsFolder(reader)).toBe(folder);
});

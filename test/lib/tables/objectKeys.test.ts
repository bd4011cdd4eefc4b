import { describe, expect, it } from '@jest/globals';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import {
  againKey,
  chosenResultsFolders,
  damagedKey,
  directRecordKey,
  isDataFile,
  isLanded,
  isRedriven,
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

  it('has the byte from which it is skipped, unless that is the first one', () => {
    expect(damagedKey(KEY, 0)).toBe(damagedKey(KEY));
    expect(damagedKey(KEY, 8_192)).toBe(`${damagedKey(KEY)}.from-8192`);
  });

  it('has the time of the last try in the landing, and of no try before', () => {
    const again = againKey(damagedKey(KEY), 17);
    expect(again).toBe(`landing/again/17/direct/2026-11-20/${DIGEST}.ndjson.gz`);
    expect(againKey(damagedKey(again), 18)).toBe(again.replace('/17/', '/18/'));
  });
});

it.each([
  { key: 'landing/2026/11/20/13/x', waits: true },
  { key: 'landing/2026/', waits: false },
  { key: 'damaged/x', waits: false },
])('whether $key waits to be written: $waits', ({ key, waits }) => {
  expect(isLanded(key)).toBe(waits);
});

it.each([
  { key: 'landing/redriven/2026-11-20/x', redriven: true },
  { key: 'damaged/redriven/2026-11-20/x', redriven: true },
  { key: 'landing/again/17/redriven/2026-11-20/x', redriven: true },
  { key: 'damaged/again/17/redriven/2026-11-20/x', redriven: true },
  { key: KEY, redriven: false },
  { key: 'landing/again/17/direct/redriven/x', redriven: false },
  { key: 'landing/direct/redriven/x', redriven: false },
])('whether $key has rows that were refused before: $redriven', ({ key, redriven }) => {
  expect(isRedriven(key)).toBe(redriven);
});

it.each([
  { key: 'a/_b/part.parquet', size: 1, read: true },
  { key: 'part.parquet', size: 1, read: true },
  { key: 'a/part.parquet', size: 0, read: false },
  { key: 'a/_SUCCESS', size: 1, read: false },
  { key: 'a/.part.crc', size: 1, read: false },
  { key: 'a/', size: 1, read: false },
])('whether Athena reads $key of $size bytes: $read', ({ key, size, read }) => {
  expect(isDataFile({ key, size })).toBe(read);
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
  { what: 'without more', reader: { name: 'bi' }, folder: 'query-results/bi/' },
  {
    what: 'without a database of its own',
    reader: { name: 'bi', ownDatabase: null },
    folder: 'query-results/bi/',
  },
  {
    what: 'with a database of its own',
    reader: { name: 'bi', ownDatabase: 'models' },
    folder: 'reader-tables/bi/',
  },
  {
    what: 'with a location',
    reader: { name: 'bi', ownDatabase: 'models', resultLocation: 's3://acme-data/statsig-results/' },
    folder: 'statsig-results/',
  },
])('the results of a reader $what are in $folder', ({ reader, folder }) => {
  expect(readerResultsFolder(reader)).toBe(folder);
});

it('the folders of results that the configuration chooses are those of readers with a location', () => {
  const statsig = { kind: 'statsig', name: 's', principal: '123456789012', externalId: 'project-7' } as const;
  const { readers } = defineConfig({
    bucket: 'acme',
    readers: [
      statsig,
      { ...statsig, name: 't', resultLocation: 's3://acme/first/' },
      { ...statsig, name: 'u', resultLocation: 's3://acme/second/' },
    ],
  });
  expect(chosenResultsFolders({ readers })).toEqual(['first/', 'second/']);
});

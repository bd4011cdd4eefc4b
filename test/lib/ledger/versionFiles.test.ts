import { beforeEach, expect, it } from '@jest/globals';
import { anyVersion } from '../../../lib/base/ObjectStore.ts';
import { Ledger } from '../../../lib/ledger/Ledger.ts';
import type { LedgerEntry } from '../../../lib/ledger/LedgerEntry.ts';
import { ledgerStore } from '../../../lib/ledger/ledgerStore.ts';
import { lackingSince, lookAtVersions, parseVersionFiles } from '../../../lib/ledger/versionFiles.ts';
import { ledgerKey, versionFilesKey } from '../../../lib/tables/ledgerKeys.ts';
import { versionPrefix } from '../../../lib/tables/tableFolders.ts';
import { ledgerEntry } from '../../harness/ledgerEntry.ts';
import { MemoryObjects } from '../../harness/MemoryObjects.ts';

const V1 = '20261120T100000000Z-00000001';
const V2 = '20261120T110000000Z-00000002';
const DAYS = ['2026-11-18', '2026-11-19', '2026-11-20'];
const PLACE = { source: 'acme', dataset: 'visits', table: 'acme_visits' };
const FILE = 'rows.parquet';
const config = {
  statsigFolder: 'statsig',
  formerStatsigFolders: [{ folder: 'before', until: '2026-11-17' }],
};

let now: number;
const clock = { now: () => now };
let store: MemoryObjects;
beforeEach(() => {
  now = 1_000;
  store = new MemoryObjects(clock);
});

const fileKey = (day: string, version: string, name: string) =>
  `${versionPrefix(config, PLACE.table, day, version)}${name}`;
const put = (day: string, version: string, ...names: string[]) =>
  Promise.all(names.map((name) => store.write(fileKey(day, version, name), 'rows')));
const remove = (...keys: string[]) => store.removeAll(anyVersion(keys));

async function settle(day: string, more: Partial<LedgerEntry> = {}) {
  const entry = ledgerEntry({ ...PLACE, day, version: V1, filesWritten: [FILE], ...more });
  await store.write(ledgerKey(PLACE.source, PLACE.dataset, day), JSON.stringify(entry));
  return entry;
}

function look(days = DAYS) {
  const timing = { clock, wait: async () => {}, random: () => 0 };
  const landing = {
    list: async (prefix: string, after?: string) =>
      (await store.listPage(prefix, { after, limit: 2 })).items.map(({ key }) => key),
    readText: async (key: string) => (await store.read(key))?.text ?? null,
    putText: async (key: string, text: string) => void (await store.write(key, text)),
  };
  const ledger = new Ledger({ store: ledgerStore(store), newToken: () => 't', ...timing });
  return lookAtVersions({ landing, ledger, config, clock }, PLACE, days);
}
const note = async () =>
  parseVersionFiles((await store.read(versionFilesKey(PLACE.source, PLACE.dataset)))?.text);

it('names the days whose version has no file although it had some, from when it was first seen', async () => {
  const entries = await Promise.all(DAYS.map((day) => settle(day)));
  for (const day of DAYS) await put(day, V1, FILE);
  expect(await look()).toEqual([]);
  await remove(fileKey('2026-11-19', V1, FILE));
  now = 2_000;
  expect(await look()).toEqual(['2026-11-19']);
  now = 3_000;
  expect(await look()).toEqual(['2026-11-19']);
  const seen = await note();
  expect(entries.map((entry) => lackingSince(seen, entry))).toEqual([null, 2_000, null]);
});

it('names a day that was emptied before anybody looked, and not one that had no rows or no version', async () => {
  await settle('2026-11-18');
  await settle('2026-11-19', { state: 'succeeded_no_data', filesWritten: [] });
  await settle('2026-11-20', { version: undefined, filesWritten: undefined });
  expect(await look()).toEqual(['2026-11-18']);
  expect(await look([])).toEqual(['2026-11-18']);
  await settle('2026-11-18', { version: V2, filesWritten: [] });
  expect([await look(), await look([])]).toEqual([[], []]);
});

it('names a day of which one file of several is gone, whatever else is in its folder', async () => {
  const names = ['rows-00001.parquet', 'rows-00002.parquet', 'rows-00004.parquet'];
  for (const day of DAYS) {
    await settle(day, { filesWritten: names });
    await put(day, V1, ...names, '_marker');
    await put(day, V2, ...names);
  }
  expect(await look()).toEqual([]);
  for (const [i, name] of names.entries()) {
    await remove(fileKey(DAYS[i] ?? '', V1, name));
    await put(DAYS[i] ?? '', V1, `restored-${name}`);
    expect(await look()).toEqual(DAYS.slice(0, i + 1));
  }
});

it('forgets a day with its next version, or once its files are back, also outside of the days that it looks at', async () => {
  for (const day of DAYS) await settle(day);
  await put('2026-11-20', V1, FILE);
  expect(await look()).toEqual(['2026-11-18', '2026-11-19']);
  expect(await look(['2026-11-20'])).toEqual(['2026-11-18', '2026-11-19']);
  const replaced = await settle('2026-11-18', { version: V2 });
  expect(lackingSince(await note(), replaced)).toBeNull();
  await put('2026-11-18', V2, FILE);
  await put('2026-11-19', V1, FILE);
  expect(await look(['2026-11-20'])).toEqual([]);
});

it('looks for the files of a day where they are, also below a former folder', async () => {
  await settle('2026-11-17');
  await settle('2026-11-18');
  await put('2026-11-17', V1, FILE);
  await put('2026-11-18', V1, FILE);
  expect(await look(['2026-11-17', '2026-11-18'])).toEqual([]);
  await remove(fileKey('2026-11-17', V1, FILE));
  expect(await look(['2026-11-17', '2026-11-18'])).toEqual(['2026-11-17']);
  // Made before the folder became a former one.
  await store.write(fileKey('2026-11-17', V1, FILE).replace('before/', 'statsig/'), 'rows');
  expect(await look(['2026-11-17', '2026-11-18'])).toEqual([]);
});

it('passes over an entry that cannot be read, and one of another table', async () => {
  await settle('2026-11-18', { table: 'before' });
  await store.write(ledgerKey(PLACE.source, PLACE.dataset, '2026-11-19'), 'broken');
  expect(await look()).toEqual([]);
});

import { beforeEach, expect, it } from '@jest/globals';
import { anyVersion, type ListOptions, storedText } from '../../../lib/base/ObjectStore.ts';
import { addDays } from '../../../lib/base/time.ts';
import { Ledger } from '../../../lib/ledger/Ledger.ts';
import type { LedgerEntry } from '../../../lib/ledger/LedgerEntry.ts';
import { ledgerStore } from '../../../lib/ledger/ledgerStore.ts';
import { lackingSince, lookAtVersions, parseVersionFiles } from '../../../lib/ledger/versionFiles.ts';
import { ledgerKey, versionFilesKey, versionLooksKey } from '../../../lib/tables/ledgerKeys.ts';
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
  retention: { dataVersionDays: 7 },
};

let now: number;
const clock = { now: () => now };
let store: MemoryObjects;
beforeEach(() => {
  now = 1_000;
  store = new MemoryObjects(clock);
  store.pageKeys = 2;
  onCall = () => {};
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

/** Where listings of files began, and days whose entries were read. */
let listed: string[];
let read: string[];
/** Called before each of both. */
let onCall: () => void;
/** Days that the last look has left. */
let left: number;

async function look(days = DAYS, until = Number.POSITIVE_INFINITY) {
  listed = [];
  read = [];
  const timing = { clock, wait: async () => {}, random: () => 0 };
  const landing = {
    listPage: (prefix: string, options?: ListOptions) => {
      if (!prefix.startsWith('ledger/')) {
        onCall();
        listed.push(options?.after ?? prefix);
      }
      return store.listPage(prefix, options);
    },
    text: (key: string) => storedText(store, key),
    readText: async (key: string) => (await store.read(key))?.text ?? null,
    putText: async (key: string, text: string) => void (await store.write(key, text)),
  };
  const entries = new Ledger({ store: ledgerStore(store), newToken: () => 't', ...timing });
  const ledger: Pick<Ledger, 'read'> = {
    async read(place) {
      onCall();
      read.push(place.day);
      return entries.read(place);
    },
  };
  const { lacking, late } = await lookAtVersions({ landing, ledger, config, ...timing }, PLACE, days, until);
  left = late;
  return lacking;
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
  expect(lackingSince(seen, null)).toBeNull();
});

it('names a day of which a file is archived, until it can be read again', async () => {
  await settle('2026-11-19', { filesWritten: [FILE, 'more.parquet'] });
  await put('2026-11-19', V1, FILE, 'more.parquet');
  expect(await look([])).toEqual([]);
  store.archived.add(fileKey('2026-11-19', V1, FILE));
  expect(await look()).toEqual(['2026-11-19']);
  store.archived.clear();
  expect(await look([])).toEqual([]);
});

it('names a day that was emptied before anybody looked, and not one that had no rows or no version', async () => {
  await settle('2026-11-18');
  await settle('2026-11-19', { state: 'succeeded_no_data', filesWritten: [] });
  await settle('2026-11-20', { version: undefined, filesWritten: undefined });
  expect(await look()).toEqual(['2026-11-18']);
  expect(await look([])).toEqual(['2026-11-18']);
  await settle('2026-11-18', { version: V2, filesWritten: [] });
  expect(await look()).toEqual([]);
  expect(await look([])).toEqual([]);
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

const HOUR = 3_600_000;
const YEAR = Array.from({ length: 336 }, (_, i) => addDays('2026-11-17', -i));

/** A year of days that were all looked at, spread over the turn. */
async function settleYear() {
  now = Date.UTC(2026, 10, 20);
  for (const day of YEAR) {
    await settle(day);
    await put(day, V1, FILE);
  }
  store.pageKeys = 1_000;
  await look([]);
  // A quarter of them was looked at a quarter of a turn after the one before.
  const key = versionLooksKey(PLACE.source, PLACE.dataset);
  const looks: object = JSON.parse((await store.read(key))?.text ?? '');
  const spread = Object.entries(looks).map(([day, noted], i) => {
    return [day, { ...noted, at: now + (i % 4) * 21 * HOUR }];
  });
  await store.write(key, JSON.stringify(Object.fromEntries(spread)));
  now += 83 * HOUR;
}

it('looks at all days in turns, within half of the time for which S3 keeps versions, and reads no entry twice', async () => {
  await settleYear();
  now += HOUR;
  await look(['2026-11-17']);
  expect(read).toEqual([]);
  expect(listed.length).toBeLessThanOrEqual(336 / 84 + 2);
  const gone = ['2026-11-16', '2026-06-01', YEAR.at(-1) ?? ''];
  await remove(...gone.map((day) => fileKey(day, V1, FILE)));
  const found: number[] = [];
  for (let hour = 1; hour <= 84; hour += 1) {
    now += HOUR;
    found.push((await look([])).length);
  }
  expect(found[0]).toBeLessThan(3);
  expect(found.at(-1)).toBe(3);
});

it('reads the entry of a day again once it has changed, whenever its turn is', async () => {
  await settleYear();
  const day = '2026-01-01';
  await settle(day, { version: V2 });
  now += HOUR;
  expect(await look([])).toEqual([day]);
  expect(read).toEqual([day]);
});

it('passes over keys that are no entries', async () => {
  for (const day of DAYS) await settle(day);
  for (const day of DAYS) await put(day, V1, FILE);
  const entry = ledgerKey(PLACE.source, PLACE.dataset, DAYS[0] ?? '');
  await store.write(`${entry}.bak`, 'copied');
  await store.write(entry.replace(DAYS[0] ?? '', '2026-99-99'), 'of no day');
  expect(await look()).toEqual([]);
  expect(read).toEqual(DAYS);
  expect(await look()).toEqual([]);
  expect(read).toEqual([]);
});

it('notes a hundred names of a day, and reads its entry once', async () => {
  const names = Array.from({ length: 100 }, (_, i) => `rows-${i}.parquet`);
  await settle('2026-11-19', { filesWritten: names });
  await put('2026-11-19', V1, ...names);
  expect(await look()).toEqual([]);
  await remove(fileKey('2026-11-19', V1, 'rows-99.parquet'));
  expect(await look()).toEqual(['2026-11-19']);
  expect(read).toEqual([]);
});

it('notes no names of a day with very many files, and reads its entry at each look', async () => {
  const names = Array.from({ length: 101 }, (_, i) => `rows-${i}.parquet`);
  for (const day of DAYS) await settle(day, day === DAYS[0] ? { filesWritten: names } : {});
  for (const day of DAYS) await put(day, V1, FILE, ...names);
  expect(await look()).toEqual([]);
  const noted = (await store.read(versionLooksKey(PLACE.source, PLACE.dataset)))?.text;
  expect(noted).not.toContain('rows-');
  await remove(fileKey(DAYS[0] ?? '', V1, 'rows-100.parquet'));
  expect(await look()).toEqual([DAYS[0]]);
  expect(read).toEqual([DAYS[0]]);
});

it('writes its note a few times a turn, and when an entry has changed', async () => {
  await settleYear();
  const writesIn = async (hours: number) => {
    store.take();
    for (let hour = 0; hour < hours; hour += 1) {
      now += HOUR;
      await look(['2026-11-16']);
    }
    return store.take();
  };
  const { lists, reads, writes } = await writesIn(84);
  expect(writes).toBeLessThanOrEqual(6);
  // A page of entries, one of files in each folder, and two notes; what a turn adds are pages as well, and not days.
  expect(lists).toBeLessThanOrEqual(84 * 3 + 6);
  expect(reads).toBeLessThanOrEqual(84 * 2 + 6);
  await settle('2026-11-16', { version: V2 });
  await put('2026-11-16', V2, FILE);
  expect((await writesIn(1)).writes).toBe(1);
  expect(read).toEqual(['2026-11-16']);
  await writesIn(1);
  expect(read).toEqual([]);
});

/** A year of versions, of which that of 1 November has lost its file. */
async function putYear(): Promise<void> {
  now = Date.UTC(2026, 10, 20);
  for (const day of YEAR) await settle(day);
  for (const day of YEAR) await put(day, V1, ...(day === '2026-11-01' ? [] : [FILE]));
  store.pageKeys = 1_000;
}

it('goes on where it was killed, with what it had found', async () => {
  await putYear();
  onCall = () => {
    now += 1_000;
    if (read.length > 250) throw new Error('killed');
  };
  await expect(look([])).rejects.toThrow('killed');
  expect(Object.keys(await note())).toEqual([`2026-11-01/${V1}`]);
  onCall = () => {};
  expect(await look([])).toEqual(['2026-11-01']);
  expect(read.length).toBeLessThanOrEqual(YEAR.length - 200);
});

it('stops when its time is over, also within a listing, and goes on there', async () => {
  await putYear();
  onCall = () => {
    now += 1_000;
  };
  let runs = 0;
  do {
    runs += 1;
    const until = now + 60_000;
    await look(['2026-11-17'], until);
    // Reads of eight entries that had begun.
    expect(now).toBeLessThan(until + 10_000);
    now += HOUR;
  } while (left > 0 && runs < 20);
  expect(runs).toBeGreaterThan(4);
  expect(runs).toBeLessThan(16);
  onCall = () => {};
  expect(await look([])).toEqual(['2026-11-01']);
});

it('keeps what it knows of days that it has no time for, and begins anew without a note', async () => {
  for (const day of DAYS) await settle(day);
  expect(await look()).toEqual(DAYS);
  expect(left).toBe(0);
  expect(await look(DAYS, now)).toEqual(DAYS);
  // A listing that was not read to its end says that there is one at least.
  expect(left).toBe(1);
  await store.write(versionLooksKey(PLACE.source, PLACE.dataset), '{"2026-11-18":');
  for (const day of DAYS) await put(day, V1, FILE);
  expect(await look([])).toEqual([]);
  expect(read).toEqual(DAYS);
});

it('passes over a day that disappears between the listing and the read', async () => {
  for (const day of DAYS) await settle(day);
  onCall = () => {
    for (const day of DAYS) store.objects.delete(ledgerKey(PLACE.source, PLACE.dataset, day));
  };
  expect(await look()).toEqual([]);
});

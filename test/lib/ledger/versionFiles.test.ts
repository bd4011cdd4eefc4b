import { beforeEach, describe, expect, it } from '@jest/globals';
import { anyVersion, type ListOptions, storedText } from '../../../lib/base/ObjectStore.ts';
import { addDays, HOUR_MS, MINUTE_MS } from '../../../lib/base/time.ts';
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
});

const fileKey = (day: string, version = V1, name = FILE) =>
  `${versionPrefix(config, PLACE.table, day, version)}${name}`;
const put = (day: string, version = V1, ...names: string[]) =>
  Promise.all(
    (names.length > 0 ? names : [FILE]).map((name) => store.write(fileKey(day, version, name), 'rows')),
  );
/** The key of the entry of a day. */
const entryKey = (day: string) => ledgerKey(PLACE.source, PLACE.dataset, day);
const looksKey = versionLooksKey(PLACE.source, PLACE.dataset);
const remove = (...keys: string[]) => store.removeAll(anyVersion(keys));

async function settle(day: string, more: Partial<LedgerEntry> = {}) {
  const entry = ledgerEntry({ ...PLACE, day, version: V1, filesWritten: [FILE], ...more });
  await store.write(entryKey(day), JSON.stringify(entry));
  return entry;
}

/** Settles days, each with a version. */
const settleAll = (days: readonly string[] = DAYS) => Promise.all(days.map((day) => settle(day)));

/** What a look has asked. */
interface Asked {
  /** Where listings of files began. */
  readonly listed: readonly string[];
  /** Days whose entries were read. */
  readonly read: readonly string[];
}

/** How a look goes. */
interface Looking {
  /** The days that every look looks at. Default: {@link DAYS}. */
  readonly always?: readonly string[];
  /** Epoch milliseconds from which no call begins. Default: none. */
  readonly until?: number;
  /** Called before each listing of files and each read of an entry, with those before it. */
  readonly onCall?: (asked: Asked) => void;
}

/** Looks at the versions of the dataset: the days that lack files, how many days were left, and what was asked. */
async function look({ always = DAYS, until = Number.POSITIVE_INFINITY, onCall = () => {} }: Looking = {}) {
  const listed: string[] = [];
  const read: string[] = [];
  const timing = { clock, wait: async () => {}, random: () => 0 };
  const landing = {
    listPage: (prefix: string, options?: ListOptions) => {
      if (!prefix.startsWith('ledger/')) {
        onCall({ listed, read });
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
      onCall({ listed, read });
      read.push(place.day);
      return entries.read(place);
    },
  };
  const seen = await lookAtVersions({ landing, ledger, config, ...timing }, PLACE, always, until);
  return { ...seen, listed, read };
}

/** What a look without days of its own finds. */
const lookOnly = (more: Looking = {}) => look({ always: [], ...more });
/** The days that a look finds to lack files. */
const lackingDays = async (always?: readonly string[]) => (await look(always && { always })).lacking;

const note = async () =>
  parseVersionFiles((await store.read(versionFilesKey(PLACE.source, PLACE.dataset)))?.text);

/** Four days for each of the 84 hours of a turn, which is half of the seven days for which S3 keeps versions. */
const LONG = Array.from({ length: 336 }, (_, i) => addDays('2026-11-17', -i));

/** Puts versions of all of those days, some of which have no file. */
async function putLong(...without: readonly string[]): Promise<void> {
  now = Date.UTC(2026, 10, 20);
  for (const day of LONG) {
    await settle(day);
    if (!without.includes(day)) await put(day);
  }
  store.pageKeys = 1_000;
}

/** The same, all looked at: a quarter of them at each quarter of a turn. */
async function putSeen(): Promise<void> {
  await putLong();
  await lookOnly();
  // A quarter of them was looked at a quarter of a turn after the one before.
  const looks: object = JSON.parse((await store.read(looksKey))?.text ?? '');
  const spread = Object.entries(looks).map(([day, noted], i) => {
    return [day, { ...noted, at: now + (i % 4) * 21 * HOUR_MS }];
  });
  await store.write(looksKey, JSON.stringify(Object.fromEntries(spread)));
  now += 83 * HOUR_MS;
}

describe('a look at the files of versions', () => {
  it('names days whose version lost its file, and since when each was seen to', async () => {
    const entries = await settleAll();
    for (const day of DAYS) await put(day);
    expect(await lackingDays()).toEqual([]);
    await remove(fileKey('2026-11-19'));
    now = 2_000;
    expect(await lackingDays()).toEqual(['2026-11-19']);
    now = 3_000;
    expect(await lackingDays()).toEqual(['2026-11-19']);
    const seen = await note();
    expect(entries.map((entry) => lackingSince(seen, entry))).toEqual([null, 2_000, null]);
    expect(lackingSince(seen, null)).toBeNull();
  });

  it('names a day of which a file is archived, until it can be read again', async () => {
    await settle('2026-11-19', { filesWritten: [FILE, 'more.parquet'] });
    await put('2026-11-19', V1, FILE, 'more.parquet');
    expect(await lackingDays([])).toEqual([]);
    store.archived.add(fileKey('2026-11-19'));
    expect(await lackingDays()).toEqual(['2026-11-19']);
    store.archived.clear();
    expect(await lackingDays([])).toEqual([]);
  });

  it('names a day that was emptied before anybody looked, and none without rows or without a version', async () => {
    await settle('2026-11-18');
    await settle('2026-11-19', { state: 'succeeded_no_data', filesWritten: [] });
    await settle('2026-11-20', { version: undefined, filesWritten: undefined });
    expect(await lackingDays()).toEqual(['2026-11-18']);
    expect(await lackingDays([])).toEqual(['2026-11-18']);
    await settle('2026-11-18', { version: V2, filesWritten: [] });
    expect(await lackingDays()).toEqual([]);
    expect(await lackingDays([])).toEqual([]);
  });

  it('names a day of which one file of several is gone, whatever else is in its folder', async () => {
    const names = ['rows-00001.parquet', 'rows-00002.parquet', 'rows-00004.parquet'];
    for (const day of DAYS) {
      await settle(day, { filesWritten: names });
      await put(day, V1, ...names, '_marker');
      await put(day, V2, ...names);
    }
    expect(await lackingDays()).toEqual([]);
    for (const [i, name] of names.entries()) {
      await remove(fileKey(DAYS[i] ?? '', V1, name));
      await put(DAYS[i] ?? '', V1, `restored-${name}`);
      expect(await lackingDays()).toEqual(DAYS.slice(0, i + 1));
    }
  });

  it('forgets a day with its next version or once its files are back, whichever days it looks at', async () => {
    await settleAll();
    await put('2026-11-20');
    expect(await lackingDays()).toEqual(['2026-11-18', '2026-11-19']);
    expect(await lackingDays(['2026-11-20'])).toEqual(['2026-11-18', '2026-11-19']);
    const replaced = await settle('2026-11-18', { version: V2 });
    expect(lackingSince(await note(), replaced)).toBeNull();
    await put('2026-11-18', V2);
    await put('2026-11-19');
    expect(await lackingDays(['2026-11-20'])).toEqual([]);
  });

  it('looks for the files of a day where they are, also below a former folder', async () => {
    const days = ['2026-11-17', '2026-11-18'];
    for (const day of days) {
      await settle(day);
      await put(day);
    }
    expect(await lackingDays(days)).toEqual([]);
    await remove(fileKey('2026-11-17'));
    expect(await lackingDays(days)).toEqual(['2026-11-17']);
    // Made before the folder became a former one.
    await store.write(fileKey('2026-11-17').replace('before/', 'statsig/'), 'rows');
    expect(await lackingDays(days)).toEqual([]);
  });

  it('passes over an entry that cannot be read, one of another table, and one that disappears', async () => {
    const days = ['2026-11-15', '2026-11-16', '2026-11-17', '2026-11-18'];
    await settleAll(days);
    await settle('2026-11-15', { table: 'before' });
    await store.write(entryKey('2026-11-16'), 'broken');
    const onCall = () => void store.objects.delete(entryKey('2026-11-17'));
    const { lacking, read } = await look({ always: days, onCall });
    expect(read).toEqual(days);
    expect(lacking).toEqual(['2026-11-18']);
    expect((await lookOnly()).read).toEqual([]);
  });

  it('passes over keys that are no entries', async () => {
    await settleAll();
    await put('2026-11-19');
    const entry = entryKey('2026-11-18');
    await store.write(`${entry.replace('2026-11-18', '2026-11-17')}.bak`, 'copied');
    await store.write(entry.replace('2026-11-18', '2026-99-99'), 'of no day');
    const { lacking, read } = await look();
    expect({ lacking, read }).toEqual({ lacking: ['2026-11-18', '2026-11-20'], read: DAYS });
    expect((await look()).read).toEqual([]);
  });

  it('looks at each day within a turn, and reads no entry again', async () => {
    await putSeen();
    now += HOUR_MS;
    const { read, listed } = await look({ always: ['2026-11-17'] });
    expect({ read, listed: listed.length }).toEqual({ read: [], listed: 2 });
    await remove(...['2026-11-16', '2026-06-01', '2025-12-17'].map((day) => fileKey(day)));
    const found: number[] = [];
    const reads: string[] = [];
    for (let hour = 1; hour <= 84; hour += 1) {
      now += HOUR_MS;
      const seen = await lookOnly();
      found.push(seen.lacking.length);
      reads.push(...seen.read);
    }
    expect(reads).toEqual([]);
    expect([...new Set(found)]).toEqual([0, 2, 3]);
  });

  it('reads the entry of a day again once it has changed, whenever its turn is', async () => {
    await putSeen();
    const day = '2026-01-01';
    await settle(day, { version: V2 });
    now += HOUR_MS;
    const { lacking, read } = await lookOnly();
    expect({ lacking, read }).toEqual({ lacking: [day], read: [day] });
  });

  it('reads the entry of a day with more than 100 files at each look, and notes no more names', async () => {
    const names = Array.from({ length: 101 }, (_, i) => `rows-${i}.parquet`);
    const [many = '', most = ''] = DAYS;
    await settle(many, { filesWritten: names });
    await settle(most, { filesWritten: names.slice(1) });
    for (const day of [many, most]) await put(day, V1, ...names);
    expect(await lackingDays()).toEqual([]);
    const noted = (await store.read(looksKey))?.text ?? '';
    expect([...noted.matchAll(/rows-/g)]).toHaveLength(100);
    expect(JSON.parse(noted)).toMatchObject({ [many]: { at: now, version: V1 } });
    await remove(fileKey(many, V1, 'rows-100.parquet'));
    const { lacking, read } = await look();
    expect({ lacking, read }).toEqual({ lacking: [many], read: [many] });
  });

  it('writes its note four times a turn, and when an entry has changed', async () => {
    await putSeen();
    const hours = async (count: number) => {
      store.take();
      const read: string[] = [];
      for (let hour = 0; hour < count; hour += 1) {
        now += HOUR_MS;
        read.push(...(await look({ always: ['2026-11-16'] })).read);
      }
      return { ...store.take(), read };
    };
    // An hour lists a page of entries and two of files, and reads two notes, and four notes are read before they are written.
    expect(await hours(84)).toMatchObject({ writes: 4, lists: 252, reads: 172, read: [] });
    await settle('2026-11-16', { version: V2 });
    await put('2026-11-16', V2);
    expect(await hours(1)).toMatchObject({ writes: 1, read: ['2026-11-16'] });
    expect(await hours(1)).toMatchObject({ writes: 0, read: [] });
  });

  it('goes on where it was killed, with what it had found', async () => {
    await putLong('2026-11-01');
    const onCall = ({ read }: Asked) => {
      now += 1_000;
      if (read.length > 250) throw new Error('killed');
    };
    await expect(lookOnly({ onCall })).rejects.toThrow('killed');
    expect(Object.keys(await note())).toEqual([`2026-11-01/${V1}`]);
    const { lacking, read } = await lookOnly();
    expect({ lacking, read: read.length }).toEqual({ lacking: ['2026-11-01'], read: 136 });
  });

  it('begins no call once its time is over, and goes on with the days that are left', async () => {
    await putLong('2026-11-01');
    const onCall = () => {
      now += 1_000;
    };
    const runs: number[] = [];
    do {
      const until = now + MINUTE_MS;
      const { late } = await look({ always: ['2026-11-17'], until, onCall });
      runs.push(late);
      // Two entries are read at a time.
      expect(now).toBeLessThanOrEqual(until + 1_000);
      now += HOUR_MS;
    } while (runs.at(-1) !== 0 && runs.length < 20);
    expect(runs).toEqual([284, 234, 184, 140, 96, 66, 36, 6, 0]);
    expect(await lackingDays([])).toEqual(['2026-11-01']);
  });

  it('keeps what it knows of days that it has no time for', async () => {
    await settleAll();
    expect(await look()).toMatchObject({ lacking: DAYS, late: 0 });
    // A listing that was not read to its end says that there is one at least.
    expect(await look({ until: now })).toMatchObject({ lacking: DAYS, late: 1, read: [] });
  });

  it('keeps, in their order, days that lacked files and whose entry it has no time to read', async () => {
    await settleAll();
    for (const day of DAYS.slice(0, 2)) await put(day);
    expect(await lackingDays()).toEqual(['2026-11-20']);
    await remove(fileKey('2026-11-18'));
    await settleAll();
    const until = now + 1_000;
    const onCall = () => {
      // More than half of the time goes by with the first entry.
      now += now + 500 < until ? 510 : 1;
    };
    const { lacking, late, read } = await look({ until, onCall });
    expect({ lacking, late, read }).toEqual({
      lacking: ['2026-11-18', '2026-11-20'],
      late: 2,
      read: ['2026-11-18'],
    });
  });

  it('knows nothing of days whose files it has no time to list', async () => {
    await settleAll();
    for (const day of ['2026-11-18', '2026-11-20']) await put(day);
    store.pageKeys = 1;
    const until = now + 1_000;
    const onCall = ({ read }: Asked) => {
      // With the first page of files.
      if (read.length === DAYS.length) now = until;
    };
    const first = await look({ until, onCall });
    expect(first).toMatchObject({ lacking: [], late: 2 });
    expect(first.listed).toEqual(['statsig/ingested/acme_visits/2026-11-18']);
    const { lacking, late, listed } = await look();
    expect({ lacking, late }).toEqual({ lacking: ['2026-11-19'], late: 0 });
    expect(listed).toEqual([
      'statsig/ingested/acme_visits/2026-11-18',
      'statsig/ingested/acme_visits/2026-11-19',
      'before/ingested/acme_visits/2026-11-19',
    ]);
  });

  it('forgets a day whose entry is gone', async () => {
    await settleAll();
    expect(await lackingDays()).toEqual(DAYS);
    store.objects.delete(entryKey('2026-11-19'));
    expect(await lackingDays()).toEqual(['2026-11-18', '2026-11-20']);
  });

  it('begins anew if its note cannot be read', async () => {
    await settleAll();
    expect(await lackingDays()).toEqual(DAYS);
    await store.write(looksKey, '{"2026-11-18":');
    for (const day of DAYS) await put(day);
    const { lacking, read } = await lookOnly();
    expect({ lacking, read }).toEqual({ lacking: [], read: DAYS });
  });
});

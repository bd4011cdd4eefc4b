import { readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { listDays, listedDays } from '../../../lib/curate/ListedDays.ts';
import type { EraseBucket, StoredVersion } from '../../../lib/erase/EraseBucket.ts';
import { type Eraser, eraseUnits } from '../../../lib/erase/eraseUnits.ts';
import { erasures } from '../../../lib/erase/Manifest.ts';
import type { EraseFaultPoint } from '../../../lib/erase/ObjectEraser.ts';
import { UnitMatcher } from '../../../lib/erase/units/UnitMatcher.ts';
import type { LedgerEntry } from '../../../lib/ledger/LedgerEntry.ts';
import { ledgerStore } from '../../../lib/ledger/ledgerStore.ts';
import type { ConfigInput } from '../../../lib/schema/config.ts';
import { curatedSubject, exportSubject, ledgerKey, loadFolder } from '../../../lib/tables/ledgerKeys.ts';
import { damagedKey } from '../../../lib/tables/objectKeys.ts';
import { dayFolder, versionPrefix } from '../../../lib/tables/tableFolders.ts';
import { acmeSource, eventsDataset, exportTo } from '../../harness/configInput.ts';
import { dayContent, ledgerEntry, loadRun } from '../../harness/ledgerEntry.ts';
import { MemoryObjects } from '../../harness/MemoryObjects.ts';
import { rowsOfRecord } from '../../harness/rowsOfRecord.ts';
import { temporaryDirectory } from '../../harness/temporaryDirectory.ts';
import { asEraseBucket } from './eraseObject.ts';
import { eraserOver, ID } from './eraserOver.ts';
import { landedKey, landedRows, landedUsers, usersIn } from './landedUsers.ts';
import { MemoryBucket } from './MemoryBucket.ts';

const START = Date.UTC(2026, 10, 20, 12);
const DAY = '2026-11-01';
const NO_COUNTS = {
  objects: 0,
  versions: 0,
  rewritten: 0,
  deleted: 0,
  rows: 0,
  others: 0,
  mentions: 0,
  waiting: 0,
};
const VERSION = '20261119T000000Z-0123456789abcdef';
const LANES = 4;
const MEBIBYTE = 1024 ** 2;
const directory = temporaryDirectory();
afterAll(directory.remove);

let now: number;
let bucket: MemoryBucket;
let objects: MemoryObjects;
beforeEach(() => {
  now = START;
  bucket = new MemoryBucket();
  objects = new MemoryObjects({ now: () => now });
});

/** A file of a table is a user a line here, or a note for one. That files of Parquet are searched is asked of ParquetEraser. */
const tableOf = (...users: readonly string[]) => Buffer.from(users.join('\n'));
const usersOfTable = async (path: string) => (await readFile(path, 'utf8')).split('\n');
const table: Eraser['parquet'] = {
  async examine(path) {
    const users = await usersOfTable(path);
    const own = users.filter((user) => user === 'gone').length;
    const mentions = users.filter((user) => user.startsWith('for gone')).length;
    return { rows: users.length, own, others: 0, unreadable: 0, mentions, columns: [] };
  },
  async rewrite(from, _, to) {
    const users = await usersOfTable(from);
    await writeFile(to, tableOf(...users.filter((user) => user !== 'gone')));
  },
};

const timing = { clock: { now: () => now }, wait: async () => {}, random: () => 0 };
const manifests = () => erasures(objects);
const manifest = async () => (await manifests().read(ID))?.manifest;
const configOf = (input: Partial<ConfigInput> = {}) => defineConfig({ bucket: bucket.name, ...input });

/** Makes one run. */
function erase({ config = configOf(), ...more }: Partial<Eraser> = {}) {
  const eraser = eraserOver(bucket, objects, {
    config,
    matcher: new UnitMatcher([{ type: 'userID', column: 'user_id', value: 'gone' }]),
    parquet: table,
    parquets: Array.from({ length: LANES - 1 }, () => table),
    directory: directory.path,
    now: () => now,
  });
  return eraseUnits({ ...eraser, ...more });
}

/** Makes a run that is killed when it comes to a step. @param given `count`: at which time, the first by default. */
function killedAt(
  step: EraseFaultPoint,
  { count = 1, ...more }: Partial<Eraser> & { readonly count?: number } = {},
): Promise<void> {
  let left = count;
  const faultPoint: Eraser['faultPoint'] = async (passed) => {
    if (passed === step) left -= 1;
    if (left === 0) throw new Error('killed');
  };
  return expect(erase({ ...more, faultPoint })).rejects.toThrow('killed');
}

const put = (key: string, bytes: Uint8Array | null) => bucket.put(key, bytes, START);
const usersOf = (key: string | number) => {
  const [body] = bucket.bodies(typeof key === 'number' ? landedKey(key) : key);
  return body && usersIn(body);
};
const putLanded = (count: number, ...users: readonly string[]) => {
  for (let n = 1; n <= count; n += 1) put(landedKey(n), landedUsers(...users, `stays-${n}`));
};
const putResult = (key = 'query-results/a.csv') => put(key, Buffer.from('"gone"'));
/** A bucket that lists other sizes of versions. */
const sized = (sizeOf: (version: StoredVersion) => number, answers: Partial<EraseBucket> = {}) =>
  asEraseBucket(bucket, {
    async *objects(...given) {
      for await (const page of bucket.objects(...given))
        yield page.map(({ key, versions }) => ({
          key,
          versions: versions.map((version) => ({ ...version, size: sizeOf(version) })),
        }));
    },
    ...answers,
  });
const entryOf = async (place: Parameters<ReturnType<typeof ledgerStore>['read']>[0]) =>
  (await ledgerStore(objects).read(place))?.entry;
const settle = (more: Partial<LedgerEntry>) => ledgerStore(objects).write(ledgerEntry(more), null);

describe('an erasure', () => {
  it('looks at small objects side by side, at larger ones alone, and changes one after the other', async () => {
    bucket.pageKeys = 12;
    const { versionId: largeVersion } = put(landedKey(7), landedUsers('older'));
    putLanded(12, 'gone');
    const sizes = new Map([
      [landedKey(3), 16 * MEBIBYTE + 1],
      [landedKey(5), 16 * MEBIBYTE],
      [largeVersion, 16 * MEBIBYTE + 1],
      [landedKey(9), 16 * MEBIBYTE + 1],
    ]);
    const underWay = new Set<string>();
    /** How many objects were under way at most while an object was. */
    const beside = new Map<string, number>();
    let replacing = 0;
    let mostReplacing = 0;
    const sizeOf = ({ key, versionId, size }: StoredVersion) =>
      sizes.get(versionId) ?? sizes.get(key) ?? size;
    const counting = sized(sizeOf, {
      async fetch(version, path) {
        underWay.add(version.key);
        for (const key of underWay) beside.set(key, Math.max(beside.get(key) ?? 0, underWay.size));
        return bucket.fetch(version, path);
      },
      async replace(...given) {
        replacing += 1;
        mostReplacing = Math.max(mostReplacing, replacing);
        const replaced = await bucket.replace(...given);
        replacing -= 1;
        underWay.delete(given[0].key);
        return replaced;
      },
    });
    const { run } = await erase({ bucket: counting });
    const alone = [...beside].filter(([, most]) => most === 1).map(([key]) => key);
    // AWS denies all objects or none, so the first is looked at alone.
    expect(alone.sort()).toEqual([landedKey(1), landedKey(3), landedKey(7), landedKey(9)]);
    expect(Math.max(...beside.values())).toBe(LANES);
    expect(mostReplacing).toBe(1);
    expect(run.places.landing).toMatchObject({ objects: 12, versions: 13, rewritten: 12, rows: 12 });
    for (let n = 1; n <= 12; n += 1) expect(usersOf(n)).toEqual([`stays-${n}`]);
  });

  it('looks at one after the other without further erasers', async () => {
    bucket.pageKeys = 12;
    putLanded(12, 'gone');
    await erase({ parquets: [] });
    expect(bucket.asked.slice(0, 4)).toEqual(['fetch v1', 'replace v1', 'remove v1', 'fetch v10']);
  });

  it('goes through its places in order, names each, and passes its steps', async () => {
    putLanded(2, 'gone');
    const passed: string[] = [];
    await erase({
      faultPoint: async (step) => void passed.push(step),
      onPlace: (place) => passed.push(`place ${place}`),
    });
    expect(passed).toEqual([
      'begun',
      'place landing',
      'noted',
      'replacing',
      'replaced',
      'removed',
      'replacing',
      'replaced',
      'removed',
      'checkpoint',
      'place relay',
      'place damaged',
      'place quarantine',
      'place quarantine-large',
      'place exposures',
      'place events',
      'place curated',
      'place ingested',
      'place query-results',
      'asked',
      'settled',
    ]);
  });

  it('looks at no object that is none of its place', async () => {
    put('landing/', Buffer.of());
    put('relay/notes.txt', Buffer.from('gone'));
    put('reader-tables/metabase/tables/mine/a.csv', Buffer.from('gone'));
    expect((await erase()).run).toMatchObject({ places: {}, hasFound: false, left: [] });
    expect(bucket.asked).toEqual([]);
  });

  it('changes nothing after an error, though others are looked at, and goes on when it is run again', async () => {
    bucket.pageKeys = 12;
    putLanded(12, 'gone');
    await killedAt('replaced', { count: 3 });
    const left = Array.from({ length: 12 }, (_, i) => usersOf(i + 1));
    expect(left.filter((users) => users?.includes('gone'))).toHaveLength(9);
    // Of an object that is no file of a table nothing is noted.
    expect((await manifest())?.current?.replacing).toBeUndefined();
    const { run } = await erase();
    expect(run).toMatchObject({ resumed: 1, hasFound: true });
    for (let n = 1; n <= 12; n += 1) expect(usersOf(n)).toEqual([`stays-${n}`]);
  });

  it('goes on behind the object at which it was killed, and leaves what comes before it to the next run', async () => {
    const first = 'query-results/a.csv';
    const before = 'ledger/_loads/a/a';
    const at = 'ledger/_loads/a/b';
    const behind = 'ledger/_loads/a/c';
    const last = 'reader-tables/left/a.csv';
    for (const key of [first, at, last]) putResult(key);
    await killedAt('checkpoint', { count: 2 });
    for (const key of [first, before, behind]) putResult(key);
    put(landedKey(1), landedUsers('gone', 'stays'));
    const places: string[] = [];
    const { run } = await erase({ onPlace: (place) => places.push(place) });
    expect(places).toEqual(['query-results']);
    expect(run.places['query-results']).toMatchObject({ objects: 4, deleted: 4 });
    expect(usersOf(1)).toEqual(['gone', 'stays']);
    expect([first, before, at, behind, last].filter((key) => bucket.bodies(key).length > 0)).toEqual([
      first,
      before,
    ]);
    expect((await erase()).run.places['query-results']).toMatchObject({ objects: 2, deleted: 2 });
    expect(usersOf(1)).toEqual(['stays']);
  });

  it('goes on with a folder whose name comes before the one in which it was killed', async () => {
    for (const key of ['query-results/a.csv', 'ledger/_loads/a/b']) putResult(key);
    await killedAt('checkpoint');
    expect((await erase()).run.places['query-results']).toMatchObject({ objects: 2, deleted: 2 });
  });

  it('has found nothing by a body that nobody can read, which goes', async () => {
    put(`quarantine-large/${DAY}/a`, Buffer.from('note=m%C3%BCller'));
    const passed: string[] = [];
    const { run } = await erase({ faultPoint: async (step) => void passed.push(step) });
    expect(run).toMatchObject({ hasFound: false, places: { 'quarantine-large': { deleted: 1, others: 1 } } });
    expect(passed).toEqual(['begun', 'removed', 'checkpoint', 'asked', 'settled']);
  });

  it('counts mentions in the files that readers get, of all objects of a place', async () => {
    const file = (name: string) => `${dayFolder(configOf(), 'events', DAY)}${name}.parquet`;
    const mentions = tableOf('for gone', 'stays', 'for gone');
    for (const name of ['a', 'a', 'b']) put(file(name), mentions);
    put(file('c'), tableOf('gone', 'for gone'));
    const { run } = await erase();
    expect(run.places.events).toEqual({
      ...NO_COUNTS,
      objects: 3,
      versions: 4,
      rewritten: 1,
      deleted: 1,
      rows: 1,
      mentions: 5,
    });
  });

  it('has found what it has deleted before it was killed, and notes that before it changes anything', async () => {
    putResult();
    await killedAt('noted');
    expect((await manifest())?.current).toMatchObject({ hasFound: true, resumed: 0, startedAt: START });
    expect(bucket.bodies('query-results/a.csv')).toHaveLength(1);
    now += 1_000;
    await killedAt('removed');
    expect(bucket.bodies('query-results/a.csv')).toEqual([]);
    const again = await erase();
    expect(again.run).toMatchObject({ hasFound: true, resumed: 2, startedAt: START });
    expect(await manifest()).toMatchObject({ id: ID, units: 1, startedAt: START, foundUntil: START + 1_000 });
  });

  it('stops beside another run of the same units', async () => {
    const beside = async (step: EraseFaultPoint) => {
      if (step === 'begun') await erase();
    };
    await expect(erase({ faultPoint: beside })).rejects.toMatchObject({ code: 'SLUICE_ERASE_BUSY' });
  });

  it('writes nothing in a dry run, and goes on with none', async () => {
    putLanded(2, 'gone');
    const { total, ...dry } = await erase({ dryRun: true, onTheWay: async () => ['a queue'] });
    expect(objects.objects.size).toBe(0);
    expect(dry).toMatchObject({ state: 'dry', completeFrom: null, runs: 0, forgotten: 0 });
    expect(dry.run).toMatchObject({ hasFound: true, onTheWay: [] });
    expect(total).toEqual({
      landing: { ...NO_COUNTS, objects: 2, versions: 2, rewritten: 2, deleted: 2, rows: 2 },
    });
    await killedAt('checkpoint');
    const before = await manifest();
    putLanded(1, 'gone');
    expect((await erase({ dryRun: true })).run).toMatchObject({
      resumed: 0,
      places: { landing: { rows: 1 } },
    });
    expect(await manifest()).toEqual(before);
  });

  it('is stopped between two objects, also as it looks for refused bodies', async () => {
    const stop = new AbortController();
    const body = Buffer.from('{"user":{"userID":"stays"}}');
    for (const n of [1, 2]) put(`quarantine-large/${DAY}/${n}`, body);
    const stopping = asEraseBucket(bucket, {
      fetch: async (...given) => {
        stop.abort(new Error('stopped'));
        return bucket.fetch(...given);
      },
    });
    await expect(erase({ bucket: stopping, signal: stop.signal })).rejects.toThrow('stopped');
    expect(bucket.asked).toEqual(['fetch v1']);
  });

  it('goes on behind an object that is denied, and stops if the first one is', async () => {
    putLanded(12, 'gone');
    const denying = (denied: string) =>
      asEraseBucket(bucket, {
        fetch: async (version, path) =>
          version.key === denied ? { denied: 'says S3' } : bucket.fetch(version, path),
      });
    const keys = Array.from({ length: 12 }, (_, i) => landedKey(i + 1)).sort();
    const [first = '', second = ''] = keys;
    await expect(erase({ bucket: denying(first), dryRun: true })).rejects.toMatchObject({
      code: 'SLUICE_ERASE_DENIED',
      message: expect.stringContaining(`${first}: says S3`),
    });
    const { run } = await erase({ bucket: denying(second), dryRun: true });
    expect(run).toMatchObject({ leftCount: 1, left: [{ key: second }], places: { landing: { rows: 11 } } });
  });

  it('names a hundred objects that it could not search, and counts all', async () => {
    bucket.pageKeys = 1_000;
    putLanded(103);
    const archived = asEraseBucket(bucket, { fetch: async () => 'archived' });
    const { run, state } = await erase({ bucket: archived, parquets: [] });
    expect(run).toMatchObject({ leftCount: 103, hasFound: false });
    expect(run.left).toHaveLength(100);
    expect(run.left[0]).toEqual({ key: landedKey(1), versionId: 'v1', why: 'archived' });
    expect(state).toBe('again');
    expect(await erase({ bucket: archived, parquets: [] })).toMatchObject({ state: 'again' });
  });

  it('names a hundred objects of which a part expires', async () => {
    bucket.pageKeys = 1_000;
    for (let n = 0; n < 101; n += 1) put(damagedKey(landedKey(n)), Buffer.from('no rows'));
    expect((await erase()).run.expiring).toHaveLength(100);
  });

  // S3 rounds the object's end, and then the end of the version that it leaves, up to the next midnight.
  // What replaces an object begins anew.
  it.each([
    { what: 'an object of damaged/', key: damagedKey(landedKey(1)), isThere: true, goneBy: '2027-03-12' },
    {
      what: 'an object of damaged/ with rows of the unit',
      users: ['stays', 'gone'],
      key: damagedKey(landedKey(1)),
      isThere: true,
      goneBy: '2027-03-13',
    },
    {
      what: 'an object of damaged/ that a rule should have deleted',
      key: damagedKey(landedKey(1)),
      isThere: true,
      at: Date.UTC(2027, 3, 1),
      goneBy: '2027-04-22',
    },
    { what: 'a version of damaged/', key: damagedKey(landedKey(1)), isThere: false, goneBy: '2026-12-12' },
    { what: 'a version of the landing', key: landedKey(1), isThere: false, goneBy: '2026-11-25' },
  ])(
    'says by when $what is gone, with bytes that nobody can read',
    async ({ users = ['stays'], key, isThere, at = Date.UTC(2026, 10, 21), goneBy }) => {
      const config = configOf({ retention: { dataVersionDays: 20, landingVersionDays: 3 } });
      const damaged = Buffer.concat([landedUsers(...users), Buffer.from('more')]);
      put(key, damaged);
      // Of several versions, the one that stays longest decides.
      put(key, damaged);
      if (!isThere) put(key, null);
      now = at;
      const { run } = await erase({ config });
      expect(run.expiring).toEqual([{ key, goneBy, isThere }]);
    },
  );
});

describe('a file of a load in pieces', () => {
  const version = 'v1';
  const dataset = { table: 'acme_events', day: DAY };
  const file = `${loadFolder({ ...dataset, version })}refused.csv`;

  it.each([
    { what: 'waits while the load is under way', run: loadRun({ version }), waiting: 1 },
    { what: 'goes if another load of the day is', run: loadRun({ version: 'v2' }), waiting: 0 },
    { what: 'goes if none is', run: undefined, waiting: 0 },
    { what: 'goes if the day has no entry', run: null, waiting: 0 },
    { what: 'goes if it is of no load', key: 'ledger/_loads/a', run: loadRun({ version }), waiting: 0 },
    {
      what: 'goes if its table is not configured any more',
      key: file.replace('acme_events', 'former'),
      run: loadRun({ version }),
      waiting: 0,
    },
  ])('$what', async ({ run, key = file, waiting }) => {
    putResult(key);
    if (run !== null) await settle({ ...dataset, run });
    const done = await erase({ config: configOf({ sources: [acmeSource()] }) });
    expect(done.run).toMatchObject({ hasFound: true, places: { 'query-results': { waiting } } });
    expect(bucket.bodies(key)).toHaveLength(waiting);
  });
});

describe('the day of a file that changes', () => {
  const config = defineConfig({
    bucket: 'acme-experiments',
    exports: [
      exportTo({ folder: 'raw' }, { name: 'raw' }),
      exportTo({ folder: 'curated' }, { name: 'curated', table: 'curated_events' }),
      exportTo({ folder: 'exposures' }, { name: 'exposures', table: 'statsig_forwarded_exposures' }),
      exportTo({ folder: 'ingested' }, { name: 'ingested', table: 'acme_events' }),
    ],
    sources: [acmeSource({ datasets: [eventsDataset(), eventsDataset({ name: 'other' })] })],
  });
  const raw = `${dayFolder(config, 'events', DAY)}a.parquet`;
  const curated = `${versionPrefix(config, config.curatedTables.events, DAY, VERSION)}a.parquet`;
  const ingested = `${versionPrefix(config, 'acme_events', DAY, VERSION)}a.parquet`;
  const ofCurated = curatedSubject(config, 'events', DAY);
  const places = [
    ofCurated,
    curatedSubject(config, 'exposures', DAY),
    ...config.exports.map((exported) => exportSubject(exported, DAY)),
  ];
  /** The day of a dataset. */
  const place = { source: 'acme', dataset: 'events', day: DAY, table: 'acme_events' };
  /** The places of the ledger that have a note of an erasure. */
  const noted = async () => {
    const entries = await Promise.all(places.map(entryOf));
    return entries.flatMap((entry) => (entry?.erasures ? [`${entry.source}/${entry.dataset}`] : []));
  };
  const askedFor = async (key: string, users: readonly string[] = ['gone', 'stays']) => {
    put(key, tableOf(...users));
    const asked: unknown[] = [];
    const { run } = await erase({ config, askForDays: async (...days) => void asked.push(days) });
    return { asked, run };
  };

  it.each([
    {
      what: 'of SDKs',
      key: raw,
      days: [DAY],
      table: 'statsig_forwarded_events',
      entries: ['curated/events', 'exports/raw'],
    },
    {
      what: 'of curated rows',
      key: curated,
      days: [DAY],
      table: 'curated_events',
      entries: ['curated/events', 'exports/curated'],
    },
    { what: 'of a customer', key: ingested, days: [], table: 'acme_events', entries: ['exports/ingested'] },
    {
      what: 'of a table that is called as what every object has',
      key: `${versionPrefix(config, 'constructor', DAY, VERSION)}a.parquet`,
      days: [],
      table: 'constructor',
      entries: [],
    },
  ])('$what is asked for, and noted in what is made of it', async ({ key, days, table: name, entries }) => {
    for (const place of places) await settle(place);
    const { asked } = await askedFor(key);
    expect(asked).toEqual([[{ exposures: [], events: days }, { [name]: [DAY] }]]);
    expect(await noted()).toEqual(entries);
    expect(bucket.bodies(key)).toEqual([tableOf('stays')]);
  });

  it('is noted before the first of its files changes, once, and as ended at the end', async () => {
    await settle(ofCurated);
    put(raw, tableOf('gone'));
    put(raw.replace('a.parquet', 'b.parquet'), tableOf('gone', 'stays'));
    const [{ eTag: first } = { eTag: '' }] = await bucket.versions(raw);
    const steps: unknown[] = [];
    const notes = async () => (await entryOf(ofCurated))?.erasures;
    await erase({
      config,
      faultPoint: async (step) => {
        now += 1;
        if (step === 'taken_out' || step === 'removed') steps.push(await notes());
      },
    });
    const replaced = { name: 'a.parquet', from: first, to: '"3"' };
    const other = { name: 'b.parquet', from: '"2"', to: '"4"' };
    expect(steps).toEqual([
      [{ id: ID, at: START + 2, replaced: [] }],
      [{ id: ID, at: START + 5, replaced: [replaced] }],
      [{ id: ID, at: START + 5, replaced: [replaced] }],
      [{ id: ID, at: START + 9, replaced: [replaced, other] }],
    ]);
    const end = (await manifest())?.foundUntil;
    expect(await notes()).toEqual([{ id: ID, at: end, endedAt: end, replaced: [replaced, other] }]);
  });

  it('is not noted in the entry of another table, nor where there is none, or a broken one', async () => {
    const [exported] = config.exports;
    if (exported === undefined) throw new Error('no export');
    const subject = exportSubject(exported, DAY);
    await settle({ ...subject, table: 'former' });
    await objects.write(ledgerKey(ofCurated.source, ofCurated.dataset, DAY), 'broken');
    const { asked, run } = await askedFor(raw);
    expect(asked).toHaveLength(1);
    expect(run.places.events).toMatchObject({ rewritten: 1 });
    const entry = await entryOf(subject);
    expect(entry?.table).toBe('former');
    expect(entry?.erasures).toBeUndefined();
    expect([...objects.objects.keys()].filter((key) => key.startsWith('ledger/exports/'))).toHaveLength(1);
  });

  it('is not noted of quarantine, nor where nothing changes', async () => {
    const quarantine = `${dayFolder(config, 'quarantine', DAY)}a.parquet`;
    for (const place of places) await settle(place);
    const ofQuarantine = await askedFor(quarantine);
    expect(ofQuarantine.run.places.quarantine).toMatchObject({ rewritten: 1, rows: 1 });
    expect(ofQuarantine.asked).toEqual([]);
    expect((await askedFor(raw, ['stays'])).asked).toEqual([]);
    expect(await noted()).toEqual([]);
  });

  it('is out of the list that views read before its first file changes', async () => {
    const entry = { version: 'v', shape: 's', fingerprint: 'f' };
    const listed = listedDays(objects);
    await listDays({ listed, ...timing }, 'events', new Map([[DAY, entry]]));
    put(raw, tableOf('gone', 'stays'));
    await erase({ config, dryRun: true });
    expect((await listed.read('events'))?.days).toEqual({ [DAY]: entry });
    await killedAt('taken_out', { config });
    expect((await listed.read('events'))?.days).toEqual({});
    expect(bucket.bodies(raw)).toEqual([tableOf('gone', 'stays')]);
    // A curated file leaves its day in the list: views read it without the rows.
    await listDays({ listed, ...timing }, 'events', new Map([[DAY, entry]]));
    bucket = new MemoryBucket();
    await askedFor(curated);
    expect((await listed.read('events'))?.days).toEqual({ [DAY]: entry });
  });

  it.each([
    { what: 'before it is replaced', killed: 'replacing' as const },
    { what: 'after that', killed: 'replaced' as const },
    // Of the same size as what this run has made.
    { what: 'before others replace it', killed: 'replaced' as const, other: 'other' },
    { what: 'in a bucket without versions', killed: 'replaced' as const, keeps: false },
  ])('has once what has replaced a file, killed $what', async ({ killed, keeps = true, other }) => {
    bucket.keepsVersions = keeps;
    await settle(ofCurated);
    put(raw, tableOf('older'));
    const { eTag: from } = put(raw, tableOf('gone', 'stays'));
    await killedAt(killed, { config });
    expect((await manifest())?.current?.replacing).toEqual({ key: raw, from, bytes: 'stays'.length });
    if (other !== undefined) put(raw, tableOf(other));
    await erase({ config });
    expect((await entryOf(ofCurated))?.erasures).toEqual([
      { id: ID, at: START, endedAt: START, replaced: [{ name: 'a.parquet', from, to: '"3"' }] },
    ]);
  });

  it('has nothing of a file that was replaced by others alone, after the run was killed', async () => {
    bucket.keepsVersions = false;
    await settle(ofCurated);
    put(raw, tableOf('gone', 'stays'));
    await killedAt('replaced', { config });
    put(raw, tableOf('another size'));
    await erase({ config });
    expect((await entryOf(ofCurated))?.erasures).toMatchObject([{ replaced: [] }]);
  });

  it('of a customer loses the values of its rows in its entry, with the former versions of that', async () => {
    const content = dayContent({
      unusual: [{ kind: 'values', field: 'eventValue', words: 'w', values: ['gone@x'] }],
    });
    await settle({ ...place, content });
    const otherPlace = { ...place, dataset: 'other', table: 'acme_other' };
    await settle({ ...otherPlace, content });
    const key = ledgerKey(place.source, place.dataset, DAY);
    for (const text of ['former', 'now']) put(key, Buffer.from(text));
    put(ingested, tableOf('gone', 'stays'));
    const remove = async () => ({ denied: 'says S3' });
    await expect(erase({ config, bucket: asEraseBucket(bucket, { remove }) })).rejects.toMatchObject({
      code: 'SLUICE_ERASE_DENIED',
      message: expect.stringContaining(`${key}: says S3`),
    });
    const changed = asEraseBucket(bucket, {
      remove: async (version, ifRead) => {
        const answer = await bucket.remove(version, ifRead);
        return version.key === key ? 'changed' : answer;
      },
    });
    expect((await erase({ config, bucket: changed })).run.places.ingested?.rows).toBe(1);
    expect((await entryOf(place))?.content?.unusual).toEqual([
      { kind: 'values', field: 'eventValue', words: 'w' },
    ]);
    expect(bucket.bodies(key)).toEqual([Buffer.from('now')]);
    expect(await entryOf(otherPlace)).toMatchObject({ ...otherPlace, content });
  });

  it('of a customer keeps an entry that has nothing of its rows', async () => {
    await settle(place);
    const key = ledgerKey('acme', 'events', DAY);
    const before = objects.objects.get(key);
    for (const text of ['former', 'now']) put(key, Buffer.from(text));
    await askedFor(ingested);
    expect(objects.objects.get(key)).toBe(before);
    expect(bucket.bodies(key)).toHaveLength(2);
  });
});

describe('a refused body that is an object', () => {
  const own = `quarantine-large/${DAY}/a`;
  const others = `quarantine-large/${DAY}/b`;
  const row = (key: string) => ({ raw: null, raw_location: `s3://acme-experiments/${key}` });
  const locations = () => {
    const [body] = bucket.bodies(landedKey(1));
    return rowsOfRecord(body ?? Buffer.of()).map(({ row: left }) => left['raw_location']);
  };

  it.each([
    { what: 'is gone', answer: null },
    { what: 'is archived', answer: 'archived' as const },
    { what: 'is denied', answer: { denied: 'no' } },
    { what: 'is empty', body: '' },
    { what: 'is of others', body: '{"user":{"userID":"stays"}}' },
  ])(
    'takes the row of the unit’s, and none of one that $what',
    async ({ answer, body = '{"userID":"gone"}' }) => {
      put(own, Buffer.from('{"user":{"userID":"gone"}}'));
      put(others, Buffer.from(body));
      put(landedKey(1), landedRows('quarantine', row(own), row(others)));
      let answers = answer === undefined ? 0 : 1;
      const fetch: EraseBucket['fetch'] = async (version, path) => {
        if (version.key !== others || answers === 0 || answer === undefined)
          return bucket.fetch(version, path);
        answers -= 1;
        return answer;
      };
      // One after the other, with one path for what is read.
      const { run } = await erase({ bucket: asEraseBucket(bucket, { fetch }), parquets: [] });
      expect(run.places.landing).toMatchObject({ rows: 1 });
      expect(locations()).toEqual([row(others).raw_location]);
    },
  );

  it('is not read if it is longer than any that is refused', async () => {
    put(own, Buffer.from('{"user":{"userID":"gone"}}'));
    const looks = async (size: number) => {
      bucket.asked.length = 0;
      const { run } = await erase({ bucket: sized(() => size), dryRun: true });
      return { left: run.left.map(({ why }) => why), asked: [...bucket.asked] };
    };
    expect(await looks(256 * MEBIBYTE + 1)).toEqual({ left: ['too_large'], asked: ['fetch v1'] });
    expect(await looks(256 * MEBIBYTE)).toEqual({ left: [], asked: ['fetch v1', 'fetch v1'] });
  });

  it('is known by later runs, to which its row may come', async () => {
    put(own, Buffer.from('{"user":{"userID":"gone"}}'));
    await erase();
    expect((await manifest())?.bodies).toEqual([own]);
    expect(bucket.bodies(own)).toEqual([]);
    put(landedKey(1), landedRows('quarantine', row(own), row(others)));
    expect((await erase()).run.places.landing).toMatchObject({ rows: 1 });
    expect(locations()).toEqual([row(others).raw_location]);
  });
});

describe('the end of a run', () => {
  it('completes the erasure if it began long enough after the end of the first, and of the last that found something', async () => {
    const erasesIn = (ms: number) => {
      now += ms;
      // Each run takes ten milliseconds.
      const faultPoint = async (step: EraseFaultPoint) => {
        if (step === 'begun') now += 10;
      };
      return erase({ laterMs: 100, faultPoint });
    };
    const completeFrom = now + 110;
    expect(await erasesIn(0)).toMatchObject({ state: 'again', completeFrom, runs: 1 });
    expect((await manifest())?.completeAt).toBeUndefined();
    expect(await erasesIn(99)).toMatchObject({ state: 'again', completeFrom });
    expect(await erasesIn(0)).toMatchObject({ state: 'complete', completeFrom, runs: 3, forgotten: 0 });
    expect(await manifest()).toMatchObject({ completeAt: now, foundUntil: completeFrom - 100 });
    put(landedKey(1), landedUsers('gone'));
    expect(await erasesIn(0)).toMatchObject({ state: 'again', completeFrom: now + 100 });
    expect((await manifest())?.completeAt).toBeUndefined();
    expect(await erasesIn(100)).toMatchObject({ state: 'complete', total: { landing: { rows: 1 } } });
  });

  it('does not complete the erasure while something may be on its way, whether a killed run has seen it or this', async () => {
    await erase();
    now += 1;
    const onTheWay = async () => ['a queue', 'a stream'];
    expect(await erase({ onTheWay })).toMatchObject({
      state: 'again',
      run: { onTheWay: ['a queue', 'a stream'] },
    });
    await killedAt('begun', { onTheWay });
    const { run } = await erase({ onTheWay: async () => ['a stream', 'a table'] });
    expect(run.onTheWay).toEqual(['a queue', 'a stream', 'a table']);
    expect(await erase()).toMatchObject({ state: 'complete' });
  });

  it('counts runs that its record has forgotten, and sums those of the last fifty', async () => {
    await erase();
    const stored = await manifests().read(ID);
    const [first] = stored?.manifest.runs ?? [];
    if (stored === null || first === undefined) throw new Error('no run');
    const counts = { objects: 9, versions: 9, rewritten: 1, deleted: 2, rows: 3, others: 4 };
    const places = { landing: { ...counts, mentions: 9, waiting: 9 } };
    const all = { ...places, relay: places.landing };
    const runs = Array.from({ length: 50 }, (_, i) => ({ ...first, places: i === 0 ? all : {} }));
    await manifests().write({ ...stored.manifest, runs, forgotten: 7 }, stored.eTag);
    expect(await erase()).toMatchObject({ runs: 58, forgotten: 8, total: {} });
    expect((await manifest())?.runs).toHaveLength(50);
    const before = await manifests().read(ID);
    const more = [all, places].map((each) => ({ ...first, places: each }));
    await manifests().write({ ...stored.manifest, runs: more }, before?.eTag ?? null);
    put(landedKey(1), landedUsers('stays'));
    const last = { ...NO_COUNTS, rewritten: 1, deleted: 2, rows: 3, others: 4 };
    expect((await erase()).total).toEqual({
      landing: { ...last, rewritten: 2, deleted: 4, rows: 6, others: 8, objects: 1, versions: 1 },
      relay: last,
    });
  });
});

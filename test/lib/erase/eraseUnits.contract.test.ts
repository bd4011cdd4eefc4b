import { createHash, randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { s3EraseBucket } from '../../../lib/aws/s3EraseBucket.ts';
import { s3ObjectStore } from '../../../lib/aws/s3ObjectStore.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { listDays, listedDays } from '../../../lib/curate/ListedDays.ts';
import { rawDays } from '../../../lib/curate/RawDays.ts';
import type { EraseBucket } from '../../../lib/erase/EraseBucket.ts';
import { type Eraser, eraseUnits } from '../../../lib/erase/eraseUnits.ts';
import { erasures } from '../../../lib/erase/Manifest.ts';
import { ParquetEraser } from '../../../lib/erase/ParquetEraser.ts';
import { erasureId, parseUnit } from '../../../lib/erase/Unit.ts';
import { UnitMatcher } from '../../../lib/erase/UnitMatcher.ts';
import { Ledger } from '../../../lib/ledger/Ledger.ts';
import { ledgerStore } from '../../../lib/ledger/ledgerStore.ts';
import { curatedSubject, ledgerKey } from '../../../lib/tables/ledgerKeys.ts';
import { damagedKey } from '../../../lib/tables/objectKeys.ts';
import { dayFolder, versionPrefix } from '../../../lib/tables/tableFolders.ts';
import { startS3 } from '../../../packages/local-aws/src/testing/startS3.ts';
import { duckDb } from '../../harness/duckDb.ts';
import { dayContent, ledgerEntry } from '../../harness/ledgerEntry.ts';
import { rowsOfRecord } from '../../harness/rowsOfRecord.ts';
import { temporaryDirectory } from '../../harness/temporaryDirectory.ts';
import { parquetOf } from '../drops/load/startLoads.ts';
import { landedKey, landedRows, landedUsers, usersIn } from './landedUsers.ts';

const LANES = 4;
const LARGE = 16 * 1024 ** 2 + 1;
const directory = temporaryDirectory();
const server = await startS3();
const timing = { clock: { now: () => Date.now() }, wait: async () => {}, random: () => 0 };
let buckets = 0;
let Bucket: string;
/** Objects under way, from their fetch until they are replaced; and replacements. */
const underWay = { objects: new Set<string>(), replace: 0 };
let most: { objects: number; replace: number; besideLarge: number };
const large = new Set<string>();
beforeEach(() => {
  buckets += 1;
  Bucket = `acme-${buckets}`;
  server.store.createBucket(Bucket);
  underWay.objects.clear();
  most = { objects: 0, replace: 0, besideLarge: 0 };
  large.clear();
});
afterAll(async () => {
  await server.close();
  directory.remove();
});

/** The bucket, whose calls are counted, and in which some objects are said to be large. */
function countingBucket(): EraseBucket {
  const bucket = s3EraseBucket(server.client, Bucket, timing);
  return {
    ...bucket,
    async *objects(folder, after) {
      for await (const page of bucket.objects(folder, after))
        yield page.map(({ key, versions }) => ({
          key,
          versions: versions.map((version) => ({
            ...version,
            modifiedAt: Date.UTC(2026, 10, 20),
            ...(large.has(key) ? { size: LARGE } : {}),
          })),
        }));
    },
    async fetch(version, path) {
      underWay.objects.add(version.key);
      most.objects = Math.max(most.objects, underWay.objects.size);
      if ([...underWay.objects].some((key) => large.has(key)))
        most.besideLarge = Math.max(most.besideLarge, underWay.objects.size);
      return bucket.fetch(version, path);
    },
    async replace(...given) {
      underWay.replace += 1;
      most.replace = Math.max(most.replace, underWay.replace);
      try {
        return await bucket.replace(...given);
      } finally {
        underWay.replace -= 1;
        underWay.objects.delete(given[0].key);
      }
    },
  };
}

async function erase(more: Partial<Eraser> = {}) {
  const config = defineConfig({ bucket: Bucket, curate: false });
  const units = [parseUnit('user_id=gone', config)];
  const matcher = new UnitMatcher(units);
  const limits = { memoryMegabytes: 128, temporaryDirectory: directory.path };
  const erasers = await ParquetEraser.openBeside(limits, directory.path, matcher, LANES);
  const [parquet, ...parquets] = erasers;
  const store = s3ObjectStore(server.client, Bucket);
  try {
    return await eraseUnits({
      config,
      matcher,
      parquet,
      parquets,
      ...timing,
      id: erasureId(Bucket, units),
      units: 1,
      owner: randomUUID(),
      directory: directory.path,
      dryRun: false,
      signal: undefined,
      bucket: countingBucket(),
      manifests: erasures(store),
      listed: listedDays(store),
      raw: rawDays(store, config, { ...timing, deadline: Number.POSITIVE_INFINITY }),
      ledger: new Ledger({ store: ledgerStore(store), newToken: () => 't', ...timing }),
      askForDays: async () => {},
      laterMs: 0,
      onTheWay: async () => [],
      now: Date.now,
      ...more,
    });
  } finally {
    for (const eraser of erasers) eraser.close();
  }
}

const put = (Key: string, Body: Uint8Array) =>
  server.client.send(new PutObjectCommand({ Bucket, Key, Body }));
async function read(Key: string): Promise<Uint8Array> {
  const { Body } = await server.client.send(new GetObjectCommand({ Bucket, Key }));
  return (await Body?.transformToByteArray()) ?? Buffer.of();
}
const usersOf = async (n: number) => usersIn(await read(landedKey(n)));
const keepVersions = () =>
  server.client.send(
    new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }),
  );
/** Keys that readers get below a prefix. */
async function keysOf(prefix: string): Promise<readonly string[]> {
  const { Contents = [] } = await server.client.send(new ListObjectsV2Command({ Bucket, Prefix: prefix }));
  return Contents.map(({ Key = '' }) => Key);
}
const store = () => s3ObjectStore(server.client, Bucket);
const numbers = Array.from({ length: 12 }, (_, i) => i + 1);

describe('an erasure', () => {
  it('looks at small objects side by side, at larger ones alone, and changes one after the other', async () => {
    for (const n of numbers) await put(landedKey(n), landedUsers('gone', `stays-${n}`));
    for (const n of [3, 9]) large.add(landedKey(n));
    const { run } = await erase();
    expect(most).toEqual({ objects: LANES, replace: 1, besideLarge: 1 });
    expect(run.places.landing).toMatchObject({ objects: 12, rewritten: 12, rows: 12 });
    for (const n of numbers) expect(await usersOf(n)).toEqual([`stays-${n}`]);
  });

  it('reads files of tables side by side within one limit of memory, and looks into their rows', async () => {
    const config = defineConfig({ bucket: Bucket });
    const key = (n: number) => `${dayFolder(config, 'events', '2026-11-01')}${n}.parquet`;
    for (const n of numbers) {
      const user = n % 3 === 0 ? 'gone' : `u${n}`;
      const rows = `SELECT '${user}' AS user_id, '{"a":"${user}"}' AS user_json, ${n} AS n UNION ALL SELECT 'u', '{}', 0`;
      await put(key(n), await parquetOf(rows));
    }
    const before = await Promise.all(numbers.map((n) => read(key(n))));
    const { run } = await erase();
    expect(run.places.events).toMatchObject({ objects: 12, rewritten: 4, rows: 4 });
    for (const [i, n] of numbers.entries()) {
      const after = Buffer.from(await read(key(n)));
      const isSame = after.equals(before[i] ?? Buffer.of());
      expect({ n, isSame }).toEqual({ n, isSame: n % 3 !== 0 });
    }
    expect((await erase()).run.hasFound).toBe(false);
  });

  it('takes values of rows out of the entry of a day that a customer dropped, with its former versions', async () => {
    const dataset = { name: 'events', kind: 'events' as const, mapping: { unitIds: { userID: 'unit_id' } } };
    const source = { name: 'acme', bucket: 'acme-drops', owner: '123456789012', datasets: [dataset] };
    const config = defineConfig({ bucket: Bucket, curate: false, sources: [source] });
    await keepVersions();
    const { table = '' } = config.sources[0]?.datasets[0] ?? {};
    const entry = ledgerEntry({
      table,
      content: dayContent({
        unusual: [{ kind: 'values', field: 'eventValue', words: 'w', values: ['gone@x'] }],
      }),
    });
    const store = ledgerStore(s3ObjectStore(server.client, Bucket));
    const eTag = await store.write(entry, null);
    await store.write(entry, eTag);
    const key = ledgerKey(entry.source, entry.dataset, entry.day);
    const file = `${versionPrefix(config, table, entry.day, '20261119T000000Z-0123456789abcdef')}a.parquet`;
    await put(file, await parquetOf(`SELECT 'gone' AS user_id UNION ALL SELECT 'u'`));
    const bucket = countingBucket();
    const denied = { ...bucket, remove: async () => ({ denied: 'no' }) };
    await expect(erase({ config, bucket: denied })).rejects.toMatchObject({ code: 'SLUICE_ERASE_DENIED' });
    expect((await erase({ config })).run.places.ingested?.rows).toBe(1);
    expect((await store.read(entry))?.entry.content?.unusual).toEqual([
      { kind: 'values', field: 'eventValue', words: 'w' },
    ]);
    expect(await countingBucket().versions(key)).toHaveLength(1);
  });

  it('changes nothing after an error, though others are looked at, and goes on when it is run again', async () => {
    for (const n of numbers) await put(landedKey(n), landedUsers('gone', `stays-${n}`));
    let replaced = 0;
    const faultPoint = async (step: string) => {
      if (step !== 'replaced') return;
      replaced += 1;
      if (replaced === 3) throw new Error('killed');
    };
    await expect(erase({ faultPoint })).rejects.toThrow('killed');
    const left = await Promise.all(numbers.map(usersOf));
    expect(replaced).toBe(3);
    expect(left.filter((users) => users.includes('gone'))).toHaveLength(9);
    const { run } = await erase();
    expect(run.resumed).toBe(1);
    expect(run.hasFound).toBe(true);
    for (const n of numbers) expect(await usersOf(n)).toEqual([`stays-${n}`]);
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
    { what: 'a version of damaged/', key: damagedKey(landedKey(1)), isThere: false, goneBy: '2026-12-12' },
    { what: 'a version of the landing', key: landedKey(1), isThere: false, goneBy: '2026-11-25' },
  ])(
    'says by when $what is gone, with bytes that nobody can read',
    async ({ users = ['stays'], key, isThere, goneBy }) => {
      const retention = { dataVersionDays: 20, landingVersionDays: 3 };
      const config = defineConfig({ bucket: Bucket, curate: false, retention });
      await keepVersions();
      const damaged = Buffer.concat([landedUsers(...users), Buffer.from('more')]);
      await put(key, damaged);
      // Of several versions, the one that stays longest decides.
      await put(key, damaged);
      if (!isThere) await server.client.send(new DeleteObjectCommand({ Bucket, Key: key }));
      const { run } = await erase({ config, now: () => Date.UTC(2026, 10, 21) });
      expect(run.expiring).toEqual([{ key, goneBy, isThere }]);
    },
  );

  it('goes on behind the object at which it was killed, and leaves what comes before it to the next run', async () => {
    const results = (name: string) => put(name, Buffer.from('"gone"'));
    const first = 'query-results/a.csv';
    const before = 'ledger/_loads/a/a';
    const at = 'ledger/_loads/a/b';
    const behind = 'ledger/_loads/a/c';
    const last = 'reader-tables/left/a.csv';
    for (const key of [first, at, last]) await results(key);
    const kill = async (step: string) => {
      if (step === 'checkpoint' && !(await keysOf('ledger/_loads/')).includes(at)) throw new Error('killed');
    };
    await expect(erase({ faultPoint: kill })).rejects.toThrow('killed');
    for (const key of [first, before, behind]) await results(key);
    await put(landedKey(1), landedUsers('gone', 'stays'));
    const { run } = await erase();
    expect(run.places['query-results']).toMatchObject({ objects: 4, deleted: 4 });
    expect(await usersOf(1)).toEqual(['gone', 'stays']);
    expect([...(await keysOf('query-results/')), ...(await keysOf('ledger/_loads/'))]).toEqual([
      first,
      before,
    ]);
    expect(await keysOf('reader-tables/')).toEqual([]);
    expect((await erase()).run.places['query-results']).toMatchObject({ objects: 2, deleted: 2 });
    expect(await usersOf(1)).toEqual(['stays']);
  });

  it('has found what it has deleted before it was killed', async () => {
    await put('query-results/a.csv', Buffer.from('"gone"'));
    const kill = async (step: string) => {
      if (step === 'removed') throw new Error('killed');
    };
    await expect(erase({ faultPoint: kill })).rejects.toThrow('killed');
    expect(await keysOf('query-results/')).toEqual([]);
    expect((await erase()).run).toMatchObject({ hasFound: true, resumed: 1 });
  });

  it('goes through ingested tables whose names come before those of curated ones', async () => {
    const config = defineConfig({ bucket: Bucket });
    const version = '20261119T000000Z-0123456789abcdef';
    const gone = await parquetOf(`SELECT 'gone' AS user_id UNION ALL SELECT 'u'`);
    for (const table of ['acme_events', config.curatedTables.events])
      await put(`${versionPrefix(config, table, '2026-11-01', version)}a.parquet`, gone);
    const asked: unknown[] = [];
    const { run } = await erase({ askForDays: async (...days) => void asked.push(days) });
    expect(run.places).toMatchObject({ curated: { rewritten: 1 }, ingested: { rewritten: 1 } });
    const tables = { acme_events: ['2026-11-01'], [config.curatedTables.events]: ['2026-11-01'] };
    expect(asked).toEqual([[{ exposures: [], events: ['2026-11-01'] }, tables]]);
  });

  it('counts an object as rewritten whose version before may not be deleted, and names that', async () => {
    await keepVersions();
    for (const n of [1, 2]) await put(landedKey(n), landedUsers('gone', `stays-${n}`));
    const bucket = countingBucket();
    const remove: EraseBucket['remove'] = async (version, ifRead) =>
      version.key === landedKey(2) ? { denied: 'no' } : bucket.remove(version, ifRead);
    const { run } = await erase({ bucket: { ...bucket, remove } });
    expect(run.left).toMatchObject([{ key: landedKey(2), why: 'denied' }]);
    expect(run.places.landing).toMatchObject({ rewritten: 2, deleted: 2, rows: 2 });
    expect(await usersOf(2)).toEqual(['stays-2']);
    expect(await bucket.versions(landedKey(2))).toHaveLength(2);
    await erase();
    expect(await bucket.versions(landedKey(2))).toHaveLength(1);
  });

  it('takes a row of others out of no file of quarantine, and asks for no day of it', async () => {
    const config = defineConfig({ bucket: Bucket });
    const key = `${dayFolder(config, 'quarantine', '2026-11-01')}a.parquet`;
    const row = (user: string) => `SELECT '{"user":{"userID":"${user}"}}' AS raw, 'text' AS raw_encoding`;
    await put(key, await parquetOf(`${row('gone')} UNION ALL ${row('stays')}`));
    const asked: unknown[] = [];
    const { run } = await erase({ askForDays: async (...days) => void asked.push(days) });
    expect(run.places.quarantine).toMatchObject({ rewritten: 1, rows: 1 });
    expect(asked).toEqual([]);
    await writeFile(join(directory.path, 'left.parquet'), await read(key));
    expect(await duckDb(`SELECT raw FROM '${join(directory.path, 'left.parquet')}'`)).toEqual([
      { raw: '{"user":{"userID":"stays"}}' },
    ]);
  });

  describe('of a raw day', () => {
    const day = '2026-11-01';
    const config = defineConfig({ bucket: 'acme' });
    const file = `${dayFolder(config, 'events', day)}a.parquet`;
    const gone = () => parquetOf(`SELECT 'gone' AS user_id UNION ALL SELECT 'u'`);

    it('takes it out of the list that views read before its first file changes', async () => {
      const entry = { version: 'v', shape: 's', fingerprint: 'f' };
      const listed = listedDays(store());
      await listDays({ listed, ...timing }, 'events', new Map([[day, entry]]));
      await put(file, await gone());
      const before = await read(file);
      const faultPoint = async (step: string) => {
        if (step === 'taken_out') throw new Error('killed');
      };
      await erase({ dryRun: true });
      expect((await listed.read('events'))?.days).toEqual({ [day]: entry });
      await expect(erase({ faultPoint })).rejects.toThrow('killed');
      expect((await listed.read('events'))?.days).toEqual({});
      expect(await read(file)).toEqual(before);
    });

    it.each([
      { killed: 'replacing', keeps: true, other: false },
      { killed: 'replaced', keeps: true, other: false },
      { killed: 'replaced', keeps: true, other: true },
      { killed: 'replaced', keeps: false, other: false },
    ])(
      'notes once what has replaced a file, killed at $killed, with versions: $keeps, and a file of others since: $other',
      async ({ killed, keeps, other }) => {
        if (keeps) await keepVersions();
        const subject = curatedSubject(config, 'events', day);
        const entries = ledgerStore(store());
        await entries.write(ledgerEntry({ ...subject }), null);
        await put(file, await parquetOf('SELECT 1 AS other'));
        await put(file, await gone());
        const [{ eTag: from } = { eTag: '' }] = await countingBucket().versions(file);
        const faultPoint = async (step: string) => {
          if (step === killed) throw new Error('killed');
        };
        await expect(erase({ faultPoint })).rejects.toThrow('killed');
        // Of the same size as what this run has made.
        const made = await parquetOf(`SELECT 'u' AS user_id`);
        const size = (await read(file)).length;
        if (other) await put(file, await parquetOf(`SELECT 'x' AS user_id`));
        await erase();
        const to = `"${createHash('md5').update(made).digest('hex')}"`;
        expect({ size, erasures: (await entries.read(subject))?.entry.erasures }).toMatchObject({
          erasures: [{ endedAt: expect.any(Number), replaced: [{ name: 'a.parquet', from, to }] }],
        });
      },
    );
  });

  it.each([
    { what: 'is gone', answer: null },
    { what: 'is archived', answer: 'archived' as const },
    { what: 'is denied', answer: { denied: 'no' } },
    { what: 'is empty', answer: undefined },
  ])('takes no row for one whose refused body $what', async ({ answer }) => {
    const own = 'quarantine-large/2026-11-01/a';
    const others = 'quarantine-large/2026-11-01/b';
    await put(own, Buffer.from('{"user":{"userID":"gone"}}'));
    await put(others, Buffer.from(answer === undefined ? '' : '{"user":{"userID":"stays"}}'));
    const row = (key: string) => ({ raw: null, raw_location: `s3://${Bucket}/${key}` });
    await put(landedKey(1), landedRows('quarantine', row(own), row(others)));
    const bucket = countingBucket();
    let answers = answer === undefined ? 0 : 1;
    const fetch: EraseBucket['fetch'] = async (version, path) => {
      const isAnswered = version.key === others && answers > 0;
      if (!isAnswered || answer === undefined) return bucket.fetch(version, path);
      answers -= 1;
      return answer;
    };
    const { run } = await erase({ bucket: { ...bucket, fetch } });
    expect(run.places.landing).toMatchObject({ rows: 1 });
    const left = rowsOfRecord(Buffer.from(await read(landedKey(1))));
    expect(left.map(({ row: { raw_location } }) => raw_location)).toEqual([row(others).raw_location]);
  });

  it('hides an object only over versions that stay, or leaves it if that is denied', async () => {
    await keepVersions();
    const overOthers = 'query-results/a.csv';
    const overDenied = 'query-results/b.csv';
    const putResults = async (key: string, ...texts: readonly string[]) => {
      for (const text of texts) await put(key, Buffer.from(text));
    };
    await put(landedKey(1), landedUsers('stays'));
    await putResults(overOthers, '"stays"', '"gone"');
    const bucket = countingBucket();
    const hidesNothing = { ...bucket, hide: async () => ({ denied: 'no' }) };
    expect((await erase({ bucket: hidesNothing })).run.left).toMatchObject([
      { key: overOthers, why: 'denied' },
    ]);
    expect(await keysOf('query-results/')).toEqual([overOthers]);
    await putResults(overDenied, '"gone"', '"gone"');
    await putResults('query-results/c.csv', '"gone"', '"gone"');
    await putResults('query-results/d.csv', '"gone"');
    const [, older] = await bucket.versions(overDenied);
    const remove: EraseBucket['remove'] = async (version, ifRead) =>
      version.versionId === older?.versionId ? { denied: 'no' } : bucket.remove(version, ifRead);
    await erase({ bucket: { ...bucket, remove } });
    expect(await keysOf('query-results/')).toEqual([]);
    const list = new ListObjectVersionsCommand({ Bucket, Prefix: 'query-results/' });
    const { Versions = [], DeleteMarkers = [] } = await server.client.send(list);
    expect(Versions.map(({ Key, Size }) => [Key, Size])).toEqual([
      [overOthers, 7],
      [overDenied, 6],
    ]);
    expect(DeleteMarkers.map(({ Key }) => Key)).toEqual([overOthers, overDenied]);
  });

  it('is complete by a run that begins long enough after the end of the first, and of the last that found something', async () => {
    let now = Date.UTC(2026, 10, 20);
    const erasesIn = (ms: number) => {
      now += ms;
      // Each run takes ten milliseconds.
      const faultPoint = async (step: string) => {
        if (step === 'begun') now += 10;
      };
      return erase({ now: () => now, laterMs: 100, faultPoint });
    };
    const completeFrom = now + 110;
    expect(await erasesIn(0)).toMatchObject({ state: 'again', completeFrom });
    expect(await erasesIn(89)).toMatchObject({ state: 'again', completeFrom });
    expect(await erasesIn(90)).toMatchObject({ state: 'complete', completeFrom, runs: 3, forgotten: 0 });
    await put(landedKey(1), landedUsers('gone'));
    expect(await erasesIn(0)).toMatchObject({ state: 'again', completeFrom: now + 100 });
    expect(await erasesIn(100)).toMatchObject({ state: 'complete', total: { landing: { rows: 1 } } });
  });

  it('counts runs that its record has forgotten, and sums those of the last fifty', async () => {
    await erase();
    const [id = ''] = (await keysOf('ledger/_erasures/')).map((key) => key.slice(-37, -5));
    const manifests = erasures(store());
    const stored = await manifests.read(id);
    const [first] = stored?.manifest.runs ?? [];
    if (stored === null || first === undefined) throw new Error('no run');
    const counts = { objects: 9, versions: 9, rewritten: 1, deleted: 2, rows: 3, others: 4 };
    const places = { landing: { ...counts, mentions: 9, waiting: 9 } };
    const all = { ...places, relay: places.landing };
    const runs = Array.from({ length: 50 }, (_, i) => ({ ...first, places: i === 0 ? all : {} }));
    await manifests.write({ ...stored.manifest, runs, forgotten: 7 }, stored.eTag);
    expect(await erase()).toMatchObject({ runs: 58, forgotten: 8, total: {} });
    const before = await manifests.read(id);
    await manifests.write({ ...stored.manifest, runs: runs.slice(0, 49) }, before?.eTag ?? null);
    await put(landedKey(1), landedUsers('stays'));
    const last = { ...counts, mentions: 0, waiting: 0 };
    expect((await erase()).total).toMatchObject({
      landing: { ...last, objects: 1, versions: 1 },
      relay: { ...last, objects: 0, versions: 0 },
    });
  });

  it('goes on behind an object that is denied, and stops if the first one is', async () => {
    for (const n of numbers) await put(landedKey(n), landedUsers('gone'));
    const denying = (denied: string): Partial<Eraser> => {
      const bucket = countingBucket();
      const fetch: EraseBucket['fetch'] = async (version, path) =>
        version.key === denied ? { denied: 'no' } : bucket.fetch(version, path);
      return { bucket: { ...bucket, fetch }, dryRun: true };
    };
    const keys = numbers.map(landedKey).sort();
    await expect(erase(denying(keys[0] ?? ''))).rejects.toMatchObject({ code: 'SLUICE_ERASE_DENIED' });
    const { run } = await erase(denying(keys[1] ?? ''));
    expect(run.leftCount).toBe(1);
    expect(run.places.landing?.rows).toBe(11);
  });
});

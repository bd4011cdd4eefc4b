import {
  GetObjectCommand,
  HeadObjectCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { s3EraseBucket } from '../../../lib/aws/s3EraseBucket.ts';
import { s3ObjectStore } from '../../../lib/aws/s3ObjectStore.ts';
import { DAY_MS, utcDay } from '../../../lib/base/time.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { listedDays } from '../../../lib/curate/ListedDays.ts';
import { rawDays } from '../../../lib/curate/RawDays.ts';
import type { EraseBucket } from '../../../lib/erase/EraseBucket.ts';
import { type Eraser, eraseUnits } from '../../../lib/erase/eraseUnits.ts';
import { erasures } from '../../../lib/erase/Manifest.ts';
import { ParquetEraser } from '../../../lib/erase/ParquetEraser.ts';
import { erasureId, parseUnit } from '../../../lib/erase/Unit.ts';
import { UnitMatcher } from '../../../lib/erase/UnitMatcher.ts';
import { Ledger } from '../../../lib/ledger/Ledger.ts';
import { ledgerStore } from '../../../lib/ledger/ledgerStore.ts';
import { ledgerKey } from '../../../lib/tables/ledgerKeys.ts';
import { DAMAGED_DAYS, damagedKey } from '../../../lib/tables/objectKeys.ts';
import { dayFolder, versionPrefix } from '../../../lib/tables/tableFolders.ts';
import { startS3 } from '../../../packages/local-aws/src/testing/startS3.ts';
import { dayContent, ledgerEntry } from '../../harness/ledgerEntry.ts';
import { temporaryDirectory } from '../../harness/temporaryDirectory.ts';
import { parquetOf } from '../drops/load/startLoads.ts';
import { landedKey, landedUsers, usersIn } from './landedUsers.ts';

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
        yield page.map((object) =>
          large.has(object.key)
            ? { ...object, versions: object.versions.map((version) => ({ ...version, size: LARGE })) }
            : object,
        );
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
      owner: `process ${Math.random()}`,
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
    await server.client.send(
      new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }),
    );
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

  it('says by when bytes of damaged/ are gone that nobody can read', async () => {
    const key = damagedKey(landedKey(1));
    await put(key, Buffer.concat([landedUsers('stays', 'gone'), Buffer.from('more')]));
    const { run } = await erase();
    const { LastModified } = await server.client.send(new HeadObjectCommand({ Bucket, Key: key }));
    const { dataVersionDays } = defineConfig({ bucket: Bucket }).retention;
    // S3 rounds the object's end, and then the end of the version that it leaves, up to the next midnight.
    const days = DAMAGED_DAYS + 1 + dataVersionDays + 1;
    const goneBy = utcDay((LastModified?.getTime() ?? 0) + days * DAY_MS);
    expect(run.expiring).toEqual([{ key, goneBy, isThere: true }]);
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

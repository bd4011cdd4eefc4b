import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { addDays } from '../../../lib/base/time.ts';
import type { CustomerBucket, DropObject, DropPage } from '../../../lib/drops/CustomerBucket.ts';
import { type Drop, makeDrop } from '../../../lib/drops/Drop.ts';
import { type DatasetFolder, dropFolder, markerKey } from '../../../lib/drops/datasetFolder.ts';
import { type DropUse, listDrop, listEachDrop } from '../../../lib/drops/listDrops.ts';
import { lacksMarker } from '../../../lib/drops/plan/decideDay.ts';
import { DAY_FORMATS } from '../../../lib/schema/sources.ts';

const lastModified = new Date(0);
const object = (key: string): DropObject => ({ key, size: 1, eTag: '"1"', lastModified });

/** Each day as it is listed. */
async function listDays(
  bucket: Pick<CustomerBucket, 'list'>,
  dataset: DatasetFolder,
  days: readonly string[],
) {
  const drops = new Map<string, Drop>();
  const use: DropUse['use'] = async (day, drop) => {
    drops.set(day, drop);
  };
  await listEachDrop(bucket, dataset, days, { use });
  return drops;
}

/** Lists keys as S3 does, in pages of a size that tests choose: S3's own are too long for properties. */
function bucketOf(
  keys: readonly string[],
  pageKeys: number,
): Pick<CustomerBucket, 'list'> & { calls: number } {
  const sorted = [...new Set(keys)].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  const after = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b)) > 0;
  return {
    calls: 0,
    async list({ prefix, next }): Promise<DropPage> {
      this.calls += 1;
      const from = next ?? '';
      const left = sorted.filter((key) => key.startsWith(prefix) && after(key, from));
      const page = left.slice(0, pageKeys);
      return { objects: page.map(object), next: left.length > pageKeys ? page.at(-1) : undefined };
    },
  };
}

describe('listing a dataset’s days', () => {
  it('finds by a layout what the glob matches, listing each beginning once', async () => {
    const keys = [
      'in/2026/01/10/a.parquet',
      'in/2026/01/10/h=1/b.parquet',
      'in/2026/01/11/_SUCCESS',
      'in/2026/01/11/c.parquet',
      'in/2026/01/12/d.parquet',
      'in/other.json',
      'inn/2026/01/10/a.parquet',
    ];
    const prefixesOf = async (layout: string) => {
      const bucket = bucketOf(keys, 2);
      const dataset = { folder: 'in', dayFormat: 'YYYY-MM-DD', layout } as const;
      const drops = await listDays(bucket, dataset, ['2026-01-10', '2026-01-11']);
      const files = [...drops].map(([day, drop]) => [day, drop.files.map(({ key }) => key)]);
      return { calls: bucket.calls, files: Object.fromEntries(files) };
    };
    // Two folders of days, and Spark's log beside days, months and years.
    expect(await prefixesOf('YYYY/MM/DD/*.parquet')).toEqual({
      calls: 5,
      files: { '2026-01-10': ['in/2026/01/10/a.parquet'], '2026-01-11': ['in/2026/01/11/c.parquet'] },
    });
    expect(await prefixesOf('**/YYYY/MM/DD/**')).toEqual({
      calls: 3,
      files: {
        '2026-01-10': ['in/2026/01/10/a.parquet', 'in/2026/01/10/h=1/b.parquet'],
        '2026-01-11': ['in/2026/01/11/c.parquet'],
      },
    });
  });

  it('finds the log of Spark that is above the days of one of two months', async () => {
    const keys = ['01/31/a.parquet', '02/01/b.parquet', '02/_spark_metadata/0'].map(
      (rest) => `in/2026/${rest}`,
    );
    const dataset = { folder: 'in', dayFormat: 'YYYY/MM/DD' };
    const drops = await listDays(bucketOf(keys, 2), dataset, ['2026-01-31', '2026-02-01']);
    const folders = Array.from(drops.values(), ({ logs = [] }) => logs.map(({ folder }) => folder));
    expect(folders).toEqual([[], ['in/2026/02/']]);
  });

  it('finds all batches of a log of Spark that is listed in several pages', async () => {
    const batches = ['0', '1.compact', '2', '3', '4'].map((name) => `in/2026-02-01/_spark_metadata/${name}`);
    const keys = [...batches, 'in/2026-02-01/part-0.parquet'];
    const dataset = { folder: 'in', dayFormat: 'YYYY-MM-DD' };
    const [drop] = (await listDays(bucketOf(keys, 2), dataset, ['2026-02-01'])).values();
    expect(drop?.logs?.map((log) => log.batches.map(({ number }) => number))).toEqual([[1, 2, 3, 4]]);
  });

  it('finds a day whose folder has its midnight, and numbers without zeros, as it has them', async () => {
    const listed = async (dayFormat: string, keys: readonly string[], day: string) => {
      const dataset = { folder: 'in', dayFormat, waitFor: '_DONE' };
      const drop = await listDrop(bucketOf(keys, 3), dataset, day);
      const lacks = lacksMarker(drop, markerKey(dataset, day), null);
      return [drop.files.length, drop.leftOut.length, lacks];
    };
    const midnight = 'in/ds=2026-11-19 00%3A00%3A00/';
    const keys = [
      `${midnight}a.parquet`,
      `${midnight}c=DE/b.parquet`,
      `${midnight}_DONE`,
      `${midnight}_x/c.parquet`,
    ];
    expect(await listed('ds=YYYY-MM-DD', [...keys, 'in/ds=2026-11-19-old/a.parquet'], '2026-11-19')).toEqual([
      2,
      2,
      false,
    ]);
    const unpadded = ['9/a.parquet', '09/b.parquet', '19/c.parquet', '9/_DONE'];
    const all = unpadded.map((rest) => `in/year=2026/month=1/day=${rest}`);
    expect(await listed('year=YYYY/month=M/day=D', all, '2026-01-09')).toEqual([1, 1, false]);
  });

  it('finds exactly the objects in their folders, in every format, whatever lies between them', async () => {
    const name = fc.constantFrom('a.parquet', 'h=1/b.parquet', '_SUCCESS', 'é😀.parquet', 'a\nb', '');
    const key = fc.record({ day: fc.integer({ min: 0, max: 40 }), name });
    const junk = fc.constantFrom(
      'in/2026-01-10-old/a.parquet',
      'in/2026-01-10.x/a.parquet',
      'in/20260110-old/a',
      'in/ds=2026-01-10/a',
      'in/2026-01-1',
      'in/2026-01-20',
      'in/latest/a.parquet',
      'in/2026-02-30/a.parquet',
      'in/2026-01-10😀/a.parquet',
      'inn/2026-01-10/a.parquet',
      'in/20260110/a',
    );
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...DAY_FORMATS, 'ds=YYYY-MM-DD', 'MM-DD=YYYY-MM-DD', 'd=YYYY-M-D', 'y=YYYY/m=M/d=D'),
        fc.array(key, { maxLength: 40 }),
        fc.array(junk, { maxLength: 12 }),
        fc.uniqueArray(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 1, max: 7 }),
        async (dayFormat, made, others, numbers, pageKeys) => {
          const dataset = { folder: 'in', dayFormat };
          const keys = [
            ...made.map(
              (madeFile) => `${dropFolder(dataset, addDays('2026-01-01', madeFile.day))}${madeFile.name}`,
            ),
            ...others,
          ];
          const bucket = bucketOf(keys, pageKeys);
          const days = numbers.map((number) => addDays('2026-01-01', number));
          const drops = await listDays(bucket, dataset, days);
          expect([...drops.keys()].sort()).toEqual([...days].sort());
          for (const [day, drop] of drops) {
            const folder = dropFolder(dataset, day);
            const inside = [...new Set(keys)].filter((candidate) => candidate.startsWith(folder)).map(object);
            const expected = makeDrop(inside, folder);
            expect(drop.fingerprint).toBe(expected.fingerprint);
            expect(drop.leftOut.length).toBe(expected.leftOut.length);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it('fails by name after a maximum number of calls', async () => {
    const endless: Pick<CustomerBucket, 'list'> = {
      list: async () => ({ objects: [object('in/2026-01-01/a.parquet')], next: 'x' }),
    };
    await expect(
      listDrop(endless, { folder: 'in', dayFormat: 'YYYY-MM-DD' }, '2026-01-01'),
    ).rejects.toMatchObject({
      code: 'SLUICE_SOURCE_TOO_MANY_OBJECTS',
      detail: 'in/2026-01-01: more than 10,000,000 objects.',
    });
  });
});

describe('the objects of one check', () => {
  const days = ['2026-01-01', '2026-01-02', '2026-01-03', '2026-01-04'];
  const MOST = 200_000;

  it.each([undefined, '**/YYYY-MM-DD/*.parquet'])(
    'are counted over all of its days, by layout %s',
    async (layout) => {
      let listed = 0;
      const bucket: Pick<CustomerBucket, 'list'> = {
        async list({ prefix, next = '0' }) {
          if (prefix.includes('_')) return { objects: [], next: undefined };
          // The last day has one object more than the others.
          const day = days.find((candidate) => prefix.includes(candidate));
          const most = day === undefined ? MOST : MOST / days.length;
          const last = day === undefined || day === days.at(-1) ? most + 1 : most;
          const to = Math.min(Number(next) + 1_000, last);
          const objects = Array.from({ length: to - Number(next) }, (_, i) => {
            const number = Number(next) + i;
            return object(`in/${day ?? days[number % days.length]}/${number}.parquet`);
          });
          listed += objects.length;
          return { objects, next: to < last ? String(to) : undefined };
        },
      };
      const dataset = { folder: 'in', dayFormat: 'YYYY-MM-DD', layout } as const;
      await expect(listDays(bucket, dataset, days)).rejects.toMatchObject({
        code: 'SLUICE_SOURCE_TOO_MANY_OBJECTS',
      });
      expect(listed).toBe(MOST + 1);
    },
  );
});

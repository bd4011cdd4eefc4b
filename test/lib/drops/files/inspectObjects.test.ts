import { Readable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { makeDrop } from '../../../../lib/drops/Drop.ts';
import { dropFolder } from '../../../../lib/drops/datasetFolder.ts';
import { inspectObjects } from '../../../../lib/drops/files/inspectObjects.ts';
import { listDrop } from '../../../../lib/drops/listDrops.ts';
import { requirePlainFiles } from '../../../../lib/drops/tableFormats.ts';

const DAY = '2026-11-19';
const PARQUET = 'PAR1 rows PAR1';

/** A bucket of some texts by key. */
function bucketOf(texts: Readonly<Record<string, string>>) {
  const reads: unknown[] = [];
  const objects = Object.entries(texts).map(([key, text]) => ({
    key,
    size: text.length,
    eTag: '"1"',
    lastModified: new Date(0),
  }));
  return {
    reads,
    list: async ({ prefix }: { prefix: string }) => ({
      objects: objects.filter(({ key }) => key.startsWith(prefix)),
      next: undefined,
    }),
    read: async ({ key }: { key: string }, range?: { first: number; last: number }) => {
      reads.push([key, range?.first]);
      const text = texts[key] ?? '';
      return Readable.from([Buffer.from(text.slice(range?.first, (range?.last ?? text.length) + 1))]);
    },
  };
}

describe('a file without a Parquet name', () => {
  const inspect = async (texts: Readonly<Record<string, string>>) => {
    const bucket = bucketOf(texts);
    const { objects } = await bucket.list({ prefix: '' });
    const { files = [] } = (await inspectObjects(bucket, makeDrop(objects, 'd/'))) ?? {};
    return { files: files.map(({ key }) => key), reads: bucket.reads };
  };

  // Athena's UNLOAD gives no file an ending.
  it.each(['a.snappy', 'part-0.c000', 'x.user', 'a.csv', 'a.parquet.gz', 'deep/a.b/c.zst', '1_00012_ab'])(
    'is a file to load if its bytes are Parquet, and none otherwise: %s',
    async (name) => {
      expect((await inspect({ [`d/${name}`]: PARQUET })).files).toEqual([`d/${name}`]);
      expect((await inspect({ [`d/${name}`]: 'a text that ends with PAR' })).files).toEqual([]);
    },
  );

  it('costs at most two reads of four bytes, and none if its name ends with .parquet', async () => {
    const texts = {
      'd/ba.parquet': PARQUET,
      'd/b': PARQUET,
      'd/c': 'no Parquet',
      'd/d': 'short',
      'd/e': 'rowsPAR1',
    };
    expect(await inspect(texts)).toEqual({
      files: ['d/b', 'd/ba.parquet', 'd/e'],
      reads: expect.arrayContaining([
        ['d/b', 0],
        ['d/c', 0],
        ['d/c', 6],
        ['d/e', 0],
        ['d/e', 4],
      ]),
    });
  });
});

it.each([1, 2])('has the caller list again if an object is gone at its read number %i', async (gone) => {
  const bucket = bucketOf({ 'd/a': 'rowsPAR1' });
  const { objects } = await bucket.list({ prefix: '' });
  const read: Parameters<typeof inspectObjects>[0]['read'] = async (...asked) =>
    bucket.reads.length === gone - 1 ? null : bucket.read(...asked);
  expect(await inspectObjects({ read }, makeDrop(objects, 'd/'))).toBeNull();
});

describe('a table with a log of its valid files', () => {
  const judge = async (folder: string, key: string) => {
    const dataset = { folder, dayFormat: 'YYYY-MM-DD' } as const;
    const bucket = bucketOf({ [`${dropFolder(dataset, DAY)}a.parquet`]: PARQUET, [key]: '{}' });
    await requirePlainFiles(bucket, dataset, DAY, await listDrop(bucket, dataset, DAY));
  };

  it.each<{ readonly folder?: string; readonly key: string; readonly code: string }>([
    { key: `events/${DAY}/_delta_log/00000000000000000000.json`, code: 'SLUICE_SOURCE_DELTA_TABLE' },
    { key: `events/${DAY}/table/_delta_log/_sidecars/x.parquet`, code: 'SLUICE_SOURCE_DELTA_TABLE' },
    { key: 'events/_delta_log/00000000000000000010.checkpoint.parquet', code: 'SLUICE_SOURCE_DELTA_TABLE' },
    { key: `events/${DAY}/metadata/00001-0a1b.metadata.json`, code: 'SLUICE_SOURCE_ICEBERG_TABLE' },
    { key: `events/${DAY}/metadata/v1.gz.metadata.json`, code: 'SLUICE_SOURCE_ICEBERG_TABLE' },
    { key: `events/${DAY}/metadata/metadata/snap-1.avro`, code: 'SLUICE_SOURCE_ICEBERG_TABLE' },
    { key: 'events/metadata/version-hint.text', code: 'SLUICE_SOURCE_ICEBERG_TABLE' },
    { key: `events/${DAY}/.hoodie/hoodie.properties`, code: 'SLUICE_SOURCE_HUDI_TABLE' },
    { key: `events/${DAY}/.hoodie_partition_metadata`, code: 'SLUICE_SOURCE_HUDI_TABLE' },
    { key: 'events/.hoodie/hoodie.properties', code: 'SLUICE_SOURCE_HUDI_TABLE' },
    // Tables of which the dataset's folder is a partition.
    {
      folder: 'events/country=DE',
      key: 'events/_delta_log/00000000000000000001.json',
      code: 'SLUICE_SOURCE_DELTA_TABLE',
    },
    {
      folder: 'a/b/country=DE/hour=1',
      key: 'a/b/.hoodie/hoodie.properties',
      code: 'SLUICE_SOURCE_HUDI_TABLE',
    },
    { folder: 't/data/country=DE', key: 't/metadata/v1.metadata.json', code: 'SLUICE_SOURCE_ICEBERG_TABLE' },
    { folder: 'country=DE', key: '_delta_log/00000000000000000001.json', code: 'SLUICE_SOURCE_DELTA_TABLE' },
  ])('is rejected with $code by $key', async ({ folder = 'events', key, code }) => {
    await expect(judge(folder, key)).rejects.toMatchObject({ code, detail: `${key}.` });
  });

  it.each([
    { folder: 'events', key: `events/${DAY}/base_0000002/000000_0` },
    { folder: 'events', key: `events/${DAY}/base_5/a.parquet` },
    { folder: 'events', key: `events/${DAY}/base_0000002_v0000123/000000_0` },
    { folder: 'events', key: `events/${DAY}/delta_0000001_0000001_0000/000000_0` },
    { folder: 'events', key: `events/${DAY}/delta_0000001_0000001/bucket_00000` },
    { folder: 'events', key: `events/${DAY}/delta_0000001_0000004_v0000017/000000_0` },
    { folder: 'events', key: `events/${DAY}/country=DE/delete_delta_0000003_0000003_0000/bucket_00000` },
    { folder: 'events', key: `events/${DAY}/delta_0000001_0000001_0000/HIVE_UNION_SUBDIR_1/000000_0` },
    { folder: 'events', key: `events/${DAY}/base_0000002/_orc_acid_version` },
    // Beside the days, and above them.
    { folder: 'events', key: 'events/base_0000002/000000_0' },
    { folder: 'events', key: 'events/delta_0000001_0000001_0000/000000_0' },
    { folder: 'events', key: 'events/delete_delta_0000001_0000001/000000_0' },
    { folder: 't/base_0000002', key: `t/base_0000002/${DAY}/a.parquet` },
  ])('is rejected by name, as a transactional one of Hive: $folder, $key', async ({ folder, key }) => {
    await expect(judge(folder, key)).rejects.toMatchObject({
      code: 'SLUICE_SOURCE_HIVE_TABLE',
      detail: `${key}.`,
    });
  });

  it.each([
    { folder: 'events/country=DE', key: 'events/_spark_metadata/0' },
    { folder: 'a/b/country=DE/hour=1', key: 'a/b/_spark_metadata/9.compact' },
    { folder: 'country=DE', key: '_spark_metadata/0' },
  ])(
    'is rejected by name if Spark has its log above the dataset’s folder: $folder, $key',
    async ({ folder, key }) => {
      await expect(judge(folder, key)).rejects.toMatchObject({
        code: 'SLUICE_SOURCE_SPARK_LOG_ABOVE',
        detail: `${key}.`,
      });
    },
  );

  it.each([
    `events/${DAY}/base_v2/a.parquet`,
    `events/${DAY}/database_1/a.parquet`,
    `events/${DAY}/delta_7/a.parquet`,
    `events/${DAY}/delta_new/a.parquet`,
    `events/${DAY}/base_0000002.parquet`,
    `events/${DAY}/base_0000002/`,
    'events/base_line/a.parquet',
    'events/_spark_metadata/0',
    'elsewhere/_spark_metadata/0',
    `events/${DAY}/metadata/columns.json`,
    'events/metadata/README.md',
    'events/_delta_log_old/0.json',
    'events/.hoodie.bak/a',
    'eventsmetadata/v1.metadata.json',
  ])('is distinguished from folders of the same names without a log: %s', async (key) => {
    await expect(judge('events', key)).resolves.toBeUndefined();
  });
});

import { describe, expect, it } from '@jest/globals';
import { dropFolder } from '../../../lib/drops/datasetFolder.ts';
import { listDrop } from '../../../lib/drops/listDrops.ts';
import { requirePlainFiles } from '../../../lib/drops/tableFormats.ts';
import { bucketOf, DAY, PARQUET } from './files/judgedFiles.ts';

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

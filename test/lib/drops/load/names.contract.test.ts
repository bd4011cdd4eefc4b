import { PutObjectCommand } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { customerBucketFrom } from '../../../../lib/aws/customerBucket.ts';
import type { Loader } from '../../../../lib/drops/load/Loader.ts';
import { DAY, DROPS, type Loads, parquetOf, readEvents, someEvents, startLoads } from './startLoads.ts';

let loads: Loads;
let good: Uint8Array;
beforeEach(async () => {
  loads = await startLoads();
  good = await parquetOf(someEvents(0, 3));
});
afterEach(() => loads.close());

const text = new TextEncoder().encode('timestamp,event_name,unit_id\n1,seen,u1\n');
const put = (Key: string, Body: Uint8Array) =>
  loads.theirs.send(new PutObjectCommand({ Bucket: DROPS, Key, Body }));
const failed = (code: string) => ({ outcome: 'failed', failure: { code } });

describe('a file without a Parquet name', () => {
  it.each([
    'a.snappy',
    'part-0.c000',
    'x.user',
    'part.parquet.snappy',
    'a.csv',
    'a.parquet.gz',
    'deep/a.b/c.zst',
    // Redshift's UNLOAD writes a manifest of this name. Athena's gives no file an ending.
    'manifest',
    'README',
    '20261119_061500_00012_abcde_1f4b',
  ])('is loaded if its bytes are Parquet, and otherwise left out: %s', async (name) => {
    const key = await loads.drop(name, good);
    expect(await loads.load()).toMatchObject({ outcome: 'succeeded', rows: { out: 3 } });
    expect(await loads.read()).toEqual(readEvents(0, 3));
    expect((await loads.entry())?.files).toMatchObject([{ key, fate: 'loaded' }]);
    expect(await loads.load({ reason: 'changed' })).toEqual({ outcome: 'unchanged' });

    await loads.drop('b.parquet', someEvents(3, 4));
    await loads.remove(name);
    await loads.load({ reason: 'backfill' });
    await loads.drop(name, text);
    expect(await loads.load({ reason: 'changed' })).toMatchObject({ outcome: 'succeeded' });
    expect((await loads.entry())?.files).toMatchObject([
      { fate: 'loaded' },
      { key, fate: 'left_out', reason: 'not_parquet' },
    ]);
  });

  it('of one byte is left out as well', async () => {
    await loads.drop('a.parquet', good);
    await loads.drop('DONE', text.subarray(0, 1));
    expect(await loads.load()).toMatchObject({ outcome: 'succeeded', rows: { out: 3 } });
    expect((await loads.entry())?.files).toMatchObject([{ fate: 'loaded' }, { reason: 'not_parquet' }]);
  });

  it('keeps its rows when it is replaced by a file that is not Parquet', async () => {
    await loads.drop('a.snappy', good);
    await loads.drop('b.parquet', someEvents(3, 4));
    await loads.load();
    await loads.drop('a.snappy', text);
    expect(await loads.load({ reason: 'changed' })).toMatchObject(failed('SLUICE_SOURCE_FILES_REPLACED'));
    expect(await loads.read()).toEqual(readEvents(0, 4));
  });

  it('fails the day if it is truncated, damaged or encrypted Parquet', async () => {
    const lastByte = good.byteLength - 4;
    const marked = (at: number, mark: string) => Buffer.from(good).fill(mark, at, at + 4, 'latin1');
    const codes: [Uint8Array, string][] = [
      [good.subarray(0, -9), 'SLUICE_INGEST_FILE_TRUNCATED'],
      [marked(0, 'XXXX'), 'SLUICE_INGEST_FILE_NOT_PARQUET'],
      [
        Buffer.from(marked(0, 'PARE')).fill('PARE', lastByte, undefined, 'latin1'),
        'SLUICE_INGEST_FILE_ENCRYPTED',
      ],
      [marked(lastByte, 'PARE'), 'SLUICE_INGEST_FILE_ENCRYPTED'],
    ];
    for (const [bytes, code] of codes) {
      await loads.drop('a.snappy', bytes);
      expect(await loads.load({ reason: 'changed' })).toMatchObject(failed(code));
      expect((await loads.entry())?.files).toMatchObject([{ fate: 'failed', reason: code }]);
    }
  });

  it('is checked again when it is replaced meanwhile, and reported when it cannot be read', async () => {
    const key = await loads.drop('a.snappy', text);
    await loads.drop('b.parquet', someEvents(3, 4));
    let times = 0;
    const listed = async () => {
      times += 1;
      if (times === 1) await loads.drop('a.snappy', good);
    };
    expect(await loads.load({ at: { listed } })).toMatchObject({ outcome: 'succeeded', rows: { out: 4 } });
    expect(times).toBe(2);

    await loads.drop('c.parquet', someEvents(4, 5));
    const { Statement, Version } = JSON.parse(JSON.stringify(loads.bucketPolicy));
    const Resource = `arn:aws:s3:::${DROPS}/${key}`;
    const deny = { Effect: 'Deny', Principal: '*', Action: 's3:GetObject', Resource };
    await loads.setPolicy({ Version, Statement: [...Statement, deny] });
    await loads.drop('a.snappy', await parquetOf(someEvents(0, 2)));
    expect(await loads.load({ reason: 'changed' })).toMatchObject(failed('SLUICE_SOURCE_ACCESS_DENIED'));
    expect((await loads.entry())?.files.find((file) => file.key === key)).toMatchObject({
      fate: 'failed',
      reason: 'SLUICE_SOURCE_ACCESS_DENIED',
    });
  });

  it('costs at most two reads of four bytes, and none if its name ends with .parquet', async () => {
    const asked: [string, unknown][] = [];
    const customerBucket: Loader['customerBucket'] = (source) => {
      const bucket = customerBucketFrom(loads.s3, source);
      const read: typeof bucket.read = (object, range) => {
        asked.push([object.key.split('/')[2] ?? '', range]);
        return bucket.read(object, range);
      };
      return { ...bucket, read };
    };
    for (const name of ['a.parquet', 'b.snappy']) await loads.drop(name, good);
    await loads.drop('c.csv', text);
    await loads.drop('d.csv', text.subarray(0, 3));
    await loads.load({ loader: { customerBucket } });
    const size = text.byteLength;
    expect(asked.sort()).toEqual([
      ['a.parquet', undefined],
      ['b.snappy', undefined],
      ['b.snappy', { first: 0, last: 3 }],
      ['c.csv', { first: 0, last: 3 }],
      ['c.csv', { first: size - 4, last: size - 1 }],
    ]);
  });
});

describe('a table with a log of its valid files', () => {
  const json = new TextEncoder().encode('{}');
  it.each([
    [`events/${DAY}/_delta_log/00000000000000000000.json`, 'SLUICE_SOURCE_DELTA_TABLE'],
    [`events/${DAY}/table/_delta_log/_sidecars/x.parquet`, 'SLUICE_SOURCE_DELTA_TABLE'],
    ['events/_delta_log/00000000000000000010.checkpoint.parquet', 'SLUICE_SOURCE_DELTA_TABLE'],
    [`events/${DAY}/metadata/00001-0a1b.metadata.json`, 'SLUICE_SOURCE_ICEBERG_TABLE'],
    [`events/${DAY}/metadata/v1.gz.metadata.json`, 'SLUICE_SOURCE_ICEBERG_TABLE'],
    [`events/${DAY}/metadata/metadata/snap-1.avro`, 'SLUICE_SOURCE_ICEBERG_TABLE'],
    ['events/metadata/version-hint.text', 'SLUICE_SOURCE_ICEBERG_TABLE'],
    [`events/${DAY}/.hoodie/hoodie.properties`, 'SLUICE_SOURCE_HUDI_TABLE'],
    [`events/${DAY}/.hoodie_partition_metadata`, 'SLUICE_SOURCE_HUDI_TABLE'],
    ['events/.hoodie/hoodie.properties', 'SLUICE_SOURCE_HUDI_TABLE'],
  ])('is rejected by name, and earlier loads stay: %s', async (key, code) => {
    await loads.drop('a.parquet', good);
    await loads.load();
    await put(key, json);
    await loads.drop('b.parquet', someEvents(3, 4));
    for (const reason of ['changed', 'triggered', 'backfill'] as const)
      expect(await loads.load({ reason })).toMatchObject({
        ...failed(code),
        failure: { message: expect.stringContaining(key) },
      });
    expect(await loads.read()).toEqual(readEvents(0, 3));
  });

  it('is distinguished from folders of the same names without a log', async () => {
    await loads.drop('a.parquet', good);
    await put(`events/${DAY}/metadata/columns.json`, json);
    await put('events/metadata/README.md', json);
    await put('events/_delta_log_old/0.json', json);
    await put('events/.hoodie.bak/a', json);
    await put('eventsmetadata/v1.metadata.json', json);
    expect(await loads.load()).toMatchObject({ outcome: 'succeeded' });
  });

  it.each([
    ['events/country=DE', 'events/_delta_log/00000000000000000001.json', 'SLUICE_SOURCE_DELTA_TABLE'],
    ['a/b/country=DE/hour=1', 'a/b/.hoodie/hoodie.properties', 'SLUICE_SOURCE_HUDI_TABLE'],
    ['t/data/country=DE', 't/metadata/v1.metadata.json', 'SLUICE_SOURCE_ICEBERG_TABLE'],
    ['country=DE', '_delta_log/00000000000000000001.json', 'SLUICE_SOURCE_DELTA_TABLE'],
  ])('can be the table of which the dataset’s folder %s is a partition', async (folder, key, code) => {
    await loads.close();
    loads = await startLoads({ folder });
    await put(`${folder}/${DAY}/a.parquet`, good);
    expect(await loads.load()).toMatchObject({ outcome: 'succeeded' });
    await put(key, json);
    expect(await loads.load({ reason: 'backfill' })).toMatchObject(failed(code));
  });

  it('can lie beside the dataset’s folder if that is called data, where we may have no access', async () => {
    await loads.close();
    loads = await startLoads({ folder: 'events/data' });
    await put(`events/data/${DAY}/a.parquet`, good);
    const { Statement, Version } = JSON.parse(JSON.stringify(loads.bucketPolicy));
    const deny = {
      Effect: 'Deny',
      Principal: '*',
      Action: 's3:ListBucket',
      Resource: `arn:aws:s3:::${DROPS}`,
    };
    const Condition = { StringNotLike: { 's3:prefix': 'events/data/*' } };
    await loads.setPolicy({ Version, Statement: [...Statement, { ...deny, Condition }] });
    expect(await loads.load()).toMatchObject({ outcome: 'succeeded' });
    await put('events/metadata/v1.metadata.json', json);
    expect(await loads.load({ reason: 'backfill' })).toMatchObject({ outcome: 'succeeded' });
    await loads.setPolicy(loads.bucketPolicy);
    expect(await loads.load({ reason: 'backfill' })).toMatchObject(failed('SLUICE_SOURCE_ICEBERG_TABLE'));
  });
});

import { PutObjectCommand } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
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
  it('is loaded if its bytes are Parquet, and otherwise left out', async () => {
    const key = await loads.drop('a.snappy', good);
    expect(await loads.load()).toMatchObject({ outcome: 'succeeded', rows: { out: 3 } });
    expect((await loads.entry())?.files).toMatchObject([{ key, fate: 'loaded' }]);
    expect(await loads.load({ reason: 'changed' })).toEqual({ outcome: 'unchanged' });

    await loads.drop('b.parquet', someEvents(3, 4));
    await loads.remove('a.snappy');
    await loads.load({ reason: 'backfill' });
    await loads.drop('a.snappy', text);
    expect(await loads.load({ reason: 'changed' })).toMatchObject({ outcome: 'succeeded' });
    expect((await loads.entry())?.files).toMatchObject([
      { fate: 'loaded' },
      { key, fate: 'left_out', reason: 'not_parquet' },
    ]);
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
    await loads.deny({ Action: 's3:GetObject', Resource: `arn:aws:s3:::${DROPS}/${key}` });
    await loads.drop('a.snappy', await parquetOf(someEvents(0, 2)));
    expect(await loads.load({ reason: 'changed' })).toMatchObject(failed('SLUICE_SOURCE_ACCESS_DENIED'));
    expect((await loads.entry())?.files.find((file) => file.key === key)).toMatchObject({
      fate: 'failed',
      reason: 'SLUICE_SOURCE_ACCESS_DENIED',
    });
  });
});

describe('a table with a log of its valid files', () => {
  const json = new TextEncoder().encode('{}');

  it('can lie beside the dataset’s folder if that is called data, where we may have no access', async () => {
    await loads.close();
    loads = await startLoads({ folder: 'events/data' });
    await put(`events/data/${DAY}/a.parquet`, good);
    const Condition = { StringNotLike: { 's3:prefix': 'events/data/*' } };
    await loads.deny({ Action: 's3:ListBucket', Resource: `arn:aws:s3:::${DROPS}`, Condition });
    expect(await loads.load()).toMatchObject({ outcome: 'succeeded' });
    await put('events/metadata/v1.metadata.json', json);
    expect(await loads.load({ reason: 'backfill' })).toMatchObject({ outcome: 'succeeded' });
    await loads.setPolicy(loads.bucketPolicy);
    expect(await loads.load({ reason: 'backfill' })).toMatchObject(failed('SLUICE_SOURCE_ICEBERG_TABLE'));
  });
});

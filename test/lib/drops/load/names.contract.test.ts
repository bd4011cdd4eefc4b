import { PutObjectCommand } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { parquetOf } from '../../../harness/parquetOf.ts';
import { DAY, DROPS, ends, type Loads, someEvents, startLoads } from './startLoads.ts';

let loads: Loads;
let good: Uint8Array;
beforeEach(async () => {
  loads = await startLoads();
  good = await parquetOf(someEvents(0, 3));
});
afterEach(() => loads.close());

const text = Buffer.from('timestamp,event_name,unit_id\n1,seen,u1\n');
const put = (Key: string, Body: Uint8Array) =>
  loads.theirs.send(new PutObjectCommand({ Bucket: DROPS, Key, Body }));
const failed = (code: string) => ({ outcome: 'failed', failure: { code } });

describe('a file without a Parquet name', () => {
  it('is loaded if its bytes are Parquet', async () => {
    const key = await loads.drop('a.snappy', good);
    await ends(loads.load(), 'succeeded', { rows: { out: 3 } });
    await loads.expectFiles([{ key, fate: 'loaded' }]);
    await ends(loads.load({ reason: 'changed' }), 'unchanged');
  });

  it.each([
    { what: 'is truncated', begins: 'PAR1', ends: null, code: 'SLUICE_INGEST_FILE_TRUNCATED' },
    {
      what: 'does not begin as Parquet',
      begins: 'XXXX',
      ends: 'PAR1',
      code: 'SLUICE_INGEST_FILE_NOT_PARQUET',
    },
    { what: 'is encrypted', begins: 'PARE', ends: 'PARE', code: 'SLUICE_INGEST_FILE_ENCRYPTED' },
    {
      what: 'has an encrypted footer',
      begins: 'PAR1',
      ends: 'PARE',
      code: 'SLUICE_INGEST_FILE_ENCRYPTED',
    },
  ])('fails the day if it $what', async ({ begins, ends, code }) => {
    const bytes = Buffer.from(good).fill(begins, 0, 4, 'latin1');
    const body =
      ends === null ? bytes.subarray(0, -9) : bytes.fill(ends, bytes.byteLength - 4, undefined, 'latin1');
    await loads.drop('a.snappy', body);
    expect(await loads.load()).toMatchObject(failed(code));
    await loads.expectFiles([{ fate: 'failed', reason: code }]);
  });

  it('is checked again when it is replaced meanwhile', async () => {
    await loads.drop('a.snappy', text);
    await loads.dropEvents('b', 3, 4);
    let times = 0;
    const listed = async () => {
      times += 1;
      if (times === 1) await loads.drop('a.snappy', good);
    };
    await ends(loads.load({ at: { listed } }), 'succeeded', { rows: { out: 4 } });
    expect(times).toBe(2);
  });

  it('fails the day by name when its bytes can not be read', async () => {
    const key = await loads.drop('a.snappy', good);
    await loads.deny({ Action: 's3:GetObject', Resource: `arn:aws:s3:::${DROPS}/${key}` });
    const code = 'SLUICE_SOURCE_ACCESS_DENIED';
    expect(await loads.load()).toMatchObject(failed(code));
    await loads.expectFiles([{ key, fate: 'failed', reason: code }]);
  });
});

describe('a folder called data, beside which a table would have its log', () => {
  beforeEach(async () => {
    await loads.close();
    loads = await startLoads({ folder: 'events/data' });
    await put(`events/data/${DAY}/a.parquet`, good);
  });
  const putLog = () => put('events/metadata/v1.metadata.json', Buffer.from('{}'));

  it('is refused as a part of a table that has one', async () => {
    await putLog();
    expect(await loads.load()).toMatchObject(failed('SLUICE_SOURCE_ICEBERG_TABLE'));
  });

  it('is loaded where we may not look beside it', async () => {
    await putLog();
    const Condition = { StringNotLike: { 's3:prefix': 'events/data/*' } };
    await loads.deny({ Action: 's3:ListBucket', Resource: `arn:aws:s3:::${DROPS}`, Condition });
    await ends(loads.load(), 'succeeded');
  });
});

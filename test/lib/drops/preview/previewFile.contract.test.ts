import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { customerBucketFrom } from '../../../../lib/aws/customerBucket.ts';
import { type Preview, previewFile } from '../../../../lib/drops/preview/previewFile.ts';
import { OWNER_ACCOUNT } from '../../../../packages/local-aws/src/s3/index.ts';
import { type RunningS3, startS3 } from '../../../../packages/local-aws/src/testing/startS3.ts';
import { decimalFields, setElement } from '../../parquet/editFooter.ts';
import { type DatasetInput, MappingBench, subjectOf } from '../engine/MappingBench.ts';

let bench: MappingBench;
let s3: RunningS3;
let previews = 0;
beforeAll(async () => {
  [bench, s3] = await Promise.all([MappingBench.open(), startS3()]);
  await s3.client.send(new CreateBucketCommand({ Bucket: 'acme-drops' }));
});
afterAll(async () => {
  bench.close();
  await s3.close();
});

/** Puts a file into the bucket and previews it. */
async function preview(
  body: Buffer,
  key = 'events/2026-11-20/part-0.parquet',
  shown = 3,
  dataset: DatasetInput = { kind: 'events' },
): Promise<Preview> {
  await s3.client.send(new PutObjectCommand({ Bucket: 'acme-drops', Key: key, Body: body }));
  const bucket = customerBucketFrom(s3.client, { name: 'acme', bucket: 'acme-drops', owner: OWNER_ACCOUNT });
  const [object] = (await bucket.list({ prefix: key })).objects;
  if (object === undefined) throw new RangeError('It was not listed.');
  previews += 1;
  return previewFile({
    bucket,
    object,
    subject: subjectOf(dataset),
    shown,
    path: join(bench.directory, `preview-${previews}.parquet`),
    loadedAt: Date.UTC(2026, 10, 21),
    limits: bench.limits,
  });
}

const ROWS = `SELECT CASE WHEN i % 10 = 3 THEN NULL ELSE 1795169730 - i END AS timestamp, 'e' AS event_name, 'u' || i AS unit_id,
  md5(i::VARCHAR) || md5((i + 1)::VARCHAR) AS filler FROM range(600000) t(i)`;

describe('previewFile', () => {
  it('shows the first mapped and refused rows of a large file, and reads a fraction of it', async () => {
    const { path } = await bench.write(
      'large.parquet',
      ROWS,
      'COMPRESSION uncompressed, DICTIONARY_SIZE_LIMIT 1',
    );
    const seen = await preview(readFileSync(path));
    expect(seen.mapped.map((row) => [row['row_number'], row['user_id'], row['timestamp']])).toEqual([
      ['0', 'u0', '2026-11-20 10:15:30'],
      ['1', 'u1', '2026-11-20 10:15:29'],
      ['2', 'u2', '2026-11-20 10:15:28'],
    ]);
    expect(seen.refused.map(({ reason, detail }) => [reason, detail])).toEqual([
      ['SLUICE_INGEST_ROW_TIME_MISSING', 'row 3, column "timestamp"'],
      ['SLUICE_INGEST_ROW_TIME_MISSING', 'row 13, column "timestamp"'],
      ['SLUICE_INGEST_ROW_TIME_MISSING', 'row 23, column "timestamp"'],
    ]);
    expect(seen.rows).toBe(600_000);
    expect(seen.rowsRead).toBeLessThan(500_000);
    expect(seen.bytesRead).toBeLessThan(0.8 * seen.bytes);
    expect(seen.columns.map(({ name }) => name)).toEqual(['timestamp', 'event_name', 'unit_id', 'filler']);
  });

  it('reads a small file once', async () => {
    const { path } = await bench.write('small.parquet', `SELECT * FROM (${ROWS}) LIMIT 20`);
    const seen = await preview(readFileSync(path), 'events/2026-11-20/small.parquet', 50);
    expect([seen.mapped.length, seen.refused.length, seen.rowsRead]).toEqual([18, 2, 20]);
    expect(seen.bytesRead).toBe(seen.bytes);
  });

  it('shows a file whose statistics cannot be printed', async () => {
    const { path } = bench.fixture('impossible-times.parquet');
    const seen = await preview(readFileSync(path), 'events/2026-11-20/impossible.parquet');
    expect([seen.mapped.length, seen.rowsRead, seen.bytesRead]).toEqual([3, 3, seen.bytes]);
  });

  it('reports the problem of an invalid file or a missing column', async () => {
    await expect(preview(Buffer.from('a,b\n1,2\n'), 'a.csv')).rejects.toMatchObject({
      code: 'SLUICE_INGEST_FILE_NOT_PARQUET',
    });
    const { path } = await bench.write('lacking.parquet', 'SELECT 1 AS timestamp');
    expect(await preview(readFileSync(path), 'lacking.parquet')).toMatchObject({
      columns: [{ name: 'timestamp' }],
      problem: { detail: expect.stringContaining('lacking.parquet, column "event_name"') },
    });
    await expect(preview(readFileSync(path).subarray(0, -3), 'cut.parquet')).rejects.toMatchObject({
      code: 'SLUICE_INGEST_FILE_TRUNCATED',
    });
  });

  it('detects that the file was replaced meanwhile', async () => {
    const { path } = await bench.write('replaced.parquet', `SELECT * FROM (${ROWS}) LIMIT 20`);
    const key = 'replaced.parquet';
    await s3.client.send(new PutObjectCommand({ Bucket: 'acme-drops', Key: key, Body: 'other' }));
    const bucket = customerBucketFrom(s3.client, {
      name: 'acme',
      bucket: 'acme-drops',
      owner: OWNER_ACCOUNT,
    });
    const [object] = (await bucket.list({ prefix: key })).objects;
    await s3.client.send(new PutObjectCommand({ Bucket: 'acme-drops', Key: key, Body: readFileSync(path) }));
    if (object === undefined) throw new RangeError('It was not listed.');
    await expect(
      previewFile({
        bucket,
        object,
        subject: subjectOf({ kind: 'events' }),
        shown: 1,
        path: join(bench.directory, 'preview-replaced.parquet'),
        loadedAt: 0,
        limits: bench.limits,
      }),
    ).rejects.toMatchObject({ code: 'SLUICE_PREVIEW_FILE_CHANGED' });
  });

  it('rejects a damaged page, as a load does', async () => {
    const whole = readFileSync(bench.fixture('checksums-1-snappy.parquet').path);
    expect((await preview(whole)).mapped).toHaveLength(3);
    const at = whole.indexOf('purchase');
    whole.writeUInt8(whole.readUInt8(at) ^ 1, at);
    await expect(preview(whole)).rejects.toMatchObject({ code: 'SLUICE_INGEST_FILE_CHECKSUM_WRONG' });
  });

  it('reads the schema of a file and its decimals as a load does', async () => {
    const file = setElement(bench.fixture('decimals.parquet'), 'int32', decimalFields(5, 2));
    const seen = await preview(readFileSync(file.path), undefined, 3, {
      kind: 'events',
      mapping: { eventValue: 'int32' },
    });
    expect(seen.columns.map(({ name, type }) => [name, type])).toContainEqual(['int32', 'DECIMAL(5,2)']);
    expect(seen.mapped.map((row) => row['event_value'])).toEqual(['0.01']);
    expect(seen.refused.map(({ reason }) => reason)).toEqual(
      Array(2).fill('SLUICE_INGEST_ROW_DECIMAL_INVALID'),
    );
  });
});

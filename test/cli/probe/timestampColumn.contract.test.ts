import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { isTimestampType, timestampColumn } from '../../../cli/probe/timestampColumn.ts';
import { realClock } from '../../../packages/local-aws/src/base/index.ts';
import { ObjectStore, s3Service } from '../../../packages/local-aws/src/s3/index.ts';
import { startServices } from '../../../packages/local-aws/src/testing/index.ts';
import { temporaryDirectory } from '../../harness/temporaryDirectory.ts';

const directory = temporaryDirectory();
let services: Awaited<ReturnType<typeof startServices>>;
let store: ObjectStore;
let s3: S3Client;
beforeAll(async () => {
  store = ObjectStore.open({ directory: join(directory.path, 's3'), clock: realClock });
  services = await startServices([s3Service({ store, clock: realClock })]);
  s3 = new S3Client({ ...services.options, forcePathStyle: true });
  await s3.send(new CreateBucketCommand({ Bucket: 'landed' }));
});
afterAll(async () => {
  s3.destroy();
  await services.close();
  store.close();
  directory.remove();
});

/** Writes a Parquet file of a query, puts it into S3, and reads its column off. */
async function columnOf(sql: string) {
  const file = join(directory.path, 'made.parquet');
  const instance = await DuckDBInstance.create();
  const connection = await instance.connect();
  await connection.run(`COPY (${sql}) TO '${file}' (FORMAT parquet)`);
  connection.closeSync();
  instance.closeSync();
  return await readBack(readFileSync(file));
}

async function readBack(Body: Uint8Array) {
  await s3.send(new PutObjectCommand({ Bucket: 'landed', Key: 'made.parquet', Body }));
  return await timestampColumn(s3, 'landed', 'made.parquet');
}

const NOW = "TIMESTAMP '2026-11-20 10:00:00'";

describe('timestampColumn', () => {
  it.each([
    [`${NOW} AS "timestamp"`, 'INT64 TIMESTAMP_MICROS', true],
    [`(${NOW})::TIMESTAMP_MS AS "timestamp"`, 'INT64 TIMESTAMP_MILLIS', true],
    [`'2026-11-20' AS "timestamp"`, 'BYTE_ARRAY UTF8', false],
    [`1795168800000 AS "timestamp"`, 'INT64 INT_64', false],
    [`1.5::DOUBLE AS "timestamp"`, 'DOUBLE', false],
  ])('reads the type of %s', async (column, text, isTime) => {
    expect(await columnOf(`SELECT 'x' AS name, ${column}`)).toEqual({ text, isTime });
  });

  it('reads nanoseconds, which have no converted type', async () => {
    const { text, isTime } = await columnOf(`SELECT (${NOW})::TIMESTAMP_NS AS "timestamp"`);
    expect([text, isTime]).toEqual([
      expect.stringMatching(/^INT64 TimestampType\(.*NANOS=NanoSeconds/),
      true,
    ]);
  });

  it('reads a footer that is longer than its first request', async () => {
    const columns = Array.from({ length: 900 }, (_, n) => `i + ${n} AS a_column_with_a_long_name_${n}`);
    const rows = `SELECT ${columns.join()}, ${NOW} AS "timestamp" FROM range(2000) AS t(i)`;
    expect(await columnOf(rows)).toEqual({ text: 'INT64 TIMESTAMP_MICROS', isTime: true });
  });

  it('refuses other files, and files without the column', async () => {
    await expect(readBack(Buffer.from('{"timestamp":1}\n'))).rejects.toThrow('not a Parquet file');
    await expect(readBack(Buffer.from('nothing\x00\xff\xff\xffPAR1', 'latin1'))).rejects.toThrow('footer');
    await expect(columnOf('SELECT 1 AS one')).rejects.toThrow('no column timestamp');
  });
});

describe('isTimestampType', () => {
  it('accepts INT96, and INT64 only with a timestamp annotation', () => {
    expect(isTimestampType('INT96', '')).toBe(true);
    expect(isTimestampType('INT64', 'TIMESTAMP_MILLIS')).toBe(true);
    expect(isTimestampType('INT64', '')).toBe(false);
    expect(isTimestampType('INT32', 'DATE')).toBe(false);
  });
});

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { s3WriteStore } from '../../../lib/aws/s3WriteStore.ts';
import type { WriteStore } from '../../../lib/landing/write/WriteStore.ts';
import { ManualClock } from '../../../packages/local-aws/src/base/index.ts';
import { Faults } from '../../../packages/local-aws/src/faults/index.ts';
import { ObjectStore as Bucket, s3Service } from '../../../packages/local-aws/src/s3/index.ts';
import { startServices } from '../../../packages/local-aws/src/testing/index.ts';
import { temporaryDirectory } from '../../harness/temporaryDirectory.ts';

const directory = temporaryDirectory();
const clock = new ManualClock(1_000_000);
const buckets = Bucket.open({ directory: directory.path, clock });
let services: Awaited<ReturnType<typeof startServices>>;
let client: S3Client;
let store: WriteStore;

beforeAll(async () => {
  buckets.ensureBucket('data-bucket', { eventBridge: false });
  services = await startServices([s3Service({ store: buckets, clock })], new Faults());
  client = new S3Client({ ...services.options, maxAttempts: 1 });
  store = s3WriteStore(client, 'data-bucket');
});
afterAll(async () => {
  client.destroy();
  await services.close();
  buckets.close();
  directory.remove();
});

const keysOf = async (prefix: string) => {
  const keys: string[] = [];
  for await (const { key } of store.list(prefix)) keys.push(key);
  return keys;
};

it('writes bytes and files, reads them whole, and has nothing for a key without object', async () => {
  const path = join(directory.path, 'file');
  writeFileSync(path, 'of a file');
  await store.put('a/file', { path }, 'text/plain');
  await store.put('a/bytes', Buffer.from('of bytes'), 'text/plain');
  expect(String(await store.fetch('a/file', 100))).toBe('of a file');
  expect(String(await store.fetch('a/bytes', 100))).toBe('of bytes');
  expect(await store.fetch('a/none', 100)).toBeNull();
  await expect(store.fetch('a/file', 8)).rejects.toMatchObject({ code: 'SLUICE_WRITE_OBJECT_TOO_LARGE' });
});

it('removes as many objects as it is told, also some that are gone', async () => {
  const keys = Array.from({ length: 1_001 }, (_, at) => `b/${String(at).padStart(4, '0')}`);
  const there = ['b/0000', 'b/1000'];
  for (const key of there) await store.put(key, Buffer.from(key), 'text/plain');
  expect(await keysOf('b/')).toEqual(there);
  expect(await store.remove(keys)).toEqual([]);
  expect(await keysOf('b/')).toEqual([]);
});

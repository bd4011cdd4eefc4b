import { readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { realClock } from '../../src/base/clock.ts';
import { s3Service } from '../../src/s3/index.ts';
import { ObjectStore } from '../../src/s3/model/ObjectStore.ts';
import { failureOf } from '../../src/testing/startS3.ts';
import { startServices } from '../../src/testing/startServices.ts';
import { temporaryDirectory } from '../../src/testing/temporaryDirectory.ts';
import { closedAfterEach } from '../harness/closedAfterEach.ts';

const opened = closedAfterEach();

const Bucket = 'damaged';
const MIB = 1024 ** 2;

describe('the file of an object that something else', () => {
  let directory: ReturnType<typeof temporaryDirectory>;
  let store: ObjectStore;
  let services: Awaited<ReturnType<typeof startServices>>;
  let client: S3Client;
  let warnings: string[];
  const file = (Key = 'k') => join(directory.path, Bucket, Key);
  const put = (Body: string, more: Partial<PutObjectCommandInput> = {}) =>
    client.send(new PutObjectCommand({ Bucket, Key: 'k', Body, ...more }));
  const get = async (Range?: string) => {
    const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: 'k', Range }));
    return Body?.transformToString();
  };

  beforeEach(async () => {
    directory = temporaryDirectory();
    warnings = [];
    jest.spyOn(process.stderr, 'write').mockImplementation((text) => warnings.push(String(text)) > 0);
    store = ObjectStore.open({ directory: directory.path, clock: realClock });
    store.createBucket(Bucket);
    services = await startServices([s3Service({ store })]);
    client = new S3Client(services.options);
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    client.destroy();
    await services.close();
    store.close();
    directory.remove();
  });

  it('has removed is named in the answer and in one sentence, without a stack', async () => {
    await put('bytes');
    rmSync(file());
    const missing = {
      name: 'InternalError',
      status: 500,
      message: expect.stringMatching(/^LOCAL_AWS_S3_FILE_MISSING: [^\n]*damaged\/k\. /),
    };
    expect(await failureOf(get())).toMatchObject(missing);
    expect(await failureOf(get('bytes=0-1'))).toMatchObject(missing);
    expect(warnings.filter((text) => text.includes('S3_FILE'))).toEqual([
      expect.stringMatching(/^LOCAL_AWS_S3_FILE_MISSING: [^\n]*\n$/),
    ]);
  });

  it.each([
    { what: 'longer', body: 'bytes', now: 'bytes and more' },
    { what: 'shorter', body: 'bytes', now: 'b' },
    { what: 'longer than an object without bytes', body: '', now: 'b' },
  ])('has made $what is refused at once', async ({ body, now }) => {
    await put(body, { ContentLength: body.length });
    writeFileSync(file(), now);
    const sizes = `has ${now.length} bytes, not ${body.length}\\. `;
    const message = expect.stringMatching(new RegExp(`^LOCAL_AWS_S3_FILE_DAMAGED: [^\\n]*${sizes}`));
    const damaged = { status: 500, message };
    expect(await failureOf(get())).toMatchObject(damaged);
    const copy = new CopyObjectCommand({ Bucket, Key: 'copy', CopySource: `${Bucket}/k` });
    expect(await failureOf(client.send(copy))).toMatchObject(damaged);
    expect((await client.send(new HeadObjectCommand({ Bucket, Key: 'k' }))).ContentLength).toBe(body.length);
  });

  it.each([
    { what: 'a few bytes', size: 100, more: {} },
    { what: 'many bytes', size: 3 * MIB, more: {} },
    { what: 'a checksum of its own', size: 100, more: { ChecksumAlgorithm: 'SHA256' as const } },
  ])('has overwritten in place is never answered whole: $what', async ({ size, more }) => {
    await put('a'.repeat(size), more);
    expect(await get()).toHaveLength(size);
    writeFileSync(file(), `${'a'.repeat(size - 1)}b`);
    await expect(get()).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(await get(`bytes=0-${size - 2}`)).toHaveLength(size - 1);
    expect(warnings.join('')).toMatch(/^LOCAL_AWS_S3_FILE_DAMAGED: [^\n]*\n$/);
    const copy = new CopyObjectCommand({ Bucket, Key: 'copy', CopySource: `${Bucket}/k` });
    expect(await failureOf(client.send(copy))).toMatchObject({ status: 500 });
    expect(store.bucket(Bucket).find('copy')).toBeUndefined();
  });

  it.each([
    { what: 'a checksum of the whole', more: {} },
    { what: 'checksums of the parts', more: { ChecksumAlgorithm: 'SHA256' as const } },
  ])('has overwritten is found of an object of parts with $what', async ({ more }) => {
    const at = { Bucket, Key: 'k' };
    const { UploadId } = await client.send(new CreateMultipartUploadCommand({ ...at, ...more }));
    const { ETag, ChecksumSHA256 } = await client.send(
      new UploadPartCommand({ ...at, ...more, UploadId, PartNumber: 1, Body: 'a'.repeat(100) }),
    );
    const MultipartUpload = { Parts: [{ PartNumber: 1, ETag, ChecksumSHA256 }] };
    await client.send(new CompleteMultipartUploadCommand({ ...at, UploadId, MultipartUpload }));
    expect(await get()).toHaveLength(100);
    writeFileSync(file(), 'b'.repeat(100));
    await expect(get()).rejects.toMatchObject({ code: 'ECONNRESET' });
    // Damage found by the local S3, apart from damage that the SDK finds by itself.
    expect(warnings.join('')).toMatch(/^LOCAL_AWS_S3_FILE_DAMAGED: [^\n]*\n$/);
  });
});

describe('the journal of an upload', () => {
  it.each([
    { what: 'that is empty', length: 0 },
    { what: 'that is cut within its first line', length: 20 },
  ])('$what stops the start, and no part is removed', async ({ length }) => {
    const directory = opened(temporaryDirectory(), ({ remove }) => remove());
    const open = () => ObjectStore.open({ directory: directory.path, clock: realClock });
    const store = open();
    store.createBucket(Bucket);
    const bucket = store.bucket(Bucket);
    const attributes = { headers: {}, metadata: {}, encryption: {} };
    const { uploadId } = bucket.uploads.begin({ key: 'k', attributes });
    bucket.uploads.addPart(uploadId, 'k', await bucket.stage('part'), 1);
    store.close();
    const folder = join(directory.path, '.store', Bucket, 'uploads', uploadId);
    truncateSync(join(folder, 'journal.ndjson'), length);
    for (const _again of [1, 2]) {
      expect(open).toThrow(
        expect.objectContaining({
          code: 'LOCAL_AWS_DISK_DAMAGED',
          message: expect.stringContaining(uploadId),
        }),
      );
      expect(readdirSync(folder)).toHaveLength(2);
    }
  });
});

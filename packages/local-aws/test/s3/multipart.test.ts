import { createHash } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  type CreateMultipartUploadCommandInput,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  UploadPartCommand,
  type UploadPartCommandOutput,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { seededBytes } from '../../src/base/index.ts';
import { Checksum } from '../../src/s3/checksums.ts';
import type { ObjectCreated } from '../../src/s3/model/ObjectStore.ts';
import { failureOf, type RunningS3, startS3 } from '../../src/testing/startS3.ts';

const MIB = 1024 ** 2;

describe('multipart uploads through the real client', () => {
  let s3: RunningS3;
  const Bucket = 'large-objects';
  const bytes = seededBytes(11 * MIB);
  const pieces = [bytes.subarray(0, 5 * MIB), bytes.subarray(5 * MIB, 10 * MIB), bytes.subarray(10 * MIB)];

  const begin = async (Key: string, more: Partial<CreateMultipartUploadCommandInput> = {}) =>
    (await s3.client.send(new CreateMultipartUploadCommand({ Bucket, Key, ...more }))).UploadId;
  const upload = (
    Key: string,
    UploadId: string | undefined,
    PartNumber: number,
    Body: Uint8Array,
    more: object = {},
  ) => s3.client.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body, ...more }));
  const complete = (Key: string, UploadId: string | undefined, Parts: CompletedPart[], more: object = {}) =>
    s3.client.send(
      new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts }, ...more }),
    );
  const listed = (
    { ETag, ChecksumCRC32, ChecksumSHA256 }: UploadPartCommandOutput,
    i: number,
  ): CompletedPart => ({
    PartNumber: i + 1,
    ETag,
    ChecksumCRC32,
    ChecksumSHA256,
  });

  beforeAll(async () => {
    s3 = await startS3();
    s3.store.createBucket(Bucket, { eventBridge: true });
  });
  afterAll(async () => {
    await s3.close();
    expect(s3.defects).toEqual([]);
  });

  it('combine their parts, with the ETag and checksum that S3 gives such objects, and send one event', async () => {
    const events: ObjectCreated[] = [];
    const stop = s3.store.onObjectCreated((event) => events.push(event));
    const id = await begin('whole', {
      ChecksumAlgorithm: 'CRC32',
      ContentType: 'application/x-thing',
      Metadata: { a: '1' },
    });
    const parts = [];
    for (const [i, piece] of pieces.entries()) parts.push(await upload('whole', id, i + 1, piece));
    const { ETag, ChecksumCRC32, ChecksumType } = await complete('whole', id, parts.map(listed));
    const md5s = pieces.map((piece) => createHash('md5').update(piece).digest());
    expect(ETag).toBe(`"${createHash('md5').update(Buffer.concat(md5s)).digest('hex')}-3"`);
    const composite = new Checksum('CRC32');
    for (const part of parts) composite.update(Buffer.from(part.ChecksumCRC32 ?? '', 'base64'));
    expect(ChecksumCRC32).toBe(`${composite.digest()}-3`);
    expect(ChecksumType).toBe('COMPOSITE');
    const answer = await s3.client.send(new GetObjectCommand({ Bucket, Key: 'whole' }));
    expect(Buffer.from((await answer.Body?.transformToByteArray()) ?? []).equals(bytes)).toBe(true);
    expect(answer).toMatchObject({ ContentType: 'application/x-thing', Metadata: { a: '1' }, ETag });
    expect(events).toEqual([
      expect.objectContaining({ key: 'whole', size: bytes.length, reason: 'CompleteMultipartUpload' }),
    ]);
    expect(await complete('whole', id, parts.map(listed))).toMatchObject({
      ETag,
      ChecksumCRC32,
      ChecksumType,
    });
    expect(events).toHaveLength(1);
    stop();
    await s3.store.put(Bucket, 'whole', 'another');
    expect(await failureOf(complete('whole', id, parts.map(listed)))).toMatchObject({ name: 'NoSuchUpload' });
  });

  it('compute a checksum of the full object on request', async () => {
    const id = await begin('full', { ChecksumAlgorithm: 'CRC64NVME' });
    const parts = [];
    for (const [i, piece] of pieces.entries()) {
      parts.push(await upload('full', id, i + 1, piece, { ChecksumAlgorithm: 'CRC64NVME' }));
    }
    const whole = new Checksum('CRC64NVME');
    whole.update(bytes);
    const sum = whole.digest();
    const wrong = { ChecksumCRC64NVME: Buffer.alloc(8).toString('base64') };
    expect(await failureOf(complete('full', id, parts.map(listed), wrong))).toMatchObject({
      name: 'BadDigest',
    });
    await complete('full', id, parts.map(listed), { ChecksumCRC64NVME: sum, MpuObjectSize: bytes.length });
    const head = await s3.client.send(
      new HeadObjectCommand({ Bucket, Key: 'full', ChecksumMode: 'ENABLED' }),
    );
    expect(head).toMatchObject({ ChecksumCRC64NVME: sum, ChecksumType: 'FULL_OBJECT' });
  });

  it('use the last of two parts with the same number', async () => {
    const id = await begin('listed', { ChecksumAlgorithm: 'CRC32' });
    const first = listed(await upload('listed', id, 7, Buffer.from('old')), 6);
    const second = listed(await upload('listed', id, 7, Buffer.from('new')), 6);
    expect(await failureOf(complete('listed', id, [first]))).toMatchObject({ name: 'InvalidPart' });
    await complete('listed', id, [second]);
    expect(s3.store.head(Bucket, 'listed').size).toBe(3);
  });

  it('are listed by key and by the order in which they were started, in pages', async () => {
    const ids = [];
    for (const key of ['up/b', 'up/a', 'up/b', 'other']) ids.push(await begin(key));
    const seen: (string | undefined)[][] = [];
    let markers: { KeyMarker?: string | undefined; UploadIdMarker?: string | undefined } = {};
    for (let page = 0; page < 5; page++) {
      const answer = await s3.client.send(
        new ListMultipartUploadsCommand({ Bucket, Prefix: 'up/', MaxUploads: 1, ...markers }),
      );
      seen.push(...(answer.Uploads ?? []).map(({ Key, UploadId }) => [Key, UploadId]));
      if (answer.IsTruncated !== true) break;
      markers = { KeyMarker: answer.NextKeyMarker, UploadIdMarker: answer.NextUploadIdMarker };
    }
    expect(seen.map(([key]) => key)).toEqual(['up/a', 'up/b', 'up/b']);
    expect(new Set(seen.map(([, id]) => id))).toEqual(new Set(ids.slice(0, 3)));
  });

  it('are listed with their class, and go on only behind an upload of the key', async () => {
    const id = await begin('list/cold', { StorageClass: 'STANDARD_IA' });
    const other = await begin('list/warm');
    const list = (more: object = {}) =>
      s3.client.send(new ListMultipartUploadsCommand({ Bucket, Prefix: 'list/', ...more }));
    expect(await list()).toMatchObject({
      Uploads: [{ StorageClass: 'STANDARD_IA' }, { StorageClass: 'STANDARD' }],
      IsTruncated: false,
      NextKeyMarker: 'list/warm',
      NextUploadIdMarker: other,
    });
    const later = await list({ Prefix: 'list/w', KeyMarker: 'list/cold', UploadIdMarker: id });
    expect(later.Uploads?.map(({ UploadId }) => UploadId)).toEqual([other]);
    for (const UploadIdMarker of [other, 'never'])
      expect(await failureOf(list({ KeyMarker: 'list/cold', UploadIdMarker }))).toMatchObject({
        name: 'InvalidArgument',
        message: 'Invalid uploadId marker',
      });
    await s3.client.send(new AbortMultipartUploadCommand({ Bucket, Key: 'list/cold', UploadId: id }));
    const rest = await list({ KeyMarker: 'list/cold', UploadIdMarker: id });
    expect(rest.Uploads?.map(({ UploadId }) => UploadId)).toEqual([other]);
  });

  it.each<[string, (small: CompletedPart, next: CompletedPart) => CompletedPart[], string]>([
    ['too small', (small, next) => [small, next], 'EntityTooSmall'],
    ['out of order', (small, next) => [next, small], 'InvalidPartOrder'],
    ['named twice', (small) => [small, small], 'InvalidPartOrder'],
    ['missing', (small, next) => [small, { ...next, PartNumber: 3 }], 'InvalidPart'],
    ['changed', (small) => [{ ...small, ETag: '"other"' }], 'InvalidPart'],
    [
      'of another checksum',
      (small, next) => [{ ...small, ChecksumCRC32: next.ChecksumCRC32 }],
      'InvalidPart',
    ],
    // Whoever began with a checksum is bound to give it of every part.
    ['without their checksum', ({ ETag }) => [{ PartNumber: 1, ETag }], 'InvalidRequest'],
    ['none', () => [], 'MalformedXML'],
  ])('reject parts that are %s, and can be completed then', async (_, choose, name) => {
    const id = await begin('faulty', { ChecksumAlgorithm: 'CRC32' });
    const small = listed(await upload('faulty', id, 1, Buffer.from('a')), 0);
    const next = listed(await upload('faulty', id, 2, Buffer.from('b')), 1);
    expect(await failureOf(complete('faulty', id, choose(small, next)))).toMatchObject({ name });
    await complete('faulty', id, [small]);
  });

  it.each<[string, Partial<{ key: string; id: string; part: number; more: object }>, string]>([
    ['an unknown upload', { id: 'none' }, 'NoSuchUpload'],
    ['an upload of another key', { key: 'elsewhere' }, 'NoSuchUpload'],
    ['a number above 10,000', { part: 10_001 }, 'InvalidArgument'],
    ['a number below 1', { part: 0 }, 'InvalidArgument'],
    ['another checksum algorithm', { more: { ChecksumAlgorithm: 'CRC32' } }, 'InvalidRequest'],
  ])('reject parts of %s', async (_, { key = 'bounds', id, part = 1, more }, name) => {
    const begun = await begin('bounds', { ChecksumAlgorithm: 'SHA256' });
    expect(await failureOf(upload(key, id ?? begun, part, Buffer.from('x'), more))).toMatchObject({ name });
  });

  it('cannot begin with a SHA-256 of the whole object', async () => {
    const whole = begin('bounds', { ChecksumAlgorithm: 'SHA256', ChecksumType: 'FULL_OBJECT' });
    expect(await failureOf(whole)).toMatchObject({ name: 'InvalidRequest' });
  });

  it('can be completed after their condition has failed, and get the checksum that S3 computes', async () => {
    await s3.store.put(Bucket, 'once', 'first');
    const id = await begin('once');
    const part = listed(await upload('once', id, 1, Buffer.from('second')), 0);
    expect(await failureOf(complete('once', id, [part], { IfNoneMatch: '*' }))).toMatchObject({
      name: 'PreconditionFailed',
      status: 412,
    });
    const whole = new Checksum('CRC64NVME');
    whole.update(Buffer.from('second'));
    // Begun without a choice, it gets what S3 computes by itself.
    expect(await complete('once', id, [part])).toMatchObject({ ChecksumCRC64NVME: whole.digest() });
    expect(s3.store.head(Bucket, 'once').size).toBe(6);
  });
});

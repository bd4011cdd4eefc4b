import { createHash } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  type CompleteMultipartUploadCommandInput,
  CreateMultipartUploadCommand,
  type CreateMultipartUploadCommandInput,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  type ListMultipartUploadsCommandInput,
  UploadPartCommand,
  type UploadPartCommandInput,
  type UploadPartCommandOutput,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ManualClock, seededBytes } from '../../src/base/index.ts';
import { Checksum } from '../../src/s3/checksums.ts';
import type { ObjectCreated } from '../../src/s3/model/ObjectStore.ts';
import { failureOf, type RunningS3, startS3 } from '../../src/testing/startS3.ts';

const MIB = 1024 ** 2;

describe('multipart uploads through the real client', () => {
  const clock = new ManualClock(Date.UTC(2026, 10, 20));
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
    more: Partial<UploadPartCommandInput> = {},
  ) => s3.client.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body, ...more }));
  const complete = (
    Key: string,
    UploadId: string | undefined,
    Parts: CompletedPart[],
    more: Partial<CompleteMultipartUploadCommandInput> = {},
  ) =>
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
    s3 = await startS3(clock);
    s3.store.createBucket(Bucket, { eventBridge: true });
  });
  afterAll(async () => {
    await s3.close();
    expect(s3.defects).toEqual([]);
  });

  /** The bytes of an object. */
  const bytesOf = async (Key: string) => {
    const { Body } = await s3.client.send(new GetObjectCommand({ Bucket, Key }));
    return Buffer.from((await Body?.transformToByteArray()) ?? []);
  };

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
    stop();
  });

  it('are completed again with the same answer and no event, until their object is replaced', async () => {
    const id = await begin('again', { ChecksumAlgorithm: 'CRC32' });
    const parts = [listed(await upload('again', id, 1, Buffer.from('a')), 0)];
    const { ETag, ChecksumCRC32, ChecksumType } = await complete('again', id, parts);
    expect(ETag).toBeDefined();
    const events: ObjectCreated[] = [];
    const stop = s3.store.onObjectCreated((event) => events.push(event));
    expect(await complete('again', id, parts)).toMatchObject({ ETag, ChecksumCRC32, ChecksumType });
    stop();
    expect(events).toEqual([]);
    await s3.store.put(Bucket, 'again', 'another');
    expect(await failureOf(complete('again', id, parts))).toMatchObject({ name: 'NoSuchUpload' });
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
    const id = await begin('twice', { ChecksumAlgorithm: 'CRC32' });
    const first = listed(await upload('twice', id, 7, Buffer.from('old')), 6);
    const second = listed(await upload('twice', id, 7, Buffer.from('new')), 6);
    expect(await failureOf(complete('twice', id, [first]))).toMatchObject({ name: 'InvalidPart' });
    await complete('twice', id, [second]);
    expect(String(await bytesOf('twice'))).toBe('new');
  });

  it('take no part and are not completed once they are aborted', async () => {
    const UploadId = await begin('aborted', { ChecksumAlgorithm: 'CRC32' });
    const part = listed(await upload('aborted', UploadId, 1, Buffer.from('a')), 0);
    await s3.client.send(new AbortMultipartUploadCommand({ Bucket, Key: 'aborted', UploadId }));
    expect(await failureOf(upload('aborted', UploadId, 2, Buffer.from('b')))).toMatchObject({
      name: 'NoSuchUpload',
    });
    expect(await failureOf(complete('aborted', UploadId, [part]))).toMatchObject({ name: 'NoSuchUpload' });
  });

  it('are listed by key and by the order in which they were started, in pages', async () => {
    const ids: (string | undefined)[] = [];
    for (const key of ['up/b', 'up/a', 'up/b', 'other']) {
      ids.push(await begin(key));
      clock.advance(1_000);
    }
    const [firstB, onlyA, secondB] = ids;
    const pages: (string | undefined)[][] = [];
    let markers: Pick<ListMultipartUploadsCommandInput, 'KeyMarker' | 'UploadIdMarker'> = {};
    for (let page = 0; page < 5; page++) {
      const answer = await s3.client.send(
        new ListMultipartUploadsCommand({ Bucket, Prefix: 'up/', MaxUploads: 1, ...markers }),
      );
      pages.push((answer.Uploads ?? []).map(({ UploadId }) => UploadId));
      if (answer.IsTruncated !== true) break;
      markers = { KeyMarker: answer.NextKeyMarker, UploadIdMarker: answer.NextUploadIdMarker };
    }
    expect(pages).toEqual([[onlyA], [firstB], [secondB]]);
  });

  describe('as a list', () => {
    const list = (more: Partial<ListMultipartUploadsCommandInput> = {}) =>
      s3.client.send(new ListMultipartUploadsCommand({ Bucket, Prefix: 'list/', ...more }));
    let cold: string | undefined;
    let warm: string | undefined;
    beforeAll(async () => {
      cold = await begin('list/cold', { StorageClass: 'STANDARD_IA' });
      warm = await begin('list/warm');
    });

    it('have their class, and the last page names its last upload', async () => {
      expect(await list()).toMatchObject({
        Uploads: [{ StorageClass: 'STANDARD_IA' }, { StorageClass: 'STANDARD' }],
        IsTruncated: false,
        NextKeyMarker: 'list/warm',
        NextUploadIdMarker: warm,
      });
    });

    it('go on behind the upload that the markers name, also if the prefix excludes it', async () => {
      const later = await list({ Prefix: 'list/w', KeyMarker: 'list/cold', UploadIdMarker: cold });
      expect(later.Uploads?.map(({ UploadId }) => UploadId)).toEqual([warm]);
    });

    it.each([
      { what: 'of another key', marker: () => warm },
      { what: 'that was never given out', marker: () => 'never' },
    ])('are refused for the ID of an upload $what', async ({ marker }) => {
      const listing = list({ KeyMarker: 'list/cold', UploadIdMarker: marker() });
      expect(await failureOf(listing)).toMatchObject({
        name: 'InvalidArgument',
        message: 'Invalid uploadId marker',
      });
    });

    it('go on behind an upload that has ended since', async () => {
      const Key = 'list/ended';
      const UploadId = await begin(Key);
      await s3.client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
      const rest = await list({ KeyMarker: Key, UploadIdMarker: UploadId });
      expect(rest.Uploads?.map(({ UploadId }) => UploadId)).toEqual([warm]);
    });
  });

  it.each<{
    readonly what: string;
    readonly choose: (small: CompletedPart, next: CompletedPart) => CompletedPart[];
    readonly name: string;
  }>([
    { what: 'too small', choose: (small, next) => [small, next], name: 'EntityTooSmall' },
    { what: 'out of order', choose: (small, next) => [next, small], name: 'InvalidPartOrder' },
    { what: 'named twice', choose: (small) => [small, small], name: 'InvalidPartOrder' },
    { what: 'missing', choose: (small, next) => [small, { ...next, PartNumber: 3 }], name: 'InvalidPart' },
    { what: 'of another ETag', choose: (small) => [{ ...small, ETag: '"other"' }], name: 'InvalidPart' },
    {
      what: 'of another checksum',
      choose: (small, next) => [{ ...small, ChecksumCRC32: next.ChecksumCRC32 }],
      name: 'InvalidPart',
    },
    // Whoever began with a checksum is bound to give it of every part.
    {
      what: 'without their checksum',
      choose: ({ ETag }) => [{ PartNumber: 1, ETag }],
      name: 'InvalidRequest',
    },
    { what: 'not named', choose: () => [], name: 'MalformedXML' },
  ])('reject parts that are $what, and can be completed then', async ({ choose, name }) => {
    const id = await begin('faulty', { ChecksumAlgorithm: 'CRC32' });
    const small = listed(await upload('faulty', id, 1, Buffer.from('a')), 0);
    const next = listed(await upload('faulty', id, 2, Buffer.from('b')), 1);
    expect(await failureOf(complete('faulty', id, choose(small, next)))).toMatchObject({ name });
    await complete('faulty', id, [small]);
  });

  it.each<{
    readonly what: string;
    readonly upload: Partial<{
      key: string;
      id: string;
      part: number;
      more: Partial<UploadPartCommandInput>;
    }>;
    readonly name: string;
  }>([
    { what: 'an unknown upload', upload: { id: 'none' }, name: 'NoSuchUpload' },
    { what: 'an upload of another key', upload: { key: 'elsewhere' }, name: 'NoSuchUpload' },
    { what: 'a number above 10,000', upload: { part: 10_001 }, name: 'InvalidArgument' },
    { what: 'a number below 1', upload: { part: 0 }, name: 'InvalidArgument' },
    {
      what: 'another checksum algorithm',
      upload: { more: { ChecksumAlgorithm: 'CRC32' } },
      name: 'InvalidRequest',
    },
  ])('reject parts of $what', async ({ upload: { key = 'bounds', id, part = 1, more }, name }) => {
    const begun = await begin('bounds', { ChecksumAlgorithm: 'SHA256' });
    expect(await failureOf(upload(key, id ?? begun, part, Buffer.from('x'), more))).toMatchObject({ name });
  });

  it('take parts of the numbers 1 and 10,000', async () => {
    const id = await begin('bounds', { ChecksumAlgorithm: 'CRC32' });
    await upload('bounds', id, 1, Buffer.from('x'));
    await upload('bounds', id, 10_000, Buffer.from('x'));
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

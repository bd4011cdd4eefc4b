import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  ChecksumAlgorithm,
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketLocationCommand,
  GetObjectCommand,
  type GetObjectCommandInput,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../src/base/index.ts';
import { failureOf, type RunningS3, startS3 } from '../../src/testing/startS3.ts';
import { signedRequest } from '../edge/signedRequest.ts';

const md5 = (data: string | Uint8Array) => `"${createHash('md5').update(data).digest('hex')}"`;

describe('objects through the real client', () => {
  // On a whole second, and standing still: dates can be compared exactly.
  const clock = new ManualClock(Math.floor(Date.now() / 1000) * 1000);
  let s3: RunningS3;
  const Bucket = 'acme-events';
  const put = (
    Key: string,
    Body: NonNullable<PutObjectCommandInput['Body']>,
    more: Partial<PutObjectCommandInput> = {},
  ) => s3.client.send(new PutObjectCommand({ Bucket, Key, Body, ...more }));
  const get = async (Key: string, more: Partial<GetObjectCommandInput> = {}) => {
    const answer = await s3.client.send(new GetObjectCommand({ Bucket, Key, ...more }));
    return { ...answer, text: (await answer.Body?.transformToString()) ?? '' };
  };

  beforeAll(async () => {
    s3 = await startS3(clock);
    await s3.client.send(new CreateBucketCommand({ Bucket }));
  });
  afterAll(async () => {
    await s3.close();
    expect(s3.defects).toEqual([]);
  });

  it('are in no bucket whose place is not that of the endpoint', async () => {
    const create = (region: string, LocationConstraint?: string) =>
      signedRequest({
        url: s3.url,
        method: 'PUT',
        path: '/misplaced',
        region,
        body:
          LocationConstraint === undefined
            ? ''
            : `<CreateBucketConfiguration><LocationConstraint>${LocationConstraint}</LocationConstraint></CreateBucketConfiguration>`,
      });
    // Recorded against AWS by localstack: test_create_bucket_with_invalid_location_constraint.
    for (const constraint of ['us-east-1', 'foo']) {
      const { status, body } = await create('us-east-1', constraint);
      expect(status).toBe(400);
      expect(body).toContain('<Code>InvalidLocationConstraint</Code>');
      expect(body).toContain(`<LocationConstraint>${constraint}</LocationConstraint>`);
    }
    for (const [region, constraint] of [
      ['us-east-1', 'eu-west-1'],
      ['eu-west-1', 'bar'],
      ['eu-west-1', 'us-east-1'],
      ['eu-west-1', undefined],
    ] as const) {
      const { status, body } = await create(region, constraint);
      expect([status, body]).toEqual([
        400,
        expect.stringContaining(
          `<Code>IllegalLocationConstraintException</Code><Message>The ${constraint ?? 'unspecified'} location`,
        ),
      ]);
    }
    expect(s3.store.hasBucket('misplaced')).toBe(false);
  });

  it('are stored in buckets that can be created, found, located and removed', async () => {
    const other = s3.makeClient({ region: 'eu-west-1' });
    const configuration = { LocationConstraint: 'eu-west-1' } as const;
    await other.send(
      new CreateBucketCommand({ Bucket: 'other-region', CreateBucketConfiguration: configuration }),
    );
    const head = await other.send(new HeadBucketCommand({ Bucket: 'other-region' }));
    expect(head.BucketRegion).toBe('eu-west-1');
    expect(
      (await other.send(new GetBucketLocationCommand({ Bucket: 'other-region' }))).LocationConstraint,
    ).toBe('eu-west-1');
    expect(
      (await s3.client.send(new GetBucketLocationCommand({ Bucket }))).LocationConstraint,
    ).toBeUndefined();
    const { Buckets } = await s3.client.send(new ListBucketsCommand());
    expect(Buckets?.map(({ Name }) => Name)).toEqual(['acme-events', 'other-region']);
    const again = new CreateBucketCommand({
      Bucket: 'other-region',
      CreateBucketConfiguration: configuration,
    });
    expect(await failureOf(other.send(again))).toMatchObject({
      name: 'BucketAlreadyOwnedByYou',
      status: 409,
    });
    await s3.store.put('other-region', 'a', '1');
    const remove = () => other.send(new DeleteBucketCommand({ Bucket: 'other-region' }));
    expect(await failureOf(remove())).toMatchObject({ name: 'BucketNotEmpty', status: 409 });
    s3.store.delete('other-region', 'a');
    await remove();
    expect(await failureOf(other.send(new HeadBucketCommand({ Bucket: 'other-region' })))).toMatchObject({
      status: 404,
    });
    expect(await failureOf(s3.client.send(new CreateBucketCommand({ Bucket: 'Bad_Name' })))).toMatchObject({
      name: 'InvalidBucketName',
    });
    expect(
      await failureOf(s3.client.send(new PutObjectCommand({ Bucket: 'nowhere', Key: 'k', Body: 'x' }))),
    ).toMatchObject({
      name: 'NoSuchBucket',
      status: 404,
    });
  });

  it('are returned with the bytes, metadata and headers of their upload', async () => {
    const body = randomBytes(300_000);
    const { ETag } = await put('a/b c/d+e&é=😀.bin', body, {
      ContentType: 'application/x-thing',
      CacheControl: 'max-age=60',
      ContentDisposition: 'attachment; filename="x"',
      ContentLanguage: 'de',
      Metadata: { Origin: 'test', 'two-words': 'a  b' },
    });
    expect(ETag).toBe(md5(body));
    const answer = await s3.client.send(new GetObjectCommand({ Bucket, Key: 'a/b c/d+e&é=😀.bin' }));
    expect(Buffer.from((await answer.Body?.transformToByteArray()) ?? [])).toEqual(body);
    expect(answer).toMatchObject({
      ETag,
      ContentLength: 300_000,
      ContentType: 'application/x-thing',
      CacheControl: 'max-age=60',
      ContentDisposition: 'attachment; filename="x"',
      ContentLanguage: 'de',
      AcceptRanges: 'bytes',
      Metadata: { origin: 'test', 'two-words': 'a  b' },
      LastModified: new Date(clock.now()),
      ServerSideEncryption: 'AES256',
    });
  });

  it('keep Content-Encoding as a mere label, since Firehose labels plain Parquet as hadoop-snappy', async () => {
    await put('snappy.parquet', 'PAR1 plain', { ContentEncoding: 'hadoop-snappy' });
    const answer = await get('snappy.parquet');
    expect([answer.ContentEncoding, answer.text]).toEqual(['hadoop-snappy', 'PAR1 plain']);
    // A stream goes out as aws-chunked, which is of the request and not of the object.
    await put('stream.gz', Readable.from([Buffer.from('abc')]), {
      ContentEncoding: 'gzip',
      ContentLength: 3,
    });
    expect(await get('stream.gz')).toMatchObject({ ContentEncoding: 'gzip', text: 'abc' });
    await put('twice', 'abc', { ContentEncoding: 'deflate, gzip' });
    expect(await get('twice')).toMatchObject({ ContentEncoding: 'deflate, gzip' });
    const several = Readable.from([Buffer.from('abc')]);
    await put('streamed', several, { ContentEncoding: 'aws-chunked,deflate,gzip', ContentLength: 3 });
    expect(await get('streamed')).toMatchObject({ ContentEncoding: 'deflate, gzip', text: 'abc' });
  });

  it('can be empty', async () => {
    expect((await put('empty', Buffer.alloc(0))).ETag).toBe(md5(''));
    expect(await get('empty')).toMatchObject({
      ContentLength: 0,
      text: '',
      ContentType: 'application/octet-stream',
    });
    expect(await failureOf(get('empty', { Range: 'bytes=0-' }))).toMatchObject({
      name: 'InvalidRange',
      status: 416,
    });
  });

  it.each([
    ['bytes=2-4', 'cde', 'bytes 2-4/10'],
    ['bytes=7-', 'hij', 'bytes 7-9/10'],
    ['bytes=-3', 'hij', 'bytes 7-9/10'],
    ['bytes=-50', 'abcdefghij', 'bytes 0-9/10'],
    ['bytes=8-999', 'ij', 'bytes 8-9/10'],
    ['bytes=0-0', 'a', 'bytes 0-0/10'],
    ['bytes=5-2', 'abcdefghij', undefined],
    ['bytes=0-1,4-5', 'abcdefghij', undefined],
    ['lines=1-2', 'abcdefghij', undefined],
  ])('return for the range %s the bytes %s', async (Range, text, ContentRange) => {
    await put('range', 'abcdefghij');
    const answer = await get('range', { Range });
    expect(answer).toMatchObject({ text, ContentLength: text.length });
    expect(answer.ContentRange).toBe(ContentRange);
    expect(answer.$metadata.httpStatusCode).toBe(ContentRange === undefined ? 200 : 206);
  });

  it('tell their checksum with a range that is all of them, and with no other', async () => {
    await put('range', 'abcdefghij', { ChecksumAlgorithm: 'SHA256' });
    const sum = async (Range: string) =>
      (await get('range', { Range, ChecksumMode: 'ENABLED' })).ChecksumSHA256;
    expect(await sum('bytes=0-')).toBe(createHash('sha256').update('abcdefghij').digest('base64'));
    expect(await sum('bytes=0-8')).toBeUndefined();
  });

  it.each(['bytes=10-', 'bytes=10-20', 'bytes=-0'])('reject the range %s', async (Range) => {
    await put('range', 'abcdefghij');
    expect(await failureOf(get('range', { Range }))).toMatchObject({ name: 'InvalidRange', status: 416 });
  });

  it('are read under conditions, where an ETag takes precedence over a date', async () => {
    const { ETag } = await put('conditional', 'x');
    const before = new Date(clock.now() - 1000);
    const at = new Date(clock.now());
    expect((await get('conditional', { IfMatch: ETag })).text).toBe('x');
    expect((await get('conditional', { IfMatch: '*' })).text).toBe('x');
    expect((await get('conditional', { IfNoneMatch: '"other"' })).text).toBe('x');
    expect((await get('conditional', { IfModifiedSince: before })).text).toBe('x');
    expect((await get('conditional', { IfUnmodifiedSince: at })).text).toBe('x');
    expect((await get('conditional', { IfMatch: ETag, IfUnmodifiedSince: before })).text).toBe('x');
    expect((await get('conditional', { IfNoneMatch: '"other"', IfModifiedSince: at })).text).toBe('x');
    for (const refused of [{ IfMatch: '"other"' }, { IfUnmodifiedSince: before }]) {
      expect(await failureOf(get('conditional', refused))).toMatchObject({
        name: 'PreconditionFailed',
        status: 412,
      });
    }
    for (const same of [
      { IfNoneMatch: ETag },
      { IfModifiedSince: at },
      { IfNoneMatch: ETag, IfModifiedSince: before },
    ]) {
      expect(await failureOf(get('conditional', same))).toMatchObject({ status: 304 });
    }
  });

  it('are returned with the response headers that a read asks for, unless these are invalid', async () => {
    await put('override', 'x', { ContentType: 'text/plain' });
    expect(
      await get('override', { ResponseContentType: 'text/html', ResponseCacheControl: 'no-store' }),
    ).toMatchObject({ ContentType: 'text/html', CacheControl: 'no-store' });
    expect(await failureOf(get('override', { ResponseContentType: 'a\r\nset-cookie: b' }))).toMatchObject({
      name: 'InvalidArgument',
    });
  });

  it.each([ChecksumAlgorithm.CRC32, ChecksumAlgorithm.CRC64NVME, ChecksumAlgorithm.SHA256])(
    'keep the checksum %s that the client computed, in a header or a trailer',
    async (algorithm) => {
      const ChecksumAlgorithm = algorithm;
      const member = `Checksum${algorithm}`;
      const plain = await put(`sum-${algorithm}`, 'abc', { ChecksumAlgorithm });
      const stream = Readable.from([Buffer.from('abc')]);
      const streamed = await put(`sum-stream-${algorithm}`, stream, { ChecksumAlgorithm, ContentLength: 3 });
      const value: unknown = Reflect.get(plain, member);
      expect(typeof value).toBe('string');
      expect(Reflect.get(streamed, member)).toBe(value);
      const head = new HeadObjectCommand({ Bucket, Key: `sum-stream-${algorithm}`, ChecksumMode: 'ENABLED' });
      expect(await s3.client.send(head)).toMatchObject({ [member]: value, ChecksumType: 'FULL_OBJECT' });
    },
  );

  it('have a CRC64NVME when the client sends no checksum, returned only on request', async () => {
    const quiet = s3.makeClient({
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
    });
    await quiet.send(new PutObjectCommand({ Bucket, Key: 'unsummed', Body: '123456789' }));
    const head = { Bucket, Key: 'unsummed' };
    expect(await quiet.send(new HeadObjectCommand({ ...head, ChecksumMode: 'ENABLED' }))).toMatchObject({
      ChecksumCRC64NVME: Buffer.from('ae8b14860a799888', 'hex').toString('base64'),
    });
    expect(await quiet.send(new HeadObjectCommand(head))).not.toHaveProperty('ChecksumCRC64NVME');
  });

  it('cannot be uploaded in chunks below 8 KiB before the last, which the SDK makes from a stream of small pieces', async () => {
    const silent = () => {};
    const logger = { debug: silent, info: silent, warn: silent, error: silent };
    const stream = (pieces: number, size: number) => ({
      Bucket,
      Key: 'pieces',
      Body: Readable.from(Array.from({ length: pieces }, () => Buffer.alloc(size))),
      ContentLength: pieces * size,
    });
    const client = s3.makeClient({ logger });
    expect(await failureOf(client.send(new PutObjectCommand(stream(3, 100))))).toMatchObject({
      name: 'InvalidChunkSizeError',
      status: 403,
    });
    await client.send(new PutObjectCommand(stream(3, 8192)));
    await s3.makeClient({ requestStreamBufferSize: 65_536 }).send(new PutObjectCommand(stream(3, 100)));
    expect((await get('pieces')).ContentLength).toBe(300);
  });

  it('are rejected with a wrong Content-MD5', async () => {
    const digest = (text: string) => createHash('md5').update(text).digest('base64');
    await put('md5', 'abc', { ContentMD5: digest('abc') });
    expect(await failureOf(put('md5', 'abd', { ContentMD5: digest('abc') }))).toMatchObject({
      name: 'BadDigest',
    });
    expect(await failureOf(put('md5', 'abd', { ContentMD5: 'x' }))).toMatchObject({ name: 'InvalidDigest' });
    expect((await get('md5')).text).toBe('abc');
  });

  it('are deleted alone or in batches, whether they exist or not', async () => {
    await put('gone', 'x');
    await s3.client.send(new DeleteObjectCommand({ Bucket, Key: 'gone' }));
    await s3.client.send(new DeleteObjectCommand({ Bucket, Key: 'gone' }));
    expect(await failureOf(get('gone'))).toMatchObject({ name: 'NoSuchKey', status: 404 });
    expect(await failureOf(s3.client.send(new HeadObjectCommand({ Bucket, Key: 'gone' })))).toMatchObject({
      name: 'NotFound',
    });
    const keys = ['many/1 <&>', 'many/2\n', 'many/é'];
    for (const key of keys) await put(key, 'x');
    const { ETag } = await put('many/kept', 'x');
    const { Deleted, Errors } = await s3.client.send(
      new DeleteObjectsCommand({
        Bucket,
        Delete: {
          Objects: [
            ...[...keys, 'many/absent'].map((Key) => ({ Key })),
            { Key: 'many/kept', ETag: '"other"' },
          ],
        },
      }),
    );
    expect(Deleted?.map(({ Key }) => Key)).toEqual([...keys, 'many/absent']);
    expect(Errors).toEqual([expect.objectContaining({ Key: 'many/kept', Code: 'PreconditionFailed' })]);
    const quiet = new DeleteObjectsCommand({
      Bucket,
      Delete: { Quiet: true, Objects: [{ Key: 'many/kept', ETag }] },
    });
    expect((await s3.client.send(quiet)).Deleted).toBeUndefined();
    expect(s3.store.list(Bucket, { prefix: 'many/', limit: 10 }).entries).toEqual([]);
  });

  it('are copied with the attributes of the source or with new ones', async () => {
    const { ETag } = await put('source +é', 'abc', { Metadata: { a: '1' }, ContentType: 'text/plain' });
    const CopySource = `${Bucket}/${encodeURIComponent('source +é')}`;
    const copy = (more: object) =>
      s3.client.send(new CopyObjectCommand({ Bucket, Key: 'copy', CopySource, ...more }));
    expect((await copy({})).CopyObjectResult).toMatchObject({ ETag, LastModified: new Date(clock.now()) });
    expect(await get('copy')).toMatchObject({ text: 'abc', ContentType: 'text/plain', Metadata: { a: '1' } });
    await copy({ MetadataDirective: 'REPLACE', Metadata: { b: '2' }, ContentType: 'text/csv' });
    expect(await get('copy')).toMatchObject({ ContentType: 'text/csv', Metadata: { b: '2' } });
    expect(await failureOf(copy({ CopySourceIfMatch: '"x"' }))).toMatchObject({ name: 'PreconditionFailed' });
    expect(await failureOf(copy({ CopySourceIfNoneMatch: ETag }))).toMatchObject({
      name: 'PreconditionFailed',
    });
    expect(await failureOf(copy({ CopySource: `${Bucket}/absent` }))).toMatchObject({ name: 'NoSuchKey' });
    expect(await failureOf(copy({ Key: 'source +é' }))).toMatchObject({ name: 'InvalidRequest' });
  });

  it('are accessible for the expected bucket owner only', async () => {
    await put('owned', 'x', { ExpectedBucketOwner: '000000000000' });
    expect(await failureOf(get('owned', { ExpectedBucketOwner: '111122223333' }))).toMatchObject({
      name: 'AccessDenied',
      status: 403,
    });
  });

  it("keep S3's limits on keys and metadata", async () => {
    await put('k'.repeat(1024), 'x');
    expect(await failureOf(put('k'.repeat(1025), 'x'))).toMatchObject({
      name: 'KeyTooLongError',
      status: 400,
    });
    expect(await failureOf(put('é'.repeat(513), 'x'))).toMatchObject({ name: 'KeyTooLongError' });
    expect(await failureOf(put('meta', 'x', { Metadata: { a: 'x'.repeat(2048) } }))).toMatchObject({
      name: 'MetadataTooLarge',
    });
  });
});

import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  ChecksumAlgorithm,
  CopyObjectCommand,
  type CopyObjectCommandInput,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  type GetObjectCommandInput,
  HeadObjectCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ManualClock, seededBytes } from '../../src/base/index.ts';
import { failureOf, type RunningS3, startS3 } from '../../src/testing/startS3.ts';

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
    s3.store.createBucket(Bucket);
  });
  afterAll(async () => {
    await s3.close();
    expect(s3.defects).toEqual([]);
  });

  it('are returned with the bytes, metadata and headers of their upload', async () => {
    const body = seededBytes(300_000);
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

  // Firehose labels plain Parquet as hadoop-snappy.
  it.each(['hadoop-snappy', 'gzip', 'deflate, gzip'])(
    'keep the Content-Encoding %s as a mere label',
    async (ContentEncoding) => {
      await put('labelled', 'abc', { ContentEncoding });
      expect(await get('labelled')).toMatchObject({ ContentEncoding, text: 'abc' });
    },
  );

  it.each([
    { ContentEncoding: 'gzip', kept: 'gzip' },
    { ContentEncoding: 'aws-chunked,deflate,gzip', kept: 'deflate, gzip' },
  ])(
    'keep no aws-chunked, which is of the request, of the stream $ContentEncoding',
    async ({ ContentEncoding, kept }) => {
      await put('streamed', Readable.from([Buffer.from('abc')]), { ContentEncoding, ContentLength: 3 });
      expect(await get('streamed')).toMatchObject({ ContentEncoding: kept, text: 'abc' });
    },
  );

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
    { Range: 'bytes=2-4', text: 'cde', ContentRange: 'bytes 2-4/10' },
    { Range: 'bytes=7-', text: 'hij', ContentRange: 'bytes 7-9/10' },
    { Range: 'bytes=-3', text: 'hij', ContentRange: 'bytes 7-9/10' },
    { Range: 'bytes=-50', text: 'abcdefghij', ContentRange: 'bytes 0-9/10' },
    { Range: 'bytes=8-999', text: 'ij', ContentRange: 'bytes 8-9/10' },
    { Range: 'bytes=0-0', text: 'a', ContentRange: 'bytes 0-0/10' },
    { Range: 'bytes=5-2', text: 'abcdefghij', ContentRange: undefined },
    { Range: 'bytes=0-1,4-5', text: 'abcdefghij', ContentRange: undefined },
    { Range: 'lines=1-2', text: 'abcdefghij', ContentRange: undefined },
  ])('return for the range $Range the bytes $text', async ({ Range, text, ContentRange }) => {
    await put('range', 'abcdefghij');
    const answer = await get('range', { Range });
    expect(answer).toMatchObject({ text, ContentLength: text.length });
    expect(answer.ContentRange).toBe(ContentRange);
    expect(answer.$metadata.httpStatusCode).toBe(ContentRange === undefined ? 200 : 206);
  });

  it('are returned with their checksum if the range is all of them, and without it otherwise', async () => {
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

  describe('read under a condition', () => {
    const ETag = md5('x');
    beforeAll(() => put('conditional', 'x'));

    it.each([{ IfMatch: ETag }, { IfMatch: '*' }, { IfNoneMatch: '"other"' }])(
      'are returned if it holds: %j',
      async (condition) => {
        expect((await get('conditional', condition)).text).toBe('x');
      },
    );

    it('are refused if they are not as expected', async () => {
      expect(await failureOf(get('conditional', { IfMatch: '"other"' }))).toMatchObject({
        name: 'PreconditionFailed',
        status: 412,
      });
    });

    it('are not sent again if they are the same', async () => {
      expect(await failureOf(get('conditional', { IfNoneMatch: ETag }))).toMatchObject({ status: 304 });
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

  it('have a CRC64NVME if the client sends no checksum, returned only on request', async () => {
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
    expect(await failureOf(client.send(new PutObjectCommand(stream(3, 8191))))).toMatchObject({
      name: 'InvalidChunkSizeError',
      status: 403,
    });
    await client.send(new PutObjectCommand(stream(3, 8192)));
    await s3.makeClient({ requestStreamBufferSize: 65_536 }).send(new PutObjectCommand(stream(3, 100)));
    expect((await get('pieces')).ContentLength).toBe(300);
  });

  it('are stored with the right Content-MD5, and rejected with a wrong one', async () => {
    const ContentMD5 = createHash('md5').update('abc').digest('base64');
    await put('md5', 'abc', { ContentMD5 });
    expect(await failureOf(put('md5', 'abd', { ContentMD5 }))).toMatchObject({ name: 'BadDigest' });
    expect(await failureOf(put('md5', 'abd', { ContentMD5: 'x' }))).toMatchObject({ name: 'InvalidDigest' });
    expect((await get('md5')).text).toBe('abc');
  });

  it('are gone when they are deleted, once or twice', async () => {
    await put('gone', 'x');
    const remove = () => s3.client.send(new DeleteObjectCommand({ Bucket, Key: 'gone' }));
    await remove();
    await remove();
    expect(await failureOf(get('gone'))).toMatchObject({ name: 'NoSuchKey', status: 404 });
    expect(await failureOf(s3.client.send(new HeadObjectCommand({ Bucket, Key: 'gone' })))).toMatchObject({
      name: 'NotFound',
    });
  });

  it('are deleted in batches, each for itself, whether they exist or not', async () => {
    const keys = ['many/1 <&>', 'many/2\n', 'many/é'];
    for (const key of [...keys, 'many/kept']) await put(key, 'x');
    const Objects = [...keys, 'many/absent'].map((Key) => ({ Key }));
    const { Deleted, Errors } = await s3.client.send(
      new DeleteObjectsCommand({
        Bucket,
        Delete: { Objects: [...Objects, { Key: 'many/kept', ETag: '"other"' }] },
      }),
    );
    expect(Deleted?.map(({ Key }) => Key)).toEqual([...keys, 'many/absent']);
    expect(Errors).toEqual([expect.objectContaining({ Key: 'many/kept', Code: 'PreconditionFailed' })]);
    expect(s3.store.list(Bucket, { prefix: 'many/', limit: 10 }).entries).toMatchObject([
      { object: { key: 'many/kept' } },
    ]);
  });

  it('are deleted in a quiet batch, which does not list them', async () => {
    const { ETag } = await put('quiet', 'x');
    const { Deleted } = await s3.client.send(
      new DeleteObjectsCommand({ Bucket, Delete: { Quiet: true, Objects: [{ Key: 'quiet', ETag }] } }),
    );
    expect(s3.store.bucket(Bucket).find('quiet')).toBeUndefined();
    expect(Deleted).toBeUndefined();
  });

  describe('copied', () => {
    const source = 'source +é';
    const copy = (more: Partial<CopyObjectCommandInput> = {}) => {
      const CopySource = `${Bucket}/${encodeURIComponent(source)}`;
      return s3.client.send(new CopyObjectCommand({ Bucket, Key: 'copy', CopySource, ...more }));
    };
    beforeAll(() => put(source, 'abc', { Metadata: { a: '1' }, ContentType: 'text/plain' }));

    it('have the attributes of the source', async () => {
      const { CopyObjectResult } = await copy();
      expect(CopyObjectResult).toMatchObject({ ETag: md5('abc'), LastModified: new Date(clock.now()) });
      expect(await get('copy')).toMatchObject({
        text: 'abc',
        ContentType: 'text/plain',
        Metadata: { a: '1' },
      });
    });

    it('have new attributes if the request replaces them', async () => {
      await copy({ MetadataDirective: 'REPLACE', Metadata: { b: '2' }, ContentType: 'text/csv' });
      expect(await get('copy')).toMatchObject({ ContentType: 'text/csv', Metadata: { b: '2' } });
    });

    it.each<{ readonly name: string; readonly more: Partial<CopyObjectCommandInput> }>([
      { name: 'PreconditionFailed', more: { CopySourceIfMatch: '"x"' } },
      { name: 'PreconditionFailed', more: { CopySourceIfNoneMatch: md5('abc') } },
      { name: 'NoSuchKey', more: { CopySource: `${Bucket}/absent` } },
      { name: 'InvalidRequest', more: { Key: source } },
    ])('are refused with $name: $more', async ({ name, more }) => {
      expect(await failureOf(copy(more))).toMatchObject({ name });
    });
  });

  it('are accessible for the expected bucket owner only', async () => {
    await put('owned', 'x', { ExpectedBucketOwner: '000000000000' });
    expect(await failureOf(get('owned', { ExpectedBucketOwner: '111122223333' }))).toMatchObject({
      name: 'AccessDenied',
      status: 403,
    });
  });

  it.each([
    { what: 'ASCII', longest: 'k'.repeat(1024), longer: 'k'.repeat(1025) },
    { what: 'two bytes each', longest: 'é'.repeat(512), longer: 'é'.repeat(513) },
  ])('have keys of at most 1,024 bytes, in characters of $what', async ({ longest, longer }) => {
    await put(longest, 'x');
    expect(await failureOf(put(longer, 'x'))).toMatchObject({ name: 'KeyTooLongError', status: 400 });
  });

  it('have metadata of at most 2,048 bytes, with its names', async () => {
    await put('meta', 'x', { Metadata: { a: 'x'.repeat(2047) } });
    expect(await failureOf(put('meta', 'x', { Metadata: { a: 'x'.repeat(2048) } }))).toMatchObject({
      name: 'MetadataTooLarge',
    });
  });
});

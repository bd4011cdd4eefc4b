import { createHash, randomBytes } from 'node:crypto';
import {
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
  type UploadPartCopyCommandInput,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Checksum } from '../../src/s3/checksums.ts';
import { failureOf, type RunningS3, startS3 } from '../harness/startS3.ts';

const MIB = 1024 ** 2;
const Bucket = 'copies';

describe('copies within S3', () => {
  let s3: RunningS3;
  const bytes = randomBytes(11 * MIB);
  const begin = async (Key: string, more: object = {}) =>
    (await s3.client.send(new CreateMultipartUploadCommand({ Bucket, Key, ...more }))).UploadId;
  const copyPart = (input: Partial<UploadPartCopyCommandInput>) =>
    s3.client.send(
      new UploadPartCopyCommand({
        ...{
          Bucket,
          Key: 'target',
          CopySource: 'sources/large',
          PartNumber: 1,
          UploadId: undefined,
          ...input,
        },
      }),
    );

  beforeAll(async () => {
    s3 = await startS3();
    for (const name of [Bucket, 'sources']) s3.store.createBucket(name);
    await s3.store.put('sources', 'large', bytes);
    await s3.store.put('sources', 'small', 'small');
  });
  afterAll(async () => {
    await s3.close();
    expect(s3.defects).toEqual([]);
  });

  it('take parts of an object of another bucket, as the CLI copies a large file', async () => {
    const UploadId = await begin('target', { ChecksumAlgorithm: 'CRC32' });
    const ranges = [0, 5 * MIB, 10 * MIB].map((start) => [
      start,
      Math.min(start + 5 * MIB, bytes.length) - 1,
    ]);
    const Parts: CompletedPart[] = [];
    for (const [i, [start = 0, end = 0]] of ranges.entries()) {
      const { CopyPartResult } = await copyPart({
        UploadId,
        PartNumber: i + 1,
        CopySourceRange: `bytes=${start}-${end}`,
      });
      const piece = bytes.subarray(start, end + 1);
      const crc = new Checksum('CRC32');
      crc.update(piece);
      expect(CopyPartResult).toEqual({
        ETag: `"${createHash('md5').update(piece).digest('hex')}"`,
        ChecksumCRC32: crc.digest(),
        LastModified: expect.any(Date),
      });
      Parts.push({
        PartNumber: i + 1,
        ETag: CopyPartResult?.ETag,
        ChecksumCRC32: CopyPartResult?.ChecksumCRC32,
      });
    }
    const finish = () =>
      s3.client.send(
        new CompleteMultipartUploadCommand({ Bucket, Key: 'target', UploadId, MultipartUpload: { Parts } }),
      );
    const { $metadata: _, ...first } = await finish();
    const answer = await s3.client.send(new GetObjectCommand({ Bucket, Key: 'target' }));
    expect(Buffer.from((await answer.Body?.transformToByteArray()) ?? []).equals(bytes)).toBe(true);
    // The answer may have been lost: a client that asks again gets the same.
    expect(await finish()).toMatchObject(first);
    const fewer = new CompleteMultipartUploadCommand({
      ...{ Bucket, Key: 'target', UploadId, MultipartUpload: { Parts: Parts.slice(1) } },
    });
    expect(await failureOf(s3.client.send(fewer))).toMatchObject({ name: 'NoSuchUpload' });
  });

  it('take a whole small object as a part, and refuse the ranges that S3 refuses', async () => {
    const UploadId = await begin('target');
    expect((await copyPart({ UploadId, CopySource: 'sources/small' })).CopyPartResult?.ETag).toBe(
      `"${createHash('md5').update('small').digest('hex')}"`,
    );
    const names = (inputs: Partial<UploadPartCopyCommandInput>[]) =>
      Promise.all(inputs.map(async (input) => (await failureOf(copyPart({ UploadId, ...input }))).name));
    expect(
      await names(
        [
          '0-2',
          'bytes=0',
          'bytes=a-b',
          'bytes=0-',
          'bytes=-5',
          'bytes=0-2,3-5',
          'bytes=9-8',
          `bytes=0-${11 * MIB}`,
        ].map((CopySourceRange) => ({ CopySourceRange })),
      ),
    ).toEqual(Array(8).fill('InvalidArgument'));
    expect(
      await names([
        { CopySource: 'sources/small', CopySourceRange: 'bytes=0-1' },
        { CopySource: 'sources/absent' },
        { CopySource: 'absent/large' },
        { CopySource: 'sources' },
        { UploadId: 'absent' },
        { PartNumber: 10_001 },
        { CopySourceIfMatch: '"other"' },
        { CopySourceIfNoneMatch: `"${createHash('md5').update(bytes).digest('hex')}"` },
        { CopySourceIfUnmodifiedSince: new Date(0) },
        { CopySourceIfModifiedSince: new Date(Date.now() + 86_400_000) },
        { ExpectedSourceBucketOwner: '999999999999' },
      ]),
    ).toEqual([
      'InvalidRequest',
      'NoSuchKey',
      'NoSuchBucket',
      'InvalidArgument',
      'NoSuchUpload',
      'InvalidArgument',
      ...Array(4).fill('PreconditionFailed'),
      'AccessDenied',
    ]);
  });

  it('of an object onto itself are legal only when they change something', async () => {
    await s3.store.put(Bucket, 'self', 'x', { metadata: { a: '1' } });
    const copy = (more: object) =>
      s3.client.send(new CopyObjectCommand({ Bucket, Key: 'self', CopySource: `${Bucket}/self`, ...more }));
    const illegal = {
      name: 'InvalidRequest',
      message: expect.stringContaining('This copy request is illegal'),
    };
    expect(await failureOf(copy({}))).toMatchObject(illegal);
    expect(await failureOf(copy({ StorageClass: 'STANDARD' }))).toMatchObject(illegal);
    expect(await failureOf(copy({ Metadata: { b: '2' } }))).toMatchObject(illegal);
    await copy({ StorageClass: 'STANDARD_IA' });
    const head = () => s3.client.send(new HeadObjectCommand({ Bucket, Key: 'self' }));
    expect(await head()).toMatchObject({ StorageClass: 'STANDARD_IA', Metadata: { a: '1' } });
    expect(await failureOf(copy({ StorageClass: 'STANDARD_IA' }))).toMatchObject(illegal);
    await copy({ MetadataDirective: 'REPLACE', Metadata: { b: '2' } });
    expect((await head()).Metadata).toEqual({ b: '2' });
    expect(await failureOf(copy({ MetadataDirective: 'OTHER' }))).toMatchObject({ name: 'InvalidArgument' });
  });

  it('completed twice at once or after a restart make one version', async () => {
    const Key = 'twice';
    await s3.client.send(
      new PutBucketVersioningCommand({ Bucket: 'sources', VersioningConfiguration: { Status: 'Enabled' } }),
    );
    const at = { Bucket: 'sources', Key };
    const { UploadId } = await s3.client.send(new CreateMultipartUploadCommand(at));
    const { ETag } = await s3.client.send(
      new UploadPartCommand({ ...at, UploadId, PartNumber: 1, Body: 'part' }),
    );
    const finish = () =>
      s3.client.send(
        new CompleteMultipartUploadCommand({
          ...{ ...at, UploadId, IfNoneMatch: '*', MultipartUpload: { Parts: [{ PartNumber: 1, ETag }] } },
        }),
      );
    const ids = new Set((await Promise.all([finish(), finish()])).map(({ VersionId }) => VersionId));
    ids.add((await finish()).VersionId);
    const { Versions } = await s3.client.send(
      new ListObjectVersionsCommand({ Bucket: 'sources', Prefix: Key }),
    );
    expect([...ids]).toEqual(Versions?.map(({ VersionId }) => VersionId));
  });
});

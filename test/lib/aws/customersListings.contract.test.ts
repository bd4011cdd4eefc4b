import { S3Client } from '@aws-sdk/client-s3';
import { describe, expect, it } from '@jest/globals';
import { customerBucketFrom } from '../../../lib/aws/customerBucket.ts';
import { exportBucketFrom } from '../../../lib/aws/exportBucket.ts';
import { exportedFile } from '../../../lib/tables/exportKeys.ts';
import { answering, attempts, s3Error } from '../../harness/answering.ts';

const OWNER = '111122223333';

describe('a bucket of a customer', () => {
  const target = { bucket: 'theirs', owner: OWNER };
  /** An error of ours: nothing that the customer could mend. */
  const defect = new TypeError('x is not a function');

  it('has errors of ours as they are', async () => {
    const read = customerBucketFrom(answering(S3Client, defect).client, { name: 'acme', ...target });
    await expect(read.list({ prefix: '' })).rejects.toBe(defect);
    const written = exportBucketFrom(answering(S3Client, defect).client, target, attempts);
    await expect(written.list('')).rejects.toBe(defect);
  });

  it('that is ours is not asked whose it is', async () => {
    const { client, asked } = answering(S3Client, s3Error('AccessDenied'));
    await expect(
      customerBucketFrom(client, { name: 'own', bucket: 'own' }).list({ prefix: 'f/' }),
    ).rejects.toMatchObject({ code: 'SLUICE_SOURCE_ACCESS_DENIED' });
    expect(asked).toHaveLength(1);
  });

  it('that gives no answer is unavailable', async () => {
    const away = new S3Client({
      region: 'us-east-1',
      endpoint: 'http://127.0.0.1:9',
      credentials: { accessKeyId: 'a', secretAccessKey: 's' },
      maxAttempts: 1,
    });
    await expect(
      customerBucketFrom(away, { name: 'acme', ...target }).list({ prefix: '' }),
    ).rejects.toMatchObject({ code: 'SLUICE_SOURCE_UNAVAILABLE' });
  });

  it('lists what has a key, and its folders', async () => {
    const Contents = [{ Size: 1 }, { Key: 'a', Size: 1, ETag: '"e"', LastModified: new Date(5) }];
    const { client } = answering(S3Client, { Contents, CommonPrefixes: [{}, { Prefix: 'f/' }] });
    expect(await customerBucketFrom(client, { name: 'acme', ...target }).list({ prefix: '' })).toMatchObject({
      objects: [{ key: 'a', eTag: '"e"', lastModified: new Date(5), isRestored: false }],
      folders: ['f/'],
      next: undefined,
    });
  });

  it.each([
    { what: 'may not be listed', error: 'AccessDenied', result: null },
    { what: 'are of a bucket that is gone', error: 'NoSuchBucket', result: 'SLUICE_EXPORT_BUCKET_MISSING' },
  ])('has uploads that $what', async ({ error, result }) => {
    const bucket = exportBucketFrom(answering(S3Client, s3Error(error)).client, target, attempts);
    expect(await bucket.abortUploads('p/').catch(({ code }) => code)).toBe(result);
  });

  it('has no uploads of other programs aborted', async () => {
    const Key = `p/${exportedFile({ key: 'a', eTag: '' })}`;
    const Uploads = [
      { Key: 'p/theirs.parquet', UploadId: '1' },
      { Key, UploadId: '2' },
    ];
    const { client, asked } = answering(S3Client, { Uploads }, {});
    expect(await exportBucketFrom(client, target, attempts).abortUploads('p/')).toBe(1);
    expect(asked.slice(1).map(({ input }) => input)).toEqual([
      { Bucket: 'theirs', ExpectedBucketOwner: OWNER, Key, UploadId: '2' },
    ]);
  });

  it('has its uploads listed no longer once a page has none', async () => {
    const { client, asked } = answering(S3Client, { IsTruncated: true, NextKeyMarker: 'm' });
    expect(await exportBucketFrom(client, target, attempts).abortUploads('p/')).toBe(0);
    expect(asked).toHaveLength(1);
  });
});

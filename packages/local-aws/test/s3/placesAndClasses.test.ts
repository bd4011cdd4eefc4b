import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetBucketLocationCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { realClock } from '../../src/base/clock.ts';
import { ObjectStore } from '../../src/s3/model/ObjectStore.ts';
import { failureOf, type RunningS3, startS3 } from '../../src/testing/startS3.ts';

describe('the local S3, with bucket regions and storage classes', () => {
  let s3: RunningS3;
  const Bucket = 'in-ireland';

  beforeAll(async () => {
    s3 = await startS3();
    const CreateBucketConfiguration = { LocationConstraint: 'eu-west-1' as const };
    const ireland = s3.makeClient({ region: 'eu-west-1' });
    await ireland.send(new CreateBucketCommand({ Bucket, CreateBucketConfiguration }));
    await ireland.send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'x' }));
    s3.store.createBucket('classes');
  });
  afterAll(async () => {
    await s3.close();
    expect(s3.defects).toEqual([]);
  });

  it('redirects a request to the wrong region and names the right one', async () => {
    const error: unknown = await s3.client.send(new GetObjectCommand({ Bucket, Key: 'a' })).catch((e) => e);
    expect(error).toMatchObject({
      name: 'PermanentRedirect',
      Endpoint: `${Bucket}.s3.eu-west-1.amazonaws.com`,
    });
    expect(error).toBeInstanceOf(S3ServiceException);
    if (error instanceof S3ServiceException)
      expect(error.$response?.headers).toMatchObject({ 'x-amz-bucket-region': 'eu-west-1' });
    expect(await failureOf(s3.client.send(new HeadBucketCommand({ Bucket })))).toMatchObject({ status: 301 });
    const { LocationConstraint } = await s3.client.send(new GetBucketLocationCommand({ Bucket }));
    expect(LocationConstraint).toBe('eu-west-1');
  });

  it('returns the storage class of an object, and does not return an archived object', async () => {
    const put = (Key: string, StorageClass: 'STANDARD_IA' | 'GLACIER' | 'STANDARD') =>
      s3.client.send(new PutObjectCommand({ Bucket: 'classes', Key, Body: Key, StorageClass }));
    await put('cold', 'STANDARD_IA');
    await put('frozen', 'GLACIER');
    await put('warm', 'STANDARD');
    const { Contents = [] } = await s3.client.send(
      new ListObjectsV2Command({ Bucket: 'classes', OptionalObjectAttributes: ['RestoreStatus'] }),
    );
    expect(Contents.map(({ StorageClass }) => StorageClass)).toEqual(['STANDARD_IA', 'GLACIER', 'STANDARD']);
    expect(Contents.map(({ RestoreStatus }) => RestoreStatus)).toEqual([undefined, undefined, undefined]);
    const head = await s3.client.send(new HeadObjectCommand({ Bucket: 'classes', Key: 'frozen' }));
    expect(head).toMatchObject({ StorageClass: 'GLACIER', ContentLength: 6 });
    const get = (Key: string) => s3.client.send(new GetObjectCommand({ Bucket: 'classes', Key }));
    expect(await (await get('cold')).Body?.transformToString()).toBe('cold');
    const error: unknown = await get('frozen').catch((e) => e);
    expect(error).toMatchObject({ name: 'InvalidObjectState', StorageClass: 'GLACIER' });
  });

  it('answers 409 to a create-only write whose object is deleted during the upload', async () => {
    await s3.store.put('classes', 'race', 'old');
    const bucket = s3.store.bucket('classes');
    const before = bucket.find('race');
    const staged = await bucket.stage('new');
    await s3.client.send(new DeleteObjectCommand({ Bucket: 'classes', Key: 'race' }));
    const attributes = { headers: {}, metadata: {}, encryption: {} };
    const commit = () =>
      bucket.commit({
        key: 'race',
        staged,
        checksum: undefined,
        attributes,
        before,
        condition: { ifNoneMatch: '*' },
        reason: 'PutObject',
      });
    expect(commit).toThrow(expect.objectContaining({ code: 'ConditionalRequestConflict', status: 409 }));
    expect(bucket.find('race')).toBeUndefined();
  });

  it('keeps the owner and the policy of a bucket over a restart', async () => {
    const other = await startS3();
    other.store.createBucket('kept', { account: '111122223333' });
    const policy = '{"Statement":[]}';
    other.store.bucket('kept').settings = { ...other.store.bucket('kept').settings, policy };
    other.store.close();
    const again = ObjectStore.open({ directory: other.directory, clock: realClock });
    expect(again.bucket('kept').info.account).toBe('111122223333');
    expect(again.bucket('kept').settings.policy).toBe(policy);
    again.close();
    await other.close();
  });
});

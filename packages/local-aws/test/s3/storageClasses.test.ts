import {
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type RunningS3, startS3 } from '../../src/testing/startS3.ts';

describe('the storage class of an object', () => {
  let s3: RunningS3;
  const Bucket = 'classes';
  const get = (Key: string) => s3.client.send(new GetObjectCommand({ Bucket, Key }));

  beforeAll(async () => {
    s3 = await startS3();
    s3.store.createBucket(Bucket);
    for (const StorageClass of ['GLACIER', 'STANDARD', 'STANDARD_IA'] as const)
      await s3.client.send(new PutObjectCommand({ Bucket, Key: StorageClass, Body: 'x', StorageClass }));
  });
  afterAll(async () => {
    await s3.close();
    expect(s3.defects).toEqual([]);
  });

  it('is listed, without the status of a restore', async () => {
    const OptionalObjectAttributes = ['RestoreStatus' as const];
    const { Contents = [] } = await s3.client.send(
      new ListObjectsV2Command({ Bucket, OptionalObjectAttributes }),
    );
    expect(
      Contents.map(({ Key, StorageClass, RestoreStatus }) => [Key, StorageClass, RestoreStatus]),
    ).toEqual([
      ['GLACIER', 'GLACIER', undefined],
      ['STANDARD', 'STANDARD', undefined],
      ['STANDARD_IA', 'STANDARD_IA', undefined],
    ]);
  });

  it('lets an object be read that is rarely used', async () => {
    expect(await (await get('STANDARD_IA')).Body?.transformToString()).toBe('x');
  });

  it('lets the head of an archived object be read, and not the object', async () => {
    const Key = 'GLACIER';
    expect(await s3.client.send(new HeadObjectCommand({ Bucket, Key }))).toMatchObject({ StorageClass: Key });
    await expect(get(Key)).rejects.toMatchObject({ name: 'InvalidObjectState', StorageClass: Key });
  });
});

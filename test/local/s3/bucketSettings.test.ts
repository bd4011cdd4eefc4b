import {
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketNotificationConfigurationCommand,
  GetBucketPolicyCommand,
  GetBucketVersioningCommand,
  GetPublicAccessBlockCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { failureOf, type RunningS3, startS3 } from './startS3.ts';

const Bucket = 'settings';
const ALL_BLOCKED = {
  BlockPublicAcls: true,
  IgnorePublicAcls: true,
  BlockPublicPolicy: true,
  RestrictPublicBuckets: true,
};

describe('what a bucket is set to', () => {
  let s3: RunningS3;
  beforeAll(async () => {
    s3 = await startS3();
    s3.store.createBucket(Bucket, { eventBridge: true });
    s3.store.createBucket('plain');
  });
  afterAll(() => s3.close());

  it('is told as the template has it', async () => {
    const { client } = s3;
    const policy = JSON.stringify({ Version: '2012-10-17', Statement: [{ Sid: 'A & <B>' }] });
    s3.store.bucket(Bucket).settings = {
      policy,
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [
          {
            ServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: 'arn:aws:kms:k' },
            BucketKeyEnabled: true,
          },
        ],
      },
      VersioningConfiguration: { Status: 'Enabled' },
      PublicAccessBlockConfiguration: { ...ALL_BLOCKED, BlockPublicPolicy: false },
      LifecycleConfiguration: {
        Rules: [
          { Id: 'results', Status: 'Enabled', Prefix: 'query-results/', ExpirationInDays: 30 },
          {
            Status: 'Disabled',
            Transitions: [{ StorageClass: 'STANDARD_IA', TransitionInDays: 30 }],
            NoncurrentVersionExpiration: { NoncurrentDays: 7 },
            AbortIncompleteMultipartUpload: { DaysAfterInitiation: 2 },
          },
        ],
      },
    };
    expect((await client.send(new GetBucketPolicyCommand({ Bucket }))).Policy).toBe(policy);
    expect(await client.send(new GetBucketEncryptionCommand({ Bucket }))).toMatchObject({
      ServerSideEncryptionConfiguration: {
        Rules: [
          {
            ApplyServerSideEncryptionByDefault: {
              SSEAlgorithm: 'aws:kms',
              KMSMasterKeyID: 'arn:aws:kms:k',
            },
            BucketKeyEnabled: true,
          },
        ],
      },
    });
    expect(await client.send(new GetBucketVersioningCommand({ Bucket }))).toMatchObject({
      Status: 'Enabled',
    });
    expect(await client.send(new GetPublicAccessBlockCommand({ Bucket }))).toMatchObject({
      PublicAccessBlockConfiguration: { ...ALL_BLOCKED, BlockPublicPolicy: false },
    });
    expect((await client.send(new GetBucketLifecycleConfigurationCommand({ Bucket }))).Rules).toEqual([
      {
        ID: 'results',
        Status: 'Enabled',
        Filter: { Prefix: 'query-results/' },
        Expiration: { Days: 30 },
      },
      {
        ID: 'rule-2',
        Status: 'Disabled',
        Filter: { Prefix: '' },
        NoncurrentVersionExpiration: { NoncurrentDays: 7 },
        Transitions: [{ Days: 30, StorageClass: 'STANDARD_IA' }],
        AbortIncompleteMultipartUpload: { DaysAfterInitiation: 2 },
      },
    ]);
    const notifications = await client.send(new GetBucketNotificationConfigurationCommand({ Bucket }));
    expect(notifications.EventBridgeConfiguration).toEqual({});
  });

  it('is as S3 makes buckets where nothing was set', async () => {
    const { client } = s3;
    const plain = { Bucket: 'plain' };
    expect(await client.send(new GetBucketEncryptionCommand(plain))).toMatchObject({
      ServerSideEncryptionConfiguration: {
        Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
      },
    });
    expect(await client.send(new GetPublicAccessBlockCommand(plain))).toMatchObject({
      PublicAccessBlockConfiguration: ALL_BLOCKED,
    });
    expect((await client.send(new GetBucketVersioningCommand(plain))).Status).toBeUndefined();
    const notifications = await client.send(new GetBucketNotificationConfigurationCommand(plain));
    expect(notifications.EventBridgeConfiguration).toBeUndefined();
    expect(await failureOf(client.send(new GetBucketPolicyCommand(plain)))).toMatchObject({
      name: 'NoSuchBucketPolicy',
      status: 404,
    });
    expect(await failureOf(client.send(new GetBucketLifecycleConfigurationCommand(plain)))).toMatchObject({
      name: 'NoSuchLifecycleConfiguration',
      status: 404,
    });
    s3.store.bucket('plain').settings = {};
    expect(await failureOf(client.send(new GetPublicAccessBlockCommand(plain)))).toMatchObject({
      name: 'NoSuchPublicAccessBlockConfiguration',
      status: 404,
    });
    expect(await failureOf(client.send(new GetBucketPolicyCommand({ Bucket: 'absent' })))).toMatchObject({
      name: 'NoSuchBucket',
      status: 404,
    });
  });
});

import {
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketNotificationConfigurationCommand,
  GetBucketOwnershipControlsCommand,
  GetBucketPolicyCommand,
  GetBucketVersioningCommand,
  GetPublicAccessBlockCommand,
  PutBucketEncryptionCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketNotificationConfigurationCommand,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
  PutPublicAccessBlockCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { failureOf, type RunningS3, startS3 } from '../../src/testing/startS3.ts';

const Bucket = 'settings';
const ALL_BLOCKED = {
  BlockPublicAcls: true,
  IgnorePublicAcls: true,
  BlockPublicPolicy: true,
  RestrictPublicBuckets: true,
};

describe('the settings of a bucket', () => {
  let s3: RunningS3;
  beforeAll(async () => {
    s3 = await startS3();
    s3.store.createBucket(Bucket, { eventBridge: true });
    s3.store.createBucket('plain');
  });
  afterAll(() => s3.close());

  it('are returned as the template defines them', async () => {
    const { client } = s3;
    const policy = JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        {
          Sid: 'A & <B>',
          Effect: 'Deny',
          Principal: '*',
          Action: 's3:*',
          Resource: '*',
          Condition: { Bool: { 'aws:SecureTransport': 'false' } },
        },
      ],
    });
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
    const { OwnershipControls } = await client.send(new GetBucketOwnershipControlsCommand({ Bucket }));
    expect(OwnershipControls?.Rules).toEqual([{ ObjectOwnership: 'BucketOwnerEnforced' }]);
  });

  it("have S3's defaults when the template defines none", async () => {
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

describe("a change of a bucket's settings", () => {
  let s3: RunningS3;
  beforeAll(async () => {
    s3 = await startS3();
    s3.store.createBucket(Bucket);
  });
  afterAll(async () => {
    await s3.close();
    expect(s3.defects).toEqual([]);
  });

  it('is returned as it was made', async () => {
    const { client } = s3;
    const ServerSideEncryptionConfiguration = {
      Rules: [
        {
          ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms' as const, KMSMasterKeyID: 'arn:k' },
          BucketKeyEnabled: true,
        },
      ],
    };
    await client.send(new PutBucketEncryptionCommand({ Bucket, ServerSideEncryptionConfiguration }));
    expect(await client.send(new GetBucketEncryptionCommand({ Bucket }))).toMatchObject({
      ServerSideEncryptionConfiguration,
    });

    const PublicAccessBlockConfiguration = { ...ALL_BLOCKED, IgnorePublicAcls: false };
    await client.send(new PutPublicAccessBlockCommand({ Bucket, PublicAccessBlockConfiguration }));
    expect(await client.send(new GetPublicAccessBlockCommand({ Bucket }))).toMatchObject({
      PublicAccessBlockConfiguration,
    });

    const VersioningConfiguration = { Status: 'Suspended' as const };
    await client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
    expect((await client.send(new GetBucketVersioningCommand({ Bucket }))).Status).toBe('Suspended');

    const denial = { Effect: 'Deny', Principal: '*', Action: 's3:*', Resource: `arn:aws:s3:::${Bucket}/*` };
    // Terraform writes an empty Sid into each statement.
    const Statement = [
      { Sid: '', ...denial },
      { Sid: '', ...denial },
    ];
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement });
    const twice = JSON.stringify({ Version: '2012-10-17', Statement: [denial, denial] }).replaceAll(
      '"Effect"',
      '"Sid":"One","Effect"',
    );
    expect(await failureOf(client.send(new PutBucketPolicyCommand({ Bucket, Policy: twice })))).toMatchObject(
      {
        name: 'MalformedPolicy',
      },
    );
    await client.send(new PutBucketPolicyCommand({ Bucket, Policy }));
    expect((await client.send(new GetBucketPolicyCommand({ Bucket }))).Policy).toBe(Policy);

    for (const EventBridgeConfiguration of [{}, undefined]) {
      const NotificationConfiguration = { EventBridgeConfiguration };
      await client.send(new PutBucketNotificationConfigurationCommand({ Bucket, NotificationConfiguration }));
      const answer = await client.send(new GetBucketNotificationConfigurationCommand({ Bucket }));
      expect(answer.EventBridgeConfiguration).toEqual(EventBridgeConfiguration);
    }
  });

  it('is rejected when the emulator could not return it', async () => {
    const { client } = s3;
    const queue = {
      QueueArn: 'arn:aws:sqs:us-east-1:000000000000:q',
      Events: ['s3:ObjectCreated:*' as const],
    };
    const calls = [
      client.send(
        new PutBucketNotificationConfigurationCommand({
          Bucket,
          NotificationConfiguration: { QueueConfigurations: [queue] },
        }),
      ),
      client.send(
        new PutBucketNotificationConfigurationCommand({
          Bucket,
          NotificationConfiguration: {
            QueueConfigurations: [
              { ...queue, Events: ['s3:ObjectCreated:*' as const, 's3:ObjectRemoved:*' as const] },
              queue,
            ],
          },
        }),
      ),
      client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: {} })),
      client.send(
        new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules: [] } }),
      ),
      client.send(new PutBucketPolicyCommand({ Bucket, Policy: '[]' })),
      client.send(new PutBucketPolicyCommand({ Bucket: 'absent', Policy: '{}' })),
    ];
    expect((await Promise.all(calls.map(failureOf))).map(({ name }) => name)).toEqual([
      'NotImplemented',
      'NotImplemented',
      'IllegalVersioningConfigurationException',
      'NotImplemented',
      'MalformedPolicy',
      'NoSuchBucket',
    ]);
  });
});

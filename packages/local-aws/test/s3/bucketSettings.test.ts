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
import type { BucketSettings } from '../../src/s3/model/bucketSettings.ts';
import { failureOf, type RunningS3, startS3 } from '../../src/testing/startS3.ts';

const Bucket = 'settings';
const ALL_BLOCKED = {
  BlockPublicAcls: true,
  IgnorePublicAcls: true,
  BlockPublicPolicy: true,
  RestrictPublicBuckets: true,
};

/** The settings of a template, as the store has them. */
const SETTINGS: BucketSettings = {
  policy: JSON.stringify({
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
  }),
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

describe('the settings of a bucket', () => {
  let s3: RunningS3;
  beforeAll(async () => {
    s3 = await startS3();
    s3.store.createBucket(Bucket, { eventBridge: true });
    s3.store.createBucket('plain');
    s3.store.bucket(Bucket).settings = SETTINGS;
  });
  afterAll(async () => {
    await s3.close();
    expect(s3.defects).toEqual([]);
  });

  it('have the policy of the template, or none', async () => {
    const policyOf = (name: string) => s3.client.send(new GetBucketPolicyCommand({ Bucket: name }));
    expect((await policyOf(Bucket)).Policy).toBe(SETTINGS.policy);
    expect(await failureOf(policyOf('plain'))).toMatchObject({ name: 'NoSuchBucketPolicy', status: 404 });
    expect(await failureOf(policyOf('absent'))).toMatchObject({ name: 'NoSuchBucket', status: 404 });
  });

  it.each([
    [
      Bucket,
      {
        ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: 'arn:aws:kms:k' },
        BucketKeyEnabled: true,
      },
    ],
    ['plain', { ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
  ])("have the encryption of the template, or S3's own: %s", async (name, rule) => {
    expect(await s3.client.send(new GetBucketEncryptionCommand({ Bucket: name }))).toMatchObject({
      ServerSideEncryptionConfiguration: { Rules: [rule] },
    });
  });

  it.each([
    [Bucket, 'Enabled'],
    ['plain', undefined],
  ])('have the versioning of the template, or none: %s %s', async (name, status) => {
    const { Status, $metadata } = await s3.client.send(new GetBucketVersioningCommand({ Bucket: name }));
    expect($metadata.httpStatusCode).toBe(200);
    expect(Status).toEqual(status);
  });

  it.each([
    [Bucket, { ...ALL_BLOCKED, BlockPublicPolicy: false }],
    ['plain', ALL_BLOCKED],
  ])('block the public access that the template says, or all: %s', async (name, blocked) => {
    expect(await s3.client.send(new GetPublicAccessBlockCommand({ Bucket: name }))).toMatchObject({
      PublicAccessBlockConfiguration: blocked,
    });
  });

  it('block no public access after the block was removed', async () => {
    s3.store.createBucket('open');
    const block = () => s3.client.send(new GetPublicAccessBlockCommand({ Bucket: 'open' }));
    await block();
    s3.store.bucket('open').settings = {};
    expect(await failureOf(block())).toMatchObject({
      name: 'NoSuchPublicAccessBlockConfiguration',
      status: 404,
    });
  });

  it('have the lifecycle of the template, with a name for each rule, or none', async () => {
    const rulesOf = async (name: string) =>
      (await s3.client.send(new GetBucketLifecycleConfigurationCommand({ Bucket: name }))).Rules;
    expect(await rulesOf(Bucket)).toEqual([
      { ID: 'results', Status: 'Enabled', Filter: { Prefix: 'query-results/' }, Expiration: { Days: 30 } },
      {
        ID: 'rule-2',
        Status: 'Disabled',
        Filter: { Prefix: '' },
        NoncurrentVersionExpiration: { NoncurrentDays: 7 },
        Transitions: [{ Days: 30, StorageClass: 'STANDARD_IA' }],
        AbortIncompleteMultipartUpload: { DaysAfterInitiation: 2 },
      },
    ]);
    expect(await failureOf(rulesOf('plain'))).toMatchObject({
      name: 'NoSuchLifecycleConfiguration',
      status: 404,
    });
  });

  it.each([
    [Bucket, {}],
    ['plain', undefined],
  ])('send events to EventBridge if the template says so: %s', async (name, configuration) => {
    const { EventBridgeConfiguration, $metadata } = await s3.client.send(
      new GetBucketNotificationConfigurationCommand({ Bucket: name }),
    );
    expect($metadata.httpStatusCode).toBe(200);
    expect(EventBridgeConfiguration).toEqual(configuration);
  });

  it('give objects to the owner of the bucket', async () => {
    const { OwnershipControls } = await s3.client.send(new GetBucketOwnershipControlsCommand({ Bucket }));
    expect(OwnershipControls?.Rules).toEqual([{ ObjectOwnership: 'BucketOwnerEnforced' }]);
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

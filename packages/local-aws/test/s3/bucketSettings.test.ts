import {
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketNotificationConfigurationCommand,
  GetBucketOwnershipControlsCommand,
  GetBucketPolicyCommand,
  GetBucketVersioningCommand,
  GetPublicAccessBlockCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketNotificationConfigurationCommand,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
  PutPublicAccessBlockCommand,
  type QueueConfiguration,
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
    {
      name: Bucket,
      rule: {
        ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: 'arn:aws:kms:k' },
        BucketKeyEnabled: true,
      },
    },
    { name: 'plain', rule: { ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } } },
  ])("have the encryption of the template, or S3's own: $name", async ({ name, rule }) => {
    expect(await s3.client.send(new GetBucketEncryptionCommand({ Bucket: name }))).toMatchObject({
      ServerSideEncryptionConfiguration: { Rules: [rule] },
    });
  });

  it.each([
    { name: Bucket, status: 'Enabled' },
    { name: 'plain', status: undefined },
  ])('have the versioning of the template, or none: $name', async ({ name, status }) => {
    const { Status, $metadata } = await s3.client.send(new GetBucketVersioningCommand({ Bucket: name }));
    expect($metadata.httpStatusCode).toBe(200);
    expect(Status).toEqual(status);
  });

  it.each([
    { name: Bucket, blocked: { ...ALL_BLOCKED, BlockPublicPolicy: false } },
    { name: 'plain', blocked: ALL_BLOCKED },
  ])('block the public access that the template says, or all: $name', async ({ name, blocked }) => {
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
    { name: Bucket, configuration: {} },
    { name: 'plain', configuration: undefined },
  ])('send events to EventBridge if the template says so: $name', async ({ name, configuration }) => {
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

  it('of public access is returned as it was put', async () => {
    const { client } = s3;
    const PublicAccessBlockConfiguration = { ...ALL_BLOCKED, IgnorePublicAcls: false };
    await client.send(new PutPublicAccessBlockCommand({ Bucket, PublicAccessBlockConfiguration }));
    expect(await client.send(new GetPublicAccessBlockCommand({ Bucket }))).toMatchObject({
      PublicAccessBlockConfiguration,
    });
  });

  it('of versioning is returned as it was put', async () => {
    const { client } = s3;
    const VersioningConfiguration = { Status: 'Suspended' as const };
    await client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
    expect((await client.send(new GetBucketVersioningCommand({ Bucket }))).Status).toBe('Suspended');
  });

  describe('of the policy', () => {
    const denial = { Effect: 'Deny', Principal: '*', Action: 's3:*', Resource: `arn:aws:s3:::${Bucket}/*` };
    /** Puts a policy whose two statements have this ID. */
    const putWithSid = (Sid: string) => {
      const statement = { Sid, ...denial };
      const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [statement, statement] });
      return { Policy, put: s3.client.send(new PutBucketPolicyCommand({ Bucket, Policy })) };
    };

    it('is returned as it was put, with empty IDs of statements, as Terraform writes them', async () => {
      const { Policy, put } = putWithSid('');
      await put;
      expect((await s3.client.send(new GetBucketPolicyCommand({ Bucket }))).Policy).toBe(Policy);
    });

    it('has 20 KB at the most', async () => {
      const statement = JSON.stringify({ Version: '2012-10-17', Statement: [denial] });
      const putPadded = (bytes: number) =>
        s3.client.send(new PutBucketPolicyCommand({ Bucket, Policy: statement.padEnd(bytes) }));
      await putPadded(20 * 1024);
      expect(await failureOf(putPadded(20 * 1024 + 1))).toMatchObject({ name: 'MalformedPolicy' });
    });

    it('is refused with one ID for two statements', async () => {
      expect(await failureOf(putWithSid('One').put)).toMatchObject({ name: 'MalformedPolicy' });
    });
  });

  it.each([
    { what: 'with EventBridge', EventBridgeConfiguration: {} },
    { what: 'without EventBridge', EventBridgeConfiguration: undefined },
  ])('of events $what is returned as it was put', async ({ EventBridgeConfiguration }) => {
    const { client } = s3;
    const NotificationConfiguration = { EventBridgeConfiguration };
    await client.send(new PutBucketNotificationConfigurationCommand({ Bucket, NotificationConfiguration }));
    const answer = await client.send(new GetBucketNotificationConfigurationCommand({ Bucket }));
    expect(answer.EventBridgeConfiguration).toEqual(EventBridgeConfiguration);
  });

  const notifyQueues = (...QueueConfigurations: readonly QueueConfiguration[]) =>
    s3.client.send(
      new PutBucketNotificationConfigurationCommand({
        Bucket,
        NotificationConfiguration: { QueueConfigurations: [...QueueConfigurations] },
      }),
    );
  const onCreated: QueueConfiguration = {
    QueueArn: 'arn:aws:sqs:us-east-1:000000000000:q',
    Events: ['s3:ObjectCreated:*'],
  };
  const onRemoved: QueueConfiguration = {
    ...onCreated,
    Events: ['s3:ObjectCreated:*', 's3:ObjectRemoved:*'],
  };
  const putVersioning = (VersioningConfiguration: object) =>
    s3.client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
  const putPolicy = (Policy: string, bucket = Bucket) =>
    s3.client.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy }));
  const putLifecycle = () =>
    s3.client.send(
      new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules: [] } }),
    );
  it.each<{ readonly what: string; readonly error: string; readonly put: () => Promise<unknown> }>([
    { what: 'a queue for events', error: 'NotImplemented', put: () => notifyQueues(onCreated) },
    { what: 'two queues for events', error: 'NotImplemented', put: () => notifyQueues(onRemoved, onCreated) },
    {
      what: 'versioning without a status',
      error: 'IllegalVersioningConfigurationException',
      put: () => putVersioning({}),
    },
    { what: 'a lifecycle', error: 'NotImplemented', put: putLifecycle },
    { what: 'a policy that is none', error: 'MalformedPolicy', put: () => putPolicy('[]') },
    { what: 'a policy of no bucket', error: 'NoSuchBucket', put: () => putPolicy('{}', 'absent') },
  ])('is rejected if the emulator could not return it: $what', async ({ error, put }) => {
    expect(await failureOf(put())).toMatchObject({ name: error });
  });
});

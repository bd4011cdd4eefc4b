import {
  DeleteBucketEncryptionCommand,
  DeleteBucketLifecycleCommand,
  DeleteBucketOwnershipControlsCommand,
  DeletePublicAccessBlockCommand,
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
  PutBucketOwnershipControlsCommand,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutPublicAccessBlockCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { realClock } from '../../src/base/clock.ts';
import { ObjectStore } from '../../src/s3/model/ObjectStore.ts';
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
    const Rules = [
      {
        ID: 'all',
        Status: 'Enabled' as const,
        Filter: { Prefix: 'a&b/' },
        Expiration: { Days: 30 },
        NoncurrentVersionExpiration: { NoncurrentDays: 7, NewerNoncurrentVersions: 2 },
        Transitions: [
          { Days: 30, StorageClass: 'STANDARD_IA' as const },
          { Days: 90, StorageClass: 'GLACIER' as const },
        ],
        AbortIncompleteMultipartUpload: { DaysAfterInitiation: 2 },
      },
      {
        ID: 'markers',
        Status: 'Disabled' as const,
        Filter: { Prefix: '' },
        Expiration: { ExpiredObjectDeleteMarker: true },
      },
    ];
    await client.send(
      new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules } }),
    );
    expect((await client.send(new GetBucketLifecycleConfigurationCommand({ Bucket }))).Rules).toEqual(Rules);

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
      const told = await client.send(new GetBucketNotificationConfigurationCommand({ Bucket }));
      expect(told.EventBridgeConfiguration).toEqual(EventBridgeConfiguration);
    }
  });

  it('is taken back by a deletion, which may come twice', async () => {
    const { client } = s3;
    const at = { Bucket: 'cleared' };
    s3.store.createBucket(at.Bucket);
    await client.send(
      new PutBucketVersioningCommand({ ...at, VersioningConfiguration: { Status: 'Enabled' } }),
    );
    await client.send(
      new PutBucketLifecycleConfigurationCommand({
        ...at,
        LifecycleConfiguration: {
          Rules: [{ ID: 'all', Status: 'Enabled', Filter: { Prefix: '' }, Expiration: { Days: 30 } }],
        },
      }),
    );
    const rule = {
      ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms' as const, KMSMasterKeyID: 'arn:k' },
    };
    await client.send(
      new PutBucketEncryptionCommand({ ...at, ServerSideEncryptionConfiguration: { Rules: [rule] } }),
    );
    for (const _ of [1, 2]) {
      const answers = [
        await client.send(new DeleteBucketLifecycleCommand(at)),
        await client.send(new DeleteBucketEncryptionCommand(at)),
        await client.send(new DeletePublicAccessBlockCommand(at)),
      ];
      expect(answers.map(({ $metadata }) => $metadata.httpStatusCode)).toEqual([204, 204, 204]);
    }
    expect(await failureOf(client.send(new GetBucketLifecycleConfigurationCommand(at)))).toMatchObject({
      name: 'NoSuchLifecycleConfiguration',
      status: 404,
    });
    expect(await failureOf(client.send(new GetPublicAccessBlockCommand(at)))).toMatchObject({
      name: 'NoSuchPublicAccessBlockConfiguration',
      status: 404,
    });
    const { ServerSideEncryptionConfiguration } = await client.send(new GetBucketEncryptionCommand(at));
    expect(ServerSideEncryptionConfiguration?.Rules).toMatchObject([
      { ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } },
    ]);
    expect((await client.send(new GetBucketVersioningCommand(at))).Status).toBe('Enabled');
    const absent = { Bucket: 'absent' };
    for (const call of [
      client.send(new DeleteBucketLifecycleCommand(absent)),
      client.send(new DeleteBucketEncryptionCommand(absent)),
      client.send(new DeletePublicAccessBlockCommand(absent)),
    ])
      expect(await failureOf(call)).toMatchObject({ name: 'NoSuchBucket', status: 404 });
  });

  it('lets a bucket take ACLs when its ownership controls are deleted, also after a restart', async () => {
    const own = await startS3();
    const at = { Bucket: 'uncontrolled' };
    own.store.createBucket(at.Bucket);
    const put = () => own.client.send(new PutObjectCommand({ ...at, Key: 'k', Body: 'x', ACL: 'private' }));
    const controls = async () =>
      (await own.client.send(new GetBucketOwnershipControlsCommand(at))).OwnershipControls?.Rules;
    const forget = async () => {
      const { $metadata } = await own.client.send(new DeleteBucketOwnershipControlsCommand(at));
      expect($metadata.httpStatusCode).toBe(204);
    };
    expect(await controls()).toEqual([{ ObjectOwnership: 'BucketOwnerEnforced' }]);
    expect(await failureOf(put())).toMatchObject({ name: 'AccessControlListNotSupported', status: 400 });
    await forget();
    expect(await failureOf(controls())).toMatchObject({
      name: 'OwnershipControlsNotFoundError',
      status: 404,
    });
    await put();
    const Rules = [{ ObjectOwnership: 'BucketOwnerPreferred' as const }];
    await own.client.send(new PutBucketOwnershipControlsCommand({ ...at, OwnershipControls: { Rules } }));
    expect(await controls()).toEqual(Rules);
    await forget();
    await forget();
    own.store.close();
    const reopened = ObjectStore.open({ directory: own.directory, clock: realClock });
    expect(reopened.bucket(at.Bucket).settings.withoutOwnershipControls).toBe(true);
    reopened.close();
    await own.close();
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
      client.send(new PutBucketOwnershipControlsCommand({ Bucket, OwnershipControls: { Rules: [] } })),
      client.send(new PutBucketPolicyCommand({ Bucket, Policy: '[]' })),
      client.send(new PutBucketPolicyCommand({ Bucket: 'absent', Policy: '{}' })),
    ];
    expect((await Promise.all(calls.map(failureOf))).map(({ name }) => name)).toEqual([
      'NotImplemented',
      'NotImplemented',
      'IllegalVersioningConfigurationException',
      'MalformedXML',
      'MalformedPolicy',
      'NoSuchBucket',
    ]);
  });
});

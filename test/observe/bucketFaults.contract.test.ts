import {
  PutBucketEncryptionCommand,
  PutBucketNotificationConfigurationCommand,
  PutBucketVersioningCommand,
} from '@aws-sdk/client-s3';
import { afterAll, expect, it } from '@jest/globals';
import { readBucketFaults } from '../../observe/facts/bucketFaults.ts';
import { startLanding } from './startLanding.ts';

const landing = await startLanding();
afterAll(() => landing.close());

const faultsOf = (keyArn: string | null | undefined) =>
  readBucketFaults(landing, keyArn, (_, question) => question(landing));
const Bucket = landing.config.bucket;
const notify = (
  NotificationConfiguration: PutBucketNotificationConfigurationCommand['input']['NotificationConfiguration'],
) => landing.s3.send(new PutBucketNotificationConfigurationCommand({ Bucket, NotificationConfiguration }));
const version = (Status: 'Enabled' | 'Suspended') =>
  landing.s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status } }));

it('finds a bucket that tells functions of no file, and one that keeps no versions', async () => {
  await notify({ EventBridgeConfiguration: {} });
  await version('Enabled');
  expect(await faultsOf(null)).toEqual([]);
  await notify({});
  expect(await faultsOf(null)).toMatchObject([
    { name: 'events', points: ['EventBridgeConfiguration is not set'] },
  ]);
  await version('Suspended');
  expect(await faultsOf(null)).toMatchObject([
    { name: 'events' },
    { name: 'versioning', points: ['Status is "Suspended" in place of "Enabled"'] },
  ]);
});

it('finds a bucket that encrypts with another key than the stack, if that is known', async () => {
  await notify({ EventBridgeConfiguration: {} });
  await version('Enabled');
  const [keyArn, other] = ['a', 'b'].map((id) => `arn:aws:kms:us-east-1:111122223333:key/${id}`);
  const rule = { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: other } as const;
  const ServerSideEncryptionConfiguration = { Rules: [{ ApplyServerSideEncryptionByDefault: rule }] };
  await landing.s3.send(new PutBucketEncryptionCommand({ Bucket, ServerSideEncryptionConfiguration }));
  expect(await faultsOf(keyArn)).toMatchObject([{ name: 'encryption' }]);
  expect(await faultsOf(null)).toMatchObject([{ name: 'encryption' }]);
  expect(await faultsOf(undefined)).toEqual([]);
});

it('finds a rule that deletes what landed, and its command turns the rule off', async () => {
  const bucket = landing.buckets.bucket(Bucket);
  bucket.settings = {
    VersioningConfiguration: { Status: 'Enabled' },
    LifecycleConfiguration: {
      Rules: [
        { Id: 'save', Status: 'Enabled', Prefix: 'landing/', ExpirationInDays: 3 },
        { Id: 'photos', Status: 'Enabled', Prefix: 'photos/', ExpirationInDays: 3 },
      ],
    },
  };
  await notify({ EventBridgeConfiguration: {} });
  const [fault, ...others] = await faultsOf(null);
  const { Rules } = JSON.parse(fault?.repair[5] ?? '{}');
  expect({ name: fault?.name, points: fault?.points, Rules, others }).toMatchObject({
    name: 'lifecycle',
    points: ['the rule save deletes objects of landing/ after 3 days'],
    Rules: [
      { ID: 'save', Status: 'Disabled', Expiration: { Days: 3 } },
      { ID: 'photos', Status: 'Enabled' },
    ],
    others: [],
  });
});

it('tells the settings that it can read if one is denied', async () => {
  await notify({});
  await version('Suspended');
  const denied: string[] = [];
  const faults = await readBucketFaults(landing, null, async (part, question) => {
    if (part !== 'the setting events of the bucket') return question(landing);
    denied.push(part);
    return null;
  });
  expect([denied.length, faults.at(-1)?.name]).toEqual([1, 'versioning']);
});

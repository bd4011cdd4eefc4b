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

const Bucket = landing.config.bucket;
const notify = (
  NotificationConfiguration: PutBucketNotificationConfigurationCommand['input']['NotificationConfiguration'],
) => landing.s3.send(new PutBucketNotificationConfigurationCommand({ Bucket, NotificationConfiguration }));
const version = (Status: 'Enabled' | 'Suspended') =>
  landing.s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status } }));

it('finds a bucket that tells functions of no file, and one that keeps no versions', async () => {
  await notify({ EventBridgeConfiguration: {} });
  await version('Enabled');
  expect(await readBucketFaults(landing, null)).toEqual([]);
  await notify({});
  expect(await readBucketFaults(landing, null)).toMatchObject([
    { name: 'events', points: ['EventBridgeConfiguration is not set'] },
  ]);
  await version('Suspended');
  expect(await readBucketFaults(landing, null)).toMatchObject([
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
  expect(await readBucketFaults(landing, keyArn)).toMatchObject([{ name: 'encryption' }]);
  expect(await readBucketFaults(landing, null)).toMatchObject([{ name: 'encryption' }]);
  expect(await readBucketFaults(landing, undefined)).toEqual([]);
});

import { PutBucketNotificationConfigurationCommand, PutBucketVersioningCommand } from '@aws-sdk/client-s3';
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
  expect(await readBucketFaults(landing)).toEqual([]);
  await notify({});
  expect(await readBucketFaults(landing)).toMatchObject([
    { name: 'events', points: ['EventBridgeConfiguration is not set'] },
  ]);
  await version('Suspended');
  expect(await readBucketFaults(landing)).toMatchObject([
    { name: 'events' },
    { name: 'versioning', points: ['Status is "Suspended" in place of "Enabled"'] },
  ]);
});

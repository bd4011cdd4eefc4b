import { expect, it } from '@jest/globals';
import { madeResources } from './madeResources.ts';
import { templateConfigurations } from './templateConfigurations.ts';

const { Resources, extensions } = madeResources(templateConfigurations['every option']).template;

/** The numbers and switches of a property, each with the names on the way to it. Items of a list have no name. */
function settingsOf(property: unknown, path: string): readonly string[] {
  if (typeof property === 'number' || typeof property === 'boolean') return [`${path} ${property}`];
  if (typeof property !== 'object' || property === null) return [];
  return Object.entries(property).flatMap(([name, inner]) =>
    settingsOf(inner, Array.isArray(property) ? path : `${path}.${name}`),
  );
}

/** Settings of all resources but alarms, which have a suite of their own. Each is there once. */
const settings = new Set([
  ...Object.values(Resources).flatMap(({ Type, Properties }) =>
    Type === 'AWS::CloudWatch::Alarm' ? [] : settingsOf(Properties, Type.replace('AWS::', '')),
  ),
  ...Object.values(extensions).flatMap(({ Properties }) => settingsOf(Properties, 'extension')),
]);

it('a stack with every option has these numbers and switches', () => {
  expect([...settings].sort()).toEqual([
    'Athena::WorkGroup.RecursiveDeleteOption true',
    'Athena::WorkGroup.WorkGroupConfiguration.BytesScannedCutoffPerQuery 50000000000',
    'Athena::WorkGroup.WorkGroupConfiguration.EnforceWorkGroupConfiguration true',
    'Athena::WorkGroup.WorkGroupConfiguration.PublishCloudWatchMetricsEnabled true',
    'Athena::WorkGroup.WorkGroupConfiguration.RequesterPaysEnabled false',
    'Glue::Table.TableInput.StorageDescriptor.Compressed false',
    'Glue::Table.TableInput.StorageDescriptor.Compressed true',
    'Glue::Table.TableInput.StorageDescriptor.StoredAsSubDirectories false',
    'KMS::Key.BypassPolicyLockoutSafetyCheck true',
    'KMS::Key.EnableKeyRotation true',
    'KMS::Key.MultiRegion false',
    'KMS::Key.PendingWindowInDays 30',
    'KinesisFirehose::DeliveryStream.ExtendedS3DestinationConfiguration.BufferingHints.IntervalInSeconds 60',
    'KinesisFirehose::DeliveryStream.ExtendedS3DestinationConfiguration.BufferingHints.SizeInMBs 64',
    'KinesisFirehose::DeliveryStream.ExtendedS3DestinationConfiguration.CloudWatchLoggingOptions.Enabled true',
    'Logs::LogGroup.RetentionInDays 30',
    'S3::Bucket.BucketEncryption.ServerSideEncryptionConfiguration.BucketKeyEnabled true',
    'S3::Bucket.LifecycleConfiguration.Rules.AbortIncompleteMultipartUpload.DaysAfterInitiation 7',
    'S3::Bucket.LifecycleConfiguration.Rules.ExpirationInDays 30',
    'S3::Bucket.LifecycleConfiguration.Rules.ExpirationInDays 7',
    'S3::Bucket.LifecycleConfiguration.Rules.ExpirationInDays 730',
    'S3::Bucket.LifecycleConfiguration.Rules.ExpirationInDays 90',
    'S3::Bucket.LifecycleConfiguration.Rules.ExpiredObjectDeleteMarker true',
    'S3::Bucket.LifecycleConfiguration.Rules.NoncurrentVersionExpiration.NoncurrentDays 1',
    'S3::Bucket.LifecycleConfiguration.Rules.NoncurrentVersionExpiration.NoncurrentDays 14',
    'S3::Bucket.LifecycleConfiguration.Rules.NoncurrentVersionExpiration.NoncurrentDays 30',
    'S3::Bucket.LifecycleConfiguration.Rules.NoncurrentVersionExpiration.NoncurrentDays 7',
    'S3::Bucket.NotificationConfiguration.EventBridgeConfiguration.EventBridgeEnabled true',
    'S3::Bucket.PublicAccessBlockConfiguration.BlockPublicAcls true',
    'S3::Bucket.PublicAccessBlockConfiguration.BlockPublicPolicy true',
    'S3::Bucket.PublicAccessBlockConfiguration.IgnorePublicAcls true',
    'S3::Bucket.PublicAccessBlockConfiguration.RestrictPublicBuckets true',
    'SQS::Queue.MessageRetentionPeriod 1209600',
    'SQS::Queue.MessageRetentionPeriod 345600',
    'SQS::Queue.RedrivePolicy.maxReceiveCount 10',
    'SQS::Queue.RedrivePolicy.maxReceiveCount 5',
    'SQS::Queue.SqsManagedSseEnabled true',
    'SQS::Queue.VisibilityTimeout 1860',
    'SQS::Queue.VisibilityTimeout 370',
    'SQS::Queue.VisibilityTimeout 5400',
    'SQS::Queue.VisibilityTimeout 960',
    'Scheduler::Schedule.Target.RetryPolicy.MaximumEventAgeInSeconds 1800',
    'Scheduler::Schedule.Target.RetryPolicy.MaximumEventAgeInSeconds 3600',
    'Scheduler::Schedule.Target.RetryPolicy.MaximumRetryAttempts 10',
    'Scheduler::Schedule.Target.RetryPolicy.MaximumRetryAttempts 5',
    'extension.DefaultRouteSettings.DetailedMetricsEnabled false',
    'extension.DefaultRouteSettings.ThrottlingBurstLimit 10000',
    'extension.DefaultRouteSettings.ThrottlingRateLimit 20000',
  ]);
});

import { expect, it } from '@jest/globals';
import { madeResources } from './madeResources.ts';
import { templateConfigurations } from './templateConfigurations.ts';

/** A number or a switch, or when a schedule runs, behind the names on the way to it. Items of a list have no name. */
type Setting = readonly [path: string, value: string];

/** The settings in a property. */
function settingsOf(property: unknown, path: string): readonly Setting[] {
  const isSchedule = path.endsWith('.ScheduleExpression');
  if (typeof property === 'number' || typeof property === 'boolean' || isSchedule)
    return [[path, String(property)]];
  if (typeof property !== 'object' || property === null) return [];
  return Object.entries(property).flatMap(([name, inner]) =>
    settingsOf(inner, Array.isArray(property) ? path : `${path}.${name}`),
  );
}

/** A resource by its logical ID. */
type NamedResource = readonly [id: string, { readonly Type: string; readonly Properties?: unknown }];

/** Resources of all configurations but alarms, which have a suite of their own. */
const resources = Object.values(templateConfigurations).flatMap((configuration): readonly NamedResource[] => {
  const { Resources, extensions } = madeResources(configuration).template;
  const extended = Object.entries(extensions);
  return [
    ...Object.entries(Resources).filter(([, { Type }]) => Type !== 'AWS::CloudWatch::Alarm'),
    ...extended.map(([id, { Properties }]): NamedResource => [id, { Type: 'extension', Properties }]),
  ];
});

/** The resources that have a value of a setting, by setting and value. */
const resourcesBySetting = new Map<string, Map<string, Set<string>>>();
for (const [id, { Type, Properties }] of resources)
  for (const [path, value] of settingsOf(Properties, Type.replace('AWS::', ''))) {
    const byValue = resourcesBySetting.get(path) ?? new Map<string, Set<string>>();
    byValue.set(value, (byValue.get(value) ?? new Set()).add(id));
    resourcesBySetting.set(path, byValue);
  }

/** Each setting with its value, and the resources that have it if others have another value. */
const settings = [...resourcesBySetting].flatMap(([path, byValue]) =>
  [...byValue].map(([value, ids]) =>
    byValue.size === 1 ? `${path} ${value}` : `${path} ${value}: ${[...ids].sort().join(', ')}`,
  ),
);

it('stacks of all configurations have these numbers, switches and times of schedules', () => {
  expect(settings.sort()).toEqual([
    'ApiGatewayV2::Integration.TimeoutInMillis 10000',
    'Athena::WorkGroup.RecursiveDeleteOption true',
    'Athena::WorkGroup.WorkGroupConfiguration.BytesScannedCutoffPerQuery 1000000000000: ReaderMetabaseRoleWorkgroup, ReaderMetabaseWorkgroup, ReaderStatsigUserWorkgroup, ReaderStatsigWorkgroup, Workgroup',
    'Athena::WorkGroup.WorkGroupConfiguration.BytesScannedCutoffPerQuery 50000000000: Workgroup',
    'Athena::WorkGroup.WorkGroupConfiguration.EnforceWorkGroupConfiguration true',
    'Athena::WorkGroup.WorkGroupConfiguration.PublishCloudWatchMetricsEnabled true',
    'Athena::WorkGroup.WorkGroupConfiguration.RequesterPaysEnabled false',
    'Glue::Table.TableInput.StorageDescriptor.Compressed false: ExperimentGroupsTable, ReceivedHoursTable',
    'Glue::Table.TableInput.StorageDescriptor.Compressed true: AcmeClicksIngestedTable, AcmeEventsIngestedTable, ByRoleEventsIngestedTable, CuratedEventsTable, CuratedExposuresTable, EventsTable, ExposuresTable, QuarantineTable',
    'Glue::Table.TableInput.StorageDescriptor.StoredAsSubDirectories false',
    'IAM::AccessKey.Serial 1',
    'KMS::Key.BypassPolicyLockoutSafetyCheck true',
    'KMS::Key.EnableKeyRotation true',
    'KMS::Key.MultiRegion false',
    'KMS::Key.PendingWindowInDays 30',
    'KinesisFirehose::DeliveryStream.ExtendedS3DestinationConfiguration.BufferingHints.IntervalInSeconds 60',
    'KinesisFirehose::DeliveryStream.ExtendedS3DestinationConfiguration.BufferingHints.SizeInMBs 16: LandingStream',
    'KinesisFirehose::DeliveryStream.ExtendedS3DestinationConfiguration.BufferingHints.SizeInMBs 64: LandingStream',
    'KinesisFirehose::DeliveryStream.ExtendedS3DestinationConfiguration.CloudWatchLoggingOptions.Enabled true',
    'Lambda::Permission.InvokedViaFunctionUrl true',
    'Lambda::Url.Cors.MaxAge 86400',
    'Logs::LogGroup.RetentionInDays 30: LandingDeliveryLogGroup',
    'Logs::LogGroup.RetentionInDays 365: LandingDeliveryLogGroup',
    'Logs::LogGroup.RetentionInDays 90: AccessLogGroup',
    'S3::Bucket.BucketEncryption.ServerSideEncryptionConfiguration.BucketKeyEnabled true',
    'S3::Bucket.LifecycleConfiguration.Rules.AbortIncompleteMultipartUpload.DaysAfterInitiation 7',
    'S3::Bucket.LifecycleConfiguration.Rules.ExpirationInDays 30: DataBucket, ReaderOwoxResultsBucket',
    'S3::Bucket.LifecycleConfiguration.Rules.ExpirationInDays 730: DataBucket',
    'S3::Bucket.LifecycleConfiguration.Rules.ExpirationInDays 7: DataBucket',
    'S3::Bucket.LifecycleConfiguration.Rules.ExpirationInDays 90: DataBucket',
    'S3::Bucket.LifecycleConfiguration.Rules.ExpiredObjectDeleteMarker true',
    'S3::Bucket.LifecycleConfiguration.Rules.NoncurrentVersionExpiration.NoncurrentDays 14: DataBucket',
    'S3::Bucket.LifecycleConfiguration.Rules.NoncurrentVersionExpiration.NoncurrentDays 1: DataBucket',
    'S3::Bucket.LifecycleConfiguration.Rules.NoncurrentVersionExpiration.NoncurrentDays 30: DataBucket',
    'S3::Bucket.LifecycleConfiguration.Rules.NoncurrentVersionExpiration.NoncurrentDays 7: DataBucket',
    'S3::Bucket.NotificationConfiguration.EventBridgeConfiguration.EventBridgeEnabled true',
    'S3::Bucket.PublicAccessBlockConfiguration.BlockPublicAcls true',
    'S3::Bucket.PublicAccessBlockConfiguration.BlockPublicPolicy true',
    'S3::Bucket.PublicAccessBlockConfiguration.IgnorePublicAcls true',
    'S3::Bucket.PublicAccessBlockConfiguration.RestrictPublicBuckets true',
    'SQS::Queue.KmsDataKeyReusePeriodSeconds 3600',
    'SQS::Queue.MaximumMessageSize 1048576',
    'SQS::Queue.MessageRetentionPeriod 1209600: CurateDeadLetterQueue, CuratePlanDeadLetterQueue, ExportDeadLetterQueue, IngestLoadDeadLetterQueue, IngestPlanDeadLetterQueue, RegisterDeadLetterQueue, WriteDeadLetterQueue',
    'SQS::Queue.MessageRetentionPeriod 345600: CuratePlanQueue, CurateQueue, ExportQueue, IngestLoadQueue, IngestPlanQueue, RegisterQueue, WriteQueue',
    'SQS::Queue.MessageRetentionPeriod 907200: RelayDeadLetterQueue, RelayQueue',
    'SQS::Queue.RedrivePolicy.maxReceiveCount 1000: RelayQueue',
    'SQS::Queue.RedrivePolicy.maxReceiveCount 10: CurateQueue, IngestLoadQueue, WriteQueue',
    'SQS::Queue.RedrivePolicy.maxReceiveCount 5: CuratePlanQueue, ExportQueue, IngestPlanQueue, RegisterQueue',
    'SQS::Queue.SqsManagedSseEnabled true',
    'SQS::Queue.VisibilityTimeout 1800: IngestPlanQueue',
    'SQS::Queue.VisibilityTimeout 1860: CuratePlanQueue',
    'SQS::Queue.VisibilityTimeout 370: RegisterQueue',
    'SQS::Queue.VisibilityTimeout 5400: CurateQueue, ExportQueue, IngestLoadQueue',
    'SQS::Queue.VisibilityTimeout 720: RelayQueue',
    'SQS::Queue.VisibilityTimeout 960: WriteQueue',
    'Scheduler::Schedule.ScheduleExpression cron(0 9 * * ? *): IngestDailySchedule',
    'Scheduler::Schedule.ScheduleExpression cron(10 1 * * ? *): ReconcileSchedule',
    'Scheduler::Schedule.ScheduleExpression cron(15 * * * ? *): IngestHourlySchedule',
    'Scheduler::Schedule.ScheduleExpression cron(20 0 * * ? *): CurateDailySchedule',
    'Scheduler::Schedule.ScheduleExpression cron(30 11 * * ? *): ExportDailySchedule',
    'Scheduler::Schedule.ScheduleExpression cron(35 * * * ? *): CurateSweepSchedule, LookSchedule',
    'Scheduler::Schedule.ScheduleExpression cron(40 * * * ? *): IngestSweepSchedule',
    'Scheduler::Schedule.ScheduleExpression cron(45 * * * ? *): ExportHourlySchedule',
    'Scheduler::Schedule.ScheduleExpression cron(5 * * * ? *): DailySchedule, IngestExpectedSchedule',
    'Scheduler::Schedule.ScheduleExpression cron(50 * * * ? *): CurateHourlySchedule',
    'Scheduler::Schedule.Target.RetryPolicy.MaximumEventAgeInSeconds 1800: CurateHourlySchedule, CurateSweepSchedule, ExportHourlySchedule, IngestExpectedSchedule, IngestHourlySchedule, IngestSweepSchedule',
    'Scheduler::Schedule.Target.RetryPolicy.MaximumEventAgeInSeconds 3600: CurateDailySchedule, DailySchedule, ExportDailySchedule, IngestDailySchedule, LookSchedule, ReconcileSchedule',
    'Scheduler::Schedule.Target.RetryPolicy.MaximumRetryAttempts 10: CurateDailySchedule, DailySchedule, ExportDailySchedule, IngestDailySchedule, LookSchedule, ReconcileSchedule',
    'Scheduler::Schedule.Target.RetryPolicy.MaximumRetryAttempts 5: CurateHourlySchedule, CurateSweepSchedule, ExportHourlySchedule, IngestExpectedSchedule, IngestHourlySchedule, IngestSweepSchedule',
    'SecretsManager::Secret.Name.Fn::Join.Fn::Select 0',
    'SecretsManager::Secret.Name.Fn::Join.Fn::Select.Fn::Split.Fn::Select 2',
    'extension.DefaultRouteSettings.DetailedMetricsEnabled false',
    'extension.DefaultRouteSettings.ThrottlingBurstLimit 10000: HttpApiStage',
    'extension.DefaultRouteSettings.ThrottlingBurstLimit 5000: HttpApiStage',
    'extension.DefaultRouteSettings.ThrottlingRateLimit 10000: HttpApiStage',
    'extension.DefaultRouteSettings.ThrottlingRateLimit 20000: HttpApiStage',
  ]);
});

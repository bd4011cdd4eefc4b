// biome-ignore-all lint/suspicious/noTemplateCurlyInString: values are texts of templates.
import { expect, it } from '@jest/globals';
import { madeResources } from './madeResources.ts';
import { templateConfigurations } from './templateConfigurations.ts';

/** A value that a template states, behind the names on the way to it. Items of a list have no name. */
type Setting = readonly [path: string, value: string];

/** What has a suite of its own. */
const ELSEWHERE =
  /(?:Arns|Columns|detail|KeyPolicy|Policies|PolicyDocument|Roles|SecretString|SerdeInfo|Users|ViewOriginalText)$/;
/** Texts that are names, or for people. */
const NAMES = /(?:[Cc]omment|Description|Format|Id|[Nn]ame|OutputLocation|Prefix)$/;
/** The references that are settings, too: whom a schedule or a rule sends to, and where a table is. */
const PLACES = /Targets?\.Arn$|\.Location$/;

/** The settings in a property. */
function settingsOf(property: unknown, path: string): readonly Setting[] {
  if (ELSEWHERE.test(path)) return [];
  if (typeof property !== 'object' || property === null)
    return NAMES.test(path) ? [] : [[path, String(property)]];
  const { Ref, 'Fn::GetAtt': attribute, 'Fn::Sub': text } = Object(property);
  const reference = Ref ?? attribute?.join('.') ?? text;
  if (reference !== undefined) return PLACES.test(path) ? [[path, reference]] : [];
  return Object.entries(property).flatMap(([name, inner]) =>
    settingsOf(inner, Array.isArray(property) || name === 'Properties' ? path : `${path}.${name}`),
  );
}

/** A resource by its logical ID. */
type NamedResource = readonly [id: string, { readonly Type: string }];

/** Resources of all configurations but alarms, which have a suite of their own. */
const resources = Object.values(templateConfigurations).flatMap((configuration): readonly NamedResource[] => {
  const { Resources, extensions } = madeResources(configuration).template;
  const extended = Object.entries(extensions);
  return [
    ...Object.entries(Resources).filter(([, { Type }]) => Type !== 'AWS::CloudWatch::Alarm'),
    ...extended.map(([id, members]): NamedResource => [id, { Type: 'extension', ...members }]),
  ];
});
/** The logical IDs of the resources of each type. */
const idsByType = Map.groupBy(new Map(resources), ([, { Type }]) => Type);

/** The resources that have a value of a setting, by setting and value. */
const resourcesBySetting = new Map<string, Map<string, Set<string>>>();
for (const [id, { Type, ...members }] of resources)
  for (const [path, value] of settingsOf(members, Type.replace('AWS::', ''))) {
    const byValue = resourcesBySetting.get(path) ?? new Map<string, Set<string>>();
    byValue.set(value, (byValue.get(value) ?? new Set()).add(id));
    resourcesBySetting.set(path, byValue);
  }

/** Each setting with its value, and the resources that have it unless it is all of their type. */
const settings = [...resourcesBySetting].flatMap(([path, byValue]) =>
  [...byValue].map(([value, ids]) => {
    const isAll = [...idsByType].some(
      ([type, all]) => path.startsWith(`${type.replace('AWS::', '')}.`) && all.length === ids.size,
    );
    return byValue.size === 1 && isAll
      ? `${path} ${value}`
      : `${path} ${value}: ${[...ids].sort().join(', ')}`;
  }),
);

it('stacks of all configurations have these numbers, switches, words and places', () => {
  expect(settings.sort()).toEqual([
    'ApiGatewayV2::DomainName.DomainNameConfigurations.CertificateArn arn:aws:acm:eu-west-1:111122223333:certificate/1234abcd-12ab-34cd-56ef-1234567890ab',
    'ApiGatewayV2::DomainName.DomainNameConfigurations.EndpointType REGIONAL',
    'ApiGatewayV2::DomainName.DomainNameConfigurations.SecurityPolicy TLS_1_2',
    'ApiGatewayV2::Integration.IntegrationMethod ANY',
    'ApiGatewayV2::Integration.IntegrationType HTTP_PROXY',
    'ApiGatewayV2::Integration.IntegrationUri https://api.statsigcdn.com: ReadFilesIntegration',
    'ApiGatewayV2::Integration.IntegrationUri https://statsigapi.net: ReadIntegration',
    'ApiGatewayV2::Integration.PayloadFormatVersion 1.0',
    'ApiGatewayV2::Integration.RequestParameters.overwrite:path $request.path',
    'ApiGatewayV2::Integration.TimeoutInMillis 10000',
    'ApiGatewayV2::Route.RouteKey GET /v1/download_config_specs/{key}: ReadGetV1DownloadConfigSpecsKey',
    'ApiGatewayV2::Route.RouteKey GET /v1/download_config_specs: ReadGetV1DownloadConfigSpecs',
    'ApiGatewayV2::Route.RouteKey GET /v1/download_id_list_file/{file}: ReadGetV1DownloadIdListFileFile',
    'ApiGatewayV2::Route.RouteKey GET /v1/get_id_lists/{key}: ReadGetV1GetIdListsKey',
    'ApiGatewayV2::Route.RouteKey GET /v1/get_id_lists: ReadGetV1GetIdLists',
    'ApiGatewayV2::Route.RouteKey GET /v2/download_config_specs/{key}: ReadGetV2DownloadConfigSpecsKey',
    'ApiGatewayV2::Route.RouteKey GET /v2/download_config_specs: ReadGetV2DownloadConfigSpecs',
    'ApiGatewayV2::Route.RouteKey POST /v1/check_gate: ReadPostV1CheckGate',
    'ApiGatewayV2::Route.RouteKey POST /v1/download_config_specs: ReadPostV1DownloadConfigSpecs',
    'ApiGatewayV2::Route.RouteKey POST /v1/get_config: ReadPostV1GetConfig',
    'ApiGatewayV2::Route.RouteKey POST /v1/get_id_lists: ReadPostV1GetIdLists',
    'ApiGatewayV2::Route.RouteKey POST /v1/get_layer: ReadPostV1GetLayer',
    'ApiGatewayV2::Route.RouteKey POST /v1/get_ranked_list: ReadPostV1GetRankedList',
    'ApiGatewayV2::Route.RouteKey POST /v1/initialize: ReadPostV1Initialize',
    'ApiGatewayV2::Route.RouteKey POST /v2/download_config_specs: ReadPostV2DownloadConfigSpecs',
    'ApiGatewayV2::Route.Target.Fn::Join /: ReadGetV1DownloadConfigSpecs, ReadGetV1DownloadConfigSpecsKey, ReadGetV1DownloadIdListFileFile, ReadGetV1GetIdLists, ReadGetV1GetIdListsKey, ReadGetV2DownloadConfigSpecs, ReadGetV2DownloadConfigSpecsKey, ReadPostV1CheckGate, ReadPostV1DownloadConfigSpecs, ReadPostV1GetConfig, ReadPostV1GetIdLists, ReadPostV1GetLayer, ReadPostV1GetRankedList, ReadPostV1Initialize, ReadPostV2DownloadConfigSpecs',
    'ApiGatewayV2::Route.Target.Fn::Join integrations: ReadGetV1DownloadConfigSpecs, ReadGetV1DownloadConfigSpecsKey, ReadGetV1DownloadIdListFileFile, ReadGetV1GetIdLists, ReadGetV1GetIdListsKey, ReadGetV2DownloadConfigSpecs, ReadGetV2DownloadConfigSpecsKey, ReadPostV1CheckGate, ReadPostV1DownloadConfigSpecs, ReadPostV1GetConfig, ReadPostV1GetIdLists, ReadPostV1GetLayer, ReadPostV1GetRankedList, ReadPostV1Initialize, ReadPostV2DownloadConfigSpecs',
    'Athena::WorkGroup.RecursiveDeleteOption true',
    'Athena::WorkGroup.State ENABLED',
    'Athena::WorkGroup.WorkGroupConfiguration.BytesScannedCutoffPerQuery 1000000000000: ReaderMetabaseRoleWorkgroup, ReaderMetabaseWorkgroup, ReaderStatsigUserWorkgroup, ReaderStatsigWorkgroup, Workgroup',
    'Athena::WorkGroup.WorkGroupConfiguration.BytesScannedCutoffPerQuery 50000000000: Workgroup',
    'Athena::WorkGroup.WorkGroupConfiguration.EnforceWorkGroupConfiguration true',
    'Athena::WorkGroup.WorkGroupConfiguration.EngineVersion.SelectedEngineVersion Athena engine version 3',
    'Athena::WorkGroup.WorkGroupConfiguration.PublishCloudWatchMetricsEnabled true',
    'Athena::WorkGroup.WorkGroupConfiguration.RequesterPaysEnabled false',
    'Athena::WorkGroup.WorkGroupConfiguration.ResultConfiguration.EncryptionConfiguration.EncryptionOption SSE_KMS: ReaderMetabaseRoleWorkgroup, ReaderMetabaseWorkgroup, ReaderStatsigUserWorkgroup, ReaderStatsigWorkgroup, Workgroup',
    'Athena::WorkGroup.WorkGroupConfiguration.ResultConfiguration.EncryptionConfiguration.EncryptionOption SSE_S3: ReaderMetabaseWorkgroup, ReaderStatsigWorkgroup, Workgroup',
    'Events::Rule.EventPattern.detail-type CloudFormation Stack Status Change: CurateStackRule',
    'Events::Rule.EventPattern.detail-type Object Created: CurateRawFilesRule, LandingRule, ObjectCreatedRule',
    'Events::Rule.EventPattern.source aws.cloudformation: CurateStackRule',
    'Events::Rule.EventPattern.source aws.s3: CurateRawFilesRule, LandingRule, ObjectCreatedRule',
    'Events::Rule.State ENABLED',
    'Events::Rule.Targets.Arn CuratePlanQueue.Arn: CurateRawFilesRule, CurateStackRule',
    'Events::Rule.Targets.Arn RegisterQueue.Arn: ObjectCreatedRule',
    'Events::Rule.Targets.Arn WriteQueue.Arn: LandingRule',
    'Glue::Database.DatabaseInput.CreateTableDefaultPermissions.Permissions ALL',
    'Glue::Database.DatabaseInput.CreateTableDefaultPermissions.Principal.DataLakePrincipalIdentifier IAM_ALLOWED_PRINCIPALS',
    'Glue::Database.DeletionPolicy RetainExceptOnCreate',
    'Glue::Database.UpdateReplacePolicy Retain',
    'Glue::Table.DeletionPolicy RetainExceptOnCreate: AcmeClicksIngestedTable, AcmeEventsIngestedTable, ByRoleEventsIngestedTable, EventsTable, ExposuresTable, QuarantineTable',
    'Glue::Table.TableInput.Parameters.EXTERNAL TRUE: AcmeClicksIngestedTable, AcmeEventsIngestedTable, ByRoleEventsIngestedTable, CuratedEventsTable, CuratedExposuresTable, EventsTable, ExperimentGroupsTable, ExposuresTable, QuarantineTable, ReceivedHoursTable',
    'Glue::Table.TableInput.Parameters.classification json: ExperimentGroupsTable, ReceivedHoursTable',
    'Glue::Table.TableInput.Parameters.classification parquet: AcmeClicksIngestedTable, AcmeEventsIngestedTable, ByRoleEventsIngestedTable, CuratedEventsTable, CuratedExposuresTable, EventsTable, ExposuresTable, QuarantineTable',
    'Glue::Table.TableInput.Parameters.parquet.compression ZSTD: AcmeClicksIngestedTable, AcmeEventsIngestedTable, ByRoleEventsIngestedTable, CuratedEventsTable, CuratedExposuresTable, EventsTable, ExposuresTable, QuarantineTable',
    'Glue::Table.TableInput.Parameters.presto_view true: DailyExposuresView, ExperimentExposuresView, FirstExposuresView, ProductEventsView, SecondaryExposuresView',
    'Glue::Table.TableInput.Parameters.sluice_curate true: DailyExposuresView, ExperimentExposuresView, FirstExposuresView, ProductEventsView, SecondaryExposuresView',
    'Glue::Table.TableInput.PartitionKeys.Type date: AcmeClicksIngestedTable, AcmeEventsIngestedTable, ByRoleEventsIngestedTable, CuratedEventsTable, CuratedExposuresTable, EventsTable, ExposuresTable, QuarantineTable',
    'Glue::Table.TableInput.StorageDescriptor.Compressed false: ExperimentGroupsTable, ReceivedHoursTable',
    'Glue::Table.TableInput.StorageDescriptor.Compressed true: AcmeClicksIngestedTable, AcmeEventsIngestedTable, ByRoleEventsIngestedTable, CuratedEventsTable, CuratedExposuresTable, EventsTable, ExposuresTable, QuarantineTable',
    'Glue::Table.TableInput.StorageDescriptor.Location : DailyExposuresView, ExperimentExposuresView, FirstExposuresView, ProductEventsView, SecondaryExposuresView',
    'Glue::Table.TableInput.StorageDescriptor.Location s3://${DataBucket}/quarantine/: QuarantineTable',
    'Glue::Table.TableInput.StorageDescriptor.Location s3://${DataBucket}/statsig/ingested/acme_clicks/: AcmeClicksIngestedTable',
    'Glue::Table.TableInput.StorageDescriptor.Location s3://${DataBucket}/statsig/ingested/acme_events/: AcmeEventsIngestedTable',
    'Glue::Table.TableInput.StorageDescriptor.Location s3://${DataBucket}/statsig/ingested/by_role_events/: ByRoleEventsIngestedTable',
    'Glue::Table.TableInput.StorageDescriptor.Location s3://${DataBucket}/statsig/ingested/curated_events/: CuratedEventsTable',
    'Glue::Table.TableInput.StorageDescriptor.Location s3://${DataBucket}/statsig/ingested/curated_exposures/: CuratedExposuresTable',
    'Glue::Table.TableInput.StorageDescriptor.Location s3://${DataBucket}/statsig/ingested/experiment_groups/: ExperimentGroupsTable',
    'Glue::Table.TableInput.StorageDescriptor.Location s3://${DataBucket}/statsig/ingested/received_hours/: ReceivedHoursTable',
    'Glue::Table.TableInput.StorageDescriptor.Location s3://${DataBucket}/statsig/statsig_forwarded_events/statsig_forwarded_events/: EventsTable',
    'Glue::Table.TableInput.StorageDescriptor.Location s3://${DataBucket}/statsig/statsig_forwarded_exposures/statsig_forwarded_exposures/: ExposuresTable',
    'Glue::Table.TableInput.StorageDescriptor.Location s3://${DataBucket}/warehouse/statsig/ingested/curated_events/: CuratedEventsTable',
    'Glue::Table.TableInput.StorageDescriptor.Location s3://${DataBucket}/warehouse/statsig/ingested/curated_exposures/: CuratedExposuresTable',
    'Glue::Table.TableInput.StorageDescriptor.Location s3://${DataBucket}/warehouse/statsig/ingested/experiment_groups/: ExperimentGroupsTable',
    'Glue::Table.TableInput.StorageDescriptor.Location s3://${DataBucket}/warehouse/statsig/ingested/received_hours/: ReceivedHoursTable',
    'Glue::Table.TableInput.StorageDescriptor.Location s3://${DataBucket}/warehouse/statsig/statsig_forwarded_events/statsig_forwarded_events/: EventsTable',
    'Glue::Table.TableInput.StorageDescriptor.Location s3://${DataBucket}/warehouse/statsig/statsig_forwarded_exposures/statsig_forwarded_exposures/: ExposuresTable',
    'Glue::Table.TableInput.StorageDescriptor.Location s3://acme-experiments/quarantine/: QuarantineTable',
    'Glue::Table.TableInput.StorageDescriptor.Location s3://acme-experiments/statsig/ingested/curated_events/: CuratedEventsTable',
    'Glue::Table.TableInput.StorageDescriptor.Location s3://acme-experiments/statsig/ingested/curated_exposures/: CuratedExposuresTable',
    'Glue::Table.TableInput.StorageDescriptor.Location s3://acme-experiments/statsig/ingested/experiment_groups/: ExperimentGroupsTable',
    'Glue::Table.TableInput.StorageDescriptor.Location s3://acme-experiments/statsig/ingested/received_hours/: ReceivedHoursTable',
    'Glue::Table.TableInput.StorageDescriptor.Location s3://acme-experiments/statsig/statsig_forwarded_events/statsig_forwarded_events/: EventsTable',
    'Glue::Table.TableInput.StorageDescriptor.Location s3://acme-experiments/statsig/statsig_forwarded_exposures/statsig_forwarded_exposures/: ExposuresTable',
    'Glue::Table.TableInput.StorageDescriptor.StoredAsSubDirectories false: AcmeClicksIngestedTable, AcmeEventsIngestedTable, ByRoleEventsIngestedTable, CuratedEventsTable, CuratedExposuresTable, EventsTable, ExperimentGroupsTable, ExposuresTable, QuarantineTable, ReceivedHoursTable',
    'Glue::Table.TableInput.TableType EXTERNAL_TABLE: AcmeClicksIngestedTable, AcmeEventsIngestedTable, ByRoleEventsIngestedTable, CuratedEventsTable, CuratedExposuresTable, EventsTable, ExperimentGroupsTable, ExposuresTable, QuarantineTable, ReceivedHoursTable',
    'Glue::Table.TableInput.TableType VIRTUAL_VIEW: DailyExposuresView, ExperimentExposuresView, FirstExposuresView, ProductEventsView, SecondaryExposuresView',
    'Glue::Table.TableInput.ViewExpandedText /* Presto View */: DailyExposuresView, ExperimentExposuresView, FirstExposuresView, ProductEventsView, SecondaryExposuresView',
    'Glue::Table.UpdateReplacePolicy Retain: AcmeClicksIngestedTable, AcmeEventsIngestedTable, ByRoleEventsIngestedTable, EventsTable, ExposuresTable, QuarantineTable',
    'IAM::AccessKey.Serial 1',
    'IAM::Role.DeletionPolicy Retain: LandingDeliveryRole',
    'IAM::Role.UpdateReplacePolicy Retain: LandingDeliveryRole',
    'KMS::Key.BypassPolicyLockoutSafetyCheck true',
    'KMS::Key.DeletionPolicy Retain',
    'KMS::Key.EnableKeyRotation true',
    'KMS::Key.KeySpec SYMMETRIC_DEFAULT',
    'KMS::Key.KeyUsage ENCRYPT_DECRYPT',
    'KMS::Key.MultiRegion false',
    'KMS::Key.PendingWindowInDays 30',
    'KMS::Key.UpdateReplacePolicy Retain',
    'KinesisFirehose::DeliveryStream.DeletionPolicy Retain',
    'KinesisFirehose::DeliveryStream.DeliveryStreamEncryptionConfigurationInput.KeyType AWS_OWNED_CMK',
    'KinesisFirehose::DeliveryStream.DeliveryStreamType DirectPut',
    'KinesisFirehose::DeliveryStream.DependsOn LandingDeliveryRole',
    'KinesisFirehose::DeliveryStream.ExtendedS3DestinationConfiguration.BufferingHints.IntervalInSeconds 60',
    'KinesisFirehose::DeliveryStream.ExtendedS3DestinationConfiguration.BufferingHints.SizeInMBs 16: LandingStream',
    'KinesisFirehose::DeliveryStream.ExtendedS3DestinationConfiguration.BufferingHints.SizeInMBs 64: LandingStream',
    'KinesisFirehose::DeliveryStream.ExtendedS3DestinationConfiguration.CloudWatchLoggingOptions.Enabled true',
    'KinesisFirehose::DeliveryStream.ExtendedS3DestinationConfiguration.FileExtension .ndjson.gz',
    'KinesisFirehose::DeliveryStream.UpdateReplacePolicy Retain',
    'Lambda::Permission.Action lambda:InvokeFunction: CollectUrlInvokePermission, IngestTriggerUrlInvokePermission',
    'Lambda::Permission.Action lambda:InvokeFunctionUrl: CollectUrlPostPermission, IngestTriggerUrlPostPermission',
    'Lambda::Permission.FunctionUrlAuthType NONE: CollectUrlPostPermission, IngestTriggerUrlPostPermission',
    'Lambda::Permission.InvokedViaFunctionUrl true: CollectUrlInvokePermission, IngestTriggerUrlInvokePermission',
    'Lambda::Permission.Principal *',
    'Lambda::Url.AuthType NONE',
    'Lambda::Url.Cors.AllowHeaders *: CollectUrl',
    'Lambda::Url.Cors.AllowMethods POST: CollectUrl',
    'Lambda::Url.Cors.AllowOrigins *: CollectUrl',
    'Lambda::Url.Cors.MaxAge 86400: CollectUrl',
    'Logs::LogGroup.RetentionInDays 30: LandingDeliveryLogGroup',
    'Logs::LogGroup.RetentionInDays 365: LandingDeliveryLogGroup',
    'Logs::LogGroup.RetentionInDays 90: AccessLogGroup',
    'Logs::MetricFilter.FilterPattern { $.event = "ingest_load" && $.level = "error" }: IngestLoadsFailedMetric',
    'Logs::MetricFilter.FilterPattern { $.event = "register_hourly" && $.gaps > 0 }: PartitionGapsMetric',
    'Logs::MetricFilter.FilterPattern { $.event = "write_refused" || $.event = "write_damaged" }: WriteRefusedMetric',
    'Logs::MetricFilter.FilterPattern { $.event = "write_undeleted" && $.code = "AccessDenied" }: WriteUndeletedMetric',
    'Logs::MetricFilter.MetricTransformations.MetricNamespace Sluice',
    'Logs::MetricFilter.MetricTransformations.MetricValue $.gaps: PartitionGapsMetric',
    'Logs::MetricFilter.MetricTransformations.MetricValue $.objects: WriteUndeletedMetric',
    'Logs::MetricFilter.MetricTransformations.MetricValue 1: IngestLoadsFailedMetric, WriteRefusedMetric',
    'S3::Bucket.BucketEncryption.ServerSideEncryptionConfiguration.BucketKeyEnabled true: DataBucket, ReaderOwoxResultsBucket',
    'S3::Bucket.BucketEncryption.ServerSideEncryptionConfiguration.ServerSideEncryptionByDefault.SSEAlgorithm AES256: DataBucket, ReaderOwoxResultsBucket, StatsigBucket',
    'S3::Bucket.BucketEncryption.ServerSideEncryptionConfiguration.ServerSideEncryptionByDefault.SSEAlgorithm aws:kms: DataBucket, ReaderOwoxResultsBucket',
    'S3::Bucket.DeletionPolicy RetainExceptOnCreate',
    'S3::Bucket.LifecycleConfiguration.Rules.AbortIncompleteMultipartUpload.DaysAfterInitiation 7',
    'S3::Bucket.LifecycleConfiguration.Rules.ExpirationInDays 30: DataBucket, ReaderOwoxResultsBucket',
    'S3::Bucket.LifecycleConfiguration.Rules.ExpirationInDays 730: DataBucket',
    'S3::Bucket.LifecycleConfiguration.Rules.ExpirationInDays 7: DataBucket',
    'S3::Bucket.LifecycleConfiguration.Rules.ExpirationInDays 90: DataBucket',
    'S3::Bucket.LifecycleConfiguration.Rules.ExpiredObjectDeleteMarker true: DataBucket',
    'S3::Bucket.LifecycleConfiguration.Rules.NoncurrentVersionExpiration.NoncurrentDays 14: DataBucket',
    'S3::Bucket.LifecycleConfiguration.Rules.NoncurrentVersionExpiration.NoncurrentDays 1: DataBucket',
    'S3::Bucket.LifecycleConfiguration.Rules.NoncurrentVersionExpiration.NoncurrentDays 30: DataBucket',
    'S3::Bucket.LifecycleConfiguration.Rules.NoncurrentVersionExpiration.NoncurrentDays 7: DataBucket',
    'S3::Bucket.LifecycleConfiguration.Rules.Status Enabled',
    'S3::Bucket.NotificationConfiguration.EventBridgeConfiguration.EventBridgeEnabled true: DataBucket',
    'S3::Bucket.OwnershipControls.Rules.ObjectOwnership BucketOwnerEnforced',
    'S3::Bucket.PublicAccessBlockConfiguration.BlockPublicAcls true',
    'S3::Bucket.PublicAccessBlockConfiguration.BlockPublicPolicy true',
    'S3::Bucket.PublicAccessBlockConfiguration.IgnorePublicAcls true',
    'S3::Bucket.PublicAccessBlockConfiguration.RestrictPublicBuckets true',
    'S3::Bucket.UpdateReplacePolicy Retain',
    'S3::Bucket.VersioningConfiguration.Status Enabled: DataBucket',
    'SQS::Queue.KmsDataKeyReusePeriodSeconds 3600: RelayDeadLetterQueue, RelayQueue',
    'SQS::Queue.MaximumMessageSize 1048576: RelayDeadLetterQueue, RelayQueue',
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
    'Scheduler::Schedule.FlexibleTimeWindow.Mode OFF',
    'Scheduler::Schedule.ScheduleExpression cron(0 23 * * ? *): IngestDailySchedule',
    'Scheduler::Schedule.ScheduleExpression cron(0 9 * * ? *): IngestDailySchedule',
    'Scheduler::Schedule.ScheduleExpression cron(10 1 * * ? *): ReconcileSchedule',
    'Scheduler::Schedule.ScheduleExpression cron(15 * * * ? *): IngestHourlySchedule',
    'Scheduler::Schedule.ScheduleExpression cron(20 0 * * ? *): CurateDailySchedule',
    'Scheduler::Schedule.ScheduleExpression cron(30 1 * * ? *): ExportDailySchedule',
    'Scheduler::Schedule.ScheduleExpression cron(30 11 * * ? *): ExportDailySchedule',
    'Scheduler::Schedule.ScheduleExpression cron(35 * * * ? *): CurateSweepSchedule, LookSchedule',
    'Scheduler::Schedule.ScheduleExpression cron(40 * * * ? *): IngestSweepSchedule',
    'Scheduler::Schedule.ScheduleExpression cron(45 * * * ? *): ExportHourlySchedule',
    'Scheduler::Schedule.ScheduleExpression cron(5 * * * ? *): DailySchedule, IngestExpectedSchedule',
    'Scheduler::Schedule.ScheduleExpression cron(50 * * * ? *): CurateHourlySchedule',
    'Scheduler::Schedule.ScheduleExpressionTimezone UTC',
    'Scheduler::Schedule.State ENABLED',
    'Scheduler::Schedule.Target.Arn CuratePlanQueue.Arn: CurateDailySchedule, CurateHourlySchedule',
    'Scheduler::Schedule.Target.Arn CurateQueue.Arn: CurateSweepSchedule',
    'Scheduler::Schedule.Target.Arn ExportQueue.Arn: ExportDailySchedule, ExportHourlySchedule',
    'Scheduler::Schedule.Target.Arn IngestLoadQueue.Arn: IngestSweepSchedule',
    'Scheduler::Schedule.Target.Arn IngestPlanQueue.Arn: IngestDailySchedule, IngestExpectedSchedule, IngestHourlySchedule',
    'Scheduler::Schedule.Target.Arn RegisterQueue.Arn: DailySchedule',
    'Scheduler::Schedule.Target.Arn WriteQueue.Arn: LookSchedule',
    'Scheduler::Schedule.Target.Arn arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:acme-prod-reconcile: ReconcileSchedule',
    'Scheduler::Schedule.Target.Input {"sluice":"curate"}: CurateDailySchedule',
    'Scheduler::Schedule.Target.Input {"sluice":"curate-check"}: CurateHourlySchedule',
    'Scheduler::Schedule.Target.Input {"sluice":"daily"}: DailySchedule',
    'Scheduler::Schedule.Target.Input {"sluice":"expected"}: IngestExpectedSchedule',
    'Scheduler::Schedule.Target.Input {"sluice":"export","schedule":"daily"}: ExportDailySchedule',
    'Scheduler::Schedule.Target.Input {"sluice":"export","schedule":"hourly"}: ExportHourlySchedule',
    'Scheduler::Schedule.Target.Input {"sluice":"look"}: LookSchedule',
    'Scheduler::Schedule.Target.Input {"sluice":"plan","schedule":"daily"}: IngestDailySchedule',
    'Scheduler::Schedule.Target.Input {"sluice":"plan","schedule":"hourly"}: IngestHourlySchedule',
    'Scheduler::Schedule.Target.Input {"sluice":"reconcile"}: ReconcileSchedule',
    'Scheduler::Schedule.Target.Input {"sluice":"sweep"}: CurateSweepSchedule, IngestSweepSchedule',
    'Scheduler::Schedule.Target.RetryPolicy.MaximumEventAgeInSeconds 1800: CurateHourlySchedule, CurateSweepSchedule, DailySchedule, ExportHourlySchedule, IngestExpectedSchedule, IngestHourlySchedule, IngestSweepSchedule, LookSchedule',
    'Scheduler::Schedule.Target.RetryPolicy.MaximumEventAgeInSeconds 3600: CurateDailySchedule, ExportDailySchedule, IngestDailySchedule, ReconcileSchedule',
    'Scheduler::Schedule.Target.RetryPolicy.MaximumRetryAttempts 10: CurateDailySchedule, ExportDailySchedule, IngestDailySchedule, ReconcileSchedule',
    'Scheduler::Schedule.Target.RetryPolicy.MaximumRetryAttempts 5: CurateHourlySchedule, CurateSweepSchedule, DailySchedule, ExportHourlySchedule, IngestExpectedSchedule, IngestHourlySchedule, IngestSweepSchedule, LookSchedule',
    'SecretsManager::Secret.DeletionPolicy RetainExceptOnCreate: KeysSecret',
    'SecretsManager::Secret.Name.Fn::Join -: ReaderMetabaseSecret, ReaderOwoxSecret, ReaderStatsigUserSecret',
    'SecretsManager::Secret.Name.Fn::Join acme-prod-reader-metabase: ReaderMetabaseSecret',
    'SecretsManager::Secret.Name.Fn::Join acme-prod-reader-owox: ReaderOwoxSecret',
    'SecretsManager::Secret.Name.Fn::Join acme-prod-reader-statsig-user: ReaderStatsigUserSecret',
    'SecretsManager::Secret.Name.Fn::Join.Fn::Select 0: ReaderMetabaseSecret, ReaderOwoxSecret, ReaderStatsigUserSecret',
    'SecretsManager::Secret.Name.Fn::Join.Fn::Select.Fn::Split -: ReaderMetabaseSecret, ReaderOwoxSecret, ReaderStatsigUserSecret',
    'SecretsManager::Secret.Name.Fn::Join.Fn::Select.Fn::Split.Fn::Select 2: ReaderMetabaseSecret, ReaderOwoxSecret, ReaderStatsigUserSecret',
    'SecretsManager::Secret.Name.Fn::Join.Fn::Select.Fn::Split.Fn::Select.Fn::Split /: ReaderMetabaseSecret, ReaderOwoxSecret, ReaderStatsigUserSecret',
    'SecretsManager::Secret.UpdateReplacePolicy Retain: KeysSecret',
    'extension.DefaultRouteSettings.DetailedMetricsEnabled false',
    'extension.DefaultRouteSettings.ThrottlingBurstLimit 10000: HttpApiStage',
    'extension.DefaultRouteSettings.ThrottlingBurstLimit 5000: HttpApiStage',
    'extension.DefaultRouteSettings.ThrottlingRateLimit 10000: HttpApiStage',
    'extension.DefaultRouteSettings.ThrottlingRateLimit 20000: HttpApiStage',
  ]);
});

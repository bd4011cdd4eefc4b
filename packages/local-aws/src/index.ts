// The only door of the package: what is not exported here may change without notice.
export { openAthena, openStatementRunner, StatementError, type StatementRunner } from './athena/index.ts';
export { type Alarm, type LocalClock, realClock } from './base/clock.ts';
export { configureErrors, LocalAwsError } from './base/errors.ts';
export { MovableClock } from './base/MovableClock.ts';
export { cloudFormationService, type DeployedStack, deployedStack } from './cloudformation/index.ts';
export type { LeftResource, MadeChange, StackUpdate } from './cloudformation/Stack.ts';
export { updateRules } from './cloudformation/updateRules.ts';
export { cloudWatchService } from './cloudwatch/index.ts';
export { MetricStore } from './cloudwatch/MetricStore.ts';
export type { FlushReport, LocalAwsStatus, PendingDelivery } from './control/controlApi.ts';
export { dataFolders, emptyDataDirectory, runningEndpoint } from './disk/dataDirectory.ts';
export { parseAllowedHosts } from './edge/requestGuard.ts';
export { startEdge } from './edge/startEdge.ts';
export { objectCreatedEvent, openEventBus } from './events/index.ts';
export { Faults } from './faults/Faults.ts';
export type { FaultsInput } from './faults/faultsSchema.ts';
export { errorLine } from './firehose/Delivery.ts';
export { openFirehose } from './firehose/index.ts';
export type { Conversion } from './firehose/streamSettings.ts';
export { Catalog, glueService, insertPartition, replacePartition } from './glue/index.ts';
export { AccessKeys } from './iam/AccessKeys.ts';
export { type Decision, decide } from './iam/decide.ts';
export type { Call, NeededPermission, RecordedCall } from './iam/permissions.ts';
export { type Policy, readPolicy } from './iam/policy.ts';
export { createCallerLookup, Roles } from './iam/Roles.ts';
export { kmsService } from './kms/index.ts';
export { Keys } from './kms/Keys.ts';
export { keyAccess } from './kms/keyAccess.ts';
export { AwsError } from './protocol/AwsError.ts';
export type { AwsService } from './protocol/AwsService.ts';
export { jsonService, operation } from './protocol/JsonService.ts';
export { queryOperation, queryService } from './protocol/QueryService.ts';
export { CallRecorder } from './record/CallRecorder.ts';
export { s3Service } from './s3/index.ts';
export { OWNER_ACCOUNT } from './s3/limits.ts';
export { type BucketSettings, newBucketSettings } from './s3/model/bucketSettings.ts';
export { ObjectStore } from './s3/model/ObjectStore.ts';
export { secretsManagerService } from './secretsmanager/index.ts';
export { Secrets } from './secretsmanager/Secrets.ts';
export { type ExistingResources, objectSink, provision, schemaSource } from './server/provision.ts';
export {
  type LocalAccount,
  type LocalAws,
  type LocalAwsOptions,
  type StackSource,
  startLocalAws,
} from './server/startLocalAws.ts';
export { sqsService } from './sqs/index.ts';
export { Queues } from './sqs/Queues.ts';
export { queueProperties } from './sqs/queueSettings.ts';
export { stsService } from './sts/index.ts';
export type { Deployment } from './template/Deployment.ts';
export { readDeployment } from './template/readDeployment.ts';
export {
  type Generations,
  type ResolvedResource,
  type ResolvedTemplate,
  resolveTemplate,
} from './template/resolveTemplate.ts';
export {
  attributePath,
  intrinsicOf,
  parseTemplate,
  SUB_PLACEHOLDER,
  type Template,
} from './template/Template.ts';
export {
  type AthenaView,
  createViews,
  duckDbType,
  listPartitionFiles,
  type QueryRow,
  runQuery,
  tableViewSql,
  viewsNeededBy,
} from './trino/index.ts';

import { TemplateError } from '../base/errors.ts';
import { bucketSettings } from '../s3/model/bucketSettings.ts';
import type { Schedule } from '../scheduler/index.ts';
import type {
  DeployedBucket,
  DeployedDatabase,
  DeployedFunction,
  DeployedMapping,
  DeployedTable,
  Deployment,
} from './Deployment.ts';
import { functionUrl, readHttpApi } from './endpoints.ts';
import { arnName, type ResolvedResource, type ResolvedTemplate, readResource } from './resolveTemplate.ts';
import {
  bucketPolicyProperties,
  bucketProperties,
  databaseProperties,
  functionProperties,
  mappingProperties,
  scheduleProperties,
  tableProperties,
} from './resourceProperties.ts';

/**
 * Reads what the local cloud runs of a resolved template.
 *
 * @throws TemplateError `TEMPLATE_INVALID` with the property that is wrong or not emulated.
 */
export function readDeployment({ resources }: Pick<ResolvedTemplate, 'resources'>): Deployment {
  const ofType = (type: string) =>
    resources.filter((resource) => resource.type === type && resource.locally === 'built');
  return {
    buckets: ofType('AWS::S3::Bucket').map((resource) =>
      deployedBucket(resource, ofType('AWS::S3::BucketPolicy').map(bucketPolicy)),
    ),
    deliveryStreams: ofType('AWS::KinesisFirehose::DeliveryStream').map(({ physicalId }) => physicalId),
    schedules: ofType('AWS::Scheduler::Schedule').flatMap(deployedSchedule),
    functions: ofType('AWS::Lambda::Function').map(deployedFunction),
    eventSourceMappings: ofType('AWS::Lambda::EventSourceMapping').map(deployedMapping),
    httpApi: readHttpApi(ofType),
    functionUrls: ofType('AWS::Lambda::Url').map((resource) =>
      functionUrl(
        resource,
        resources.filter(({ type }) => type === 'AWS::Lambda::Permission'),
      ),
    ),
  };
}

/** A Glue database. @throws TemplateError `TEMPLATE_INVALID` */
export function deployedDatabase(resource: ResolvedResource): DeployedDatabase {
  return {
    name: resource.physicalId,
    input: readResource(resource, databaseProperties).DatabaseInput,
  };
}

/** A Glue table. @throws TemplateError `TEMPLATE_INVALID` */
export function deployedTable(resource: ResolvedResource): DeployedTable {
  const { DatabaseName, TableInput } = readResource(resource, tableProperties);
  return {
    databaseName: DatabaseName,
    name: resource.physicalId,
    input: TableInput,
  };
}

/** The name of a secret: its ARN, which is its `Ref`, ends in a dash and six generated characters. */
export function secretName({ physicalId }: ResolvedResource): string {
  return arnName(physicalId).slice(0, -7);
}

/**
 * A bucket with its settings.
 *
 * @param policies Bucket policies of the template. Default none.
 * @throws TemplateError `TEMPLATE_INVALID`
 */
export function deployedBucket(
  resource: ResolvedResource,
  policies: readonly BucketPolicy[] = [],
): DeployedBucket {
  const properties = readResource(resource, bucketProperties);
  return {
    name: resource.physicalId,
    eventBridge: properties.NotificationConfiguration?.EventBridgeConfiguration.EventBridgeEnabled ?? false,
    settings: bucketSettings(
      properties,
      policies.find((policy) => policy.bucket === resource.physicalId)?.policy,
    ),
  };
}

/** The policy of a bucket, as JSON. */
interface BucketPolicy {
  /** Name of the bucket. */
  readonly bucket: string;
  /** The policy document as JSON. */
  readonly policy: string;
}

/** The policy of a bucket. @throws TemplateError `TEMPLATE_INVALID` */
export function bucketPolicy(resource: ResolvedResource): BucketPolicy {
  const { Bucket, PolicyDocument } = readResource(resource, bucketPolicyProperties);
  return { bucket: Bucket, policy: JSON.stringify(PolicyDocument) };
}

/** ARN of a resource. @throws TemplateError `TEMPLATE_INVALID` for a type without ARNs. */
function arnOf(resource: ResolvedResource): string {
  if (resource.arn !== undefined) return resource.arn;
  throw new TemplateError('TEMPLATE_INVALID', `${resource.logicalId} has no ARN.`);
}

/** A schedule in a list, which is empty for a schedule that is disabled. @throws TemplateError `TEMPLATE_INVALID` */
function deployedSchedule(resource: ResolvedResource): Schedule[] {
  const { State, ScheduleExpression, Target } = readResource(resource, scheduleProperties);
  if (State === 'DISABLED') return [];
  return [
    {
      name: resource.physicalId,
      expression: ScheduleExpression,
      input: Target.Input,
      targetArn: Target.Arn,
      roleArn: Target.RoleArn,
      deadLetterArn: Target.DeadLetterConfig?.Arn,
    },
  ];
}

/** A function, with the module that its handler names. @throws TemplateError `TEMPLATE_INVALID` */
function deployedFunction(resource: ResolvedResource): DeployedFunction {
  const properties = readResource(resource, functionProperties);
  const { Handler, Environment, Timeout, MemorySize, Role, RecursiveLoop, LoggingConfig } = properties;
  const dot = Handler.lastIndexOf('.');
  return {
    name: resource.physicalId,
    arn: arnOf(resource),
    modulePath: `${Handler.slice(0, dot)}.mjs`,
    exportName: Handler.slice(dot + 1),
    env: Environment?.Variables ?? {},
    timeoutSeconds: Timeout,
    reservedConcurrency: properties.ReservedConcurrentExecutions,
    memoryMb: MemorySize,
    role: Role,
    hasJsonLog: LoggingConfig.LogFormat === 'JSON',
    recursiveLoop: RecursiveLoop,
  };
}

/** A mapping of a queue to a function. @throws TemplateError `TEMPLATE_INVALID` */
function deployedMapping(resource: ResolvedResource): DeployedMapping {
  const properties = readResource(resource, mappingProperties);
  return {
    queueArn: properties.EventSourceArn,
    functionName: arnName(properties.FunctionName),
    batchSize: properties.BatchSize,
    windowSeconds: properties.MaximumBatchingWindowInSeconds,
    maximumConcurrency: properties.ScalingConfig?.MaximumConcurrency,
    partialResponses: properties.FunctionResponseTypes.length > 0,
    enabled: properties.Enabled,
  };
}

/** How the source ARN of an HTTP API's call ends: `$default/POST/v1/any` of the route `POST /v1/{proxy+}`. */
export function routeSource(routeKey: string): string {
  const [method = '*', path = ''] = routeKey.split(' ');
  return `$default/${method}${path.replace(/\{\w+\+?\}/g, 'any')}`;
}

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
  Part,
} from './Deployment.ts';
import { functionUrl, readHttpApi } from './readEndpoints.ts';
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
 * Reads the resources that the local cloud creates from a resolved template. Properties of streams, queues and rules
 * are passed on unchanged: the service that creates the resource validates them.
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
    databases: ofType('AWS::Glue::Database').map(deployedDatabase),
    tables: ofType('AWS::Glue::Table').map(deployedTable),
    deliveryStreams: ofType('AWS::KinesisFirehose::DeliveryStream').map(part),
    secrets: ofType('AWS::SecretsManager::Secret').map((resource) => {
      const { logicalId, physicalId: arn, properties } = resource;
      return { logicalId, name: secretName(resource), arn, properties };
    }),
    workGroups: ofType('AWS::Athena::WorkGroup').map(({ logicalId, physicalId: name, properties }) => ({
      logicalId,
      name,
      properties,
    })),
    keys: ofType('AWS::KMS::Key').map(part),
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
    logicalId: resource.logicalId,
    name: resource.physicalId,
    input: readResource(resource, databaseProperties).DatabaseInput,
  };
}

/** A Glue table. @throws TemplateError `TEMPLATE_INVALID` */
export function deployedTable(resource: ResolvedResource): DeployedTable {
  const { DatabaseName, TableInput } = readResource(resource, tableProperties);
  return {
    logicalId: resource.logicalId,
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
    logicalId: resource.logicalId,
    name: resource.physicalId,
    eventBridge: properties.NotificationConfiguration?.EventBridgeConfiguration.EventBridgeEnabled ?? false,
    settings: bucketSettings(
      properties,
      policies.find((policy) => policy.bucket === resource.physicalId)?.policy,
    ),
  };
}

/** The policy of a bucket, as JSON. */
export interface BucketPolicy {
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

/** A resource whose properties its service validates. @throws TemplateError `TEMPLATE_INVALID` */
function part(resource: ResolvedResource): Part {
  return {
    logicalId: resource.logicalId,
    name: resource.physicalId,
    arn: arnOf(resource),
    properties: resource.properties,
  };
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
    logicalId: resource.logicalId,
    name: resource.physicalId,
    arn: arnOf(resource),
    handler: Handler,
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
    logicalId: resource.logicalId,
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

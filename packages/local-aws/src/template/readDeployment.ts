import type { z } from 'zod';
import { TemplateError } from '../base/errors.ts';
import type { FunctionUrl } from '../gateway/FunctionUrl.ts';
import type { Cors, HttpApi } from '../gateway/HttpApi.ts';
import type { DeployedIdentity } from '../iam/Roles.ts';
import { AwsError } from '../protocol/AwsError.ts';
import { readProperties } from '../protocol/readProperties.ts';
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
import type { ResolvedResource, ResolvedTemplate } from './resolveTemplate.ts';
import {
  apiProperties,
  bucketPolicyProperties,
  bucketProperties,
  databaseProperties,
  functionProperties,
  integrationProperties,
  mappingProperties,
  routeProperties,
  scheduleProperties,
  stageProperties,
  tableProperties,
  urlProperties,
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

/** @throws TemplateError `TEMPLATE_INVALID` */
export function deployedDatabase(resource: ResolvedResource): DeployedDatabase {
  return {
    logicalId: resource.logicalId,
    name: resource.physicalId,
    input: readResource(resource, databaseProperties).DatabaseInput,
  };
}

/** @throws TemplateError `TEMPLATE_INVALID` */
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
  readonly bucket: string;
  readonly policy: string;
}

/** @throws TemplateError `TEMPLATE_INVALID` */
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

/** @throws TemplateError `TEMPLATE_INVALID` */
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

/** @throws TemplateError `TEMPLATE_INVALID` */
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

/**
 * The template's HTTP API with the integration of each route; undefined when there is no API.
 *
 * @throws TemplateError `TEMPLATE_INVALID` for a second API, or a route without a target.
 */
function readHttpApi(ofType: (type: string) => readonly ResolvedResource[]): HttpApi | undefined {
  const [api, second] = ofType('AWS::ApiGatewayV2::Api');
  if (api === undefined) return undefined;
  if (second !== undefined) {
    throw new TemplateError('TEMPLATE_INVALID', `A second HTTP API: ${second.logicalId}.`);
  }
  for (const stage of ofType('AWS::ApiGatewayV2::Stage')) readResource(stage, stageProperties);
  const integrations = new Map(
    ofType('AWS::ApiGatewayV2::Integration').map((resource) => [
      `integrations/${resource.physicalId}`,
      readResource(resource, integrationProperties),
    ]),
  );
  return {
    apiId: api.physicalId,
    cors: corsOf(readResource(api, apiProperties).CorsConfiguration),
    routes: ofType('AWS::ApiGatewayV2::Route').map((resource) => {
      const { RouteKey, Target } = readResource(resource, routeProperties);
      const integration = integrations.get(Target);
      if (integration === undefined) {
        throw new TemplateError('TEMPLATE_INVALID', `${resource.logicalId}: no ${Target}.`);
      }
      const { IntegrationUri: uri, TimeoutInMillis: timeoutMs } = integration;
      const route = { routeKey: RouteKey, timeoutMs };
      if (integration.IntegrationType === 'AWS_PROXY') return { ...route, functionName: arnName(uri) };
      const { IntegrationMethod: method, RequestParameters } = integration;
      const proxy = {
        uri,
        path: RequestParameters?.['overwrite:path'],
        method: method === 'ANY' ? undefined : method,
      };
      return { ...route, proxy };
    }),
  };
}

/** @throws TemplateError `TEMPLATE_INVALID` */
function functionUrl(resource: ResolvedResource, permissions: readonly ResolvedResource[]): FunctionUrl {
  const { TargetFunctionArn, Cors } = readResource(resource, urlProperties);
  const functionName = arnName(TargetFunctionArn);
  const everybodyMay = (action: string, condition: string, value: unknown) =>
    permissions.some(
      ({ properties }) =>
        arnName(String(properties['FunctionName'])) === functionName &&
        properties['Action'] === action &&
        properties['Principal'] === '*' &&
        (properties[condition] === value || properties[condition] === undefined),
    );
  const { url } = resource;
  if (url === undefined) throw new TemplateError('TEMPLATE_INVALID', `${resource.logicalId} has no URL.`);
  const domainName = new URL(url).host;
  const [urlId = domainName] = domainName.split('.');
  return {
    logicalId: resource.logicalId,
    urlId,
    domainName,
    functionName,
    cors: corsOf(Cors),
    isPublic:
      everybodyMay('lambda:InvokeFunctionUrl', 'FunctionUrlAuthType', 'NONE') &&
      everybodyMay('lambda:InvokeFunction', 'InvokedViaFunctionUrl', true),
  };
}

function corsOf(cors: ReturnType<typeof apiProperties.parse>['CorsConfiguration']): Cors | undefined {
  if (cors === undefined) return undefined;
  return {
    allowOrigins: cors.AllowOrigins,
    allowMethods: cors.AllowMethods,
    allowHeaders: cors.AllowHeaders,
    exposeHeaders: cors.ExposeHeaders,
    maxAgeSeconds: cors.MaxAge,
  };
}

/**
 * Validates the properties of a resource that no service receives, in the same way as the services do.
 *
 * @throws TemplateError `TEMPLATE_INVALID` with each property that is wrong or not emulated.
 */
function readResource<Schema extends z.ZodType>(
  { type, logicalId, properties }: ResolvedResource,
  schema: Schema,
): z.output<Schema> {
  try {
    return readProperties(schema, properties, `${type} ${logicalId}`);
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    throw new TemplateError('TEMPLATE_INVALID', error.message, { cause: error });
  }
}

/** `collect` of `arn:aws:lambda:us-east-1:000000000000:function:collect`. */
export function arnName(arn: string): string {
  return arn.slice(arn.lastIndexOf(':') + 1);
}

/** How the source ARN of an HTTP API's call ends: `$default/POST/v1/any` of the route `POST /v1/{proxy+}`. */
export function routeSource(routeKey: string): string {
  const [method = '*', path = ''] = routeKey.split(' ');
  return `$default/${method}${path.replace(/\{\w+\+?\}/g, 'any')}`;
}

/** The roles and users of a template, with their trust policies, all inline and attached policies, and boundaries. */
export function deployedIdentities(
  { resources }: Pick<ResolvedTemplate, 'resources'>,
  account: string,
): DeployedIdentity[] {
  return resources.flatMap(({ type, arn, physicalId, properties }) => {
    if (arn === undefined || (type !== 'AWS::IAM::Role' && type !== 'AWS::IAM::User')) return [];
    // An identity names its managed policies, or a managed policy the identities that it is attached to.
    const side = type === 'AWS::IAM::Role' ? 'Roles' : 'Users';
    const attachedThere = resources.filter(
      (resource) =>
        resource.type === 'AWS::IAM::ManagedPolicy' && listOf(resource.properties[side]).includes(physicalId),
    );
    const find = (reference: unknown) =>
      resources.find((resource) => resource.physicalId === reference || resource.arn === reference);
    const attached = listOf(properties['ManagedPolicyArns']).map((reference) => ({
      reference,
      document: find(reference)?.properties['PolicyDocument'],
    }));
    const [limit] = listOf(properties['PermissionsBoundary']).map((reference) => ({
      reference,
      document: find(reference)?.properties['PolicyDocument'],
    }));
    return [
      {
        arn,
        account,
        trust: properties['AssumeRolePolicyDocument'],
        policies: [
          ...listOf(properties['Policies']).map((policy) => member(policy, 'PolicyDocument')),
          ...attached.flatMap(({ document }) => listOf(document)),
          ...attachedThere.map((policy) => policy.properties['PolicyDocument']),
        ],
        boundary: limit?.document,
        unknownPolicies: [...attached, ...(limit === undefined ? [] : [limit])]
          .filter(({ document }) => document === undefined)
          .map(({ reference }) => String(reference)),
      },
    ];
  });
}

/** A member of an object; undefined for any other value. */
function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

/** The items of a list; a value that is no list is the only item, and an absent one has none. */
function listOf(value: unknown): unknown[] {
  return value === undefined ? [] : [value].flat();
}

import { createHash } from 'node:crypto';
import { secretArn } from '../secretsmanager/Secret.ts';

/** A resource with evaluated properties, from which its `Ref` and attributes are derived. */
export interface KnownResource {
  /** Its name in the template. */
  readonly logicalId: string;
  /** Its properties, with evaluated functions. */
  readonly properties: Readonly<Record<string, unknown>>;
  /** The stack that it belongs to. */
  readonly stack: StackIdentity;
}

/** How one type of resource is named and referenced. */
export interface ResourceType {
  /** `built`: the local cloud creates it. `inert`: it has no observable effect here. */
  readonly locally: 'built' | 'inert';
  /** Derives the value of `Ref`. */
  readonly ref: (resource: KnownResource) => string;
  /** Derives the values of `Fn::GetAtt`, by the names of attributes; empty for a type without attributes. */
  readonly attributes: Readonly<Record<string, (resource: KnownResource) => string>>;
}

/**
 * The only list of resource types that the local cloud supports; any other is refused by name.
 *
 * `Ref` and the attributes are documented on each type's page under
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-template-resource-type-ref.html. Only attributes
 * in use are listed; any other is refused by name.
 */
export const resourceTypes: ReadonlyMap<string, ResourceType> = new Map([
  [
    'AWS::S3::Bucket',
    built(named('BucketName', lowerCase), {
      Arn: (r) => `arn:${r.stack.partition}:s3:::${nameOf(r, 'BucketName', lowerCase)}`,
    }),
  ],
  ['AWS::Glue::Database', built((r) => nameInInput(r, 'DatabaseInput'))],
  ['AWS::Glue::Table', built((r) => nameInInput(r, 'TableInput'))],
  [
    'AWS::KinesisFirehose::DeliveryStream',
    built(named('DeliveryStreamName'), {
      Arn: (r) => arn(r, 'firehose', `deliverystream/${nameOf(r, 'DeliveryStreamName')}`),
    }),
  ],
  [
    'AWS::SQS::Queue',
    built(queueUrl, {
      Arn: (r) => arn(r, 'sqs', nameOf(r, 'QueueName')),
      QueueName: named('QueueName'),
      QueueUrl: queueUrl,
    }),
  ],
  ['AWS::Athena::WorkGroup', built(named('Name'))],
  ['AWS::SecretsManager::Secret', built(secretRef, { Id: secretRef })],
  ['AWS::Events::Rule', built(named('Name'), { Arn: (r) => arn(r, 'events', `rule/${nameOf(r, 'Name')}`) })],
  [
    'AWS::Scheduler::Schedule',
    built(named('Name'), { Arn: (r) => arn(r, 'scheduler', `schedule/default/${nameOf(r, 'Name')}`) }),
  ],
  [
    'AWS::Lambda::Function',
    built(named('FunctionName'), { Arn: (r) => arn(r, 'lambda', `function:${nameOf(r, 'FunctionName')}`) }),
  ],
  ['AWS::Lambda::EventSourceMapping', built(uuid, { Id: uuid })],
  [
    'AWS::Lambda::Url',
    built((r) => text(r.properties.TargetFunctionArn), {
      FunctionArn: (r) => text(r.properties.TargetFunctionArn),
      FunctionUrl: (r) => `https://${urlHost(r)}/`,
    }),
  ],
  [
    'AWS::ApiGatewayV2::Api',
    built(apiId, {
      ApiId: apiId,
      ApiEndpoint: (r) => `https://${apiId(r)}.execute-api.${r.stack.region}.amazonaws.com`,
    }),
  ],
  ['AWS::ApiGatewayV2::Integration', built(shortId, { IntegrationId: shortId })],
  ['AWS::ApiGatewayV2::Route', built(shortId, { RouteId: shortId })],
  ['AWS::ApiGatewayV2::Stage', built(named('StageName'))],
  // Nothing here answers for a domain: there is no DNS record, and no certificate.
  [
    'AWS::ApiGatewayV2::DomainName',
    inert(named('DomainName'), {
      RegionalDomainName: (r) => `d-${apiId(r)}.execute-api.${r.stack.region}.amazonaws.com`,
      RegionalHostedZoneId: (r) => `Z${digest(r).slice(0, 13).toUpperCase()}`,
    }),
  ],
  ['AWS::ApiGatewayV2::ApiMapping', inert(shortId, { ApiMappingId: shortId })],
  ['AWS::IAM::Role', inert(named('RoleName'), { Arn: (r) => iamArn(r, `role/${nameOf(r, 'RoleName')}`) })],
  ['AWS::IAM::User', inert(named('UserName'), { Arn: (r) => iamArn(r, `user/${nameOf(r, 'UserName')}`) })],
  // The key can sign once a secret of the template contains it: callPermissions.ts.
  ['AWS::IAM::AccessKey', inert(accessKeyId, { SecretAccessKey: (r) => digest(r).slice(0, 40) })],
  ['AWS::IAM::ManagedPolicy', inert(managedPolicyArn, { PolicyArn: managedPolicyArn })],
  [
    'AWS::IAM::InstanceProfile',
    inert(named('InstanceProfileName'), {
      Arn: (r) => iamArn(r, `instance-profile/${nameOf(r, 'InstanceProfileName')}`),
    }),
  ],
  ['AWS::Lambda::Permission', inert(generatedName)],
  ['AWS::Lambda::Version', inert((r) => `${text(r.properties.FunctionName)}:1`, { Version: () => '1' })],
  [
    'AWS::Logs::LogGroup',
    inert(named('LogGroupName'), { Arn: (r) => arn(r, 'logs', `log-group:${nameOf(r, 'LogGroupName')}:*`) }),
  ],
  ['AWS::Logs::LogStream', inert(named('LogStreamName'))],
  ['AWS::Logs::MetricFilter', inert(generatedName)],
  [
    'AWS::CloudWatch::Alarm',
    inert(named('AlarmName'), { Arn: (r) => arn(r, 'cloudwatch', `alarm:${nameOf(r, 'AlarmName')}`) }),
  ],
  ['AWS::KMS::Key', built(uuid, { Arn: (r) => arn(r, 'kms', `key/${uuid(r)}`), KeyId: uuid })],
  ['AWS::KMS::Alias', built(named('AliasName'))],
  ['AWS::S3::BucketPolicy', built((r) => text(r.properties.Bucket))],
  ['AWS::SQS::QueuePolicy', inert(generatedName, { Id: generatedName })],
]);

/** The bucket that Serverless uploads its zips to, and its policy. Their types are `built`, but nothing here reads from it. */
export const INERT_LOGICAL_IDS: ReadonlySet<string> = new Set([
  'ServerlessDeploymentBucket',
  'ServerlessDeploymentBucketPolicy',
]);

/** Derives a name, an identifier or an ARN from a resource. */
type Name = (resource: KnownResource) => string;

/** A type whose resources the local cloud creates. */
function built(ref: Name, attributes: Record<string, Name> = {}): ResourceType {
  return { locally: 'built', ref, attributes };
}

/** A type whose resources have no observable effect here. */
function inert(ref: Name, attributes: Record<string, Name> = {}): ResourceType {
  return { locally: 'inert', ref, attributes };
}

/** The name in a property, or else a generated one as in CloudFormation: `<stack>-<logical ID>-<suffix>`. */
function nameOf(
  resource: KnownResource,
  property: string,
  generated: (name: string) => string = (n) => n,
): string {
  const name = resource.properties[property];
  return name === undefined ? generated(generatedName(resource)) : text(name);
}

/** As {@link nameOf}, for the `Ref` of a type. */
function named(property: string, generated?: (name: string) => string): Name {
  return (resource) => nameOf(resource, property, generated);
}

/** A name as CloudFormation generates it: `<stack>-<logical ID>-<suffix>`. */
function generatedName(resource: KnownResource): string {
  return `${resource.stack.stackName}-${resource.logicalId}-${digest(resource).slice(0, 12).toUpperCase()}`;
}

/** The name as S3 and Glue take it. */
function lowerCase(name: string): string {
  return name.toLowerCase();
}

/** The name in the input of a Glue resource, or else a generated one. */
function nameInInput(resource: KnownResource, member: string): string {
  const input = resource.properties[member];
  const name = typeof input === 'object' && input !== null ? Reflect.get(input, 'Name') : undefined;
  return name === undefined ? generatedName(resource).toLowerCase() : text(name);
}

/** ARN of a resource of IAM, which has no region. */
function iamArn({ stack }: KnownResource, resourceName: string): string {
  return `arn:${stack.partition}:iam::${stack.account}:${resourceName}`;
}

/** ARN of a managed policy. */
function managedPolicyArn(resource: KnownResource): string {
  return iamArn(resource, `policy/${nameOf(resource, 'ManagedPolicyName')}`);
}

/** Twenty characters, like IAM's access key IDs. */
function accessKeyId(resource: KnownResource): string {
  return `AKIA${digest(resource).slice(0, 16).toUpperCase()}`;
}

/** URL of a queue, which is its `Ref`. */
function queueUrl(resource: KnownResource): string {
  return `${resource.stack.endpoint}/${resource.stack.account}/${nameOf(resource, 'QueueName')}`;
}

/** A secret's `Ref` is its ARN. */
function secretRef(resource: KnownResource): string {
  return secretArn({ ...resource.stack, name: nameOf(resource, 'Name') });
}

/** ARN of a resource in the stack's region. */
function arn({ stack }: KnownResource, service: string, resourceName: string): string {
  return `arn:${stack.partition}:${service}:${stack.region}:${stack.account}:${resourceName}`;
}

/** Ten characters, like API Gateway's IDs. */
function apiId(resource: KnownResource): string {
  return digest(resource).slice(0, 10);
}

/** The host of a Function URL: 32 letters and digits, like Lambda's, the region and Lambda's domain. */
function urlHost(resource: KnownResource): string {
  return `${digest(resource).slice(0, 32)}.lambda-url.${resource.stack.region}.on.aws`;
}

/** Seven characters, like the IDs of an API's parts. */
function shortId(resource: KnownResource): string {
  return digest(resource).slice(0, 7);
}

/** A UUID that depends only on stack and logical ID. */
function uuid(resource: KnownResource): string {
  return uuidOf(digest(resource));
}

/** The beginning of a hash in the form of a UUID. */
function uuidOf(hash: string): string {
  return hash.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');
}

/** Generated IDs depend only on stack and logical ID, so they are the same after a restart. */
function digest({ stack, logicalId }: KnownResource): string {
  return createHash('sha256').update(`${stack.stackName}/${logicalId}`).digest('hex');
}

/** A property as a text. A service refuses the name that another value gets here. */
function text(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** The account and region to which a stack would be deployed, for pseudo parameters and ARNs. */
export interface StackIdentity {
  /** The region. */
  readonly region: string;
  /** The account: twelve digits. */
  readonly account: string;
  /** The first part of ARNs after `arn:`. */
  readonly partition: string;
  /** Name of the stack. */
  readonly stackName: string;
  /** The edge endpoint, e.g. `http://127.0.0.1:4566`: a queue's `Ref` is its URL there. */
  readonly endpoint: string;
}

/** ARN of a stack in CloudFormation's format. Its last part is a UUID that depends only on the name here. */
export function stackId(
  { partition, region, account }: Pick<StackIdentity, 'partition' | 'region' | 'account'>,
  name: string,
): string {
  const stackUuid = uuidOf(createHash('sha256').update(name).digest('hex'));
  return `arn:${partition}:cloudformation:${region}:${account}:stack/${name}/${stackUuid}`;
}

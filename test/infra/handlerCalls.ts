import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { repositoryRoot } from '../../local/dataDirectory.ts';
import type { ResolvedResource } from '../../packages/local-aws/src/template/index.ts';
import type { Call } from '../lib/access/decideCall.ts';
import { HANDLER_EXCEPTIONS, type HandlerException } from './handlerExceptions.ts';

/** CloudFormation's operations on a resource; `tag` puts the stack's tags on it and takes them off. */
const OPERATIONS = ['create', 'read', 'update', 'delete', 'tag'] as const;
export type Operation = (typeof OPERATIONS)[number];

/** Where the stack is. */
export interface StackPlace {
  readonly account: string;
  readonly region: string;
  /** The stack's name. */
  readonly stack: string;
  readonly keyArn: string;
}

const permissionsSchema = z.array(z.string());

/** test/fixtures/registry/handlerPermissions.json, which `npm run test:aws` compares with cfn-lint's schemas. */
export const registrySchema = z.strictObject({
  /** When the registry was read, by cfn-lint. */
  schemaDate: z.iso.datetime(),
  types: z.record(z.string(), z.partialRecord(z.enum(OPERATIONS), permissionsSchema)),
});

export const REGISTRY_FILE = join(repositoryRoot, 'test', 'fixtures', 'registry', 'handlerPermissions.json');

/** The permissions that CloudFormation's registry declares for the handlers of every type that our templates use. */
export const REGISTRY = registrySchema.parse(JSON.parse(readFileSync(REGISTRY_FILE, 'utf8')));

/** The registry has the type, and declares no permission for it: these are the calls of IAM's own API. */
const UNDECLARED: Readonly<Record<string, Partial<Record<Operation, readonly string[]>>>> = {
  'AWS::IAM::AccessKey': {
    create: ['iam:CreateAccessKey'],
    read: ['iam:ListAccessKeys'],
    update: ['iam:UpdateAccessKey'],
    delete: ['iam:DeleteAccessKey'],
  },
};

function declaredPermissions(type: string, operation: Operation): readonly string[] {
  const declared = REGISTRY.types[type];
  if (declared === undefined) throw new Error(`${type} is missing in handlerPermissions.json`);
  return UNDECLARED[type]?.[operation] ?? declared[operation] ?? [];
}

/** Services whose actions the policy lists. The others it allows whole, on the names of the stack: {@link ownCalls}. */
const LISTED = /^(?:athena|glue|iam|kms|lakeformation|logs|secretsmanager):/;

/** Whether an exception covers a permission of a type. */
export function isExcepted(exception: HandlerException, type: string, permission: string): boolean {
  if (exception.type !== type && exception.type !== '*') return false;
  return exception.permissions
    .split(' ')
    .some((name) => (name.endsWith('*') ? permission.startsWith(name.slice(0, -1)) : permission === name));
}

/** Whether an exception holds for a resource: the resource sets no property that needs the permissions. */
function holdsFor({ unset = '' }: HandlerException, { properties }: ResolvedResource): boolean {
  return unset.split(' ').every((name) => name === '' || propertyAt(properties, name) === undefined);
}

/** The calls of {@link LISTED} that the handlers of a resource may make, by operation, without what is a named exception. */
export function handlerCalls(resource: ResolvedResource, place: StackPlace): Record<Operation, Call[]> {
  const calls = (operation: Operation) =>
    declaredPermissions(resource.type, operation)
      .filter(
        (name) =>
          LISTED.test(name) &&
          !HANDLER_EXCEPTIONS.some((one) => isExcepted(one, resource.type, name) && holdsFor(one, resource)),
      )
      .flatMap((permission) => targets(permission, operation, resource, place));
  return {
    create: calls('create'),
    read: calls('read'),
    update: calls('update'),
    delete: calls('delete'),
    tag: calls('tag'),
  };
}

/** Actions that name no resource. */
const ACCOUNT_WIDE = new Set([
  'kms:CreateKey',
  'kms:ListAliases',
  'lakeformation:DescribeLakeFormationIdentityCenterConfiguration',
  'lakeformation:DescribeResource',
  'lakeformation:ListResources',
  'logs:DescribeIndexPolicies',
  'logs:DescribeLogGroups',
  'logs:DescribeResourcePolicies',
]);

/** Services to which a role is passed with a resource of the type. */
const PASSED_TO: Readonly<Record<string, string>> = {
  'AWS::IAM::InstanceProfile': 'ec2.amazonaws.com',
  'AWS::KinesisFirehose::DeliveryStream': 'firehose.amazonaws.com',
  'AWS::Lambda::Function': 'lambda.amazonaws.com',
  'AWS::Scheduler::Schedule': 'scheduler.amazonaws.com',
};

/** Actions on identities that a policy can limit to those with a boundary. https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html */
const BOUNDED = new Set([
  'iam:AttachRolePolicy',
  'iam:AttachUserPolicy',
  'iam:CreateRole',
  'iam:CreateUser',
  'iam:PutRolePermissionsBoundary',
  'iam:PutRolePolicy',
  'iam:PutUserPermissionsBoundary',
]);

/** Targets of a permission, by the resource types of the service authorization reference. */
function targets(
  permission: string,
  operation: Operation,
  resource: ResolvedResource,
  place: StackPlace,
): Call[] {
  const on = (...resources: string[]): Call[] => [{ action: permission, resources }];
  const here = (service: string, name: string) =>
    `arn:aws:${service}:${place.region}:${place.account}:${name}`;
  const group = (name: string) => here('logs', `log-group:${name}`);
  const inCatalog = (...names: string[]) => on(...['catalog', ...names].map((name) => here('glue', name)));
  const { physicalId, arn = '', type } = resource;
  const property = (name: string) => String(propertyAt(resource.properties, name));

  if (permission === 'iam:PassRole') return passedRoles(resource, place);
  if (ACCOUNT_WIDE.has(permission)) return on('*');

  switch (type) {
    case 'AWS::KMS::Key':
      return on(arn).map((call) =>
        /:(Tag|Untag)/.test(permission) ? { ...call, context: { 'aws:TagKeys': ['STAGE'] } } : call,
      );
    case 'AWS::KMS::Alias':
      return on(here('kms', physicalId), place.keyArn);
    // Deleting a database checks its tables and functions:
    // https://docs.aws.amazon.com/glue/latest/dg/glue-specifying-resource-arns.html
    case 'AWS::Glue::Database':
      return operation === 'delete' && permission === 'glue:DeleteDatabase'
        ? inCatalog(
            `database/${physicalId}`,
            `table/${physicalId}/any`,
            `userDefinedFunction/${physicalId}/any`,
          )
        : inCatalog(`database/${physicalId}`);
    case 'AWS::Glue::Table': {
      const database = `database/${property('DatabaseName')}`;
      const table = `table/${property('DatabaseName')}/${physicalId}`;
      return permission.endsWith('Database') ? inCatalog(database) : inCatalog(database, table);
    }
    case 'AWS::Athena::WorkGroup':
      return on(here('athena', `workgroup/${physicalId}`));
    case 'AWS::KinesisFirehose::DeliveryStream':
      return rolesOf(resource).flatMap((role) => on(role));
    case 'AWS::SecretsManager::Secret':
      return on(physicalId);
    case 'AWS::IAM::ManagedPolicy': {
      const [, kind] = /:(?:Attach|Detach)(Role|User)Policy$/.exec(permission) ?? [];
      return kind === undefined
        ? on(physicalId)
        : on(`arn:aws:iam::${place.account}:${kind.toLowerCase()}/${property(`${kind}s`)}`);
    }
    case 'AWS::IAM::AccessKey':
      return on(`arn:aws:iam::${place.account}:user/${property('UserName')}`);
    case 'AWS::Logs::LogGroup':
      return on(group(physicalId));
    case 'AWS::Logs::LogStream': {
      const own = group(property('LogGroupName'));
      return on(permission === 'logs:DescribeLogStreams' ? own : `${own}:log-stream:${physicalId}`);
    }
    case 'AWS::Logs::MetricFilter':
      return on(group(property('LogGroupName')));
    case 'AWS::IAM::Role':
    case 'AWS::IAM::User': {
      // The request's boundary if the identity is created, else the identity's.
      const boundary = propertyAt(resource.properties, 'PermissionsBoundary');
      return on(arn).map((call) =>
        BOUNDED.has(permission) && typeof boundary === 'string'
          ? { ...call, context: { 'iam:PermissionsBoundary': boundary } }
          : call,
      );
    }
    default:
      if (arn === '')
        throw new Error(`${resource.logicalId}: say what ${permission} of a ${type} is used on`);
      return on(arn);
  }
}

/** An action of each service that the policy allows whole, on the resources of one type. */
const WHOLE: Readonly<Record<string, string>> = {
  'AWS::ApiGatewayV2::Api': 'apigateway:PATCH',
  'AWS::ApiGatewayV2::DomainName': 'apigateway:PATCH',
  'AWS::CloudWatch::Alarm': 'cloudwatch:PutMetricAlarm',
  'AWS::CloudWatch::Dashboard': 'cloudwatch:PutDashboard',
  'AWS::Events::Rule': 'events:PutRule',
  'AWS::KinesisFirehose::DeliveryStream': 'firehose:UpdateDestination',
  'AWS::Lambda::EventSourceMapping': 'lambda:UpdateEventSourceMapping',
  'AWS::Lambda::Function': 'lambda:UpdateFunctionCode',
  'AWS::S3::Bucket': 's3:PutBucketPolicy',
  'AWS::SQS::Queue': 'sqs:SetQueueAttributes',
  'AWS::Scheduler::Schedule': 'scheduler:UpdateSchedule',
};

/** A change of a resource whose service the policy allows whole. None for all other resources. */
export function ownCalls(
  { type, arn = '', physicalId, properties }: ResolvedResource,
  place: StackPlace,
): Call[] {
  const action = WHOLE[type];
  const on = (name: string, context?: Call['context']): Call[] =>
    action === undefined
      ? []
      : [{ action, resources: [name], ...(context === undefined ? {} : { context }) }];
  const gateway = `arn:aws:apigateway:${place.region}::`;
  const lambda = `arn:aws:lambda:${place.region}:${place.account}`;
  switch (type) {
    // An API and a mapping get their IDs when they are made.
    case 'AWS::ApiGatewayV2::Api':
      return ['/apis', '/apis/a1b2c3', '/apis/a1b2c3/stages/$default', '/tags/x'].flatMap((name) =>
        on(`${gateway}${name}`),
      );
    case 'AWS::ApiGatewayV2::DomainName': {
      const domain = `${gateway}/domainnames/${propertyAt(properties, 'DomainName')}`;
      return [`${gateway}/domainnames`, domain, `${domain}/apimappings/x1y2z3`].flatMap((name) => on(name));
    }
    case 'AWS::CloudWatch::Dashboard':
      return on(`arn:aws:cloudwatch::${place.account}:dashboard/${physicalId}`);
    case 'AWS::Lambda::EventSourceMapping':
      return on(`${lambda}:event-source-mapping:${physicalId}`, {
        'lambda:FunctionArn': `${lambda}:function:${place.stack}-write`,
      });
    default:
      return on(arn);
  }
}

function passedRoles(resource: ResolvedResource, place: StackPlace): Call[] {
  const names =
    resource.type === 'AWS::IAM::InstanceProfile'
      ? textsIn(propertyAt(resource.properties, 'Roles')).map(
          (name) => `arn:aws:iam::${place.account}:role/${name}`,
        )
      : rolesOf(resource);
  return names.map((role) => {
    const service = PASSED_TO[resource.type];
    if (service === undefined) throw new Error(`${resource.logicalId}: say where ${role} is passed to`);
    return { action: 'iam:PassRole', resources: [role], context: { 'iam:PassedToService': service } };
  });
}

/** ARNs of roles that a resource's properties name. A policy or a trust names roles without passing them. */
function rolesOf({ type, properties }: ResolvedResource): readonly string[] {
  if (!(type in PASSED_TO)) return [];
  return [...new Set(textsIn(properties).filter((text) => /^arn:aws:iam::\d{12}:role\//.test(text)))];
}

/** The value at `Name.Member` of a resource's properties; undefined when a member is missing. */
function propertyAt(properties: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>(
      (value, name) => (typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined),
      properties,
    );
}

function textsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

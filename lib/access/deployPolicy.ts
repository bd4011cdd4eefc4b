import { type Config, makesKey } from '../schema/config.ts';
import { namedIdentity, ownDatabaseOf } from '../schema/readers.ts';
import * as arns from './arns.ts';
import {
  allow,
  type Condition,
  deny,
  type PolicyDocument,
  policyDocument,
  type Statement,
} from './policyDocument.ts';
import { hasOwnWorkgroup, readerWorkgroup } from './readerStatements.ts';

/**
 * Policies to deploy, update and remove the stack, by the prefix of its names, for a role that CloudFormation takes or
 * for whoever deploys. There are several policies, so that IAM accepts each even with the longest names and every
 * option.
 *
 * None of it reads or deletes an object of the bucket, a line of a log or a secret directly. But the caller can set the
 * bucket's policy and lifecycle, a function's code and a role's policy, so it must be trusted. Only a permissions
 * boundary, or an existing bucket and key, limit this further.
 *
 * @param stack Name of the stack, and the beginning of the names of its parts: `sluice-prod`.
 */
export function deployPolicies(
  scope: arns.PolicyScope,
  config: Config,
  stack: string,
): Readonly<Record<'stack' | 'data' | 'catalog', PolicyDocument>> {
  const allows = allowing(scope);
  return {
    stack: policyDocument([...code(scope, allows, stack), ...identities(scope, config, stack)]),
    data: policyDocument(data(scope, allows, config, stack)),
    catalog: policyDocument(catalog(allows, config)),
  };
}

/** Makes a statement. @see allowing */
type Allows = (Sid: string, service: string, actions: string, ...names: readonly string[]) => Statement;

/** Allows actions, without the service in front, on ARNs or on names in the account and region. */
function allowing(scope: arns.PolicyScope): Allows {
  return (Sid, service, actions, ...names) => {
    const resources = names.map((name) => (/^arn:|^\*/.test(name) ? name : arns.arnIn(scope, service, name)));
    return allow(Sid, named(service, actions), resources);
  };
}

/** Actions of a service, of their names without it: `CreateKey ListAliases`. */
const named = (service: string, names: string): readonly string[] =>
  names.split(' ').map((name) => `${service}:${name}`);

/**
 * Allows what is needed for the stack itself, the bucket that Serverless uploads zips to, functions, the API, logs and
 * alarms.
 */
function code(scope: arns.PolicyScope, allows: Allows, stack: string): Statement[] {
  const zips = `${stack}-serverlessdeploy*`;
  const apis = ['apis*', 'tags/*', 'domainnames*'].map((path) => arns.apiArn(scope, path));
  const groups = ['lambda', 'kinesisfirehose', 'vendedlogs'].map(
    (service) => `log-group:/aws/${service}/${stack}-*`,
  );
  const ofLogs = 'Create* Delete* Describe* GetDataProtectionPolicy Put* *Tag* *KmsKey';
  return [
    allows('Stack', 'cloudformation', '*', `stack/${stack}/*`),
    allows('ZipBucket', 's3', '*', arns.bucketArn(scope, zips)),
    allows('Zips', 's3', 'AbortMultipartUpload *Object*', arns.objectsArn(scope, zips)),
    checkTemplate(),
    allows('Functions', 'lambda', '*', `function:${stack}-*`),
    ...unnamed(scope, stack),
    // An API gets its ID when it is made.
    allows('HttpApi', 'apigateway', '*', ...apis),
    allows('Alarms', 'cloudwatch', '*', `alarm:${stack}-*`),
    allows('Logs', 'logs', ofLogs, ...groups),
    // API Gateway's delivery of an access log names no resource:
    // https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging.html
    allows('LogDelivery', 'logs', '*LogDelivery ListLogDeliveries PutResourcePolicy', '*'),
  ];
}

/** Allows CloudFormation to check a template, which has no name. Serverless asks as its caller, also with a service role. */
export function checkTemplate(): Statement {
  return allow('Template', ['cloudformation:ValidateTemplate'], ['*']);
}

/** Allows actions on what can't be named: lists, and mappings of queues to functions. */
export function unnamed(scope: arns.PolicyScope, stack: string): Statement[] {
  const functions = arns.arnIn(scope, 'lambda', `function:${stack}-*`);
  const mappings = arns.arnIn(scope, 'lambda', 'event-source-mapping:*');
  const lists = 'DescribeIndexPolicies DescribeLogGroups DescribeResourcePolicies';
  // The Glue handlers ask whether Lake Formation knows the place, `sluice doctor` who may make a database.
  const lakeActions =
    'DescribeLakeFormationIdentityCenterConfiguration DescribeResource GetDataLakeSettings ListPermissions ListResources';
  const all = [named('logs', lists), named('lakeformation', lakeActions)];
  return [
    allow('Lists', all.flat(), ['*']),
    // A mapping gets its ARN when it is made, so only its function narrows the statement.
    allow('QueueTriggers', ['lambda:*EventSourceMapping'], ['*'], {
      ArnLike: { 'lambda:FunctionArn': functions },
    }),
    allow('QueueTriggerTags', ['lambda:*Tag*'], [mappings]),
  ];
}

/**
 * Allows the key to be made. A key gets its ID when it is made, so nothing narrower than all keys can be named.
 * Therefore no action is allowed that locks a key, deletes it or hands it over. KMS refuses a CreateKey whose caller
 * could not change the policy, unless BypassPolicyLockoutSafetyCheck
 * is true (infra/data/key.ts): https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html
 *
 * @param also Conditions for actions on an existing key. Default none.
 */
export function makeKey(
  scope: arns.PolicyScope,
  stack: string,
  tags: Config['tags'],
  also?: Condition,
): Statement[] {
  const keys = arns.arnIn(scope, 'kms', 'key/*');
  const tagged = { 'aws:TagKeys': ['STAGE', ...Object.keys(tags), 'aws:cloudformation:*'] };
  const ofKey = named('kms', 'DescribeKey EnableKeyRotation GetKey* ListResourceTags UpdateKeyDescription');
  const ofTags = named('kms', 'TagResource UntagResource');
  const ofAlias = named('kms', 'CreateAlias DeleteAlias');
  return [
    allow('MakeKey', named('kms', 'CreateKey ListAliases'), ['*']),
    allow('Key', ofKey, [keys], also),
    allow('KeyTags', ofTags, [keys], { ...also, 'ForAllValues:StringLike': tagged }),
    allow('KeyAlias', ofAlias, [keys, arns.arnIn(scope, 'kms', `alias/${stack}`)]),
  ];
}

/**
 * Names of the statements by which `sluice doctor --before-deploy` and the deployment look at a bucket and keys that the
 * configuration brings. CloudFormation does nothing of it, and a deployment goes on without it.
 */
export const LOOK_SIDS: readonly string[] = ['SeeBucket', 'SeeKeys'];

/**
 * Allows `sluice doctor --before-deploy` to look at keys that the configuration brings; no statement without any.
 *
 * @param keyArns Null for a key that the configuration does not bring.
 */
export function seeKeys(...keyArns: readonly (string | null)[]): Statement[] {
  const keys = keyArns.filter((key) => key !== null);
  return keys.length === 0 ? [] : [allow('SeeKeys', ['kms:DescribeKey'], keys)];
}

/** Allows roles, and the users, policies and profiles of readers, to be made. */
function identities(
  scope: arns.PolicyScope,
  { permissionsBoundary, readers }: Config,
  stack: string,
): Statement[] {
  const names = arns.identityNamesPattern(stack);
  const ofReaders = readers.flatMap((reader) => namedIdentity(reader) ?? []);
  const ofStack = [`role/${names}`, `user/${names}`, `policy/${stack}-*`, `instance-profile/${stack}-*`];
  const all = [...ofStack, ...ofReaders];
  const identityArns = all.map((name) => arns.iamArn(scope, name));
  // The first domain of an account makes this role:
  // https://docs.aws.amazon.com/apigateway/latest/developerguide/using-service-linked-roles.html
  const ofDomains = 'role/aws-service-role/ops.apigateway.amazonaws.com/AWSServiceRoleForAPIGateway';
  return [
    allow('Identities', ['iam:*'], identityArns),
    allow('DomainServiceRole', ['iam:CreateServiceLinkedRole'], [arns.iamArn(scope, ofDomains)]),
    ...(permissionsBoundary === null ? [] : keepBoundary(permissionsBoundary)),
  ];
}

/**
 * Denies to make roles or users without the boundary, to give permissions to one without it, to take the boundary off,
 * and to change the boundary.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html#access_policies_boundaries-delegate
 */
export function keepBoundary(boundaryArn: string): Statement[] {
  const makes = 'Attach*Policy CreateRole CreateUser Put*PermissionsBoundary PutRolePolicy PutUserPolicy';
  const unbound = { StringNotEquals: { 'iam:PermissionsBoundary': boundaryArn } };
  const changes = 'CreatePolicyVersion DeletePolicy* SetDefaultPolicyVersion';
  return [
    deny('OnlyWithBoundary', named('iam', makes), ['*'], unbound),
    deny('KeepBoundaryOn', ['iam:Delete*PermissionsBoundary'], ['*']),
    deny('KeepBoundary', named('iam', changes), [boundaryArn]),
  ];
}

/**
 * Allows what holds and moves data to be made. For buckets only settings are allowed: objects have ARNs of their own.
 */
function data(scope: arns.PolicyScope, allows: Allows, config: Config, stack: string): Statement[] {
  const { existing, logs, statsigBucket, readers, tags } = config;
  const buckets = [
    ...(existing.bucket ? [] : [config.bucket]),
    ...(statsigBucket === null || statsigBucket.existing ? [] : [statsigBucket.bucket]),
    ...readers.flatMap((reader) =>
      reader.kind === 'owox' && !reader.existingResultsBucket ? reader.resultsBucket : [],
    ),
  ].map((name) => arns.bucketArn(scope, name));
  const ofSecrets = 'Create* Delete* Describe* TagResource UntagResource UpdateSecret';
  const keyStatements = makeKey(scope, stack, tags);
  const isAdministered = readers.some((reader) => reader.kind === 'statsig' && reader.keyAdministrator);
  if (isAdministered && scope.keyArn !== null)
    keyStatements.push(allows('KeyAdministrators', 'kms', 'PutKeyPolicy', scope.keyArn));
  return [
    ...(buckets.length === 0 ? [] : [allows('Buckets', 's3', '*', ...buckets)]),
    ...(existing.bucket
      ? [
          allows(
            'SeeBucket',
            's3',
            'GetBucketLocation GetEncryptionConfiguration',
            arns.bucketArn(scope, config.bucket),
          ),
        ]
      : []),
    allows('Streams', 'firehose', '*', `deliverystream/${stack}-*`),
    allows('Queues', 'sqs', '*', `${stack}-*`),
    allows('Rules', 'events', '*', `rule/${stack}-*`),
    allows('Schedules', 'scheduler', '*', `schedule/default/${stack}-*`),
    allows('Secrets', 'secretsmanager', ofSecrets, `secret:${stack}-*`),
    ...(makesKey(config) ? keyStatements : []),
    ...seeKeys(existing.keyArn, logs.kmsKeyArn),
  ];
}

/**
 * Databases, tables and workgroups, without access to rows. Glue checks the contents of a database that is deleted.
 * https://docs.aws.amazon.com/glue/latest/dg/glue-specifying-resource-arns.html
 */
function catalog(allows: Allows, { database, athena, readers }: Config): Statement[] {
  const ofReaders = readers.map(ownDatabaseOf).filter((name) => name !== null);
  const databases = [database, athena.stagingDatabase, ...ofReaders];
  const inside = ['database/NAME', 'table/NAME/*', 'userDefinedFunction/NAME/*'];
  const ofGlue = databases.flatMap((name) => inside.map((pattern) => pattern.replace('NAME', name)));
  const readerWorkgroups = readers
    .filter(hasOwnWorkgroup)
    .map((reader) => readerWorkgroup(athena, reader).workgroup);
  const workgroups = [athena.workgroup, ...readerWorkgroups].map((name) => `workgroup/${name}`);
  return [
    allows('Databases', 'glue', '*Database *Table', 'catalog', ...ofGlue),
    allows('Workgroups', 'athena', '*WorkGroup *Tag*', ...workgroups),
  ];
}

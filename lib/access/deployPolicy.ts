import { loadWorkgroup, scratchDatabase } from '../drops/athena/AthenaPlan.ts';
import type { Config } from '../schema/config.ts';
import { ownDatabaseOf } from '../schema/readers.ts';
import * as arns from './arns.ts';
import { allow, deny, type PolicyDocument, policyDocument, type Statement } from './policyDocument.ts';
import { hasOwnWorkgroup, readerWorkgroup } from './readerStatements.ts';

/**
 * Policies to deploy, update and remove the stack, by the prefix of its names, for a role that CloudFormation takes or for
 * whoever deploys. Each is a policy of its own, so that IAM takes each for the longest names with every option.
 *
 * None of it reads or deletes an object of the bucket, a line of a log or a secret directly. But the caller can set the
 * bucket's policy and lifecycle, a function's code and a role's policy, so it must be trusted. Only a permissions boundary, or
 * an existing bucket and key, limit this further.
 *
 * @param stack Name of the stack, and the beginning of the names of its parts: `sluice-prod`.
 */
export function deployPolicies(
  scope: arns.PolicyScope,
  config: Config,
  stack: string,
): Readonly<Record<'stack' | 'data' | 'catalog', PolicyDocument>> {
  return {
    stack: policyDocument([...code(scope, stack), ...identities(scope, config, stack)]),
    data: policyDocument(data(scope, config, stack)),
    catalog: policyDocument(catalog(scope, config)),
  };
}

const named = (service: string, names: string) => names.split(' ').map((name) => `${service}:${name}`);

/** The stack, the bucket that Serverless uploads zips to, functions, the API, logs and alarms. */
function code(scope: arns.PolicyScope, stack: string): Statement[] {
  const here = (service: string, name: string) => arns.arnIn(scope, service, name);
  const zips = `${stack}-serverlessdeploy*`;
  const functions = here('lambda', `function:${stack}-*`);
  const apis = `arn:${scope.partition}:apigateway:${scope.region}::`;
  const groups = ['lambda', 'kinesisfirehose', 'vendedlogs'].map((by) => `log-group:/aws/${by}/${stack}-*`);
  const dashboard = `arn:${scope.partition}:cloudwatch::${scope.account}:dashboard/${stack}`;
  return [
    allow('Stack', ['cloudformation:*'], [here('cloudformation', `stack/${stack}/*`)]),
    // A template has no ARN.
    allow('ValidateTemplate', ['cloudformation:ValidateTemplate'], ['*']),
    allow('ZipBucket', ['s3:*'], [arns.bucketArn(scope, zips)]),
    allow('Zips', named('s3', 'AbortMultipartUpload *Object*'), [arns.objectsArn(scope, zips)]),
    allow('Functions', ['lambda:*'], [functions]),
    // A mapping gets its ARN when it is made, so the function is what narrows it.
    allow('QueueTriggers', ['lambda:*EventSourceMapping'], ['*'], {
      ArnLike: { 'lambda:FunctionArn': functions },
    }),
    allow('QueueTriggerTags', ['lambda:*Tag*'], [here('lambda', 'event-source-mapping:*')]),
    // An API gets its ID when it is made.
    allow('HttpApi', ['apigateway:*'], [`${apis}/apis*`, `${apis}/tags/*`, `${apis}/domainnames*`]),
    allow('Alarms', ['cloudwatch:*'], [here('cloudwatch', `alarm:${stack}-*`), dashboard]),
    allow(
      'Logs',
      named('logs', 'Create* Delete* Describe* GetDataProtectionPolicy Put* *Tag* *KmsKey'),
      groups.map((name) => here('logs', name)),
    ),
    // Lists, and API Gateway's delivery of an access log, name no resource: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging.html
    allow(
      'AllLogs',
      named(
        'logs',
        'DescribeIndexPolicies DescribeLogGroups DescribeResourcePolicies *LogDelivery ListLogDeliveries PutResourcePolicy',
      ),
      ['*'],
    ),
  ];
}

/**
 * Roles, and the users, policies and profiles of readers. With a configured boundary none is made or given permissions without
 * it, and none is taken off.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html#access_policies_boundaries-delegate
 */
function identities(
  scope: arns.PolicyScope,
  { readers, permissionsBoundary }: Config,
  stack: string,
): Statement[] {
  const ids = readers.map(({ name }) => `Reader${name.replaceAll('-', '')}Role`);
  const names = arns.identityNamesPattern(stack, ['LandingDeliveryRole', ...ids]);
  const own = [`role/${names}`, `user/${names}`, `policy/${stack}-*`, `instance-profile/${stack}-*`];
  // The first domain of an account makes it: https://docs.aws.amazon.com/apigateway/latest/developerguide/using-service-linked-roles.html
  const ofDomains = 'role/aws-service-role/ops.apigateway.amazonaws.com/AWSServiceRoleForAPIGateway';
  const makes = 'Attach*Policy CreateRole CreateUser Put*PermissionsBoundary PutRolePolicy PutUserPolicy';
  const without = { StringNotEquals: { 'iam:PermissionsBoundary': permissionsBoundary ?? '' } };
  return [
    allow(
      'Identities',
      ['iam:*'],
      own.map((name) => arns.iamArn(scope, name)),
    ),
    allow('DomainServiceRole', ['iam:CreateServiceLinkedRole'], [arns.iamArn(scope, ofDomains)]),
    ...(permissionsBoundary === null
      ? []
      : [
          deny('OnlyWithBoundary', named('iam', makes), ['*'], without),
          deny('KeepBoundary', ['iam:Delete*PermissionsBoundary'], ['*']),
        ]),
  ];
}

/** What holds and moves data. Of buckets the settings only: objects have ARNs of their own. */
function data(scope: arns.PolicyScope, config: Config, stack: string): Statement[] {
  const { existing, statsigBucket, readers, tags } = config;
  const here = (service: string, name: string) => arns.arnIn(scope, service, name);
  const buckets = [
    ...(existing.bucket ? [] : [config.bucket]),
    ...(statsigBucket === null || statsigBucket.existing ? [] : [statsigBucket.bucket]),
    ...readers.flatMap((one) => (one.kind === 'owox' && !one.existingResultsBucket ? one.resultsBucket : [])),
  ].map((name) => arns.bucketArn(scope, name));
  const keys = here('kms', 'key/*');
  const tagged = ['STAGE', ...Object.keys(tags), 'aws:cloudformation:*'];
  return [
    ...(buckets.length === 0 ? [] : [allow('Buckets', ['s3:*'], buckets)]),
    allow('Streams', ['firehose:*'], [here('firehose', `deliverystream/${stack}-*`)]),
    allow('Queues', ['sqs:*'], [here('sqs', `${stack}-*`)]),
    allow('Rules', ['events:*'], [here('events', `rule/${stack}-*`)]),
    allow('Schedules', ['scheduler:*'], [here('scheduler', `schedule/default/${stack}-*`)]),
    allow(
      'Secrets',
      named('secretsmanager', 'Create* Delete* Describe* TagResource UntagResource UpdateSecret'),
      [here('secretsmanager', `secret:${stack}-*`)],
    ),
    // A key gets its ID when it is made, so nothing narrower than all keys can be named. So nothing locks a key, loses it or
    // hands it over. KMS refuses a CreateKey whose caller could not change the policy, unless BypassPolicyLockoutSafetyCheck
    // is true (infra/data/key.ts): https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html
    ...(existing.keyArn !== null
      ? []
      : [
          allow('MakeKey', ['kms:CreateKey', 'kms:ListAliases'], ['*']),
          allow(
            'Key',
            named('kms', 'DescribeKey EnableKeyRotation GetKey* ListResourceTags UpdateKeyDescription'),
            [keys],
          ),
          allow('KeyTags', ['kms:TagResource', 'kms:UntagResource'], [keys], {
            'ForAllValues:StringLike': { 'aws:TagKeys': tagged },
          }),
          allow('KeyAlias', ['kms:CreateAlias', 'kms:DeleteAlias'], [keys, here('kms', `alias/${stack}`)]),
        ]),
    ...(readers.some((one) => one.kind === 'statsig' && one.keyAdministrator) && existing.keyArn === null
      ? [allow('KeyAdministrators', ['kms:PutKeyPolicy'], [scope.keyArn])]
      : []),
  ];
}

/**
 * Databases, tables and workgroups, without access to rows. Glue checks the contents of a database that is deleted.
 * https://docs.aws.amazon.com/glue/latest/dg/glue-specifying-resource-arns.html
 */
function catalog(scope: arns.PolicyScope, config: Config): Statement[] {
  const { athena, readers } = config;
  const ofReaders = readers.map(ownDatabaseOf).filter((name) => name !== null);
  const databases = [config.database, athena.stagingDatabase, scratchDatabase(config), ...ofReaders];
  const workgroups = [athena.workgroup, loadWorkgroup(config)].concat(
    readers.filter(hasOwnWorkgroup).map((reader) => readerWorkgroup(athena, reader).workgroup),
  );
  const inside = ['database/NAME', 'table/NAME/*', 'userDefinedFunction/NAME/*'];
  const ofGlue = databases.flatMap((name) => inside.map((one) => one.replace('NAME', name)));
  return [
    allow(
      'Databases',
      ['glue:*Database', 'glue:*Table'],
      ['catalog', ...ofGlue].map((name) => arns.arnIn(scope, 'glue', name)),
    ),
    allow(
      'Workgroups',
      ['athena:*WorkGroup', 'athena:*Tag*'],
      workgroups.map((name) => arns.workgroupArn(scope, name)),
    ),
    // The Glue handlers ask whether Lake Formation knows the place. None of the three names a resource.
    allow(
      'LakeFormation',
      named(
        'lakeformation',
        'DescribeLakeFormationIdentityCenterConfiguration DescribeResource ListResources',
      ),
      ['*'],
    ),
  ];
}

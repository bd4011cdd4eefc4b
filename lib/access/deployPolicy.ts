import { loadWorkgroup, scratchDatabase } from '../drops/athena/AthenaPlan.ts';
import type { Config } from '../schema/config.ts';
import { ownDatabaseOf, type Reader } from '../schema/readers.ts';
import { usesAthena } from '../schema/sources.ts';
import { deliveredTables } from '../tables/deliveredTables.ts';
import { GROUPS_TABLE } from '../tables/groupsTable.ts';
import { ingestedTables } from '../tables/ingestedTables.ts';
import { viewNames } from '../views/viewNames.ts';
import {
  arnIn,
  bucketArn,
  databaseArns,
  iamArn,
  identityNamesPattern,
  objectsArn,
  type PolicyScope,
  workgroupArn,
} from './arns.ts';
import {
  allow,
  type Condition,
  type PolicyDocument,
  policyDocument,
  type Statement,
} from './policyDocument.ts';
import { hasOwnWorkgroup, readerWorkgroup } from './readerStatements.ts';

/** The longest logical ID of a role, readers' apart. */
const LONGEST_ROLE = 'LandingDeliveryRole';

/** No `GetSecretValue`: nothing that is secret is read, and with a name of the template's nothing is generated. */
const SECRET_ACTIONS = [
  'secretsmanager:CreateSecret',
  'secretsmanager:DeleteSecret',
  'secretsmanager:DescribeSecret',
  'secretsmanager:TagResource',
  'secretsmanager:UntagResource',
  'secretsmanager:UpdateSecret',
];

/** Each a policy of its own, so that IAM takes each for the longest stage and region with every option. */
export interface DeployPolicies {
  /** Stack, zips, functions, API, roles, logs and alarms. */
  readonly stack: PolicyDocument;
  /** What holds and moves data: buckets, key, streams, queues, rules, schedules, secrets. */
  readonly data: PolicyDocument;
  /** Databases, tables and workgroups. */
  readonly catalog: PolicyDocument;
  /** For readers' roles, users and profiles; undefined without any. */
  readonly readers: PolicyDocument | undefined;
}

/**
 * Policies for a person or a CI to deploy, update, roll back and remove the stack: CloudFormation acts with the
 * permissions of its caller. A service whose resources are all named after the stack is allowed whole, on these names. Single
 * actions are listed where a service has none narrower, or where one of its actions would read data, or give away more than
 * the stack needs: IAM, KMS, logs, secrets, databases and workgroups.
 *
 * None of it reads or deletes an object of the bucket directly. But the caller can set the bucket's policy so that anybody
 * reads and deletes, can set its lifecycle so that everything expires, and can change a function's code or a role's policy.
 * So the deployer must be trusted. Only a permissions boundary, or an existing bucket and key, limit this further.
 *
 * @param stack Name of the stack, and the beginning of the names of its parts: `sluice-prod`.
 */
export function deployPolicies(scope: PolicyScope, config: Config, stack: string): DeployPolicies {
  const { readers } = config;
  const identities = identityNamesPattern(stack, [
    LONGEST_ROLE,
    ...readers.map(({ name }) => `Reader${name.replaceAll('-', '')}Role`),
  ]);
  return {
    stack: policyDocument([
      ...stackItself(scope, stack),
      ...functions(scope, stack),
      ...api(scope, config),
      ...roles(config, iamArn(scope, `role/${identities}`)),
      ...logsAndAlarms(scope, config, stack),
    ]),
    data: policyDocument([
      ...buckets(scope, config),
      ...key(scope, config, stack),
      allow('Streams', ['firehose:*'], [arnIn(scope, 'firehose', `deliverystream/${stack}-*`)]),
      allow('Queues', ['sqs:*'], [arnIn(scope, 'sqs', `${stack}-*`)]),
      allow('Rules', ['events:*'], [arnIn(scope, 'events', `rule/${stack}-*`)]),
      allow('Schedules', ['scheduler:*'], [arnIn(scope, 'scheduler', `schedule/default/${stack}-*`)]),
      // Secrets Manager adds a hyphen and six characters to the name.
      allow('OwnSecrets', SECRET_ACTIONS, [arnIn(scope, 'secretsmanager', `secret:${stack}-keys-??????`)]),
    ]),
    catalog: policyDocument(catalog(scope, config)),
    readers:
      readers.length === 0
        ? undefined
        : policyDocument(readersIdentities(scope, config, stack, iamArn(scope, `user/${identities}`))),
  };
}

/** CloudFormation, and the bucket that Serverless uploads zips and templates to. */
function stackItself(scope: PolicyScope, stack: string): Statement[] {
  const zips = `${stack}-serverlessdeploy*`;
  return [
    allow('Stack', ['cloudformation:*'], [arnIn(scope, 'cloudformation', `stack/${stack}/*`)]),
    // A template has no ARN.
    allow('ValidateTemplate', ['cloudformation:ValidateTemplate'], ['*']),
    allow('ZipBucket', ['s3:*'], [bucketArn(scope, zips)]),
    allow('Zips', ['s3:AbortMultipartUpload', 's3:*Object*'], [objectsArn(scope, zips)]),
  ];
}

function functions(scope: PolicyScope, stack: string): Statement[] {
  const own = arnIn(scope, 'lambda', `function:${stack}-*`);
  return [
    allow('Functions', ['lambda:*'], [own]),
    // A mapping gets its ARN when it is made, so the function is what narrows it.
    allow(
      'QueueTriggers',
      ['Create', 'Delete', 'Get', 'Update'].map((verb) => `lambda:${verb}EventSourceMapping`),
      ['*'],
      { ArnLike: { 'lambda:FunctionArn': own } },
    ),
    allow(
      'QueueTriggerTags',
      ['lambda:ListTags', 'lambda:TagResource', 'lambda:UntagResource'],
      [arnIn(scope, 'lambda', 'event-source-mapping:*')],
    ),
  ];
}

/**
 * An API gets its ID when it is made, so nothing narrower than all HTTP APIs of the region can be named. A domain's name is
 * known before. Among the actions is `TagResource`, which AWS's list does not have and a stage with tags needs:
 * https://github.com/aws-amplify/amplify-cli/issues/12316
 */
function api(scope: PolicyScope, { endpoint: { domain } }: Config): Statement[] {
  const all = `arn:${scope.partition}:apigateway:${scope.region}::`;
  const apis = [`${all}/apis`, `${all}/apis/*`, `${all}/tags/*`];
  if (domain === null) return [allow('HttpApi', ['apigateway:*'], apis)];
  const domains = `${all}/domainnames`;
  const own = [domains, `${domains}/${domain}`, `${domains}/${domain}/apimappings*`];
  return [
    allow('HttpApi', ['apigateway:*'], [...apis, ...own]),
    // The first domain of an account makes it: https://docs.aws.amazon.com/apigateway/latest/developerguide/using-service-linked-roles.html
    allow(
      'DomainServiceRole',
      ['iam:CreateServiceLinkedRole'],
      [iamArn(scope, 'role/aws-service-role/ops.apigateway.amazonaws.com/AWSServiceRoleForAPIGateway')],
      { StringEquals: { 'iam:AWSServiceName': 'ops.apigateway.amazonaws.com' } },
    ),
  ];
}

/**
 * A statement that makes roles or users and gives them permissions. With a configured boundary it is met only by those that have
 * the boundary, or that the request gives it to, and nothing takes one off: no statement allows
 * `iam:DeleteRolePermissionsBoundary`.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html#access_policies_boundaries-delegate
 */
function giving(
  kind: 'Role' | 'User',
  actions: readonly string[],
  resource: string,
  { permissionsBoundary }: Config,
): Statement {
  const condition: Condition | undefined =
    permissionsBoundary === null
      ? undefined
      : { StringEquals: { 'iam:PermissionsBoundary': permissionsBoundary } };
  const more = condition === undefined ? [] : [`iam:Put${kind}PermissionsBoundary`];
  return allow(`Make${kind}s`, [...actions, ...more], [resource], condition);
}

function roles(config: Config, own: string): Statement[] {
  return [
    giving('Role', ['iam:AttachRolePolicy', 'iam:CreateRole', 'iam:PutRolePolicy'], own, config),
    allow(
      'Roles',
      [
        'iam:DeleteRole',
        'iam:DeleteRolePolicy',
        'iam:DetachRolePolicy',
        'iam:GetRole',
        'iam:GetRolePolicy',
        'iam:ListAttachedRolePolicies',
        'iam:ListRolePolicies',
        'iam:ListRoleTags',
        'iam:TagRole',
        'iam:UntagRole',
        'iam:UpdateAssumeRolePolicy',
        'iam:UpdateRole',
        'iam:UpdateRoleDescription',
      ],
      [own],
    ),
    allow('PassRoles', ['iam:PassRole'], [own], {
      StringEquals: {
        // EC2 for a Metabase that runs there: putting a role into a profile is passing it.
        'iam:PassedToService': ['ec2', 'firehose', 'lambda', 'scheduler'].map(
          (service) => `${service}.amazonaws.com`,
        ),
      },
    }),
  ];
}

/** Logs, alarms and the dashboard. None of it reads a line, or gives a group another key than a configured one. */
function logsAndAlarms(scope: PolicyScope, { endpoint, logs }: Config, stack: string): Statement[] {
  const onGroups = [
    ...['Create*', 'Delete*', 'Describe*', 'GetDataProtectionPolicy', 'ListTagsForResource', 'Put*'],
    ...['TagResource', 'UntagResource'],
  ];
  const hasAccessLog = endpoint.accessLogDays !== null;
  const withKey = logs.kmsKeyArn === null ? [] : ['AssociateKmsKey', 'DisassociateKmsKey'];
  const logAction = (name: string) => `logs:${name}`;
  return [
    allow(
      'ListLogGroups',
      ['DescribeIndexPolicies', 'DescribeLogGroups', 'DescribeResourcePolicies'].map(logAction),
      ['*'],
    ),
    // The ARN of a group also covers its streams: it ends with a wildcard.
    allow(
      'Logs',
      [...onGroups, ...withKey].map(logAction),
      ['lambda', 'kinesisfirehose', ...(hasAccessLog ? ['vendedlogs'] : [])].map((service) =>
        arnIn(scope, 'logs', `log-group:/aws/${service}/${stack}-*`),
      ),
    ),
    // API Gateway's delivery of an access log names no resource: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging.html
    ...(!hasAccessLog
      ? []
      : [
          allow(
            'AccessLog',
            [
              ...['Create', 'Delete', 'Get', 'Update'].map((verb) => `${verb}LogDelivery`),
              ...['ListLogDeliveries', 'PutResourcePolicy'],
            ].map(logAction),
            ['*'],
          ),
        ]),
    allow(
      'Alarms',
      ['cloudwatch:*'],
      [
        arnIn(scope, 'cloudwatch', `alarm:${stack}-*`),
        `arn:${scope.partition}:cloudwatch::${scope.account}:dashboard/${stack}`,
      ],
    ),
  ];
}

/** Settings only: objects have ARNs of their own. S3 does not delete a bucket that is not empty. */
function buckets(scope: PolicyScope, { bucket, existing, statsigBucket, readers }: Config): Statement[] {
  const made = [
    ...(existing.bucket ? [] : [bucket]),
    ...(statsigBucket === null || statsigBucket.existing ? [] : [statsigBucket.bucket]),
    ...readers.flatMap((reader) =>
      reader.kind === 'owox' && !reader.existingResultsBucket ? reader.resultsBucket : [],
    ),
  ];
  if (made.length === 0) return [];
  return [
    allow(
      'Buckets',
      ['s3:*'],
      made.map((name) => bucketArn(scope, name)),
    ),
  ];
}

/**
 * A key gets its ID when it is created, and policies see its tags and aliases only minutes later, so nothing narrower
 * than all keys can be named during setup. So actions that could lock a key, lose it or hand it over are not included:
 * CreateKey sets the new key's policy, and only the keys' administrators change it later, but for a reader that becomes one
 * of them: then the policy names the one key. KMS refuses a CreateKey whose caller could not change the policy, unless
 * BypassPolicyLockoutSafetyCheck is true (infra/data/key.ts). Other tags, which policies may depend on, are not changed:
 * Serverless tags with STAGE.
 * https://docs.aws.amazon.com/kms/latest/developerguide/abac.html and
 * https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html
 */
function key(scope: PolicyScope, { existing, readers, tags }: Config, stack: string): Statement[] {
  if (existing.keyArn !== null) return [];
  const keys = arnIn(scope, 'kms', 'key/*');
  return [
    allow('MakeKey', ['kms:CreateKey', 'kms:ListAliases'], ['*']),
    allow(
      'Key',
      [
        'kms:DescribeKey',
        'kms:EnableKeyRotation',
        'kms:GetKeyPolicy',
        'kms:GetKeyRotationStatus',
        'kms:ListResourceTags',
        'kms:UpdateKeyDescription',
      ],
      [keys],
    ),
    allow('KeyTags', ['kms:TagResource', 'kms:UntagResource'], [keys], {
      'ForAllValues:StringLike': { 'aws:TagKeys': ['STAGE', ...Object.keys(tags), 'aws:cloudformation:*'] },
    }),
    allow('KeyAlias', ['kms:CreateAlias', 'kms:DeleteAlias'], [keys, arnIn(scope, 'kms', `alias/${stack}`)]),
    // By its ARN: whoever may give a key an alias or a tag must not get at its policy by them.
    ...(readers.some((reader) => reader.kind === 'statsig' && reader.keyAdministrator)
      ? [allow('KeyAdministrators', ['kms:PutKeyPolicy'], [scope.keyArn])]
      : []),
  ];
}

/**
 * Permissions on the catalogue and on workgroups, without access to rows. A first deployment that fails deletes its databases
 * and tables, so that the next one finds their names free. Glue checks the contents of a database that is deleted.
 * https://docs.aws.amazon.com/glue/latest/dg/glue-specifying-resource-arns.html
 */
function catalog(scope: PolicyScope, config: Config): Statement[] {
  const { existing, athena, readers } = config;
  const inCatalog = (name: string) => arnIn(scope, 'glue', name);
  const ofReaders = (name: (reader: Reader) => string | null) =>
    readers.map(name).filter((one) => one !== null);
  const databases = [
    ...(existing.database ? [] : [config.database]),
    ...(existing.stagingDatabase ? [] : [athena.stagingDatabase]),
    ...(usesAthena(config) ? [scratchDatabase(config)] : []),
    ...ofReaders(ownDatabaseOf),
  ];
  const workgroups = [
    ...(existing.workgroup ? [] : [athena.workgroup]),
    ...(usesAthena(config) ? [loadWorkgroup(config)] : []),
    ...ofReaders((reader) => (hasOwnWorkgroup(reader) ? readerWorkgroup(athena, reader).workgroup : null)),
  ];
  const made: Statement[] = [];
  if (databases.length > 0)
    made.push(
      allow(
        'Databases',
        ['glue:CreateDatabase', 'glue:DeleteDatabase', 'glue:GetDatabase', 'glue:UpdateDatabase'],
        [
          inCatalog('catalog'),
          ...databases.flatMap((name) =>
            [`database/${name}`, `table/${name}/*`, `userDefinedFunction/${name}/*`].map(inCatalog),
          ),
        ],
      ),
    );
  if (workgroups.length > 0)
    made.push(
      allow(
        'Workgroups',
        [
          'athena:CreateWorkGroup',
          'athena:DeleteWorkGroup',
          'athena:GetWorkGroup',
          'athena:ListTagsForResource',
          'athena:TagResource',
          'athena:UntagResource',
          'athena:UpdateWorkGroup',
        ],
        workgroups.map((name) => workgroupArn(scope, name)),
      ),
    );
  return [
    ...made,
    // The Glue handlers ask whether Lake Formation knows the place. None of the three names a resource.
    allow(
      'LakeFormation',
      [
        'lakeformation:DescribeLakeFormationIdentityCenterConfiguration',
        'lakeformation:DescribeResource',
        'lakeformation:ListResources',
      ],
      ['*'],
    ),
    allow(
      'Tables',
      ['glue:CreateTable', 'glue:DeleteTable', 'glue:GetDatabase', 'glue:GetTable', 'glue:UpdateTable'],
      [
        ...databaseArns(scope, scope.database),
        ...ownTables(config).map((table) => inCatalog(`table/${scope.database}/${table}`)),
      ],
    ),
  ];
}

/** Tables and views that the stack makes: in an existing database by name. */
function ownTables(config: Config): readonly string[] {
  if (!config.existing.database) return ['*'];
  return [
    ...Object.values(deliveredTables(config)).map(({ name }) => name),
    ...ingestedTables(config).map(({ name }) => name),
    ...Object.values(config.curatedTables),
    GROUPS_TABLE,
    ...viewNames,
  ];
}

/** Readers' managed policies, users with access keys in secrets, and profiles for EC2. Roles are among the others. */
function readersIdentities(scope: PolicyScope, config: Config, stack: string, users: string): Statement[] {
  return [
    giving('User', ['iam:AttachUserPolicy', 'iam:CreateUser'], users, config),
    allow(
      'ReadersPolicies',
      [
        'iam:CreatePolicy',
        'iam:CreatePolicyVersion',
        'iam:DeletePolicy',
        'iam:DeletePolicyVersion',
        'iam:GetPolicy',
        'iam:GetPolicyVersion',
        'iam:ListEntitiesForPolicy',
        'iam:ListPolicyVersions',
      ],
      [iamArn(scope, `policy/${stack}-*`)],
    ),
    allow(
      'ReadersUsers',
      [
        'iam:CreateAccessKey',
        'iam:DeleteAccessKey',
        'iam:DeleteUser',
        'iam:DetachUserPolicy',
        'iam:GetLoginProfile',
        'iam:GetUser',
        'iam:ListAccessKeys',
        'iam:ListAttachedUserPolicies',
        'iam:ListGroupsForUser',
        'iam:ListUserPolicies',
        'iam:ListUserTags',
        'iam:TagUser',
        'iam:UntagUser',
        'iam:UpdateAccessKey',
      ],
      [users],
    ),
    allow(
      'ReadersProfiles',
      [
        'iam:AddRoleToInstanceProfile',
        'iam:CreateInstanceProfile',
        'iam:DeleteInstanceProfile',
        'iam:GetInstanceProfile',
        'iam:RemoveRoleFromInstanceProfile',
      ],
      [iamArn(scope, `instance-profile/${stack}-*`)],
    ),
    allow('ReadersSecrets', SECRET_ACTIONS, [arnIn(scope, 'secretsmanager', `secret:${stack}-reader-*`)]),
  ];
}

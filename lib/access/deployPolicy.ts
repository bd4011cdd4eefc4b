import {
  arnIn,
  bucketArn,
  databaseArns,
  iamArn,
  objectsArn,
  type PolicyScope,
  workgroupArn,
} from './arns.ts';
import { allow, type PolicyDocument, policyDocument, type Statement } from './policyDocument.ts';

/** No `GetSecretValue`: nothing that is secret is read, and with a name of the template's nothing is generated. */
const SECRET_ACTIONS = [
  'secretsmanager:CreateSecret',
  'secretsmanager:DeleteSecret',
  'secretsmanager:DescribeSecret',
  'secretsmanager:TagResource',
  'secretsmanager:UntagResource',
  'secretsmanager:UpdateSecret',
];

/** Of groups and their streams. None of it reads a line, or gives a group another key. */
const LOG_ACTIONS = [
  'logs:Create*',
  'logs:Delete*',
  'logs:Describe*',
  'logs:GetDataProtectionPolicy',
  'logs:ListTagsForResource',
  'logs:Put*',
  'logs:TagResource',
  'logs:UntagResource',
] as const;

/** Actions that API Gateway requires of a caller that turns its access log on or off. */
const ACCESS_LOG_ACTIONS = [
  'logs:CreateLogDelivery',
  'logs:DeleteLogDelivery',
  'logs:GetLogDelivery',
  'logs:ListLogDeliveries',
  'logs:PutResourcePolicy',
  'logs:UpdateLogDelivery',
];

/** The names of a deployment that its policies depend on, without existing resources that it only uses. */
export interface DeployedNames {
  /** Name of the stack, and the beginning of the names of its parts: `sluice-prod`. */
  readonly stack: string;
  /** Pattern of the names that CloudFormation gives to roles and users of the stack. */
  readonly identities: string;
  /** Buckets that the stack makes, except for the bucket of the zips. */
  readonly buckets: readonly string[];
  /** Glue databases that the stack makes. */
  readonly databases: readonly string[];
  /** Tables and views that it makes, in its own database or an existing one; `*` in its own. */
  readonly tables: readonly string[];
  /** Athena workgroups that the stack makes. */
  readonly workgroups: readonly string[];
  /** The stack makes the key. */
  readonly key: boolean;
  /** The policy of that key names a reader as administrator. Default false. */
  readonly keyAdministrators?: boolean;
  /** It makes readers' policies, roles, users or profiles. */
  readonly readers: boolean;
  /** The gateway writes an access log. */
  readonly accessLog: boolean;
  /** The gateway's own domain; null for none. */
  readonly domain: string | null;
  /** Keys of the configured tags. */
  readonly tagKeys: readonly string[];
  /** ARN of the boundary of roles and users; null for none. */
  readonly permissionsBoundary: string | null;
  /** A key of the account encrypts the logs. */
  readonly encryptedLogs: boolean;
}

/**
 * Each a policy of its own, so that IAM takes each for the longest stage and region with every option. A service whose resources
 * are all named after the stack is allowed whole, on these names. Single actions are listed where a service has none narrower,
 * or where one of its actions would read data, or give away more than the stack needs: IAM, KMS, secrets, databases and
 * workgroups.
 */
export interface DeployPolicies {
  /** Stack, zips, functions, API, roles, logs and alarms. */
  readonly stack: PolicyDocument;
  /** What holds and moves data: buckets, key, streams, queues, rules, schedules, secrets. */
  readonly data: PolicyDocument;
  /** Databases, tables and workgroups. */
  readonly catalog: PolicyDocument;
  /** For readers' roles, users and profiles; undefined without any. */
  readonly readers: PolicyDocument | undefined;
  /** For a domain, a permissions boundary and a key of logs; undefined without any. */
  readonly platform: PolicyDocument | undefined;
}

/**
 * Policies for a person or a CI to deploy, update, roll back and remove the stack: CloudFormation acts with the
 * permissions of its caller.
 *
 * None of it reads or deletes an object of the bucket directly. But the caller can set the bucket's policy so that anybody
 * reads and deletes, can set its lifecycle so that everything expires, and can change a function's code or a role's policy.
 * So the deployer must be trusted. Only a permissions boundary, or an existing bucket and key, limit this further.
 */
export function deployPolicies(scope: PolicyScope, names: DeployedNames): DeployPolicies {
  const platform = platformStatements(scope, names);
  return {
    stack: policyDocument([
      ...stackItself(scope, names),
      ...functions(scope, names),
      api(scope),
      ...roles(scope, names),
      ...logsAndAlarms(scope, names),
    ]),
    data: policyDocument([
      names.buckets.length === 0
        ? undefined
        : // Settings only: objects have ARNs of their own. S3 does not delete a bucket that is not empty.
          allow(
            'Buckets',
            ['s3:*'],
            names.buckets.map((bucket) => bucketArn(scope, bucket)),
          ),
      ...(names.key ? key(scope, names) : []),
      ...triggers(scope, names),
      ownSecrets(scope, names),
    ]),
    catalog: policyDocument([
      ...catalog(scope, names),
      names.workgroups.length === 0 ? undefined : workgroups(scope, names),
    ]),
    readers: names.readers ? policyDocument(readersIdentities(scope, names)) : undefined,
    platform: platform.length === 0 ? undefined : policyDocument(platform),
  };
}

function platformStatements(scope: PolicyScope, names: DeployedNames): Statement[] {
  const { identities, domain, permissionsBoundary, encryptedLogs } = names;
  return [
    ...(permissionsBoundary === null
      ? []
      : [
          bounded(
            'BoundedRoles',
            [...ROLE_PERMISSIONS, 'iam:PutRolePermissionsBoundary'],
            iamArn(scope, `role/${identities}`),
            permissionsBoundary,
          ),
        ]),
    ...(domain === null ? [] : ownDomain(scope, domain)),
    ...(encryptedLogs
      ? [
          allow(
            'EncryptedLogs',
            ['logs:AssociateKmsKey', 'logs:DisassociateKmsKey'],
            logGroupArns(scope, names),
          ),
        ]
      : []),
  ];
}

/** CloudFormation, and the bucket that Serverless uploads zips and templates to. */
function stackItself(scope: PolicyScope, { stack }: DeployedNames): Statement[] {
  const zips = `${stack}-serverlessdeploy*`;
  return [
    allow('Stack', ['cloudformation:*'], [arnIn(scope, 'cloudformation', `stack/${stack}/*`)]),
    // A template has no ARN.
    allow('ValidateTemplate', ['cloudformation:ValidateTemplate'], ['*']),
    allow('ZipBucket', ['s3:*'], [bucketArn(scope, zips)]),
    allow('Zips', ['s3:AbortMultipartUpload', 's3:*Object*'], [objectsArn(scope, zips)]),
  ];
}

function functions(scope: PolicyScope, { stack }: DeployedNames): Statement[] {
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
 * An API gets its ID when it is made, so nothing narrower than all HTTP APIs of the region can be named.
 * https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonapigatewaymanagementv2.html
 *
 * That page has no `TagResource`. A stage that is created with tags needs it all the same: the registry declares it for
 * AWS::ApiGatewayV2::Stage, and https://github.com/aws-amplify/amplify-cli/issues/12316 shows the refusal.
 */
function api(scope: PolicyScope): Statement {
  const all = `arn:${scope.partition}:apigateway:${scope.region}::`;
  return allow(
    'HttpApi',
    [
      'apigateway:DELETE',
      'apigateway:GET',
      'apigateway:PATCH',
      'apigateway:POST',
      'apigateway:PUT',
      'apigateway:TagResource',
      'apigateway:UntagResource',
    ],
    [`${all}/apis`, `${all}/apis/*`, `${all}/tags/*`],
  );
}

/** The gateway's own domain, whose name is known before it is made. */
function ownDomain(scope: PolicyScope, domain: string): Statement[] {
  const all = `arn:${scope.partition}:apigateway:${scope.region}::`;
  return [
    allow(
      'Domain',
      [
        'apigateway:AddCertificateToDomain',
        'apigateway:DELETE',
        'apigateway:GET',
        'apigateway:PATCH',
        'apigateway:POST',
        'apigateway:PUT',
        'apigateway:RemoveCertificateFromDomain',
        'apigateway:TagResource',
        'apigateway:UntagResource',
      ],
      [`${all}/domainnames`, `${all}/domainnames/${domain}`, `${all}/domainnames/${domain}/apimappings*`],
    ),
    // The first domain of an account makes it: https://docs.aws.amazon.com/apigateway/latest/developerguide/using-service-linked-roles.html
    allow(
      'DomainServiceRole',
      ['iam:CreateServiceLinkedRole'],
      [iamArn(scope, 'role/aws-service-role/ops.apigateway.amazonaws.com/AWSServiceRoleForAPIGateway')],
      { StringEquals: { 'iam:AWSServiceName': 'ops.apigateway.amazonaws.com' } },
    ),
  ];
}

/** Actions that put a role's own permissions, allowed only where it has the boundary, if one is configured. */
const ROLE_PERMISSIONS = ['iam:AttachRolePolicy', 'iam:CreateRole', 'iam:PutRolePolicy'];
const USER_PERMISSIONS = ['iam:AttachUserPolicy', 'iam:CreateUser'];

/**
 * A statement that allows to make roles or users with the boundary, and to give permissions to those that have it. No
 * statement allows `iam:DeleteRolePermissionsBoundary`: nothing takes a boundary off again. The ARN is that of the identity's
 * boundary, or for Create and Put the one that the request gives.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html#access_policies_boundaries-delegate
 */
function bounded(Sid: string, actions: readonly string[], resource: string, boundary: string): Statement {
  return allow(Sid, actions, [resource], { StringEquals: { 'iam:PermissionsBoundary': boundary } });
}

function roles(scope: PolicyScope, { identities, permissionsBoundary }: DeployedNames): Statement[] {
  const own = iamArn(scope, `role/${identities}`);
  const isFree = (action: string) => permissionsBoundary === null || !ROLE_PERMISSIONS.includes(action);
  return [
    allow(
      'Roles',
      [
        'iam:AttachRolePolicy',
        'iam:CreateRole',
        'iam:DeleteRole',
        'iam:DeleteRolePolicy',
        'iam:DetachRolePolicy',
        'iam:GetRole',
        'iam:GetRolePolicy',
        'iam:ListAttachedRolePolicies',
        'iam:ListRolePolicies',
        'iam:ListRoleTags',
        'iam:PutRolePolicy',
        'iam:TagRole',
        'iam:UntagRole',
        'iam:UpdateAssumeRolePolicy',
        'iam:UpdateRole',
        'iam:UpdateRoleDescription',
      ].filter(isFree),
      [own],
    ),
    allow('PassRoles', ['iam:PassRole'], [own], {
      StringEquals: {
        // EC2 for a Metabase that runs there: putting a role into a profile is passing it.
        'iam:PassedToService': [
          'ec2.amazonaws.com',
          'firehose.amazonaws.com',
          'lambda.amazonaws.com',
          'scheduler.amazonaws.com',
        ],
      },
    }),
  ];
}

/**
 * Permissions on the catalogue, without access to rows. A first deployment that fails deletes its databases and tables,
 * so that the next one finds their names free. Glue checks the contents of a database that is deleted.
 * https://docs.aws.amazon.com/glue/latest/dg/glue-specifying-resource-arns.html
 */
function catalog(scope: PolicyScope, { databases, tables }: DeployedNames): Statement[] {
  const inCatalog = (name: string) => arnIn(scope, 'glue', name);
  return [
    ...(databases.length === 0
      ? []
      : [
          allow(
            'Databases',
            ['glue:CreateDatabase', 'glue:DeleteDatabase', 'glue:GetDatabase', 'glue:UpdateDatabase'],
            [
              inCatalog('catalog'),
              ...databases.flatMap((database) =>
                [`database/${database}`, `table/${database}/*`, `userDefinedFunction/${database}/*`].map(
                  inCatalog,
                ),
              ),
            ],
          ),
        ]),
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
        ...tables.map((table) => inCatalog(`table/${scope.database}/${table}`)),
      ],
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
function key(scope: PolicyScope, { stack, tagKeys, keyAdministrators = false }: DeployedNames): Statement[] {
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
      'ForAllValues:StringLike': { 'aws:TagKeys': ['STAGE', ...tagKeys, 'aws:cloudformation:*'] },
    }),
    allow('KeyAlias', ['kms:CreateAlias', 'kms:DeleteAlias'], [keys, arnIn(scope, 'kms', `alias/${stack}`)]),
    // By its ARN: whoever may give a key an alias or a tag must not get at its policy by them.
    ...(keyAdministrators ? [allow('KeyAdministrators', ['kms:PutKeyPolicy'], [scope.keyArn])] : []),
  ];
}

/** Streams, queues, rules and schedules. */
function triggers(scope: PolicyScope, { stack }: DeployedNames): Statement[] {
  return [
    allow('Streams', ['firehose:*'], [arnIn(scope, 'firehose', `deliverystream/${stack}-*`)]),
    allow('Queues', ['sqs:*'], [arnIn(scope, 'sqs', `${stack}-*`)]),
    allow('Rules', ['events:*'], [arnIn(scope, 'events', `rule/${stack}-*`)]),
    allow('Schedules', ['scheduler:*'], [arnIn(scope, 'scheduler', `schedule/default/${stack}-*`)]),
  ];
}

function logGroupArns(scope: PolicyScope, { stack, accessLog }: DeployedNames): string[] {
  return [
    ...['lambda', 'kinesisfirehose'].map((service) => `/aws/${service}/${stack}-*`),
    ...(accessLog ? [`/aws/vendedlogs/${stack}-*`] : []),
  ].map((group) => arnIn(scope, 'logs', `log-group:${group}`));
}

/** Logs, alarms and the dashboard. */
function logsAndAlarms(scope: PolicyScope, names: DeployedNames): Statement[] {
  const { stack, accessLog } = names;
  return [
    allow(
      'ListLogGroups',
      ['logs:DescribeIndexPolicies', 'logs:DescribeLogGroups', 'logs:DescribeResourcePolicies'],
      ['*'],
    ),
    // The ARN of a group also covers its streams: it ends with a wildcard. A key of logs has a statement of its own.
    allow('Logs', [...LOG_ACTIONS], logGroupArns(scope, names)),
    // API Gateway's delivery of an access log names no resource: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging.html
    ...(accessLog ? [allow('AccessLog', ACCESS_LOG_ACTIONS, ['*'])] : []),
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

function workgroups(scope: PolicyScope, names: DeployedNames): Statement {
  return allow(
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
    names.workgroups.map((name) => workgroupArn(scope, name)),
  );
}

/** Their names are all that is known before they are made: Secrets Manager adds a hyphen and six characters. */
function ownSecrets(scope: PolicyScope, names: DeployedNames): Statement {
  return allow('OwnSecrets', SECRET_ACTIONS, [secretArn(scope, names, 'keys')]);
}

function secretArn(scope: PolicyScope, { stack }: DeployedNames, part: string): string {
  return arnIn(scope, 'secretsmanager', `secret:${stack}-${part}-??????`);
}

/** Readers' managed policies, users with access keys in secrets, and profiles for EC2. Roles are among the others. */
function readersIdentities(
  scope: PolicyScope,
  { stack, identities, permissionsBoundary }: DeployedNames,
): Statement[] {
  const users = iamArn(scope, `user/${identities}`);
  const isFree = (action: string) => permissionsBoundary === null || !USER_PERMISSIONS.includes(action);
  return [
    ...(permissionsBoundary === null
      ? []
      : [
          bounded(
            'BoundedUsers',
            [...USER_PERMISSIONS, 'iam:PutUserPermissionsBoundary'],
            users,
            permissionsBoundary,
          ),
        ]),
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
        'iam:AttachUserPolicy',
        'iam:CreateAccessKey',
        'iam:CreateUser',
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
      ].filter(isFree),
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

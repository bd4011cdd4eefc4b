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

/** A bucket has an older and a newer set of them: https://docs.aws.amazon.com/AmazonS3/latest/userguide/buckets-tagging.html */
const BUCKET_TAGS = ['s3:ListTagsForResource', 's3:PutBucketTagging', 's3:TagResource', 's3:UntagResource'];
/** Every setting of a bucket, which CloudFormation reads back. None of these reads an object. */
const BUCKET_READS = [
  's3:GetAccelerateConfiguration',
  's3:GetAnalyticsConfiguration',
  's3:GetBucketAbac',
  's3:GetBucketAcl',
  's3:GetBucketCORS',
  's3:GetBucketLogging',
  's3:GetBucketMetadataTableConfiguration',
  's3:GetBucketNotification',
  's3:GetBucketObjectLockConfiguration',
  's3:GetBucketOwnershipControls',
  's3:GetBucketPolicy',
  's3:GetBucketPublicAccessBlock',
  's3:GetBucketTagging',
  's3:GetBucketVersioning',
  's3:GetBucketWebsite',
  's3:GetEncryptionConfiguration',
  's3:GetIntelligentTieringConfiguration',
  's3:GetInventoryConfiguration',
  's3:GetLifecycleConfiguration',
  's3:GetMetricsConfiguration',
  's3:GetReplicationConfiguration',
  's3:ListBucket',
];
/** No `GetSecretValue`: nothing that is secret is read, and with a name of the template's nothing is generated. */
const SECRET_ACTIONS = [
  'secretsmanager:CreateSecret',
  'secretsmanager:DeleteSecret',
  'secretsmanager:DescribeSecret',
  'secretsmanager:TagResource',
  'secretsmanager:UntagResource',
  'secretsmanager:UpdateSecret',
];

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

/** Each a policy of its own, by subject, so that IAM takes each for the longest stage and region with every option. */
export interface DeployPolicies {
  /** Stack, zips, functions, API and roles. */
  readonly stack: PolicyDocument;
  /** Logs, alarms, the dashboard and metrics. */
  readonly monitoring: PolicyDocument;
  /** Resources that hold and move data: buckets, key, streams, queues, rules, schedules, secrets. */
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
    ]),
    monitoring: policyDocument([...monitoring(scope, names)]),
    data: policyDocument([
      names.buckets.length === 0 ? undefined : buckets(scope, names),
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
  return [
    allow(
      'Stack',
      [
        'cloudformation:ContinueUpdateRollback',
        'cloudformation:CreateChangeSet',
        'cloudformation:CreateStack',
        'cloudformation:DeleteChangeSet',
        'cloudformation:DeleteStack',
        'cloudformation:DescribeChangeSet',
        'cloudformation:DescribeStackEvents',
        'cloudformation:DescribeStackResource',
        'cloudformation:DescribeStackResources',
        'cloudformation:DescribeStacks',
        'cloudformation:ExecuteChangeSet',
        'cloudformation:GetTemplate',
        'cloudformation:ListStackResources',
        'cloudformation:TagResource',
        'cloudformation:UntagResource',
        'cloudformation:UpdateStack',
      ],
      [arnIn(scope, 'cloudformation', `stack/${stack}/*`)],
    ),
    // A template has no ARN.
    allow('ValidateTemplate', ['cloudformation:ValidateTemplate'], ['*']),
    allow(
      'ZipBucket',
      [
        's3:CreateBucket',
        's3:DeleteBucket',
        's3:DeleteBucketPolicy',
        ...BUCKET_READS,
        's3:ListBucketVersions',
        's3:PutBucketPolicy',
        's3:PutEncryptionConfiguration',
        ...BUCKET_TAGS,
      ],
      [bucketArn(scope, `${stack}-serverlessdeploy*`)],
    ),
    allow(
      'Zips',
      [
        's3:AbortMultipartUpload',
        's3:DeleteObject',
        's3:DeleteObjectVersion',
        's3:GetObject',
        's3:PutObject',
      ],
      [objectsArn(scope, `${stack}-serverlessdeploy*`)],
    ),
  ];
}

function functions(scope: PolicyScope, { stack }: DeployedNames): Statement[] {
  const own = arnIn(scope, 'lambda', `function:${stack}-*`);
  return [
    allow(
      'Functions',
      [
        'lambda:AddPermission',
        'lambda:CreateFunction',
        'lambda:CreateFunctionUrlConfig',
        'lambda:DeleteFunction',
        'lambda:DeleteFunctionConcurrency',
        'lambda:DeleteFunctionUrlConfig',
        'lambda:GetFunction',
        'lambda:GetFunctionCodeSigningConfig',
        'lambda:GetFunctionConfiguration',
        'lambda:GetFunctionRecursionConfig',
        'lambda:GetFunctionScalingConfig',
        'lambda:GetFunctionUrlConfig',
        'lambda:GetPolicy',
        'lambda:GetRuntimeManagementConfig',
        'lambda:ListTags',
        'lambda:ListVersionsByFunction',
        'lambda:PublishVersion',
        'lambda:PutFunctionConcurrency',
        'lambda:PutFunctionRecursionConfig',
        'lambda:RemovePermission',
        'lambda:TagResource',
        'lambda:UntagResource',
        'lambda:UpdateFunctionCode',
        'lambda:UpdateFunctionConfiguration',
        'lambda:UpdateFunctionUrlConfig',
      ],
      [own],
    ),
    allow('FunctionVersions', ['lambda:GetProvisionedConcurrencyConfig'], [`${own}:*`]),
    // A mapping gets its ARN when it is made, so the function is what narrows it.
    allow(
      'QueueTriggers',
      [
        'lambda:CreateEventSourceMapping',
        'lambda:DeleteEventSourceMapping',
        'lambda:GetEventSourceMapping',
        'lambda:UpdateEventSourceMapping',
      ],
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

/** Settings of the buckets. S3 does not delete a bucket that is not empty. */
function buckets(scope: PolicyScope, names: DeployedNames): Statement {
  return allow(
    'Buckets',
    [
      's3:CreateBucket',
      's3:DeleteBucket',
      's3:DeleteBucketPolicy',
      ...BUCKET_READS,
      's3:PutBucketNotification',
      's3:PutBucketOwnershipControls',
      's3:PutBucketPolicy',
      's3:PutBucketPublicAccessBlock',
      's3:PutBucketVersioning',
      's3:PutEncryptionConfiguration',
      's3:PutLifecycleConfiguration',
      ...BUCKET_TAGS,
    ],
    names.buckets.map((bucket) => bucketArn(scope, bucket)),
  );
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
    allow(
      'Streams',
      [
        'firehose:CreateDeliveryStream',
        'firehose:DeleteDeliveryStream',
        'firehose:DescribeDeliveryStream',
        'firehose:ListTagsForDeliveryStream',
        'firehose:StartDeliveryStreamEncryption',
        'firehose:StopDeliveryStreamEncryption',
        'firehose:TagDeliveryStream',
        'firehose:UntagDeliveryStream',
        'firehose:UpdateDestination',
      ],
      [arnIn(scope, 'firehose', `deliverystream/${stack}-*`)],
    ),
    allow(
      'Queues',
      [
        'sqs:CreateQueue',
        'sqs:DeleteQueue',
        'sqs:GetQueueAttributes',
        'sqs:GetQueueUrl',
        'sqs:ListQueueTags',
        'sqs:SetQueueAttributes',
        'sqs:TagQueue',
        'sqs:UntagQueue',
      ],
      [arnIn(scope, 'sqs', `${stack}-*`)],
    ),
    allow(
      'Rules',
      [
        'events:DeleteRule',
        'events:DescribeRule',
        'events:ListTagsForResource',
        'events:ListTargetsByRule',
        'events:PutRule',
        'events:PutTargets',
        'events:RemoveTargets',
        'events:TagResource',
        'events:UntagResource',
      ],
      [arnIn(scope, 'events', `rule/${stack}-*`)],
    ),
    allow(
      'Schedules',
      [
        'scheduler:CreateSchedule',
        'scheduler:DeleteSchedule',
        'scheduler:GetSchedule',
        'scheduler:UpdateSchedule',
      ],
      [arnIn(scope, 'scheduler', `schedule/default/${stack}-*`)],
    ),
  ];
}

function logGroupArns(scope: PolicyScope, { stack, accessLog }: DeployedNames): string[] {
  return [
    ...['lambda', 'kinesisfirehose'].map((service) => `/aws/${service}/${stack}-*`),
    ...(accessLog ? [`/aws/vendedlogs/${stack}-*`] : []),
  ].map((group) => arnIn(scope, 'logs', `log-group:${group}`));
}

/** Logs, alarms and the dashboard. */
function monitoring(scope: PolicyScope, names: DeployedNames): Statement[] {
  const { stack, accessLog } = names;
  return [
    allow(
      'ListLogGroups',
      ['logs:DescribeIndexPolicies', 'logs:DescribeLogGroups', 'logs:DescribeResourcePolicies'],
      ['*'],
    ),
    allow(
      'Logs',
      [
        'logs:CreateLogGroup',
        'logs:DeleteLogGroup',
        'logs:DeleteMetricFilter',
        'logs:DescribeLogStreams',
        'logs:DescribeMetricFilters',
        'logs:GetDataProtectionPolicy',
        'logs:ListTagsForResource',
        'logs:PutMetricFilter',
        'logs:PutRetentionPolicy',
        'logs:TagResource',
        'logs:UntagResource',
      ],
      logGroupArns(scope, names),
    ),
    // API Gateway's delivery of an access log names no resource: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging.html
    ...(accessLog ? [allow('AccessLog', ACCESS_LOG_ACTIONS, ['*'])] : []),
    allow(
      'LogStreams',
      ['logs:CreateLogStream', 'logs:DeleteLogStream'],
      [arnIn(scope, 'logs', `log-group:/aws/kinesisfirehose/${stack}-*:log-stream:*`)],
    ),
    allow(
      'Alarms',
      [
        'cloudwatch:DeleteAlarms',
        'cloudwatch:DeleteDashboards',
        'cloudwatch:DescribeAlarms',
        'cloudwatch:GetDashboard',
        'cloudwatch:ListTagsForResource',
        'cloudwatch:PutDashboard',
        'cloudwatch:PutMetricAlarm',
        'cloudwatch:TagResource',
        'cloudwatch:UntagResource',
      ],
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

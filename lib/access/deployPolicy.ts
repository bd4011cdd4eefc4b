import { arnIn, bucketArn, databaseArns, iamArn, objectsArn, type Place, workgroupArn } from './place.ts';
import { allow, type PolicyDocument, policyDocument, type Statement } from './policyDocument.ts';

/** A bucket has an older and a newer set of them: https://docs.aws.amazon.com/AmazonS3/latest/userguide/buckets-tagging.html */
const BUCKET_TAGS = 'ListTagsForResource PutBucketTagging TagResource UntagResource';
/** Every setting of a bucket, which CloudFormation reads back. None of these reads an object. */
const BUCKET_READS =
  'GetAccelerateConfiguration GetAnalyticsConfiguration GetBucketAbac GetBucketAcl GetBucketCORS GetBucketLogging GetBucketMetadataTableConfiguration GetBucketNotification GetBucketObjectLockConfiguration GetBucketOwnershipControls GetBucketPolicy GetBucketPublicAccessBlock GetBucketTagging GetBucketVersioning GetBucketWebsite GetEncryptionConfiguration GetIntelligentTieringConfiguration GetInventoryConfiguration GetLifecycleConfiguration GetMetricsConfiguration GetReplicationConfiguration ListBucket';
/** No `GetSecretValue`: what is in a secret is not read, and with a name of the template's nothing is generated. */
const SECRET_ACTIONS = 'CreateSecret DeleteSecret DescribeSecret TagResource UntagResource UpdateSecret';

/** The names of a deployment that its policies depend on, without existing resources that it only uses. */
export interface DeployedNames {
  /** Name of the stack, and the beginning of the names of its parts: `sluice-prod`. */
  readonly stack: string;
  /** Buckets that the stack makes, that of the zips apart. */
  readonly buckets: readonly string[];
  /** Glue databases that the stack makes. */
  readonly databases: readonly string[];
  /** Tables and views that it makes, in its own database or an existing one; `*` in its own. */
  readonly tables: readonly string[];
  /** Athena workgroups that the stack makes. */
  readonly workgroups: readonly string[];
  /** The stack makes the key. */
  readonly key: boolean;
  /** It makes readers' policies, roles, users or profiles. */
  readonly readers: boolean;
}

/** Each a policy of its own, as one would be longer than IAM takes. */
export interface DeployPolicies {
  /** Stack, zips, functions, API, roles, and what watches them. */
  readonly stack: PolicyDocument;
  /** What holds and moves data. */
  readonly data: PolicyDocument;
  /** What readers come in as; undefined without any. */
  readonly readers: PolicyDocument | undefined;
}

/**
 * What a person or a CI needs to deploy, update, roll back and remove the stack: CloudFormation acts with the rights of
 * whoever calls it.
 *
 * None of it reads or deletes an object of the bucket directly. But the caller can set the bucket's policy so that anybody
 * reads and deletes, can set its lifecycle so that everything expires, and can change a function's code or a role's policy.
 * So the deployer must be trusted. Only a permissions boundary, or an existing bucket and key, limit this further.
 */
export function deployPolicies(place: Place, names: DeployedNames): DeployPolicies {
  return {
    stack: policyDocument([
      ...stackItself(place, names),
      ...functions(place, names),
      api(place),
      ...roles(place, names),
      ...watching(place, names),
    ]),
    data: policyDocument([
      names.buckets.length === 0 ? undefined : buckets(place, names),
      ...catalog(place, names),
      ...(names.key ? key(place, names) : []),
      ...triggers(place, names),
      names.workgroups.length === 0 ? undefined : workgroups(place, names),
      keysSecret(place, names),
    ]),
    readers: names.readers ? policyDocument(readersIdentities(place, names)) : undefined,
  };
}

/** CloudFormation, and the bucket that Serverless uploads zips and templates to. */
function stackItself(place: Place, { stack }: DeployedNames): Statement[] {
  return [
    allow(
      'Stack',
      'cloudformation',
      'ContinueUpdateRollback CreateChangeSet CreateStack DeleteChangeSet DeleteStack DescribeChangeSet DescribeStackEvents DescribeStackResource DescribeStackResources DescribeStacks ExecuteChangeSet GetTemplate ListStackResources TagResource UntagResource UpdateStack',
      [arnIn(place, 'cloudformation', `stack/${stack}/*`)],
    ),
    // A template has no ARN.
    allow('ValidateTemplate', 'cloudformation', 'ValidateTemplate', ['*']),
    allow(
      'ZipBucket',
      's3',
      `CreateBucket DeleteBucket DeleteBucketPolicy ${BUCKET_READS} ListBucketVersions PutBucketPolicy PutEncryptionConfiguration ${BUCKET_TAGS}`,
      [bucketArn(place, `${stack}-serverlessdeploy*`)],
    ),
    allow('Zips', 's3', 'AbortMultipartUpload DeleteObject DeleteObjectVersion GetObject PutObject', [
      objectsArn(place, `${stack}-serverlessdeploy*`),
    ]),
  ];
}

function functions(place: Place, { stack }: DeployedNames): Statement[] {
  const own = arnIn(place, 'lambda', `function:${stack}-*`);
  return [
    allow(
      'Functions',
      'lambda',
      'AddPermission CreateFunction DeleteFunction DeleteFunctionConcurrency GetFunction GetFunctionCodeSigningConfig GetFunctionConfiguration GetFunctionRecursionConfig GetFunctionScalingConfig GetPolicy GetRuntimeManagementConfig ListTags ListVersionsByFunction PublishVersion PutFunctionConcurrency PutFunctionRecursionConfig RemovePermission TagResource UntagResource UpdateFunctionCode UpdateFunctionConfiguration',
      [own],
    ),
    allow('FunctionVersions', 'lambda', 'GetProvisionedConcurrencyConfig', [`${own}:*`]),
    // A mapping gets its ARN when it is made, so the function is what narrows it.
    allow(
      'QueueTriggers',
      'lambda',
      'CreateEventSourceMapping DeleteEventSourceMapping GetEventSourceMapping UpdateEventSourceMapping',
      ['*'],
      { ArnLike: { 'lambda:FunctionArn': own } },
    ),
    allow('QueueTriggerTags', 'lambda', 'ListTags TagResource UntagResource', [
      arnIn(place, 'lambda', 'event-source-mapping:*'),
    ]),
  ];
}

/**
 * An API gets its ID when it is made, so nothing narrower than all HTTP APIs of the region can be named.
 * https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonapigatewaymanagementv2.html
 *
 * That page has no `TagResource`. A stage that is created with tags needs it all the same: the registry declares it for
 * AWS::ApiGatewayV2::Stage, and https://github.com/aws-amplify/amplify-cli/issues/12316 shows the refusal.
 */
function api(place: Place): Statement {
  const all = `arn:${place.partition}:apigateway:${place.region}::`;
  return allow('HttpApi', 'apigateway', 'DELETE GET PATCH POST PUT TagResource UntagResource', [
    `${all}/apis`,
    `${all}/apis/*`,
    `${all}/tags/*`,
  ]);
}

function roles(place: Place, { stack }: DeployedNames): Statement[] {
  const own = iamArn(place, `role/${stack}-*`);
  return [
    allow(
      'Roles',
      'iam',
      'AttachRolePolicy CreateRole DeleteRole DeleteRolePolicy DetachRolePolicy GetRole GetRolePolicy ListAttachedRolePolicies ListRolePolicies ListRoleTags PutRolePolicy TagRole UntagRole UpdateAssumeRolePolicy UpdateRole UpdateRoleDescription',
      [own],
    ),
    allow('PassRoles', 'iam', 'PassRole', [own], {
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

/** Settings of the buckets. S3 deletes none in which something lies, be it by its lifecycle. */
function buckets(place: Place, names: DeployedNames): Statement {
  return allow(
    'Buckets',
    's3',
    `CreateBucket DeleteBucket DeleteBucketPolicy ${BUCKET_READS} PutBucketNotification PutBucketOwnershipControls PutBucketPolicy PutBucketPublicAccessBlock PutBucketVersioning PutEncryptionConfiguration PutLifecycleConfiguration ${BUCKET_TAGS}`,
    names.buckets.map((bucket) => bucketArn(place, bucket)),
  );
}

/**
 * What the catalogue knows, and no row: a first deployment that fails takes its databases and tables away again, so that
 * the next finds their names free. Glue checks what is in a database that is deleted.
 * https://docs.aws.amazon.com/glue/latest/dg/glue-specifying-resource-arns.html
 */
function catalog(place: Place, { databases, tables }: DeployedNames): Statement[] {
  const inCatalog = (name: string) => arnIn(place, 'glue', name);
  return [
    ...(databases.length === 0
      ? []
      : [
          allow('Databases', 'glue', 'CreateDatabase DeleteDatabase GetDatabase UpdateDatabase', [
            inCatalog('catalog'),
            ...databases.flatMap((database) =>
              [`database/${database}`, `table/${database}/*`, `userDefinedFunction/${database}/*`].map(
                inCatalog,
              ),
            ),
          ]),
        ]),
    // The Glue handlers ask whether Lake Formation knows the place. None of the three names a resource.
    allow(
      'LakeFormation',
      'lakeformation',
      'DescribeLakeFormationIdentityCenterConfiguration DescribeResource ListResources',
      ['*'],
    ),
    allow('Tables', 'glue', 'CreateTable DeleteTable GetDatabase GetTable UpdateTable', [
      ...databaseArns(place, place.database),
      ...tables.map((table) => inCatalog(`table/${place.database}/${table}`)),
    ]),
  ];
}

/**
 * A key gets its ID when it is made, and tags and aliases take minutes until policies see them, so nothing narrower
 * than all keys can be named while it is being set up. So what could lock a key, lose it or hand it over is not here:
 * CreateKey sets the new key's policy, and whoever administers keys changes it later. KMS refuses a CreateKey whose
 * caller could not change the policy, unless BypassPolicyLockoutSafetyCheck is true (infra/data/key.ts). Tags of
 * others, by which policies may go, are not touched: Serverless tags with STAGE.
 * https://docs.aws.amazon.com/kms/latest/developerguide/abac.html and
 * https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html
 */
function key(place: Place, { stack }: DeployedNames): Statement[] {
  const keys = arnIn(place, 'kms', 'key/*');
  return [
    allow('MakeKey', 'kms', 'CreateKey ListAliases', ['*']),
    allow(
      'Key',
      'kms',
      'DescribeKey EnableKeyRotation GetKeyPolicy GetKeyRotationStatus ListResourceTags UpdateKeyDescription',
      [keys],
    ),
    allow('KeyTags', 'kms', 'TagResource UntagResource', [keys], {
      'ForAllValues:StringLike': { 'aws:TagKeys': ['STAGE', 'aws:cloudformation:*'] },
    }),
    allow('KeyAlias', 'kms', 'CreateAlias DeleteAlias', [keys, arnIn(place, 'kms', `alias/${stack}`)]),
  ];
}

/** Streams, queues, rules and schedules. */
function triggers(place: Place, { stack }: DeployedNames): Statement[] {
  return [
    allow(
      'Streams',
      'firehose',
      'CreateDeliveryStream DeleteDeliveryStream DescribeDeliveryStream ListTagsForDeliveryStream StartDeliveryStreamEncryption StopDeliveryStreamEncryption TagDeliveryStream UntagDeliveryStream UpdateDestination',
      [arnIn(place, 'firehose', `deliverystream/${stack}-*`)],
    ),
    allow(
      'Queues',
      'sqs',
      'CreateQueue DeleteQueue GetQueueAttributes GetQueueUrl ListQueueTags SetQueueAttributes TagQueue UntagQueue',
      [arnIn(place, 'sqs', `${stack}-*`)],
    ),
    allow(
      'Rules',
      'events',
      'DeleteRule DescribeRule ListTagsForResource ListTargetsByRule PutRule PutTargets RemoveTargets TagResource UntagResource',
      [arnIn(place, 'events', `rule/${stack}-*`)],
    ),
    allow('Schedules', 'scheduler', 'CreateSchedule DeleteSchedule GetSchedule UpdateSchedule', [
      arnIn(place, 'scheduler', `schedule/default/${stack}-*`),
    ]),
  ];
}

/** Logs, alarms and the dashboard. */
function watching(place: Place, { stack }: DeployedNames): Statement[] {
  const groups = [`/aws/lambda/${stack}-*`, `/aws/kinesisfirehose/${stack}-*`];
  return [
    allow('ListLogGroups', 'logs', 'DescribeIndexPolicies DescribeLogGroups DescribeResourcePolicies', ['*']),
    allow(
      'Logs',
      'logs',
      'CreateLogGroup DeleteLogGroup DeleteMetricFilter DescribeLogStreams DescribeMetricFilters GetDataProtectionPolicy ListTagsForResource PutMetricFilter PutRetentionPolicy TagResource UntagResource',
      groups.map((group) => arnIn(place, 'logs', `log-group:${group}`)),
    ),
    allow('LogStreams', 'logs', 'CreateLogStream DeleteLogStream', [
      arnIn(place, 'logs', `log-group:/aws/kinesisfirehose/${stack}-*:log-stream:*`),
    ]),
    allow(
      'Alarms',
      'cloudwatch',
      'DeleteAlarms DeleteDashboards DescribeAlarms GetDashboard ListTagsForResource PutDashboard PutMetricAlarm TagResource UntagResource',
      [
        arnIn(place, 'cloudwatch', `alarm:${stack}-*`),
        `arn:${place.partition}:cloudwatch::${place.account}:dashboard/${stack}*`,
      ],
    ),
  ];
}

function workgroups(place: Place, names: DeployedNames): Statement {
  return allow(
    'Workgroups',
    'athena',
    'CreateWorkGroup DeleteWorkGroup GetWorkGroup ListTagsForResource TagResource UntagResource UpdateWorkGroup',
    names.workgroups.map((name) => workgroupArn(place, name)),
  );
}

/** Its name is all that is known before it is made: Secrets Manager adds a hyphen and six characters. */
function keysSecret(place: Place, { stack }: DeployedNames): Statement {
  return allow('KeysSecret', 'secretsmanager', SECRET_ACTIONS, [
    arnIn(place, 'secretsmanager', `secret:${stack}-keys-??????`),
  ]);
}

/** Readers' managed policies, users with access keys in secrets, and profiles for EC2. Roles are among the others. */
function readersIdentities(place: Place, { stack }: DeployedNames): Statement[] {
  return [
    allow(
      'ReadersPolicies',
      'iam',
      'CreatePolicy CreatePolicyVersion DeletePolicy DeletePolicyVersion GetPolicy GetPolicyVersion ListEntitiesForPolicy ListPolicyVersions',
      [iamArn(place, `policy/${stack}-*`)],
    ),
    allow(
      'ReadersUsers',
      'iam',
      'AttachUserPolicy CreateAccessKey CreateUser DeleteAccessKey DeleteUser DetachUserPolicy GetLoginProfile GetUser ListAccessKeys ListAttachedUserPolicies ListGroupsForUser ListUserPolicies ListUserTags TagUser UntagUser UpdateAccessKey',
      [iamArn(place, `user/${stack}-*`)],
    ),
    allow(
      'ReadersProfiles',
      'iam',
      'AddRoleToInstanceProfile CreateInstanceProfile DeleteInstanceProfile GetInstanceProfile RemoveRoleFromInstanceProfile',
      [iamArn(place, `instance-profile/${stack}-*`)],
    ),
    allow('ReadersSecrets', 'secretsmanager', SECRET_ACTIONS, [
      arnIn(place, 'secretsmanager', `secret:${stack}-reader-*`),
    ]),
  ];
}

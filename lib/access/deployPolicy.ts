import type { Place } from './Place.ts';
import { type PolicyDocument, policyDocument, type Statement } from './PolicyDocument.ts';
import { arnIn, bucketArn, catalogArns, iamArn, objectsArn } from './placeArns.ts';

/** What of a deployment its names depend on. */
export interface DeployedNames {
  /** Name of the stack, and the beginning of the names of its parts: `sluice-prod`. */
  readonly stack: string;
  /** Buckets that the stack makes, that of the zips apart. */
  readonly buckets: readonly string[];
  /** Glue databases that the stack makes, or makes tables in. */
  readonly databases: readonly string[];
}

/**
 * What a person or a CI needs to deploy, update and remove the stack, in two policies, as one would be longer than IAM
 * takes. CloudFormation acts with the rights of whoever calls it, and rolls back with them too.
 *
 * No object of the bucket can be read with it. Yet whoever writes a function's code or a role's policy can give that
 * role what it lacks: deploying is trust, which only a permissions boundary narrows further.
 */
export function deployPolicies(
  place: Place,
  names: DeployedNames,
): { readonly stack: PolicyDocument; readonly data: PolicyDocument } {
  return {
    stack: policyDocument([
      ...stackItself(place, names),
      ...functions(place, names),
      api(place),
      ...roles(place, names),
      readersUsers(place, names),
    ]),
    data: policyDocument([
      buckets(place, names),
      catalog(place, names),
      ...key(place, names),
      ...triggers(place, names),
      ...watching(place, names),
      secrets(place, names),
    ]),
  };
}

function allow(
  Sid: string,
  service: string,
  actions: string,
  resources: readonly string[],
  Condition?: Statement['Condition'],
): Statement {
  return {
    Sid,
    Effect: 'Allow',
    Action: actions.split(' ').map((action) => `${service}:${action}`),
    Resource: resources,
    ...(Condition === undefined ? {} : { Condition }),
  };
}

/** CloudFormation, and the bucket that Serverless uploads zips and templates to. */
function stackItself(place: Place, { stack }: DeployedNames): Statement[] {
  return [
    allow(
      'Stack',
      'cloudformation',
      'CreateChangeSet CreateStack DeleteChangeSet DeleteStack DescribeChangeSet DescribeStackEvents DescribeStackResource DescribeStackResources DescribeStacks ExecuteChangeSet GetTemplate ListStackResources UpdateStack',
      [arnIn(place, 'cloudformation', `stack/${stack}/*`)],
    ),
    // A template has no ARN.
    allow('ValidateTemplate', 'cloudformation', 'ValidateTemplate', ['*']),
    allow(
      'ZipBucket',
      's3',
      'CreateBucket DeleteBucket DeleteBucketPolicy GetBucketLocation GetBucketPolicy GetEncryptionConfiguration ListBucket ListBucketVersions PutBucketPolicy PutBucketTagging PutEncryptionConfiguration',
      [bucketArn(place, `${stack}-serverlessdeploy*`)],
    ),
    allow('Zips', 's3', 'DeleteObject DeleteObjectVersion GetObject PutObject', [
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
      'AddPermission CreateFunction DeleteFunction DeleteFunctionConcurrency GetFunction GetFunctionConfiguration GetPolicy ListTags ListVersionsByFunction PublishVersion PutFunctionConcurrency RemovePermission TagResource UntagResource UpdateFunctionCode UpdateFunctionConfiguration',
      [own],
    ),
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
 */
function api(place: Place): Statement {
  const all = `arn:${place.partition}:apigateway:${place.region}::`;
  return allow('HttpApi', 'apigateway', 'DELETE GET PATCH POST PUT', [
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
      'AttachRolePolicy CreateRole DeleteRole DeleteRolePolicy DetachRolePolicy GetRole GetRolePolicy ListAttachedRolePolicies ListRolePolicies PutRolePolicy TagRole UntagRole UpdateAssumeRolePolicy UpdateRole UpdateRoleDescription',
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

/** Readers' managed policies, users with access keys, and profiles for EC2. */
function readersUsers(place: Place, { stack }: DeployedNames): Statement {
  return allow(
    'Readers',
    'iam',
    'AddRoleToInstanceProfile AttachUserPolicy CreateAccessKey CreateInstanceProfile CreatePolicy CreatePolicyVersion CreateUser DeleteAccessKey DeleteInstanceProfile DeletePolicy DeletePolicyVersion DeleteUser DetachUserPolicy GetInstanceProfile GetPolicy GetPolicyVersion GetUser ListAccessKeys ListAttachedUserPolicies ListPolicyVersions RemoveRoleFromInstanceProfile UpdateAccessKey',
    [
      iamArn(place, `instance-profile/${stack}-*`),
      iamArn(place, `policy/${stack}-*`),
      iamArn(place, `user/${stack}-*`),
    ],
  );
}

/** Settings of the buckets, and no object in them. They are retained, so that nothing deletes one. */
function buckets(place: Place, names: DeployedNames): Statement {
  return allow(
    'Buckets',
    's3',
    'CreateBucket DeleteBucketPolicy GetBucketLocation GetBucketNotification GetBucketOwnershipControls GetBucketPolicy GetBucketPublicAccessBlock GetBucketVersioning GetEncryptionConfiguration GetLifecycleConfiguration ListBucket PutBucketNotification PutBucketOwnershipControls PutBucketPolicy PutBucketPublicAccessBlock PutBucketTagging PutBucketVersioning PutEncryptionConfiguration PutLifecycleConfiguration',
    names.buckets.map((bucket) => bucketArn(place, bucket)),
  );
}

/** Databases and tables are retained too: a table that left the template is deleted by hand. */
function catalog(place: Place, { databases }: DeployedNames): Statement {
  return allow(
    'Catalog',
    'glue',
    'CreateDatabase CreateTable GetDatabase GetDatabases GetTable GetTables UpdateDatabase UpdateTable',
    [...new Set(databases.flatMap((database) => catalogArns(place, database)))],
  );
}

/**
 * A key gets its ID when it is made. What could lock it or lose it, its policy, is narrowed to the key that has the
 * stack's alias; it is retained, so nothing schedules its deletion.
 */
function key(place: Place, { stack }: DeployedNames): Statement[] {
  const keys = arnIn(place, 'kms', 'key/*');
  return [
    allow('MakeKey', 'kms', 'CreateKey', ['*']),
    allow(
      'Key',
      'kms',
      'CreateAlias DeleteAlias DescribeKey EnableKeyRotation GetKeyPolicy GetKeyRotationStatus ListResourceTags TagResource UpdateAlias UpdateKeyDescription',
      [keys, arnIn(place, 'kms', `alias/${stack}`)],
    ),
    allow('KeyPolicy', 'kms', 'PutKeyPolicy', [keys], {
      'ForAnyValue:StringEquals': { 'kms:ResourceAliases': `alias/${stack}` },
    }),
  ];
}

/** Streams, queues, rules and schedules. */
function triggers(place: Place, { stack }: DeployedNames): Statement[] {
  return [
    allow(
      'Streams',
      'firehose',
      'CreateDeliveryStream DeleteDeliveryStream DescribeDeliveryStream ListTagsForDeliveryStream TagDeliveryStream UntagDeliveryStream UpdateDestination',
      [arnIn(place, 'firehose', `deliverystream/${stack}-*`)],
    ),
    allow(
      'Queues',
      'sqs',
      'AddPermission CreateQueue DeleteQueue GetQueueAttributes GetQueueUrl ListQueueTags RemovePermission SetQueueAttributes TagQueue UntagQueue',
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

/** Logs, alarms, the dashboard, and the workgroup that queries run in. */
function watching(place: Place, { stack }: DeployedNames): Statement[] {
  const groups = [`/aws/lambda/${stack}-*`, `/aws/kinesisfirehose/${stack}-*`];
  return [
    allow('ListLogGroups', 'logs', 'DescribeLogGroups', ['*']),
    allow(
      'Logs',
      'logs',
      'CreateLogGroup DeleteLogGroup DeleteMetricFilter DescribeLogStreams DescribeMetricFilters ListTagsForResource PutMetricFilter PutRetentionPolicy TagResource UntagResource',
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
    allow(
      'Workgroup',
      'athena',
      'CreateWorkGroup DeleteWorkGroup GetWorkGroup ListTagsForResource TagResource UntagResource UpdateWorkGroup',
      [arnIn(place, 'athena', `workgroup/${place.workgroup}`)],
    ),
  ];
}

/** The keys' secret by its name; readers' have one that CloudFormation made of the stack's or of the logical ID. */
function secrets(place: Place, { stack }: DeployedNames): Statement {
  return allow(
    'Secrets',
    'secretsmanager',
    'CreateSecret DeleteSecret DescribeSecret PutSecretValue TagResource UntagResource UpdateSecret',
    [arnIn(place, 'secretsmanager', `secret:${stack}-*`), arnIn(place, 'secretsmanager', 'secret:Reader*')],
  );
}

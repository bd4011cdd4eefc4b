import type { ResolvedResource } from '../../local/template/resolveTemplate.ts';
import type { Call } from '../lib/access/decideCall.ts';

/** The calls by which CloudFormation looks after a resource: what its type's handlers ask for. */
export interface ResourceCalls {
  /** Makes, reads and changes it. */
  readonly change: readonly Call[];
  /** Puts the stack's tags on it and takes them off. */
  readonly tag: readonly Call[];
  readonly remove: readonly Call[];
}

/** Where the stack is. */
export interface StackPlace {
  readonly account: string;
  readonly region: string;
  /** The stack's name. */
  readonly stack: string;
  readonly keyArn: string;
}

/**
 * https://github.com/aws-cloudformation has the handlers of some types with the permissions that they declare; AWS's
 * registry, `aws cloudformation describe-type`, has those of all.
 *
 * @throws Error for a type of which nobody has said which calls make it.
 */
export function resourceCalls(resource: ResolvedResource, place: StackPlace): ResourceCalls {
  const { physicalId, arn = '', type } = resource;
  const member = (...path: string[]) =>
    String(
      path.reduce<unknown>(
        (value, name) => (typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined),
        resource.properties,
      ),
    );
  const here = (service: string, name: string) =>
    `arn:aws:${service}:${place.region}:${place.account}:${name}`;
  const on = (target: string, service: string, actions: string): Call[] =>
    actions === ''
      ? []
      : actions.split(' ').map((action) => ({ action: `${service}:${action}`, resources: [target] }));
  const of = (target: string, service: string, change: string, tag: string, remove: string) => ({
    change: on(target, service, change),
    tag: on(target, service, tag),
    remove: on(target, service, remove),
  });
  const inCatalog = (actions: string, ...names: string[]): Call[] =>
    actions.split(' ').map((action) => ({
      action: `glue:${action}`,
      resources: ['catalog', ...names].map((name) => here('glue', name)),
    }));
  const group = (name: string) => here('logs', `log-group:${name}`);
  switch (type) {
    case 'AWS::S3::Bucket':
      return of(
        arn,
        's3',
        'CreateBucket PutEncryptionConfiguration PutBucketPolicy',
        'PutBucketTagging GetBucketTagging TagResource UntagResource ListTagsForResource',
        'DeleteBucket',
      );
    case 'AWS::S3::BucketPolicy':
      return of(
        `arn:aws:s3:::${physicalId}`,
        's3',
        'PutBucketPolicy GetBucketPolicy',
        '',
        'DeleteBucketPolicy',
      );
    case 'AWS::KMS::Key':
      return {
        change: [
          ...on('*', 'kms', 'CreateKey'),
          ...on(arn, 'kms', 'DescribeKey EnableKeyRotation GetKeyPolicy GetKeyRotationStatus'),
        ],
        tag: ['TagResource', 'UntagResource', 'ListResourceTags'].map((action) => ({
          action: `kms:${action}`,
          resources: [arn],
          ...(action.startsWith('List') ? {} : { context: { 'aws:TagKeys': ['STAGE'] } }),
        })),
        remove: [],
      };
    case 'AWS::KMS::Alias': {
      const both = (action: string): Call => ({ action, resources: [here('kms', physicalId), place.keyArn] });
      return { change: [both('kms:CreateAlias')], tag: [], remove: [both('kms:DeleteAlias')] };
    }
    case 'AWS::Glue::Database':
      return {
        change: inCatalog('CreateDatabase UpdateDatabase GetDatabase', `database/${physicalId}`),
        tag: [],
        remove: inCatalog(
          'DeleteDatabase',
          `database/${physicalId}`,
          `table/${physicalId}/any`,
          `userDefinedFunction/${physicalId}/any`,
        ),
      };
    case 'AWS::Glue::Table': {
      const database = member('DatabaseName');
      const names = [`database/${database}`, `table/${database}/${physicalId}`];
      return {
        change: inCatalog('CreateTable UpdateTable GetTable', ...names),
        tag: [],
        remove: inCatalog('DeleteTable', ...names),
      };
    }
    case 'AWS::Athena::WorkGroup':
      return of(
        here('athena', `workgroup/${physicalId}`),
        'athena',
        'CreateWorkGroup UpdateWorkGroup GetWorkGroup',
        'TagResource UntagResource ListTagsForResource',
        'DeleteWorkGroup',
      );
    case 'AWS::KinesisFirehose::DeliveryStream':
      return of(
        arn,
        'firehose',
        'CreateDeliveryStream UpdateDestination DescribeDeliveryStream StartDeliveryStreamEncryption',
        'TagDeliveryStream UntagDeliveryStream ListTagsForDeliveryStream',
        'DeleteDeliveryStream',
      );
    case 'AWS::SQS::Queue':
      return of(
        arn,
        'sqs',
        'CreateQueue SetQueueAttributes GetQueueAttributes GetQueueUrl',
        'TagQueue UntagQueue ListQueueTags',
        'DeleteQueue',
      );
    case 'AWS::Events::Rule':
      return of(
        arn,
        'events',
        'PutRule PutTargets DescribeRule ListTargetsByRule',
        'TagResource UntagResource ListTagsForResource',
        'RemoveTargets DeleteRule',
      );
    case 'AWS::Scheduler::Schedule':
      return of(arn, 'scheduler', 'CreateSchedule UpdateSchedule GetSchedule', '', 'DeleteSchedule');
    case 'AWS::SecretsManager::Secret':
      return of(
        physicalId,
        'secretsmanager',
        'CreateSecret UpdateSecret DescribeSecret',
        'TagResource UntagResource',
        'DeleteSecret',
      );
    case 'AWS::IAM::Role': {
      const role = of(
        arn,
        'iam',
        'CreateRole GetRole PutRolePolicy GetRolePolicy ListRolePolicies AttachRolePolicy ListAttachedRolePolicies UpdateAssumeRolePolicy',
        'TagRole UntagRole ListRoleTags',
        'DetachRolePolicy DeleteRolePolicy DeleteRole',
      );
      return { ...role, change: [...role.change, ...passed(resource)] };
    }
    case 'AWS::IAM::User':
      return of(
        arn,
        'iam',
        'CreateUser GetUser AttachUserPolicy ListAttachedUserPolicies ListUserPolicies ListGroupsForUser GetLoginProfile',
        'TagUser UntagUser ListUserTags',
        'DetachUserPolicy DeleteUser',
      );
    case 'AWS::IAM::AccessKey':
      return of(
        `arn:aws:iam::${place.account}:user/${member('UserName')}`,
        'iam',
        'CreateAccessKey ListAccessKeys UpdateAccessKey',
        '',
        'DeleteAccessKey',
      );
    case 'AWS::IAM::ManagedPolicy':
      return of(
        physicalId,
        'iam',
        'CreatePolicy GetPolicy GetPolicyVersion ListPolicyVersions ListEntitiesForPolicy CreatePolicyVersion DeletePolicyVersion',
        '',
        'DeletePolicy',
      );
    case 'AWS::IAM::InstanceProfile':
      return of(
        arn,
        'iam',
        'CreateInstanceProfile AddRoleToInstanceProfile GetInstanceProfile',
        '',
        'RemoveRoleFromInstanceProfile DeleteInstanceProfile',
      );
    case 'AWS::Logs::LogGroup': {
      const made = of(
        group(physicalId),
        'logs',
        'CreateLogGroup PutRetentionPolicy',
        'TagResource UntagResource ListTagsForResource',
        'DeleteLogGroup',
      );
      return { ...made, change: [...made.change, ...on('*', 'logs', 'DescribeLogGroups')] };
    }
    case 'AWS::Logs::LogStream':
      return of(
        `${group(member('LogGroupName'))}:log-stream:${physicalId}`,
        'logs',
        'CreateLogStream',
        '',
        'DeleteLogStream',
      );
    case 'AWS::Logs::MetricFilter':
      return of(
        group(member('LogGroupName')),
        'logs',
        'PutMetricFilter DescribeMetricFilters',
        '',
        'DeleteMetricFilter',
      );
    case 'AWS::CloudWatch::Alarm':
      return of(
        arn,
        'cloudwatch',
        'PutMetricAlarm DescribeAlarms',
        'TagResource UntagResource ListTagsForResource',
        'DeleteAlarms',
      );
    case 'AWS::CloudWatch::Dashboard':
      return of(
        `arn:aws:cloudwatch::${place.account}:dashboard/${physicalId}`,
        'cloudwatch',
        'PutDashboard GetDashboard',
        'TagResource UntagResource ListTagsForResource',
        'DeleteDashboards',
      );
    case 'AWS::Lambda::Function':
      return of(
        arn,
        'lambda',
        `CreateFunction GetFunction UpdateFunctionCode UpdateFunctionConfiguration PutFunctionConcurrency DeleteFunctionConcurrency`,
        'TagResource UntagResource ListTags',
        'DeleteFunction',
      );
    case 'AWS::Lambda::Version':
      return of(
        here('lambda', `function:${physicalId.split(':')[0]}`),
        'lambda',
        'PublishVersion ListVersionsByFunction',
        '',
        'DeleteFunction',
      );
    case 'AWS::Lambda::Permission':
      return of(
        here('lambda', `function:${place.stack}-collect`),
        'lambda',
        'AddPermission GetPolicy',
        '',
        'RemovePermission',
      );
    case 'AWS::Lambda::EventSourceMapping': {
      const mapping = here('lambda', `event-source-mapping:${physicalId}`);
      const context = { 'lambda:FunctionArn': here('lambda', `function:${place.stack}-redrive`) };
      const held = (call: Call) => ({ ...call, context });
      return {
        change: [
          ...on('*', 'lambda', 'CreateEventSourceMapping'),
          ...on(mapping, 'lambda', 'GetEventSourceMapping UpdateEventSourceMapping'),
        ].map(held),
        tag: on(mapping, 'lambda', 'TagResource UntagResource ListTags'),
        remove: on(mapping, 'lambda', 'DeleteEventSourceMapping').map(held),
      };
    }
    // A queue's policy is one of its attributes.
    case 'AWS::SQS::QueuePolicy':
      return { change: [], tag: [], remove: [] };
    // The simulator knows `apigateway` as that of REST APIs only.
    case 'AWS::ApiGatewayV2::Api':
    case 'AWS::ApiGatewayV2::Integration':
    case 'AWS::ApiGatewayV2::Route':
    case 'AWS::ApiGatewayV2::Stage':
      return { change: [], tag: [], remove: [] };
    default:
      throw new Error(`${resource.logicalId}: say which calls make a ${type}`);
  }
}

/** A role that a service assumes is passed to that service. */
function passed(role: ResolvedResource): Call[] {
  const service = /"Service":"([\w.-]+)"/.exec(JSON.stringify(role.properties))?.[1];
  if (service === undefined || service.startsWith('ecs-tasks')) return [];
  return [
    { action: 'iam:PassRole', resources: [role.arn ?? ''], context: { 'iam:PassedToService': service } },
  ];
}

import { iamArn, kmsViaS3, kmsViaSqs, roleNamePattern } from '../../lib/access/arns.ts';
import { bucketArn } from '../data/bucket.ts';
import { keyArn } from '../data/key.ts';
import { type FunctionPart, workOf } from '../template/functionWork.ts';
import {
  arn,
  getAtt,
  PSEUDO_PARAMETERS,
  type Resource,
  type Resources,
  ref,
  sub,
  type Value,
} from '../template/Resource.ts';
import { idOf, partName, type Stack } from '../template/Stack.ts';

/** A statement that allows actions on resources, under an optional condition. */
export interface AllowStatement {
  /** Actions: `s3:GetObject`. */
  readonly Action: readonly string[];
  /** ARNs, which may be references. */
  readonly Resource: readonly Value[];
  /** What must hold of a call. Default: nothing. */
  readonly Condition?: Value;
}

/** A statement of a role. */
export interface RoleStatement extends AllowStatement {
  /** Default `Allow`. */
  readonly Effect?: 'Deny';
}

/** A service that may assume a role, and the condition for it. */
interface TrustedService {
  /** Its principal: `lambda.amazonaws.com`. */
  readonly service: string;
  /** Default none. */
  readonly Condition?: Value;
}

/**
 * A role that one service assumes. Its policy is inline, so that a resource that depends on the role also waits for the
 * policy. A stream that is created before its policy fails (https://github.com/aws/aws-cdk/issues/7236).
 *
 * @param alsoTrusted Additional statements of the trust policy. Default: none.
 * @param grown The statements for each source or export, of which `fitPolicies` makes policies that IAM takes.
 */
export function serviceRole(
  trusted: TrustedService,
  allowances: readonly RoleStatement[],
  alsoTrusted: readonly Value[] = [],
  grown: readonly (readonly RoleStatement[])[] = [],
): Resource {
  return {
    Type: 'AWS::IAM::Role',
    Properties: {
      AssumeRolePolicyDocument: {
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Principal: { Service: trusted.service },
            Action: 'sts:AssumeRole',
            ...(trusted.Condition === undefined ? {} : { Condition: trusted.Condition }),
          },
          ...alsoTrusted,
        ],
      },
      Policies: [allowances, ...grown].map((statements, i) => ({
        PolicyName: i === 0 ? 'inline' : `of-${i}`,
        PolicyDocument: {
          Version: '2012-10-17',
          Statement: statements.map((statement) => ({ Effect: 'Allow', ...statement })),
        },
      })),
    },
  };
}

/**
 * A condition that a service acts on behalf of one of the given resources of this account, against confused deputies.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
 */
export function onBehalfOf(...sourceArns: readonly Value[]): Value {
  const [first = [], ...more] = sourceArns;
  return {
    StringEquals: { 'aws:SourceAccount': ref('AWS::AccountId') },
    ArnEquals: { 'aws:SourceArn': more.length === 0 ? first : sourceArns },
  };
}

/**
 * A pattern for the ARN of a role of this stack, in the notation of `Fn::Sub`. It is for the role's own policies, which
 * cannot refer to the role.
 */
function ownRolePattern({ service, stage }: Pick<Stack, 'service' | 'stage'>, part: string): Value {
  const name = `${service}-${stage}`;
  const pattern = roleNamePattern(name, idOf(part, 'Role')).replace(`${name}-`, `\${AWS::StackName}-`);
  return sub(iamArn(PSEUDO_PARAMETERS, `role/${pattern}`));
}

/** What lets a role assume itself. */
interface SelfAssumption {
  /** For the role's own policy. */
  readonly allowance: AllowStatement;
  /** For its trust policy. */
  readonly trust: Value;
}

/**
 * Allows a role to assume itself, for sessions with fewer permissions. Both its policy and its trust policy must allow it.
 * https://aws.amazon.com/blogs/security/announcing-an-update-to-iam-role-trust-policy-behavior/
 */
export function assumeSelf(stack: Pick<Stack, 'service' | 'stage'>, part: string): SelfAssumption {
  const rolePattern = ownRolePattern(stack, part);
  return {
    allowance: { Action: ['sts:AssumeRole'], Resource: [rolePattern] },
    // The principal is the account, because a role that does not exist yet cannot be a principal.
    trust: {
      Effect: 'Allow',
      Principal: { AWS: sub(iamArn(PSEUDO_PARAMETERS, 'root')) },
      Action: 'sts:AssumeRole',
      Condition: { ArnLike: { 'aws:PrincipalArn': rolePattern } },
    },
  };
}

/**
 * Lambda, under no condition. It sends neither `aws:SourceArn` nor `aws:SourceAccount` when it assumes an execution
 * role, so a condition on them would lock the function out. It accepts only roles of the function's account.
 * https://docs.aws.amazon.com/lambda/latest/dg/permissions-source-function-arn.html
 */
const lambdaService: TrustedService = { service: 'lambda.amazonaws.com' };

/**
 * Firehose, as it acts for this account. It names the account that owns the stream as the external ID.
 * https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html#firehose-assume-role
 */
export const firehoseService: TrustedService = {
  service: 'firehose.amazonaws.com',
  Condition: { StringEquals: { 'sts:ExternalId': ref('AWS::AccountId') } },
};

/**
 * EventBridge Scheduler, on behalf of the default group of schedules. AWS advises against naming the schedule itself.
 * https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html
 */
export const schedulerService: TrustedService = {
  service: 'scheduler.amazonaws.com',
  Condition: onBehalfOf(arn('scheduler', 'schedule-group/default')),
};

/**
 * The role of a function: it writes to its log group, which Serverless creates, uses the bucket's key, and consumes its
 * queue, if it has one.
 *
 * @param alsoTrusted This and `grown` are as in {@link serviceRole}.
 */
export function functionRole(
  stack: Stack,
  name: string,
  allowances: readonly RoleStatement[],
  alsoTrusted?: readonly Value[],
  grown?: readonly (readonly RoleStatement[])[],
): Resources {
  const logs = {
    Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
    Resource: [arn('logs', `log-group:/aws/lambda/${partName(stack, name)}:*`)],
  };
  const consumes = workOf(name) !== undefined ? [consumeQueue(name)] : [];
  const all = [logs, ...useKey(stack), ...consumes, ...allowances];
  return { [idOf(name, 'Role')]: serviceRole(lambdaService, all, alsoTrusted, grown) };
}

/**
 * Permission to list all names. Without it, S3 answers 403 instead of 404 for a missing object.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
 */
export function seesWhatIsMissing(stack: Stack): AllowStatement {
  return { Action: ['s3:ListBucket'], Resource: [bucketArn(stack)] };
}

/** Actions on a table whose partitions are found, made and moved. */
export const MOVE_PARTITIONS = [
  'glue:BatchCreatePartition',
  'glue:BatchUpdatePartition',
  'glue:GetPartitions',
  'glue:GetTable',
];

/** Permission to send to the queues of functions. */
export function sendTo(...parts: readonly FunctionPart[]): AllowStatement {
  return { Action: ['sqs:SendMessage'], Resource: parts.map((part) => getAtt(idOf(part, 'Queue'))) };
}

/** The permissions of Lambda's SQS poller: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html */
function consumeQueue(part: string): AllowStatement {
  return {
    Action: ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'],
    Resource: [getAtt(idOf(part, 'Queue'))],
  };
}

/**
 * Permission to use the bucket's key, only through S3. Reads need `kms:Decrypt`. Writes need `kms:GenerateDataKey`, and
 * multipart uploads also need `kms:Decrypt`.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
 */
export const useKey = useKeyThrough(kmsViaS3);

/**
 * Permission to use the bucket's key for queues that it encrypts, only through SQS. Senders need both actions, and
 * receivers need `kms:Decrypt`.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
 */
export const useQueueKey = useKeyThrough(kmsViaSqs);

/**
 * Makes the statement that lets a role use the bucket's key through a service.
 *
 * @param service Makes the name of the service that calls KMS for its caller.
 * @returns A function that makes no statement if the bucket has no key.
 */
function useKeyThrough(
  service: typeof kmsViaS3,
): (stack: Pick<Stack, 'config'>) => readonly AllowStatement[] {
  return (stack) => {
    const key = keyArn(stack);
    if (key === undefined) return [];
    const Condition = { StringEquals: { 'kms:ViaService': sub(service(PSEUDO_PARAMETERS)) } };
    return [{ Action: ['kms:Decrypt', 'kms:GenerateDataKey'], Resource: [key], Condition }];
  };
}

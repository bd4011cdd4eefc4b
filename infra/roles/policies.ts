import { iamArn, kmsViaS3 } from '../../lib/access/place.ts';
import { keyArn } from '../data/key.ts';
import { arn, getAtt, PSEUDO_PARAMETERS, type Resource, ref, sub, type Value } from '../template/Resource.ts';
import { partName, type Stack } from '../template/Stack.ts';

/** One statement that allows actions on resources, or on all but some, on a condition if there is one. */
export type AllowStatement = {
  readonly Action: readonly string[];
  readonly Condition?: Value;
} & ({ readonly Resource: readonly Value[] } | { readonly NotResource: readonly Value[] });

/** A service that assumes a role of ours, and what it must prove before it may. */
export interface TrustedService {
  readonly service: string;
  readonly Condition?: Value;
}

/**
 * A role that one service assumes. Its policy is inline, so that whoever depends on the role also waits for
 * the policy: a stream made before it is refused (https://github.com/aws/aws-cdk/issues/7236).
 *
 * @param alsoTrusted Statements of the trust policy besides. Default none.
 */
export function serviceRole(
  trusted: TrustedService,
  allowances: readonly AllowStatement[],
  alsoTrusted: readonly Value[] = [],
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
      Policies: [
        {
          PolicyName: 'inline',
          PolicyDocument: {
            Version: '2012-10-17',
            Statement: allowances.map((allowance) => ({ Effect: 'Allow', ...allowance })),
          },
        },
      ],
    },
  };
}

/**
 * Only on behalf of one resource of this account: against confused deputies.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
 */
export function onBehalfOf(sourceArn: Value): Value {
  return {
    StringEquals: { 'aws:SourceAccount': ref('AWS::AccountId') },
    ArnEquals: { 'aws:SourceArn': sourceArn },
  };
}

/** Characters of a role's name. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html */
const ROLE_NAME_CHARACTERS = 64;
/** What CloudFormation adds to a name that it makes: a dash and 13 characters. */
const SUFFIX_CHARACTERS = 14;

/**
 * ARN of a role of this stack as a pattern, in the notation of `Fn::Sub`: for the role's own policies, which can't refer to
 * the role. CloudFormation makes the name, `<stack>-<logical ID>-<random>`, and cuts it where it is too long. A name of our
 * own would make another role of it, and customers' policies name the one there is.
 */
function ownRolePattern(stack: Pick<Stack, 'service' | 'stage'>, logicalId: string): Value {
  const stackName = `${stack.service}-${stack.stage}`;
  const isWhole = `${stackName}-${logicalId}`.length + SUFFIX_CHARACTERS <= ROLE_NAME_CHARACTERS;
  const name = isWhole
    ? `\${AWS::StackName}-${logicalId}-*`
    : `${stackName.slice(0, 20)}*-${logicalId.slice(0, 6)}*`;
  return sub(iamArn(PSEUDO_PARAMETERS, `role/${name}`));
}

/**
 * Lets a role assume itself, for sessions that may do less: by its own policy, and by its trust policy, without which no
 * role trusts itself. https://aws.amazon.com/blogs/security/announcing-an-update-to-iam-role-trust-policy-behavior/
 */
export function assumeSelf(stack: Pick<Stack, 'service' | 'stage'>, logicalId: string) {
  const itself = ownRolePattern(stack, logicalId);
  return {
    allowance: { Action: ['sts:AssumeRole'], Resource: [itself] } satisfies AllowStatement,
    // The principal is the account, as a role that isn't there yet is no principal.
    trust: {
      Effect: 'Allow',
      Principal: { AWS: sub(iamArn(PSEUDO_PARAMETERS, 'root')) },
      Action: 'sts:AssumeRole',
      Condition: { ArnLike: { 'aws:PrincipalArn': itself } },
    },
  };
}

/**
 * Lambda puts neither `aws:SourceArn` nor `aws:SourceAccount` into the call by which it assumes an execution
 * role, so a condition on them would lock the function out; it takes roles of the function's account only.
 * https://docs.aws.amazon.com/lambda/latest/dg/permissions-source-function-arn.html
 */
export const lambdaService: TrustedService = { service: 'lambda.amazonaws.com' };

/**
 * Firehose names the account that owns the stream as the external ID.
 * https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html#firehose-assume-role
 */
export const firehoseService: TrustedService = {
  service: 'firehose.amazonaws.com',
  Condition: { StringEquals: { 'sts:ExternalId': ref('AWS::AccountId') } },
};

/**
 * Scheduler's source is the schedule's group: AWS says not to name the schedule itself.
 * https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html
 */
export const schedulerService: TrustedService = {
  service: 'scheduler.amazonaws.com',
  Condition: onBehalfOf(arn('scheduler', 'schedule-group/default')),
};

/** Serverless makes the group; the function only writes to it. */
export function writeLogs(stack: Stack, functionName: string): AllowStatement {
  return {
    Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
    Resource: [arn('logs', `log-group:/aws/lambda/${partName(stack, functionName)}:*`)],
  };
}

/** What Lambda's poller needs: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html */
export function consumeQueue(queue: string): AllowStatement {
  return {
    Action: ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'],
    Resource: [getAtt(queue)],
  };
}

/**
 * What S3 asks of the key on behalf of whoever reads (`kms:Decrypt`) or writes (`kms:GenerateDataKey`, and
 * `kms:Decrypt` for uploads in parts), by way of S3 only.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
 */
export function useKey(
  stack: Pick<Stack, 'config'>,
  ...actions: readonly ('kms:Decrypt' | 'kms:GenerateDataKey')[]
): AllowStatement {
  return {
    Action: actions,
    Resource: [keyArn(stack)],
    Condition: { StringEquals: { 'kms:ViaService': sub(kmsViaS3(PSEUDO_PARAMETERS)) } },
  };
}

import type { RoleReader } from '../schema/readers.ts';
import { arnIn, type PolicyScope } from './arns.ts';
import { type Condition, type PolicyDocument, policyDocument } from './policyDocument.ts';

/**
 * Who may assume a reader's role.
 *
 * @param principal The reader's principal if one is configured; otherwise what stands for it.
 */
export function readerTrust(
  scope: PolicyScope,
  reader: Pick<RoleReader, 'kind' | 'externalId'>,
  principal: string,
): PolicyDocument {
  if (reader.kind === 'statsig') return trustPolicy({ aws: principal, externalId: reader.externalId });
  switch (principal) {
    case 'ec2':
      // EC2 states neither the account nor an instance in its calls, so no condition could be met:
      // https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_switch-role-ec2.html
      return trustPolicy({ service: 'ec2.amazonaws.com' });
    case 'ecs-tasks':
      // https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html
      return trustPolicy({
        service: 'ecs-tasks.amazonaws.com',
        condition: {
          StringEquals: { 'aws:SourceAccount': scope.account },
          ArnLike: { 'aws:SourceArn': arnIn(scope, 'ecs', '*') },
        },
      });
    default:
      return trustPolicy({ aws: principal, externalId: reader.externalId });
  }
}

/** Who may assume a role. */
export type Trusted =
  /** An account ID, or the ARN of a role or user. */
  | {
      readonly aws: string;
      readonly externalId?: string | undefined;
      /**
       * Patterns of the ARNs of roles. If `aws` is the root of an account, only these roles are trusted. Default:
       * everybody of the principal.
       */
      readonly roles?: readonly string[] | undefined;
    }
  /** A service of AWS, e.g. `ec2.amazonaws.com`, and what must be true of its call. */
  | { readonly service: string; readonly condition?: Condition };

/**
 * The trust policy of a role. The external ID keeps other customers of the same service from assuming the role as
 * us: https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
 */
export function trustPolicy(trusted: Trusted): PolicyDocument {
  const condition = conditionOf(trusted);
  return policyDocument([
    {
      Sid: 'AssumeRole',
      Effect: 'Allow',
      Principal: 'aws' in trusted ? { AWS: trusted.aws } : { Service: trusted.service },
      Action: ['sts:AssumeRole'],
      ...(condition === undefined ? {} : { Condition: condition }),
    },
  ]);
}

/** The condition under which a reader assumes its role; undefined without one. */
function conditionOf(trusted: Trusted): Condition | undefined {
  if (!('aws' in trusted)) return trusted.condition;
  const { externalId, roles } = trusted;
  if (externalId === undefined && roles === undefined) return undefined;
  return {
    ...(externalId === undefined ? {} : { StringEquals: { 'sts:ExternalId': externalId } }),
    ...(roles === undefined ? {} : { ArnLike: { 'aws:PrincipalArn': roles } }),
  };
}

import { type Condition, type PolicyDocument, policyDocument } from './policyDocument.ts';

/** Who may assume a role. */
type Trusted =
  /** Somebody in AWS, by name. */
  | {
      /** An account ID, or the ARN of a role, a user or the root of an account. */
      readonly aws: string;
      /** The external ID that the call has to have. Default: it needs none. */
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
 * The trust policy of a role. The external ID keeps other customers of a service from having that service assume the
 * role for them: https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
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

/** The condition under which somebody assumes the role; undefined without one. */
function conditionOf(trusted: Trusted): Condition | undefined {
  if (!('aws' in trusted)) return trusted.condition;
  const { externalId, roles } = trusted;
  if (externalId === undefined && roles === undefined) return undefined;
  return {
    ...(externalId === undefined ? {} : { StringEquals: { 'sts:ExternalId': externalId } }),
    ...(roles === undefined ? {} : { ArnLike: { 'aws:PrincipalArn': roles } }),
  };
}

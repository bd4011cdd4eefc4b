import { type Condition, type PolicyDocument, policyDocument } from './PolicyDocument.ts';

/** Who may assume a role. */
export type Trusted =
  /** An account ID, or the ARN of a role or user. */
  | { readonly aws: string; readonly externalId?: string | undefined }
  /** A service of AWS, e.g. `ec2.amazonaws.com`, and what must be true of its call. */
  | { readonly service: string; readonly condition?: Condition };

/**
 * The trust policy of a reader's role. The external ID keeps others who use the same service from being let in as
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

function conditionOf(trusted: Trusted): Condition | undefined {
  if (!('aws' in trusted)) return trusted.condition;
  return trusted.externalId === undefined
    ? undefined
    : { StringEquals: { 'sts:ExternalId': trusted.externalId } };
}

/**
 * A policy as IAM, S3 and KMS take it.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html
 */
export interface PolicyDocument {
  /** Version of the language of policies. */
  readonly Version: '2012-10-17';
  /** In policies of resources only: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_id.html */
  readonly Id?: string;
  /** Its statements. */
  readonly Statement: readonly Statement[];
}

/** One statement. Policies of identities name no principal; trust policies name no resource. */
export interface Statement {
  /** Says what the statement is for, in letters and digits only. */
  readonly Sid: string;
  /** Whether the actions are allowed or denied. */
  readonly Effect: 'Allow' | 'Deny';
  /** Who may do it; absent of a policy of a role or user. */
  readonly Principal?: { readonly AWS: string } | { readonly Service: string };
  /** The actions: `s3:GetObject`. */
  readonly Action: readonly string[];
  /** ARNs of the resources; absent of a trust policy. */
  readonly Resource?: readonly string[];
  /** When the statement holds, by operator and key; absent if always. */
  readonly Condition?: Condition;
}

/** Operator, then condition key, then its values: one of them must match. */
export type Condition = Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;

/** Makes a document of statements. Undefined ones are left out. */
export function policyDocument(statements: readonly (Statement | undefined)[]): PolicyDocument {
  return {
    Version: '2012-10-17',
    Statement: statements.filter((statement) => statement !== undefined),
  };
}

/**
 * A statement that allows actions.
 *
 * @param actions Names with the service in front: `s3:GetObject`.
 */
export function allow(
  Sid: string,
  actions: readonly string[],
  resources: readonly string[],
  condition?: Condition,
): Statement {
  return {
    Sid,
    Effect: 'Allow',
    Action: actions,
    Resource: resources,
    ...(condition === undefined ? {} : { Condition: condition }),
  };
}

/** The statement of {@link allow} with the opposite effect. */
export function deny(
  Sid: string,
  actions: readonly string[],
  resources: readonly string[],
  condition?: Condition,
): Statement {
  return { ...allow(Sid, actions, resources, condition), Effect: 'Deny' };
}

/** Limits of IAM. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html */
export const ACCESS_LIMITS = {
  /** Characters of a managed policy, white space not counted. */
  managedPolicyCharacters: 6_144,
  /** Characters of a session policy: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html */
  sessionPolicyCharacters: 2_048,
} as const;

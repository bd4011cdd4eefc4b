/** What IAM takes. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html */
export const ACCESS_LIMITS = {
  /** Characters of a managed policy, white space not counted. */
  managedPolicyCharacters: 6_144,
  /** Characters of a session policy: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html */
  sessionPolicyCharacters: 2_048,
} as const;

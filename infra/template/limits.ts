/**
 * CloudFormation's limits for a template:
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html. The limit of one megabyte
 * is 1,000,000 bytes; the error says "may not exceed 1000000 bytes":
 * https://github.com/aws-samples/aws-vpc-cidr-mgmt/issues/10
 */
export const TEMPLATE_LIMITS = { resources: 500, outputs: 200, bytes: 1_000_000 } as const;

/**
 * IAM's limit for the inline policies of an identity: their characters together, without white space.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
 */
export const INLINE_CHARACTERS = { role: 10_240, user: 2_048, group: 5_120 } as const;

/** The limits of {@link INLINE_CHARACTERS} by the type of the identity's resource. */
export const IDENTITY_CHARACTERS: ReadonlyMap<string, number> = new Map([
  ['AWS::IAM::Role', INLINE_CHARACTERS.role],
  ['AWS::IAM::User', INLINE_CHARACTERS.user],
  ['AWS::IAM::Group', INLINE_CHARACTERS.group],
]);

/** The most managed policies of an identity, unless the account has a higher quota: the same page. */
export const MANAGED_POLICIES = 10;

/** Characters of a managed policy, without white space: the same page. */
export const MANAGED_CHARACTERS = 6_144;

/**
 * The limits of services for one document of a resource, by its type and property. They are characters for IAM, and
 * bytes for other services.
 */
export const DOCUMENT_LIMITS: readonly (readonly [type: string, property: string, most: number])[] = [
  // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
  ['AWS::IAM::Role', 'AssumeRolePolicyDocument', 2_048],
  ['AWS::IAM::ManagedPolicy', 'PolicyDocument', MANAGED_CHARACTERS],
  // https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-policies.html
  ['AWS::S3::BucketPolicy', 'PolicyDocument', 20_480],
  // https://docs.aws.amazon.com/kms/latest/developerguide/resource-limits.html
  ['AWS::KMS::Key', 'KeyPolicy', 32_768],
  // https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-policies.html
  ['AWS::SQS::QueuePolicy', 'PolicyDocument', 8_192],
  // https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-language-api-permissions-reference.html
  ['AWS::SNS::TopicPolicy', 'PolicyDocument', 30_720],
  // https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
  ['AWS::Lambda::Function', 'Environment', 4_096],
  // https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html
  ['AWS::Events::Rule', 'EventPattern', 2_048],
];

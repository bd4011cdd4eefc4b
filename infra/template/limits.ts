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

/** The limit of a service for one document of a resource. */
interface DocumentLimit {
  /** Type of the resource: `AWS::S3::BucketPolicy`. */
  readonly type: string;
  /** Name of the property that has the document. */
  readonly property: string;
  /** The largest size: characters for IAM, and bytes for other services. */
  readonly most: number;
}

/** The limits of services for documents. */
export const DOCUMENT_LIMITS: readonly DocumentLimit[] = [
  // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
  { type: 'AWS::IAM::Role', property: 'AssumeRolePolicyDocument', most: 2_048 },
  { type: 'AWS::IAM::ManagedPolicy', property: 'PolicyDocument', most: MANAGED_CHARACTERS },
  // https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-policies.html
  { type: 'AWS::S3::BucketPolicy', property: 'PolicyDocument', most: 20_480 },
  // https://docs.aws.amazon.com/kms/latest/developerguide/resource-limits.html
  { type: 'AWS::KMS::Key', property: 'KeyPolicy', most: 32_768 },
  // https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-policies.html
  { type: 'AWS::SQS::QueuePolicy', property: 'PolicyDocument', most: 8_192 },
  // https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-language-api-permissions-reference.html
  { type: 'AWS::SNS::TopicPolicy', property: 'PolicyDocument', most: 30_720 },
  // https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
  { type: 'AWS::Lambda::Function', property: 'Environment', most: 4_096 },
  // https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html
  { type: 'AWS::Events::Rule', property: 'EventPattern', most: 2_048 },
];

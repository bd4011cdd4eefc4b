/**
 * What CloudFormation takes of a template: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html.
 * Of a megabyte it says "may not exceed 1000000 bytes": https://github.com/aws-samples/aws-vpc-cidr-mgmt/issues/10
 */
export const TEMPLATE_LIMITS = { resources: 500, outputs: 200, bytes: 1_000_000 } as const;

/**
 * What IAM takes of an identity: characters of all its inline policies together, without white space.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
 */
export const INLINE_CHARACTERS: Readonly<Record<string, number>> = {
  'AWS::IAM::Role': 10_240,
  'AWS::IAM::User': 2_048,
  'AWS::IAM::Group': 5_120,
};
/** Managed policies of an identity, unless the account has a higher quota: the same page. */
export const MANAGED_POLICIES = 10;

/** Characters of a managed policy, without white space: the same page. */
export const MANAGED_CHARACTERS = 6_144;

/** What services take of one document of a resource: its type and property; of IAM characters, else bytes. */
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

/** AWS's limits for a template and its parts, as far as our configuration can reach them. */
export const TEMPLATE_LIMITS = {
  /** https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html */
  resources: 500,
  outputs: 200,
  bytes: 1_000_000,
  logicalIdCharacters: 255,
  outputNameCharacters: 255,
  outputDescriptionBytes: 1_024,
} as const;

/**
 * Characters of a policy without white space, all inline policies of one identity together.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html#reference_iam-quotas-entity-length
 */
export const POLICY_LIMITS = { role: 10_240, user: 2_048, managed: 6_144, trust: 2_048 } as const;

/** Bytes. https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-policies.html, https://docs.aws.amazon.com/kms/latest/developerguide/resource-limits.html */
export const RESOURCE_POLICY_LIMITS = { bucket: 20 * 1024, key: 32 * 1024 } as const;

/** Longest name, by type and property. Each from the property's page of the CloudFormation reference. */
export const NAME_LIMITS: ReadonlyMap<string, readonly [property: string, most: number]> = new Map([
  ['AWS::Lambda::Function', ['FunctionName', 64]],
  ['AWS::S3::Bucket', ['BucketName', 63]],
  ['AWS::SQS::Queue', ['QueueName', 80]],
  ['AWS::KinesisFirehose::DeliveryStream', ['DeliveryStreamName', 64]],
  ['AWS::Events::Rule', ['Name', 64]],
  ['AWS::Scheduler::Schedule', ['Name', 64]],
  ['AWS::CloudWatch::Alarm', ['AlarmName', 255]],
  ['AWS::SecretsManager::Secret', ['Name', 512]],
  ['AWS::Logs::LogGroup', ['LogGroupName', 512]],
  ['AWS::KMS::Alias', ['AliasName', 256]],
  ['AWS::Athena::WorkGroup', ['Name', 128]],
  ['AWS::IAM::Role', ['RoleName', 64]],
  ['AWS::IAM::User', ['UserName', 64]],
]);

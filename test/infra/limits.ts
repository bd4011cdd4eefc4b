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

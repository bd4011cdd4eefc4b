/** Changes that CloudFormation can't make to an existing resource of one type. */
export interface UpdateRule {
  /** Properties, by path, whose change makes CloudFormation create a new resource. */
  readonly createOnly: readonly string[];
  /** The property that gives the resource a name of its own. Absent: its name is always generated, or not unique. */
  readonly name?: string;
}

/**
 * The update behaviour of each supported type: `createOnlyProperties` of its schema in CloudFormation's registry, as
 * far as the local cloud knows the properties. `test/infra/updateRules.contract.test.ts` compares them with AWS's
 * specification. Types have a `name` if they are listed at
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-name.html or if their names are
 * unique in an account.
 */
export const updateRules: ReadonlyMap<string, UpdateRule> = new Map<string, UpdateRule>([
  ['AWS::S3::Bucket', named('BucketName', 'ObjectLockEnabled', 'BucketNamespace', 'BucketNamePrefix')],
  ['AWS::S3::BucketPolicy', { createOnly: ['Bucket'] }],
  ['AWS::Glue::Database', { createOnly: ['CatalogId', 'DatabaseName', 'DatabaseInput.Name'] }],
  ['AWS::Glue::Table', { createOnly: ['CatalogId', 'DatabaseName', 'Name', 'TableInput.Name'] }],
  [
    'AWS::KinesisFirehose::DeliveryStream',
    named(
      'DeliveryStreamName',
      'DeliveryStreamType',
      'DatabaseSourceConfiguration',
      'DirectPutSourceConfiguration',
      'KinesisStreamSourceConfiguration',
      'MSKSourceConfiguration',
    ),
  ],
  ['AWS::SQS::Queue', named('QueueName', 'FifoQueue')],
  ['AWS::SQS::QueuePolicy', { createOnly: [] }],
  ['AWS::Athena::WorkGroup', named('Name')],
  ['AWS::SecretsManager::Secret', named('Name')],
  ['AWS::Events::Rule', named('Name', 'EventBusName')],
  ['AWS::Scheduler::Schedule', named('Name')],
  ['AWS::Lambda::Function', named('FunctionName', 'PackageType', 'TenancyConfig')],
  [
    'AWS::Lambda::EventSourceMapping',
    {
      createOnly: [
        'EventSourceArn',
        'StartingPosition',
        'StartingPositionTimestamp',
        'SelfManagedEventSource',
        'SelfManagedKafkaEventSourceConfig',
        'AmazonManagedKafkaEventSourceConfig',
      ],
    },
  ],
  ['AWS::Lambda::Url', { createOnly: ['Qualifier', 'TargetFunctionArn'] }],
  [
    'AWS::Lambda::Permission',
    {
      createOnly: [
        'FunctionName',
        'Action',
        'Principal',
        'EventSourceToken',
        'FunctionUrlAuthType',
        'InvokedViaFunctionUrl',
        'SourceArn',
        'SourceAccount',
        'PrincipalOrgID',
      ],
    },
  ],
  [
    'AWS::Lambda::Version',
    {
      createOnly: [
        'FunctionName',
        'CodeSha256',
        'Description',
        'ProvisionedConcurrencyConfig',
        'RuntimePolicy',
      ],
    },
  ],
  ['AWS::ApiGatewayV2::Api', { createOnly: ['ProtocolType'] }],
  ['AWS::ApiGatewayV2::Integration', { createOnly: ['ApiId'] }],
  ['AWS::ApiGatewayV2::Route', { createOnly: ['ApiId'] }],
  ['AWS::ApiGatewayV2::Stage', { createOnly: ['ApiId', 'StageName'] }],
  ['AWS::ApiGatewayV2::DomainName', named('DomainName')],
  ['AWS::ApiGatewayV2::ApiMapping', { createOnly: ['DomainName'] }],
  ['AWS::IAM::Role', named('RoleName', 'Path')],
  ['AWS::IAM::User', named('UserName')],
  ['AWS::IAM::AccessKey', { createOnly: ['UserName', 'Serial'] }],
  ['AWS::IAM::ManagedPolicy', named('ManagedPolicyName', 'Path', 'Description')],
  ['AWS::IAM::InstanceProfile', named('InstanceProfileName', 'Path')],
  ['AWS::Logs::LogGroup', named('LogGroupName')],
  ['AWS::Logs::LogStream', { createOnly: ['LogGroupName', 'LogStreamName'] }],
  ['AWS::Logs::MetricFilter', { createOnly: ['LogGroupName', 'FilterName'] }],
  ['AWS::CloudWatch::Alarm', named('AlarmName')],
  ['AWS::CloudWatch::Dashboard', named('DashboardName')],
  ['AWS::KMS::Key', { createOnly: [] }],
  ['AWS::KMS::Alias', named('AliasName')],
]);

function named(name: string, ...createOnly: readonly string[]): UpdateRule {
  return { name, createOnly: [name, ...createOnly] };
}

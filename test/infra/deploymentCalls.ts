import type { ResolvedResource } from '../../packages/local-aws/src/template/index.ts';
import type { Call } from '../lib/access/decideCall.ts';

/**
 * The call that makes a resource of a type. Null for a type without a name of its own, and for the alias of a key: what
 * makes those is among the calls that the suite lists.
 */
const MAKES: Readonly<Record<string, string | null>> = {
  'AWS::ApiGatewayV2::Api': null,
  'AWS::Athena::WorkGroup': 'athena:CreateWorkGroup',
  'AWS::CloudWatch::Alarm': 'cloudwatch:PutMetricAlarm',
  'AWS::Events::Rule': 'events:PutRule',
  'AWS::Glue::Database': 'glue:CreateDatabase',
  'AWS::Glue::Table': 'glue:CreateTable',
  'AWS::IAM::AccessKey': null,
  'AWS::IAM::InstanceProfile': 'iam:CreateInstanceProfile',
  'AWS::IAM::ManagedPolicy': 'iam:CreatePolicy',
  'AWS::IAM::Role': 'iam:CreateRole',
  'AWS::IAM::User': 'iam:CreateUser',
  'AWS::KMS::Alias': null,
  'AWS::KMS::Key': null,
  'AWS::KinesisFirehose::DeliveryStream': 'firehose:CreateDeliveryStream',
  'AWS::Logs::LogGroup': 'logs:CreateLogGroup',
  'AWS::Logs::LogStream': null,
  'AWS::Logs::MetricFilter': null,
  'AWS::S3::Bucket': 's3:CreateBucket',
  'AWS::S3::BucketPolicy': null,
  'AWS::SQS::Queue': 'sqs:CreateQueue',
  'AWS::SQS::QueuePolicy': null,
  'AWS::Scheduler::Schedule': 'scheduler:CreateSchedule',
  'AWS::SecretsManager::Secret': 'secretsmanager:CreateSecret',
};

/**
 * The call that makes a resource; none of types without a name.
 *
 * @param here The ARN of a name of a service, in the region and account of the deployment.
 * @throws Error for a type that is not listed here.
 */
export function makingCalls(
  { type, arn, physicalId, properties }: ResolvedResource,
  here: (service: string, name: string) => string,
): Call[] {
  const action = MAKES[type];
  if (action === undefined) throw new Error(`Say by which call a resource of type ${type} is made.`);
  if (action === null) return [];
  const database = `database/${type === 'AWS::Glue::Table' ? properties['DatabaseName'] : physicalId}`;
  const inCatalog = ['catalog', database].map((name) => here('glue', name));
  const resources: Readonly<Record<string, readonly string[]>> = {
    'AWS::Athena::WorkGroup': [here('athena', `workgroup/${physicalId}`)],
    'AWS::Glue::Database': inCatalog,
    'AWS::Glue::Table': [...inCatalog, here('glue', `table/${properties['DatabaseName']}/${physicalId}`)],
  };
  return [
    {
      action,
      // A log group's ARN ends with all of its streams.
      resources: resources[type] ?? [(arn ?? physicalId).replace(/:\*$/, '')],
    },
  ];
}

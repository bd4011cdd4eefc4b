import type { Config } from '../../lib/schema/config.ts';
import type { ResolvedResource } from '../../packages/local-aws/src/template/index.ts';
import type { Call } from '../lib/access/decideCall.ts';

/** The call that makes a resource of a type with a name. */
const MAKES: Readonly<Record<string, string>> = {
  'AWS::Athena::WorkGroup': 'athena:CreateWorkGroup',
  'AWS::CloudWatch::Alarm': 'cloudwatch:PutMetricAlarm',
  'AWS::Events::Rule': 'events:PutRule',
  'AWS::Glue::Database': 'glue:CreateDatabase',
  'AWS::Glue::Table': 'glue:CreateTable',
  'AWS::IAM::InstanceProfile': 'iam:CreateInstanceProfile',
  'AWS::IAM::ManagedPolicy': 'iam:CreatePolicy',
  'AWS::IAM::Role': 'iam:CreateRole',
  'AWS::IAM::User': 'iam:CreateUser',
  'AWS::KinesisFirehose::DeliveryStream': 'firehose:CreateDeliveryStream',
  'AWS::Lambda::Function': 'lambda:CreateFunction',
  'AWS::Logs::LogGroup': 'logs:CreateLogGroup',
  'AWS::S3::Bucket': 's3:CreateBucket',
  'AWS::SQS::Queue': 'sqs:CreateQueue',
  'AWS::Scheduler::Schedule': 'scheduler:CreateSchedule',
  'AWS::SecretsManager::Secret': 'secretsmanager:CreateSecret',
};

/**
 * The call that makes a resource; none of types without a name, which other statements name together.
 *
 * @param here The ARN of a name of a service, in the region and account of the deployment.
 */
export function makingCalls(
  { permissionsBoundary: boundary }: Pick<Config, 'permissionsBoundary'>,
  { type, arn, physicalId, properties }: ResolvedResource,
  here: (service: string, name: string) => string,
): Call[] {
  const action = MAKES[type];
  if (action === undefined) return [];
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
      ...(boundary === null ? {} : { context: { 'iam:PermissionsBoundary': boundary } }),
    },
  ];
}

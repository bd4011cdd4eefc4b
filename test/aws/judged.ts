// What `npm run test:aws` gives to judges that are installed by pip. test/aws/judged.test.ts holds it against the
// configurations, the templates and deploy.py, without any of the judges.
import type { templateConfigurations } from '../infra/templateConfigurations.ts';

/** Configurations that moto deploys as well; it plays one region. */
export const DEPLOYED: readonly (keyof typeof templateConfigurations)[] = [
  'default',
  'readers and customers',
];

/** `DependsOn` beside a reference that has the same effect: Serverless writes it, and so do we where it says why. */
export const LINT_IGNORES = 'W3005';

/**
 * Types that moto's CloudFormation doesn't make (5.2.5): deploy.py makes each through its own API, from the same
 * properties. Any other that it skips is a failure.
 */
export const MADE_BY_API: ReadonlySet<string> = new Set([
  'AWS::ApiGatewayV2::Api',
  'AWS::ApiGatewayV2::Integration',
  'AWS::ApiGatewayV2::Route',
  'AWS::ApiGatewayV2::Stage',
  'AWS::Athena::WorkGroup',
  'AWS::CloudWatch::Alarm',
  'AWS::Glue::Database',
  'AWS::Glue::Table',
  'AWS::KinesisFirehose::DeliveryStream',
  'AWS::Logs::LogStream',
  'AWS::Logs::MetricFilter',
  'AWS::S3::BucketPolicy',
  'AWS::SQS::QueuePolicy',
  'AWS::Scheduler::Schedule',
  'AWS::SecretsManager::Secret',
]);

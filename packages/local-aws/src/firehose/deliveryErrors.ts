import { messageOf } from '../base/errors.ts';
import { valueAt } from '../base/json.ts';
import { AwsError } from '../protocol/AwsError.ts';
import type { ResolvedResource } from '../template/resolveTemplate.ts';

/**
 * The line that Firehose writes to the log group of a stream when S3 refuses a delivery; undefined for a stream without a log
 * group.
 * https://docs.aws.amazon.com/firehose/latest/dev/monitoring-with-cloudwatch-logs.html
 */
export function deliveryErrorLine(
  resources: readonly Pick<ResolvedResource, 'type' | 'physicalId' | 'arn' | 'properties'>[],
  stream: string,
  error: unknown,
): { readonly group: string; readonly line: string } | undefined {
  const resource = resources.find(
    ({ type, physicalId }) => type === 'AWS::KinesisFirehose::DeliveryStream' && physicalId === stream,
  );
  const destination = valueAt(resource?.properties, ['ExtendedS3DestinationConfiguration']);
  const { LogGroupName: group, Enabled } = Object(valueAt(destination, ['CloudWatchLoggingOptions']));
  if (resource === undefined || Enabled !== true || typeof group !== 'string') return undefined;
  const line = {
    deliveryStreamARN: resource.arn,
    destination: valueAt(destination, ['BucketARN']),
    deliveryStreamVersionId: 1,
    message: messageOf(error),
    errorCode: `S3.${error instanceof AwsError ? error.code : 'InternalError'}`,
  };
  return { group, line: JSON.stringify(line) };
}

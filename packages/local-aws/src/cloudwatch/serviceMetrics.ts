/** What Firehose tells of a stream. https://docs.aws.amazon.com/firehose/latest/dev/monitoring-with-cloudwatch-metrics.html */
export const streamMetricNames = [
  'IncomingRecords',
  'IncomingBytes',
  'DeliveryToS3.DataFreshness',
  'DeliveryToS3.Records',
  'DeliveryToS3.Success',
] as const;

/** The namespace of {@link streamMetricNames}. */
export const STREAM_NAMESPACE = 'AWS/Firehose';

/** Whether a metric of an AWS service has values here. */
export function isServiceMetric(namespace: string, name: string): boolean {
  return namespace === STREAM_NAMESPACE && streamMetricNames.some((one) => one === name);
}

import type { MetricDatum } from './embeddedMetrics.ts';

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

/** What Lambda tells of each invocation of a function. https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html */
const functionMetricNames = ['Invocations', 'Errors', 'Throttles', 'Duration'] as const;

const FUNCTION_NAMESPACE = 'AWS/Lambda';

/** An invocation that has ended. */
export interface EndedInvocation {
  readonly functionName: string;
  /** When it ended, epoch milliseconds. */
  readonly at: number;
  readonly ms: number;
  readonly isError: boolean;
}

/** What Lambda tells of an invocation. Nothing is throttled here, which is a value of 0. */
export function invocationMetrics({ functionName, at, ms, isError }: EndedInvocation): MetricDatum[] {
  const values = { Invocations: 1, Errors: isError ? 1 : 0, Throttles: 0, Duration: ms };
  return functionMetricNames.map((name) => ({
    metric: {
      namespace: FUNCTION_NAMESPACE,
      name,
      unit: name === 'Duration' ? 'Milliseconds' : 'Count',
      dimensions: [['FunctionName', functionName]],
    },
    at,
    values: [values[name]],
  }));
}

/** Whether a metric of an AWS service has values here. */
export function isServiceMetric(namespace: string, name: string): boolean {
  const names: readonly string[] =
    namespace === STREAM_NAMESPACE
      ? streamMetricNames
      : namespace === FUNCTION_NAMESPACE
        ? functionMetricNames
        : [];
  return names.includes(name);
}

import type { QueueMinute } from '../sqs/Queues.ts';
import type { MetricDatum } from './Metric.ts';

/** Firehose's metrics of a stream: https://docs.aws.amazon.com/firehose/latest/dev/monitoring-with-cloudwatch-metrics.html */
export const streamMetricNames = [
  'IncomingRecords',
  'IncomingBytes',
  'DeliveryToS3.DataFreshness',
  'DeliveryToS3.Records',
  'DeliveryToS3.Success',
] as const;

/** The namespace of {@link streamMetricNames}. */
export const STREAM_NAMESPACE = 'AWS/Firehose';

/** Lambda's metrics of each invocation. https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html */
const functionMetricNames = ['Invocations', 'Errors', 'Throttles', 'Duration'] as const;

/** The namespace of Lambda's metrics. */
const FUNCTION_NAMESPACE = 'AWS/Lambda';

/** An invocation that has ended, or was refused. */
export interface EndedInvocation {
  /** Name of the function. */
  readonly functionName: string;
  /** Time of the invocation, epoch milliseconds. Its metrics have this time, and so have its errors. */
  readonly at: number;
  /** Duration, milliseconds. */
  readonly ms: number;
  /** How it ended: with an answer, with an error, or refused because too many ran. */
  readonly end: 'answered' | 'failed' | 'throttled';
}

/** Lambda's metrics of an invocation. A throttled invocation counts in `Throttles` only. */
export function invocationMetrics({ functionName, at, ms, end }: EndedInvocation): MetricDatum[] {
  const values =
    end === 'throttled'
      ? { Throttles: 1 }
      : { Invocations: 1, Errors: end === 'failed' ? 1 : 0, Throttles: 0, Duration: ms };
  return Object.entries(values).map(([name, value]) => ({
    metric: {
      namespace: FUNCTION_NAMESPACE,
      name,
      unit: name === 'Duration' ? 'Milliseconds' : 'Count',
      dimensions: [['FunctionName', functionName]],
    },
    at,
    values: [value],
  }));
}

/** API Gateway's counts of the requests of an HTTP API. https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html */
const API_NAMESPACE = 'AWS/ApiGateway';
/** The metrics of an HTTP API. */
const apiMetricNames = ['Count', '4xx', '5xx'] as const;

/** API Gateway's metrics of a request. Preflights count, too. @param status Status of the answer; 0 without an answer. */
export function requestMetrics(apiId: string, status: number, at: number): MetricDatum[] {
  const kind = `${Math.floor(status / 100)}xx`;
  return apiMetricNames.map((name) => ({
    metric: { namespace: API_NAMESPACE, name, unit: 'Count', dimensions: [['ApiId', apiId]] },
    at,
    values: [name === 'Count' || name === kind ? 1 : 0],
  }));
}

/** SQS's metrics of a queue. https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html */
const queueMetricNames = [
  'ApproximateNumberOfMessagesVisible',
  'ApproximateNumberOfMessagesNotVisible',
  'ApproximateAgeOfOldestMessage',
] as const;

/** The namespace of SQS's metrics. */
const QUEUE_NAMESPACE = 'AWS/SQS';

/** SQS's metrics of what a queue holds. */
export function queueMetrics({ queue, visible, inFlight, oldestMs, at }: QueueMinute): MetricDatum[] {
  const values: Readonly<Record<(typeof queueMetricNames)[number], number>> = {
    ApproximateNumberOfMessagesVisible: visible,
    ApproximateNumberOfMessagesNotVisible: inFlight,
    ApproximateAgeOfOldestMessage: Math.round(oldestMs / 1_000),
  };
  return queueMetricNames.map((name) => ({
    metric: {
      namespace: QUEUE_NAMESPACE,
      name,
      unit: name === 'ApproximateAgeOfOldestMessage' ? 'Seconds' : 'Count',
      dimensions: [['QueueName', queue]],
    },
    at,
    values: [values[name]],
  }));
}

/** Whether a metric of an AWS service has values here. */
export function isServiceMetric(namespace: string, name: string): boolean {
  const names = new Map<string, readonly string[]>([
    [STREAM_NAMESPACE, streamMetricNames],
    [FUNCTION_NAMESPACE, functionMetricNames],
    [QUEUE_NAMESPACE, queueMetricNames],
    [API_NAMESPACE, apiMetricNames],
  ]);
  return names.get(namespace)?.includes(name) === true;
}

import { type CloudWatchClient, paginateListMetrics } from '@aws-sdk/client-cloudwatch';
import { accessLogGroup } from '../../infra/endpoint/endpoint.ts';
import { deliveryLogGroup } from '../../infra/streams/streams.ts';
import { partName } from '../../infra/template/Stack.ts';
import { defineErrorFamily } from '../../lib/base/errors.ts';
import { METRIC_NAMESPACE } from '../../lib/base/log.ts';
import { DAY_MS } from '../../lib/base/time.ts';
import { collectMetrics } from '../../lib/collect/collectMetrics.ts';
import { BILLED_STEP_BYTES } from '../../lib/schema/deliveryLimits.ts';
import { hasFunctionUrl } from '../../lib/schema/endpoint.ts';
import type { Deployment } from '../deployment.ts';
import { readMetricData, type WantedMetric } from '../facts/flow/metricData.ts';
import { readStackOutputs, requireOutput } from '../facts/flow/stackOutputs.ts';
import { MONTH_DAYS, RUNS } from './landingUsage.ts';
import type { MonthlyUsage } from './monthlyCost.ts';
import { QUEUE_STEP_BYTES, REQUESTS_OF_NAME, type RelayUsage } from './relayUsage.ts';

/** Errors of the usage of a stage. */
export const StageUsageError = defineErrorFamily('user', {
  SLUICE_COST_NO_TRAFFIC: {
    cause: 'The stage has no metrics of requests in these days.',
    cure: 'Wait for events, look further back with --days, or calculate from a sample of bodies with --sample. Is the stage the right one?',
  },
});

/** `memorySize` of each function in infra/serverless/service.ts, MB. */
export const FUNCTION_MEGABYTES = {
  collect: 1_024,
  register: 512,
  write: 1_769,
  'ingest-plan': 512,
  relay: 512,
  'ingest-trigger': 512,
  'ingest-load': 1_769,
  export: 1_024,
  'curate-plan': 512,
  curate: 1_769,
} as const;

/** Values are read by the hour. https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html */
const PERIOD_SECONDS = 3_600;
/** Requests to the collector's Function URL: https://docs.aws.amazon.com/lambda/latest/dg/urls-monitoring.html */
const URL_REQUESTS = 'UrlRequestCount';
const PERIOD_MS = PERIOD_SECONDS * 1_000;

/** The usage of a stage, as a month of {@link MONTH_DAYS} days. */
export interface StageUsage {
  readonly usage: MonthlyUsage;
  /** Start and end of what was measured, epoch milliseconds. */
  readonly since: number;
  readonly until: number;
}

/**
 * Reads the usage of a stage from CloudWatch: its own metrics, and those of Lambda, Firehose, Logs, S3 and Athena. A
 * deployment that is younger than the days is measured since its first request.
 *
 * @param days Days to look back, 1 to 30.
 * @throws StageUsageError without requests in these days; what CloudWatch's client throws.
 */
export async function measureStage(
  deployment: Pick<Deployment, 'aws' | 'cloudwatch' | 'config' | 'stack' | 'now'>,
  days: number,
): Promise<StageUsage> {
  const { cloudwatch, config, stack, now } = deployment;
  const stream = requireOutput(await readStackOutputs(deployment), 'LandingStreamName');
  const from = Math.floor((now - days * DAY_MS) / PERIOD_MS) * PERIOD_MS;
  const values = await readValues(cloudwatch, stageMetrics(deployment, stream), from, now);
  const began = values.first('requests');
  if (began === null)
    throw new StageUsageError('SLUICE_COST_NO_TRAFFIC', `${stack.service}-${stack.stage}, ${days} days.`);
  const since = Math.max(from, began);
  const factor = (MONTH_DAYS * DAY_MS) / Math.max(PERIOD_MS, now - since);
  const month = (id: string) => values.sum(id) * factor;
  const { write, ...others } = FUNCTION_MEGABYTES;
  const functions = Object.entries(others);
  const spent = ([name, megabytes]: readonly [string, number]) =>
    (month(`duration ${name}`) / 1_000) * (megabytes / 1_024);
  const count = month('requests');
  /** Null where a service has told nothing, as S3 of a new bucket. */
  const told = (ids: readonly string[]) =>
    ids.some((id) => values.has(id)) ? sum(ids, (id) => month(id)) : null;
  const landed = told([OBJECT_MESSAGES]);
  const logBytes = told(logGroups(deployment).map((group) => `logs ${group}`));
  const put = { bytes: month('bytes put'), records: month('records put') };
  return {
    usage: {
      events: month(collectMetrics.received.name),
      requests: count,
      // The metrics of a gateway have its ID, which nothing here knows: what came through no Function URL came through it.
      gatewayUnits: Math.max(0, count - month(URL_REQUESTS)),
      // Lambda's metrics lag behind: each request is an invocation.
      invocations: Math.max(
        count,
        sum(functions, ([name]) => month(`invocations ${name}`)),
      ),
      gigabyteSeconds: sum(functions, spent),
      write: { invocations: month('invocations write'), gigabyteSeconds: spent(['write', write]) },
      recordBytes: put.bytes,
      billedBytes: estimateBilledBytes(put),
      // Each is a message; so is a run of the schedule.
      landing:
        landed === null
          ? null
          : { objects: Math.max(0, landed - RUNS), files: Math.max(0, month(FILE_MESSAGES) - RUNS) },
      storedBytes: values.last(STORED),
      logBytes,
      metrics: await countMetrics(cloudwatch, stack.stage),
      // Without queries there is no value; without values of Logs, AWS's metrics are not there at all.
      athenaBytes: logBytes === null ? told(['athena']) : month('athena'),
      relay: config.relay === undefined ? null : relayOf(month),
    },
    since,
    until: now,
  };
}

/** Messages of the queues of the writer and of the registrar. */
const OBJECT_MESSAGES = 'messages of objects';
const FILE_MESSAGES = 'messages of files';

/** Metrics of the queue of copies: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html */
const QUEUE_METRICS = {
  copiesSent: 'NumberOfMessagesSent',
  copiesReceived: 'NumberOfMessagesReceived',
  copiesDeleted: 'NumberOfMessagesDeleted',
  copyBytes: 'SentMessageSize',
} as const;

/**
 * Relay's usage. SQS reports messages, not requests: each is taken to be received and deleted alone, which is the most
 * that it can cost. Of what it sends, a copy has the body as base64.
 */
function relayOf(month: (id: string) => number): RelayUsage {
  const kept = month(collectMetrics.RelayKept.name);
  const [sent, received] = [month('copiesSent'), month('copiesReceived')];
  const bytes = month('copyBytes');
  // A message has one step at least, and wastes half a step on average.
  const steps = (messages: number) =>
    sent === 0 ? 0 : Math.max(messages, (messages * bytes) / sent / QUEUE_STEP_BYTES + messages / 2);
  const bucketCopies = Math.max(0, kept - sent);
  return {
    copies: Math.max(kept, sent),
    queueRequests: steps(sent) + steps(received) + month('copiesDeleted') + bucketCopies * REQUESTS_OF_NAME,
    bucketCopies,
    sentBytes: bytes * 0.75,
  };
}

/**
 * Bytes that Firehose bills for records, which it rounds up to 5 KB each: no metric says it. A record is at least one step,
 * and wastes half a step on average. Records of one event each have one step and are exact.
 */
function estimateBilledBytes(stream: { readonly bytes: number; readonly records: number }): number {
  const { bytes, records } = stream;
  return Math.max(records * BILLED_STEP_BYTES, bytes + (records * BILLED_STEP_BYTES) / 2);
}

/**
 * Names and dimensions:
 * https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
 * https://docs.aws.amazon.com/firehose/latest/dev/monitoring-with-cloudwatch-metrics.html
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatch-Logs-Monitoring-CloudWatch-Metrics.html
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/metrics-dimensions.html
 * https://docs.aws.amazon.com/athena/latest/ug/query-metrics-viewing.html
 */
function stageMetrics(
  { config, stack }: Pick<Deployment, 'config' | 'stack'>,
  stream: string,
): readonly WantedMetric[] {
  const { received } = collectMetrics;
  const summed = { statistic: 'Sum' } as const;
  const ofRequests = {
    namespace: METRIC_NAMESPACE,
    metric: received.name,
    dimensions: { function: 'collect', stage: stack.stage },
  };
  return [
    { ...ofRequests, ...summed, id: received.name },
    // Each request has one value.
    { ...ofRequests, statistic: 'SampleCount', id: 'requests' },
    ...(hasFunctionUrl(config.endpoint)
      ? [
          {
            ...{ ...summed, id: URL_REQUESTS, namespace: 'AWS/Lambda', metric: URL_REQUESTS },
            dimensions: { FunctionName: partName(stack, 'collect') },
          },
        ]
      : []),
    ...Object.keys(FUNCTION_MEGABYTES).flatMap((name) => {
      const common = {
        ...summed,
        namespace: 'AWS/Lambda',
        dimensions: { FunctionName: partName(stack, name) },
      };
      return [
        { ...common, id: `invocations ${name}`, metric: 'Invocations' },
        { ...common, id: `duration ${name}`, metric: 'Duration' },
      ];
    }),
    ...[
      ['bytes put', 'IncomingBytes'],
      ['records put', 'IncomingRecords'],
    ].map(([id = '', metric = '']) => ({
      ...{ ...summed, id, metric, namespace: 'AWS/Firehose' },
      dimensions: { DeliveryStreamName: stream },
    })),
    ...[
      [OBJECT_MESSAGES, 'write'],
      [FILE_MESSAGES, 'register'],
    ].map(([id = '', queue = '']) => ({
      ...{ ...summed, id, namespace: 'AWS/SQS', metric: QUEUE_METRICS.copiesSent },
      dimensions: { QueueName: partName(stack, queue) },
    })),
    ...(config.relay === undefined ? [] : relayMetricsOf(stack)),
    ...logGroups({ config, stack }).map((LogGroupName) => ({
      ...{ ...summed, id: `logs ${LogGroupName}`, namespace: 'AWS/Logs', metric: 'IncomingBytes' },
      dimensions: { LogGroupName },
    })),
    {
      ...{ id: STORED, namespace: 'AWS/S3', metric: 'BucketSizeBytes', statistic: 'Average' },
      dimensions: { BucketName: config.bucket, StorageType: 'StandardStorage' },
    },
    {
      ...{ ...summed, id: 'athena', namespace: 'AWS/Athena', metric: 'ProcessedBytes' },
      dimensions: { QueryState: 'SUCCEEDED', QueryType: 'DML', WorkGroup: config.athena.workgroup },
    },
  ];
}

function relayMetricsOf(stack: Deployment['stack']): readonly WantedMetric[] {
  const { name } = collectMetrics.RelayKept;
  return [
    {
      ...{ id: name, namespace: METRIC_NAMESPACE, metric: name, statistic: 'Sum' },
      dimensions: { function: 'collect', stage: stack.stage },
    },
    ...Object.entries(QUEUE_METRICS).map(([id, metric]) => ({
      ...{ id, namespace: 'AWS/SQS', metric, statistic: 'Sum' },
      dimensions: { QueueName: partName(stack, 'relay') },
    })),
  ];
}

function logGroups({ config, stack }: Pick<Deployment, 'config' | 'stack'>): readonly string[] {
  return [
    ...(config.endpoint.accessLogDays === null ? [] : [accessLogGroup(stack)]),
    ...Object.keys(FUNCTION_MEGABYTES).map((name) => `/aws/lambda/${partName(stack, name)}`),
    deliveryLogGroup(stack),
  ];
}

/** The size of the bucket, which S3 tells once a day, and late. */
const STORED = 'stored';
const STORED_DAYS = 3;

/** Values of metrics by the hour. */
class MetricValues {
  readonly #points = new Map<string, Map<number, number>>();

  add(id: string, at: number, value: number): void {
    const points = this.#points.get(id) ?? new Map<number, number>();
    this.#points.set(id, points.set(at, value));
  }

  sum(id: string): number {
    return sum([...(this.#points.get(id)?.values() ?? [])], (value) => value);
  }

  has(id: string): boolean {
    return this.#points.has(id);
  }

  /** The newest value; null without any. */
  last(id: string): number | null {
    const points = [...(this.#points.get(id) ?? [])].sort(([one], [other]) => one - other);
    return points.at(-1)?.[1] ?? null;
  }

  /** Time of the first value above 0, epoch milliseconds; null without one. */
  first(id: string): number | null {
    const times = [...(this.#points.get(id) ?? [])].filter(([, value]) => value > 0).map(([at]) => at);
    return times.length === 0 ? null : Math.min(...times);
  }
}

async function readValues(
  client: CloudWatchClient,
  metrics: readonly WantedMetric[],
  from: number,
  until: number,
): Promise<MetricValues> {
  const values = new MetricValues();
  const start = Math.min(from, until - STORED_DAYS * DAY_MS);
  const about = { start, end: until, periodSeconds: PERIOD_SECONDS };
  for (const [id, points] of await readMetricData({ cloudwatch: client }, metrics, about))
    for (const [at, value] of points) if (at >= from || id === STORED) values.add(id, at, value);
  return values;
}

/**
 * Custom metrics of a stage that had values in the last two weeks. CloudWatch bills each by the hours in which it has some, so
 * this is the most that they cost: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_ListMetrics.html
 */
async function countMetrics(client: CloudWatchClient, stage: string): Promise<number> {
  let count = 0;
  for await (const { Metrics = [] } of paginateListMetrics({ client }, { Namespace: METRIC_NAMESPACE }))
    count += Metrics.filter(({ MetricName = '', Dimensions = [] }) =>
      // Metrics of log filters have no dimensions, but the stage in their names.
      Dimensions.length === 0
        ? MetricName.endsWith(`-${stage}`)
        : Dimensions.some(({ Name, Value }) => Name === 'stage' && Value === stage),
    ).length;
  return count;
}

function sum<Item>(items: readonly Item[], value: (item: Item) => number): number {
  return items.reduce((total, item) => total + value(item), 0);
}

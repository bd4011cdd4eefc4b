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
import { functionMegabytes, MONTH_DAYS, type MonthlyUsage, RUNS } from './monthlyCost.ts';

/** Errors of the usage of a stage. */
export const StageUsageError = defineErrorFamily('user', {
  SLUICE_COST_NO_TRAFFIC: {
    cause: 'The stage has no metrics of requests in these days.',
    cure: 'Wait for events, look further back with --days, or calculate from a sample of bodies with --sample. Is the stage the right one?',
  },
});

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
  const { cloudwatch, stack, now } = deployment;
  const stream = requireOutput(await readStackOutputs(deployment), 'LandingStreamName');
  const from = Math.floor((now - days * DAY_MS) / PERIOD_MS) * PERIOD_MS;
  const start = Math.min(from, now - STORED_DAYS * DAY_MS);
  const about = { start, end: now, periodSeconds: PERIOD_SECONDS };
  const series = await readMetricData({ cloudwatch }, stageMetrics(deployment, stream), about);
  const began = [...(series.get('requests') ?? [])].flatMap(([at, n]) => (at >= from && n > 0 ? [at] : []));
  if (began.length === 0)
    throw new StageUsageError('SLUICE_COST_NO_TRAFFIC', `${stack.service}-${stack.stage}, ${days} days.`);
  const since = Math.min(...began);
  const factor = (MONTH_DAYS * DAY_MS) / Math.max(PERIOD_MS, now - since);
  /** Null where a service has told nothing, as S3 of a new bucket. */
  const told = (...ids: readonly string[]) => {
    const points = ids.flatMap((id) => [...(series.get(id) ?? [])]).filter(([at]) => at >= from);
    return points.length === 0 ? null : points.reduce((sum, [, value]) => sum + value, 0) * factor;
  };
  const month = (id: string) => told(id) ?? 0;
  const functions = Object.entries(functionMegabytes(deployment.config)).map(([name, megabytes]) => ({
    name,
    invocations: month(`invocations ${name}`),
    gigabyteSeconds: (month(`duration ${name}`) / 1_000) * (megabytes / 1_024),
  }));
  const write = functions.find(({ name }) => name === 'write') ?? { invocations: 0, gigabyteSeconds: 0 };
  const sum = (of: 'invocations' | 'gigabyteSeconds') =>
    functions.reduce((all, one) => all + (one.name === 'write' ? 0 : one[of]), 0);
  const requests = month('requests');
  const objects = told('objects');
  const logBytes = told(...logGroups(deployment).map((group) => `logs ${group}`));
  const [bytes, records] = [month('bytes put'), month('records put')];
  return {
    usage: {
      events: month(collectMetrics.received.name),
      requests,
      // The metrics of a gateway have its ID, which nothing here knows: what came through no Function URL came through it.
      gatewayUnits: Math.max(0, requests - month(URL_REQUESTS)),
      // Lambda's metrics lag behind: each request is an invocation.
      invocations: Math.max(requests, sum('invocations')),
      gigabyteSeconds: sum('gigabyteSeconds'),
      write: { invocations: write.invocations, gigabyteSeconds: write.gigabyteSeconds },
      recordBytes: bytes,
      // No metric says what Firehose bills: it rounds a record up to 5 KB, which wastes half a step on average.
      billedBytes: Math.max(records * BILLED_STEP_BYTES, bytes + (records * BILLED_STEP_BYTES) / 2),
      // Each is a message; so is a run of the schedule.
      landing:
        objects === null
          ? null
          : { objects: Math.max(0, objects - RUNS), files: Math.max(0, month('files') - RUNS) },
      storedBytes: [...(series.get('stored') ?? [])].sort(([one], [other]) => other - one)[0]?.[1] ?? null,
      logBytes,
      metrics: await countMetrics(cloudwatch, stack.stage),
      // Without queries there is no value; without values of Logs, AWS's metrics are not there at all.
      athenaBytes: logBytes === null ? told('athena') : month('athena'),
    },
    since,
    until: now,
  };
}

/** Days of the size of the bucket, which S3 tells once a day, and late. */
const STORED_DAYS = 3;

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
  const of = (id: string, namespace: string, metric: string, dimensions: WantedMetric['dimensions']) => ({
    ...{ id, namespace, metric, dimensions, statistic: 'Sum' },
  });
  const received = collectMetrics.received.name;
  const ofRequests = of(received, METRIC_NAMESPACE, received, { function: 'collect', stage: stack.stage });
  const functionNamed = (name: string) => ({ FunctionName: partName(stack, name) });
  const sentTo = (id: string, queue: string) =>
    of(id, 'AWS/SQS', 'NumberOfMessagesSent', { QueueName: partName(stack, queue) });
  const put = { DeliveryStreamName: stream };
  const workgroup = { QueryState: 'SUCCEEDED', QueryType: 'DML', WorkGroup: config.athena.workgroup };
  return [
    ofRequests,
    // Each request has one value.
    { ...ofRequests, statistic: 'SampleCount', id: 'requests' },
    ...(hasFunctionUrl(config.endpoint)
      ? [of(URL_REQUESTS, 'AWS/Lambda', URL_REQUESTS, functionNamed('collect'))]
      : []),
    ...Object.keys(functionMegabytes(config)).flatMap((name) => [
      of(`invocations ${name}`, 'AWS/Lambda', 'Invocations', functionNamed(name)),
      of(`duration ${name}`, 'AWS/Lambda', 'Duration', functionNamed(name)),
    ]),
    of('bytes put', 'AWS/Firehose', 'IncomingBytes', put),
    of('records put', 'AWS/Firehose', 'IncomingRecords', put),
    sentTo('objects', 'write'),
    sentTo('files', 'register'),
    ...logGroups({ config, stack }).map((LogGroupName) =>
      of(`logs ${LogGroupName}`, 'AWS/Logs', 'IncomingBytes', { LogGroupName }),
    ),
    {
      ...{ id: 'stored', namespace: 'AWS/S3', metric: 'BucketSizeBytes', statistic: 'Average' },
      dimensions: { BucketName: config.bucket, StorageType: 'StandardStorage' },
    },
    of('athena', 'AWS/Athena', 'ProcessedBytes', workgroup),
  ];
}

function logGroups({ config, stack }: Pick<Deployment, 'config' | 'stack'>): readonly string[] {
  return [
    ...(config.endpoint.accessLogDays === null ? [] : [accessLogGroup(stack)]),
    ...Object.keys(functionMegabytes(config)).map((name) => `/aws/lambda/${partName(stack, name)}`),
    deliveryLogGroup(stack),
  ];
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

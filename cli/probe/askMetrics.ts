import { GetMetricDataCommand, type MetricDataQuery } from '@aws-sdk/client-cloudwatch';
import { METRIC_NAMESPACE } from '../../lib/base/log.ts';
import { collectMetrics } from '../../lib/collect/collectMetrics.ts';
import { type Answer, answer } from './Answer.ts';
import { LOOK_EVERY_MS, LOOK_LOCALLY_EVERY_MS, METRICS_WAIT_MS, SCHEDULED_MS } from './limits.ts';
import type { ProbeContext } from './openProbe.ts';

const CODE = 'SLUICE_PROBE_METRICS';
/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html: periods of whole minutes. */
const PERIOD_SECONDS = 60;
const PERIOD_MS = PERIOD_SECONDS * 1_000;

/** A metric and its expected minimum. */
interface Wanted {
  readonly name: string;
  readonly query: MetricDataQuery;
  /** Start of the period, epoch milliseconds. */
  readonly since: number;
  readonly least: number;
}

/** Requests that the collector has answered since a time of the deployment's clock, epoch milliseconds. */
interface Sent {
  readonly since: number;
  readonly requests: number;
  /** How far that clock is ahead of this machine's, milliseconds: the local cloud's can be moved. */
  readonly aheadMs: number;
}

/**
 * Polls CloudWatch for a metric that a function prints, one of a metric filter, and one of EventBridge Scheduler, until all
 * are there or the time is over. The local cloud has no metrics of filters.
 *
 * @throws What CloudWatch's client throws.
 */
export async function askMetrics(context: ProbeContext, sent: Sent): Promise<Answer> {
  const { isLocal, clock, wait } = context;
  const wanted = wantedMetrics(context, sent, clock.now() + sent.aheadMs);
  const deadline = clock.now() + METRICS_WAIT_MS;
  for (;;) {
    const counted = await countMetrics(context, wanted, clock.now() + sent.aheadMs);
    const asExpected = wanted.every(({ least }, i) => (counted[i] ?? 0) >= least);
    if (asExpected || clock.now() >= deadline) {
      const found = wanted.map(({ name, least }, i) => `${name} ${counted[i] ?? 0} of at least ${least}`);
      return answer(CODE, asExpected, found.join(', '));
    }
    await wait(Math.min(isLocal ? LOOK_LOCALLY_EVERY_MS : LOOK_EVERY_MS, deadline - clock.now()));
  }
}

function wantedMetrics({ stack, isLocal }: ProbeContext, sent: Sent, now: number): readonly Wanted[] {
  const { received } = collectMetrics;
  const printed: Wanted = {
    // Each request has one value.
    name: `values of ${received.name}`,
    query: metricQuery('printed', METRIC_NAMESPACE, received.name, 'SampleCount', {
      function: 'collect',
      stage: stack.stage,
    }),
    since: sent.since,
    least: sent.requests,
  };
  if (isLocal) return [printed];
  return [
    printed,
    {
      name: 'InvocationAttemptCount',
      query: metricQuery('scheduled', 'AWS/Scheduler', 'InvocationAttemptCount', 'Sum', {
        ScheduleGroup: 'default',
      }),
      since: now - SCHEDULED_MS,
      least: 1,
    },
  ];
}

function metricQuery(
  Id: string,
  Namespace: string,
  MetricName: string,
  Stat: 'Sum' | 'SampleCount',
  dimensions: Readonly<Record<string, string>>,
): MetricDataQuery {
  const Dimensions = Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value }));
  return { Id, MetricStat: { Metric: { Namespace, MetricName, Dimensions }, Period: PERIOD_SECONDS, Stat } };
}

/** The sum of each metric's datapoints in its period, in one call. */
async function countMetrics(
  { clients }: ProbeContext,
  wanted: readonly Wanted[],
  now: number,
): Promise<readonly number[]> {
  const minute = (ms: number) => Math.floor(ms / PERIOD_MS) * PERIOD_MS;
  const { MetricDataResults = [] } = await clients.cloudwatch.send(
    new GetMetricDataCommand({
      MetricDataQueries: wanted.map(({ query }) => query),
      StartTime: new Date(minute(Math.min(...wanted.map(({ since }) => since)))),
      EndTime: new Date(minute(now) + PERIOD_MS),
    }),
  );
  return wanted.map(({ query, since }) => {
    const { Timestamps = [], Values = [] } = MetricDataResults.find(({ Id }) => Id === query.Id) ?? {};
    return Values.reduce(
      (sum, value, i) => ((Timestamps[i]?.getTime() ?? 0) < minute(since) ? sum : sum + value),
      0,
    );
  });
}

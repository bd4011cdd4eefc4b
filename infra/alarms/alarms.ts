import { METRIC_NAMESPACE } from '../../lib/base/log.ts';
import type { CollectError } from '../../lib/collect/CollectError.ts';
import { collectMetrics } from '../../lib/collect/collectMetrics.ts';
import { requestLimits } from '../../lib/schema/config.ts';
import { tableKinds } from '../../lib/schema/kinds.ts';
import { DELIVERY_RETRY_SECONDS } from '../streams/streams.ts';
import { type Resources, ref } from '../template/Resource.ts';
import { kindId, logicalIds, partName, type Stack } from '../template/Stack.ts';
import { alarm, deadLettersAlarm, shareAlarm, type WatchedMetric } from './alarm.ts';
import { exportAlarms, ingestAlarms } from './dropAlarms.ts';
import { parkedMetric, partitionGapsMetric } from './loggedMetrics.ts';

const PAGE = 'docs/redrive.md, "Alarms"';

/** Alarms on what needs a person: docs/metrics.md lists them. They tell the topic of the configuration, if there is one. */
export function alarms(stack: Stack): Resources {
  return {
    ...collectorAlarms(stack),
    ...streamAlarms(stack),
    ParkedAlarm: alarm(stack, 'parked', {
      ...parkedMetric(stack),
      description: 'Objects are parked: see docs/redrive.md, "What is parked"',
      // A run that was late says nothing of what is parked.
      missing: 'ignore',
    }),
    PartitionGapsAlarm: alarm(stack, 'partition-gaps', {
      ...partitionGapsMetric(stack),
      description: 'Days have files that no query reads: see docs/deploy.md, "When something is stuck"',
      // Until the next run says otherwise.
      missing: 'ignore',
    }),
    RedriveDeadLettersAlarm: deadLettersAlarm(stack, 'redrive', logicalIds.redriveDeadLetters, PAGE),
    RegisterDeadLettersAlarm: deadLettersAlarm(stack, 'register', logicalIds.deadLetters, PAGE),
    ...ingestAlarms(stack),
    ...exportAlarms(stack),
  };
}

/** Percent of requests. Some 4xx are always there: apps with an old key, and whoever looks for open doors. */
const CLIENT_ERRORS_PERCENT = 5;
const SERVER_ERRORS_PERCENT = 1;
/** Requests in five minutes below which their share says nothing. */
const CLIENT_ERRORS_AT_LEAST = 20;
const SERVER_ERRORS_AT_LEAST = 5;
/** Periods for which Firehose must leave something over: a moment's throttling is what overflow is for. */
const OVERFLOW_PERIODS = 3;
/** Of the lower one of the stage's limit and the account's, beyond which the gateway loses events. */
const STAGE_LIMIT_PERCENT = 50;
const MINUTE = 60;

const MANGLED: keyof typeof CollectError.entries = 'SLUICE_COLLECT_BODY_MANGLED';

/**
 * Alarms on requests that are not taken: by the collector's own count where it sees them, and by the gateway's and
 * Lambda's where it doesn't: a 429 or 413 of the gateway's own, an invocation that Lambda throttles.
 *
 * Metrics and dimensions: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html and
 * https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
 */
function collectorAlarms(stack: Stack): Resources {
  const ofApi = (metric: '4xx' | '5xx' | 'Count'): WatchedMetric => ({
    namespace: 'AWS/ApiGateway',
    metric,
    statistic: 'Sum',
    dimensions: { ApiId: ref(logicalIds.httpApi) },
  });
  const { overflowed, refused_requests } = collectMetrics;
  const { effectiveRequestsPerSecond } = requestLimits(stack.config);
  return {
    MangledAlarm: alarm(stack, 'mangled', {
      description:
        'The gateway hands compressed bodies over as text: see docs/quarantine.md, "What is not kept"',
      namespace: METRIC_NAMESPACE,
      metric: refused_requests.name,
      statistic: 'Sum',
      dimensions: { function: 'collect', stage: stack.stage, reason: MANGLED },
    }),
    CollectThrottledAlarm: alarm(stack, 'collect-throttled', {
      description: 'Lambda has no room for the collector: see docs/deploy.md, "Overload"',
      namespace: 'AWS/Lambda',
      metric: 'Throttles',
      statistic: 'Sum',
      dimensions: { FunctionName: partName(stack, 'collect') },
    }),
    OverflowAlarm: alarm(stack, 'overflow', {
      description: 'Firehose does not take what is put on a stream: see docs/redrive.md, "Alarms"',
      namespace: METRIC_NAMESPACE,
      metric: overflowed.name,
      statistic: 'Sum',
      dimensions: { function: 'collect', stage: stack.stage },
      periods: OVERFLOW_PERIODS,
    }),
    StageLimitAlarm: alarm(stack, 'stage-limit', {
      ...ofApi('Count'),
      description: `${STAGE_LIMIT_PERCENT} % of what the gateway takes: beyond its limit events are lost, see docs/deploy.md, "Overload"`,
      // One request is a minute's least, where the limit is that low.
      threshold: Math.max(1, Math.round((effectiveRequestsPerSecond * MINUTE * STAGE_LIMIT_PERCENT) / 100)),
      periodSeconds: MINUTE,
    }),
    ClientErrorsAlarm: shareAlarm(stack, 'api-4xx', {
      description: `${CLIENT_ERRORS_PERCENT} % of requests are refused, 429 and 413 of the gateway's own among them: see docs/answers.md, "What the gateway answers by itself"`,
      some: ofApi('4xx'),
      all: ofApi('Count'),
      atLeast: CLIENT_ERRORS_AT_LEAST,
      threshold: CLIENT_ERRORS_PERCENT,
    }),
    ServerErrorsAlarm: shareAlarm(stack, 'api-5xx', {
      description: `${SERVER_ERRORS_PERCENT} % of requests fail, and SDKs send them again: look at refused_requests by reason (docs/metrics.md)`,
      some: ofApi('5xx'),
      all: ofApi('Count'),
      atLeast: SERVER_ERRORS_AT_LEAST,
      threshold: SERVER_ERRORS_PERCENT,
    }),
  };
}

/** Periods for which a stream must be late: one file that was written at the second try needs nobody. */
const LATE_PERIODS = 3;

/**
 * An alarm on each stream that no longer brings what it took into the bucket. A file comes up to one and a half
 * buffer intervals after its oldest record (https://docs.aws.amazon.com/firehose/latest/dev/dynamic-partitioning.html),
 * and Firehose may try for some time to write it.
 *
 * Metric and dimension: https://docs.aws.amazon.com/firehose/latest/dev/monitoring-with-cloudwatch-metrics.html
 */
function streamAlarms(stack: Stack): Resources {
  const lateSeconds = 2 * stack.config.buffering.seconds + DELIVERY_RETRY_SECONDS;
  return Object.fromEntries(
    tableKinds.map((kind) => [
      kindId(kind, 'LateAlarm'),
      alarm(stack, `${kind}-late`, {
        description: `Firehose holds ${kind} back that are older than ${lateSeconds} s: look into its log group and at its role`,
        namespace: 'AWS/Firehose',
        metric: 'DeliveryToS3.DataFreshness',
        statistic: 'Maximum',
        dimensions: { DeliveryStreamName: ref(kindId(kind, 'Stream')) },
        threshold: lateSeconds,
        periods: LATE_PERIODS,
      }),
    ]),
  );
}

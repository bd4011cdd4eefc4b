import { METRIC_NAMESPACE } from '../../lib/base/log.ts';
import type { CollectError } from '../../lib/collect/CollectError.ts';
import { collectMetrics } from '../../lib/collect/collectMetrics.ts';
import { MAX_COUNTED } from '../../lib/landing/redrive/redriveMessages.ts';
import { requestLimits } from '../../lib/schema/config.ts';
import { type Resources, ref } from '../template/Resource.ts';
import { logicalIds, partName, type Stack } from '../template/Stack.ts';
import { alarm, deadLettersAlarm, SPARE_PERIODS, shareAlarm, type WatchedMetric } from './alarm.ts';
import { curateAlarms } from './curateAlarms.ts';
import { exportAlarms, ingestAlarms } from './dropAlarms.ts';
import { holdAlarms } from './holdAlarms.ts';
import { backlogAgeMetric, backlogMetric, parkedMetric, partitionGapsMetric } from './loggedMetrics.ts';

const PAGE = 'docs/redrive.md, "Alarms"';

/** Alarms on what needs a person. docs/metrics.md lists them. They notify `alarms.topicArn` of the configuration, if set. */
export function alarms(stack: Stack): Resources {
  return {
    ...collectorAlarms(stack),
    ...holdAlarms(stack),
    ParkedAlarm: alarm(stack, 'parked', {
      ...parkedMetric(stack),
      description: 'Objects are parked: see docs/redrive.md, "What is parked"',
      // A late run does not change what is parked.
      missing: 'ignore',
    }),
    BacklogAlarm: alarm(stack, 'backlog', {
      ...backlogMetric(stack),
      description: `At least ${MAX_COUNTED} objects wait in overflow and errors: see ${PAGE}`,
      threshold: MAX_COUNTED,
      of: 1 + SPARE_PERIODS,
    }),
    BacklogAgeAlarm: alarm(stack, 'backlog-age', {
      ...backlogAgeMetric(stack),
      description: `Rows have waited in overflow or errors for more than an hour: see ${PAGE}`,
      threshold: HOUR,
      of: 1 + SPARE_PERIODS,
    }),
    PartitionGapsAlarm: alarm(stack, 'partition-gaps', {
      ...partitionGapsMetric(stack),
      description: 'Days have files that no query reads: see docs/deploy.md, "When something is stuck"',
      // The next hourly run changes the state.
      periodSeconds: HOUR,
      of: 2,
    }),
    RedriveDeadLettersAlarm: deadLettersAlarm(stack, 'redrive', logicalIds.redriveDeadLetters, PAGE),
    RegisterDeadLettersAlarm: deadLettersAlarm(stack, 'register', logicalIds.deadLetters, PAGE),
    ...ingestAlarms(stack),
    ...exportAlarms(stack),
    ...curateAlarms(stack),
  };
}

/** Percent of requests. Some 4xx are normal: apps with an old key, and port scanners. */
const CLIENT_ERRORS_PERCENT = 5;
const SERVER_ERRORS_PERCENT = 1;
/** Requests in five minutes below which their share means nothing. */
const CLIENT_ERRORS_AT_LEAST = 20;
const SERVER_ERRORS_AT_LEAST = 5;
/** Periods in which Firehose must reject records before the alarm fires. Overflow absorbs short throttling. */
const OVERFLOW_PERIODS = 3;
/** Percent of the lower of the limits of stage and account. Beyond the limit the gateway rejects requests, and events are lost. */
const STAGE_LIMIT_PERCENT = 50;
const MINUTE = 60;
const HOUR = 3_600;
/** Failed reads of the experiment groups within an hour. A collector reads every five minutes, and one failure passes. */
const GROUPS_FAILURES = 3;

const MANGLED: keyof typeof CollectError.entries = 'SLUICE_COLLECT_BODY_MANGLED';

/**
 * Alarms on requests that are not accepted. The collector's own metrics cover the requests that reach it. The metrics of
 * the gateway and of Lambda cover the others: a 429 or 413 of the gateway, and an invocation that Lambda throttles.
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
  const { groups_failures, overflowed, refused_requests } = collectMetrics;
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
      description: 'Lambda throttles the collector: see docs/deploy.md, "Overload"',
      namespace: 'AWS/Lambda',
      metric: 'Throttles',
      statistic: 'Sum',
      dimensions: { FunctionName: partName(stack, 'collect') },
    }),
    OverflowAlarm: alarm(stack, 'overflow', {
      description: 'Firehose rejects records, or a stream is held: see docs/redrive.md, "Alarms"',
      namespace: METRIC_NAMESPACE,
      metric: overflowed.name,
      statistic: 'Sum',
      dimensions: { function: 'collect', stage: stack.stage },
      periods: OVERFLOW_PERIODS,
    }),
    GroupsAlarm: alarm(stack, 'groups', {
      description:
        'Collectors cannot read the table of experiment groups: see docs/statsig.md, "Groups from Statsig\'s specs"',
      namespace: METRIC_NAMESPACE,
      metric: groups_failures.name,
      statistic: 'Sum',
      dimensions: { function: 'collect', stage: stack.stage },
      threshold: GROUPS_FAILURES,
      periodSeconds: HOUR,
    }),
    StageLimitAlarm: alarm(stack, 'stage-limit', {
      ...ofApi('Count'),
      description: `${STAGE_LIMIT_PERCENT} % of the request limit of the gateway, beyond which events are lost: see docs/deploy.md, "Overload"`,
      // At least one request a minute, for very low limits.
      threshold: Math.max(1, Math.round((effectiveRequestsPerSecond * MINUTE * STAGE_LIMIT_PERCENT) / 100)),
      periodSeconds: MINUTE,
    }),
    ClientErrorsAlarm: shareAlarm(stack, 'api-4xx', {
      description: `${CLIENT_ERRORS_PERCENT} % of requests are refused, including the gateway's own 429 and 413: see docs/answers.md, "What the gateway answers by itself"`,
      some: ofApi('4xx'),
      all: ofApi('Count'),
      atLeast: CLIENT_ERRORS_AT_LEAST,
      threshold: CLIENT_ERRORS_PERCENT,
    }),
    ServerErrorsAlarm: shareAlarm(stack, 'api-5xx', {
      description: `${SERVER_ERRORS_PERCENT} % of requests fail, and SDKs retry them: check refused_requests by reason (docs/metrics.md)`,
      some: ofApi('5xx'),
      all: ofApi('Count'),
      atLeast: SERVER_ERRORS_AT_LEAST,
      threshold: SERVER_ERRORS_PERCENT,
    }),
  };
}

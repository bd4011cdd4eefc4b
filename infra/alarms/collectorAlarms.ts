import type { CollectError } from '../../lib/collect/CollectError.ts';
import { collectMetrics } from '../../lib/collect/collectMetrics.ts';
import { requestLimits } from '../../lib/config/requestLimits.ts';
import { METRIC_NAMESPACE } from '../../lib/log/metricNamespace.ts';
import { ref } from '../template/intrinsics.ts';
import type { Resources } from '../template/Resource.ts';
import { logicalIds, partName, type Stack } from '../template/Stack.ts';
import { alarm, shareAlarm, type WatchedMetric } from './alarm.ts';

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
export function collectorAlarms(stack: Stack): Resources {
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

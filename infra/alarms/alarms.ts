import { METRIC_NAMESPACE } from '../../lib/base/log.ts';
import type { CollectError } from '../../lib/collect/CollectError.ts';
import { collectMetrics } from '../../lib/collect/collectMetrics.ts';
import { MAX_COUNTED } from '../../lib/landing/redrive/redriveMessages.ts';
import type { Resources } from '../template/Resource.ts';
import { logicalIds, partName, type Stack } from '../template/Stack.ts';
import { alarm, deadLettersAlarm } from './alarm.ts';
import { curateAlarms } from './curateAlarms.ts';
import { exportAlarms, ingestAlarms } from './dropAlarms.ts';
import { endpointAlarms } from './endpointAlarms.ts';
import { holdAlarms } from './holdAlarms.ts';
import {
  backlogAgeMetric,
  backlogMetric,
  parkedMetric,
  partitionGapsMetric,
  redriveUnreadMetric,
} from './loggedMetrics.ts';
import { relayAlarms } from './relayAlarms.ts';

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
      of: BACKLOG_PERIODS,
    }),
    BacklogAgeAlarm: alarm(stack, 'backlog-age', {
      ...backlogAgeMetric(stack),
      description: `Rows have waited in overflow or errors for more than an hour: see ${PAGE}`,
      threshold: HOUR,
      of: BACKLOG_PERIODS,
    }),
    PartitionGapsAlarm: alarm(stack, 'partition-gaps', {
      ...partitionGapsMetric(stack),
      description: 'Days have files that no query reads: see docs/deploy.md, "When something is stuck"',
      // The next hourly run changes the state.
      periodSeconds: HOUR,
      of: 3,
    }),
    RedriveUnreadAlarm: alarm(stack, 'redrive-unread', {
      ...redriveUnreadMetric(stack),
      description: `Redrive cannot read the bucket, so nobody knows what waits: see ${PAGE}`,
      periods: UNREAD_PERIODS,
      of: UNREAD_PERIODS + 2,
    }),
    RedriveDeadLettersAlarm: deadLettersAlarm(stack, 'redrive', logicalIds.redriveDeadLetters, PAGE),
    RegisterDeadLettersAlarm: deadLettersAlarm(stack, 'register', logicalIds.deadLetters, PAGE),
    ...passThroughAlarms(stack),
    ...ingestAlarms(stack),
    ...exportAlarms(stack),
    ...curateAlarms(stack),
    ...relayAlarms(stack),
  };
}

/** That reads find no free execution: SDKs that start then have no rules. */
function passThroughAlarms(stack: Stack): Resources {
  if (stack.config.passThrough === null) return {};
  return {
    PassThroughThrottledAlarm: alarm(stack, 'pass-through-throttled', {
      description: 'Lambda throttles reads of SDKs: see docs/sdks.md, "SDKs with one address"',
      namespace: 'AWS/Lambda',
      metric: 'Throttles',
      statistic: 'Sum',
      dimensions: { FunctionName: partName(stack, 'pass-through') },
    }),
  };
}

/** Periods in which Firehose must reject records before the alarm fires. Overflow absorbs short throttling. */
const OVERFLOW_PERIODS = 3;
const HOUR = 3_600;
/**
 * Periods of five minutes in which the backlog must have been told once. The run behind many objects waits in the queue, and
 * says nothing where nothing waits.
 */
const BACKLOG_PERIODS = 12;
/** Runs that could not read the bucket. One of them is a passing error. */
const UNREAD_PERIODS = 3;
/** Failed reads of the experiment groups within an hour. A collector reads every five minutes, and one failure passes. */
const GROUPS_FAILURES = 3;

const MANGLED: keyof typeof CollectError.entries = 'SLUICE_COLLECT_BODY_MANGLED';

/**
 * Alarms on requests that are not accepted. The collector's own metrics cover the requests that reach it. The metrics of
 * the endpoint and of Lambda cover the others: its own 429 or 413, and an invocation that Lambda throttles.
 */
function collectorAlarms(stack: Stack): Resources {
  const { groups_failures, overflowed, refused_requests } = collectMetrics;
  return {
    MangledAlarm: alarm(stack, 'mangled', {
      description:
        'The gateway or the Function URL hands compressed bodies over as text: see docs/quarantine.md, "What is not kept"',
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
    ...endpointAlarms(stack),
  };
}

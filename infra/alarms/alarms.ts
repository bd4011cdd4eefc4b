import type { CollectError } from '../../lib/collect/CollectError.ts';
import { collectMetrics, streamMetrics } from '../../lib/collect/collectMetrics.ts';
import { hoursSinceNight } from '../../lib/reconcile/lastNight.ts';
import { hoursShort } from '../../lib/reconcile/reconcileDays.ts';
import type { ForwardedKind } from '../../lib/schema/kinds.ts';
import type { Resources } from '../template/Resource.ts';
import type { Stack } from '../template/Stack.ts';
import { alarm, deadLettersAlarm, HOUR, ofFunction, ownMetric, QUARTER, silenceAlarm } from './alarm.ts';
import { curateAlarms } from './curateAlarms.ts';
import { exportAlarms, ingestAlarms } from './dropAlarms.ts';
import { endpointAlarms } from './endpointAlarms.ts';
import { functionAlarms } from './functionAlarms.ts';
import { loggedMetric } from './loggedMetrics.ts';
import { relayAlarms } from './relayAlarms.ts';
import { streamAlarms, writeQueueAlarm } from './streamAlarms.ts';

/**
 * The alarms on what needs a person. docs/operate.md has a section for each. They notify `alarms.topicArn` of the configuration, if
 * it is set.
 */
export function alarms(stack: Stack): Resources {
  return {
    ...collectorAlarms(stack),
    ...streamAlarms(stack),
    ...writeQueueAlarm(stack),
    ...alarm(stack, 'write-refused', {
      ...loggedMetric(stack, 'writeRefused'),
      description: 'An object of the landing is damaged, or a row of it does not fit its table',
      section: 'damaged',
    }),
    ...alarm(stack, 'write-undeleted', {
      ...loggedMetric(stack, 'writeUndeleted'),
      description: 'S3 denies deleting written objects of the landing',
      section: 'undeleted',
    }),
    ...alarm(stack, 'partition-gaps', {
      ...loggedMetric(stack, 'partitionGaps'),
      description: 'Days have files that no query reads',
      section: 'partitions',
      // The next hourly run changes the state.
      periodSeconds: HOUR,
      outOf: 3,
    }),
    ...deadLettersAlarm(stack, 'register'),
    ...ingestAlarms(stack),
    ...exportAlarms(stack),
    ...curateAlarms(stack),
    ...relayAlarms(stack),
    ...receivedHoursAlarms(stack),
    ...functionAlarms(stack),
  };
}

/**
 * The alarms on hours whose events are missing, by the nightly judgement, and on nights without a judgement. There are
 * none without `reconcile`.
 */
function receivedHoursAlarms(stack: Stack): Resources {
  if (!stack.config.reconcile) return {};
  return {
    ...alarm(stack, 'hours-short', {
      ...ownMetric(stack, hoursShort, 'Maximum'),
      description: 'Events that were accepted in an hour are nowhere',
      section: 'short',
      // A value comes each night.
      missing: 'ignore',
    }),
    ...alarm(stack, 'night-missing', {
      ...ownMetric(stack, hoursSinceNight, 'Maximum'),
      description: 'No night has judged received hours for more than a day',
      section: 'short',
      threshold: NIGHT_HOURS,
      // A value comes each hour.
      missing: 'ignore',
    }),
  };
}

/**
 * The number of periods in which Firehose must reject records before the alarm goes off. The bucket absorbs short
 * throttling.
 */
const OVERFLOW_PERIODS = 3;
/** Hours from one night to the next, with its retries. */
const NIGHT_HOURS = 26;
/**
 * The number of failed reads of the experiment groups within an hour. A collector reads them every five minutes, and
 * one failure needs no person.
 */
const GROUPS_FAILURES = 3;

/** The reason of a refused body that was handed over as text. */
const MANGLED: keyof typeof CollectError.entries = 'SLUICE_COLLECT_BODY_MANGLED';

/**
 * Alarms on the collector: on requests that are not accepted, on experiment groups that it cannot read, and on silence.
 * The collector's own metrics cover the requests that reach it. The metrics of the endpoint and of Lambda cover the
 * others: its own 429 or 413, and an invocation that Lambda throttles.
 */
function collectorAlarms(stack: Stack): Resources {
  const { groups_failures, overflowed, refused_requests } = collectMetrics;
  return {
    ...alarm(stack, 'mangled', {
      ...ownMetric(stack, refused_requests, 'Sum', { reason: MANGLED }),
      description: 'The gateway or the Function URL hands compressed bodies over as text',
      section: 'failed',
    }),
    ...alarm(stack, 'collect-throttled', {
      description: 'Lambda throttles the collector',
      section: 'failed',
      ...ofFunction(stack, 'collect', 'Throttles'),
    }),
    ...alarm(stack, 'overflow', {
      ...ownMetric(stack, overflowed),
      description: 'Firehose does not take requests: they become objects of their own',
      section: 'overflow',
      periods: OVERFLOW_PERIODS,
    }),
    ...alarm(stack, 'groups', {
      ...ownMetric(stack, groups_failures),
      description: 'Collectors cannot read the table of experiment groups',
      section: 'groups',
      threshold: GROUPS_FAILURES,
      periodSeconds: HOUR,
    }),
    ...endpointAlarms(stack),
    ...silenceAlarms(stack),
  };
}

/** Alarms on a table that gets far fewer rows than is usual. */
function silenceAlarms(stack: Stack): Resources {
  const { silenceFromPerHour } = stack.config.alarms;
  if (silenceFromPerHour === null) return {};
  const silent = (kind: ForwardedKind) =>
    silenceAlarm(stack, `${kind}-silent`, {
      ...ownMetric(stack, streamMetrics[kind].landed),
      description: `Far fewer ${kind} are stored than is usual at this hour`,
      section: 'silent',
      atLeast: Math.ceil((silenceFromPerHour * QUARTER) / HOUR),
    });
  return { ...silent('exposures'), ...silent('events') };
}

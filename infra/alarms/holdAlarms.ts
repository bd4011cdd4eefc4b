import { METRIC_NAMESPACE } from '../../lib/base/log.ts';
import { holdMetrics } from '../../lib/landing/hold/checkStreams.ts';
import { EXPIRING_SECONDS } from '../../lib/landing/hold/streamAge.ts';
import { type TableKind, tableKinds } from '../../lib/schema/kinds.ts';
import { DELIVERY_RETRY_SECONDS } from '../streams/streams.ts';
import type { Resource, Resources } from '../template/Resource.ts';
import { kindId, logicalIds, type Stack } from '../template/Stack.ts';
import { type AlarmTerms, alarm, deadLettersAlarm } from './alarm.ts';

const PAGE = 'docs/operate.md, "A stream delivers late"';

/** Checks in a row at which a stream must be late. One file that succeeds on the second attempt needs no person. */
const LATE_PERIODS = 3;

/**
 * Alarms on streams that deliver late, on streams that are held, on rows that Firehose drops within 12 hours, and on checks
 * that fail. How late a stream is, the check says: Firehose's own metric is missing while delivery is completely blocked.
 */
export function holdAlarms(stack: Stack): Resources {
  // A file arrives up to one and a half buffer intervals after its oldest record
  // (https://docs.aws.amazon.com/firehose/latest/dev/dynamic-partitioning.html), and Firehose may retry for some time.
  const lateSeconds = 2 * stack.config.buffering.seconds + DELIVERY_RETRY_SECONDS;
  return {
    StreamsHeldAlarm: alarm(stack, 'streams-held', {
      description: `Rows of a table go to overflow only, because its stream is held: see ${PAGE}`,
      namespace: METRIC_NAMESPACE,
      metric: holdMetrics.streams_held.name,
      statistic: 'Maximum',
      dimensions: { function: 'hold', stage: stack.stage },
      // The next check changes the state.
      missing: 'ignore',
    }),
    ...Object.fromEntries(
      tableKinds.flatMap((kind) => [
        [
          kindId(kind, 'LateAlarm'),
          ageAlarm(stack, kind, 'late', {
            description: `Firehose has undelivered ${kind} older than ${lateSeconds} s: check its log group and its role`,
            threshold: lateSeconds,
            periods: LATE_PERIODS,
          }),
        ],
        [
          kindId(kind, 'ExpiringAlarm'),
          ageAlarm(stack, kind, 'expiring', {
            description: `Firehose drops undelivered ${kind} within 12 hours: see ${PAGE}`,
            threshold: EXPIRING_SECONDS,
          }),
        ],
      ]),
    ),
    HoldDeadLettersAlarm: deadLettersAlarm(stack, 'hold', logicalIds.holdDeadLetters, PAGE),
  };
}

/** An alarm on the age of a stream's oldest record. */
function ageAlarm(stack: Stack, kind: TableKind, part: string, terms: AlarmTerms): Resource {
  return alarm(stack, `${kind}-${part}`, {
    ...terms,
    namespace: METRIC_NAMESPACE,
    metric: holdMetrics.oldest_record_seconds.name,
    statistic: 'Maximum',
    dimensions: { function: 'hold', stage: stack.stage, table: kind },
    // The next check changes the state.
    missing: 'ignore',
  });
}

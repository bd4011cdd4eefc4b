import { METRIC_NAMESPACE } from '../../lib/base/log.ts';
import { holdMetrics } from '../../lib/landing/hold/checkStreams.ts';
import { EXPIRING_SECONDS } from '../../lib/landing/hold/streamAge.ts';
import { type TableKind, tableKinds } from '../../lib/schema/kinds.ts';
import { lateSeconds } from '../streams/streams.ts';
import type { Resource, Resources } from '../template/Resource.ts';
import { kindId, logicalIds, type Stack } from '../template/Stack.ts';
import { type AlarmTerms, alarm, deadLettersAlarm, SPARE_PERIODS } from './alarm.ts';

const PAGE = 'docs/operate.md, "A stream delivers late"';

/** Checks in a row at which a stream must be late. One file that succeeds on the second attempt needs no person. */
const LATE_PERIODS = 3;

/**
 * Alarms on streams that deliver late, on streams that are held, on rows that Firehose drops within 12 hours, and on checks
 * that fail. How late a stream is, the check says: Firehose's own metric is missing while delivery is completely blocked.
 */
export function holdAlarms(stack: Stack): Resources {
  const late = lateSeconds(stack.config);
  return {
    StreamsHeldAlarm: alarm(stack, 'streams-held', {
      description: `Rows of a table go to overflow only, because its stream is held: see ${PAGE}`,
      namespace: METRIC_NAMESPACE,
      metric: holdMetrics.streams_held.name,
      statistic: 'Maximum',
      dimensions: { function: 'hold', stage: stack.stage },
      of: 1 + SPARE_PERIODS,
    }),
    ...Object.fromEntries(
      tableKinds.flatMap((kind) => [
        [
          kindId(kind, 'LateAlarm'),
          ageAlarm(stack, kind, 'late', {
            description: `Firehose has undelivered ${kind} older than ${late} s: check its log group and its role`,
            threshold: late,
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
    of: (terms.periods ?? 1) + SPARE_PERIODS,
  });
}

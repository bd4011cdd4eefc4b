import { METRIC_NAMESPACE } from '../../lib/base/log.ts';
import { holdMetrics } from '../../lib/landing/hold/checkStreams.ts';
import { EXPIRING_SECONDS } from '../../lib/landing/hold/streamAge.ts';
import { allStreams, type StreamId, tableOf } from '../../lib/tables/streams.ts';
import { lateSeconds } from '../streams/streams.ts';
import type { Resource, Resources } from '../template/Resource.ts';
import { logicalIds, type Stack, shardId } from '../template/Stack.ts';
import { type AlarmTerms, alarm, deadLettersAlarm } from './alarm.ts';

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
      // The check tells when the last stream is released.
      missing: 'ignore',
    }),
    ...Object.fromEntries(
      allStreams(stack.config).flatMap((stream) => [
        [
          shardId(stream, 'LateAlarm'),
          ageAlarm(stack, stream, 'late', {
            description: `Firehose has undelivered ${tableOf(stream)} older than ${late} s: check its log group and its role`,
            threshold: late,
            periods: LATE_PERIODS,
          }),
        ],
        [
          shardId(stream, 'ExpiringAlarm'),
          ageAlarm(stack, stream, 'expiring', {
            description: `Firehose drops undelivered ${tableOf(stream)} within 12 hours: see ${PAGE}`,
            threshold: EXPIRING_SECONDS,
          }),
        ],
      ]),
    ),
    HoldDeadLettersAlarm: deadLettersAlarm(stack, 'hold', logicalIds.holdDeadLetters, PAGE),
  };
}

/** An alarm on the age of a stream's oldest record. */
function ageAlarm(stack: Stack, stream: StreamId, part: string, terms: AlarmTerms): Resource {
  return alarm(stack, `${stream}-${part}`, {
    ...terms,
    namespace: METRIC_NAMESPACE,
    metric: holdMetrics.oldest_record_seconds.name,
    statistic: 'Maximum',
    dimensions: { function: 'hold', stage: stack.stage, table: stream },
    // The check tells when the stream is not late any more.
    missing: 'ignore',
  });
}

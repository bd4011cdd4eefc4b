import { METRIC_NAMESPACE } from '../../lib/base/log.ts';
import { holdMetrics } from '../../lib/landing/hold/checkStreams.ts';
import { EXPIRING_SECONDS } from '../../lib/landing/hold/streamAge.ts';
import { everyStream, type StreamId } from '../../lib/tables/streams.ts';
import { lateSeconds } from '../streams/streams.ts';
import type { Resource, Resources } from '../template/Resource.ts';
import { logicalIds, type Stack, streamPartId } from '../template/Stack.ts';
import { type AlarmTerms, alarm, deadLettersAlarm } from './alarm.ts';

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
      description: 'Records become objects of their own only, because a stream is held',
      section: 'late',
      namespace: METRIC_NAMESPACE,
      metric: holdMetrics.streams_held.name,
      statistic: 'Maximum',
      dimensions: { function: 'hold', stage: stack.stage },
      // The check reports when the last stream is released.
      missing: 'ignore',
    }),
    ...Object.fromEntries(
      everyStream(stack.config).flatMap((stream) => [
        [
          streamPartId(stream, 'LateAlarm'),
          ageAlarm(stack, stream, 'late', {
            description: `Firehose has undelivered records of ${stream} older than ${late} s`,
            section: 'late',
            threshold: late,
            periods: LATE_PERIODS,
          }),
        ],
        [
          streamPartId(stream, 'ExpiringAlarm'),
          ageAlarm(stack, stream, 'expiring', {
            description: `Firehose drops undelivered records of ${stream} within 12 hours`,
            section: 'late',
            threshold: EXPIRING_SECONDS,
          }),
        ],
      ]),
    ),
    HoldDeadLettersAlarm: deadLettersAlarm(stack, 'hold', logicalIds.holdDeadLetters, 'late'),
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
    // The check reports when the stream is not late any more.
    missing: 'ignore',
  });
}

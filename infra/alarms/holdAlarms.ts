import { METRIC_NAMESPACE } from '../../lib/base/log.ts';
import { holdMetrics } from '../../lib/landing/hold/checkStreams.ts';
import { EXPIRING_SECONDS } from '../../lib/landing/hold/streamAge.ts';
import { tableKinds } from '../../lib/schema/kinds.ts';
import { type Resources, ref } from '../template/Resource.ts';
import { kindId, logicalIds, type Stack } from '../template/Stack.ts';
import { alarm, deadLettersAlarm } from './alarm.ts';

const PAGE = 'docs/operate.md, "A stream delivers late"';

/** Alarms on streams that are held, on rows that Firehose drops within 12 hours, and on checks that fail. */
export function holdAlarms(stack: Stack): Resources {
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
      tableKinds.map((kind) => [
        kindId(kind, 'ExpiringAlarm'),
        alarm(stack, `${kind}-expiring`, {
          description: `Firehose drops undelivered ${kind} within 12 hours: see ${PAGE}`,
          namespace: 'AWS/Firehose',
          metric: 'DeliveryToS3.DataFreshness',
          statistic: 'Maximum',
          dimensions: { DeliveryStreamName: ref(kindId(kind, 'Stream')) },
          threshold: EXPIRING_SECONDS,
        }),
      ]),
    ),
    HoldDeadLettersAlarm: deadLettersAlarm(stack, 'hold', logicalIds.holdDeadLetters, PAGE),
  };
}

import { collectMetrics } from '../../lib/collect/collectMetrics.ts';
import { OLD_SECONDS } from '../../lib/relay/limits.ts';
import { relayMetrics } from '../../lib/relay/relayMetrics.ts';
import type { Resources } from '../template/Resource.ts';
import type { Stack } from '../template/Stack.ts';
import { alarm, deadLettersAlarm, ofQueue, ownMetric } from './alarm.ts';

/**
 * The alarms on copies that were not kept, that the target refused, or that have waited for six days, and on dead
 * letters. There are none without `relay`.
 *
 * Two metrics give the age: that of the function, and that of SQS in case the function does not run. The metric of SQS
 * leaves out messages that were received more than three times, as are those that relay tries again.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
 */
export function relayAlarms(stack: Stack): Resources {
  if (stack.config.relay === undefined) return {};
  return {
    ...alarm(stack, 'relay-not-kept', {
      ...ownMetric(stack, collectMetrics.RelayNotKept),
      description: 'Requests were answered without a copy for relay',
      section: 'relay',
    }),
    ...alarm(stack, 'relay-refused', {
      ...ownMetric(stack, relayMetrics.RelayRefused),
      description: 'The target of relay refused copies for good',
      section: 'relay',
    }),
    ...alarm(stack, 'relay-age', {
      ...ownMetric(stack, relayMetrics.RelayAge, 'Maximum'),
      description: 'Copies have waited for six days, and are put aside half a day later',
      section: 'relay',
      threshold: OLD_SECONDS,
    }),
    ...alarm(stack, 'relay-queue-age', {
      ...ofQueue('RelayQueue', 'ApproximateAgeOfOldestMessage'),
      threshold: OLD_SECONDS,
      description:
        'Copies have been in the queue of relay for six days, and SQS deletes them four days later',
      section: 'relay',
    }),
    ...deadLettersAlarm(stack, 'relay'),
  };
}

import { METRIC_NAMESPACE } from '../../lib/base/log.ts';
import { collectMetrics } from '../../lib/collect/collectMetrics.ts';
import { OLD_SECONDS } from '../../lib/relay/limits.ts';
import { relayMetrics } from '../../lib/relay/relayMetrics.ts';
import { getAtt, type Resources } from '../template/Resource.ts';
import { relayIds, type Stack } from '../template/Stack.ts';
import { alarm, deadLettersAlarm } from './alarm.ts';

/**
 * Alarms on copies that are not kept, refused, or have waited for six days, and on dead letters. None without `relay`.
 *
 * Two metrics give the age: the function's, and SQS's in case the function does not run. SQS's own leaves out messages
 * that were received more than three times, as those are that relay tries again.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
 */
export function relayAlarms(stack: Stack): Resources {
  if (stack.config.relay === undefined) return {};
  const own = (name: string) => ({
    namespace: METRIC_NAMESPACE,
    dimensions: { function: name, stage: stack.stage },
  });
  const old = { threshold: OLD_SECONDS, statistic: 'Maximum' } as const;
  return {
    RelayNotKeptAlarm: alarm(stack, 'relay-not-kept', {
      ...own('collect'),
      description: 'Requests were answered without a copy for relay',
      section: 'relay',
      metric: collectMetrics.RelayNotKept.name,
      statistic: 'Sum',
    }),
    RelayRefusedAlarm: alarm(stack, 'relay-refused', {
      ...own('relay'),
      description: 'The target of relay refused copies for good',
      section: 'relay',
      metric: relayMetrics.RelayRefused.name,
      statistic: 'Sum',
    }),
    RelayAgeAlarm: alarm(stack, 'relay-age', {
      ...own('relay'),
      ...old,
      description: 'Copies have waited for six days, and are put aside half a day later',
      section: 'relay',
      metric: relayMetrics.RelayAge.name,
    }),
    RelayQueueAgeAlarm: alarm(stack, 'relay-queue-age', {
      ...old,
      description:
        'Copies have been in the queue of relay for six days, and SQS deletes them four days later',
      section: 'relay',
      namespace: 'AWS/SQS',
      metric: 'ApproximateAgeOfOldestMessage',
      dimensions: { QueueName: getAtt(relayIds.queue, 'QueueName') },
    }),
    RelayDeadLettersAlarm: deadLettersAlarm(stack, 'relay', relayIds.deadLetters, 'relay'),
  };
}

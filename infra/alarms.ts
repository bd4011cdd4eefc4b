import { METRIC_NAMESPACE } from '../lib/collect/collectMetrics.ts';
import { alarm } from './alarm.ts';
import { collectorAlarms } from './collectorAlarms.ts';
import { getAtt, ref } from './intrinsics.ts';
import type { Resource, Resources } from './Resource.ts';
import { logicalIds, type Stack } from './Stack.ts';
import { streamAlarms } from './streamAlarms.ts';

/** Alarms on what needs a person. They notify nobody by themselves: docs/metrics.md lists them and says how to subscribe. */
export function alarms(stack: Stack): Resources {
  return {
    ...collectorAlarms(stack),
    ...streamAlarms(stack),
    ParkedMetric: {
      Type: 'AWS::Logs::MetricFilter',
      Properties: {
        LogGroupName: ref(logicalIds.redriveLogGroup),
        // The run for stragglers counts what is there, every five minutes (functions/redrive/redriveStragglers.ts).
        FilterPattern: '{ $.event = "redrive_stragglers" }',
        MetricTransformations: [
          { MetricNamespace: METRIC_NAMESPACE, MetricName: parkedMetric(stack), MetricValue: '$.parked' },
        ],
      },
    },
    ParkedAlarm: alarm(stack, 'parked', {
      description: 'Objects are parked: see docs/redrive.md, "What is parked"',
      namespace: METRIC_NAMESPACE,
      metric: parkedMetric(stack),
      statistic: 'Maximum',
      dimensions: {},
      // A run that was late says nothing of what is parked.
      missing: 'ignore',
    }),
    RedriveDeadLettersAlarm: deadLettersAlarm(stack, 'redrive', logicalIds.redriveDeadLetters),
    RegisterDeadLettersAlarm: deadLettersAlarm(stack, 'register', logicalIds.deadLetters),
  };
}

/** The line in the log has no stage to make a dimension of, so it is in the name. */
function parkedMetric(stack: Stack): string {
  return `ObjectsParked-${stack.stage}`;
}

/** On messages and runs that a function could not work off. */
function deadLettersAlarm(stack: Stack, worker: 'redrive' | 'register', queue: string): Resource {
  return alarm(stack, `${worker}-dead-letters`, {
    description: `Messages or runs of ${worker} were set aside: see docs/redrive.md, "Alarms"`,
    namespace: 'AWS/SQS',
    metric: 'ApproximateNumberOfMessagesVisible',
    statistic: 'Maximum',
    dimensions: { QueueName: getAtt(queue, 'QueueName') },
  });
}

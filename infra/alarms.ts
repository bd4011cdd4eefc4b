import { METRIC_NAMESPACE } from '../lib/collect/collectMetrics.ts';
import { getAtt, ref } from './intrinsics.ts';
import type { Resource, Resources, Value } from './Resource.ts';
import { logicalIds, partName, type Stack } from './Stack.ts';

/** Seconds over which an alarm looks. */
const PERIOD_SECONDS = 300;

/**
 * Alarms on what needs a person: an object that was parked, a message that was set aside. They notify
 * nobody by themselves: docs/redrive.md says how to subscribe.
 */
export function alarms(stack: Stack): Resources {
  return {
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
      dimensions: [],
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
    dimensions: [{ Name: 'QueueName', Value: getAtt(queue, 'QueueName') }],
  });
}

/** In alarm as soon as there is one, and as long. */
function alarm(
  stack: Stack,
  part: string,
  watched: {
    readonly description: string;
    readonly namespace: string;
    readonly metric: string;
    readonly statistic: 'Sum' | 'Maximum';
    readonly dimensions: readonly Value[];
    /** What no data means. Default that all is well. */
    readonly missing?: 'ignore';
  },
): Resource {
  return {
    Type: 'AWS::CloudWatch::Alarm',
    Properties: {
      AlarmName: partName(stack, part),
      AlarmDescription: watched.description,
      Namespace: watched.namespace,
      MetricName: watched.metric,
      Dimensions: watched.dimensions,
      Statistic: watched.statistic,
      Period: PERIOD_SECONDS,
      EvaluationPeriods: 1,
      Threshold: 1,
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      TreatMissingData: watched.missing ?? 'notBreaching',
    },
  };
}

import { getAtt, ref } from './intrinsics.ts';
import type { Resource, Resources, Value } from './Resource.ts';
import { logicalIds, partName, type Stack } from './Stack.ts';

const NAMESPACE = 'Sluice';
const PARKED = 'ObjectsParked';
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
        FilterPattern: '{ $.code = "SLUICE_REDRIVE_PARKED" }',
        MetricTransformations: [
          { MetricNamespace: NAMESPACE, MetricName: metricName(stack), MetricValue: '1', DefaultValue: 0 },
        ],
      },
    },
    ParkedAlarm: alarm(stack, 'parked', {
      description: 'Redrive has parked an object: see docs/redrive.md, "What is parked"',
      namespace: NAMESPACE,
      metric: metricName(stack),
      statistic: 'Sum',
      dimensions: [],
    }),
    RedriveDeadLettersAlarm: deadLettersAlarm(stack, 'redrive', logicalIds.redriveDeadLetters),
    RegisterDeadLettersAlarm: deadLettersAlarm(stack, 'register', logicalIds.deadLetters),
  };
}

/** A metric filter with a default value may have no dimensions, so the stage is in the name. */
function metricName(stack: Stack): string {
  return `${PARKED}-${stack.stage}`;
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
      TreatMissingData: 'notBreaching',
    },
  };
}

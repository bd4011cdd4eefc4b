import { METRIC_NAMESPACE, type Metric } from '../../lib/base/log.ts';
import { metricStage } from '../../lib/schema/stages.ts';
import type { FunctionPart } from '../template/functionWork.ts';
import { getAtt, type Resources, type Value } from '../template/Resource.ts';
import { idOf, partName, type Stack } from '../template/Stack.ts';
import { type OperateSection, operateSections } from './sections.ts';

/** Seconds of a minute. */
export const MINUTE = 60;
/** Seconds of a quarter of an hour. */
export const QUARTER = 15 * MINUTE;
/** Seconds of an hour. */
export const HOUR = 60 * MINUTE;
/** Seconds of a day. */
export const DAY = 24 * HOUR;

/** Default period of an alarm, seconds. */
const PERIOD_SECONDS = 5 * MINUTE;

/** A metric, and how CloudWatch makes one value of its values of a period. */
export interface WatchedMetric {
  /** Its namespace: `AWS/SQS`, or that of Sluice. */
  readonly namespace: string;
  /** Name of the metric in its namespace. */
  readonly metric: string;
  /** `SampleCount` is the number of values. */
  readonly statistic: 'Sum' | 'Maximum' | 'SampleCount';
  /** The values of its dimensions by their names. */
  readonly dimensions: Readonly<Record<string, Value>>;
}

/** A metric that a function of ours writes. @param more Dimensions besides the function and the stage. */
export function ownMetric(
  stack: Pick<Stack, 'service' | 'stage'>,
  { name, writer }: Metric,
  statistic: WatchedMetric['statistic'] = 'Sum',
  more: WatchedMetric['dimensions'] = {},
): WatchedMetric {
  return {
    namespace: METRIC_NAMESPACE,
    metric: name,
    statistic,
    dimensions: { function: writer, stage: metricStage(stack), ...more },
  };
}

/** The terms of an alarm: when it goes off, and what it says. */
interface AlarmTerms {
  /** The logical ID. Default: the name and `Alarm`. */
  readonly id?: string;
  /** A sentence about what has happened, without a full stop. The section is added to it. */
  readonly description: string;
  /** The section of docs/operate.md that says what to do. */
  readonly section: OperateSection;
  /** The alarm goes off at this value and above. Default 1. */
  readonly threshold?: number;
  /** The number of periods that must reach the threshold. Default 1. */
  readonly periods?: number;
  /**
   * The number of periods that are looked at. Default: `periods`, so that consecutive ones must reach the threshold. A
   * metric that has values once a period, and only while something is wrong, needs more: a run that starts a little
   * late leaves a period without a value.
   */
  readonly outOf?: number;
  /** Length of a period, seconds. Default 300. CloudWatch accepts multiples of 60 for metrics of AWS services. */
  readonly periodSeconds?: number;
  /**
   * How missing data counts. By default a period without data does not reach the threshold; with `ignore` the alarm
   * keeps its state.
   */
  readonly missing?: 'ignore';
}

/** An alarm on one metric, named `<service>-<stage>-<part>`. It stays in ALARM while the metric reaches the threshold. */
export function alarm(stack: Stack, part: string, watched: WatchedMetric & AlarmTerms): Resources {
  return alarmResource(stack, part, watched, {
    ...metricMembers(watched),
    Statistic: watched.statistic,
    Period: watched.periodSeconds ?? PERIOD_SECONDS,
  });
}

/** An alarm on one metric as a percentage of another. The share counts as 0 while the metric is below `atLeast`. */
export function shareAlarm(
  stack: Stack,
  part: string,
  watched: AlarmTerms & {
    /** The counts whose share is watched. */
    readonly some: WatchedMetric;
    /** The counts that they are a share of. */
    readonly all: WatchedMetric;
    /** Below this count the share counts as 0, because it means nothing: one of two requests is half. */
    readonly atLeast: number;
  },
): Resources {
  const { some, all, atLeast } = watched;
  return mathAlarm(stack, part, {
    ...watched,
    label: '% of all',
    expression: `IF(some >= ${atLeast}, 100 * some / all, 0)`,
    metrics: { some, all },
  });
}

/** An alarm on an expression of metrics. */
export function mathAlarm(
  stack: Stack,
  part: string,
  watched: AlarmTerms & {
    /** What the expression is, in a phrase. */
    readonly label: string;
    /**
     * The expression that is watched:
     * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
     */
    readonly expression: string;
    /** The metrics by their names in the expression. */
    readonly metrics: Readonly<Record<string, WatchedMetric>>;
  },
): Resources {
  return alarmResource(stack, part, watched, {
    Metrics: [
      { Id: 'result', Label: watched.label, Expression: watched.expression, ReturnData: true },
      ...Object.entries(watched.metrics).map(([id, metric]) =>
        hiddenMetric(id, metric, watched.periodSeconds ?? PERIOD_SECONDS),
      ),
    ],
  });
}

/** The number of standard deviations beside what CloudWatch expects. */
const DEVIATIONS = 3;

/**
 * An alarm that goes off after an hour with far less than CloudWatch's model of the last two weeks expects. While some
 * quarters of an hour have values, one without a value counts as 0; after hours without any value the alarm keeps its
 * state. https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Anomaly_Detection.html. The model may
 * be of any expression that returns one series:
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricMathAnomalyDetector.html
 */
export function silenceAlarm(
  stack: Stack,
  part: string,
  watched: WatchedMetric &
    Pick<AlarmTerms, 'description' | 'section'> & {
      /** A quarter of an hour with less counts as 0. Where all quarters have less, the model expects nothing. */
      readonly atLeast: number;
    },
): Resources {
  const { description, section, atLeast } = watched;
  return alarmResource(
    stack,
    part,
    { description, section, periods: HOUR / QUARTER, missing: 'ignore' },
    {
      Metrics: [
        hiddenMetric('all', watched, QUARTER),
        {
          Id: 'some',
          Label: 'stored',
          Expression: `IF(FILL(all, 0) >= ${atLeast}, all, 0)`,
          ReturnData: true,
        },
        {
          Id: 'usual',
          Label: 'usual',
          Expression: `ANOMALY_DETECTION_BAND(some, ${DEVIATIONS})`,
          ReturnData: true,
        },
      ],
      ThresholdMetricId: 'usual',
    },
  );
}

/** A metric that an expression uses, and that is not shown by itself. */
function hiddenMetric(Id: string, metric: WatchedMetric, Period: number) {
  const MetricStat = { Metric: metricMembers(metric), Period, Stat: metric.statistic };
  return { Id, MetricStat, ReturnData: false };
}

/** A metric as CloudFormation names it. */
function metricMembers({ namespace, metric, dimensions }: WatchedMetric) {
  return {
    Namespace: namespace,
    MetricName: metric,
    Dimensions: Object.entries(dimensions).map(([Name, value]) => ({ Name, Value: value })),
  };
}

/**
 * An alarm with what it watches: a metric, or expressions of metrics.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-cloudwatch-alarm.html
 */
function alarmResource(
  stack: Stack,
  part: string,
  {
    id = idOf(part, 'Alarm'),
    description,
    section,
    threshold = 1,
    periods = 1,
    outOf = periods,
    missing,
  }: AlarmTerms,
  watched: Readonly<Record<string, Value>>,
): Resources {
  const { topicArn } = stack.config.alarms;
  return {
    [id]: {
      Type: 'AWS::CloudWatch::Alarm',
      Properties: {
        AlarmName: partName(stack, part),
        AlarmDescription: `${description}: see docs/operate.md, "${operateSections[section]}"`,
        ...watched,
        EvaluationPeriods: outOf,
        ...(outOf === periods ? {} : { DatapointsToAlarm: periods }),
        ...('ThresholdMetricId' in watched
          ? { ComparisonOperator: 'LessThanLowerThreshold' }
          : { Threshold: threshold, ComparisonOperator: 'GreaterThanOrEqualToThreshold' }),
        TreatMissingData: missing ?? 'notBreaching',
        ...(topicArn === null ? {} : { AlarmActions: [topicArn], OKActions: [topicArn] }),
      },
    },
  };
}

/** The alarm on messages and runs that a function could not process: `<service>-<stage>-<function>-dead-letters`. */
export function deadLettersAlarm(stack: Stack, part: FunctionPart): Resources {
  return alarm(stack, `${part}-dead-letters`, {
    description: `Messages or runs of ${part} are in the dead-letter queue`,
    section: 'deadLetters',
    ...ofQueue(idOf(part, 'DeadLetterQueue'), 'ApproximateNumberOfMessagesVisible'),
  });
}

/** A metric of a queue. @param queue Its logical ID. */
export function ofQueue(queue: string, metric: string): WatchedMetric {
  return {
    namespace: 'AWS/SQS',
    metric,
    statistic: 'Maximum',
    dimensions: { QueueName: getAtt(queue, 'QueueName') },
  };
}

/** A metric of a function of Lambda. */
export function ofFunction(stack: Stack, part: string, metric: string): WatchedMetric {
  return {
    namespace: 'AWS/Lambda',
    metric,
    statistic: 'Sum',
    dimensions: { FunctionName: partName(stack, part) },
  };
}

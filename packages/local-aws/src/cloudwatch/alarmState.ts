import { z } from 'zod';
import { type Clock, MINUTE_MS } from '../base/clock.ts';
import type { Stack } from '../cloudformation/Stack.ts';
import type { Metric } from './Metric.ts';
import { METRIC_RETENTION_MS, type MetricStore } from './MetricStore.ts';
import { Statistics, statistics } from './Statistics.ts';
import { isServiceMetric } from './serviceMetrics.ts';

/** An alarm of the stack. */
export interface DeployedAlarm {
  /** Name of the alarm. */
  readonly name: string;
  /** ARN of the alarm. */
  readonly arn: string;
  /** Properties of the `AWS::CloudWatch::Alarm`. */
  readonly properties: Readonly<Record<string, unknown>>;
  /** Time at which the alarm was created, epoch milliseconds. */
  readonly createdMs: number;
  /** Time at which the stack last changed the alarm, epoch milliseconds. */
  readonly updatedMs: number;
}

/** Options of `describeAlarms` (alarms.ts). */
export interface AlarmOptions {
  /** The values that alarms are judged by. */
  readonly metrics: MetricStore;
  /** The clock by which the last periods are chosen. */
  readonly clock: Clock;
  /** Called before values are read: it adds those that wait elsewhere. */
  readonly beforeReading: () => void;
  /** The stack, with its alarms and metric filters. Default none. */
  readonly stack?: () => Pick<Stack, 'resources' | 'createdMs' | 'updatedMs'> | undefined;
}

/** The properties of an alarm on one metric and one of its plain statistics. Other alarms are not evaluated. */
const metricAlarmSchema = z.object({
  Namespace: z.string(),
  MetricName: z.string(),
  Dimensions: z.array(z.object({ Name: z.string(), Value: z.string() })).default([]),
  Statistic: z.enum(['SampleCount', 'Sum', 'Average', 'Minimum', 'Maximum']),
  Period: z.coerce.number(),
  EvaluationPeriods: z.coerce.number(),
  DatapointsToAlarm: z.coerce.number().optional(),
  Threshold: z.coerce.number(),
  ComparisonOperator: z.enum([
    'GreaterThanOrEqualToThreshold',
    'GreaterThanThreshold',
    'LessThanThreshold',
    'LessThanOrEqualToThreshold',
  ]),
  TreatMissingData: z.enum(['breaching', 'notBreaching', 'ignore', 'missing']).default('missing'),
});

/** The properties of an alarm on one metric. */
type MetricAlarm = z.output<typeof metricAlarmSchema>;

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricAlarm.html, `StateValue`. */
export type StateValue = 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';

/** The state of an alarm whose metric has never had values. */
const WITHOUT_DATA: Readonly<Record<MetricAlarm['TreatMissingData'], StateValue>> = {
  notBreaching: 'OK',
  breaching: 'ALARM',
  ignore: 'INSUFFICIENT_DATA',
  missing: 'INSUFFICIENT_DATA',
};

/** The state of an alarm. */
export interface State {
  /** `OK`, `ALARM` or `INSUFFICIENT_DATA`. */
  readonly value: StateValue;
  /** Why it is in this state, in a sentence. */
  readonly reason: string;
  /** When the alarm came into it, epoch milliseconds. */
  readonly sinceMs: number;
}

/** The state of an alarm at a time, and since when. @param filtered As `readResources` returns it. */
export function stateOf(
  { properties, createdMs }: DeployedAlarm,
  filtered: ReadonlySet<string>,
  minutesById: ReadonlyMap<string, Minutes>,
  now: number,
): State {
  const unknown = (subject: string): State => ({
    value: 'INSUFFICIENT_DATA',
    reason: `Unchecked: Initial alarm creation. The local cloud has no ${subject}.`,
    sinceMs: createdMs,
  });
  const parsed = metricAlarmSchema.safeParse(properties);
  if (!parsed.success) return unknown('metric math');
  const alarm = parsed.data;
  if (alarm.Namespace.startsWith('AWS/') && !isServiceMetric(alarm.Namespace, alarm.MetricName))
    return unknown(`metric ${alarm.MetricName} of ${alarm.Namespace}`);
  if (filtered.has(`${alarm.Namespace} ${alarm.MetricName}`))
    return unknown(`metric filters, which make ${alarm.MetricName}`);
  const values = minutesById.get(metricId(metricOf(alarm)));
  if (values === undefined)
    return {
      value: WITHOUT_DATA[alarm.TreatMissingData],
      reason: `No datapoints were received for ${alarm.EvaluationPeriods} periods: missing data is treated as [${alarm.TreatMissingData}].`,
      sinceMs: createdMs,
    };
  const end = (Math.floor(now / MINUTE_MS) + 1) * MINUTE_MS;
  const stateAt = evaluator(alarm, values);
  const value = stateAt(end);
  const first = firstEnd(alarm, values, end, stateAt);
  return {
    value,
    reason: `${value === 'ALARM' ? 'Threshold Crossed' : 'Evaluated'}: ${alarm.Statistic} of ${alarm.MetricName} over ${alarm.EvaluationPeriods} periods of ${alarm.Period} s against ${alarm.Threshold}.`,
    // An update leaves the state as it is: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html.
    // The clock can have been set back since the alarm was made.
    sinceMs: Math.max(createdMs > end ? 0 : createdMs, (first ?? createdMs + MINUTE_MS) - MINUTE_MS),
  };
}

/**
 * The end of the period with which the present state began; undefined for a state that the alarm has had since it was made.
 * The state can change only at an instant at which a value comes into a period or leaves it.
 */
function firstEnd(
  alarm: MetricAlarm,
  values: Minutes,
  end: number,
  stateAt: (end: number) => StateValue,
): number | undefined {
  const offsetsMs = Array.from({ length: alarm.EvaluationPeriods + 1 }, (_, i) => i * alarm.Period * 1_000);
  const changes = [...values.keys()].flatMap((at) => offsetsMs.map((ms) => at + MINUTE_MS + ms));
  const latestFirst = [...new Set(changes)].filter((at) => at <= end).sort((a, b) => b - a);
  const present = stateAt(end);
  const other = latestFirst.findIndex((at) => stateAt(at) !== present);
  if (other >= 0) return latestFirst.at(other - 1);
  return present === WITHOUT_DATA[alarm.TreatMissingData] ? undefined : latestFirst.at(-1);
}

/** Values of one metric by the start of their minute. */
type Minutes = ReadonlyMap<number, Statistics>;

/** The metric of an alarm, in any unit. */
function metricOf({ Namespace: namespace, MetricName: name, Dimensions }: MetricAlarm) {
  return { namespace, name, dimensions: Dimensions.map(({ Name, Value }) => [Name, Value] as const) };
}

/** The text by which a metric is found, whatever the order of its dimensions. */
function metricId({
  namespace,
  name,
  dimensions,
}: Pick<Metric, 'namespace' | 'name' | 'dimensions'>): string {
  return JSON.stringify([namespace, name, [...dimensions].sort()]);
}

/** The values of the alarms' metrics, as long as they are kept, by {@link metricId}. */
export function readMinutes(
  alarms: readonly DeployedAlarm[],
  { metrics, clock }: AlarmOptions,
): ReadonlyMap<string, Minutes> {
  const wanted = alarms.flatMap(({ properties }) => {
    const { data } = metricAlarmSchema.safeParse(properties);
    return data === undefined ? [] : [metricId(metricOf(data))];
  });
  const ids = new Set(wanted);
  const byId = new Map<string, Map<number, Statistics>>();
  const now = clock.now();
  for (const { metric, minute, statistics: ofMinute } of metrics.read(
    now - METRIC_RETENTION_MS,
    now + MINUTE_MS,
    (candidate) => ids.has(metricId(candidate)),
  )) {
    const id = metricId(metric);
    const minutes = byId.get(id) ?? new Map<number, Statistics>();
    byId.set(id, minutes);
    const sum = minutes.get(minute) ?? new Statistics();
    minutes.set(minute, sum);
    sum.merge(ofMinute);
  }
  return byId;
}

/** The state at an instant, by the periods that end there. */
function evaluator(alarm: MetricAlarm, values: Minutes): (end: number) => StateValue {
  const { EvaluationPeriods, DatapointsToAlarm = EvaluationPeriods, TreatMissingData: missing } = alarm;
  const periodMs = alarm.Period * 1_000;
  const known = new Map<number, boolean | undefined>();
  /** Whether the period that ends at an instant breaches the threshold; undefined without values. */
  const breachAt = (end: number) => {
    if (!known.has(end)) known.set(end, breachOf(alarm, values, end));
    return known.get(end);
  };
  const isAlarm = (decided: readonly boolean[]) =>
    decided.filter((breach) => !breach).length <= EvaluationPeriods - DatapointsToAlarm;
  return (end) => {
    const breaches = Array.from({ length: EvaluationPeriods }, (_, i) => breachAt(end - i * periodMs));
    const decidedBreaches = breaches.filter((breach) => breach !== undefined);
    if (missing === 'ignore' && decidedBreaches.length < breaches.length) {
      const last = Math.max(...[...values.keys()].filter((at) => at < end));
      const breach = breachAt(Math.min(end, last + periodMs));
      if (breach === undefined) return 'INSUFFICIENT_DATA';
      return breach ? 'ALARM' : 'OK';
    }
    if (missing === 'missing' && decidedBreaches.length === 0) return 'INSUFFICIENT_DATA';
    const decided = breaches.map((breach) => breach ?? missing !== 'notBreaching');
    return isAlarm(decided) ? 'ALARM' : 'OK';
  };
}

/** Whether the period that ends at an instant breaches the threshold; undefined without values. */
function breachOf(
  { Period, Statistic, Threshold, ComparisonOperator }: MetricAlarm,
  values: ReadonlyMap<number, Statistics>,
  end: number,
): boolean | undefined {
  const sum = new Statistics();
  for (let minute = end - Period * 1_000; minute < end; minute += MINUTE_MS) {
    const minuteStatistics = values.get(minute);
    if (minuteStatistics !== undefined) sum.merge(minuteStatistics);
  }
  if (sum.count === 0) return undefined;
  const value = statistics[Statistic](sum);
  switch (ComparisonOperator) {
    case 'GreaterThanOrEqualToThreshold':
      return value >= Threshold;
    case 'GreaterThanThreshold':
      return value > Threshold;
    case 'LessThanThreshold':
      return value < Threshold;
    case 'LessThanOrEqualToThreshold':
      return value <= Threshold;
  }
}

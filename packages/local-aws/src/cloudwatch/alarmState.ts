import { z } from 'zod';
import { MINUTE_MS } from '../base/clock.ts';
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

/** The properties of an alarm on one metric and one of its plain statistics. Other alarms are not evaluated. */
const metricAlarmSchema = z
  .object({
    Namespace: z.string(),
    MetricName: z.string(),
    Dimensions: z.array(z.object({ Name: z.string(), Value: z.string() })).default([]),
    Statistic: z.enum(['SampleCount', 'Sum', 'Average', 'Minimum', 'Maximum']),
    // Values are taken in any unit.
    Unit: z.undefined().optional(),
    // Values are kept by the minute, so shorter periods cannot be told apart.
    Period: z.coerce.number().multipleOf(MINUTE_MS / 1_000),
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
  })
  // With several periods, these two go by data points before the periods, of which AWS does not say how many it reads:
  // https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
  .refine(
    ({ EvaluationPeriods, TreatMissingData }) =>
      EvaluationPeriods === 1 || !['ignore', 'missing'].includes(TreatMissingData),
    { path: ['TreatMissingData'] },
  );

/** The properties of an alarm on one metric. */
type MetricAlarm = z.output<typeof metricAlarmSchema>;

/** Values of one metric by the start of their minute, epoch milliseconds. */
type Minutes = ReadonlyMap<number, Statistics>;

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

/**
 * The state of an alarm at a time, and since when.
 *
 * @param isFiltered Whether a filter of logs makes the metric.
 * @param minutesById Of {@link readMinutes}.
 * @param now Epoch milliseconds.
 */
export function stateOf(
  { properties, createdMs }: DeployedAlarm,
  isFiltered: (namespace: string, name: string) => boolean,
  minutesById: ReadonlyMap<string, Minutes>,
  now: number,
): State {
  const unevaluated = (subject: string): State => ({
    value: 'INSUFFICIENT_DATA',
    reason: `Unchecked: Initial alarm creation. The local cloud has no ${subject}.`,
    sinceMs: createdMs,
  });
  if (properties['Metrics'] !== undefined) return unevaluated('metric math');
  const { data: alarm, error } = metricAlarmSchema.safeParse(properties);
  if (alarm === undefined) {
    const member = String(error.issues[0]?.path[0]);
    return unevaluated(`alarm with such ${member}`);
  }
  const { Namespace, MetricName, TreatMissingData, EvaluationPeriods } = alarm;
  if (Namespace.startsWith('AWS/') && !isServiceMetric(Namespace, MetricName))
    return unevaluated(`metric ${MetricName} of ${Namespace}`);
  if (isFiltered(Namespace, MetricName)) return unevaluated(`metric filters, which make ${MetricName}`);
  const values = minutesById.get(metricId(metricOf(alarm)));
  if (values === undefined)
    return {
      value: WITHOUT_DATA[TreatMissingData],
      reason: `No datapoints were received for ${EvaluationPeriods} periods: missing data is treated as [${TreatMissingData}].`,
      sinceMs: createdMs,
    };
  const end = (Math.floor(now / MINUTE_MS) + 1) * MINUTE_MS;
  const stateAt = evaluator(alarm, values);
  const value = stateAt(end);
  const beganMs = firstMinute(alarm, values, end, stateAt) ?? createdMs;
  const verb = value === 'ALARM' ? 'Threshold Crossed' : 'Evaluated';
  // The clock can have been set back since the alarm was made.
  const isMadeLater = createdMs > end;
  return {
    value,
    reason: `${verb}: ${alarm.Statistic} of ${MetricName} over ${EvaluationPeriods} periods of ${alarm.Period} s against ${alarm.Threshold}.`,
    // An update leaves the state as it is:
    // https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
    sinceMs: isMadeLater ? beganMs : Math.max(createdMs, beganMs),
  };
}

/**
 * The start of the minute in which the present state began; undefined for a state that the alarm has had since it was
 * made. The state can change only at an instant at which a value comes into a period or leaves it.
 *
 * @param end The end of the present minute.
 */
function firstMinute(
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
  const isFirst = other < 0;
  if (isFirst && present === WITHOUT_DATA[alarm.TreatMissingData]) return undefined;
  const first = isFirst ? latestFirst.at(-1) : latestFirst[other - 1];
  return first === undefined ? undefined : first - MINUTE_MS;
}

/** The metric of an alarm, without its unit. */
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

/**
 * The values of the alarms' metrics, as long as they are kept, by {@link metricId}.
 *
 * @param now Epoch milliseconds.
 */
export function readMinutes(
  alarms: readonly DeployedAlarm[],
  metrics: MetricStore,
  now: number,
): ReadonlyMap<string, Minutes> {
  const wanted = alarms.flatMap(({ properties }) => {
    const { data } = metricAlarmSchema.safeParse(properties);
    return data === undefined ? [] : [metricId(metricOf(data))];
  });
  const ids = new Set(wanted);
  const byId = new Map<string, Map<number, Statistics>>();
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

/**
 * The state at an instant, by the periods that end there:
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
 */
function evaluator(alarm: MetricAlarm, values: Minutes): (end: number) => StateValue {
  const { EvaluationPeriods, DatapointsToAlarm = EvaluationPeriods, TreatMissingData: missing } = alarm;
  const periodMs = alarm.Period * 1_000;
  const known = new Map<number, boolean | undefined>();
  /** Whether the period that ends at an instant breaches the threshold; undefined without values. */
  const breachAt = (end: number) => {
    if (!known.has(end)) known.set(end, breachOf(alarm, values, end));
    return known.get(end);
  };
  const minutes = [...values.keys()].sort((a, b) => a - b);
  return (end) => {
    const breaches = Array.from({ length: EvaluationPeriods }, (_, i) => breachAt(end - i * periodMs));
    if (missing === 'breaching' || missing === 'notBreaching') {
      const breaching = breaches.filter((breach) => breach ?? missing === 'breaching');
      return breaching.length >= DatapointsToAlarm ? 'ALARM' : 'OK';
    }
    // Of one period. Without a value, `ignore` keeps the state of the last period that had one.
    const last = missing === 'ignore' ? minutes.findLast((at) => at < end) : undefined;
    const latest = last === undefined ? breaches[0] : breachAt(Math.min(end, last + periodMs));
    if (latest === undefined) return 'INSUFFICIENT_DATA';
    return latest ? 'ALARM' : 'OK';
  };
}

/** Whether the period that ends at an instant breaches the threshold; undefined without values. */
function breachOf(
  { Period, Statistic, Threshold, ComparisonOperator }: MetricAlarm,
  values: Minutes,
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

import { z } from 'zod';
import type { Clock } from '../base/clock.ts';
import { valueAt } from '../base/json.ts';
import type { Stack } from '../cloudformation/Stack.ts';
import { AwsError } from '../protocol/AwsError.ts';
import { type JsonOperation, operation } from '../protocol/JsonService.ts';
import type { MetricStore } from './MetricStore.ts';
import { readToken, writeToken } from './pageToken.ts';
import { Statistics, statistics } from './Statistics.ts';
import { isServiceMetric } from './serviceMetrics.ts';

const MINUTE_MS = 60_000;

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html */
const LIMITS = { names: 100, records: 100, defaultRecords: 50 } as const;

/** How far back it is looked for the last values of an alarm that keeps its state, and for the time of a change. */
const HISTORY_MINUTES = 24 * 60;

interface DeployedAlarm {
  readonly name: string;
  readonly arn: string;
  /** Properties of the `AWS::CloudWatch::Alarm`. */
  readonly properties: Readonly<Record<string, unknown>>;
  /** When it was made or last changed, epoch milliseconds. */
  readonly deployedMs: number;
}

/** Options of {@link describeAlarms}. */
export interface AlarmOptions {
  readonly metrics: MetricStore;
  readonly clock: Clock;
  /** Called before values are read: it adds those that wait elsewhere. */
  readonly beforeReading: () => void;
  /** The stack, with its alarms and metric filters. Default none. */
  readonly stack?: () => Pick<Stack, 'resources' | 'createdMs' | 'updatedMs'> | undefined;
}

const ofOneMetric = z.object({
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
type MetricAlarm = z.output<typeof ofOneMetric>;

type StateValue = 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';
const WITHOUT_DATA: Readonly<Record<MetricAlarm['TreatMissingData'], StateValue>> = {
  notBreaching: 'OK',
  breaching: 'ALARM',
  ignore: 'INSUFFICIENT_DATA',
  missing: 'INSUFFICIENT_DATA',
};

interface State {
  readonly value: StateValue;
  readonly reason: string;
  readonly sinceMs: number;
}

/**
 * DescribeAlarms. An alarm on one metric that functions print, or that serviceMetrics.ts has, is evaluated every minute, over
 * periods that end with the present minute. Any other alarm has insufficient data.
 */
export function describeAlarms(options: AlarmOptions): JsonOperation {
  return operation({
    input: z.strictObject({
      AlarmNames: z.array(z.string()).max(LIMITS.names).optional(),
      AlarmNamePrefix: z.string().optional(),
      AlarmTypes: z.array(z.enum(['MetricAlarm', 'CompositeAlarm'])).optional(),
      StateValue: z.enum(['OK', 'ALARM', 'INSUFFICIENT_DATA']).optional(),
      MaxRecords: z.int().min(1).max(LIMITS.records).default(LIMITS.defaultRecords),
      NextToken: z.string().optional(),
    }),
    run({ AlarmNames, AlarmNamePrefix, AlarmTypes, StateValue, MaxRecords, NextToken }) {
      if (AlarmNames !== undefined && AlarmNamePrefix !== undefined)
        throw new AwsError(
          'ValidationException',
          400,
          'AlarmNamePrefix and AlarmNames cannot both be specified.',
        );
      options.beforeReading();
      const { alarms, filtered } = readResources(options.stack?.());
      const found = alarms
        .filter(
          ({ name }) =>
            AlarmTypes?.includes('MetricAlarm') !== false &&
            (AlarmNames === undefined || AlarmNames.includes(name)) &&
            name.startsWith(AlarmNamePrefix ?? ''),
        )
        .sort((a, b) => (a.name < b.name ? -1 : 1))
        .map((alarm) => describe(alarm, stateOf(alarm, filtered, options)))
        .filter((alarm) => StateValue === undefined || alarm.StateValue === StateValue);
      const from = readToken(NextToken);
      const to = from + MaxRecords;
      return {
        MetricAlarms: found.slice(from, to),
        CompositeAlarms: [],
        ...(to < found.length ? { NextToken: writeToken(to) } : {}),
      };
    },
  });
}

function describe({ name, arn, properties, deployedMs }: DeployedAlarm, { value, reason, sinceMs }: State) {
  const actions = (member: string) => (Array.isArray(properties[member]) ? properties[member] : []);
  return {
    ...properties,
    AlarmName: name,
    AlarmArn: arn,
    ActionsEnabled: properties['ActionsEnabled'] ?? true,
    OKActions: actions('OKActions'),
    AlarmActions: actions('AlarmActions'),
    InsufficientDataActions: actions('InsufficientDataActions'),
    AlarmConfigurationUpdatedTimestamp: deployedMs / 1_000,
    StateValue: value,
    StateReason: reason,
    StateUpdatedTimestamp: sinceMs / 1_000,
    StateTransitionedTimestamp: sinceMs / 1_000,
  };
}

/** The alarms, and the metrics that filters make of log lines, as `<namespace> <name>`. */
function readResources(stack: ReturnType<NonNullable<AlarmOptions['stack']>>) {
  const alarms: DeployedAlarm[] = [];
  const filtered = new Set<string>();
  const { resources = [], createdMs = 0, updatedMs: deployedMs = createdMs } = stack ?? {};
  for (const { type, physicalId, arn = '', properties } of resources) {
    if (type === 'AWS::CloudWatch::Alarm') alarms.push({ name: physicalId, arn, properties, deployedMs });
    const made = type === 'AWS::Logs::MetricFilter' ? properties['MetricTransformations'] : [];
    for (const one of Array.isArray(made) ? made : [])
      filtered.add(`${valueAt(one, ['MetricNamespace'])} ${valueAt(one, ['MetricName'])}`);
  }
  return { alarms, filtered };
}

function stateOf(
  { properties, deployedMs }: DeployedAlarm,
  filtered: ReadonlySet<string>,
  options: AlarmOptions,
): State {
  const unknown = (what: string): State => ({
    value: 'INSUFFICIENT_DATA',
    reason: `Unchecked: Initial alarm creation. The local cloud has no ${what}.`,
    sinceMs: deployedMs,
  });
  const parsed = ofOneMetric.safeParse(properties);
  if (!parsed.success) return unknown('metric math');
  const alarm = parsed.data;
  if (alarm.Namespace.startsWith('AWS/') && !isServiceMetric(alarm.Namespace, alarm.MetricName))
    return unknown(`metric ${alarm.MetricName} of ${alarm.Namespace}`);
  if (filtered.has(`${alarm.Namespace} ${alarm.MetricName}`))
    return unknown(`metric filters, which make ${alarm.MetricName}`);
  const values = readMinutes(alarm, options);
  if (values.size === 0)
    return {
      value: WITHOUT_DATA[alarm.TreatMissingData],
      reason: `No datapoints were received for ${alarm.EvaluationPeriods} periods: missing data is treated as [${alarm.TreatMissingData}].`,
      sinceMs: deployedMs,
    };
  const end = (Math.floor(options.clock.now() / MINUTE_MS) + 1) * MINUTE_MS;
  const value = evaluate(alarm, values, end);
  let sinceMs = end;
  for (let back = 0; back < HISTORY_MINUTES; back += 1) {
    if (evaluate(alarm, values, sinceMs - MINUTE_MS) !== value) break;
    sinceMs -= MINUTE_MS;
    if (sinceMs <= deployedMs && deployedMs < end) break;
  }
  return {
    value,
    reason: `${value === 'ALARM' ? 'Threshold Crossed' : 'Evaluated'}: ${alarm.Statistic} of ${alarm.MetricName} over ${alarm.EvaluationPeriods} periods of ${alarm.Period} s against ${alarm.Threshold}.`,
    // The clock can have been set back since.
    sinceMs: deployedMs > end ? sinceMs - MINUTE_MS : Math.max(deployedMs, sinceMs - MINUTE_MS),
  };
}

/** The values of the alarm's metric by the start of their minute. */
function readMinutes(alarm: MetricAlarm, { metrics, clock }: AlarmOptions): ReadonlyMap<number, Statistics> {
  const sought = JSON.stringify(alarm.Dimensions.map(({ Name, Value }) => [Name, Value]).sort());
  const spanMs = alarm.EvaluationPeriods * alarm.Period * 1_000 + 2 * HISTORY_MINUTES * MINUTE_MS;
  const minutes = new Map<number, Statistics>();
  for (const { minute, statistics } of metrics.read(
    clock.now() - spanMs,
    clock.now() + MINUTE_MS,
    ({ namespace, name, dimensions }) =>
      namespace === alarm.Namespace &&
      name === alarm.MetricName &&
      JSON.stringify([...dimensions].sort()) === sought,
  )) {
    const sum = minutes.get(minute) ?? new Statistics();
    minutes.set(minute, sum);
    sum.merge(statistics);
  }
  return minutes;
}

/** The state at an instant, by the periods that end there. */
function evaluate(alarm: MetricAlarm, values: ReadonlyMap<number, Statistics>, end: number): StateValue {
  const periodMs = alarm.Period * 1_000;
  const breaches = Array.from({ length: alarm.EvaluationPeriods }, (_, i) =>
    breachOf(alarm, values, end - i * periodMs),
  );
  const known = breaches.filter((breach) => breach !== undefined);
  const { EvaluationPeriods, DatapointsToAlarm = EvaluationPeriods, TreatMissingData: missing } = alarm;
  const allowed = EvaluationPeriods - DatapointsToAlarm;
  const isAlarm = (decided: readonly boolean[]) => decided.filter((breach) => !breach).length <= allowed;
  if (missing === 'ignore') {
    if (known.length === breaches.length) return isAlarm(known) ? 'ALARM' : 'OK';
    for (let at = end; at > end - HISTORY_MINUTES * MINUTE_MS; at -= MINUTE_MS) {
      const breach = breachOf(alarm, values, at);
      if (breach !== undefined) return breach ? 'ALARM' : 'OK';
    }
    return 'INSUFFICIENT_DATA';
  }
  if (missing === 'missing' && known.length === 0) return 'INSUFFICIENT_DATA';
  const decided = breaches.map((breach) => breach ?? missing !== 'notBreaching');
  return isAlarm(decided) ? 'ALARM' : 'OK';
}

/** Whether the period that ends at an instant breaches the threshold; undefined without values. */
function breachOf(
  { Period, Statistic, Threshold, ComparisonOperator }: MetricAlarm,
  values: ReadonlyMap<number, Statistics>,
  end: number,
): boolean | undefined {
  const sum = new Statistics();
  for (let minute = end - Period * 1_000; minute < end; minute += MINUTE_MS) {
    const one = values.get(minute);
    if (one !== undefined) sum.merge(one);
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

import { z } from 'zod';
import type { Clock } from '../base/clock.ts';
import { valueAt } from '../base/json.ts';
import type { Stack } from '../cloudformation/Stack.ts';
import { AwsError } from '../protocol/AwsError.ts';
import { epochSeconds, type JsonOperation, operation } from '../protocol/jsonService.ts';
import { readToken, writeToken } from '../protocol/pageToken.ts';
import { type DeployedAlarm, readMinutes, type State, stateOf } from './alarmState.ts';
import type { MetricStore } from './MetricStore.ts';

/** Limits of a call: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html */
const LIMITS = { names: 100, records: 100, defaultRecords: 50 } as const;

/** Options of {@link describeAlarms}. */
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

/**
 * DescribeAlarms. An alarm on one metric that functions print, or that serviceMetrics.ts has, is evaluated every minute, over
 * periods that end with the present minute. Any other alarm has insufficient data.
 */
export function describeAlarms(options: AlarmOptions): JsonOperation {
  return operation({
    input: z.strictObject({
      AlarmNames: z.array(z.string()).max(LIMITS.names).optional(),
      MaxRecords: z.int().min(1).max(LIMITS.records).default(LIMITS.defaultRecords),
      NextToken: z.string().optional(),
    }),
    run({ AlarmNames, MaxRecords, NextToken }) {
      options.beforeReading();
      const { alarms, isFiltered } = readResources(options.stack?.());
      const now = options.clock.now();
      const minutesById = readMinutes(alarms, options.metrics, now);
      const described = alarms
        .filter(({ name }) => AlarmNames?.includes(name) !== false)
        .sort((a, b) => (a.name < b.name ? -1 : 1))
        .map((alarm) => describe(alarm, stateOf(alarm, isFiltered, minutesById, now)));
      const from = readToken(NextToken, invalidToken) ?? 0;
      const to = from + MaxRecords;
      return {
        MetricAlarms: described.slice(from, to),
        CompositeAlarms: [],
        ...(to < described.length ? { NextToken: writeToken(to) } : {}),
      };
    },
  });
}

/** An alarm in CloudWatch's answers. */
function describe({ name, arn, properties, updatedMs }: DeployedAlarm, { value, reason, sinceMs }: State) {
  const actions = (member: string) => (Array.isArray(properties[member]) ? properties[member] : []);
  return {
    ...properties,
    AlarmName: name,
    AlarmArn: arn,
    ActionsEnabled: properties['ActionsEnabled'] ?? true,
    OKActions: actions('OKActions'),
    AlarmActions: actions('AlarmActions'),
    InsufficientDataActions: actions('InsufficientDataActions'),
    AlarmConfigurationUpdatedTimestamp: epochSeconds(updatedMs),
    StateValue: value,
    StateReason: reason,
    StateUpdatedTimestamp: epochSeconds(sinceMs),
    StateTransitionedTimestamp: epochSeconds(sinceMs),
  };
}

/** The alarms, and which metrics filters make of log lines. */
function readResources(stack: ReturnType<NonNullable<AlarmOptions['stack']>>): {
  /** The alarms that are emulated. */
  readonly alarms: readonly DeployedAlarm[];
  /** Whether a filter of logs makes a metric. */
  readonly isFiltered: (namespace: string, name: string) => boolean;
} {
  const alarms: DeployedAlarm[] = [];
  const filtered = new Set<string>();
  const { resources = [], createdMs = 0, updatedMs = createdMs } = stack ?? {};
  for (const { type, physicalId, arn = '', properties } of resources) {
    if (type === 'AWS::CloudWatch::Alarm')
      alarms.push({ name: physicalId, arn, properties, createdMs, updatedMs });
    const transformations = type === 'AWS::Logs::MetricFilter' ? properties['MetricTransformations'] : [];
    for (const transformation of Array.isArray(transformations) ? transformations : [])
      filtered.add(
        `${valueAt(transformation, ['MetricNamespace'])} ${valueAt(transformation, ['MetricName'])}`,
      );
  }
  return { alarms, isFiltered: (namespace, name) => filtered.has(`${namespace} ${name}`) };
}

/** The error for a token that no page gave out. */
const invalidToken = () => new AwsError('InvalidNextToken', 400, 'The next token is not valid.');

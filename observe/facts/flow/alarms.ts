import { DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import { alarms } from '../../../infra/alarms/alarms.ts';
import type { Deployment } from '../../deployment.ts';

/**
 * The most names of one call. A stack has some forty alarms.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html
 */
const MOST_NAMES = 100;

/** An alarm of the stack. */
export interface AlarmState {
  /** Name of the alarm. */
  readonly name: string;
  /** What it means, and the section of docs/operate.md that goes through it. */
  readonly description: string;
  /** State of the alarm, as CloudWatch has it. */
  readonly state: 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';
  /** Since when it is in this state, ISO 8601; null if CloudWatch does not say. */
  readonly since: string | null;
  /** What turned it into this state, with the values and the threshold, in the words of CloudWatch; empty if it does not say. */
  readonly reason: string;
  /** Whether it notifies somebody. */
  readonly notifies: boolean;
}

/**
 * The alarms of the configuration that are deployed. The local cloud evaluates those on metrics that functions print; the
 * others have insufficient data there.
 *
 * @throws What CloudWatch's client throws.
 */
export async function readAlarms({
  cloudwatch,
  stack,
  config,
}: Pick<Deployment, 'cloudwatch' | 'stack' | 'config'>): Promise<readonly AlarmState[]> {
  // A prefix of names would also find those of a stage whose name begins with this stage's.
  const names = Object.values(alarms({ ...stack, config })).flatMap(({ Properties }) => {
    const name = Properties?.['AlarmName'];
    return typeof name === 'string' ? [name] : [];
  });
  const { MetricAlarms = [] } = await cloudwatch.send(
    new DescribeAlarmsCommand({ AlarmNames: names, MaxRecords: MOST_NAMES }),
  );
  return MetricAlarms.map((alarm) => ({
    name: alarm.AlarmName ?? '',
    description: alarm.AlarmDescription ?? '',
    state: alarm.StateValue ?? 'INSUFFICIENT_DATA',
    since: alarm.StateTransitionedTimestamp?.toISOString() ?? null,
    reason: alarm.StateReason ?? '',
    notifies: alarm.ActionsEnabled !== false && (alarm.AlarmActions ?? []).length > 0,
  }));
}

import type { Stack } from '@aws-sdk/client-cloudformation';
import { compareVersions, VERSION } from '../../../lib/base/version.ts';
import type { Config } from '../../../lib/schema/config.ts';
import { type Finding, finding } from '../../findings/catalogue.ts';
import type { Check } from '../runChecks.ts';

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html#stack-status-codes */
const FINISHED = /^(CREATE|UPDATE|IMPORT)_COMPLETE(_CLEANUP_IN_PROGRESS)?$/;

/** The stack: whether it exists, is complete, and was deployed from this configuration. */
export const stack: Check = {
  name: 'stack',
  expects: 'the stack is deployed, complete, and from this configuration',
  needs: ['region'],
  blocks: ['SLUICE_DOCTOR_STACK_MISSING'],
  codes: ['SLUICE_DOCTOR_STACK_MISSING', 'SLUICE_DOCTOR_STACK_UNFINISHED', 'SLUICE_DOCTOR_STACK_DIFFERS'],
  permissions: ['cloudformation:DescribeStacks'],
  async run(doctor) {
    const found = await doctor.deployedStack();
    if (found === undefined) {
      const { account, region } = await doctor.identity();
      return [
        finding('SLUICE_DOCTOR_STACK_MISSING', `${doctor.stackName}, in ${region} of account ${account}.`),
      ];
    }
    const words = unfinishedWords(found);
    const commands = words === undefined || doctor.isLocal ? [] : [await doctor.command(words)];
    return judgeStack(found, await doctor.config()).map((one) =>
      one.code === 'SLUICE_DOCTOR_STACK_UNFINISHED' ? { ...one, commands } : one,
    );
  },
};

/** Whether the alarms will notify somebody, by the configuration alone. */
export const alarmTopic: Check = {
  name: 'alarms',
  expects: 'the alarms notify somebody',
  needs: ['configuration'],
  blocks: [],
  codes: ['SLUICE_STATUS_NO_TOPIC'],
  permissions: [],
  run: async (doctor) =>
    doctor.isLocal
      ? [finding('SLUICE_DOCTOR_UNCHECKED', 'Notifications of alarms.')]
      : judgeAlarms(await doctor.config()),
};

/** Judges whether a configuration names a topic for its alarms. */
export function judgeAlarms({
  alarms: { topicArn },
}: {
  readonly alarms: Pick<Config['alarms'], 'topicArn'>;
}): Finding[] {
  return topicArn === null ? [finding('SLUICE_STATUS_NO_TOPIC', 'alarms.topicArn is null.')] : [];
}

/** The version that deployed the stack, and that of this working tree. Before a deployment, it says what will change. */
export const version: Check = {
  name: 'version',
  expects: 'the stack was deployed by this version of Sluice',
  needs: ['region'],
  blocks: [],
  codes: ['SLUICE_DOCTOR_VERSION_DIFFERS'],
  permissions: ['cloudformation:DescribeStacks'],
  async run(doctor) {
    const found = await doctor.deployedStack();
    return found === undefined ? [] : judgeVersion(found, VERSION);
  },
};

/** Judges the version of a stack by its output. Versions before 0.3.0 have none. */
function judgeVersion(stack: Stack, ours: string): Finding[] {
  const deployed = deployedVersion(stack);
  const order = deployed === undefined ? -1 : compareVersions(deployed, ours);
  if (order === 0) return [];
  return [
    finding(
      'SLUICE_DOCTOR_VERSION_DIFFERS',
      `${stack.StackName}: ${deployed ?? 'a version before 0.3.0'}; this working tree: ${ours}.`,
      [],
      order < 0 ? 'warning' : 'problem',
    ),
  ];
}

/** The version that deployed a stack; undefined for versions before 0.3.0, which did not say. */
export function deployedVersion({ Outputs = [] }: Pick<Stack, 'Outputs'>): string | undefined {
  return Outputs.find(({ OutputKey }) => OutputKey === 'SluiceVersion')?.OutputValue;
}

/**
 * The words after `aws` of the command that the next deployment needs first; undefined if it needs none. CloudFormation
 * does not update a stack whose creation or rollback failed.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/troubleshooting.html#troubleshooting-errors-update-rollback-failed
 */
export function unfinishedWords({
  StackName = '',
  StackStatus = '',
}: {
  readonly StackName?: string | undefined;
  readonly StackStatus?: string | undefined;
}): readonly string[] | undefined {
  const verb = REPAIR_VERBS.get(StackStatus);
  return verb === undefined ? undefined : ['cloudformation', verb, '--stack-name', StackName];
}

const REPAIR_VERBS: ReadonlyMap<string, string> = new Map([
  ['UPDATE_ROLLBACK_FAILED', 'continue-update-rollback'],
  ['UPDATE_FAILED', 'rollback-stack'],
  // It holds only resources that could not be deleted.
  ['ROLLBACK_COMPLETE', 'delete-stack'],
  ['ROLLBACK_FAILED', 'delete-stack'],
  ['CREATE_FAILED', 'delete-stack'],
  ['DELETE_FAILED', 'delete-stack'],
]);

/** Judges a stack by its status and by the names in its outputs. */
export function judgeStack(
  { StackName, StackStatus, StackStatusReason, Outputs = [] }: Stack,
  config: Pick<Config, 'bucket' | 'database' | 'tables'>,
): Finding[] {
  const findings: Finding[] = [];
  if (!FINISHED.test(StackStatus ?? '')) {
    const why = StackStatusReason === undefined ? '' : `: ${StackStatusReason}`;
    findings.push(finding('SLUICE_DOCTOR_STACK_UNFINISHED', `${StackName} is ${StackStatus}${why}.`));
  }
  const expected = {
    DataBucketName: config.bucket,
    DatabaseName: config.database,
    ExposuresTableName: config.tables.exposures,
    EventsTableName: config.tables.events,
    QuarantineTableName: config.tables.quarantine,
  };
  const deployed = new Map(Outputs.map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue]));
  const differing = Object.entries(expected).flatMap(([name, value]) => {
    const there = deployed.get(name);
    return there === undefined || there === value ? [] : [`${name}: deployed ${there}, configured ${value}`];
  });
  if (differing.length > 0) findings.push(finding('SLUICE_DOCTOR_STACK_DIFFERS', `${differing.join('; ')}.`));
  return findings;
}

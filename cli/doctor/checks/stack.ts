import { DescribeStacksCommand, type Stack } from '@aws-sdk/client-cloudformation';
import type { Config } from '../../../lib/config/configSchema.ts';
import { isAnswer } from '../askAws.ts';
import type { Check } from '../Check.ts';
import { type Finding, finding } from '../Finding.ts';

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html#stack-status-codes */
const FINISHED = /^(CREATE|UPDATE|IMPORT)_COMPLETE(_CLEANUP_IN_PROGRESS)?$/;

export const stack: Check = {
  name: 'stack',
  expects: 'the stack is deployed, whole, and from this configuration',
  needs: ['region'],
  blocks: ['SLUICE_DOCTOR_STACK_MISSING'],
  codes: ['SLUICE_DOCTOR_STACK_MISSING', 'SLUICE_DOCTOR_STACK_UNFINISHED', 'SLUICE_DOCTOR_STACK_DIFFERS'],
  permissions: ['cloudformation:DescribeStacks'],
  async run(visit) {
    const { cloudFormation } = await visit.clients();
    const StackName = visit.stackName;
    try {
      const { Stacks: [found] = [] } = await visit.ask('cloudformation:DescribeStacks', () =>
        cloudFormation.send(new DescribeStacksCommand({ StackName })),
      );
      if (found !== undefined) return judgeStack(found, await visit.config());
    } catch (error) {
      // CloudFormation has no error of its own for it.
      if (!isAnswer(error, 'ValidationError')) throw error;
    }
    const { account, region } = await visit.identity();
    return [finding('SLUICE_DOCTOR_STACK_MISSING', `${StackName}, in ${region} of account ${account}.`)];
  },
};

/** Judges a stack by its state and by the names in its outputs. */
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

import { DescribeStacksCommand, ListStacksCommand, StackStatus } from '@aws-sdk/client-cloudformation';
import type { Config } from '../../../lib/schema/config.ts';
import { type Finding, finding } from '../../findings/catalogue.ts';
import { checkEach, isAwsError } from '../askAws.ts';
import type { DoctorContext } from '../DoctorContext.ts';
import type { Check } from '../runChecks.ts';

/** Pages of stacks: AWS puts 100 on one. */
const MOST_STACK_PAGES = 50;

/** Stacks that exist. Those that were deleted are listed for 90 days. */
const EXISTING = Object.values(StackStatus).filter((status) => status !== 'DELETE_COMPLETE');

/** Stacks of the account that no configuration of today may list, such as those of `personal-` stages. */
export const stages: Check = {
  name: 'stages',
  expects:
    "no stack of another stage in this account and region has this stage's bucket, databases or workgroup",
  needs: ['region'],
  blocks: [],
  codes: ['SLUICE_DOCTOR_NAME_TAKEN'],
  permissions: ['cloudformation:ListStacks', 'cloudformation:DescribeStacks'],
  async run(doctor) {
    const config = await doctor.config();
    return checkEach(
      await otherStacks(doctor),
      async (name) => judgeStage(name, await readOutputs(doctor, name), config),
      (impossible) => impossible.finding,
    );
  },
};

/** Names of the service's other stacks. */
async function otherStacks(doctor: DoctorContext): Promise<readonly string[]> {
  const { cloudFormation } = await doctor.clients();
  const names: string[] = [];
  let NextToken: string | undefined;
  for (let page = 0; page < MOST_STACK_PAGES; page += 1) {
    const token = NextToken;
    const answer = await doctor.ask('cloudformation:ListStacks', () =>
      cloudFormation.send(new ListStacksCommand({ StackStatusFilter: EXISTING, NextToken: token })),
    );
    for (const { StackName = '' } of answer.StackSummaries ?? [])
      if (StackName.startsWith(`${doctor.stack.service}-`) && StackName !== doctor.stackName)
        names.push(StackName);
    NextToken = answer.NextToken;
    if (NextToken === undefined) break;
  }
  return names;
}

async function readOutputs(doctor: DoctorContext, StackName: string): Promise<ReadonlyMap<string, string>> {
  const { cloudFormation } = await doctor.clients();
  try {
    const { Stacks: [found] = [] } = await doctor.ask('cloudformation:DescribeStacks', () =>
      cloudFormation.send(new DescribeStacksCommand({ StackName })),
    );
    return new Map(
      (found?.Outputs ?? []).map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]),
    );
  } catch (error) {
    // It was deleted since it was listed. CloudFormation has no specific error for it.
    if (isAwsError(error, 'ValidationError')) return new Map();
    throw error;
  }
}

/** Compares the names of a stage with the outputs of another stage's stack. */
function judgeStage(
  stackName: string,
  outputs: ReadonlyMap<string, string>,
  { bucket, database, athena }: Pick<Config, 'bucket' | 'database' | 'athena'>,
): readonly Finding[] {
  const databases = /^(Staging)?DatabaseName$/;
  const named: readonly (readonly [field: string, name: string, output: RegExp])[] = [
    ['bucket', bucket, /^DataBucketName$/],
    ['database', database, databases],
    ['athena.stagingDatabase', athena.stagingDatabase, databases],
    ['athena.workgroup', athena.workgroup, /WorkgroupName$/],
  ];
  return named.flatMap(([field, name, output]) =>
    [...outputs]
      .filter(([key, value]) => output.test(key) && value === name)
      .map(([key]) => finding('SLUICE_DOCTOR_NAME_TAKEN', `${field}: ${stackName} has ${name}, its ${key}.`)),
  );
}

import type { Stack } from '@aws-sdk/client-cloudformation';
import { type ReaderProblem, replacedReaders } from '../../../infra/serverless/readerProblems.ts';
import { VERSION } from '../../../lib/base/version.ts';
import { deployedAtOf, outputsOf, stackStateOf, undeployedOf } from '../../facts/flow/stackOutputs.ts';
import { type Finding, finding, seenNow } from '../../findings/catalogue.ts';
import {
  REPAIR_VERBS,
  undeployedFindings,
  unfinishedFindings,
} from '../../findings/judge/deployment/stack.ts';
import type { Look } from '../Look.ts';
import type { Setup } from '../Setup.ts';

/** The stack: whether it exists, is complete, and was deployed from this configuration. */
export const stackLook: Look = {
  name: 'stack',
  expects: 'the stack is deployed, complete, from this configuration and by this version of Sluice',
  isGround: true,
  async find({ deployed, config, isLocal, stackName, identity: { account, region }, commands }) {
    if (deployed === undefined) return [judgeMissing({ stackName, region, account }, commands)];
    const undeployed = {
      settings: undeployedOf(config, outputsOf(deployed)),
      deployedAt: deployedAtOf(deployed),
    };
    return [
      ...judgeStack(deployed, commands),
      ...undeployedFindings({ stack: stackName, isLocal, undeployed }, { commands }),
    ];
  },
};

/** Judges a stack that does not exist. */
export function judgeMissing(
  { stackName, region, account }: Readonly<Record<'stackName' | 'region' | 'account', string>>,
  commands: Pick<Setup['commands'], 'aws'>,
): Finding {
  const told = seenNow(
    `No stack ${stackName} is in ${region} of account ${account}`,
    `${stackName}, in ${region} of account ${account}.`,
  );
  const query = ['--query', 'Stacks[].StackName', '--output', 'text'];
  return finding('SLUICE_FINDING_STACK_MISSING', told, [
    commands.aws('cloudformation', 'describe-stacks', ...query),
  ]);
}

/** A look before a deployment: whether CloudFormation will update the stack, and what the version changes. */
export const formerStackLook: Look = {
  name: 'stack',
  expects:
    'the stack, if there is one, can be updated, keeps the identities of readers, and was deployed by this version of Sluice',
  async find({ deployed, config, commands, identity, stackName, resources }) {
    if (deployed === undefined) return [];
    const needsRepair = REPAIR_VERBS.has(deployed.StackStatus ?? '');
    const found = [...judgeStack(deployed, commands)].filter(
      ({ code }) =>
        code === 'SLUICE_FINDING_VERSION_DIFFERS' ||
        (code === 'SLUICE_FINDING_STACK_UNFINISHED' && needsRepair),
    );
    const replaced = replacedReaders(config, { ...identity, stackName, resources }, commands.options);
    return [...found, ...replaced.map(judgeReplaced)];
  },
};

/** Judges a reader whose role or user the next deployment makes anew. */
export function judgeReplaced({ fact, text }: ReaderProblem): Finding {
  return finding('SLUICE_FINDING_READER_REPLACED', seenNow(`${fact} by the next deployment`, text));
}

/** What is judged of a stack. */
type JudgedStack = Pick<Stack, 'StackName' | 'StackStatusReason' | 'Outputs'> &
  Partial<Pick<Stack, 'CreationTime' | 'LastUpdatedTime'>> & {
    readonly StackStatus?: string | undefined;
  };

/** Judges a stack by its status, and by the version in its outputs. */
export function* judgeStack(
  found: JudgedStack,
  commands: Pick<Setup['commands'], 'aws'>,
): Generator<Finding> {
  const { StackName = '' } = found;
  yield* unfinishedFindings({ stack: StackName, stackState: stackStateOf(found) }, { commands });
  const version = outputsOf(found).get('SluiceVersion');
  if (version !== VERSION)
    yield finding('SLUICE_FINDING_VERSION_DIFFERS', {
      case: version !== undefined && isLater(version, VERSION) ? 'later' : 'earlier',
      title: `${StackName} was deployed by ${version ?? 'an unnamed version'}, and this is ${VERSION}`,
      since: deployedAtOf(found),
      detail: `${StackName}: ${version ?? 'not named'}; this working tree: ${VERSION}.`,
    });
}

/** Whether a version comes after another one. A pre-release comes before its release: https://semver.org/#spec-item-11 */
function isLater(version: string, other: string): boolean {
  const [release = '', preRelease] = version.split('-', 2);
  const [otherRelease = ''] = other.split('-', 1);
  const byRelease = release.localeCompare(otherRelease, 'en', { numeric: true });
  return byRelease === 0 ? preRelease === undefined : byRelease > 0;
}

/** Whether the alarms will notify somebody, by the configuration alone. */
export const alarmTopicLook: Look = {
  name: 'alarms',
  expects: 'the alarms notify somebody',
  find: async ({ isLocal, config }) => (isLocal || config.alarms.topicArn !== null ? [] : [judgeNoTopic()]),
};

/** Judges alarms without a topic, before there are alarms. */
export function judgeNoTopic(): Finding {
  const told = seenNow(
    'No alarm notifies anybody: the configuration has no topic',
    'alarms.topicArn is not set.',
  );
  return finding('SLUICE_FINDING_NO_TOPIC', { case: 'none', ...told });
}

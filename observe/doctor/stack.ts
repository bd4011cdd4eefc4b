import { lookup } from 'node:dns/promises';
import { type DomainName, GetDomainNameCommand } from '@aws-sdk/client-api-gateway';
import {
  DescribeStackDriftDetectionStatusCommand,
  DetectStackDriftCommand,
  paginateDescribeStackResourceDrifts,
  type Stack,
  type StackResourceDrift,
} from '@aws-sdk/client-cloudformation';
import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { PREFLIGHT_SECONDS } from '../../infra/endpoint/endpoint.ts';
import { type ReaderProblem, replacedReaders } from '../../infra/serverless/readerProblems.ts';
import { counted } from '../../lib/base/text.ts';
import { VERSION } from '../../lib/base/version.ts';
import { revertDriftWords } from '../deploymentCommands.ts';
import { ifThere } from '../explainAwsError.ts';
import { outputsOf, stackStateOf, undeployedOf } from '../facts/flow/stackOutputs.ts';
import { type CaseOf, type Finding, finding, seenNow } from '../findings/catalogue.ts';
import { REPAIR_VERBS, undeployedFindings, unfinishedFindings } from '../findings/judge/deployment/stack.ts';
import { type Look, missing, type Question, settled, unsaid } from './Look.ts';
import type { Setup } from './Setup.ts';

/** The stack: whether it exists, is complete, and was deployed from this configuration. */
export const stackLook: Look = {
  name: 'stack',
  expects: 'the stack is deployed, complete, from this configuration and by this version of Sluice',
  isGround: true,
  async find({ deployed, config, isLocal, stackName, identity: { account, region }, commands }) {
    if (deployed === undefined) return [judgeMissing({ stackName, region, account }, commands)];
    const deployedAt = deployed.LastUpdatedTime ?? deployed.CreationTime;
    const undeployed = {
      settings: undeployedOf(config, outputsOf(deployed)),
      deployedAt: deployedAt?.toISOString() ?? null,
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
    const replaced = replacedReaders(config, { ...identity, stackName, resources });
    return [...found, ...replaced.map(judgeReplaced)];
  },
};

/** Judges a reader whose role or user the next deployment makes anew. */
export function judgeReplaced({ fact, text }: ReaderProblem): Finding {
  return finding('SLUICE_FINDING_READER_REPLACED', seenNow(`${fact} by the next deployment`, text));
}

/** What is judged of a stack. */
type JudgedStack = Pick<Stack, 'StackName' | 'StackStatusReason' | 'Outputs'> &
  Partial<Pick<Stack, 'LastUpdatedTime'>> & {
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
      since: found.LastUpdatedTime?.toISOString() ?? null,
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

/** Milliseconds between two looks at a detection of drift, which takes some minutes. */
const DRIFT_PAUSE_MS = 5_000;

/** What differs from the template, by CloudFormation's own comparison. It takes minutes, so it is made on demand. */
export const driftLook: Look = {
  name: 'drift',
  expects: 'no resource of the stack was deleted or changed manually, as CloudFormation sees it',
  async find({ clients: { cloudFormation: client }, stackName: StackName, wait, commands }) {
    const { StackDriftDetectionId } = await client.send(new DetectStackDriftCommand({ StackName }));
    const readDetection = () =>
      client.send(new DescribeStackDriftDetectionStatusCommand({ StackDriftDetectionId }));
    let detection = await readDetection();
    while (detection.DetectionStatus === 'DETECTION_IN_PROGRESS') {
      await wait(DRIFT_PAUSE_MS);
      detection = await readDetection();
    }
    const revert = revertDriftWords(StackName).map((words) => commands.aws(...words));
    const findings: Finding[] = [];
    for await (const page of paginateDescribeStackResourceDrifts(
      { client },
      { StackName, StackResourceDriftStatusFilters: ['MODIFIED', 'DELETED'] },
    ))
      findings.push(...(page.StackResourceDrifts ?? []).map((drift) => judgeDrift(drift, revert)));
    // The others were compared: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStackDriftDetectionStatus.html
    if (detection.DetectionStatus === 'DETECTION_FAILED') {
      const { DetectionStatusReason: reason = 'No reason was given.' } = detection;
      findings.push(unsaid(`CloudFormation could not compare all resources of ${StackName}`, reason));
    }
    return findings;
  },
};

/**
 * Judges a resource that differs from the template.
 *
 * @param revert Commands that make CloudFormation recreate what was deleted and revert what was changed: they create a change
 *   set that compares the template with the resources, show it, and execute it.
 *   https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/drift-aware-change-sets.html
 */
export function judgeDrift(found: Partial<StackResourceDrift>, revert: readonly string[]): Finding {
  const name = `${found.ResourceType} ${found.PhysicalResourceId}`;
  if (found.StackResourceDriftStatus === 'DELETED') return missing(`The resource ${name}`, 'stack', revert);
  const { PropertyDifferences: properties = [] } = found;
  const differences = properties.map(
    ({ PropertyPath, ExpectedValue, ActualValue }) =>
      `${PropertyPath}: got ${ActualValue || 'none'}, expected ${ExpectedValue || 'none'}`,
  );
  const points = counted(differences.length, 'point');
  const told = seenNow(
    `The resource ${name} differs from its template in ${points}, the first ${properties[0]?.PropertyPath ?? 'unnamed'}`,
    `${name}: ${differences.join('; ')}.`,
  );
  return finding('SLUICE_FINDING_DRIFT', { case: 'stack', ...told }, revert);
}

/** The domain of the gateway: whether it takes requests, and whether its name leads there. */
export const domainLook: Look = {
  name: 'domain',
  expects:
    '`endpoint.domain`, if there is one, is available with its certificate, and requests to its name reach it',
  async find({ config: { endpoint }, clients: { apiGateway } }) {
    if (endpoint.domain === null) return [];
    // API Gateway has one list of domains, whichever of its two APIs made them.
    const asked = new GetDomainNameCommand({ domainName: endpoint.domain });
    const found = await ifThere(apiGateway.send(asked));
    if (found === undefined) return [missing(`The domain ${endpoint.domain}`, 'drift')];
    const addresses = await addressesOf(endpoint.domain);
    const expected = await addressesOf(found.regionalDomainName);
    const isDirect = addresses.some((address) => expected.includes(address));
    const isAnswered = isDirect || (await answersPreflight(`https://${endpoint.domain}`));
    return judgeDomain({ ...found, addresses, isAnswered }, endpoint.certificateArn);
  },
};

/** The addresses of a name, as this machine resolves it; none if it cannot. */
async function addressesOf(name = ''): Promise<readonly string[]> {
  if (name === '') return [];
  const found = await lookup(name, { all: true }).catch(() => []);
  return found.map(({ address }) => address);
}

/** Milliseconds in which a gateway answers a preflight, also through a proxy. */
const PREFLIGHT_MS = 5_000;

/**
 * Whether the collector's gateway answers at an address, as through a proxy. It answers preflights itself, so that no function is
 * called and nothing is refused: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html
 *
 * @param address `https://collect.example.com`
 */
export async function answersPreflight(address: string): Promise<boolean> {
  const asked = fetch(`${address}/v1/rgstr`, {
    method: 'OPTIONS',
    headers: { origin: address, 'access-control-request-method': 'POST' },
    redirect: 'manual',
    signal: AbortSignal.timeout(PREFLIGHT_MS),
  });
  const answer = await asked.catch(() => null);
  return answer?.headers.get('access-control-max-age') === String(PREFLIGHT_SECONDS);
}

/** A domain of API Gateway, and where its name leads. */
interface FoundDomain extends Omit<DomainName, 'domainNameStatus'> {
  readonly domainNameStatus?: string | undefined;
  /** The addresses of its name; none if it cannot be resolved. */
  readonly addresses: readonly string[];
  /** Whether the gateway has one of these, which change, or answers there through a proxy. */
  readonly isAnswered: boolean;
}

/**
 * Judges a domain by its status, its certificate, and whether it leads to the gateway.
 *
 * @param certificateArn As configured.
 */
export function judgeDomain(found: FoundDomain, certificateArn: string | null): readonly Finding[] {
  const { domainName, domainNameStatus: status, domainNameStatusMessage: why, addresses, isAnswered } = found;
  const certificate = found.regionalCertificateArn;
  const because = why ? `: ${why}` : '';
  const unfit = (kind: CaseOf<'SLUICE_FINDING_DOMAIN_UNFIT'>, text: string, detail = text) =>
    finding('SLUICE_FINDING_DOMAIN_UNFIT', {
      case: kind,
      ...seenNow(`${domainName} ${text}`, `${domainName} ${detail}.`),
    });
  const findings: Finding[] = [];
  if (status !== undefined && status !== 'AVAILABLE')
    findings.push(
      unfit(status === 'UPDATING' ? 'updating' : 'status', `is ${status}`, `is ${status}${because}`),
    );
  if (certificate !== undefined && certificate !== certificateArn)
    findings.push(
      unfit('certificate', `has the certificate ${certificate}, configured is ${certificateArn ?? 'none'}`),
    );
  const wanted = `expected the addresses of ${found.regionalDomainName ?? 'the gateway'}`;
  if (addresses.length === 0) findings.push(unfit('unresolved', `has no address, ${wanted}`));
  else if (!isAnswered) findings.push(unfit('elsewhere', `leads to ${addresses.join(', ')}, ${wanted}`));
  return findings;
}

/** The queues of the stack. `sluice status` says what is in those for dead letters. */
export const queuesLook: Look = {
  name: 'queues',
  expects: 'the queues exist',
  find: ({ isLocal, resources, sqs, stackName, commands }) =>
    settled(
      [...resources].flatMap(([logicalId, QueueUrl]): readonly Question[] => {
        // A mapping of a function to a queue has its name, too.
        if (!logicalId.endsWith('Queue') || !QueueUrl.startsWith('http')) return [];
        const name = QueueUrl.slice(QueueUrl.lastIndexOf('/') + 1);
        const revert = isLocal ? [] : revertDriftWords(stackName).map((words) => commands.aws(...words));
        const asked = ifThere(sqs.send(new GetQueueAttributesCommand({ QueueUrl })));
        const judged = asked.then((answer) =>
          answer === undefined ? [judgeQueue(name, isLocal, revert)] : [],
        );
        return [[`the queue ${name}`, judged]];
      }),
    ),
};

/** Judges a queue that does not exist. @param revert As of {@link judgeDrift}; none for the local cloud. */
export function judgeQueue(name: string, isLocal: boolean, revert: readonly string[]): Finding {
  return missing(`The queue ${name}`, isLocal ? 'local' : 'stack', revert);
}

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
import { replacedReaders } from '../../infra/serverless/deployedStack.ts';
import { counted } from '../../lib/base/text.ts';
import { VERSION } from '../../lib/base/version.ts';
import type { Config } from '../../lib/schema/config.ts';
import { revertDriftWords } from '../deploymentCommands.ts';
import { ifThere } from '../explainAwsError.ts';
import { type Finding, finding, seenNow } from '../findings/catalogue.ts';
import { type Look, settled } from './Look.ts';
import { outputOf, type Setup } from './Setup.ts';

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html#stack-status-codes */
const FINISHED = /^(CREATE|UPDATE|IMPORT)_COMPLETE(_CLEANUP_IN_PROGRESS)?$/;

/** The stack: whether it exists, is complete, and was deployed from this configuration. */
export const stack: Look = {
  name: 'stack',
  expects: 'the stack is deployed, complete, from this configuration and by this version of Sluice',
  isGround: true,
  async find({ deployed, config, stackName, identity: { account, region }, commands }) {
    return deployed === undefined
      ? [
          finding(
            'SLUICE_FINDING_STACK_MISSING',
            seenNow(
              `No stack ${stackName} is in ${region} of account ${account}`,
              `${stackName}, in ${region} of account ${account}.`,
            ),
          ),
        ]
      : [...judgeStack(deployed, config, commands)];
  },
};

/** A look before a deployment: whether CloudFormation will update the stack, and what the version changes. */
export const formerStack: Look = {
  name: 'stack',
  expects:
    'the stack, if there is one, can be updated, keeps the identities of readers, and was deployed by this version of Sluice',
  async find({ deployed, config, commands, identity, stackName, resources }) {
    if (deployed === undefined) return [];
    const found = [...judgeStack(deployed, config, commands)].filter(
      ({ code, commands }) => code === 'SLUICE_FINDING_VERSION_DIFFERS' || commands.length > 0,
    );
    const replaced = replacedReaders(config, { ...identity, stackName, resources });
    return [
      ...found,
      ...replaced.map((detail) =>
        finding('SLUICE_FINDING_READER_REPLACED', seenNow(detail.replaceAll('`', ''), detail)),
      ),
    ];
  },
};

/**
 * Verbs that the next deployment needs first: CloudFormation does not update a stack whose creation or rollback failed.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/troubleshooting.html#troubleshooting-errors-update-rollback-failed
 */
const REPAIR_VERBS: ReadonlyMap<string, string> = new Map([
  ['UPDATE_ROLLBACK_FAILED', 'continue-update-rollback'],
  ['UPDATE_FAILED', 'rollback-stack'],
  // Such a stack holds only resources that could not be deleted.
  ['ROLLBACK_COMPLETE', 'delete-stack'],
  ['ROLLBACK_FAILED', 'delete-stack'],
  ['CREATE_FAILED', 'delete-stack'],
  ['DELETE_FAILED', 'delete-stack'],
]);

/** Judges a stack by its status, and by the names and the version in its outputs. */
export function* judgeStack(
  found: Pick<Stack, 'StackName' | 'StackStatusReason' | 'Outputs'> &
    Partial<Pick<Stack, 'LastUpdatedTime'>> & {
      readonly StackStatus?: string | undefined;
    },
  config: Pick<Config, 'bucket' | 'database' | 'tables'>,
  commands: Pick<Setup['commands'], 'aws'>,
): Generator<Finding> {
  const { StackName = '', StackStatus = '', StackStatusReason: reason } = found;
  if (!FINISHED.test(StackStatus)) {
    const verb = REPAIR_VERBS.get(StackStatus);
    const because = reason === undefined ? '' : `: ${reason}`;
    yield finding(
      'SLUICE_FINDING_STACK_UNFINISHED',
      {
        case: verb === undefined ? 'running' : 'failed',
        title: `${StackName} is ${StackStatus}`,
        since: found.LastUpdatedTime?.toISOString() ?? null,
        detail: `${StackName} is ${StackStatus}${because}.`,
      },
      verb === undefined ? [] : [commands.aws('cloudformation', verb, '--stack-name', StackName)],
    );
  }
  const expected = {
    DataBucketName: config.bucket,
    DatabaseName: config.database,
    ExposuresTableName: config.tables.exposures,
    EventsTableName: config.tables.events,
    QuarantineTableName: config.tables.quarantine,
  };
  const differing = Object.entries(expected).flatMap(([name, value]) => {
    const output = outputOf(found, name);
    return output === undefined || output === value
      ? []
      : [`${name}: deployed ${output}, configured ${value}`];
  });
  if (differing.length > 0)
    yield finding('SLUICE_FINDING_STACK_DIFFERS', {
      title: `${counted(differing.length, 'name')} of ${StackName} ${differing.length === 1 ? 'is' : 'are'} not as configured, the first ${differing[0]}`,
      since: found.LastUpdatedTime?.toISOString() ?? null,
      detail: `${differing.join('; ')}.`,
    });
  const version = outputOf(found, 'SluiceVersion');
  if (version !== VERSION)
    yield finding('SLUICE_FINDING_VERSION_DIFFERS', {
      title: `${StackName} was deployed by ${version ?? 'an unnamed version'}, and this is ${VERSION}`,
      since: found.LastUpdatedTime?.toISOString() ?? null,
      detail: `${StackName}: ${version ?? 'not named'}; this working tree: ${VERSION}.`,
    });
}

/** Whether the alarms will notify somebody, by the configuration alone. */
export const alarmTopic: Look = {
  name: 'alarms',
  expects: 'the alarms notify somebody',
  find: async ({ isLocal, config }) =>
    isLocal || config.alarms.topicArn !== null
      ? []
      : [
          finding('SLUICE_FINDING_NO_TOPIC', {
            case: 'none',
            ...seenNow('No alarm notifies anybody: alarms.topicArn is null', 'alarms.topicArn is null.'),
          }),
        ],
};

/** Milliseconds between two looks at a detection of drift, which takes some minutes. */
const DRIFT_PAUSE_MS = 5_000;

/** What differs from the template, by CloudFormation's own comparison. It takes minutes, so it is made on demand. */
export const drift: Look = {
  name: 'drift',
  expects: 'no resource of the stack was deleted or changed manually, as CloudFormation sees it',
  async find({ clients: { cloudFormation: client }, stackName: StackName, wait, commands }) {
    const { StackDriftDetectionId } = await client.send(new DetectStackDriftCommand({ StackName }));
    const isRunning = async () => {
      const answer = await client.send(
        new DescribeStackDriftDetectionStatusCommand({ StackDriftDetectionId }),
      );
      return answer.DetectionStatus === 'DETECTION_IN_PROGRESS';
    };
    while (await isRunning()) await wait(DRIFT_PAUSE_MS);
    const revert = revertDriftWords(StackName).map((words) => commands.aws(...words));
    const findings: Finding[] = [];
    for await (const page of paginateDescribeStackResourceDrifts(
      { client },
      { StackName, StackResourceDriftStatusFilters: ['MODIFIED', 'DELETED'] },
    ))
      findings.push(...(page.StackResourceDrifts ?? []).map((drift) => judgeDrift(drift, revert)));
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
  if (found.StackResourceDriftStatus === 'DELETED')
    return finding(
      'SLUICE_FINDING_RESOURCE_MISSING',
      { case: 'stack', ...seenNow(`The resource ${name} does not exist`, `${name}.`) },
      revert,
    );
  const differences = (found.PropertyDifferences ?? []).map(
    ({ PropertyPath, ExpectedValue, ActualValue }) =>
      `${PropertyPath}: got ${ActualValue || 'none'}, expected ${ExpectedValue || 'none'}`,
  );
  const points = counted(differences.length, 'point');
  const told = seenNow(
    `The resource ${name} differs from its template in ${points}, the first ${(found.PropertyDifferences ?? [])[0]?.PropertyPath ?? 'unnamed'}`,
    `${name}: ${differences.join('; ')}.`,
  );
  return finding('SLUICE_FINDING_DRIFT', { case: 'stack', ...told }, revert);
}

/** The domain of the gateway: whether it takes requests, and whether its name leads there. */
export const domain: Look = {
  name: 'domain',
  expects:
    '`endpoint.domain`, if there is one, is available with its certificate, and its DNS record points to it',
  async find({ config: { endpoint }, clients: { apiGateway } }) {
    if (endpoint.domain === null) return [];
    // API Gateway has one list of domains, whichever of its two APIs made them.
    const asked = new GetDomainNameCommand({ domainName: endpoint.domain });
    const found = await ifThere(apiGateway.send(asked));
    if (found === undefined)
      return [
        finding('SLUICE_FINDING_RESOURCE_MISSING', {
          case: 'drift',
          ...seenNow(`The domain ${endpoint.domain} does not exist`, `The domain ${endpoint.domain}.`),
        }),
      ];
    const leads = {
      addresses: await addressesOf(endpoint.domain),
      expected: await addressesOf(found.regionalDomainName),
    };
    return judgeDomain({ ...found, ...leads }, endpoint.certificateArn);
  },
};

/** The addresses of a name, as this machine resolves it; none if it cannot. */
async function addressesOf(name = ''): Promise<readonly string[]> {
  if (name === '') return [];
  const found = await lookup(name, { all: true }).catch(() => []);
  return found.map(({ address }) => address);
}

/** A domain of API Gateway, and where its name leads: its addresses, and those of the gateway. */
interface FoundDomain extends Omit<DomainName, 'domainNameStatus'> {
  readonly domainNameStatus?: string | undefined;
  readonly addresses: readonly string[];
  readonly expected: readonly string[];
}

/**
 * Judges a domain by its status, its certificate, and whether it leads to the gateway: then they share an address. API
 * Gateway's names have several, which change.
 *
 * @param certificateArn As configured.
 */
export function judgeDomain(found: FoundDomain, certificateArn: string | null): readonly Finding[] {
  const { domainName, domainNameStatus: status, domainNameStatusMessage: why, addresses, expected } = found;
  const certificate = found.regionalCertificateArn;
  const leads = addresses.length === 0 ? 'has no address' : `leads to ${addresses.join(', ')}`;
  const because = why ? `: ${why}` : '';
  const problems = [
    ...(status === undefined || status === 'AVAILABLE' ? [] : [`is ${status}${because}`]),
    ...(certificate === undefined || certificate === certificateArn
      ? []
      : [`has the certificate ${certificate}, configured is ${certificateArn}`]),
    ...(addresses.some((address) => expected.includes(address))
      ? []
      : [`${leads}, expected the addresses of ${found.regionalDomainName}`]),
  ];
  return problems.length === 0
    ? []
    : [finding('SLUICE_FINDING_DOMAIN_UNFIT', seenNow(`${domainName} ${problems.join('; it ')}.`))];
}

/** The queues of the stack. `sluice status` says what is in those for dead letters. */
export const queues: Look = {
  name: 'queues',
  expects: 'the queues exist',
  find: ({ isLocal, resources, sqs, stackName, commands }) =>
    settled(
      [...resources].map(async ([logicalId, QueueUrl]) => {
        // A mapping of a function to a queue has its name, too.
        if (!logicalId.endsWith('Queue') || !QueueUrl.startsWith('http')) return [];
        if ((await ifThere(sqs.send(new GetQueueAttributesCommand({ QueueUrl })))) !== undefined) return [];
        const name = QueueUrl.slice(QueueUrl.lastIndexOf('/') + 1);
        const revert = isLocal ? [] : revertDriftWords(stackName).map((words) => commands.aws(...words));
        const told = {
          case: isLocal ? 'local' : 'stack',
          ...seenNow(`The queue ${name} does not exist`, `The queue ${name}.`),
        } as const;
        return [finding('SLUICE_FINDING_RESOURCE_MISSING', told, revert)];
      }),
    ),
};

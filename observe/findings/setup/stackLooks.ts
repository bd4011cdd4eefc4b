import type { Stack, StackResourceDrift } from '@aws-sdk/client-cloudformation';
import { queueExecutions } from '../../../infra/serverless/service.ts';
import { curateIds, exportIds, logicalIds, relayIds } from '../../../infra/template/Stack.ts';
import { VERSION } from '../../../lib/base/version.ts';
import type { Config } from '../../../lib/schema/config.ts';
import {
  collectorConcurrency,
  hasFunctionUrl,
  hasGateway,
  requestLimits,
} from '../../../lib/schema/endpoint.ts';
import { isRegion } from '../../../lib/schema/regions.ts';
import {
  type DomainFacts,
  type GatewayLimits,
  type LambdaLimits,
  readDeliveryStream,
  readDomain,
  readDrifts,
  readGatewayLimits,
  readLambdaLimits,
  readQueue,
} from '../../facts/setup/stackFacts.ts';
import { type Finding, finding } from '../catalogue.ts';
import { look, revertCommands } from './Look.ts';

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html#stack-status-codes */
const FINISHED = /^(CREATE|UPDATE|IMPORT)_COMPLETE(_CLEANUP_IN_PROGRESS)?$/;

/** The stack: whether it exists, is complete, and was deployed from this configuration. */
export const stack = look({
  name: 'stack',
  expects: 'the stack is deployed, complete, from this configuration and by this version of Sluice',
  needs: [],
  ground: 'stack',
  read: ({ deployed }) => [Promise.resolve(deployed)],
  *judge(found, { config, stackName, identity: { account, region }, say }) {
    if (found === undefined) {
      yield finding('SLUICE_FINDING_STACK_MISSING', `${stackName}, in ${region} of account ${account}.`);
      return;
    }
    const words = say.isLocal ? undefined : unfinishedWords(found);
    yield* judgeStack(found, config, words === undefined ? [] : [say.aws(...words)]);
    yield* judgeVersion(found);
  },
});

/** Before a deployment: whether CloudFormation will update the stack, and what the version changes. */
export const formerStack = look({
  name: 'stack',
  expects: 'the stack, if there is one, can be updated and was deployed by this version of Sluice',
  needs: [],
  read: ({ deployed }) => [Promise.resolve(deployed)],
  *judge(found, { stackName, say }) {
    if (found === undefined) return;
    const words = say.isLocal ? undefined : unfinishedWords(found);
    if (words !== undefined) {
      const detail = `${stackName} is ${found.StackStatus}.`;
      yield finding('SLUICE_FINDING_STACK_UNFINISHED', detail, [say.aws(...words)]);
    }
    yield* judgeVersion(found);
  },
});

/** Judges the version of a stack by its output. */
function* judgeVersion(found: Stack): Generator<Finding> {
  const deployed = deployedVersion(found);
  if (deployed === VERSION) return;
  const detail = `${found.StackName}: ${deployed ?? 'not named'}; this working tree: ${VERSION}.`;
  yield finding('SLUICE_FINDING_VERSION_DIFFERS', detail);
}

/** The version that deployed a stack; undefined if the stack does not say. */
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

/** Judges a stack by its status and by the names in its outputs. @param commands Of a stack that is not finished. */
export function* judgeStack(
  { StackName, StackStatus, StackStatusReason, Outputs = [] }: Stack,
  config: Pick<Config, 'bucket' | 'database' | 'tables'>,
  commands: readonly string[] = [],
): Generator<Finding> {
  if (!FINISHED.test(StackStatus ?? '')) {
    const why = StackStatusReason === undefined ? '' : `: ${StackStatusReason}`;
    yield finding('SLUICE_FINDING_STACK_UNFINISHED', `${StackName} is ${StackStatus}${why}.`, commands);
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
  if (differing.length > 0) yield finding('SLUICE_FINDING_STACK_DIFFERS', `${differing.join('; ')}.`);
}

/** Whether the alarms will notify somebody, by the configuration alone. */
export const alarmTopic = look({
  name: 'alarms',
  expects: 'the alarms notify somebody',
  needs: [],
  read: ({ config }) => [Promise.resolve(config.alarms.topicArn)],
  judge: (topicArn, { isLocal }) =>
    isLocal || topicArn !== null ? [] : [finding('SLUICE_FINDING_NO_TOPIC', 'alarms.topicArn is null.')],
});

/** What differs from the template, by CloudFormation's own comparison. It takes minutes, so it is made on demand. */
export const drift = look({
  name: 'drift',
  expects: 'no resource of the stack was deleted or changed manually, as CloudFormation sees it',
  needs: ['stack'],
  read: async (setup) => (await readDrifts(setup)).map((one) => Promise.resolve(one)),
  judge: judgeDrift,
});

/** Judges a resource that differs from the template. */
export function judgeDrift(
  { LogicalResourceId = '', PhysicalResourceId: id, ...found }: Partial<StackResourceDrift>,
  facts: Parameters<typeof revertCommands>[0],
): Finding[] {
  const commands = revertCommands(facts, LogicalResourceId);
  if (found.StackResourceDriftStatus === 'DELETED')
    return [finding('SLUICE_FINDING_RESOURCE_MISSING', `${found.ResourceType} ${id}.`, commands)];
  const differences = (found.PropertyDifferences ?? []).map(
    ({ PropertyPath, ExpectedValue, ActualValue }) =>
      `${PropertyPath}: got ${ActualValue || 'none'}, expected ${ExpectedValue || 'none'}`,
  );
  const detail = `${found.ResourceType} ${id}: ${differences.join('; ')}.`;
  return [finding('SLUICE_FINDING_DRIFT', detail, commands)];
}

/** The domain of the gateway: whether it takes requests, and whether its name leads there. */
export const domain = look({
  name: 'domain',
  expects:
    '`endpoint.domain`, if there is one, is available with its certificate, and its DNS record points to it',
  needs: ['stack'],
  read: (setup) =>
    setup.config.endpoint.domain === null ? [] : [readDomain(setup, setup.config.endpoint.domain)],
  judge: (found, { config: { endpoint } }) => judgeDomain(found, endpoint.certificateArn),
});

/**
 * Judges a domain by its status, its certificate, and whether it leads to the gateway: then they share an address. API
 * Gateway's names have several, which change.
 *
 * @param certificateArn As configured.
 */
export function judgeDomain(found: DomainFacts, certificateArn: string | null): Finding[] {
  const { name, status, why, certificate, target, addresses, expected } = found;
  const problems = [
    ...(status === undefined || status === 'AVAILABLE' ? [] : [`is ${status}${why ? `: ${why}` : ''}`]),
    ...(certificate === undefined || certificate === certificateArn
      ? []
      : [`has the certificate ${certificate}, configured is ${certificateArn}`]),
    ...(addresses.some((address) => expected.includes(address))
      ? []
      : [
          `${addresses.length === 0 ? 'has no address' : `leads to ${addresses.join(', ')}`}, expected the addresses of ${target}`,
        ]),
  ];
  return problems.length === 0
    ? []
    : [finding('SLUICE_FINDING_DOMAIN_UNFIT', `${name} ${problems.join('; it ')}.`)];
}

/** The delivery stream. What else differs from the template, `--drift` finds. */
export const streams = look({
  name: 'firehose',
  expects: 'the delivery stream takes records',
  needs: ['stack'],
  read: (setup) => [readDeliveryStream(setup, revertCommands(setup, logicalIds.stream))],
  *judge({ DeliveryStreamName, DeliveryStreamStatus, FailureDescription }) {
    if (DeliveryStreamStatus === 'ACTIVE') return;
    const why = FailureDescription?.Details === undefined ? '' : `: ${FailureDescription.Details}`;
    const detail = `${DeliveryStreamName} is ${DeliveryStreamStatus}${why}.`;
    yield finding('SLUICE_FINDING_STREAM_INACTIVE', detail);
  },
});

/** The dead-letter queues that a configuration has, by logical ID. */
function deadLetterIds({
  sources,
  exports,
  curate,
  relay,
}: Pick<Config, 'sources' | 'exports' | 'curate' | 'relay'>): readonly string[] {
  return [
    ...[logicalIds.deadLetters, logicalIds.writeDeadLetters],
    ...(sources.length > 0 ? [logicalIds.planDeadLetters, logicalIds.loadDeadLetters] : []),
    ...(exports.length > 0 ? [exportIds.deadLetters] : []),
    ...(curate ? [curateIds.planDeadLetters, curateIds.deadLetters] : []),
    ...(relay === undefined ? [] : [relayIds.deadLetters]),
  ];
}

/** The dead-letter queues. */
export const queues = look({
  name: 'queues',
  expects: 'the dead-letter queues are empty',
  needs: ['stack'],
  read: (setup) => deadLetterIds(setup.config).map((id) => readQueue(setup, id, revertCommands(setup, id))),
  *judge({ name, arn, messages }, { say }) {
    const move = say.aws('sqs', 'start-message-move-task', '--source-arn', arn);
    if (messages > 0) yield finding('SLUICE_FINDING_DEAD_LETTERS', `${name}: about ${messages}.`, [move]);
  },
});

/** The share from which a quota counts as nearly exhausted. */
const NEAR = 0.8;
/** Lambda keeps this many executions for functions without reserved concurrency. https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html */
const UNRESERVED = 100;
/** The default of accounts that are not new. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const LAMBDA_DEFAULT = 1_000;

/** The account's limits, which are lower in new accounts and shared with everything else in the account. */
export const quotas = look<GatewayLimits | LambdaLimits>({
  name: 'quotas',
  expects: "the account's limits of API Gateway and Lambda are sufficient",
  needs: [],
  read: (setup) => [
    ...(hasGateway(setup.config.endpoint) ? [readGatewayLimits(setup)] : []),
    readLambdaLimits(setup),
  ],
  judge: (limits, { config, identity: { region } }) =>
    'rate' in limits
      ? judgeGateway(limits, isRegion(region) ? { ...config, region } : config)
      : judgeLambda(limits, config),
});

/** Compares the account's limits with those that the stage's throttling and its alarm are based on. */
function* judgeGateway(
  { rate, burst }: GatewayLimits,
  config: Pick<Config, 'region' | 'endpoint'>,
): Generator<Finding> {
  const wanted = requestLimits(config);
  if (rate >= wanted.effectiveRequestsPerSecond && burst >= wanted.burst) return;
  const configured = `${wanted.effectiveRequestsPerSecond} a second, ${wanted.burst} at once`;
  const account = `${rate} a second, ${burst} at once`;
  yield lossy(`The account allows ${account}; the configuration says ${configured}.`);
}

/** Beyond such a limit requests are lost. */
function lossy(detail: string): Finding {
  return finding('SLUICE_FINDING_QUOTA', detail, [], 'problem');
}

/** Judges the account's concurrency: all functions of the account and region share what is not reserved. */
function* judgeLambda({ total, unreserved }: LambdaLimits, config: Config): Generator<Finding> {
  const { collector, endpoint } = config;
  const wanted = collector.reservedConcurrency ?? 0;
  const reserved = Math.max(total - unreserved, wanted);
  const about = `Lambda: ${total} executions at once in the account, ${reserved} of them reserved`;
  const least = Math.max(LAMBDA_DEFAULT, wanted + UNRESERVED);
  const { queues: count, most } = queueExecutions(config);
  const workers = `The stack's ${count} queues use up to ${most}, the collector has the rest`;
  if (total < least)
    yield finding('SLUICE_FINDING_QUOTA', `${about}, expected ${least} or more. ${workers}.`);
  else if (reserved > total * NEAR) yield finding('SLUICE_FINDING_QUOTA', `${about}.`);
  const { executions, isReserved } = collectorConcurrency(collector);
  // Reservations of other functions reduce the executions left to a collector without a reservation.
  const allowed = isReserved ? total : unreserved;
  // Behind a Function URL what goes beyond the concurrency is lost, so the alarms have to know it.
  if (hasFunctionUrl(endpoint) && allowed < executions)
    yield lossy(
      `The account allows ${allowed} executions at once${isReserved ? '' : ' without reservations'}; the configuration says ${executions}.`,
    );
}

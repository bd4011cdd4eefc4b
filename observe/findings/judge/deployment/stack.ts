import { CONFIGURATION_OUTPUT } from '../../../../infra/template/deployedConfiguration.ts';
import { counted, listed, someOf } from '../../../../lib/base/text.ts';
import { DAY_MS, utcDay } from '../../../../lib/base/time.ts';
import type { DeploymentCommands } from '../../../deploymentCommands.ts';
import type { StatusFacts } from '../../../facts/statusFacts.ts';
import { type CaseOf, finding, seenNow } from '../../catalogue.ts';
import type { Findings, Place } from '../place.ts';

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html#stack-status-codes */
const FINISHED = /^(CREATE|UPDATE|IMPORT)_COMPLETE(_CLEANUP_IN_PROGRESS)?$/;

/**
 * Verbs that the next deployment needs first: CloudFormation does not update a stack whose creation or rollback failed.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/troubleshooting.html#troubleshooting-errors-update-rollback-failed
 */
export const REPAIR_VERBS: ReadonlyMap<string, string> = new Map([
  ['UPDATE_ROLLBACK_FAILED', 'continue-update-rollback'],
  ['UPDATE_FAILED', 'rollback-stack'],
  // Such a stack holds only resources that could not be deleted.
  ['ROLLBACK_COMPLETE', 'delete-stack'],
  ['ROLLBACK_FAILED', 'delete-stack'],
  ['CREATE_FAILED', 'delete-stack'],
  ['DELETE_FAILED', 'delete-stack'],
  // Serverless refuses it, too: https://github.com/serverless/serverless/pull/11863
  ['REVIEW_IN_PROGRESS', 'delete-stack'],
]);

/** A status in which CloudFormation works on the stack. */
const RUNNING = /_IN_PROGRESS$/;

/** Why a stack with this status is not complete. */
function unfinishedCase(status: string): CaseOf<'SLUICE_FINDING_STACK_UNFINISHED'> {
  // Nothing runs: CloudFormation waits for somebody to execute the first change set.
  if (status === 'REVIEW_IN_PROGRESS') return 'review';
  if (status === 'IMPORT_ROLLBACK_FAILED') return 'importFailed';
  if (status === 'UPDATE_ROLLBACK_FAILED') return 'rollbackFailed';
  if (status === 'ROLLBACK_FAILED' || status === 'DELETE_FAILED') return 'undeleted';
  if (REPAIR_VERBS.has(status)) return 'failed';
  return RUNNING.test(status) ? 'running' : 'rolledBack';
}

/** As {@link unfinishedFindings}, but nothing while CloudFormation works: a deployment is no fault. */
export function* failedDeployment(facts: Pick<StatusFacts, 'stack' | 'stackState'>, place: Place): Findings {
  const { status = '' } = facts.stackState ?? {};
  if (unfinishedCase(status) !== 'running') yield* unfinishedFindings(facts, place);
}

/**
 * A query for what failed, and for each step of the stack itself, newest first: the steps part an update from its rollback,
 * and from earlier deployments. A stack that was updated has events of months, of which the query leaves out those of more
 * than a day before. jmespath.py, which the CLI uses, compares texts:
 * https://github.com/jmespath/jmespath.py/blob/develop/jmespath/visitor.py
 *
 * @param since When the stack was updated last, ISO; null if it never was.
 */
function failedEvents(stack: string, since: string | null): string {
  const from = since === null ? '' : `Timestamp>=\`${utcDay(Date.parse(since) - DAY_MS)}\` && `;
  const wanted = `(ends_with(ResourceStatus, \`FAILED\`) || LogicalResourceId==\`${stack}\`)`;
  return `StackEvents[?${from}${wanted}].[Timestamp,LogicalResourceId,ResourceStatus,ResourceStatusReason]`;
}

/** The stack, if its last deployment has not come to its end. */
export function* unfinishedFindings(
  { stack, stackState }: Pick<StatusFacts, 'stack' | 'stackState'>,
  { commands }: { readonly commands: Pick<DeploymentCommands, 'aws'> },
): Findings {
  if (stackState === null || FINISHED.test(stackState.status)) return;
  const { status, reason, since } = stackState;
  const verb = REPAIR_VERBS.get(status);
  const because = reason === null ? '' : `: ${reason}`;
  const name = ['--stack-name', stack];
  const query = ['--query', failedEvents(stack, since), '--output', 'text'];
  const told = {
    case: unfinishedCase(status),
    title: `${stack} is ${status}`,
    since,
    detail: `${stack} is ${status}${because}.`,
  };
  yield finding('SLUICE_FINDING_STACK_UNFINISHED', told, [
    commands.aws('cloudformation', 'describe-stack-events', ...name, ...query),
    ...(verb === undefined ? [] : [commands.aws('cloudformation', verb, ...name)]),
  ]);
}

/** The configuration that was read, if it is not the one that is deployed. */
export function* undeployedFindings(
  { stack, isLocal, undeployed }: Pick<StatusFacts, 'stack' | 'isLocal' | 'undeployed'>,
  { commands }: { readonly commands: Pick<DeploymentCommands, 'aws'> },
): Findings {
  const { settings = [], deployedAt = null } = undeployed ?? {};
  if (settings.length === 0) return;
  const paths = settings.map((setting) => setting.split(': ')[0] ?? setting);
  const on = deployedAt === null ? '' : `, deployed last at ${deployedAt},`;
  const told = {
    case: isLocal ? 'local' : 'stack',
    title: `${stack}${on} and the configuration read here differ in ${counted(settings.length, 'setting')}: ${listed(paths)}`,
    // Nothing keeps when the configuration that is read here was changed.
    since: null,
    detail: `${settings.join('; ')}.`,
  } as const;
  const query = `Stacks[0].Outputs[?OutputKey=='${CONFIGURATION_OUTPUT}'].OutputValue`;
  const words = ['--stack-name', stack, '--query', query, '--output', 'text'];
  yield finding('SLUICE_FINDING_STACK_DIFFERS', told, [
    commands.aws('cloudformation', 'describe-stacks', ...words),
  ]);
}

/** Alarms that notify nobody. */
export function* silentAlarms({ alarms, isLocal }: StatusFacts, { commands, config }: Place): Findings {
  const silent = (alarms ?? []).filter(({ notifies }) => !notifies);
  if (!isLocal && silent.length > 0) {
    const isOff = config.alarms.topicArn !== null;
    const names = silent.map(({ name }) => name);
    yield finding(
      'SLUICE_FINDING_NO_TOPIC',
      {
        case: isOff ? 'off' : 'none',
        ...seenNow(`${someOf(silent.length, alarms?.length ?? 0, 'alarm')} would notify nobody`),
      },
      // A call takes 100 names, as the call that reads the alarms.
      isOff ? [commands.aws('cloudwatch', 'enable-alarm-actions', '--alarm-names', ...names)] : [],
    );
  }
}

/** Faults that are set in the local cloud. */
export function* faultFindings({ faults }: StatusFacts, { commands }: Place): Findings {
  if (faults > 0)
    yield finding(
      'SLUICE_FINDING_FAULTS',
      seenNow(`${counted(faults, 'fault is', 'faults are')} set in the local cloud`),
      [commands.control('DELETE', 'faults')],
    );
}

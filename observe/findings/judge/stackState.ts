import type { DeploymentCommands } from '../../deploymentCommands.ts';
import type { StatusFacts } from '../../facts/statusFacts.ts';
import { type CaseOf, finding } from '../catalogue.ts';
import type { Findings, Place } from './place.ts';

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
  if (REPAIR_VERBS.has(status)) return 'failed';
  return RUNNING.test(status) ? 'running' : 'rolledBack';
}

/** As {@link unfinishedFindings}, but nothing while CloudFormation works: a deployment is no fault. */
export function* failedDeployment(facts: Pick<StatusFacts, 'stack' | 'stackState'>, place: Place): Findings {
  const { status = '' } = facts.stackState ?? {};
  if (unfinishedCase(status) !== 'running') yield* unfinishedFindings(facts, place);
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
  const failed =
    'StackEvents[?ends_with(ResourceStatus, `FAILED`)].[Timestamp,LogicalResourceId,ResourceStatusReason]';
  const query = ['--query', failed, '--output', 'text'];
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

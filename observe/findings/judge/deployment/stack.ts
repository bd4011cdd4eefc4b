import { CONFIGURATION_OUTPUT } from '../../../../infra/template/deployedConfiguration.ts';
import { counted, listed } from '../../../../lib/base/text.ts';
import { DAY_MS, utcDay } from '../../../../lib/base/time.ts';
import type { DeploymentCommands } from '../../../deploymentCommands.ts';
import type { StackFault } from '../../../facts/stackFaults.ts';
import type { StatusFacts } from '../../../facts/statusFacts.ts';
import { type CaseOf, type Finding, finding, seenNow } from '../../catalogue.ts';
import type { Findings, Place } from '../place.ts';
import { isUnreadBy } from './unread.ts';

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

/** What somebody, or a crawler, has changed or deleted of the stack. */
export function* stackFaultFindings(
  { stackFaults, unknown = [] }: Pick<StatusFacts, 'stackFaults'> & Partial<Pick<StatusFacts, 'unknown'>>,
  { commands, config }: Pick<Place, 'commands' | 'config'>,
): Findings {
  for (const fault of stackFaults ?? []) {
    const { what, name, part, differs, repair, isRegistered, deployedAt, keptUntil, others = 0 } = fault;
    const judgedBy = ['the stack', part] as const;
    // The deployment repairs what another release has.
    const isOfRelease = differs !== null && fault.isOtherRelease;
    const shown = isOfRelease ? [] : repair.map((words) => commands.aws(...words));
    const unread = unknown
      .filter((read) => isUnreadBy(fault, read, config))
      .map((read) => `${read.part}: ${read.why}`);
    const without =
      unread.length === 0
        ? ''
        : ` ${differs === null ? 'Without' : 'For'} it nobody can read ${listed(unread, '; ')}`;
    if (isRegistered === true && shown.length > 0)
      shown.push(commands.send('register', '{"sluice":"daily"}'));
    if (differs === null) {
      const of = deployedAt === null || !fault.isDeployed ? '' : ` of the deployment of ${deployedAt}`;
      const nor =
        others === 0 ? '' : `, and neither ${others === 1 ? 'does' : 'do'} ${counted(others, 'other')}`;
      const title = `The ${what} ${name}${of} does not exist${nor}`;
      const deleted = `The ${what} ${name} is deleted, and can be brought back until ${keptUntil}`;
      const told = seenNow(keptUntil === undefined ? title : deleted, `The ${what} ${name}.${without}`);
      yield finding(
        'SLUICE_FINDING_RESOURCE_MISSING',
        { case: missingCase(fault), judgedBy, ...told },
        shown,
      );
      continue;
    }
    const [first = ''] = differs;
    const points = `differs from its definition in ${counted(differs.length, 'point')}: ${first.replaceAll('`', '')}`;
    const more = differs.length === 1 ? '' : ', and others';
    if (what === 'workgroup') {
      const told = seenNow(
        `The workgroup ${name} ${points}${more}`,
        `workgroup ${name}: ${differs.join('; ')}.`,
      );
      const cause = fault.isOtherRelease ? 'release' : 'workgroup';
      yield finding('SLUICE_FINDING_DRIFT', { case: cause, judgedBy, ...told }, shown);
    } else yield tableFinding(fault, `${points}${more}`, { shown, without });
  }
}

/** A table or view that differs. Glue keeps when it was changed last. */
function tableFinding(
  fault: StackFault,
  points: string,
  { shown, without }: { readonly shown: readonly string[]; readonly without: string },
): Finding {
  const { what, name, part, differs, changedAt, isOtherRelease } = fault;
  const judgedBy = ['the stack', part] as const;
  const when = changedAt === null ? '' : `, changed last at ${changedAt}`;
  const title = `The ${what} ${name} ${points}${when}`;
  const deployed = what === 'view' ? 'view' : 'table';
  const cause = shown.length === 0 ? 'local' : deployed;
  const detail = `${name}: ${(differs ?? []).join('; ')}.${without}`;
  return finding(
    'SLUICE_FINDING_TABLE_DIFFERS',
    { case: isOtherRelease ? 'release' : cause, judgedBy, title, since: changedAt, detail },
    shown,
  );
}

/** Why something of the stack is gone. */
function missingCase({
  what,
  repair,
  isDeployed,
  keptUntil,
}: StackFault): CaseOf<'SLUICE_FINDING_RESOURCE_MISSING'> {
  if (!isDeployed) return 'new';
  if (keptUntil !== undefined) return 'secret';
  if (repair.length === 0) return 'local';
  return what === 'table' || what === 'view' || what === 'database' ? what : 'stack';
}

/** The name in the ARN of a role. */
export function nameOf(role: string): string {
  return role.slice(role.lastIndexOf('/') + 1);
}

/** An ARN without its beginning, and without the name of an object. */
export function placeOf(resource: string): string {
  return resource.replace(/^arn:.*:/, '').replace(/[^/]{20,}$/, '…');
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
        ...seenNow(`${silent.length} of the ${counted(alarms?.length ?? 0, 'alarm')} would notify nobody`),
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

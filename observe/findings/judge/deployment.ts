import { CONFIGURATION_OUTPUT } from '../../../infra/template/deployedConfiguration.ts';
import { sum } from '../../../lib/base/sum.ts';
import { counted, listed } from '../../../lib/base/text.ts';
import type { DeploymentCommands } from '../../deploymentCommands.ts';
import type { UnreadKind } from '../../explainAwsError.ts';
import { type BucketFault, settingPart } from '../../facts/bucketFaults.ts';
import type { StackFault } from '../../facts/stackFaults.ts';
import type { DeniedCalls } from '../../facts/standingDenials.ts';
import { type KeyFacts, NO_KEY, type StatusFacts, type UnreadPart } from '../../facts/statusFacts.ts';
import { type CaseOf, type Finding, finding, seenNow } from '../catalogue.ts';
import { isUnreadByFile } from './days/rawDays.ts';
import type { Findings, Place } from './place.ts';

/** States of a key that somebody can end. https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html */
const KEY_STATES: Readonly<Record<string, { readonly is: string; readonly verbs: readonly string[] }>> = {
  Disabled: { is: 'is disabled', verbs: ['enable-key'] },
  PendingDeletion: { is: 'is disabled, and is to be deleted', verbs: ['cancel-key-deletion', 'enable-key'] },
};

/** What a key encrypts: the bucket, or log groups. */
export type KeyUser = 'bucket' | 'logs';

/** The cases of a key that is off, or of a kind that its user does not take. */
const KEY_CASES = {
  bucket: { off: 'off', unfit: 'unfit' },
  logs: { off: 'logsOff', unfit: 'logsUnfit' },
} as const satisfies Readonly<
  Record<KeyUser, Readonly<Record<'off' | 'unfit', CaseOf<'SLUICE_FINDING_KEY_UNUSABLE'>>>>
>;

/**
 * Judges a key by what KMS says of it, which is not since when.
 *
 * @param since When a call failed first because of the key, ISO 8601; default nobody knows.
 */
export function judgeKey(
  found: KeyFacts,
  commands: Pick<DeploymentCommands, 'aws'>,
  { user = 'bucket', since = null }: { readonly user?: KeyUser; readonly since?: string | null } = {},
): readonly Finding[] {
  const { Arn = '', KeyState = '', KeySpec, KeyUsage, KeyManager, MultiRegion, DeletionDate } = found;
  const isEnabled = KeyState === 'Enabled';
  const isOfAws = KeyManager === 'AWS';
  const isOfKind = KeySpec === 'SYMMETRIC_DEFAULT' && KeyUsage === 'ENCRYPT_DECRYPT';
  const isOfLogs = user === 'logs';
  // Of a key that is not there nobody knows the kind.
  const isGone = KeyState === NO_KEY;
  const isFit = isGone || (isOfKind && (isOfLogs || MultiRegion !== true) && !isOfAws);
  const unknownState = isGone ? 'gone' : 'state';
  if (isEnabled && isFit) return [];
  const known = KEY_STATES[KeyState];
  const { is: state, verbs } = known ?? { is: `is ${KeyState}`, verbs: [] };
  const on = DeletionDate === undefined ? '' : ` at ${DeletionDate.toISOString()}`;
  const more = [...(MultiRegion === true ? ['multi-Region'] : []), ...(isOfAws ? ["AWS's own"] : [])];
  const kind = [KeySpec, KeyUsage, ...more].join(', ');
  const users = isOfLogs ? 'CloudWatch Logs does not use' : 'S3 and Statsig do not use';
  const wrong = `is of a kind that ${users} (${kind})`;
  const faults = [...(isEnabled ? [] : [`${state}${on}`]), ...(isFit ? [] : [wrong])].join(', and ');
  return [
    finding(
      'SLUICE_FINDING_KEY_UNUSABLE',
      {
        case: known === undefined && !isEnabled ? unknownState : KEY_CASES[user][isEnabled ? 'unfit' : 'off'],
        title: `The key ${Arn} ${faults}${since === null ? '' : ', and calls fail for it'}`,
        since,
        detail: `${Arn} ${faults}.`,
      },
      verbs.map((verb) => commands.aws('kms', verb, '--key-id', Arn)),
    ),
  ];
}

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
  { commands }: Pick<Place, 'commands'>,
): Findings {
  for (const fault of stackFaults ?? []) {
    const { what, name, part, differs, repair, isRegistered, deployedAt, keptUntil } = fault;
    const judgedBy = ['the stack', part] as const;
    // The deployment repairs what another release has.
    const isOfRelease = differs !== null && fault.isOtherRelease;
    const shown = isOfRelease ? [] : repair.map((words) => commands.aws(...words));
    if (isRegistered === true && shown.length > 0)
      shown.push(commands.send('register', '{"sluice":"daily"}'));
    if (differs === null) {
      const of = deployedAt === null ? '' : ` of the deployment of ${deployedAt}`;
      const title = `The ${what} ${name}${of} does not exist`;
      const deleted = `The ${what} ${name} is deleted, and can be brought back until ${keptUntil}`;
      const unread = unknown
        .filter((read) => isUnreadBy(fault, read))
        .map((read) => `${read.part}: ${read.why}`);
      const without = unread.length === 0 ? '' : ` Without it nobody can read ${listed(unread, '; ')}`;
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
    } else yield tableFinding(fault, `${points}${more}`, shown);
  }
}

/** Whether a part could not be read because something is gone. */
function isUnreadBy({ differs, name }: StackFault, { kind, why }: Unread): boolean {
  const isAbout = kind === 'missing' || kind === 'query';
  // The name of another may have this name in it.
  const words = why.split(/[^\w-]+/);
  return differs === null && isAbout && words.includes(name.slice(name.lastIndexOf('.') + 1));
}

/** Parts that could not be read, but for what the finding of something that is gone, or of a file that is no Parquet, tells. */
export function* unreadParts({ unknown, stackFaults, damagedFiles }: StatusFacts): Findings {
  const isTold = (read: UnreadPart) =>
    stackFaults?.some((fault) => isUnreadBy(fault, read)) === true || isUnreadByFile(damagedFiles, read);
  yield* unreadFindings(unknown.filter((read) => !isTold(read)));
}

/** A table or view that differs. Glue keeps when it was changed last. */
function tableFinding(fault: StackFault, points: string, shown: readonly string[]): Finding {
  const { what, name, part, differs, changedAt, isOtherRelease } = fault;
  const judgedBy = ['the stack', part] as const;
  const when = changedAt === null ? '' : `, changed last at ${changedAt}`;
  const title = `The ${what} ${name} ${points}${when}`;
  const deployed = what === 'view' ? 'view' : 'table';
  const cause = shown.length === 0 ? 'local' : deployed;
  const detail = `${name}: ${(differs ?? []).join('; ')}.`;
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
  if (what === 'database') return 'database';
  return what === 'table' || what === 'view' ? 'table' : 'stack';
}

/** Calls of the stack's roles that AWS denies: a finding for each policy and its statements, or for each call. */
export function deniedFindings(
  { deniedCalls }: Pick<StatusFacts, 'deniedCalls'>,
  { commands }: Pick<Place, 'commands'>,
): readonly { readonly found: Finding; readonly calls: readonly DeniedCalls[] }[] {
  const causes = Map.groupBy(deniedCalls ?? [], ({ by, role, action, statements }) =>
    JSON.stringify([by, statements ?? [role, action]]),
  );
  return [...causes.values()].flatMap((ofCause) => {
    const calls = ofCause.toSorted((a, b) => b.count - a.count);
    const [most] = calls;
    if (most === undefined) return [];
    const { by, statements, repair } = most;
    const count = sum(calls.map((call) => call.count));
    const atLeast = calls.some(({ hasMore }) => hasMore) ? 'at least ' : '';
    const [since] = calls.map(({ first }) => first ?? '').sort();
    const roles = new Set(calls.map(({ role }) => role)).size;
    const ofRoles = roles === 1 ? '' : `${roles} roles, most of `;
    const worst = `${nameOf(most.role)}, ${most.action} on ${placeOf(most.resource)}`;
    const denier =
      statements === null ? 'AWS' : `The policy of ${statements.owner} (${statements.sids.join(', ')})`;
    const told = {
      case: by,
      title: `${denier} denied ${atLeast}${counted(count, 'call')} of ${ofRoles}${worst}${calls.length === 1 ? '' : ' and others'}`,
      // An empty text: there may be earlier calls than those that were read.
      since: since || null,
      detail: calls.map(deniedText).join(' '),
    } as const;
    const isUnsaid = by === 'missing' || by === 'explicit';
    const keyPolicy = ['kms', 'get-key-policy', '--key-id', most.resource, '--policy-name', 'default'];
    const found = finding('SLUICE_FINDING_ROLE_DENIED', told, [
      ...(repair === null ? [] : [commands.aws(...repair)]),
      ...(by === 'keyUnread' ? [commands.aws(...keyPolicy)] : []),
      ...(isUnsaid ? [commands.sluice('doctor', '--drift')] : []),
    ]);
    return [{ found, calls }];
  });
}

/** `write: the role R was denied s3:PutObject 3 times, first 2026-…, last 2026-… on arn:….` */
function deniedText({ part, role, action, resource, count, hasMore, first, last }: DeniedCalls): string {
  const times = `${hasMore ? 'at least ' : ''}${counted(count, 'time')}`;
  const from = first === null ? 'for 14 days or more' : `first ${first}`;
  return `${part}: the role ${role} was denied ${action} ${times}, ${from}, last ${last} on ${resource}.`;
}

/** The name in the ARN of a role. */
function nameOf(role: string): string {
  return role.slice(role.lastIndexOf('/') + 1);
}

/** An ARN without its beginning, and without the name of an object. */
function placeOf(resource: string): string {
  return resource.replace(/^arn:.*:/, '').replace(/[^/]{20,}$/, '…');
}

/** Settings of the bucket that differ. */
export function* bucketFindings({ bucketFaults }: StatusFacts, { commands, config }: Place): Findings {
  for (const fault of bucketFaults) if (!fault.isEarly) yield judgeSetting(config, fault, commands);
}

/** Rules of the bucket that delete what the configuration keeps: once that is deployed, they are of somebody else. */
export function* earlyRules({ bucketFaults }: StatusFacts, { commands, config }: Place): Findings {
  for (const fault of bucketFaults) if (fault.isEarly) yield judgeSetting(config, fault, commands);
}

/** Judges a setting of the bucket that differs. */
export function judgeSetting(
  { bucket, existing }: Pick<Place['config'], 'bucket' | 'existing'>,
  { name, why, points, repair, isEarly, isShared = false }: BucketFault,
  commands: Pick<DeploymentCommands, 'aws'>,
): Finding {
  const title = `The setting ${name} of the bucket ${bucket} differs in ${counted(points.length, 'point')}: ${points[0] ?? 'its form'}`;
  const told = seenNow(title, `${bucket}, ${name}: ${listed(points, '; ')}. ${why}`.trim());
  const owner = existing.bucket ? 'brought' : 'setting';
  const changed = isShared ? 'shared' : owner;
  const judged = { case: isEarly ? 'early' : changed, judgedBy: [settingPart(name)] } as const;
  return finding('SLUICE_FINDING_BUCKET_UNFIT', { ...judged, ...told }, [commands.aws(...repair)]);
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

/** Parts that could not be read, a finding for each reason. */
export function unreadFindings(parts: readonly Unread[]): readonly Finding[] {
  return Array.from(Map.groupBy(parts, unreadCause).values(), (ofCause) => ({
    ...unreadOf(ofCause),
    isByKey: ofCause.some(({ isByKey }) => isByKey),
  }));
}

/** Kinds of answers that are about the caller or the account: all parts that have such an answer have it for the same reason. */
const OF_CALLER: readonly UnreadKind[] = [
  'credentials',
  'expired',
  'throttled',
  'denied',
  'timedOut',
  'catalogKey',
];

/** What parts that could not be read have in common; else each has its own answer. */
function unreadCause({ kind, why, isByKey }: Unread): string {
  return `${kind} ${isByKey} ${OF_CALLER.includes(kind) ? '' : why}`;
}

/** What is said of each kind of an answer. */
const UNREAD: Readonly<Record<UnreadKind, string>> = {
  credentials: 'AWS does not accept the credentials',
  expired: 'the credentials are expired',
  throttled: 'AWS throttles the account',
  denied: 'AWS denies it',
  missing: 'it does not exist',
  timedOut: 'AWS did not answer in time',
  query: 'Athena failed with the query',
  catalogKey: 'the key of the Glue Data Catalog cannot be used',
  other: 'the detail has the error',
};

/** What a finding tells of a part that could not be read. */
export type Unread = Pick<UnreadPart, 'part' | 'why' | 'kind' | 'isByKey'>;

/** Parts that could not be read for one reason, with the cure of the kind of the error. @param unread At least one. */
function unreadOf(unread: readonly Unread[]): Finding {
  // Parts are asked at once, and answers come in any order.
  const parts = unread.toSorted((a, b) => a.part.localeCompare(b.part));
  const [{ kind } = { kind: 'other' as const }] = parts;
  const [first = '', second = ''] = parts.map(({ part }) => part);
  const left = parts.length - 2;
  const others = left < 1 ? '' : ` and ${counted(left, 'other')}`;
  const title =
    parts.length === 1
      ? `${first.replace(/^the /, 'The ')} could not be read: ${UNREAD[kind]}`
      : `${parts.length} parts could not be read, ${first}, ${second}${others}: ${UNREAD[kind]}`;
  const texts = Array.from(
    Map.groupBy(parts, ({ why }) => why),
    ([why, ofAnswer]) => {
      return `${listed(ofAnswer.map(({ part }) => part))}: ${why}`;
    },
  );
  return finding('SLUICE_FINDING_UNREADABLE', { case: kind, ...seenNow(title, listed(texts, '; ')) });
}

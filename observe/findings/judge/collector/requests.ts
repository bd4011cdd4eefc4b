import { partName } from '../../../../infra/template/Stack.ts';
import type { ErrorEntry } from '../../../../lib/base/errors.ts';
import { sum } from '../../../../lib/base/sum.ts';
import { counted, listed } from '../../../../lib/base/text.ts';
import { HOUR_MS } from '../../../../lib/base/time.ts';
import { CollectError } from '../../../../lib/collect/CollectError.ts';
import { KeysError } from '../../../../lib/wire/keys/Keyring.ts';
import { revertDriftWords } from '../../../deploymentCommands.ts';
import type { KeysFailure } from '../../../facts/flow/failures.ts';
import { type AnsweredGroup, FAILED_REQUESTS, type SentGroup } from '../../../facts/flow/loggedRequests.ts';
import { GONE } from '../../../facts/flow/senders.ts';
import type { UnreachedRequests } from '../../../facts/flow/unreachedRequests.ts';
import type { StatusFacts } from '../../../facts/statusFacts.ts';
import { functionLog } from '../../../readLog.ts';
import type { FindingCase } from '../../catalogue/entry.ts';
import { type CaseOf, type Finding, finding } from '../../catalogue.ts';
import { explained, failedAt, failureTold, isLogRead, reasonOf } from '../failures.ts';
import type { Findings, Place } from '../place.ts';
import { fromText, QUIET_TEXT, sentText, shareText, tailErrors } from '../texts.ts';

/** The number of refused requests from which they are a problem even at a small share, as in the alarm on 4xx. */
const MANY_REFUSED = 20;

const MANY_REFUSED_SHARE = 0.05;

const UNKNOWN = 'SLUICE_KEY_UNKNOWN';

/** The codes of answers 503 that say that something could not be stored. */
const NOT_STORED: readonly string[] = [
  'SLUICE_COLLECT_NOT_DELIVERED',
  'SLUICE_COLLECT_NO_QUARANTINE',
] satisfies (keyof typeof CollectError.entries)[];

/** It is not over before a minute has passed in which no request failed. */
const OVER_AFTER_MS = 120_000;

/** Whether requests still fail: they may, none has within the last hour, or their senders were stored since. The worst first. */
const OVER_STATES = ['open', 'quiet', 'over'] as const;
/** What is said of each state, behind the number of requests. */
const STATE_TEXTS = { open: '', quiet: QUIET_TEXT, over: '; it is over' } as const;

/** Requests of 24 hours that were answered 503. */
export function* failedRequests(facts: StatusFacts, place: Place): Findings {
  const { lastHour, lastDay, unstored } = facts;
  const codes = Object.keys({ ...lastDay?.failedBy, ...lastHour?.failedBy });
  if (codes.length === 0) return;
  const senders = unstored?.groups.map(labelledBy(facts.keys)) ?? [];
  const isWhole = unstored?.hasMore === false;
  const failed = codes.map((code) => failedCode(code, facts, isWhole ? senders : [], place));
  const [since] = failed.flatMap(({ first }) => first ?? []).sort();
  const start = since === undefined ? [] : ['--start-time', `${Date.parse(since)}`];
  const log = ['--log-group-name', functionLog(place.stack, 'collect'), ...start];
  const state = OVER_STATES.find((name) => failed.some((code) => code.state === name)) ?? 'open';
  const [worst] = failed.filter((code) => code.state === state).toSorted((a, b) => b.count - a.count);
  const total = sum(failed.map(({ count }) => count));
  const sender = senders.find(({ code }) => code === worst?.code);
  const from = sender === undefined ? '' : fromText(sender);
  const share =
    sender?.count === worst?.count ? '' : `, ${isWhole ? '' : 'at least '}${sender?.count} of these`;
  const most = from === '' ? '' : `${share}${from}`;
  const told = {
    case: unstoredCase(worst?.code ?? '', state, facts),
    subject: codes.toSorted().join(' '),
    title: `${counted(total, 'request was', 'requests were')} answered 503, ${shareText(worst?.count ?? 0, failed.length)} with ${worst?.code}${most}`,
    since: since ?? null,
    detail: [...failed.map(({ text }) => text), unstoredText(facts)].join(' '),
  } as const;
  // Why keys could not be read stands in the event of the read.
  const lines = ['--filter-pattern', '{ $.status = 503 || $.event = "keys" }', '--limit', '20'];
  const shown = [place.commands.aws('logs', 'filter-log-events', ...log, ...lines)];
  yield finding('SLUICE_FINDING_NOT_STORED', told, shown, state === 'open' ? 'problem' : 'warning');
}

/** Requests of 24 hours that failed with one code. */
interface FailedCode {
  /** The code of the answers. */
  readonly code: string;
  /** Number of requests. */
  readonly count: number;
  /** When the first failed, ISO 8601; undefined if that is not known. */
  readonly first: string | undefined;
  /** Whether they may still fail. */
  readonly state: (typeof OVER_STATES)[number];
  /** Number, times, state and cure as sentences. */
  readonly text: string;
}

/** By what requests are known to fail no more. */
type OverFacts = Pick<StatusFacts, 'lastHour' | 'lastEventAt' | 'keys' | 'keysFailure' | 'unknown'>;

/** What is known of requests that failed with a code. @param senders Those of all codes; none if not all lines of the log were read. */
function failedCode(
  code: string,
  facts: OverFacts & Pick<StatusFacts, 'lastDay'>,
  senders: readonly AnsweredGroup[],
  { now }: Pick<Place, 'now'>,
): FailedCode {
  const { lastHour, lastDay } = facts;
  const inHour = lastHour?.failedBy[code] ?? 0;
  const day = lastDay?.failedBy[code] ?? { count: inHour, first: undefined, last: '' };
  const minutes = lastHour?.failedAt[code];
  // The last hour is known to the minute.
  const from = minutes !== undefined && day.count <= inHour ? minutes : day;
  const { last } = minutes ?? day;
  const timeText = (time: string, isMinute: boolean) =>
    `${isMinute ? '' : 'in the 5 minutes from '}${time.slice(0, 16)}Z`;
  const span =
    from.first === undefined
      ? ''
      : `, first ${timeText(from.first, from === minutes)}, last ${timeText(last, minutes !== undefined)}`;
  const state = overState({ code, last, inHour }, facts, senders, now);
  const causes: Readonly<Record<string, ErrorEntry>> = { ...CollectError.entries, ...KeysError.entries };
  const cure = NOT_STORED.includes(code) || state === 'over' ? '' : ` ${causes[code]?.cure ?? ''}`;
  const count = Math.max(inHour, day.count);
  const text = `${counted(count, 'request')} with ${code}${span}${STATE_TEXTS[state]}.${cure}`;
  return { code, count, first: from.first, state, text };
}

/** Whether requests may still fail with a code. @param last Start of the last minute in which one failed, ISO 8601. */
function overState(
  { code, last, inHour }: { readonly code: string; readonly last: string; readonly inHour: number },
  { lastHour, lastEventAt, keys, keysFailure, unknown }: OverFacts,
  senders: readonly AnsweredGroup[],
  now: number,
): FailedCode['state'] {
  const isQuiet = inHour === 0 && lastHour !== null;
  const isPast = isQuiet || now - Date.parse(last) >= OVER_AFTER_MS;
  if (!(code in KeysError.entries)) {
    if (isPast && areStored(senders, code)) return 'over';
    return isQuiet ? 'quiet' : 'open';
  }
  // Only a collector reports a denial, and perhaps none has tried since. A key that cannot be read has no label in the log.
  const isRead = isLogRead({ unknown }, 'collect') && keys?.fault === null && keysFailure === null;
  if (!isRead) return 'open';
  // The minutes are of the last hour alone.
  const isStored = [lastHour?.lastStoredAt, lastEventAt].some((at) => (at ?? '') > last);
  if (isPast && isStored) return 'over';
  return isQuiet ? 'quiet' : 'open';
}

/** Whether each sender of requests that failed with a code was stored after its last one, and any of them is known. */
function areStored(groups: readonly AnsweredGroup[], failedWith: string): boolean {
  const senders = groups.filter(({ code }) => code === failedWith);
  return senders.length > 0 && senders.every(({ last, storedAt = '' }) => storedAt > last);
}

/** Who sent requests that were answered 503, as a sentence. */
function unstoredText({ unstored, unknown, keys }: StatusFacts): string {
  if (unknown.some(({ part }) => part === FAILED_REQUESTS))
    return 'Who sent them is not known: the log of the collector could not be read.';
  if (unstored === null || unstored.groups.length === 0)
    return 'Who sent them is not known: the log of the collector has no line of them.';
  const texts = unstored.groups.map(labelledBy(keys)).map((sender) => {
    return `${sender.count} ${sender.code}${sentText(sender)}`;
  });
  const more = unstored.hasMore ? ', and more lines of the log than were read' : '';
  return `By sender: ${listed(texts, '; ')}${more}.`;
}

/** Why requests are answered 503. */
function unstoredCase(
  code: string,
  state: FailedCode['state'],
  { keys, keysFailure }: Pick<StatusFacts, 'keys' | 'keysFailure'>,
): CaseOf<'SLUICE_FINDING_NOT_STORED'> {
  if (state === 'over' && code in KeysError.entries) return 'keysOver';
  if (state !== 'open') return state;
  if (NOT_STORED.includes(code)) return 'stores';
  if (!(code in KeysError.entries)) return 'other';
  if (keys?.faultKind === 'entries') return 'keyEntries';
  return keys?.fault == null && keysFailure === null ? 'keysUnknown' : 'keys';
}

/** Requests that the gateway or the Function URL answered by itself. */
export function* unreachedRequests(facts: StatusFacts, place: Place): Findings {
  const worst = (facts.unreached ?? []).toSorted((a, b) => b.kind.localeCompare(a.kind));
  for (const [kind, hours] of Map.groupBy(worst, (answered) => answered.kind))
    yield unreachedOf(facts, place, { kind, hours });
}

/** Requests that were answered so. */
function unreachedOf(
  facts: StatusFacts,
  { config, stack, now, commands }: Place,
  {
    kind: way,
    hours: unreached,
  }: Pick<UnreachedRequests, 'kind'> & { readonly hours: readonly UnreachedRequests[] },
): Finding {
  const texts = unreached.map(
    ({ hour, kind, count, of: requests }) =>
      `${kind}: ${count} of ${counted(requests, 'request')} in the hour from ${hour}`,
  );
  const log = commands.log(functionLog(stack, 'collect'), now - HOUR_MS);
  const failure = facts.failures['collect'];
  const isOver = unreached.every(({ hour }) => now - Date.parse(hour) >= 2 * HOUR_MS);
  const sumOf = (name: 'count' | 'of') => sum(unreached.map((hour) => hour[name]));
  const told = {
    ...(way === '4xx' ? { case: 'refused' as const } : failureTold(facts, 'collect', failure)),
    subject: way,
    title: `${sumOf('count')} of ${counted(sumOf('of'), 'request')} were answered ${way} before the collector could answer${isOver ? ', and it is over' : ''}`,
    since: unreached.map(({ hour }) => hour).sort()[0] ?? null,
    detail: `${listed(texts, '; ')}${isOver ? '; it is over' : ''}.${way === '5xx' ? failedAt(facts, 'collect') : ''} Who sent them is not known: the collector has no line of them.`,
  };
  return finding(
    'SLUICE_FINDING_UNREACHED',
    told,
    [
      ...(told.case === 'unknown' ? [commands.sluice('doctor', '--drift')] : []),
      ...explained(told, 'collect', { commands, config, stack }),
      way === '4xx' ? commands.sluice('doctor') : log,
    ],
    isOver ? 'warning' : 'problem',
  );
}

/** Requests that were refused. */
export function* refusedRequests(
  { lastHour, lastDay, refusals, keys, isLocal, quarantine }: StatusFacts,
  { commands, config, now }: Place,
): Findings {
  const codes = Object.entries(lastHour?.refusedBy ?? {}).toSorted(([, a], [, b]) => b - a);
  const refused = sum(codes.map(([, count]) => count));
  const day = Math.max(refused, lastDay?.refused ?? 0);
  if (day === 0) return;
  const requests = Math.max(refused, lastHour?.requests ?? 0);
  const unknown = refusals?.groups.filter(({ code }) => code === UNKNOWN) ?? [];
  // The log has the first digits of an unknown key.
  const listedNow = unknown.filter(({ key }) =>
    keys?.senders.some((sha256) => sha256.startsWith(key ?? '-')),
  );
  const ofUnknown = lastHour?.refusedBy[UNKNOWN] ?? 0;
  const isRead = refusals !== null && !refusals.hasMore && unknown.length > 0;
  const isUnknown = listedNow.length < unknown.length || (!isRead && ofUnknown > 0);
  const open = refused - (isUnknown ? 0 : ofUnknown);
  const isMany = open >= MANY_REFUSED && open >= requests * MANY_REFUSED_SHARE;
  const withLabel = labelledBy(keys);
  const labelled = (group: AnsweredGroup) => namedByQuarantine(withLabel(group), quarantine);
  const groups = (refusals?.groups ?? []).map((group) => {
    const over = listedNow.includes(group) ? ' (over: it is in the list now)' : '';
    return `${group.count} ${group.code}${sentText(labelled(group))}${over}`;
  });
  const unlogged = codes.filter(([name]) => refusals?.groups.every(({ code }) => code !== name) ?? true);
  const unloggedTexts = unlogged.map(([code, count]) => `${count} ${code}`);
  const more = refusals?.hasMore === true ? ', and more lines of the log than were read' : '';
  const isWholeLog = isLocal || config.logs.successes === 1;
  const lost = refusals?.groups.find(
    (group) => !listedNow.includes(group) && isAllLost(group, isWholeLog, now),
  );
  const first = lost ?? refusals?.groups[0];
  // Metrics may know of more requests than the log has lines of.
  const isOneKind = refusals?.groups.length === 1 && !refusals.hasMore && (first?.count ?? 0) >= day;
  const isOver = first !== undefined && listedNow.length === refusals?.groups.length;
  const most =
    first === undefined ? `with ${codes[0]?.[0] ?? '4xx'}` : `with ${first.code}${fromText(labelled(first))}`;
  const atLeast = refusals?.hasMore === true ? 'at least ' : '';
  const share = first === undefined ? 'most' : `${atLeast}${first.count} of these`;
  const whole = lost === undefined ? '' : `; every request of this sender from ${lost.first} to ${lost.last}`;
  const refusedCodes = [
    ...(refusals?.groups.map(({ code }) => code ?? '') ?? []),
    ...codes.map(([code]) => code),
  ];
  const caseOfKnown = isOver ? 'over' : 'other';
  // Of a list that cannot be read nobody knows whether it has the key.
  const areKeysRead = keys !== null && keys.fault === null;
  const changedAt = keys?.changedAt ?? null;
  const ofKnownList = keys?.senders.length === 0 ? 'emptied' : 'unknownKey';
  const caseOfUnknown = areKeysRead ? ofKnownList : 'keysUnread';
  const changed =
    isUnknown && changedAt !== null ? `; the list of keys was changed last at ${changedAt}` : '';
  const told = {
    case: isUnknown ? caseOfUnknown : caseOfKnown,
    // Since when others were refused says nothing of these.
    subject: [...new Set(refusedCodes)].sort().join(' '),
    title: `${counted(day, 'request was', 'requests were')} refused, ${refused} of them within the last hour, ${isOneKind ? 'all' : share} ${most}${whole}`,
    // Lines that were not read are earlier ones.
    since:
      refusals?.hasMore === true
        ? refusals.since
        : (refusals?.groups.map((group) => group.first).sort()[0] ?? null),
    reason: refusalReason(refusedCodes, isUnknown),
  } as const;
  yield finding(
    'SLUICE_FINDING_REFUSED',
    {
      ...told,
      detail: `${refused} of ${requests} requests of the last hour, ${day} within 24 hours: ${listed([...groups, ...unloggedTexts], '; ')}${more}${changed}.`,
    },
    [...(isUnknown ? keyCommands(caseOfUnknown, commands) : []), tailErrors(commands)],
    lost !== undefined || (open > 0 && (open * 2 > requests || isMany)) ? 'problem' : 'warning',
  );
}

/**
 * What the codes of refused requests say of themselves: of several each with its code.
 *
 * @param isUnknown Whether the case of an unknown key follows, as its own says more than its code.
 */
function refusalReason(all: readonly string[], isUnknown: boolean): FindingCase | undefined {
  const codes = [...new Set(all)];
  const reasons = codes.flatMap((code) => {
    const reason = code === UNKNOWN ? undefined : reasonOf(code);
    return reason === undefined ? [] : [{ code, ...reason }];
  });
  if (reasons.length === 0) return undefined;
  const named = (what: keyof FindingCase) => {
    const texts = reasons.map((reason) => `\`${reason.code}\`: ${reason[what]}`);
    return [...texts, ...(isUnknown ? [`\`${UNKNOWN}\`:`] : [])].join(' ');
  };
  const [only] = reasons;
  return codes.length === 1 ? only : { cause: named('cause'), cure: named('cure') };
}

/** Names the key of a sender by its label, where the log has the first digits of its SHA-256 as it was not accepted. */
function labelledBy(keys: StatusFacts['keys']): <Sender extends SentGroup>(sender: Sender) => Sender {
  const labels = Object.entries(keys?.labels ?? {});
  return (sender) => {
    const known = labels.find(([sha256]) => sender.key !== null && sha256.startsWith(sender.key));
    return known === undefined ? sender : { ...sender, key: known[1] };
  };
}

/** The SDK of requests as the log has it that is not on Statsig's list: any name would be a name of its own in metrics. */
const OTHER_SDK = 'other';

/** Names the SDK of a sender as quarantine has it, where the log has {@link OTHER_SDK}: by the reason, the key and the version. */
function namedByQuarantine(sender: AnsweredGroup, quarantine: StatusFacts['quarantine']): AnsweredGroup {
  const [name, version = ''] = sender.sdk?.split(' ', 2) ?? [];
  if (name !== OTHER_SDK) return sender;
  const { senders = [] } = quarantine?.find(({ reason }) => reason === sender.code) ?? {};
  const [known, ...more] = senders.filter(
    ({ sdk, key }) => key === sender.key && sdk?.endsWith(` ${version}`),
  );
  return known === undefined || more.length > 0 ? sender : { ...sender, sdk: known.sdk };
}

/** Refused requests of a sender from which on it is an app, and not somebody who tries an address. */
const APP_REQUESTS = 3;

/**
 * Whether a sender had every request of an hour or more refused, and has it still.
 *
 * @param isWholeLog Whether the log has all requests that were stored: else only those of a key that may not send are known to be all.
 */
function isAllLost(
  { code, sdk, count, first, last, storedAt }: AnsweredGroup,
  isWholeLog: boolean,
  now: number,
): boolean {
  const isOfKey = code?.startsWith('SLUICE_KEY_') === true;
  const lasts = Date.parse(last) - Date.parse(first);
  if (sdk === null || count < APP_REQUESTS || lasts < HOUR_MS || now - Date.parse(last) > HOUR_MS)
    return false;
  return isOfKey || (isWholeLog && storedAt === undefined);
}

/** The commands that have a key accepted again: none while the list cannot be read. */
function keyCommands(name: CaseOf<'SLUICE_FINDING_REFUSED'>, commands: Place['commands']): readonly string[] {
  if (name === 'keysUnread') return [];
  const restore = [commands.sluice('keys', 'restore', '--dry-run'), commands.sluice('keys', 'restore')];
  return [...(name === 'emptied' ? restore : [commands.sluice('keys', 'list')]), addKey(commands)];
}

/** Adds a key that only whoever runs the app knows, under a label that no other app has. */
function addKey(commands: Place['commands']): string {
  return `printf %s "$SDK_KEY" | ${commands.sluice('keys', 'add', 'LABEL')}`;
}

/** The cases of what collectors fail with when they read the secret. */
const KEYS_CASES = {
  denied: 'denied',
  busy: 'busy',
  awsFailed: 'awsFailed',
  missing: 'failed',
  error: 'failed',
} as const satisfies Record<KeysFailure['kind'], CaseOf<'SLUICE_FINDING_KEYS_UNREADABLE'>>;

/** Keys that cannot be read, and a deployment without one, to which nobody can send. */
export function* keyFindings(
  { keys, keysFailure, isLocal, lastHour }: StatusFacts,
  { commands, config, stack }: Place,
): Findings {
  const fault = keys?.fault;
  const faultCase = keys?.faultKind ?? null;
  const why = fault ?? (keysFailure && `Collectors failed to read it last at ${keysFailure.text}`);
  // The local cloud has no change sets.
  const revert = isLocal ? [] : revertDriftWords(`${stack.service}-${stack.stage}`);
  const restore = [['--dry-run'], []].map((more) => commands.sluice('keys', 'restore', ...more));
  // Secrets Manager shows nothing of a secret that is to be deleted, so that a dry run could not say what comes back.
  const shown = faultCase === 'deleted' ? restore.slice(1) : restore;
  const isOfAws = keysFailure?.kind === 'busy' || keysFailure?.kind === 'awsFailed';
  const drift = isOfAws ? [] : [commands.sluice('doctor', '--drift')];
  const repairOfSecret = fault ? shown : drift;
  const repair = fault === GONE ? revert.map((words) => commands.aws(...words)) : repairOfSecret;
  const name = partName(stack, 'keys');
  const changedAt = keys?.changedAt ?? null;
  const unreadable = keys?.unreadable ?? [];
  const KEYS_FAULTS = {
    invalid: 'is no list of keys',
    entries: `has ${counted(unreadable.length, 'entry', 'entries')} that no collector can read, ${listed(unreadable)}`,
    deleted: 'is to be deleted',
    gone: 'does not exist',
  };
  const secretText = changedAt === null ? '' : `, whose secret of keys changed last at ${changedAt}`;
  if (why && !config.allowAnyKey) {
    const says = faultCase === null ? 'is not given to collectors' : KEYS_FAULTS[faultCase];
    const changed = changedAt === null || faultCase === null ? '' : `, changed last at ${changedAt}`;
    const caseOfFault = faultCase === 'gone' && isLocal ? 'local' : faultCase;
    const told = {
      judgedBy: [fault ? 'the keys' : 'the log of collect'],
      // The secret has the time of its last change, however long ago.
      isOfDay: !fault,
      case: caseOfFault ?? KEYS_CASES[keysFailure?.kind ?? 'error'],
      title: `The secret ${name} ${says}${changed}`,
      since: faultCase === null ? (keysFailure?.since ?? null) : changedAt,
      detail: `${name}: ${why}`,
    } as const;
    yield finding('SLUICE_FINDING_KEYS_UNREADABLE', told, repair);
  }
  // The local cloud accepts any key, unless it is started with --check-keys.
  const isChecked = !config.allowAnyKey && (!isLocal || lastHour?.refusedBy[UNKNOWN] !== undefined);
  if (isChecked && keys?.fault === null && keys.senders.length === 0)
    yield finding(
      'SLUICE_FINDING_NO_KEY',
      {
        title: `No key may send events to ${stack.service}-${stack.stage}${secretText}`,
        since: changedAt,
      },
      keyCommands('emptied', commands),
    );
}

import { partName } from '../../../infra/template/Stack.ts';
import { roleNamePattern } from '../../../lib/access/arns.ts';
import type { ErrorEntry } from '../../../lib/base/errors.ts';
import { quoteText } from '../../../lib/base/sql.ts';
import { sum } from '../../../lib/base/sum.ts';
import { counted, listed, quotedName } from '../../../lib/base/text.ts';
import { DAY_MS, HOUR_MS, utcDay } from '../../../lib/base/time.ts';
import { CollectError } from '../../../lib/collect/CollectError.ts';
import { NameFilter } from '../../../lib/collect/eventFilter.ts';
import { EXPIRED, RELAY_WAITING_FOLDER } from '../../../lib/tables/relayKeys.ts';
import { qualifiedName } from '../../../lib/views/View.ts';
import { KeysError } from '../../../lib/wire/keys/Keyring.ts';
import { revertDriftWords } from '../../deploymentCommands.ts';
import { denialIn, failureKind } from '../../explainAwsError.ts';
import { type Change, SILENT_LEAST } from '../../facts/flow/changes.ts';
import type { KeysFailure } from '../../facts/flow/failures.ts';
import { type AnsweredGroup, FAILED_REQUESTS, type SentGroup } from '../../facts/flow/loggedRequests.ts';
import { areCopiesLate } from '../../facts/flow/relayCopies.ts';
import { failedText, NOT_STORED } from '../../facts/flow/requestCounts.ts';
import { GONE } from '../../facts/flow/senders.ts';
import type { UnreachedRequests } from '../../facts/flow/unreachedRequests.ts';
import type { StatusFacts } from '../../facts/statusFacts.ts';
import { functionLog } from '../../readLog.ts';
import type { FindingCase } from '../catalogue/entry.ts';
import { type CaseOf, type Finding, finding, type Told } from '../catalogue.ts';
import {
  explained,
  type Findings,
  failedAt,
  failureTold,
  fromText,
  isLogRead,
  type Place,
  reasonOf,
  senderText,
  shareText,
} from './place.ts';

/** The number of refused requests from which they are a problem even at a small share, as in the alarm on 4xx. */
const MANY_REFUSED = 20;

const MANY_REFUSED_SHARE = 0.05;

const UNKNOWN = 'SLUICE_KEY_UNKNOWN';

/** It is not over before a minute has passed in which no request failed. */
const OVER_AFTER_MS = 120_000;

/** Whether requests still fail: they may, none has within the last hour, or their senders were stored since. The worst first. */
const OVER_STATES = ['open', 'quiet', 'over'] as const;
const STATE_TEXTS = { open: '', quiet: '; none within the last hour', over: '; it is over' } as const;

/** Requests of 24 hours that were answered 503. */
export function* failedRequests(facts: StatusFacts, place: Place): Findings {
  const { lastHour, lastDay, unstored } = facts;
  const codes = Object.keys({ ...lastDay?.failedBy, ...lastHour?.failedBy });
  if (codes.length === 0) return;
  // Counts of a part of the lines are not told as the whole.
  const senders = unstored === null || unstored.hasMore ? [] : unstored.groups.map(labelledBy(facts.keys));
  const failed = codes.map((code) => failedCode(code, facts, senders, place));
  const [since] = failed.flatMap(({ first }) => first ?? []).sort();
  const start = since === undefined ? [] : ['--start-time', `${Date.parse(since)}`];
  const log = ['--log-group-name', functionLog(place.stack, 'collect'), ...start];
  const state = OVER_STATES.find((name) => failed.some((code) => code.state === name)) ?? 'open';
  const [worst] = failed.filter((code) => code.state === state).toSorted((a, b) => b.count - a.count);
  const total = sum(failed.map(({ count }) => count));
  const sender = senders.find(({ code }) => code === worst?.code);
  const from = sender === undefined ? '' : fromText(sender);
  const share = sender?.count === worst?.count ? '' : `, ${sender?.count} of these`;
  const most = from === '' ? '' : `${share}${from}`;
  const told = {
    case: unstoredCase(worst?.code ?? '', state, facts),
    isOver: state === 'over',
    title: `${counted(total, 'request')} ${total === 1 ? 'was' : 'were'} answered 503, ${shareText(worst?.count ?? 0, failed.length)} with ${worst?.code}${most}`,
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
  const text = `${failedText(code, count)}${span}${STATE_TEXTS[state]}.${cure}`;
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
    isOver,
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
  { lastHour, lastDay, refusals, keys, isLocal }: StatusFacts,
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
  const isRead = refusals !== null && !refusals.hasMore && (unknown.length > 0 || ofUnknown === 0);
  const isUnknown = listedNow.length < unknown.length || (!isRead && ofUnknown > 0);
  const open = refused - (isUnknown ? 0 : ofUnknown);
  const isMany = open >= MANY_REFUSED && open >= requests * MANY_REFUSED_SHARE;
  const labelled = labelledBy(keys);
  const groups =
    refusals?.groups.map((group) => {
      const over = listedNow.includes(group) ? ' (over: it is in the list now)' : '';
      return `${group.count} ${group.code}${sentText(labelled(group))}${over}`;
    }) ?? codes.map(([code, count]) => `${count} ${code}`);
  const more = refusals?.hasMore === true ? ', and more lines of the log than were read' : '';
  const isWholeLog = isLocal || config.logs.successes === 1;
  const lost = refusals?.groups.find(
    (group) => !listedNow.includes(group) && isAllLost(group, isWholeLog, now),
  );
  const first = lost ?? refusals?.groups[0];
  const isOneKind = refusals?.groups.length === 1 && !refusals.hasMore;
  const isOver = first !== undefined && listedNow.length === refusals?.groups.length;
  const most =
    first === undefined ? `with ${codes[0]?.[0] ?? '4xx'}` : `with ${first.code}${fromText(labelled(first))}`;
  const share = lost === undefined ? 'most' : `${lost.count} of these`;
  const whole = lost === undefined ? '' : `; every request of this sender from ${lost.first} to ${lost.last}`;
  const caseOfKnown = isOver ? 'over' : 'other';
  // Of a list that cannot be read nobody knows whether it has the key.
  const areKeysRead = keys !== null && keys.fault === null;
  const caseOfUnknown = areKeysRead ? 'unknownKey' : 'keysUnread';
  const told = {
    case: isUnknown ? caseOfUnknown : caseOfKnown,
    isOver: isOver && !isUnknown,
    title: `${counted(day, 'request')} ${day === 1 ? 'was' : 'were'} refused, ${refused} of them within the last hour, ${isOneKind ? 'all' : share} ${most}${whole}`,
    since: refusals?.groups.map((group) => group.first).sort()[0] ?? null,
    reason: refusalReason(
      [...(refusals?.groups.map(({ code }) => code ?? '') ?? []), ...codes.map(([code]) => code)],
      isUnknown,
    ),
  } as const;
  yield finding(
    'SLUICE_FINDING_REFUSED',
    {
      ...told,
      detail: `${refused} of ${requests} requests of the last hour, ${day} within 24 hours: ${listed(groups, '; ')}${more}.`,
    },
    [
      ...(isUnknown && areKeysRead ? [commands.sluice('keys', 'list'), addKey(commands)] : []),
      tailErrors(commands),
    ],
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
      [addKey(commands)],
    );
}

/** A silence: no requests come now, or none came in hours in which some are usual. */
export function* silence(
  { lastHour, lastDay, lastRequestAt, lastEventAt }: StatusFacts,
  { now }: Place,
): Findings {
  const silences = (lastDay?.changes ?? []).filter(({ what }) => what === 'silence');
  const lasting = silences.find(({ last }) => last === null);
  const { usual = null, usualHours = [] } = lastDay ?? {};
  // If there is no time, nothing ever came.
  const hours = (now - Date.parse(lastRequestAt ?? lastEventAt ?? '')) / HOUR_MS;
  // When each hour of a day is known, the day's changes report silences, until nothing is usual any more.
  const isKnown = usualHours.length > 0;
  const expected = isKnown ? sum(usualHours.map(({ most }) => most)) : (usual ?? 0) * hours;
  const isSilent =
    lastHour?.requests === 0 && hours >= (isKnown ? 24 : 1) && (usual === null || expected >= SILENT_LEAST);
  const since = lastRequestAt ?? lasting?.first ?? null;
  const isLasting = isSilent || lasting !== undefined;
  // Of a silence that is over the last request is a later one.
  const silentSince = isLasting ? (since ?? lastEventAt) : (silences[0]?.first ?? null);
  const over = silences
    .filter(({ last }) => last !== null)
    .map(({ first, last, usual }) => `from ${first} to ${last}, where ${usualText(usual)}`);
  const wasUsual =
    lasting === undefined && isKnown
      ? `at most ${Math.round(expected)} came in a day of the week before`
      : usualText(lasting?.usual ?? usual);
  const now24 = `${counted(lastDay?.requests ?? 0, 'request')} in 24 hours`;
  const lastingText =
    since === null
      ? `No request in the last hour. The last event was stored at ${agoText(lastEventAt ?? '', now)}`
      : `No request since ${agoText(since, now)}; ${wasUsual}`;
  const texts = [
    ...(isLasting ? [lastingText] : []),
    ...(over.length > 0 ? [`No request ${listed(over, '; ')}; ${now24}`] : []),
  ];
  if (texts.length > 0)
    yield finding(
      'SLUICE_FINDING_SILENT',
      {
        case: isLasting ? 'lasting' : 'over',
        isOver: !isLasting,
        title: silentTitle(),
        since: silentSince,
        detail: `${texts.join('. ')}.`,
      },
      [],
      lasting === undefined ? 'warning' : 'problem',
    );

  function silentTitle(): string {
    if (!isLasting) return `No request came ${over[0]}`;
    const came = `No request came since ${silentSince}`;
    return since === null ? `${came}, when the last event was stored` : `${came}; ${wasUsual}`;
  }
}

/** Names that are told. */
const MOST_NAMES = 20;

/** Names of events that came each day and stay away, where others come. */
export function* missingEvents(
  { missingEvents: away }: StatusFacts,
  { commands, config, now }: Place,
): Findings {
  // What the configured lists leave out is meant to stay away.
  const filter = new NameFilter(config.events);
  const names = (away ?? []).filter(({ name }) => filter.passes([name])).slice(0, MOST_NAMES);
  const [first] = names;
  if (first === undefined) return;
  const texts = names.map(
    ({ name, least, days, since }) =>
      `${quotedName(name)}, since ${since}: at least ${least} on each of ${counted(days, 'day')} before`,
  );
  const others = names.length - 1;
  const more = others === 0 ? '' : `, and none of ${counted(others, 'other name')}`;
  const told = {
    title: `No event ${quotedName(first.name)} came within 24 hours, where each of ${counted(first.days, 'day')} before had at least ${first.least}${more}`,
    since: names.map(({ since }) => since).sort()[0] ?? null,
    detail: `${listed(texts, '; ')}.`,
  };
  const from = utcDay(now - 7 * DAY_MS);
  const sql = `SELECT "sdk_type", "sdk_version", count(*) AS "events", max("received_at") AS "last" FROM ${qualifiedName(config, config.tables.events)} WHERE "event_name" = ${quoteText(first.name)} AND "ds" >= DATE '${from}' GROUP BY 1, 2 ORDER BY 4 DESC`;
  yield finding('SLUICE_FINDING_EVENT_MISSING', told, [commands.sluice('query', sql)]);
}

/** What was not as usual within the last 24 hours: requests, events. */
export function* spikes({ lastDay, spikeFrom }: StatusFacts, { commands }: Place): Findings {
  const changes = changesOf(lastDay, 'requests', 'events');
  const [change] = changes;
  if (change === undefined) return;
  const sender = spikeFrom === null ? '' : fromText(spikeFrom);
  const share = `${Math.round((spikeFrom?.share ?? 0) * 100)} %`;
  const who = sender === '' ? '' : `, about ${share}${sender}`;
  const from = sender === '' ? '' : `. About ${share} came${sender}, by the log`;
  const told = changesTold(
    changes,
    `came in the busiest hour, where ${Math.round(change.usual)} are usual${who}`,
  );
  yield finding('SLUICE_FINDING_SPIKE', { ...told, detail: `${told.detail}${from}.` }, [
    commands.sluice('tail'),
  ]);
}

/** Events that did not get into the stream, where that is not usual. */
export function* overflow(facts: StatusFacts, { commands, now }: Place): Findings {
  const { lastDay, lastHour, overflowError } = facts;
  const changes = changesOf(lastDay, 'overflowed');
  const [change] = changes;
  if (change === undefined) return;
  const isOver = lastHour?.overflowed === 0 && now - Date.parse(change.last ?? '') >= HOUR_MS;
  const unsaid = isLogRead(facts, 'collect') ? 'error' : 'unread';
  const answered = failureKind(overflowError ?? '');
  // Firehose says so of a stream whose quota is used up: `Slow down.`
  const isQuota = overflowError?.startsWith('ServiceUnavailable') === true;
  const ofFirehose = isQuota ? 'busy' : 'error';
  const answer = answered === 'awsFailed' ? ofFirehose : answered;
  const kind = overflowError === null ? unsaid : answer;
  const name = isOver ? 'over' : kind;
  const error = overflowError === null ? '' : `, the last with ${overflowError}`;
  const over = isOver ? `, until ${change.last}` : '';
  const said = `went past the stream in the busiest hour, where ${Math.round(change.usual)} are usual${error}${over}`;
  const told = changesTold(changes, said);
  const changed = name === 'denied' || name === 'missing' ? [commands.sluice('doctor', '--drift')] : [];
  yield finding('SLUICE_FINDING_OVERFLOW', { case: name, isOver, ...told, detail: `${told.detail}.` }, [
    ...changed,
    tailErrors(commands),
  ]);
}

/** Events that the configured lists leave out, where that is not usual. */
export function* ignoredEvents({ lastDay }: StatusFacts, { commands }: Place): Findings {
  const changes = changesOf(lastDay, 'ignored');
  const [change] = changes;
  if (change === undefined) return;
  const told = changesTold(
    changes,
    `were left out by the configured lists in the busiest hour, where ${Math.round(change.usual)} are usual`,
  );
  yield finding('SLUICE_FINDING_IGNORED', { ...told, detail: `${told.detail}.` }, [commands.sluice('tail')]);
}

/** The changes of a day that are of these counts. */
function changesOf(lastDay: StatusFacts['lastDay'], ...wanted: readonly Change['what'][]): readonly Change[] {
  return (lastDay?.changes ?? []).filter(({ what }) => wanted.includes(what));
}

/** What changes say in common: `said` of the first. The detail has no stop. @param changes At least one. */
function changesTold(
  changes: readonly Change[],
  said: string,
): { readonly title: string; readonly since: string | null; readonly detail: string } {
  const [change] = changes;
  const texts = changes.map(
    ({ what, hour, usual, first, last, day }) =>
      `${hour} ${nounOf(what)} in the busiest hour, where ${Math.round(usual)} are usual, first in the 5 minutes from ${first}, last in those from ${last}; ${day} in 24 hours`,
  );
  return {
    title: `${change?.hour} ${nounOf(change?.what)} ${said}`,
    since: changes.map(({ first }) => first).sort()[0] ?? null,
    detail: texts.join('. '),
  };
}

/** What a change counts. */
function nounOf(what: Change['what'] | undefined): string {
  return what === 'requests' ? 'requests' : 'events';
}

/** Events whose times are seconds, as the collector has noted them. */
export function* oldTimes({ noted }: StatusFacts, { commands }: Place): Findings {
  const old = (noted?.before2000 ?? []).map((group) => `${counted(group.count, 'event')}${sentText(group)}`);
  if (old.length > 0)
    yield finding(
      'SLUICE_FINDING_TIME_SECONDS',
      groupsTold(noted?.before2000 ?? [], { one: 'has', many: 'have' }, 'a time before the year 2000', old),
      [tailErrors(commands)],
    );
}

/** Senders whose clock is off by hours, if one of a thousand events is by it: some phones always have a wrong one. */
export function* wrongClocks({ noted, lastDay }: StatusFacts, { commands, config }: Place): Findings {
  const { corrected = [], uncorrected = [], ahead = [] } = noted ?? {};
  const { futureDays } = config.timeWindow;
  const texts = [...corrected, ...uncorrected, ...ahead].flatMap((group) => {
    const isBeyond = -group.skewMs > futureDays * DAY_MS;
    const beyond = isBeyond ? `, those of more than ${futureDays * 24} hours in that of their receipt` : '';
    const share = (100 * group.count) / Math.max(group.count, lastDay?.received ?? 0);
    const off = Math.abs(group.skewMs);
    const hours =
      off < 2 * DAY_MS
        ? `up to ${(off / HOUR_MS).toFixed(1)} hours`
        : `up to ${Math.round(off / DAY_MS)} days`;
    const way = group.skewMs > 0 ? 'behind' : 'ahead';
    const sent = `${counted(group.count, 'event')}, ${share.toFixed(1)} % of all,${sentText(group)}`;
    const stated = corrected.includes(group)
      ? `${hours} ${way}, corrected: the days are right`
      : `${hours} ${way}, not corrected: the days are as sent`;
    const clock = ahead.includes(group)
      ? `${hours} ahead of their receipt, which no stated clock explains: some may be in a later day${beyond}`
      : stated;
    return share < 0.1 ? [] : [{ group, text: `${sent}: ${clock}`, title: `${hours} ${way}` }];
  });
  yield* lateTimes({ noted, lastDay }, { commands, config });
  const [worst] = texts.toSorted((a, b) => Math.abs(b.group.skewMs) - Math.abs(a.group.skewMs));
  if (worst === undefined) return;
  const verbs = { one: 'is', many: 'are' };
  const said = `by a clock that is ${worst.title}`;
  const told = groupsTold(
    texts.map(({ group }) => group),
    verbs,
    said,
    texts.map(({ text }) => text),
  );
  const { title } = groupsTold([worst.group], verbs, said, []);
  const from = fromText(worst.group);
  const isOfSender = ({ group }: { readonly group: SentGroup }) => fromText(group) === from;
  const ofSender = texts.filter(isOfSender);
  const own = ofSender.filter((text) => text !== worst);
  const others = new Set(texts.filter((text) => !isOfSender(text)).map(({ group }) => fromText(group))).size;
  const alsoOwn = own.map(({ group, title: off }) => `, and ${group.count} of it ${off}`).join('');
  const byOthers = `, and ${counted(others, 'other sender')} by ${others === 1 ? 'another clock' : 'other clocks'}`;
  const more = `${alsoOwn}${others === 0 ? '' : byOthers}`;
  const since = ofSender.map(({ group }) => group.first).sort()[0] ?? null;
  const clock = { case: 'stated' as const, ...told, subject: from, since, title: `${title}${more}` };
  yield finding('SLUICE_FINDING_CLOCK_OFF', clock, [tailErrors(commands)]);
}

/** The share of all events from which those that are too late are told: few phones were offline for so long. */
const MANY_LATE = 0.05;
/** Fewer say nothing of a clock. */
const FEWEST_LATE = 10;

/** Senders of many events from before the time window: those whose clock is not stated, and those whose clock is right. */
function* lateTimes(
  { noted, lastDay }: Pick<StatusFacts, 'noted' | 'lastDay'>,
  { commands, config }: Pick<Place, 'commands' | 'config'>,
): Findings {
  for (const [isClockStated, late] of Map.groupBy(noted?.late ?? [], (group) => group.isClockStated)) {
    const count = sum(late.map((group) => group.count));
    if (count < FEWEST_LATE || count < MANY_LATE * (lastDay?.received ?? 0)) continue;
    const texts = late.map((group) => `${counted(group.count, 'event')}${sentText(group)}`);
    const said = `a time more than ${counted(config.timeWindow.pastDays, 'day')} before they came`;
    const name = isClockStated ? 'old' : 'late';
    const byClock = isClockStated ? ', by clocks that are right' : '';
    const told = groupsTold(late, { one: 'has', many: 'have' }, `${said}${byClock}`, texts);
    yield finding('SLUICE_FINDING_CLOCK_OFF', { case: name, subject: name, ...told }, [
      commands.sluice('tail'),
    ]);
  }
}

/**
 * What senders have sent, in one sentence.
 *
 * @param verbs The verb of one event, and of several. @param said What follows it. @param texts A text of each group.
 */
function groupsTold(
  groups: readonly SentGroup[],
  verbs: { readonly one: string; readonly many: string },
  said: string,
  texts: readonly string[],
): Told {
  const [most] = groups.toSorted((a, b) => b.count - a.count);
  const total = sum(groups.map(({ count }) => count));
  const from = most === undefined ? '' : fromText(most);
  const share = groups.length < 2 ? '' : `, ${most?.count} of them`;
  return {
    title: `${counted(total, 'event')} ${total === 1 ? verbs.one : verbs.many} ${said}${from === '' ? '' : share}${from}`,
    since: groups.map(({ first }) => first).sort()[0] ?? null,
    detail: `${listed(texts, '; ')}.`,
  };
}

/** Runs until Ctrl-C, so it comes last. */
function tailErrors(commands: Place['commands']): string {
  return commands.sluice('tail', '--errors', '--last', '20');
}

/** A time, and how long ago it was. */
function agoText(at: string, now: number): string {
  const hours = (now - Date.parse(at)) / HOUR_MS;
  const age = hours < 48 ? `${hours.toFixed(1)} hours` : `${Math.round(hours / 24)} days`;
  return `${at}, ${age} ago`;
}

function usualText(usual: number | null): string {
  const known = usual === null ? null : Math.round(usual);
  return known === null
    ? 'how many are usual is not known'
    : `${counted(known, 'request')} an hour ${known === 1 ? 'is' : 'are'} usual`;
}

/** The sender of something, and the time at which it was sent. */
function sentText(sent: SentGroup): string {
  return `${senderText(sent)}, first ${sent.first}, last ${sent.last}`;
}

/** The case of a reason for which the target refuses copies: docs/relay.md, "What was refused". */
function refusedCase(reason: string | undefined): CaseOf<'SLUICE_FINDING_RELAY_REFUSED'> {
  if (reason === EXPIRED) return 'expired';
  if (reason === '401' || reason === '403') return 'key';
  if (reason === '404') return 'address';
  return ['400', '413', '415'].includes(reason ?? '') ? 'body' : 'refused';
}

/** The cases of what the collector fails with when it keeps a copy. */
const UNKEPT_CASES = {
  denied: 'denied',
  missing: 'missing',
  busy: 'passes',
  awsFailed: 'passes',
  error: 'error',
} as const satisfies Record<ReturnType<typeof failureKind>, CaseOf<'SLUICE_FINDING_RELAY_NOT_KEPT'>>;

/** Copies that the collector could not keep. */
export function* unkeptCopies(
  { unkept, unkeptError }: StatusFacts,
  { now, stack, commands }: Place,
): Findings {
  if (unkept === null) return;
  const { count, first, last } = unkept;
  const name = unkeptError === null ? 'unread' : UNKEPT_CASES[failureKind(unkeptError)];
  const isQuiet = now - Date.parse(last) >= HOUR_MS;
  const error = unkeptError === null ? '' : `, the last with ${unkeptError.split(':', 1).join('')}`;
  const log = ['--log-group-name', functionLog(stack, 'collect'), '--start-time', `${Date.parse(first)}`];
  const lines = ['--filter-pattern', '{ $.relay = "not_kept" }', '--limit', '20'];
  const copies = counted(count, 'copy', 'copies');
  const told = {
    case: name,
    title: `${copies} of requests ${count === 1 ? 'was' : 'were'} not kept for relay${error}${isQuiet ? STATE_TEXTS.quiet : ''}`,
    since: first,
    detail: [
      `${copies}, first ${first}, last ${last}.`,
      unkeptError === null ? '' : `The last failed with ${unkeptError}.`,
      name === 'denied' ? neededText(unkeptError ?? '', stack) : '',
    ]
      .filter(Boolean)
      .join(' '),
  } as const;
  const drift = name === 'denied' || name === 'missing' ? [commands.sluice('doctor', '--drift')] : [];
  const shown = [...drift, commands.aws('logs', 'filter-log-events', ...log, ...lines)];
  yield finding('SLUICE_FINDING_RELAY_NOT_KEPT', told, shown, isQuiet ? 'warning' : 'problem');
}

/** Which role needs which call to keep a copy, as a sentence. @param error As the log has it. */
function neededText(error: string, stack: Place['stack']): string {
  const said = denialIn(error);
  if (said !== null) return `The role ${said.role} needs ${said.action} on ${said.resource}.`;
  const role = roleNamePattern(`${stack.service}-${stack.stage}`, 'CollectRole');
  return `The role ${role} needs sqs:SendMessage on the queue ${partName(stack, 'relay')}, and for large requests s3:PutObject in ${RELAY_WAITING_FOLDER}.`;
}

/** Copies of relay. */
export function* copyFindings(facts: StatusFacts, { now, stack, commands }: Place): Findings {
  const { relay, relayAnswer } = facts;
  if (relay === null) return;
  const { waiting, refused, hasMore } = relay;
  const copies = (count: number) => counted(count, 'copy', 'copies');
  // What the target refuses somebody has to correct; what it did not take in time may be taken now.
  const most = refused.find(({ reason }) => reason !== EXPIRED) ?? refused[0];
  if (most !== undefined) {
    const reasons = refused.map(
      (refusal) =>
        `${refusal.reason}: ${copies(refusal.count)}, the first put aside at ${refusal.since}, the oldest of ${refusal.oldest}`,
    );
    const total = sum(refused.map(({ count }) => count));
    const atLeast = hasMore ? 'At least ' : '';
    const told = {
      case: refusedCase(most.reason),
      title: `${atLeast}${copies(total)} of requests ${total === 1 ? 'was' : 'were'} put aside, ${shareText(most.count, refused.length)} with ${most.reason}`,
      since: refused.map(({ since }) => since).sort()[0] ?? null,
      detail: `${listed(reasons)}.`,
    } as const;
    const only = ['--reason', most.reason];
    yield finding('SLUICE_FINDING_RELAY_REFUSED', told, [
      commands.sluice('relay', 'status'),
      commands.sluice('relay', 'redrive', ...only, '--dry-run'),
      commands.sluice('relay', 'redrive', ...only),
    ]);
  }
  if (!areCopiesLate(relay, now)) return;
  const name = lateCase(facts);
  const last =
    name === 'answered' || name === 'moved' ? 'its target answered last' : 'the last call failed with';
  // Of a status that takes a copy the body says that the target does not.
  const inBody = /^2\d\d$/.test(relayAnswer?.why ?? '') ? ' with success: false in its body' : '';
  const answer = relayAnswer === null ? '' : `, ${last} ${relayAnswer.why}${inBody}`;
  const at =
    relayAnswer === null
      ? ''
      : ` ${relayAnswer.why} for ${copies(relayAnswer.copies)}, at ${relayAnswer.at}.`;
  yield finding(
    'SLUICE_FINDING_RELAY_LATE',
    {
      case: name,
      title: `${copies(waiting.count)} of requests ${waiting.count === 1 ? 'waits' : 'wait'} to be relayed${answer}`,
      since: waiting.oldest,
      detail: `${copies(waiting.count)}, the oldest since ${waiting.oldest}.${at}`,
    },
    [
      ...(name === 'denied' ? [commands.sluice('doctor', '--drift')] : []),
      commands.log(functionLog(stack, 'relay'), now - HOUR_MS),
    ],
  );
}

/** Errors of the network that say what is wrong, by Node's code. */
const UNANSWERED: Readonly<Record<string, CaseOf<'SLUICE_FINDING_RELAY_LATE'>>> = {
  ECONNREFUSED: 'unheard',
  EPROTO: 'noTls',
};

/** Why copies wait. */
function lateCase(facts: StatusFacts): CaseOf<'SLUICE_FINDING_RELAY_LATE'> {
  const { relayAnswer, functionErrors, deadLetters } = facts;
  if (relayAnswer !== null) {
    // 304 has no other address.
    if (/^30[12378]$/.test(relayAnswer.why)) return 'moved';
    if (/^\d{3}$/.test(relayAnswer.why)) return 'answered';
    // Of a copy in the bucket: relay notes S3's errors beside those of the target.
    if (failureKind(relayAnswer.why) === 'denied') return 'denied';
    return UNANSWERED[relayAnswer.why] ?? 'unanswered';
  }
  const failing = [...(functionErrors ?? []).filter(({ isOver }) => !isOver), ...(deadLetters ?? [])];
  if (failing.some(({ part }) => part === 'relay')) return 'failing';
  return isLogRead(facts, 'relay') ? 'slow' : 'unread';
}

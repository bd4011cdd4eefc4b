import { sum } from '../../../../lib/base/sum.ts';
import { counted, listed, numbered, someOf } from '../../../../lib/base/text.ts';
import { HOUR_MS } from '../../../../lib/base/time.ts';
import type { AnsweredGroup } from '../../../facts/flow/logged/loggedAnswers.ts';
import { UNKNOWN_KEY } from '../../../facts/flow/senders.ts';
import type { FormerKey } from '../../../facts/formerKeys.ts';
import type { StatusFacts } from '../../../facts/statusFacts.ts';
import type { FindingCase } from '../../catalogue/entry.ts';
import { type CaseOf, finding } from '../../catalogue.ts';
import { reasonOf } from '../failures.ts';
import type { Findings, Place } from '../place.ts';
import { fromText, QUIET_TEXT, sentText, shareWith, tailErrors } from '../texts.ts';
import { keyCommands } from './keys.ts';
import { TRUNCATED } from './quarantine.ts';
import { namedSender } from './senderNames.ts';

/** The number of refused requests from which they are a problem even at a small share, as in the alarm on 4xx. */
const MANY_REFUSED = 20;
/** The share of requests from which that number is a problem. */
const MANY_REFUSED_SHARE = 0.05;

/** Requests that were refused. */
export function* refusedRequests(facts: StatusFacts, { commands, config, now }: Place): Findings {
  const { lastDay, refusals, isLocal } = facts;
  const refused = refusedOf(facts);
  if (refused.inDay === 0) return;
  const { groups, inHour, requests, hasUnknownKeys, codes } = refused;
  const isWholeLog = isLocal || config.logs.successes === 1;
  const lost = groups.find((group) => !refused.acceptedNow.has(group) && isAllLost(group, isWholeLog, now));
  // Refusals of keys that are in the list now are over.
  const open = inHour - (hasUnknownKeys ? 0 : refused.unknownInHour);
  const told = lost ?? groups.find((group) => !refused.acceptedNow.has(group)) ?? groups[0];
  const isMany = open >= MANY_REFUSED && open >= requests * MANY_REFUSED_SHARE;
  const isProblem = lost !== undefined || (open > 0 && (open * 2 > requests || isMany));
  const name = refusedCase(refused, facts);
  const toldCode = told?.code ?? refused.byCode[0]?.[0] ?? '';
  yield finding(
    'SLUICE_FINDING_REFUSED',
    {
      case: name,
      // Requests of other codes are another finding: since when they were refused says nothing of these.
      subject: [...new Set(codes)].sort().join(' '),
      title: refusedTitle(refused, { told, isLost: told !== undefined && told === lost }, facts),
      // Lines that were not read are earlier ones.
      since: refusals?.hasMore === true ? refusals.since : firstOf(refused),
      reason: refusalReason(codes, hasUnknownKeys),
      detail: refusedDetail(refused, facts),
      earlier: lastDay?.earlier.refused[toldCode] ?? null,
    },
    [
      ...(hasUnknownKeys ? keyCommands(name, commands, [...new Set(refused.former.values())]) : []),
      tailErrors(commands),
    ],
    isProblem ? 'problem' : 'warning',
  );
}

/** Refused requests by metrics and by the log. */
interface Refused {
  /** Their number within the last hour by code, the most frequent first. */
  readonly byCode: readonly (readonly [code: string, count: number])[];
  /** Their number within the last hour. */
  readonly inHour: number;
  /** Their number within 24 hours. */
  readonly inDay: number;
  /** Requests of the last hour in all. */
  readonly requests: number;
  /** Those of the log by sender, the most frequent first. */
  readonly groups: readonly AnsweredGroup[];
  /** Those of {@link Refused.groups} whose key was unknown, and is in the list of keys now. */
  readonly acceptedNow: ReadonlySet<AnsweredGroup>;
  /** Those of {@link Refused.groups} whose key was unknown, and was in an earlier list. */
  readonly former: ReadonlyMap<AnsweredGroup, FormerKey>;
  /** Whether keys were unknown that are not known to be in the list now. */
  readonly hasUnknownKeys: boolean;
  /** How many within the last hour had an unknown key. */
  readonly unknownInHour: number;
  /** All codes, of the log and of metrics; a code may be there twice. */
  readonly codes: readonly string[];
}

/** Counts refused requests: metrics and log may each have some that the other lacks. */
function refusedOf({ lastHour, lastDay, refusals, keys, formerKeys }: StatusFacts): Refused {
  const byCode = Object.entries(lastHour?.refusedBy ?? {}).toSorted(([, a], [, b]) => b - a);
  const { groups = [], hasMore = false } = refusals ?? {};
  const inHour = sum(byCode.map(([, count]) => count));
  const unknown = groups.filter(({ code }) => code === UNKNOWN_KEY);
  // The log has the first digits of an unknown key.
  const listedNow = unknown.filter(({ key }) =>
    keys?.senders.some((sha256) => sha256.startsWith(key ?? '-')),
  );
  const former = unknown.flatMap((group) => {
    const key = formerKeys?.find(({ sha256 }) => sha256.startsWith(group.key ?? '-'));
    return key === undefined ? [] : [[group, key] as const];
  });
  const unknownInHour = lastHour?.refusedBy[UNKNOWN_KEY] ?? 0;
  const areAllRead = !hasMore && unknown.length > 0;
  return {
    byCode,
    inHour,
    inDay: Math.max(inHour, sum(groups.map(({ count }) => count)), lastDay?.refused ?? 0),
    requests: Math.max(inHour, lastHour?.requests ?? 0),
    groups,
    acceptedNow: new Set(listedNow),
    former: new Map(former),
    hasUnknownKeys: listedNow.length < unknown.length || (!areAllRead && unknownInHour > 0),
    unknownInHour,
    codes: [...groups.map(({ code }) => code ?? ''), ...byCode.map(([code]) => code)],
  };
}

/** When the first request was refused that counts: of senders who are not accepted now, else of all. Null if the log has none. */
function firstOf({ groups, acceptedNow }: Refused): string | null {
  const open = groups.filter((group) => !acceptedNow.has(group));
  const [first = null] = (open.length === 0 ? groups : open).map((group) => group.first).sort();
  return first;
}

/** Why requests are refused. */
function refusedCase(
  { groups, acceptedNow, former, hasUnknownKeys, codes }: Refused,
  { keys, formerKeys }: Pick<StatusFacts, 'keys' | 'formerKeys'>,
): CaseOf<'SLUICE_FINDING_REFUSED'> {
  if (hasUnknownKeys) {
    // Of a list that cannot be read nobody knows whether it has the key.
    if (keys === null || keys.fault !== null) return 'keysUnread';
    if (keys.senders.length === 0) return 'emptied';
    if (formerKeys === null) return 'earlierUnread';
    if (former.size === 0) return 'unknownKey';
    const unlisted = groups.filter((group) => group.code === UNKNOWN_KEY && !acceptedNow.has(group));
    return unlisted.every((group) => former.has(group)) ? 'removedKey' : 'someRemoved';
  }
  if (groups.length > 0 && acceptedNow.size === groups.length) return 'over';
  if (codes.length === 0) return 'codesUnread';
  return codes.every((code) => code === TRUNCATED) ? 'cut' : 'other';
}

/**
 * `12 requests were refused, 8 of them with SLUICE_KEY_UNKNOWN from js-client 3; 4 within the last hour`
 *
 * @param sender.told The sender who is named; undefined if the log has none.
 * @param sender.isLost Whether each of its requests was refused.
 */
function refusedTitle(
  { byCode, inDay, inHour, groups, former }: Refused,
  {
    told,
    isLost,
  }: {
    readonly told: AnsweredGroup | undefined;
    readonly isLost: boolean;
  },
  facts: StatusFacts,
): string {
  const all = `${counted(inDay, 'request was', 'requests were')} refused`;
  const lately = inHour === 0 ? QUIET_TEXT : `; ${numbered(inHour)} within the last hour`;
  if (told === undefined) {
    // Without the log only the last hour has codes.
    const [[code, count] = ['', 0]] = byCode;
    const ofHour = `, ${shareWith(count, byCode.length)} ${code}`;
    return `${all}${lately}${inHour === 0 ? '' : ofHour}`;
  }
  const hasMore = facts.refusals?.hasMore === true;
  const whose = `with ${told.code}${fromText(namedSender(told, facts))}`;
  // Metrics may know of more requests than the log has lines of.
  const isOneKind = groups.length === 1 && !hasMore && told.count >= inDay;
  const some = isOneKind ? 'all ' : `${hasMore ? 'at least ' : ''}${numbered(told.count)} of them `;
  const before = former.get(told);
  const whole = isLost ? `; every request of this sender from ${told.first} to ${told.last}` : '';
  const listedText = before === undefined ? whole : `, which ${formerText(before)}`;
  return `${all}, ${inDay === 1 ? '' : some}${whose}${listedText}${lately}`;
}

/** Until when the list had a key. */
function formerText({ until }: FormerKey): string {
  return until === null ? 'the list had before' : `the list had until ${until}`;
}

/** All senders with their codes, codes of which the log has no line, and when the list of keys was changed last. */
function refusedDetail(refused: Refused, facts: StatusFacts): string {
  const { byCode, inHour, inDay, requests, groups, acceptedNow, former, hasUnknownKeys } = refused;
  const texts = groups.map((group) => {
    const before = former.get(group);
    const listedText =
      before && ` (a key that ${formerText(before)}, with a SHA-256 that begins with ${group.key})`;
    const over = acceptedNow.has(group) ? ' (over: it is in the list now)' : '';
    return `${numbered(group.count)} ${group.code}${sentText(namedSender(group, facts))}${listedText ?? over}`;
  });
  const unlogged = byCode.filter(([name]) => groups.every(({ code }) => code !== name));
  const all = [...texts, ...unlogged.map(([code, count]) => `${numbered(count)} ${code}`)];
  const more = facts.refusals?.hasMore === true ? ', and more lines of the log than were read' : '';
  const changedAt = facts.keys?.changedAt ?? null;
  const changed =
    hasUnknownKeys && changedAt !== null ? `; the list of keys was changed last at ${changedAt}` : '';
  return `${someOf(inHour, requests, 'request')} of the last hour, ${numbered(inDay)} within 24 hours: ${listed(all, '; ')}${more}${changed}.`;
}

/**
 * What the codes of refused requests say of themselves: of several each with its code.
 *
 * @param isUnknown Whether the case of an unknown key follows, as its own says more than its code.
 */
function refusalReason(all: readonly string[], isUnknown: boolean): FindingCase | undefined {
  const codes = [...new Set(all)];
  const reasons = codes.flatMap((code) => {
    const reason = code === UNKNOWN_KEY ? undefined : reasonOf(code);
    return reason === undefined ? [] : [{ code, ...reason }];
  });
  if (reasons.length === 0) return undefined;
  const named = (what: keyof FindingCase) => {
    const texts = reasons.map((reason) => `\`${reason.code}\`: ${reason[what]}`);
    return [...texts, ...(isUnknown ? [`\`${UNKNOWN_KEY}\`:`] : [])].join(' ');
  };
  const [only] = reasons;
  return codes.length === 1 ? only : { cause: named('cause'), cure: named('cure') };
}

/** Refused requests of a sender from which on it is an app, and not somebody who tries an address. */
const APP_REQUESTS = 3;

/**
 * Whether a sender had every request of an hour or more refused, and has it still.
 *
 * @param isWholeLog Whether the log has all requests that were stored: else only those of a key that may not send are known to be all.
 */
function isAllLost(
  { code, sdk, count, first, last, storedAt, isUnsought }: AnsweredGroup,
  isWholeLog: boolean,
  now: number,
): boolean {
  const isOfKey = code?.startsWith('SLUICE_KEY_') === true;
  const lasts = Date.parse(last) - Date.parse(first);
  if (sdk === null || count < APP_REQUESTS || lasts < HOUR_MS || now - Date.parse(last) > HOUR_MS)
    return false;
  return isOfKey || (isWholeLog && storedAt === undefined && isUnsought !== true);
}

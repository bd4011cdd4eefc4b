import { sum } from '../../../../lib/base/sum.ts';
import { counted, listed } from '../../../../lib/base/text.ts';
import { HOUR_MS } from '../../../../lib/base/time.ts';
import type { AnsweredGroup } from '../../../facts/flow/logged/loggedAnswers.ts';
import type { StatusFacts } from '../../../facts/statusFacts.ts';
import type { FindingCase } from '../../catalogue/entry.ts';
import { finding } from '../../catalogue.ts';
import { reasonOf } from '../failures.ts';
import type { Findings, Place } from '../place.ts';
import { TRUNCATED } from '../quarantine.ts';
import { fromText, QUIET_TEXT, sentText, tailErrors } from '../texts.ts';
import { keyCommands, UNKNOWN_KEY } from './keys.ts';
import { labelledBy, namedByQuarantine } from './senderNames.ts';

/** The number of refused requests from which they are a problem even at a small share, as in the alarm on 4xx. */
const MANY_REFUSED = 20;
/** The share of requests from which that number is a problem. */
const MANY_REFUSED_SHARE = 0.05;

/** Requests that were refused. */
export function* refusedRequests(
  { lastHour, lastDay, refusals, keys, isLocal, quarantine }: StatusFacts,
  { commands, config, now }: Place,
): Findings {
  const codes = Object.entries(lastHour?.refusedBy ?? {}).toSorted(([, a], [, b]) => b - a);
  const refused = sum(codes.map(([, count]) => count));
  // Metrics and log may each have some that the other lacks.
  const logged = sum((refusals?.groups ?? []).map(({ count }) => count));
  const day = Math.max(refused, logged, lastDay?.refused ?? 0);
  if (day === 0) return;
  const requests = Math.max(refused, lastHour?.requests ?? 0);
  const unknown = refusals?.groups.filter(({ code }) => code === UNKNOWN_KEY) ?? [];
  // The log has the first digits of an unknown key.
  const listedNow = unknown.filter(({ key }) =>
    keys?.senders.some((sha256) => sha256.startsWith(key ?? '-')),
  );
  const ofUnknown = lastHour?.refusedBy[UNKNOWN_KEY] ?? 0;
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
  const share = first === undefined ? 'most' : `${atLeast}${first.count} of them`;
  const whole = lost === undefined ? '' : `; every request of this sender from ${lost.first} to ${lost.last}`;
  const lately = refused === 0 ? QUIET_TEXT : `; ${refused} within the last hour`;
  const refusedCodes = [
    ...(refusals?.groups.map(({ code }) => code ?? '') ?? []),
    ...codes.map(([code]) => code),
  ];
  const ofOthers = refusedCodes.every((code) => code === TRUNCATED) ? 'cut' : 'other';
  const caseOfKnown = isOver ? 'over' : ofOthers;
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
    title: `${counted(day, 'request was', 'requests were')} refused, ${isOneKind ? 'all' : share} ${most}${whole}${lately}`,
    // Lines that were not read are earlier ones.
    since:
      refusals?.hasMore === true
        ? refusals.since
        : (refusals?.groups.map((group) => group.first).sort()[0] ?? null),
    reason: refusalReason(refusedCodes, isUnknown),
    earlier: lastDay?.earlier.refused ?? null,
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

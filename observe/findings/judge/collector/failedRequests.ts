import type { ErrorEntry } from '../../../../lib/base/errors.ts';
import { sum } from '../../../../lib/base/sum.ts';
import { counted, listed, numbered } from '../../../../lib/base/text.ts';
import { CollectError } from '../../../../lib/collect/CollectError.ts';
import { KeysError } from '../../../../lib/wire/keys/Keyring.ts';
import { type AnsweredGroup, FAILED_REQUESTS } from '../../../facts/flow/logged/loggedAnswers.ts';
import type { StatusFacts } from '../../../facts/statusFacts.ts';
import { functionLog } from '../../../readLog.ts';
import { type CaseOf, finding } from '../../catalogue.ts';
import { isLogRead } from '../failures.ts';
import type { Findings, Place } from '../place.ts';
import { fromText, QUIET_TEXT, sentText, shareWith } from '../texts.ts';
import { labelledBy } from './senderNames.ts';

/** The codes of answers 503 that say that something could not be stored. */
const NOT_STORED: readonly string[] = [
  'SLUICE_COLLECT_NOT_DELIVERED',
  'SLUICE_COLLECT_NO_QUARANTINE',
] satisfies (keyof typeof CollectError.entries)[];

/** The code of requests whose compressed body lacks its header. */
const MANGLED: keyof typeof CollectError.entries = 'SLUICE_COLLECT_BODY_MANGLED';
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
  const senders = unstored?.groups.map(labelledBy(facts.keys?.labels)) ?? [];
  const isWhole = unstored?.hasMore === false;
  const failed = codes.map((code) => {
    const ofCode = senders.filter((each) => each.code === code);
    return failedCode(code, facts, { ofCode, isWhole }, place);
  });
  const [since] = failed.flatMap(({ first }) => first ?? []).sort();
  const start = since === undefined ? [] : ['--start-time', `${Date.parse(since)}`];
  const log = ['--log-group-name', functionLog(place.stack, 'collect'), ...start];
  const state = OVER_STATES.find((name) => failed.some((code) => code.state === name)) ?? 'open';
  const [worst] = failed.filter((code) => code.state === state).toSorted((a, b) => b.count - a.count);
  const total = sum(failed.map(({ count }) => count));
  const sender = senders.find(({ code }) => code === worst?.code);
  const from = sender === undefined ? '' : fromText(sender);
  const share =
    sender?.count === worst?.count
      ? ''
      : `, ${isWhole ? '' : 'at least '}${numbered(sender?.count ?? 0)} of these`;
  const most = from === '' ? '' : `${share}${from}`;
  const told = {
    case: unstoredCase(worst?.code ?? '', state, facts),
    subject: codes.toSorted().join(' '),
    title: `${counted(total, 'request was', 'requests were')} answered 503, ${shareWith(worst?.count ?? 0, failed.length)} ${worst?.code}${most}`,
    since: since ?? null,
    detail: [...failed.map(({ text }) => text), unstoredText(facts)].join(' '),
    earlier: lastDay?.earlier.failed[worst?.code ?? ''] ?? null,
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

/** Who sent requests that failed with a code, by the log. */
interface LoggedSenders {
  /** The senders. */
  readonly ofCode: readonly AnsweredGroup[];
  /** Whether all lines of the log were read. */
  readonly isWhole: boolean;
}

/** What is known of requests that failed with a code. */
function failedCode(
  code: string,
  facts: OverFacts & Pick<StatusFacts, 'lastDay'>,
  senders: LoggedSenders,
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
  const cure = NOT_STORED.includes(code) || state === 'over' ? '' : ` ${causes[code]?.cure ?? ''}`.trimEnd();
  // Metrics come some minutes after the lines of the log.
  const count = Math.max(inHour, day.count, sum(senders.ofCode.map((sender) => sender.count)));
  const text = `${counted(count, 'request')} with ${code}${span}${STATE_TEXTS[state]}.${cure}`;
  return { code, count, first: from.first, state, text };
}

/** Whether requests may still fail with a code. @param last Start of the last minute in which one failed, ISO 8601. */
function overState(
  { code, last, inHour }: { readonly code: string; readonly last: string; readonly inHour: number },
  { lastHour, lastEventAt, keys, keysFailure, unknown }: OverFacts,
  senders: LoggedSenders,
  now: number,
): FailedCode['state'] {
  const isQuiet = inHour === 0 && lastHour !== null;
  const isPast = isQuiet || now - Date.parse(last) >= OVER_AFTER_MS;
  if (!(code in KeysError.entries)) {
    // A sender is an SDK with a version and a key: another of its users was stored, whose body a proxy did not change.
    if (isPast && code !== MANGLED && areStored(senders)) return 'over';
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

/** Whether all senders of requests that failed are known, and each was stored after its last one. */
function areStored({ ofCode, isWhole }: LoggedSenders): boolean {
  return isWhole && ofCode.length > 0 && ofCode.every(({ last, storedAt = '' }) => storedAt > last);
}

/** Who sent requests that were answered 503, as a sentence. */
function unstoredText({ unstored, unknown, keys }: StatusFacts): string {
  if (unknown.some(({ part }) => part === FAILED_REQUESTS))
    return 'Who sent them is not known: the log of the collector could not be read.';
  if (unstored === null || unstored.groups.length === 0)
    return 'Who sent them is not known: the log of the collector has no line of them.';
  const texts = unstored.groups.map(labelledBy(keys?.labels)).map((sender) => {
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
  if (state === 'over') return code in KeysError.entries ? 'keysOver' : 'over';
  if (code === MANGLED) return 'mangled';
  if (state !== 'open') return state;
  if (NOT_STORED.includes(code)) return 'stores';
  if (!(code in KeysError.entries)) return 'other';
  if (keys?.faultKind === 'entries') return 'keyEntries';
  return keys?.fault == null && keysFailure === null ? 'keysUnknown' : 'keys';
}

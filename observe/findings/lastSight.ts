import * as z from 'zod';
import { valueAt } from '../../lib/base/json.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../lib/base/time.ts';
import type { StatusFacts } from '../facts/statusFacts.ts';
import type { Finding, FindingCode, FirstSeen } from './catalogue.ts';

/** A finding, and when it was seen last. */
export interface Sight {
  /** By the time of the deployment, ISO 8601. */
  readonly at: string;
  /** As it was told then. */
  readonly finding: Finding;
}

/** What this machine keeps of its last look. */
export interface LastLook {
  /** By the time of the deployment, ISO 8601; null before the first. */
  readonly at: string | null;
  /** What was seen until then. */
  readonly sights: readonly Sight[];
}

/** The last look as this machine has written it. */
const written = z.object({
  at: z.string(),
  sights: z.array(z.object({ at: z.string(), finding: z.custom<Finding>(isFinding) })),
});

/** Whether a value that was kept is a finding. */
function isFinding(value: unknown): boolean {
  const texts = ['title', 'statement', 'detail', 'cause', 'cure', 'code'].map((name) =>
    valueAt(value, [name]),
  );
  return texts.every((text) => typeof text === 'string') && Array.isArray(valueAt(value, ['commands']));
}

/** Reads what the last look has written: nothing if that is of another version, or damaged. */
export function readLook(note: unknown): LastLook {
  return written.safeParse(note).data ?? { at: null, sights: [] };
}

/** Whether a look could not read a part, whose member of the facts is null also without what it is about. */
function isUnread(part: string): (facts: StatusFacts) => boolean {
  return ({ unknown }) => unknown.some((unread) => unread.part === part);
}

type Name<Code> = Code extends `SLUICE_FINDING_${infer Short}` ? Short : never;

/** Findings that are judged by a member of the facts, if not by `judgedBy`: nobody sees them while it is not known. */
const JUDGED_BY: readonly (readonly [isUnknown: (facts: StatusFacts) => boolean, ...Name<FindingCode>[]])[] =
  [
    [({ lastHour }) => lastHour === null, 'NOT_STORED', 'REFUSED', 'SILENT'],
    [({ lastDay }) => lastDay === null, 'NOT_STORED', 'REFUSED', 'SILENT', 'SPIKE', 'OVERFLOW', 'IGNORED'],
    [({ unreached }) => unreached === null, 'UNREACHED'],
    [({ noted }) => noted === null, 'TIME_SECONDS', 'CLOCK_OFF'],
    [({ keys }) => keys === null, 'NO_KEY'],
    [({ waiting }) => waiting.landing === null, 'LANDING_LATE'],
    [({ waiting }) => waiting.undeleted === null, 'UNDELETED'],
    [({ waiting }) => waiting.damaged === null, 'DAMAGED'],
    [({ stream, isLocal }) => stream === null && !isLocal, 'STREAM_LATE', 'QUOTA_NEAR'],
    [({ lostDays }) => lostDays === null, 'DAYS_LOST'],
    [({ damagedFiles }) => damagedFiles === null, 'FILE_DAMAGED'],
    [({ erasures }) => erasures === null, 'ERASE_STOPPED'],
    [({ archivedDays }) => archivedDays === null, 'ARCHIVED'],
    [({ archivingRules }) => archivingRules === null, 'ARCHIVING'],
    [({ receivedHours }) => receivedHours === null, 'HOUR_SHORT', 'HOURS_UNPROVED', 'NIGHT_MISSING'],
    [isUnread('the last night'), 'NIGHT_MISSING'],
    [({ quarantine }) => quarantine === null, 'QUARANTINED'],
    [
      ({ datasets }) => datasets === null,
      'SOURCE_UNREADABLE',
      'INGEST_LATE',
      'INGEST_WAITING',
      'INGEST_FAILED',
      'INPUTS_MISSING',
      'ROWS_UNUSUAL',
      'FILES_LEFT_OUT',
      'RECEIPTS_FAILED',
      'QUOTA_REACHED',
    ],
    [({ damagedEntries }) => damagedEntries === null, 'LEDGER_DAMAGED'],
    [({ exports }) => exports === null, 'EXPORT_FAILED', 'EXPORT_KEPT', 'QUOTA_REACHED'],
    [
      ({ curated }) => curated === null,
      'CURATE_FAILED',
      'CURATE_LATE',
      'CURATE_KEPT',
      'RESENDS',
      'FILE_DAMAGED',
      'QUOTA_REACHED',
    ],
    [isUnread('relay'), 'RELAY_REFUSED', 'RELAY_LATE'],
    [isUnread('copies for relay'), 'RELAY_NOT_KEPT'],
    [isUnread('the queue of relay'), 'RELAY_LOST'],
    [({ deadLetters }) => deadLetters === null, 'DEAD_LETTERS', 'QUOTA_REACHED'],
    [({ functionErrors }) => functionErrors === null, 'FUNCTION_FAILED', 'QUOTA_REACHED'],
    [({ idleFunctions }) => idleFunctions === null, 'NOT_RUN'],
    [({ alarms }) => alarms === null, 'ALARM', 'NO_TOPIC'],
    [isUnread('the key'), 'KEY_UNUSABLE'],
    [isUnread('the stack'), 'STACK_DIFFERS', 'STACK_UNFINISHED', 'ROLE_DENIED'],
    [isUnread('denied calls'), 'ROLE_DENIED'],
  ];

/** How long a sight is kept. */
const KEPT_MS = 14 * DAY_MS;

/** What this look has seen, and what the looks of the last 14 days have seen of parts that cannot be read now. */
export function sightsOf(found: readonly Finding[], facts: StatusFacts, last: LastLook): readonly Sight[] {
  const { sights: before } = last;
  const now = found.map((finding) => {
    const told = sinceBefore(finding, facts, before);
    return { at: facts.at, finding: betweenLooks(told, facts.at, last) };
  });
  if (facts.unknown.length === 0) return now;
  const hidden = JUDGED_BY.flatMap(([isUnknown, ...names]) => (isUnknown(facts) ? names : []));
  const codes: readonly string[] = hidden.map((name) => `SLUICE_FINDING_${name}`);
  const isHidden = ({ code, judgedBy }: Finding) =>
    judgedBy === undefined
      ? codes.includes(code)
      : facts.unknown.some(({ part }) => judgedBy.some((name) => name === part));
  const kept = before.filter(
    ({ at, finding }) =>
      isHidden(finding) &&
      Date.parse(facts.at) - Date.parse(at) <= KEPT_MS &&
      !found.some((other) => isOfSame(other, finding)),
  );
  return [...now, ...kept];
}

/** What comes so soon after the beginning of the 24 hours may have come before, too. */
const EDGE_MS = HOUR_MS;

/** Ends the title of what may have come before, too. */
const OLDER = '; it may have begun earlier, as only the last 24 hours are read.';
/** The same, where it is known since when the like came. */
const olderSince = (hour: string) =>
  `; it may have begun earlier: the like came since the hour of ${hour}, from this sender or others.`;

/**
 * A finding with what was deployed just before it began. One of one day: since when a look of that day saw it; if it was there at the
 * beginning of the day, else with the words that it may be older.
 */
function sinceBefore(finding: Finding, facts: StatusFacts, before: readonly Sight[]): Finding {
  const { code, since, title, statement, detail, isOfDay = false, earlier } = finding;
  if (since !== null && OF_OLDEST.includes(code))
    return withDeployment(sinceOlder({ ...finding, since }, facts, before), facts);
  if (since === null || !isOfDay) return withDeployment(finding, facts);
  const { at } = facts;
  const isBefore = earlier !== undefined && Date.parse(earlier) + HOUR_MS <= Date.parse(since);
  const isAtEdge = Date.parse(since) <= Date.parse(at) - DAY_MS + EDGE_MS;
  const isOfEdge = isBefore || isAtEdge;
  // Of what comes every few hours the first may be later: a look that saw that one, too, saw what came before it.
  const isSeen = (seenAt: string) => isOfEdge || seenAt >= since;
  // A look saw the 24 hours before it: if these end before the 24 hours of this look begin, nobody knows what was between.
  const seen = before.find(
    (sight) =>
      isOfSame(sight.finding, finding) && Date.parse(at) - Date.parse(sight.at) <= DAY_MS && isSeen(sight.at),
  )?.finding;
  const first = seen?.since != null && seen.since < since ? seen.since : since;
  // A look that saw it begin knows more than one that saw it at the beginning of its own 24 hours.
  const isOlder = (isOfEdge && first === since) || seen?.mayBeOlder === true;
  const texts = {
    title: title.replaceAll(since, first),
    statement: statement.replaceAll(since, first),
    detail: detail.replaceAll(`since ${since}`, `since ${first}`),
  };
  const told = { ...finding, since: first, ...texts };
  const ending = isBefore && earlier < first ? olderSince(earlier) : OLDER;
  if (!isOlder) return withDeployment(told, facts);
  // The like may be of others: what was deployed just before these began is a hint all the same.
  const isBegun = first === since && !isAtEdge;
  const older = isBegun ? withDeployment(told, facts) : told;
  return { ...older, mayBeOlder: true, title: told.title.replace(/\.$/, ending) };
}

/** Findings since the oldest of what waits: another one is the oldest once that has gone. */
const OF_OLDEST: readonly FindingCode[] = ['SLUICE_FINDING_LANDING_LATE'];

/** A finding since what was the oldest at a look of the 24 hours before, if that saw such a finding, too. */
function sinceOlder(
  finding: Finding & { readonly since: string },
  { at }: Pick<StatusFacts, 'at'>,
  before: readonly Sight[],
): Finding {
  const { since, title, statement, detail } = finding;
  const seen = before.find(
    (sight) => isOfSame(sight.finding, finding) && Date.parse(at) - Date.parse(sight.at) <= DAY_MS,
  );
  const first = seen?.finding.since ?? since;
  if (seen === undefined || first >= since) return finding;
  const texts = {
    title: title.replaceAll(since, first),
    statement: statement.replaceAll(since, first),
    detail: `${detail} Some waited at ${seen.at}, too.`,
  };
  return { ...finding, since: first, ...texts };
}

/**
 * A finding that says when the stack was deployed, if that was within the hour before what it tells began; of drops within a day, as the
 * next run is the first to work with what was deployed.
 */
function withDeployment(
  finding: Finding,
  { deployedAt, isLocal }: Pick<StatusFacts, 'deployedAt' | 'isLocal'>,
): Finding {
  const { since, part, detail } = finding;
  // A day has no time. What counts from the deployment itself is no work of it.
  if (isLocal || deployedAt === null || since?.includes('T') !== true) return finding;
  const passed = Date.parse(since) - Date.parse(deployedAt);
  if (passed <= 0 || passed > (part === 'drops' ? DAY_MS : HOUR_MS)) return finding;
  const minutes = Math.ceil(passed / MINUTE_MS);
  const ago = minutes <= 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  return {
    ...finding,
    detail: `${detail} The stack was deployed at ${deployedAt}, ${ago} before.`.trim(),
  };
}

/** Findings about a look itself: while one was there, others were not looked for. */
const HIDES: readonly FindingCode[] = ['SLUICE_FINDING_UNREADABLE', 'SLUICE_FINDING_STACK_DIFFERS'];

/** A state whose beginning nothing keeps: between which looks it began, if another look has seen it, or has seen nothing of its kind. */
function betweenLooks(finding: Finding, at: string, { at: lastAt, sights }: LastLook): Finding {
  const isOfLook = HIDES.includes(finding.code);
  if (finding.since !== null || isOfLook || lastAt === null) return finding;
  const same = sights.find(
    (sight) => isOfSame(sight.finding, finding) && sight.finding.statement === finding.statement,
  );
  if (same !== undefined)
    return firstSeen(finding, same.finding.firstSeen ?? { at: same.at, unseenAt: null });
  const isKnown = sights.every(({ finding: { code } }) => code !== finding.code && !HIDES.includes(code));
  return isKnown ? firstSeen(finding, { at, unseenAt: lastAt }) : finding;
}

/** A finding that says when it was seen first. */
function firstSeen(finding: Finding, seen: FirstSeen): Finding {
  const when =
    seen.unseenAt === null
      ? `there at the first look from here, at ${seen.at}`
      : `not seen at ${seen.unseenAt}, first seen at ${seen.at}`;
  return { ...finding, firstSeen: seen, title: `${finding.statement}, ${when}.` };
}

/** Whether two findings are about the same, and judged by the same answers. */
function isOfSame(one: Finding, other: Finding): boolean {
  return (
    one.code === other.code &&
    one.subject === other.subject &&
    String(one.judgedBy) === String(other.judgedBy)
  );
}

/**
 * Sights as findings. One of a look before this says that it cannot be looked at now.
 *
 * @param now Time of this look, ISO 8601.
 */
export function toldSights(sights: readonly Sight[], now: string): readonly Finding[] {
  const seen = sights.filter(({ at }) => at === now).map(({ finding }) => finding);
  const before = sights.filter(({ at }) => at !== now);
  return [...seen, ...before.map(toldLate)];
}

/** A finding of an earlier look, which says when it was seen last. */
function toldLate({ at, finding }: Sight): Finding {
  const title = finding.since === null ? finding.statement : finding.title.replace(/\.$/, '');
  return {
    ...finding,
    title: `${title}; it cannot be looked at now, and was seen last at ${at}.`,
    lastSeenAt: at,
  };
}

import { HOUR_MS, isoTimestamp, MINUTE_MS } from '../../../lib/base/time.ts';
import { UNREADABLE } from '../../../lib/ledger/Ledger.ts';
import { quotaIn } from '../../answerKinds.ts';
import { UNKNOWN_KEY } from '../../facts/flow/senders.ts';
import type { StatusFacts } from '../../facts/statusFacts.ts';
import { type CaseOf, type Finding, type FindingCode, finding } from '../catalogue.ts';
import { type DeniedFinding, roleName } from './deployment/denials.ts';
import { keyStopsText, waitingText } from './deployment/keyStops.ts';
import type { idleFindings } from './functions.ts';
import type { Place } from './place.ts';

/** The function, or `landing`, whose failure makes a finding. Other findings that a failure makes have `isByKey`. */
const FAILING: Readonly<Partial<Record<FindingCode, string>>> = {
  SLUICE_FINDING_NOT_STORED: 'collect',
  SLUICE_FINDING_UNREACHED: 'collect',
  SLUICE_FINDING_LANDING_LATE: 'write',
  SLUICE_FINDING_STREAM_LATE: 'landing',
  SLUICE_FINDING_NIGHT_MISSING: 'reconcile',
};
/** Whether a finding has a code, and one of some of its cases. */
const isOf =
  <Code extends FindingCode>(code: Code, ...cases: readonly CaseOf<Code>[]) =>
  (other: Finding): boolean =>
    other.code === code && cases.some((name) => name === other.case);
/** Findings that a function makes which does not run, by the function: those that are of no failure. */
const WAITING_FOR: Readonly<Record<string, (other: Finding) => boolean>> = {
  // Nothing asks the writer, or can.
  write: isOf('SLUICE_FINDING_LANDING_LATE', 'unasked', 'queue'),
  register: isOf('SLUICE_FINDING_PARTITION_WRONG', 'dropped'),
  'curate-plan': isOf('SLUICE_FINDING_CURATE_LATE', 'unplanned', 'local'),
  curate: isOf('SLUICE_FINDING_CURATE_LATE', 'queued'),
  relay: ({ code }) => code === 'SLUICE_FINDING_RELAY_LATE',
};
/** Findings whose `since` is the time at which something came, not at which a call failed. */
const OF_ARRIVALS: readonly FindingCode[] = ['SLUICE_FINDING_LANDING_LATE', 'SLUICE_FINDING_STREAM_LATE'];
/** Findings on work that nobody tries again by himself. Their last command has it tried. */
const TRIED_AGAIN: readonly FindingCode[] = ['SLUICE_FINDING_LANDING_LATE', 'SLUICE_FINDING_DEAD_LETTERS'];
/** How long the tries of a night go on after its beginning, which is the `since` of nights: a night that failed is of each error of that time. */
const NIGHT_TRIES_MS = 3 * HOUR_MS;
/** What ends the cure of a cause from which such findings follow. */
const THEN_TRY = {
  one: 'Then run the last command: it has what waits tried again.',
  all: 'Then run the last commands: they have what waits tried again.',
} as const;
/** What came so long before the newest file may be in none yet: Firehose gathers records for 15 minutes at most. */
const GATHERED_MS = 15 * MINUTE_MS;
/** Metrics tell of failures to five minutes. */
const PERIOD_MS = 5 * MINUTE_MS;

/** Something that makes other findings. */
interface Cause {
  /** What is told of it. */
  readonly found: Finding;
  /** Whether a finding carries its error. @param text The detail of the finding, and the failure that makes it. */
  readonly isErrorOf: (other: Finding, text: string) => boolean;
  /** When a call failed first for it, ISO 8601; null if that is not known. */
  readonly since: string | null;
  /** What is told of the findings that follow, at least one, in place of all their details. */
  readonly detailOf?: (follows: readonly Finding[]) => string;
}

/**
 * Causes with what follows from them in their details, and the findings that follow from none: they began before, or have another error.
 *
 * @param others Findings that may follow. Each follows from the first cause that fits.
 */
export function withCauses(
  causes: readonly Cause[],
  others: readonly Finding[],
  { failures, lastEventAt }: StatusFacts,
): readonly Finding[] {
  // A file was stored then, so no cause was there yet.
  const goodAt = lastEventAt === null ? 0 : Date.parse(lastEventAt) - GATHERED_MS;
  // A cause may be one of the findings itself.
  let left = others.filter((other) => causes.every(({ found }) => found !== other));
  const told = causes.map(({ found, isErrorOf, since: failed, detailOf }) => {
    const failedAt = failed === null ? Infinity : Date.parse(failed) - PERIOD_MS;
    const follows = left.filter((other) => {
      const { code, since, detail } = other;
      if (!isErrorOf(other, `${detail} ${failures[FAILING[code] ?? '']?.text ?? ''}`)) return false;
      // Objects that are not deleted may have come before somebody tried.
      if (code === 'SLUICE_FINDING_UNDELETED') return true;
      const begunAt = code === 'SLUICE_FINDING_NIGHT_MISSING' ? failedAt - NIGHT_TRIES_MS : failedAt;
      return since === null || Date.parse(since) >= (OF_ARRIVALS.includes(code) ? goodAt : begunAt);
    });
    left = left.filter((other) => !follows.includes(other));
    const details = follows.map((follower) => `${follower.code}: ${follower.detail}`);
    const tries = follows.flatMap(({ code, commands }) =>
      TRIED_AGAIN.includes(code) ? commands.slice(-1) : [],
    );
    const then = tries.length === 1 ? THEN_TRY.one : THEN_TRY.all;
    return {
      ...found,
      detail:
        detailOf === undefined || follows.length === 0
          ? [found.detail, ...details].join(' ').trim()
          : detailOf(follows),
      cure: tries.length === 0 ? found.cure : `${found.cure} ${then}`,
      commands: [...found.commands, ...tries],
    };
  });
  return [...told, ...left];
}

/** Functions that do not run. @param idle Of {@link idleFindings}. */
export function idleCauses(idle: ReturnType<typeof idleFindings>): readonly Cause[] {
  return idle.map(({ found, part }) => ({
    found,
    isErrorOf: (other) => WAITING_FOR[part]?.(other) === true,
    since: found.since,
  }));
}

/** Damaged objects of the ledger that are the reason of dead letters: each is one finding with them. */
export function damageCauses(
  others: readonly Finding[],
  { damagedEntries, failures, deadLetters }: StatusFacts,
): readonly Cause[] {
  const keys = (damagedEntries ?? []).map(({ key }) => key);
  // Of more messages than objects some have another reason.
  const isExplained = (key: string) =>
    deadLetters?.some(
      ({ queue, messages }) =>
        messages <= keys.length && failures[queue]?.text.includes(`${UNREADABLE}: ${key}`),
    ) === true;
  return others.flatMap((found): Cause[] => {
    if (found.code !== 'SLUICE_FINDING_LEDGER_DAMAGED') return [];
    const explained = keys.filter((key) => found.detail.includes(key) && isExplained(key));
    const isErrorOf = ({ code }: Finding, text: string) =>
      code === 'SLUICE_FINDING_DEAD_LETTERS' && explained.some((key) => text.includes(key));
    return explained.length === 0 ? [] : [{ found, isErrorOf, since: found.since }];
  });
}

/** What follows from what is found of the endpoint, by its code. */
const OF_ENDPOINT: Readonly<Partial<Record<FindingCode, (other: Finding) => boolean>>> = {
  // Requests of other codes have other cures.
  SLUICE_FINDING_NO_KEY: (other) =>
    isOf('SLUICE_FINDING_REFUSED', 'emptied')(other) && other.subject === UNKNOWN_KEY,
  // What the endpoint answers by itself the collector does not get.
  SLUICE_FINDING_UNREACHED: isOf('SLUICE_FINDING_SILENT', 'lasting'),
};

/** How long before the first request that the endpoint answered by itself the last one of the collector may have come: an app need not send each minute. */
const PAUSE_MS = HOUR_MS;

/** What is found of the endpoint, if others follow from it: a list without keys, and requests that it answers by itself still. */
export function endpointCauses(others: readonly Finding[]): readonly Cause[] {
  return others.flatMap((found): readonly Cause[] => {
    const isErrorOf = OF_ENDPOINT[found.code];
    const { code, severity, since } = found;
    const isCause = severity === 'problem' && isErrorOf !== undefined && others.some(isErrorOf);
    if (!isCause) return [];
    const isPaused = code === 'SLUICE_FINDING_UNREACHED' && since !== null;
    return [{ found, isErrorOf, since: isPaused ? isoTimestamp(Date.parse(since) - PAUSE_MS) : since }];
  });
}

/** Quotas of the account that are used up, by the name of AWS's error: each is one finding with what it stops. */
export function quotaCauses(
  others: readonly Finding[],
  { failures }: Pick<StatusFacts, 'failures'>,
  { commands }: Pick<Place, 'commands'>,
): readonly Cause[] {
  const stopped = others.flatMap((other) => {
    const name = other.isByQuota
      ? quotaIn(`${other.cause} ${other.detail} ${failures[FAILING[other.code] ?? '']?.text ?? ''}`)
      : null;
    return name === null ? [] : [{ name, other }];
  });
  return [...Map.groupBy(stopped, ({ name }) => name)].map(([name, ofName]): Cause => {
    const isOfGlue = /^ResourceNumber/.test(name);
    const [since = null] = ofName.flatMap(({ other }) => other.since ?? []).sort();
    const told = {
      case: isOfGlue ? 'glue' : 'other',
      title: `AWS refuses calls with ${name}, for a quota of the account that is used up`,
      since,
    } as const;
    const list = commands.aws('service-quotas', 'list-service-quotas', '--service-code', 'glue');
    const found = finding('SLUICE_FINDING_QUOTA_REACHED', told, isOfGlue ? [list] : []);
    return { found, isErrorOf: (other) => ofName.some((stoppedOne) => stoppedOne.other === other), since };
  });
}

/** A key that cannot be used, and calls that are denied. @param findings That on the key, if there is one. */
export function denialCauses(
  [key]: readonly Finding[],
  denied: readonly DeniedFinding[],
  facts: StatusFacts,
  place: Place,
): readonly Cause[] {
  const { failures, keyFailedSince, key: keyFacts } = facts;
  const ofDenial = denied.map(({ found, calls }): Cause => {
    const isErrorOf = ({ code }: Finding, text: string) =>
      calls.some(
        ({ role, action, part }) =>
          (code === 'SLUICE_FINDING_UNDELETED' && part === 'write' && action === 's3:DeleteObject') ||
          (text.includes(`/${roleName(role)}/`) && text.includes(action)),
      );
    return { found, isErrorOf, since: found.since };
  });
  if (key === undefined || keyFacts?.KeyState === 'Enabled') return ofDenial;
  const isErrorOf = ({ code, isByKey }: Finding) =>
    isByKey ?? failures[FAILING[code] ?? '']?.isByKey === true;
  const detail = `${key.detail}${waitingText(facts, place)}`;
  const detailOf = (follows: readonly Finding[]) => keyStopsText(follows, facts, place);
  return [{ found: { ...key, detail }, isErrorOf, since: keyFailedSince, detailOf }, ...ofDenial];
}

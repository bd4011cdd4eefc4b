import { MINUTE_MS } from '../../../lib/base/time.ts';
import { UNREADABLE } from '../../../lib/ledger/Ledger.ts';
import { targetCommands } from '../../commands.ts';
import { type DeploymentCommands, deploymentCommands } from '../../deploymentCommands.ts';
import { quotaIn } from '../../explainAwsError.ts';
import type { StatusFacts } from '../../facts/statusFacts.ts';
import { QUOTA_USED } from '../catalogue/wording.ts';
import { type Finding, type FindingCode, finding, findingCatalogue } from '../catalogue.ts';
import { ignoredEvents, overflow, silence, spikes } from './collector/changes.ts';
import { contentFindings } from './collector/content.ts';
import { oldTimes, wrongClocks } from './collector/eventTimes.ts';
import { failedRequests } from './collector/failedRequests.ts';
import { keyFindings } from './collector/keys.ts';
import { refusedRequests } from './collector/refusedRequests.ts';
import { copyFindings, lostCopies, unkeptCopies } from './collector/relay.ts';
import { unreachedRequests } from './collector/unreachedRequests.ts';
import { archivedFiles } from './days/archives.ts';
import { curatedFindings, resentFindings } from './days/curated.ts';
import { exportFindings } from './days/exports.ts';
import { missingPartitions } from './days/partitions.ts';
import { damagedFiles, lostDays } from './days/rawDays.ts';
import { bucketFindings, deniedFindings, earlyRules } from './deployment/bucket.ts';
import { judgeKey } from './deployment/key.ts';
import {
  failedDeployment,
  faultFindings,
  silentAlarms,
  stackFaultFindings,
  undeployedFindings,
} from './deployment/stack.ts';
import { unreadParts } from './deployment/unread.ts';
import { dropFindings } from './drops/dropFindings.ts';
import { openErasures } from './erasures.ts';
import { functionFindings, idleFindings } from './functions.ts';
import { deadLetterFindings, landingFindings, streamFindings } from './landing.ts';
import { damageAlarms, damagedLedger } from './ledger.ts';
import type { Judged, Place } from './place.ts';
import { quarantined } from './quarantine.ts';
import { Ringing } from './Ringing.ts';
import { missingNights, shortHours, unprovedDays } from './receivedHours.ts';

/** A judge, with the settings by which what it judges is read: any of them, as a path begins. Without: none. */
interface Judge {
  readonly find: (facts: StatusFacts, place: Place) => Iterable<Finding>;
  readonly readBy?: RegExp;
}

/** Settings that name the places in the bucket and in the catalog. */
const PLACES = /^(bucket|database|statsigFolder|formerStatsigFolders|tables|existing)\b/;
/** The places of curated days, and which days there are to be. */
const CURATED = /^(curate|curatedTables|curateAfter|timeWindow|retention)\b/;

/**
 * Everything that is judged, in the order in which it is told. While a setting is not deployed, what is read by it is not of the
 * deployment: its judges are silent. What is read by places, all but metrics and logs, has PLACES besides.
 */
const JUDGES: readonly Judge[] = [
  { find: failedDeployment },
  { find: undeployedFindings },
  { find: landingFindings, readBy: PLACES },
  { find: streamFindings, readBy: /^buffering\b/ },
  { find: keyFindings, readBy: /^(keys|allowAnyKey)\b/ },
  { find: failedRequests },
  { find: unreachedRequests, readBy: /^endpoint\b/ },
  { find: refusedRequests },
  { find: silence, readBy: PLACES },
  { find: contentFindings, readBy: CURATED },
  { find: spikes },
  { find: overflow },
  { find: ignoredEvents, readBy: /^(events|exposures)\b/ },
  { find: oldTimes, readBy: /^timeWindow\b/ },
  { find: wrongClocks },
  { find: resentFindings, readBy: CURATED },
  { find: lostDays, readBy: /^retention\b/ },
  { find: damagedFiles, readBy: PLACES },
  { find: openErasures, readBy: PLACES },
  { find: archivedFiles, readBy: CURATED },
  { find: bucketFindings, readBy: PLACES },
  { find: earlyRules, readBy: /^retention\b/ },
  { find: shortHours, readBy: PLACES },
  { find: unprovedDays, readBy: PLACES },
  { find: missingNights, readBy: /^reconcile\b/ },
  { find: missingPartitions, readBy: /^timeWindow\b/ },
  { find: stackFaultFindings, readBy: PLACES },
  { find: quarantined, readBy: PLACES },
  { find: deadLetterFindings },
  { find: functionFindings },
  { find: damagedLedger, readBy: /^sources\b/ },
  { find: dropFindings, readBy: /^sources\b/ },
  { find: exportFindings, readBy: /^exports\b/ },
  { find: curatedFindings, readBy: CURATED },
  { find: unkeptCopies, readBy: /^relay\b/ },
  { find: lostCopies, readBy: /^relay\b/ },
  { find: copyFindings, readBy: /^relay\b/ },
  { find: silentAlarms, readBy: /^alarms\b/ },
  { find: faultFindings },
  { find: unreadParts, readBy: PLACES },
];

/** The settings by which functions have a schedule, by the function. */
const SCHEDULED_BY: Readonly<Record<string, RegExp>> = {
  'ingest-plan': /^sources\b/,
  export: /^exports\b/,
  'curate-plan': CURATED,
};

/** Whether what is judged is of the deployment: the settings by which it is read are deployed. */
function isDeployed({ undeployed }: StatusFacts, readBy: RegExp | undefined): boolean {
  const settings = undeployed?.settings ?? [];
  return readBy === undefined || settings.every((setting) => !readBy.test(setting) && !PLACES.test(setting));
}

/** Judges facts, and reads nothing: faults of the local cloud and problems first. Commands, also those in a cure, name the deployment. */
export function judge(facts: StatusFacts, deployment: Judged, region: string): readonly Finding[] {
  const all = deploymentCommands(deployment, region);
  const isUnrestorable: Place['isUnrestorable'] = (table, day) =>
    facts.restorable?.some(
      (restorable) => restorable.table === table && restorable.day === day && restorable.files === 0,
    ) === true;
  const commands: DeploymentCommands = {
    ...all,
    // A command that would find no versions is left out.
    restore: (table, days) =>
      all.restore(
        table,
        days.filter((day) => !isUnrestorable(table, day)),
      ),
  };
  const ringing = new Ringing(facts.alarms, deployment);
  const place = { ...deployment, commands, ringing, isUnrestorable };
  const key =
    facts.key === null || !isDeployed(facts, PLACES)
      ? []
      : judgeKey(facts.key, commands, { since: facts.keyFailedSince });
  const found = JUDGES.filter(({ readBy }) => isDeployed(facts, readBy)).flatMap(({ find }) => [
    ...find(facts, place),
  ]);
  const withOwnAlarms = found.map((own) => ringing.tell(own));
  // An alarm on a day that failed stands with that day.
  const withAlarms = withOwnAlarms.map((own) => ringing.tell(own, damageAlarms(own)));
  const others = [...withAlarms, ...ringing.alone(place, facts)];
  const damaged = damageCauses(others, facts);
  const causes = [
    ...causesOf(key, deniedFindings(facts, place), facts),
    ...damaged,
    ...quotaCauses(others, facts, place),
    ...idleFindings(facts, place)
      // Messages that wait ask for a run, whatever the schedule is.
      .filter(({ part, isQueue }) => isQueue || isDeployed(facts, SCHEDULED_BY[part]))
      .map(({ found: idle, part }) => ({
        found: idle,
        isErrorOf: (other: Finding) => WAITING_FOR[part]?.(other) === true,
        since: idle.since,
      })),
  ];
  const unrelated = key.filter(() => facts.key?.KeyState === 'Enabled');
  const rest = others.filter((other) => damaged.every(({ found: cause }) => cause !== other));
  return [...unrelated, ...withCauses(causes, rest, facts)]
    .map(({ cure, detail, ...more }) => ({
      ...more,
      detail: targetCommands(detail, commands.options),
      cure: targetCommands(cure, commands.options),
    }))
    .toSorted(byRank);
}

/** The order in which findings are told. */
export function byRank(first: Finding, second: Finding): number {
  return rank(first) - rank(second);
}

/** Faults first: no other cure helps while they are set. */
function rank({ code, severity }: Finding): number {
  if (code === 'SLUICE_FINDING_FAULTS') return 0;
  return severity === 'problem' ? 1 : 2;
}

/** The function, or `landing`, whose failure makes a finding. Other findings that a failure makes have `isByKey`. */
const FAILING: Readonly<Partial<Record<FindingCode, string>>> = {
  SLUICE_FINDING_NOT_STORED: 'collect',
  SLUICE_FINDING_UNREACHED: 'collect',
  SLUICE_FINDING_LANDING_LATE: 'write',
  SLUICE_FINDING_STREAM_LATE: 'landing',
};
/** Findings that a function makes which does not run, by the function: those that are of no failure. */
const WAITING_FOR: Readonly<Record<string, (other: Finding) => boolean>> = {
  write: ({ code, cause }) =>
    code === 'SLUICE_FINDING_LANDING_LATE' &&
    cause === findingCatalogue.SLUICE_FINDING_LANDING_LATE.cases.unasked.cause,
  curate: ({ code }) => code === 'SLUICE_FINDING_CURATE_LATE',
  'curate-plan': ({ code }) => code === 'SLUICE_FINDING_CURATE_LATE',
  relay: ({ code }) => code === 'SLUICE_FINDING_RELAY_LATE',
};
/** Findings whose `since` is the time at which something came, not at which a call failed. */
const OF_ARRIVALS: readonly FindingCode[] = ['SLUICE_FINDING_LANDING_LATE', 'SLUICE_FINDING_STREAM_LATE'];
/** Findings on work that nobody tries again by himself. Their last command has it tried. */
const TRIED_AGAIN: readonly FindingCode[] = ['SLUICE_FINDING_LANDING_LATE', 'SLUICE_FINDING_DEAD_LETTERS'];
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
  readonly found: Finding;
  /** Whether a finding carries its error. @param text The detail of the finding, and the failure that makes it. */
  readonly isErrorOf: (other: Finding, text: string) => boolean;
  /** When a call failed first for it, ISO 8601; null if that is not known. */
  readonly since: string | null;
}

/** Findings with what follows from them in their details, and the other findings: those that began before, or have another error. */
function withCauses(
  causes: readonly Cause[],
  others: readonly Finding[],
  { failures, lastEventAt }: StatusFacts,
): readonly Finding[] {
  // A file was stored then, so no cause was there yet.
  const goodAt = lastEventAt === null ? 0 : Date.parse(lastEventAt) - GATHERED_MS;
  let left = others;
  const told = causes.map(({ found, isErrorOf, since: failed }) => {
    const failedAt = failed === null ? Infinity : Date.parse(failed) - PERIOD_MS;
    const follows = left.filter((other) => {
      const { code, since, detail } = other;
      if (!isErrorOf(other, `${detail} ${failures[FAILING[code] ?? '']?.text ?? ''}`)) return false;
      // Objects that are not deleted may have come before somebody tried.
      if (code === 'SLUICE_FINDING_UNDELETED') return true;
      return since === null || Date.parse(since) >= (OF_ARRIVALS.includes(code) ? goodAt : failedAt);
    });
    left = left.filter((other) => !follows.includes(other));
    const details = follows.map((follower) => `${follower.code}: ${follower.detail}`);
    const tries = follows.flatMap(({ code, commands }) =>
      TRIED_AGAIN.includes(code) ? commands.slice(-1) : [],
    );
    const then = tries.length === 1 ? THEN_TRY.one : THEN_TRY.all;
    return {
      ...found,
      detail: [found.detail, ...details].join(' '),
      cure: tries.length === 0 ? found.cure : `${found.cure} ${then}`,
      commands: [...found.commands, ...tries],
    };
  });
  return [...told, ...left];
}

/** Damaged objects of the ledger that are the reason of dead letters: each is one finding with them. */
function damageCauses(
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

/** Quotas of the account that are used up, by the name of AWS's error: each is one finding with what it stops. */
function quotaCauses(
  others: readonly Finding[],
  { failures }: Pick<StatusFacts, 'failures'>,
  { commands }: Pick<Place, 'commands'>,
): readonly Cause[] {
  const stopped = others.flatMap((other) => {
    const name = other.cause.includes(QUOTA_USED)
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
    return { found, isErrorOf: (other) => ofName.some((one) => one.other === other), since };
  });
}

/** The causes among what is judged: a key that cannot be used, and calls that are denied. */
function causesOf(
  [key]: readonly Finding[],
  denied: ReturnType<typeof deniedFindings>,
  { failures, keyFailedSince, key: keyFacts, waiting: { buffered } }: StatusFacts,
): readonly Cause[] {
  const ofDenial = denied.map(({ found, calls }): Cause => {
    const isErrorOf = ({ code }: Finding, text: string) =>
      calls.some(
        ({ role, action, part }) =>
          (code === 'SLUICE_FINDING_UNDELETED' && part === 'write' && action === 's3:DeleteObject') ||
          (text.includes(`/${role.slice(role.lastIndexOf('/') + 1)}/`) && text.includes(action)),
      );
    return { found, isErrorOf, since: found.since };
  });
  if (key === undefined || keyFacts?.KeyState === 'Enabled') return ofDenial;
  const waits = buffered.oldest;
  const oldest = waits === null ? '' : ` The oldest request that waits for delivery is of ${waits}.`;
  const isErrorOf = ({ code, isByKey }: Finding) =>
    isByKey ?? failures[FAILING[code] ?? '']?.isByKey === true;
  return [
    { found: { ...key, detail: `${key.detail}${oldest}` }, isErrorOf, since: keyFailedSince },
    ...ofDenial,
  ];
}

import { targetCommands } from '../../commands.ts';
import { type DeploymentCommands, deploymentCommands } from '../../deploymentCommands.ts';
import type { StatusFacts } from '../../facts/statusFacts.ts';
import type { Finding } from '../catalogue.ts';
import { damageCauses, denialCauses, endpointCauses, idleCauses, quotaCauses, withCauses } from './causes.ts';
import { ignoredEvents, overflow, silence, spikes } from './collector/changes.ts';
import { contentFindings } from './collector/content.ts';
import { lateTimes, OF_WINDOW, oldTimes, wrongClocks } from './collector/eventTimes.ts';
import { failedRequests } from './collector/failedRequests.ts';
import { keyFindings } from './collector/keys.ts';
import { quarantined } from './collector/quarantine.ts';
import { refusedRequests } from './collector/refusedRequests.ts';
import { copyFindings, lostCopies, unkeptCopies } from './collector/relay.ts';
import { unreachedRequests } from './collector/unreachedRequests.ts';
import { archivedFiles } from './days/archives.ts';
import { curatedFindings } from './days/curated.ts';
import { exportFindings } from './days/exports.ts';
import { missingPartitions } from './days/partitions.ts';
import { damagedFiles, lostDays } from './days/rawDays.ts';
import { resentFindings } from './days/resends.ts';
import { deadLetterFindings } from './deadLetters.ts';
import { bucketFindings, earlyRules } from './deployment/bucket.ts';
import { deniedFindings } from './deployment/denials.ts';
import { judgeKey } from './deployment/key.ts';
import { failedDeployment, faultFindings, silentAlarms, undeployedFindings } from './deployment/stack.ts';
import { stackFaultFindings } from './deployment/stackFaults.ts';
import { unreadParts } from './deployment/unread.ts';
import { dropFindings } from './drops/dropFindings.ts';
import { openErasures } from './erasures.ts';
import { functionFindings, idleFindings } from './functions.ts';
import { landingFindings } from './landing.ts';
import { damageAlarms, damagedLedger } from './ledger.ts';
import type { Judged, Place } from './place.ts';
import { answerAlarms, Ringing } from './Ringing.ts';
import { missingNights, shortHours, unprovedDays } from './receivedHours.ts';
import { streamFindings } from './stream.ts';

/** A judge, with the settings by which what it judges is read: any of them, as a path begins. Without: none. */
interface Judge {
  /** @param told What the judges before it have found. */
  readonly find: (facts: StatusFacts, place: Place, told: readonly Finding[]) => Iterable<Finding>;
  readonly readBy?: RegExp;
}

/** Settings that name the places in the bucket and in the catalog. */
const PLACES = /^(bucket|database|statsigFolder|formerStatsigFolders|tables|existing)\b/;
/** The places of curated days, and which days there are to be. */
const CURATED = /^(curate|curatedTables|curateAfter|timeWindow|retention)\b/;

/**
 * Everything that is judged, in the order in which it is told. While a setting is not deployed, what is read by it is not of the
 * deployment: its judges are silent. Judges that are read by a setting are silent, too, while places are not deployed, as they or
 * their commands read these.
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
  { find: oldTimes, readBy: OF_WINDOW },
  { find: lateTimes, readBy: OF_WINDOW },
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
  { find: missingPartitions, readBy: OF_WINDOW },
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
  const place = placeOf(facts, deployment, region);
  const { commands, ringing } = place;
  const key =
    facts.key === null || !isDeployed(facts, PLACES)
      ? []
      : judgeKey(facts.key, commands, { since: facts.keyFailedSince });
  const found: Finding[] = [];
  for (const { find, readBy } of JUDGES)
    if (isDeployed(facts, readBy)) found.push(...find(facts, place, found));
  const withOwnAlarms = found.map((own) => ringing.tell(own));
  // An alarm on a day that failed stands with that day, and one on answers with those of the collector.
  const withAlarms = withOwnAlarms.map((own) =>
    ringing.tell(own, [...damageAlarms(own), ...answerAlarms(own)]),
  );
  const alike = [...withAlarms, ...ringing.alone(place, facts)];
  // These follow from others, too.
  const others = withCauses(endpointCauses(alike), alike, facts);
  // Messages that wait ask for a run, whatever the schedule is.
  const idle = idleFindings(facts, place).filter(
    ({ part, isQueue }) => isQueue || isDeployed(facts, SCHEDULED_BY[part]),
  );
  const causes = [
    ...denialCauses(key, deniedFindings(facts, place), facts, place),
    ...damageCauses(others, facts),
    ...quotaCauses(others, facts, place),
    ...idleCauses(idle),
  ];
  // A key that can be used is no cause.
  const usableKey = key.filter(() => facts.key?.KeyState === 'Enabled');
  return [...usableKey, ...withCauses(causes, others, facts)]
    .map(({ cure, detail, ...more }) => ({
      ...more,
      detail: targetCommands(detail, commands.options),
      cure: targetCommands(cure, commands.options),
    }))
    .toSorted(byRank);
}

/** What judges know besides facts. */
function placeOf(facts: StatusFacts, deployment: Judged, region: string): Place {
  const all = deploymentCommands(deployment, region);
  const isUnrestorable: Place['isUnrestorable'] = (table, day) =>
    facts.restorable?.some(
      (restorable) => restorable.table === table && restorable.day === day && restorable.files === 0,
    ) === true;
  const deletedAt: Place['deletedAt'] = (table, day) => {
    const found = facts.restorable?.find(
      (restorable) => restorable.table === table && restorable.day === day,
    );
    return found?.deletedAt === undefined ? null : Date.parse(found.deletedAt);
  };
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
  return { ...deployment, commands, ringing, isUnrestorable, deletedAt };
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

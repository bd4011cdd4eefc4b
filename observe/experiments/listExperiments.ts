import { s3ObjectStore } from '../../lib/aws/s3ObjectStore.ts';
import { addDays, isoTimestamp, type UtcDay, utcDay } from '../../lib/base/time.ts';
import { unitColumnNames } from '../../lib/views/unitTypes.ts';
import { PRODUCTION } from '../../lib/views/View.ts';
import { askAthena, type Deployment } from '../deployment.ts';
import {
  environmentsQuery,
  MOST_LISTED,
  namesQuery,
  readGroupUnits,
  readName,
  unitsQuery,
} from './experimentListQueries.ts';
import { chooseUnits, countedNames, judgeSplits, type ListedExperiment, mergeNames } from './judgeSplits.ts';
import { readKnownExperiments } from './knownExperiments.ts';

/** Options of the list. */
export interface ListExperimentsOptions {
  /** Days that are read, the last one today. Default {@link LIST_DAYS}. */
  readonly days?: number | undefined;
  /** Default `production`. */
  readonly environment?: string | undefined;
  /** Only one kind. Default both. */
  readonly kind?: 'experiment' | 'gate' | undefined;
  /** Only names that contain the text, whatever its case. */
  readonly search?: string | undefined;
  /** Default {@link LIST_LIMIT}. */
  readonly limit?: number | undefined;
}

/** Days of a list. */
export const LIST_DAYS = 30;
/** Experiments of a list. */
export const LIST_LIMIT = 50;

/** Experiments and gates that have exposures. */
export interface ExperimentList {
  readonly environment: string;
  /** The first and the last day. */
  readonly from: UtcDay;
  readonly to: UtcDay;
  /** Those that began last first. */
  readonly experiments: readonly ListedExperiment[];
  /** How many there are in all. */
  readonly total: number;
  /** Whether there are more than a list can hold; those with the fewest exposures are left out then. */
  readonly isCut: boolean;
  /** Names of the configuration without exposures within the days. */
  readonly withoutExposures: readonly string[];
  /** Environments that have exposures; looked for only when there are none in this one. */
  readonly otherEnvironments: readonly string[];
  /** Bytes that Athena read. */
  readonly scannedBytes: number;
}

/**
 * Lists experiments and gates that have exposures, with the verdict on the split of each, by two queries in all.
 *
 * Units and exposures count as in `checkExperiment`, but only rows of the days are read. The split of an experiment that
 * may be older is not tested: units that come back would count as new ones, and a group that makes them come back more
 * often would seem too large.
 *
 * @throws ObserveError; GroupsError; what AWS clients throw.
 */
export async function listExperiments(
  deployment: Pick<Deployment, 'config' | 'now' | 'athena' | 's3' | 'clock' | 'wait' | 'random' | 'signal'>,
  options: ListExperimentsOptions = {},
): Promise<ExperimentList> {
  const { config, now } = deployment;
  const { environment = PRODUCTION, limit = LIST_LIMIT, days = LIST_DAYS, kind, search = '' } = options;
  const to = utcDay(now);
  const rows = { environment, from: addDays(to, 1 - days) };
  const known = await readKnownExperiments(s3ObjectStore(deployment.s3, config.bucket), config);
  const names = await askAthena(deployment, namesQuery(config, rows));
  let { scannedBytes } = names;
  const all = mergeNames(names.rows.slice(0, MOST_LISTED).map(readName(unitColumnNames(config))), known);
  const wanted = all.filter(
    ({ experiment, isGate }) =>
      (kind === undefined || (kind === 'gate') === isGate) &&
      experiment.toLowerCase().includes(search.toLowerCase()),
  );
  const page = wanted.slice(0, limit);
  return {
    environment,
    from: rows.from,
    to,
    experiments: await judgePage(),
    total: wanted.length,
    isCut: names.rows.length > MOST_LISTED,
    withoutExposures: known.configured.filter((name) => !all.some(({ experiment }) => experiment === name)),
    otherEnvironments: all.length > 0 ? [] : await askEnvironments(),
    scannedBytes,
  };

  async function judgePage(): Promise<readonly ListedExperiment[]> {
    if (page.length === 0) return [];
    const counted = chooseUnits(page);
    const answer = await askAthena(deployment, unitsQuery(config, rows, countedNames(counted)));
    scannedBytes += answer.scannedBytes;
    return judgeSplits(counted, answer.rows.map(readGroupUnits), { known, from: rows.from });
  }

  async function askEnvironments(): Promise<string[]> {
    const answer = await askAthena(deployment, environmentsQuery(config, rows.from));
    scannedBytes += answer.scannedBytes;
    return answer.rows.flatMap((row) => row['environment'] ?? []).filter((one) => one !== environment);
  }
}

/** The list as documented JSON: docs/reference/cli.md. Times are ISO 8601. */
export function experimentListJson(list: ExperimentList) {
  const time = (epochMs: number | null) => (epochMs === null ? null : isoTimestamp(epochMs));
  return {
    environment: list.environment,
    from: list.from,
    to: list.to,
    experiments: list.experiments.map((one) => ({
      experiment: one.experiment,
      kind: one.isGate ? 'gate' : 'experiment',
      layer: one.layer,
      unit: one.unit,
      units: one.units,
      exposures: one.exposures,
      groups: one.groups.map((group) => ({
        group_id: group.groupId,
        group_name: group.groupName,
        units: group.units,
        expected: group.expected,
      })),
      crossovers: one.crossovers,
      held_out: one.heldOut,
      null_units: one.nullUnits,
      first_seen: time(one.firstSeen),
      last_seen: time(one.lastSeen),
      may_be_older: one.mayBeOlder,
      verdict: one.verdict,
      p_value: one.pValue,
      largest_deviation: one.largestDeviation,
      expected_from: one.expectedFrom,
      untested: one.untested,
      unexpected_groups: one.unexpectedGroups,
    })),
    total: list.total,
    cut: list.isCut,
    without_exposures: list.withoutExposures,
    other_environments: list.otherEnvironments,
    scanned_bytes: list.scannedBytes,
  };
}

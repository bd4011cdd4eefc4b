import { s3ObjectStore } from '../../lib/aws/s3ObjectStore.ts';
import { addDays, type UtcDay, utcDay } from '../../lib/base/time.ts';
import { unitColumnNames } from '../../lib/views/unitTypes.ts';
import { PRODUCTION } from '../../lib/views/View.ts';
import { askAthena, type Deployment } from '../deployment.ts';
import { exposuresQuery, MOST_LISTED, readExposures, readUnits, unitsQuery } from './experimentQueries.ts';
import {
  countedNames,
  exposuresByUnit,
  type JudgedExperiment,
  judgedJson,
  judgeExperiment,
  mergeNames,
} from './judgeExperiment.ts';
import { readKnownExperiments } from './knownExperiments.ts';
import { DEFAULT_ALPHA, mostFrequentUnit } from './testGroups.ts';

/** Options of the list. */
export interface ListExperimentsOptions {
  /** Days with exposures, the last one today. Default {@link LIST_DAYS}. */
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
  /** Those that began last first. Exposures are those of the days, units those of all days. */
  readonly experiments: readonly JudgedExperiment[];
  /** How many there are in all. */
  readonly total: number;
  /** Whether there are more than a list can hold; those with the fewest exposures are left out then. */
  readonly isCut: boolean;
  /** Names of the configuration without exposures within the days. */
  readonly withoutExposures: readonly string[];
  /** Bytes that Athena read. */
  readonly scannedBytes: number;
}

/**
 * Lists experiments and gates that have exposures within some days, with the verdict on the split of each: that of
 * `checkExperiment`, by two queries in all.
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
  const from = addDays(to, 1 - days);
  const known = await readKnownExperiments(s3ObjectStore(deployment.s3, config.bucket), config);
  const names = await askAthena(deployment, exposuresQuery(config, { environment, from }));
  const all = mergeNames(names.rows.slice(0, MOST_LISTED).map(readExposures(unitColumnNames(config))), known);
  const wanted = all.filter(
    ({ experiment, isGate }) =>
      (kind === undefined || (kind === 'gate') === isGate) &&
      experiment.toLowerCase().includes(search.toLowerCase()),
  );
  const listed = wanted
    .slice(0, limit)
    .map((entry) => ({ ...entry, unit: mostFrequentUnit(exposuresByUnit(entry)) }));
  const counted = listed.flatMap((entry) => countedNames(entry, entry.unit));
  const units =
    counted.length === 0
      ? { rows: [], scannedBytes: 0 }
      : await askAthena(deployment, unitsQuery(config, { environment }, counted, false));
  const how = { known, isEqual: false, alpha: DEFAULT_ALPHA };
  return {
    environment,
    from,
    to,
    experiments: listed.map((entry) => judgeExperiment(entry, units.rows.map(readUnits), how)),
    total: wanted.length,
    isCut: names.rows.length > MOST_LISTED,
    withoutExposures: known.configured.filter((name) => !all.some(({ experiment }) => experiment === name)),
    scannedBytes: names.scannedBytes + units.scannedBytes,
  };
}

/** The list as documented JSON: docs/reference/json.md. */
export function experimentListJson(list: ExperimentList) {
  return {
    environment: list.environment,
    from: list.from,
    to: list.to,
    experiments: list.experiments.map(judgedJson),
    total: list.total,
    cut: list.isCut,
    without_exposures: list.withoutExposures,
    scanned_bytes: list.scannedBytes,
  };
}

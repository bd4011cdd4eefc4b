import { s3ObjectStore } from '../../lib/aws/s3ObjectStore.ts';
import { addDays, utcDay } from '../../lib/base/time.ts';
import { unitColumnNames } from '../../lib/views/unitTypes.ts';
import { PRODUCTION } from '../../lib/views/View.ts';
import { askAthena, type Deployment } from '../deployment.ts';
import { exposuresQuery, MOST_LISTED, readExposures, readUnits, unitsQuery } from './experimentQueries.ts';
import { countedNames, exposuresByUnit, judgeExperiment, mergeNames } from './judgeExperiment.ts';
import { readKnownExperiments } from './knownExperiments.ts';
import { mostFrequentUnit } from './testGroups.ts';

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
}

/** Days of a list. */
export const LIST_DAYS = 30;
/** Experiments of a list, whose units one query counts. */
const LIST_LIMIT = 100;

/** Experiments and gates that have exposures, as JSON: docs/reference/json.md. */
export type ExperimentList = Awaited<ReturnType<typeof listExperiments>>;

/**
 * Lists experiments and gates that have exposures within some days, with the verdict on the split of each: that of
 * `checkExperiment`, by two queries in all.
 *
 * @throws ObserveError; GroupsError; what AWS clients throw.
 */
export async function listExperiments(
  deployment: Pick<Deployment, 'config' | 'now' | 'athena' | 's3' | 'clock' | 'wait' | 'random' | 'signal'>,
  options: ListExperimentsOptions = {},
) {
  const { config, now } = deployment;
  const { environment = PRODUCTION, days = LIST_DAYS, kind, search = '' } = options;
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
    .slice(0, LIST_LIMIT)
    .map((entry) => ({ ...entry, unit: mostFrequentUnit(exposuresByUnit(entry)) }));
  const counted = listed.flatMap((entry) => countedNames(entry, entry.unit));
  const units =
    counted.length === 0
      ? { rows: [], scannedBytes: 0 }
      : await askAthena(deployment, unitsQuery(config, { environment }, counted, false));
  return {
    environment,
    from,
    to,
    /** Those that began last first. Exposures are those of the days, units those of all days. */
    experiments: listed.map((entry) =>
      judgeExperiment(entry, units.rows.map(readUnits), { known, isEqual: false }),
    ),
    /** How many there are in all. */
    total: wanted.length,
    /** Whether there are more than a query answers; those with the fewest exposures are left out then. */
    cut: names.rows.length > MOST_LISTED,
    /** Names of the configuration without exposures within the days. */
    without_exposures: known.configured.filter((name) => !all.some(({ experiment }) => experiment === name)),
    /** Bytes that Athena read. */
    scanned_bytes: names.scannedBytes + units.scannedBytes,
  };
}

import { s3ObjectStore } from '../../lib/aws/s3ObjectStore.ts';
import { defineErrorFamily } from '../../lib/base/errors.ts';
import { nearestNames } from '../../lib/base/text.ts';
import { addDays, isoTimestamp, type UtcDay, utcDay } from '../../lib/base/time.ts';
import type { Config } from '../../lib/schema/config.ts';
import { unitColumnNames } from '../../lib/views/unitTypes.ts';
import { PRODUCTION } from '../../lib/views/View.ts';
import { askAthena, type Deployment } from '../deployment.ts';
import {
  type CountedName,
  type CountedRows,
  exposuresQuery,
  MOST_LISTED,
  readExposures,
  readUnits,
  type UnitCount,
  unitsQuery,
} from './experimentQueries.ts';
import { countedNames, type Entry, exposuresByUnit, judgeExperiment, mergeNames } from './judgeExperiment.ts';
import { readKnownExperiments } from './knownExperiments.ts';
import { ALPHA, mostFrequentUnit } from './testGroups.ts';

/** Errors of checks of experiments. */
export const CheckError = defineErrorFamily('user', {
  SLUICE_CHECK_UNKNOWN_EXPERIMENT: {
    cause:
      'No experiment or gate of that name has exposures in this environment, and none is configured or in the specs.',
    cure: "Use its name as in Statsig's console; without a name, the command lists those that have exposures. Rows that a stream still buffers are not counted yet.",
  },
  SLUICE_CHECK_UNKNOWN_UNIT: {
    cause: 'The unit ID does not exist.',
    cure: 'Use user_id, stable_id, or one of `unitIds` in sluice.config.ts.',
  },
});

type Asked = Pick<Deployment, 'config' | 'now' | 'athena' | 's3' | 'clock' | 'wait' | 'random' | 'signal'>;

/** Options of the check. */
export interface CheckOptions {
  /** Name of the experiment or gate, plain or as SDKs hash it. */
  readonly experiment: string;
  /** Whether the gate of that name is meant. Default: the experiment, or the gate if there is no such experiment. */
  readonly isGate?: boolean | undefined;
  /** Unit ID, by its column or by Statsig's name: `user_id` or `userID`. Default the one that most exposures have. */
  readonly unit?: string | undefined;
  /** Days on which units were first exposed, both included. Default all. */
  readonly from?: UtcDay | undefined;
  readonly to?: UtcDay | undefined;
  /** Default `production`. */
  readonly environment?: string | undefined;
  /** Whether equal shares are expected. Default what the configuration or the specs say. */
  readonly isEqual?: boolean | undefined;
}

/** The known facts about an experiment, and whether its ratio is as expected, as JSON: docs/reference/json.md. */
export type ExperimentCheck = Awaited<ReturnType<typeof checkExperiment>>;

/**
 * Checks an experiment: its exposures, its units by group and day, and whether these are split as expected.
 *
 * A unit counts once, in the group and on the day of its first exposure, as `first_exposures` has it. Exposures count once
 * each, as in `experiment_exposures`, so resends never count. A unit that saw several groups is a crossover; it counts in its
 * first group and in the test.
 *
 * @throws CheckError when the experiment or the unit ID is not known; ObserveError; what AWS clients throw.
 */
export async function checkExperiment(deployment: Asked, options: CheckOptions) {
  const { config, now } = deployment;
  const { environment = PRODUCTION, isEqual = false } = options;
  const rows = { environment, from: options.from, to: options.to };
  const wanted = options.unit === undefined ? undefined : findUnit(options.unit, config);
  const known = await readKnownExperiments(s3ObjectStore(deployment.s3, config.bucket), config);
  const experiment = known.realNames([])(options.experiment);
  const exposures = await askAthena(deployment, exposuresQuery(config, rows, experiment));
  const seen = exposures.rows.map(readExposures(unitColumnNames(config)));
  const isGate = options.isGate ?? (seen.length > 0 && seen.every((row) => row.isGate));
  const entry: Entry = { experiment, isGate, rows: seen.filter((row) => row.isGate === isGate) };
  const isKnown = known.rowsOf(experiment, isGate).length > 0 || known.configured.includes(experiment);
  if (entry.rows.length === 0 && !isKnown) {
    const near = nearestNames(experiment, [...known.configured, ...known.inSpecs]);
    const hint = near.length === 0 ? '' : ` Did you mean ${near.join(' or ')}?`;
    throw new CheckError('SLUICE_CHECK_UNKNOWN_EXPERIMENT', `${options.experiment}, ${environment}.${hint}`);
  }
  const byUnit = {
    ...Object.fromEntries(unitColumnNames(config).map((unit) => [unit, 0])),
    ...exposuresByUnit(entry),
  };
  const unit = wanted ?? mostFrequentUnit(byUnit);
  const { counted, scannedBytes } = await askUnits(deployment, rows, countedNames(entry, unit), true);
  const judged = judgeExperiment({ ...entry, unit }, counted, { known, isEqual });
  const newest = entry.rows.length === 0 ? null : Math.max(...entry.rows.map((row) => row.receivedAt));
  return {
    ...judged,
    /** Whether the command exits with 3. */
    mismatch: judged.verdict === 'mismatch',
    /** Whether an experiment and a gate have the name. */
    shared: new Set(seen.map((row) => row.isGate)).size > 1,
    environment,
    /** Units whose first exposure was on a day, so that days add up; oldest first. */
    days: counted
      .flatMap(({ firstDay: ds, groupId: group_id, units: of }) =>
        group_id === null ? [] : [{ ds, group_id, units: of }],
      )
      .sort((one, other) => one.ds.localeCompare(other.ds) || one.group_id.localeCompare(other.group_id)),
    /** Exposures to groups that have each unit ID. */
    exposures_by_unit: byUnit,
    alpha: ALPHA,
    /** Whether holdouts are known: without them, held-out units count as another group. */
    holdouts_known: config.holdouts !== null || known.rows.length > 0,
    /** When the newest row was received, and the milliseconds since then; null without rows. */
    newest_received_at: newest === null ? null : isoTimestamp(newest),
    lag_ms: newest === null ? null : now - newest,
    /** Bytes that Athena read. */
    scanned_bytes: exposures.scannedBytes + scannedBytes,
  };
}

/** The column of a unit ID: Statsig's names are those of its console. @throws CheckError */
function findUnit(given: string, config: Pick<Config, 'unitIds'>): string {
  const columns = unitColumnNames(config);
  const names: ReadonlyMap<string, string> = new Map([
    ...Object.entries(config.unitIds),
    ['userID', 'user_id'],
    ['stableID', 'stable_id'],
    ...columns.map((column) => [column, column] as const),
  ]);
  const column = names.get(given);
  if (column === undefined)
    throw new CheckError('SLUICE_CHECK_UNKNOWN_UNIT', `${given}: expected ${columns.join(', ')}.`);
  return column;
}

/** The units of some names; nothing is asked for none. */
async function askUnits(
  deployment: Asked,
  rows: CountedRows,
  names: readonly CountedName[],
  byDay: boolean,
): Promise<{ readonly counted: readonly UnitCount[]; readonly scannedBytes: number }> {
  if (names.length === 0) return { counted: [], scannedBytes: 0 };
  const answer = await askAthena(deployment, unitsQuery(deployment.config, rows, names, byDay));
  return { counted: answer.rows.map(readUnits), scannedBytes: answer.scannedBytes };
}

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
export async function listExperiments(deployment: Asked, options: ListExperimentsOptions = {}) {
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
  const units = await askUnits(deployment, { environment }, counted, false);
  return {
    environment,
    from,
    to,
    /** Those that began last first. Exposures are those of the days, units those of all days. */
    experiments: listed.map((entry) => judgeExperiment(entry, units.counted, { known, isEqual: false })),
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

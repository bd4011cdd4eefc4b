import { s3ObjectStore } from '../../lib/aws/s3ObjectStore.ts';
import { defineErrorFamily } from '../../lib/base/errors.ts';
import { nearestNames } from '../../lib/base/text.ts';
import { isoTimestamp, type UtcDay } from '../../lib/base/time.ts';
import type { Config } from '../../lib/schema/config.ts';
import { unitColumnNames } from '../../lib/views/unitTypes.ts';
import { PRODUCTION } from '../../lib/views/View.ts';
import { askAthena, type Deployment } from '../deployment.ts';
import {
  type ExposureCount,
  exposuresQuery,
  readExposures,
  readUnits,
  type UnitCount,
  unitsQuery,
} from './experimentQueries.ts';
import {
  countedNames,
  type Entry,
  exposuresByUnit,
  type JudgedExperiment,
  type JudgedGroup,
  judgedJson,
  judgeExperiment,
  sum,
} from './judgeExperiment.ts';
import { readKnownExperiments } from './knownExperiments.ts';
import { DEFAULT_ALPHA, mostFrequentUnit } from './testGroups.ts';

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
  /** The p-value below which it is a mismatch. Default {@link DEFAULT_ALPHA}. */
  readonly alpha?: number | undefined;
}

/** A group of an experiment. */
export interface GroupCheck extends JudgedGroup {
  /** Exposures, each once. */
  readonly exposures: number;
  /** Exposures without the unit ID. */
  readonly nullUnits: number;
}

/** The groups of an experiment on one day. */
export interface DayCheck {
  readonly day: UtcDay;
  readonly groupId: string;
  /** Units whose first exposure was on the day, so that days add up. */
  readonly units: number;
  readonly exposures: number;
}

/** The known facts about an experiment, and whether its ratio is as expected. */
export interface ExperimentCheck extends JudgedExperiment {
  /** Whether an experiment and a gate have the name. */
  readonly isShared: boolean;
  readonly environment: string;
  /** Exposures to groups that have each unit ID. */
  readonly exposuresByUnit: Readonly<Record<string, number>>;
  readonly groups: readonly GroupCheck[];
  /** Oldest first. */
  readonly days: readonly DayCheck[];
  /** Whether holdouts are known: without them, held-out units count as another group. */
  readonly holdoutsKnown: boolean;
  /** When the newest row was received, epoch milliseconds, and how long ago; null without rows. */
  readonly newestReceivedAt: number | null;
  readonly lagMs: number | null;
  readonly alpha: number;
  /** Bytes that Athena read. */
  readonly scannedBytes: number;
}

/**
 * Checks an experiment: units and exposures by group and day, and whether units are split as expected.
 *
 * A unit counts once, in the group and on the day of its first exposure, as `first_exposures` has it. Exposures count once
 * each, as in `experiment_exposures`, so resends never count. A unit that saw several groups is a crossover; it counts in its
 * first group and in the test.
 *
 * @throws CheckError when the experiment or the unit ID is not known; ObserveError; what AWS clients throw.
 */
export async function checkExperiment(
  deployment: Pick<Deployment, 'config' | 'now' | 'athena' | 's3' | 'clock' | 'wait' | 'random' | 'signal'>,
  options: CheckOptions,
): Promise<ExperimentCheck> {
  const { config, now } = deployment;
  const { environment = PRODUCTION, alpha = DEFAULT_ALPHA, isEqual = false } = options;
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
  const units =
    entry.rows.length === 0
      ? { rows: [], scannedBytes: 0 }
      : await askAthena(deployment, unitsQuery(config, rows, countedNames(entry, unit), true));
  const counted = units.rows.map(readUnits);
  const judged = judgeExperiment({ ...entry, unit }, counted, { known, isEqual, alpha });
  const newestReceivedAt =
    entry.rows.length === 0 ? null : Math.max(...entry.rows.map(({ receivedAt }) => receivedAt));
  return {
    ...judged,
    isShared: new Set(seen.map((row) => row.isGate)).size > 1,
    environment,
    exposuresByUnit: byUnit,
    groups: withExposures(judged.groups, entry.rows, unit),
    days: countDays(entry.rows, counted),
    holdoutsKnown: config.holdouts !== null || known.rows.length > 0,
    newestReceivedAt,
    lagMs: newestReceivedAt === null ? null : now - newestReceivedAt,
    alpha,
    scannedBytes: exposures.scannedBytes + units.scannedBytes,
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

/** The groups with their exposures, also groups that only have exposures without the unit ID. */
function withExposures(
  judged: readonly JudgedGroup[],
  rows: readonly ExposureCount[],
  unit: string,
): readonly GroupCheck[] {
  const byGroup = Map.groupBy(rows, ({ groupId }) => groupId);
  const unseen = [...byGroup].flatMap(([groupId, own]): JudgedGroup[] =>
    groupId === null || judged.some((group) => group.groupId === groupId)
      ? []
      : [{ groupId, groupName: own[0]?.groupName ?? null, units: 0, expected: null, crossovers: 0 }],
  );
  return [...judged, ...unseen]
    .map((group) => {
      const own = byGroup.get(group.groupId) ?? [];
      const exposures = sum(own, (row) => row.exposures);
      return { ...group, exposures, nullUnits: exposures - sum(own, (row) => row.withUnit[unit] ?? 0) };
    })
    .sort((one, other) => (one.groupId < other.groupId ? -1 : 1));
}

function countDays(exposures: readonly ExposureCount[], units: readonly UnitCount[]): readonly DayCheck[] {
  const counts = [
    ...exposures.map((row) => ({
      day: row.day ?? '',
      groupId: row.groupId,
      units: 0,
      exposures: row.exposures,
    })),
    ...units.map((row) => ({ day: row.firstDay, groupId: row.groupId, units: row.units, exposures: 0 })),
  ];
  return [...Map.groupBy(counts, ({ day, groupId }) => `${day} ${groupId}`)]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .flatMap(([, own]) => {
      const [{ day = '', groupId = null } = {}] = own;
      const total = { units: sum(own, (one) => one.units), exposures: sum(own, (one) => one.exposures) };
      return groupId === null ? [] : [{ day, groupId, ...total }];
    });
}

/** The check as documented JSON: docs/reference/json.md. Times are ISO 8601. */
export function checkJson(check: ExperimentCheck) {
  return {
    ...judgedJson(check),
    shared: check.isShared,
    environment: check.environment,
    groups: check.groups.map((group) => ({
      group_id: group.groupId,
      group_name: group.groupName,
      units: group.units,
      expected: group.expected,
      exposures: group.exposures,
      crossovers: group.crossovers,
      null_units: group.nullUnits,
    })),
    days: check.days.map(({ day, groupId, units, exposures }) => ({
      ...{ ds: day, group_id: groupId, units, exposures },
    })),
    exposures_by_unit: check.exposuresByUnit,
    alpha: check.alpha,
    mismatch: check.verdict === 'mismatch',
    holdouts_known: check.holdoutsKnown,
    newest_received_at: check.newestReceivedAt === null ? null : isoTimestamp(check.newestReceivedAt),
    lag_ms: check.lagMs,
    scanned_bytes: check.scannedBytes,
  };
}

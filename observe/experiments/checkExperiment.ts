import { s3ObjectStore } from '../../lib/aws/s3ObjectStore.ts';
import { defineErrorFamily } from '../../lib/base/errors.ts';
import { nearestNames } from '../../lib/base/text.ts';
import { isoTimestamp, type UtcDay } from '../../lib/base/time.ts';
import { unitColumnNames } from '../../lib/views/unitTypes.ts';
import { PRODUCTION } from '../../lib/views/View.ts';
import { hashedNames } from '../../lib/wire/experimentNames.ts';
import { askAthena, type Deployment, type QueryAnswer } from '../deployment.ts';
import {
  CheckQueries,
  type ExposureCount,
  readExposures,
  readUnits,
  type UnitCount,
} from './checkQueries.ts';
import { type Expectation, expectSplit, type UntestedReason } from './expectedSplit.ts';
import { type KnownExperiments, readKnownExperiments } from './knownExperiments.ts';
import {
  DEFAULT_ALPHA,
  type GroupTest,
  mostFrequentUnit,
  type SplitVerdict,
  testGroups,
} from './testGroups.ts';

/** Errors of checks of experiments. */
export const CheckError = defineErrorFamily('user', {
  SLUICE_CHECK_UNKNOWN_EXPERIMENT: {
    cause: 'No experiment or gate of that name has exposures, and none is configured or in the specs.',
    cure: "Use its name as in Statsig's console. Rows that a stream still buffers are not counted yet.",
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
export interface GroupCheck {
  readonly groupId: string;
  readonly groupName: string | null;
  /** Units whose first exposure was to the group. */
  readonly units: number;
  /** Units by the expected split; null when the group is not tested. */
  readonly expected: number | null;
  /** Exposures, each once. */
  readonly exposures: number;
  /** Its units that were exposed to another group, too. */
  readonly crossovers: number;
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
export interface ExperimentCheck {
  readonly experiment: string;
  readonly isGate: boolean;
  /** Whether an experiment and a gate have the name. */
  readonly isShared: boolean;
  readonly environment: string;
  readonly unit: string;
  /** Exposures to groups that have each unit ID. */
  readonly exposuresByUnit: Readonly<Record<string, number>>;
  /** In order of their IDs; expected ones are there even without units. */
  readonly groups: readonly GroupCheck[];
  /** Oldest first. */
  readonly days: readonly DayCheck[];
  readonly exposures: number;
  readonly crossovers: number;
  /** Units that a known holdout kept out. */
  readonly heldOut: number;
  /** Units in a group that a holdout kept out at another time. */
  readonly heldOutInGroups: number;
  /** Whether holdouts are known: without them, held-out units count as another group. */
  readonly holdoutsKnown: boolean;
  /** Exposures to groups that lack the unit ID. */
  readonly nullUnits: number;
  /** Times of the first and last exposure to a group, epoch milliseconds; null without any. */
  readonly firstSeen: number | null;
  readonly lastSeen: number | null;
  /** When the newest row was received, epoch milliseconds; null without rows. */
  readonly newestReceivedAt: number | null;
  /** Milliseconds since then. */
  readonly lagMs: number | null;
  /** Milliseconds from half of the exposures to their receipt; null without rows. */
  readonly medianDelayMs: number | null;
  readonly expectedFrom: 'configuration' | 'specs' | 'equal' | null;
  readonly alpha: number;
  readonly pValue: number | null;
  /** The same without crossovers; null when it cannot be tested. */
  readonly pValueWithoutCrossovers: number | null;
  /** Why the ratio is not tested; null when it is. */
  readonly untested: { readonly reason: UntestedReason; readonly text: string } | null;
  /** IDs of groups that have units but are not expected. */
  readonly unexpectedGroups: readonly string[];
  readonly verdict: SplitVerdict;
  /** The largest difference of a group's units from the expected ones, of 1; null when the ratio is not tested. */
  readonly largestDeviation: number | null;
  /** Other environments that have exposures; looked for only when there are none in this one. */
  readonly otherEnvironments: readonly string[];
  /** Bytes that Athena read. */
  readonly scannedBytes: number;
}

/**
 * Checks an experiment: units and exposures by group and day, and whether units are split as expected.
 *
 * A unit counts once, in the group and on the day of its first exposure, by the view `first_exposures`. Exposures count
 * once each, by `experiment_exposures`, so resends never count. A unit that saw several groups is a crossover; it counts in
 * its first group and in the test.
 *
 * @throws CheckError when the experiment or the unit ID is not known; ObserveError; what AWS clients throw.
 */
export async function checkExperiment(
  deployment: Pick<Deployment, 'config' | 'now' | 'athena' | 's3' | 'clock' | 'wait' | 'random' | 'signal'>,
  options: CheckOptions,
): Promise<ExperimentCheck> {
  const { config, now } = deployment;
  const { environment = PRODUCTION, alpha = DEFAULT_ALPHA } = options;
  const unitColumns = unitColumnNames(config);
  const wantedUnit =
    options.unit === undefined ? undefined : findUnit(options.unit, config.unitIds, unitColumns);
  const known = await readKnownExperiments(s3ObjectStore(deployment.s3, config.bucket), config);
  const experiment = known.realNames([])(options.experiment);
  const sql = new CheckQueries(deployment, experiment, { ...options, environment });
  const overview = await askAthena(deployment, sql.overview());
  let { scannedBytes } = overview;
  const seen = overview.rows.map(readExposures(unitColumns));
  const isGate = options.isGate ?? (seen.length > 0 && seen.every((row) => row.isGate));
  const own = seen.filter((row) => row.isGate === isGate);
  const total = own.find(({ day }) => day === null);
  const rows = known.rowsOf(experiment, isGate);
  const elsewhere = total === undefined ? await askElsewhere() : null;
  const isKnown = rows.length > 0 || known.configured.includes(experiment);
  if (elsewhere?.environments.length === 0 && !isKnown)
    throw new CheckError(
      'SLUICE_CHECK_UNKNOWN_EXPERIMENT',
      [`${options.experiment}.`, ...elsewhere.hints].join(' '),
    );

  const inGroups = own.filter(({ day, isHeldOut }) => day !== null && !isHeldOut);
  const exposuresByUnit = Object.fromEntries(
    unitColumns.map((unit) => [unit, sum(inGroups, (row) => row.withUnit[unit] ?? 0)]),
  );
  const unit = wantedUnit ?? mostFrequentUnit(exposuresByUnit);
  const units = inGroups.length === 0 ? [] : await askUnits();
  const groups = countGroups(inGroups, units, unit);
  const seenGroups = groups.filter((group) => group.units > 0);
  const expectation = expectSplit({
    split: known.splitOf(experiment),
    rows,
    seen: seenGroups,
    days: dayRange(units),
    isEqual: options.isEqual === true,
  });
  const test = testGroups(seenGroups, expectation, { isGate, alpha });
  const newestReceivedAt = total?.receivedAt ?? null;
  return {
    experiment,
    isGate,
    isShared: new Set(seen.map((row) => row.isGate)).size > 1,
    environment,
    unit,
    exposuresByUnit,
    groups: withExpected(groups, expectation, test.expected),
    days: countDays(inGroups, units),
    exposures: sum(inGroups, (row) => row.exposures),
    crossovers: sum(groups, (group) => group.crossovers),
    heldOut: total?.heldOut[unit] ?? 0,
    heldOutInGroups: sum(units, (row) => row.heldOut),
    holdoutsKnown: config.holdouts !== null || known.rows.length > 0,
    nullUnits: sum(groups, (group) => group.nullUnits),
    firstSeen: least(inGroups.map(({ firstAt }) => firstAt)),
    lastSeen: most(inGroups.map(({ lastAt }) => lastAt)),
    newestReceivedAt,
    lagMs: newestReceivedAt === null ? null : now - newestReceivedAt,
    medianDelayMs: total?.medianDelayMs ?? null,
    expectedFrom: expectation.source,
    alpha,
    pValue: test.pValue,
    pValueWithoutCrossovers: test.pValueWithoutCrossovers,
    untested: test.untested,
    unexpectedGroups: test.unexpected,
    verdict: test.verdict,
    largestDeviation: test.largestDeviation,
    otherEnvironments: (elsewhere?.environments ?? []).filter((other) => other !== environment),
    scannedBytes,
  };

  async function askElsewhere(): Promise<NameSearch> {
    const answer = await askAthena(deployment, sql.names());
    scannedBytes += answer.scannedBytes;
    return searchName(known, experiment, answer);
  }

  async function askUnits(): Promise<readonly UnitCount[]> {
    const isHashed = own.some(({ hashed }) => hashed > 0);
    const answer = await askAthena(deployment, sql.units(unit, isGate, isHashed));
    scannedBytes += answer.scannedBytes;
    return answer.rows.map(readUnits);
  }
}

/** The column of a unit ID: Statsig's names are those of its console. @throws CheckError */
function findUnit(
  given: string,
  unitIds: Readonly<Record<string, string>>,
  columns: readonly string[],
): string {
  const names: ReadonlyMap<string, string> = new Map([
    ...Object.entries(unitIds),
    ['userID', 'user_id'],
    ['stableID', 'stable_id'],
    ...columns.map((column) => [column, column] as const),
  ]);
  const column = names.get(given);
  if (column === undefined)
    throw new CheckError('SLUICE_CHECK_UNKNOWN_UNIT', `${given}: expected ${columns.join(', ')}.`);
  return column;
}

/** Where a name without exposures to a group occurs, and names that may have been meant. */
interface NameSearch {
  /** Environments that have exposures of the name. */
  readonly environments: readonly string[];
  /** Sentences for people. */
  readonly hints: readonly string[];
}

function searchName(known: KnownExperiments, given: string, { rows }: QueryAnswer): NameSearch {
  const isMeant = (name: string | null | undefined) =>
    name === given || hashedNames(given).includes(name ?? '');
  const unique = (names: readonly (string | null | undefined)[]) => [
    ...new Set(names.filter((name) => typeof name === 'string')),
  ];
  const ofLayer = unique(
    rows
      .filter((row) => row['layer_id'] === given && row['experiment_id'] !== given)
      .map((row) => row['experiment_id']),
  );
  const names = unique([...rows.map((row) => row['experiment_id']), ...known.configured, ...known.inSpecs]);
  const near = nearestNames(given, names);
  return {
    environments: unique(
      rows.filter((row) => isMeant(row['experiment_id'])).map((row) => row['environment']),
    ),
    hints: [
      ...(ofLayer.length > 0 ? [`It is a layer. Its experiments: ${ofLayer.join(', ')}.`] : []),
      ...(near.length > 0 ? [`Did you mean ${near.join(' or ')}?`] : []),
    ],
  };
}

/** Groups that have exposures, in the order of their IDs. */
function countGroups(
  exposures: readonly ExposureCount[],
  units: readonly UnitCount[],
  unit: string,
): readonly Omit<GroupCheck, 'expected'>[] {
  const ids = new Set([...exposures, ...units].map(({ groupId }) => groupId));
  return [...ids].sort().map((groupId) => {
    const own = exposures.filter((row) => row.groupId === groupId);
    const ownUnits = units.filter((row) => row.groupId === groupId);
    return {
      groupId,
      groupName: [...ownUnits, ...own].find(({ groupName }) => groupName !== null)?.groupName ?? null,
      units: sum(ownUnits, (row) => row.units),
      exposures: sum(own, (row) => row.exposures),
      crossovers: sum(ownUnits, (row) => row.crossovers),
      nullUnits: sum(own, (row) => row.exposures - (row.withUnit[unit] ?? 0)),
    };
  });
}

function countDays(exposures: readonly ExposureCount[], units: readonly UnitCount[]): readonly DayCheck[] {
  const days = new Map<string, DayCheck>();
  const add = (
    day: UtcDay,
    groupId: string,
    counts: { readonly units?: number; readonly exposures?: number },
  ) => {
    const key = `${day} ${groupId}`;
    const known = days.get(key) ?? { day, groupId, units: 0, exposures: 0 };
    days.set(key, {
      ...known,
      units: known.units + (counts.units ?? 0),
      exposures: known.exposures + (counts.exposures ?? 0),
    });
  };
  for (const row of exposures) if (row.day !== null) add(row.day, row.groupId, { exposures: row.exposures });
  for (const row of units) add(row.day, row.groupId, { units: row.units });
  return [...days].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, day]) => day);
}

function withExpected(
  groups: readonly Omit<GroupCheck, 'expected'>[],
  expectation: Expectation,
  expected: GroupTest['expected'],
): readonly GroupCheck[] {
  const listed = new Set(groups.map(({ groupId }) => groupId));
  const missing = (expectation.source === null ? [] : expectation.groups)
    .filter(({ groupId }) => !listed.has(groupId))
    .map(({ groupId, groupName }) => ({
      ...{ groupId, groupName, units: 0, exposures: 0, crossovers: 0, nullUnits: 0 },
    }));
  return [...groups, ...missing]
    .map((group) => ({ ...group, expected: expected.get(group.groupId) ?? null }))
    .sort((one, other) => (one.groupId < other.groupId ? -1 : 1));
}

function dayRange(units: readonly UnitCount[]): { readonly first: UtcDay; readonly last: UtcDay } | null {
  const days = units.map(({ day }) => day).sort();
  const [first, last] = [days[0], days.at(-1)];
  return first === undefined || last === undefined ? null : { first, last };
}

function sum<Item>(items: readonly Item[], count: (item: Item) => number): number {
  return items.reduce((total, item) => total + count(item), 0);
}

function least(times: readonly number[]): number | null {
  return times.length === 0 ? null : Math.min(...times);
}

function most(times: readonly number[]): number | null {
  return times.length === 0 ? null : Math.max(...times);
}

/** The check as documented JSON: docs/reference/cli.md. Times are ISO 8601. */
export function checkJson(check: ExperimentCheck) {
  const time = (epochMs: number | null) => (epochMs === null ? null : isoTimestamp(epochMs));
  return {
    experiment: check.experiment,
    kind: check.isGate ? 'gate' : 'experiment',
    shared: check.isShared,
    environment: check.environment,
    unit: check.unit,
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
      ds: day,
      group_id: groupId,
      units,
      exposures,
    })),
    exposures: check.exposures,
    exposures_by_unit: check.exposuresByUnit,
    expected_from: check.expectedFrom,
    p_value: check.pValue,
    p_value_without_crossovers: check.pValueWithoutCrossovers,
    alpha: check.alpha,
    mismatch: check.verdict === 'mismatch',
    verdict: check.verdict,
    largest_deviation: check.largestDeviation,
    unexpected_groups: check.unexpectedGroups,
    untested: check.untested,
    crossovers: check.crossovers,
    held_out: check.heldOut,
    held_out_in_groups: check.heldOutInGroups,
    holdouts_known: check.holdoutsKnown,
    null_units: check.nullUnits,
    first_seen: time(check.firstSeen),
    last_seen: time(check.lastSeen),
    newest_received_at: time(check.newestReceivedAt),
    lag_ms: check.lagMs,
    median_delay_ms: check.medianDelayMs,
    other_environments: check.otherEnvironments,
    scanned_bytes: check.scannedBytes,
  };
}

import { defineErrorFamily } from '../../lib/base/errors.ts';
import { type QueryRow, qualifiedName, quoteText } from '../../lib/base/sql.ts';
import { sum } from '../../lib/base/sum.ts';
import type { UtcDay } from '../../lib/base/time.ts';
import type { Config } from '../../lib/schema/config.ts';
import { listExperiments } from '../../lib/schema/names.ts';
import { unitColumnNames } from '../../lib/views/unitTypes.ts';
import type { ViewConfig } from '../../lib/views/View.ts';
import { askAthena, type Deployment } from '../deployment.ts';
import { expectedUnits, sampleRatioPValue } from './sampleRatio.ts';

/** Errors of checks of experiments. */
export const CheckError = defineErrorFamily('user', {
  SLUICE_CHECK_UNKNOWN_EXPERIMENT: {
    cause: 'No experiment of that name has units in production, and none is configured.',
    cure: "Use its name as in Statsig's console; without a name, the command lists those that have units. Rows that a stream still buffers are not counted yet.",
  },
  SLUICE_CHECK_UNKNOWN_UNIT: {
    cause: 'The unit ID does not exist.',
    cure: 'Use user_id, stable_id, or a column of `unitIds` of the configuration.',
  },
});

/**
 * The p-value below which the ratio counts as a mismatch. Many experiments are checked, many times each, so the level is
 * low: Statsig alerts below 0.001 and warns below 0.01. https://docs.statsig.com/experiments/monitor
 */
const MISMATCH_BELOW = 0.001;
const SUSPICIOUS_BELOW = 0.01;

/** Options of the check. */
export interface CheckOptions {
  /** The only experiment to check. Default: all. */
  readonly experiment?: string | undefined;
  /** Column of the unit ID. Default `user_id`. */
  readonly unit?: string | undefined;
}

/** Units of a group of an experiment. */
interface GroupUnits {
  /** ID of the group. */
  readonly group_id: string;
  /** Name of the group; null while it is not known. */
  readonly group_name: string | null;
  /** Units whose first exposure was to this group. */
  readonly units: number;
  /** Units that were exposed to another group, too. */
  readonly crossovers: number;
}

/** Units of a group, and how many are expected. */
interface JudgedGroup extends GroupUnits {
  /** Units by the split; null for a group that the split does not have. */
  readonly expected: number | null;
}

/** An experiment and the verdict on its split. */
export interface JudgedExperiment {
  /** Name of the experiment. */
  readonly experiment: string;
  /** Day from which units count by their first exposure, UTC, as the split was changed before it; null if all count. */
  readonly since: UtcDay | null;
  /** Units of all groups. */
  readonly units: number;
  /** Units that saw several groups. They count in their first. */
  readonly crossovers: number;
  /** Its groups. Those that are expected are there even without units. */
  readonly groups: readonly JudgedGroup[];
  /** Whether the units agree with the split; `not_tested` without a configured split, without units, or of one group. */
  readonly verdict: 'no_mismatch' | 'suspicious' | 'mismatch' | 'not_tested';
  /** The p-value of the test; null when the split is not tested. */
  readonly p_value: number | null;
}

/** Experiments with the verdict on the split of each. */
export interface ExperimentList {
  /** Column of the unit ID. */
  readonly unit: string;
  /** The experiments, those with the most units first. */
  readonly experiments: readonly JudgedExperiment[];
  /** Bytes that Athena read. */
  readonly scanned_bytes: number;
}

/**
 * Compares the units of each group with the configured split, as `first_exposures` has them: of production, each in the group of
 * its first exposure. Those with the most units come first.
 *
 * @throws CheckError; ObserveError; what Athena's client throws.
 */
export async function checkExperiments(
  deployment: Pick<Deployment, 'config' | 'athena' | 'clock' | 'wait' | 'random' | 'signal'>,
  { experiment, unit = 'user_id' }: CheckOptions = {},
): Promise<ExperimentList> {
  const { config } = deployment;
  const units = unitColumnNames(config);
  if (!units.includes(unit))
    throw new CheckError('SLUICE_CHECK_UNKNOWN_UNIT', `${unit}: expected ${units.join(', ')}.`);
  const { rows, scannedBytes } = await askAthena(deployment, unitsQuery(config, unit, experiment));
  const seen = Map.groupBy(rows, (row) => row['experiment_id'] ?? '');
  const configured = listExperiments(config).filter(
    (name) => experiment === undefined || name === experiment,
  );
  if (experiment !== undefined && seen.size === 0 && configured.length === 0)
    throw new CheckError('SLUICE_CHECK_UNKNOWN_EXPERIMENT', `${experiment}, by ${unit}.`);
  return {
    unit,
    experiments: [...new Set([...seen.keys(), ...configured])]
      .map((name) => judgeSplit(splitOf(config, name), (seen.get(name) ?? []).map(readGroup)))
      .sort((left, right) => right.units - left.units || left.experiment.localeCompare(right.experiment)),
    scanned_bytes: scannedBytes,
  };
}

/**
 * A query of units by experiment and group. Those that came before the split of their experiment was changed are left out.
 *
 * @param experiment Default all.
 */
export function unitsQuery(config: ViewConfig, unit: string, experiment?: string): string {
  const onlyExperiment = experiment === undefined ? '' : ` AND "experiment_id" = ${quoteText(experiment)}`;
  return `SELECT "experiment_id", "group_id", max("group_name") AS "group_name", count(*) AS "units",
  count_if("groups_seen" > 1) AS "crossovers"
FROM ${qualifiedName(config, 'first_exposures')}
WHERE "unit_type" = ${quoteText(unit)} AND NOT "is_gate"${onlyExperiment}${config.experiments.map(splitCondition).join('')}
GROUP BY "experiment_id", "group_id"
ORDER BY "experiment_id", "group_id"`;
}

/** SQL that leaves out units of an experiment from before its split. */
function splitCondition(experiment: Config['experiments'][number]): string {
  if (typeof experiment === 'string' || experiment.since === undefined) return '';
  return ` AND ("experiment_id" <> ${quoteText(experiment.name)} OR "first_day" >= DATE ${quoteText(experiment.since)})`;
}

/** The units of a group in a row of the query. */
function readGroup(row: QueryRow): GroupUnits {
  return {
    group_id: row['group_id'] ?? '',
    group_name: row['group_name'] ?? null,
    units: Number(row['units']),
    crossovers: Number(row['crossovers']),
  };
}

/** What the configuration says of an experiment. */
interface ConfiguredSplit {
  /** Its name. */
  readonly name: string;
  /** Weights of any scale, by the IDs or names of groups; absent if it has none. */
  readonly split?: Readonly<Record<string, number>>;
  /** First day of the split, UTC; absent if it was never changed. */
  readonly since?: UtcDay | undefined;
}

/** The split that the configuration states of an experiment; only its name if it states none. */
function splitOf({ experiments }: Pick<Config, 'experiments'>, name: string): ConfiguredSplit {
  return (
    experiments.filter((each) => typeof each !== 'string').find((each) => each.name === name) ?? { name }
  );
}

/**
 * Judges the groups of an experiment by a sequential test, so that one may look every day. A group with units that the split does
 * not have is a mismatch.
 */
export function judgeSplit(
  { name, split = {}, since }: ConfiguredSplit,
  seen: readonly GroupUnits[],
): JudgedExperiment {
  const units = sum(seen.map((group) => group.units));
  const expected = expectedWeights(seen, split);
  const unseen = [...expected.keys()].filter((id) => !seen.some(({ group_id }) => group_id === id));
  const all = [
    ...seen,
    ...unseen.map((id): GroupUnits => ({ group_id: id, group_name: null, units: 0, crossovers: 0 })),
  ];
  const known = all.flatMap((group) => {
    const weight = expected.get(group.group_id);
    return weight === undefined ? [] : [{ ...group, weight }];
  });
  const unexpected = expected.size === 0 ? [] : seen.filter(({ group_id }) => !expected.has(group_id));
  const p = sampleRatioPValue(known);
  const amounts = new Map(expectedUnits(known).map((amount, i) => [known[i]?.group_id, amount]));
  return {
    experiment: name,
    since: since ?? null,
    units,
    crossovers: sum(seen.map((group) => group.crossovers)),
    groups: all.map((group) => ({ ...group, expected: amounts.get(group.group_id) ?? null })),
    verdict: verdictOf(p, unexpected.length),
    p_value: p,
  };
}

/**
 * The verdict on a split.
 *
 * @param p Null if it was not tested.
 * @param unexpected How many groups have no weight.
 */
function verdictOf(p: number | null, unexpected: number): JudgedExperiment['verdict'] {
  if (unexpected > 0 || (p !== null && p < MISMATCH_BELOW)) return 'mismatch';
  if (p === null) return 'not_tested';
  return p < SUSPICIOUS_BELOW ? 'suspicious' : 'no_mismatch';
}

/** Weights by group ID. A name counts if no group has it as its ID, and exactly one as its name. */
function expectedWeights(
  seen: readonly GroupUnits[],
  split: Readonly<Record<string, number>>,
): ReadonlyMap<string, number> {
  return new Map(
    Object.entries(split).map(([key, weight]) => {
      const named = seen.filter(({ group_name }) => group_name?.toLowerCase() === key.toLowerCase());
      const hasId = seen.some(({ group_id }) => group_id === key);
      return [(hasId || named.length !== 1 ? undefined : named[0]?.group_id) ?? key, weight];
    }),
  );
}

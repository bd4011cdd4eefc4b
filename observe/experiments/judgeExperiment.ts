import { isoTimestamp, type UtcDay } from '../../lib/base/time.ts';
import { expectSplit, type UntestedReason } from './expectedSplit.ts';
import type { CountedName, ExposureCount, UnitCount } from './experimentQueries.ts';
import type { KnownExperiments } from './knownExperiments.ts';
import { type SplitVerdict, testGroups } from './testGroups.ts';

/** A group of an experiment. */
export interface JudgedGroup {
  readonly groupId: string;
  readonly groupName: string | null;
  /** Units whose first exposure was to the group. */
  readonly units: number;
  /** Units by the expected split; null when the group is not tested. */
  readonly expected: number | null;
  /** Its units that were exposed to another group, too. */
  readonly crossovers: number;
}

/** An experiment or gate, and whether its split is as expected. */
export interface JudgedExperiment {
  readonly experiment: string;
  readonly isGate: boolean;
  /** The layer that allocated its units; null without. */
  readonly layer: string | null;
  /** The unit ID that is counted. */
  readonly unit: string;
  readonly units: number;
  /** Exposures to groups, each once. */
  readonly exposures: number;
  /** In the order of their IDs; expected ones are there even without units. */
  readonly groups: readonly JudgedGroup[];
  /** Units that saw several groups. */
  readonly crossovers: number;
  /** Units that a known holdout kept out; those among them that are in a group. */
  readonly heldOut: number;
  readonly heldOutInGroups: number;
  /** Exposures to groups that lack the unit ID. */
  readonly nullUnits: number;
  /** Times of the first and last exposure to a group, epoch milliseconds; null without any. */
  readonly firstSeen: number | null;
  readonly lastSeen: number | null;
  readonly expectedFrom: 'configuration' | 'specs' | 'equal' | null;
  readonly verdict: SplitVerdict;
  readonly pValue: number | null;
  /** The same without crossovers; null when it cannot be tested. */
  readonly pValueWithoutCrossovers: number | null;
  /** The largest difference of a group's units from the expected ones, of 1; null when the ratio is not tested. */
  readonly largestDeviation: number | null;
  /** Why the ratio is not tested; null when it is. */
  readonly untested: { readonly reason: UntestedReason; readonly text: string } | null;
  /** IDs of groups that have units but are not expected. */
  readonly unexpectedGroups: readonly string[];
}

/** An experiment or gate under all of its names, and its exposures. */
export interface Entry {
  readonly experiment: string;
  readonly isGate: boolean;
  readonly rows: readonly ExposureCount[];
}

/** One entry for the names, real and hashed, of each experiment; those that began last first. */
export function mergeNames(
  rows: readonly ExposureCount[],
  { realNames }: KnownExperiments,
): readonly Entry[] {
  const realName = realNames(rows.map(({ sent }) => sent));
  const merged = Map.groupBy(rows, ({ sent, isGate }) => JSON.stringify([realName(sent), isGate]));
  return [...merged.values()]
    .map((own): Entry => {
      const { sent = '', isGate = false } = own[0] ?? {};
      return { experiment: realName(sent), isGate, rows: own };
    })
    .sort(
      (one, other) =>
        firstDay(other).localeCompare(firstDay(one)) ||
        one.experiment.localeCompare(other.experiment) ||
        Number(one.isGate) - Number(other.isGate),
    );
}

/** By the first day, the order of a list hardly changes while rows arrive. */
function firstDay({ rows }: Entry): UtcDay {
  return rows.flatMap((row) => row.firstDay ?? []).sort()[0] ?? '';
}

/** Exposures to groups that have each unit ID. */
export function exposuresByUnit({ rows }: Pick<Entry, 'rows'>): Readonly<Record<string, number>> {
  const units = Object.keys(rows[0]?.withUnit ?? {});
  return Object.fromEntries(units.map((unit) => [unit, sum(rows, (row) => row.withUnit[unit] ?? 0)]));
}

/** The names by which `unitsQuery` counts an entry. */
export function countedNames({ experiment, isGate, rows }: Entry, unit: string): readonly CountedName[] {
  return [...new Set(rows.map(({ sent }) => sent))].map((sent) => ({ sent, experiment, isGate, unit }));
}

/**
 * Judges the split of an experiment or gate by its units.
 *
 * @param counted Answers of `unitsQuery`, also of other experiments.
 * @param how `alpha`: the p-value below which it is a mismatch.
 */
export function judgeExperiment(
  entry: Entry & { readonly unit: string },
  counted: readonly UnitCount[],
  how: { readonly known: KnownExperiments; readonly isEqual: boolean; readonly alpha: number },
): JudgedExperiment {
  const { experiment, isGate, unit, rows } = entry;
  const own = counted.filter((one) => one.experiment === experiment && one.isGate === isGate);
  const seen = sumGroups(own);
  const days = own.flatMap((one) => (one.groupId === null ? [] : [one.firstDay, one.lastDay])).sort();
  const [first, last] = [days[0], days.at(-1)];
  const expectation = expectSplit({
    split: how.known.splitOf(experiment),
    rows: how.known.rowsOf(experiment, isGate),
    seen,
    days: first === undefined || last === undefined ? null : { first, last },
    isEqual: how.isEqual,
  });
  const { expected, unexpected, ...test } = testGroups(seen, expectation, { isGate, alpha: how.alpha });
  const unseen = (expectation.source === null ? [] : expectation.groups).filter(
    ({ groupId }) => !seen.some((group) => group.groupId === groupId),
  );
  const exposures = sum(rows, (row) => row.exposures);
  return {
    experiment,
    isGate,
    layer: rows.find(({ layer }) => layer !== null)?.layer ?? null,
    unit,
    units: sum(seen, ({ units }) => units),
    exposures,
    groups: [
      ...seen,
      ...unseen.map(({ groupId, groupName }) => ({ groupId, groupName, units: 0, crossovers: 0 })),
    ]
      .map((group) => ({ ...group, expected: expected.get(group.groupId) ?? null }))
      .sort((one, other) => (one.groupId < other.groupId ? -1 : 1)),
    crossovers: sum(seen, ({ crossovers }) => crossovers),
    heldOut: sum(own, ({ heldOut }) => heldOut),
    heldOutInGroups: sum(own, ({ groupId, heldOut }) => (groupId === null ? 0 : heldOut)),
    nullUnits: exposures - (exposuresByUnit(entry)[unit] ?? 0),
    firstSeen: times(rows, ({ firstAt }) => firstAt)[0] ?? null,
    lastSeen: times(rows, ({ lastAt }) => lastAt).at(-1) ?? null,
    expectedFrom: expectation.source,
    ...test,
    unexpectedGroups: unexpected,
  };
}

/** Units of each group, of all days. */
function sumGroups(counted: readonly UnitCount[]) {
  return [...Map.groupBy(counted, ({ groupId }) => groupId)].flatMap(([groupId, own]) =>
    groupId === null
      ? []
      : [
          {
            groupId,
            groupName: own.find(({ groupName }) => groupName !== null)?.groupName ?? null,
            units: sum(own, ({ units }) => units),
            crossovers: sum(own, ({ crossovers }) => crossovers),
          },
        ],
  );
}

function times(rows: readonly ExposureCount[], of: (row: ExposureCount) => number | null): readonly number[] {
  return rows.flatMap((row) => of(row) ?? []).sort((one, other) => one - other);
}

/** A sum over items. */
export function sum<Item>(items: readonly Item[], count: (item: Item) => number): number {
  return items.reduce((total, item) => total + count(item), 0);
}

/** What is shown of an experiment in a list and in its check: docs/reference/json.md. Times are ISO 8601. */
export function judgedJson(one: JudgedExperiment) {
  const time = (epochMs: number | null) => (epochMs === null ? null : isoTimestamp(epochMs));
  return {
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
      crossovers: group.crossovers,
    })),
    crossovers: one.crossovers,
    held_out: one.heldOut,
    held_out_in_groups: one.heldOutInGroups,
    null_units: one.nullUnits,
    first_seen: time(one.firstSeen),
    last_seen: time(one.lastSeen),
    verdict: one.verdict,
    p_value: one.pValue,
    p_value_without_crossovers: one.pValueWithoutCrossovers,
    largest_deviation: one.largestDeviation,
    expected_from: one.expectedFrom,
    untested: one.untested,
    unexpected_groups: one.unexpectedGroups,
  };
}

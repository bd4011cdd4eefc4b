import { isoTimestamp, type UtcDay } from '../../lib/base/time.ts';
import { expectSplit } from './expectedSplit.ts';
import type { CountedName, ExposureCount, UnitCount } from './experimentQueries.ts';
import type { KnownExperiments } from './knownExperiments.ts';
import { testGroups } from './testGroups.ts';

/** An experiment or gate, and whether its split is as expected, as the JSON of its check and of the list: docs/reference/json.md. */
export type JudgedExperiment = ReturnType<typeof judgeExperiment>;

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
  return rows.map(({ sent }) => ({ sent, experiment, isGate, unit }));
}

/**
 * Judges the split of an experiment or gate by its units.
 *
 * @param counted Answers of `unitsQuery`, also of other experiments.
 */
export function judgeExperiment(
  entry: Entry & { readonly unit: string },
  counted: readonly UnitCount[],
  { known, isEqual }: { readonly known: KnownExperiments; readonly isEqual: boolean },
) {
  const { experiment, isGate, unit, rows } = entry;
  const own = counted.filter((one) => one.experiment === experiment && one.isGate === isGate);
  const seen = sumGroups(own);
  const days = own.flatMap((one) => (one.groupId === null ? [] : [one.firstDay, one.lastDay])).sort();
  const [first, last] = [days[0], days.at(-1)];
  const expectation = expectSplit({
    split: known.splitOf(experiment),
    rows: known.rowsOf(experiment, isGate),
    seen,
    days: first === undefined || last === undefined ? null : { first, last },
    isEqual,
  });
  const test = testGroups(seen, expectation, isGate);
  const unseen = (expectation.source === null ? [] : expectation.groups).filter(
    ({ groupId }) => !seen.some((group) => group.groupId === groupId),
  );
  const exposures = sum(rows, (row) => row.exposures);
  const times = (of: (row: ExposureCount) => number | null) => rows.flatMap((row) => of(row) ?? []);
  const time = (at: number) => (Number.isFinite(at) ? isoTimestamp(at) : null);
  return {
    experiment,
    kind: isGate ? 'gate' : 'experiment',
    /** The layer that allocated its units; null without. */
    layer: rows.find(({ layer }) => layer !== null)?.layer ?? null,
    /** Column of the unit ID that is counted. */
    unit,
    units: sum(seen, ({ units }) => units),
    /** Exposures to groups, each once. */
    exposures,
    /** In the order of their IDs; expected ones are there even without units. */
    groups: [...seen, ...unseen.map((group) => ({ ...group, units: 0, crossovers: 0 }))]
      .map(({ groupId, groupName, units, crossovers }) => ({
        ...{ group_id: groupId, group_name: groupName, units },
        /** Units by the expected split; null when the group is not tested. */
        expected: test.expected.get(groupId) ?? null,
        /** Its units that were exposed to another group, too. */
        crossovers,
      }))
      .sort((one, other) => (one.group_id < other.group_id ? -1 : 1)),
    crossovers: sum(seen, ({ crossovers }) => crossovers),
    /** Units that a known holdout kept out. */
    held_out: sum(own, ({ heldOut }) => heldOut),
    /** Exposures to groups that lack the unit ID. */
    null_units: exposures - (exposuresByUnit(entry)[unit] ?? 0),
    /** Times of the first and last exposure to a group; null without any. */
    first_seen: time(Math.min(...times(({ firstAt }) => firstAt))),
    last_seen: time(Math.max(...times(({ lastAt }) => lastAt))),
    verdict: test.verdict,
    p_value: test.pValue,
    /** The largest difference of a group's units from the expected ones, of 1; null when the ratio is not tested. */
    largest_deviation: test.largestDeviation,
    expected_from: expectation.source,
    /** Why the ratio is not tested; null when it is. */
    untested: test.untested,
    /** IDs of groups that have units but are not expected. */
    unexpected_groups: test.unexpected,
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

function sum<Item>(items: readonly Item[], count: (item: Item) => number): number {
  return items.reduce((total, item) => total + count(item), 0);
}

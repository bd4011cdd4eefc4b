import type { UtcDay } from '../../lib/base/time.ts';
import { expectSplit, type UntestedReason } from './expectedSplit.ts';
import type { CountedName, GroupUnits, NameCount } from './experimentListQueries.ts';
import type { KnownExperiments } from './knownExperiments.ts';
import {
  DEFAULT_ALPHA,
  type GroupTest,
  mostFrequentUnit,
  type SplitVerdict,
  testGroups,
} from './testGroups.ts';

/** A group of a listed experiment. */
export interface ListedGroup {
  readonly groupId: string;
  readonly groupName: string | null;
  /** Units whose first exposure within the days was to the group. */
  readonly units: number;
  /** Units by the expected split; null when the group is not tested. */
  readonly expected: number | null;
}

/** An experiment or gate, and whether its split is as expected. */
export interface ListedExperiment {
  readonly experiment: string;
  readonly isGate: boolean;
  /** The layer that allocated its units; null without. */
  readonly layer: string | null;
  /** The unit ID that most of its exposures have. */
  readonly unit: string;
  readonly units: number;
  /** Exposures to groups, each once. */
  readonly exposures: number;
  /** In the order of their IDs; expected ones are there even without units. */
  readonly groups: readonly ListedGroup[];
  /** Units that saw several groups. */
  readonly crossovers: number;
  /** Units that a known holdout ever kept out. */
  readonly heldOut: number;
  /** Exposures to groups that lack the unit ID. */
  readonly nullUnits: number;
  /** Times of the first and last exposure to a group within the days, epoch milliseconds; null when all were held out. */
  readonly firstSeen: number | null;
  readonly lastSeen: number | null;
  /** Whether it has exposures on the first of the days, so that it may have begun before. Its split is not tested then. */
  readonly mayBeOlder: boolean;
  readonly verdict: SplitVerdict;
  readonly pValue: number | null;
  readonly largestDeviation: number | null;
  readonly expectedFrom: 'configuration' | 'specs' | 'equal' | null;
  readonly untested: { readonly reason: UntestedReason | 'may_be_older'; readonly text: string } | null;
  readonly unexpectedGroups: readonly string[];
}

/** An experiment or gate under all of its names. */
export type Entry = Omit<NameCount, 'sent'> & {
  readonly experiment: string;
  readonly sent: readonly string[];
};

/** One entry for the names, real and hashed, of each experiment; those that began last first. */
export function mergeNames(names: readonly NameCount[], { realNames }: KnownExperiments): readonly Entry[] {
  const realName = realNames(names.map(({ sent }) => sent));
  const entries = new Map<string, Entry>();
  for (const name of names) {
    const experiment = realName(name.sent);
    const key = JSON.stringify([experiment, name.isGate]);
    const entry = entries.get(key);
    entries.set(key, entry === undefined ? { ...name, experiment, sent: [name.sent] } : merge(entry, name));
  }
  return [...entries.values()].sort(byFirstDay);
}

function merge(entry: Entry, name: NameCount): Entry {
  const present = <Value>(...values: (Value | null)[]) => values.filter((value) => value !== null);
  const times = (...values: (number | null)[]) => present(...values).sort((one, other) => one - other);
  return {
    ...entry,
    sent: [...entry.sent, name.sent],
    layer: entry.layer ?? name.layer,
    exposures: entry.exposures + name.exposures,
    withUnit: Object.fromEntries(
      Object.entries(entry.withUnit).map(([unit, count]) => [unit, count + (name.withUnit[unit] ?? 0)]),
    ),
    firstDay: present(entry.firstDay, name.firstDay).sort()[0] ?? null,
    firstAt: times(entry.firstAt, name.firstAt)[0] ?? null,
    lastAt: times(entry.lastAt, name.lastAt).at(-1) ?? null,
  };
}

/** By the first day, so that the order hardly changes while rows arrive. */
function byFirstDay(one: Entry, other: Entry): number {
  return (
    (other.firstDay ?? '').localeCompare(one.firstDay ?? '') ||
    one.experiment.localeCompare(other.experiment) ||
    Number(one.isGate) - Number(other.isGate)
  );
}

/** An experiment or gate with the unit ID that is counted. */
export type CountedEntry = Entry & { readonly unit: string };

/** Chooses of each the unit ID that most of its exposures have. */
export function chooseUnits(entries: readonly Entry[]): readonly CountedEntry[] {
  return entries.map((entry) => ({ ...entry, unit: mostFrequentUnit(entry.withUnit) }));
}

/** The names by which `unitsQuery` counts them. */
export function countedNames(entries: readonly CountedEntry[]): readonly CountedName[] {
  return entries.flatMap(({ sent, experiment, isGate, unit }) =>
    sent.map((one) => ({ sent: one, experiment, isGate, unit })),
  );
}

/** Judges the split of each by the answer of `unitsQuery`. */
export function judgeSplits(
  entries: readonly CountedEntry[],
  groups: readonly GroupUnits[],
  how: { readonly known: KnownExperiments; readonly from: UtcDay; readonly alpha?: number },
): readonly ListedExperiment[] {
  return entries.map((entry) =>
    judgeSplit(
      entry,
      groups.filter((group) => group.experiment === entry.experiment && group.isGate === entry.isGate),
      how,
    ),
  );
}

/**
 * Judges the split of one experiment or gate by its units within the days that begin with `from`: a mismatch has a p-value
 * below `alpha`, by default {@link DEFAULT_ALPHA}.
 */
function judgeSplit(
  entry: CountedEntry,
  groups: readonly GroupUnits[],
  { known, from, alpha = DEFAULT_ALPHA }: Parameters<typeof judgeSplits>[2],
): ListedExperiment {
  const { experiment, isGate, layer, unit, exposures } = entry;
  const seen = groups.flatMap(({ groupId, ...group }) => (groupId === null ? [] : [{ ...group, groupId }]));
  const days = [...seen.map(({ firstDay }) => firstDay), ...seen.map(({ lastDay }) => lastDay)].sort();
  const [first, last] = [days[0], days.at(-1)];
  const mayBeOlder = entry.firstDay !== null && entry.firstDay <= from;
  const expectation = expectSplit({
    split: known.splitOf(experiment),
    rows: known.rowsOf(experiment, isGate),
    seen,
    days: first === undefined || last === undefined ? null : { first, last },
    isEqual: false,
  });
  const test = testGroups(seen, expectation, { isGate, alpha });
  const sum = (count: (group: GroupUnits) => number) =>
    groups.reduce((total, group) => total + count(group), 0);
  return {
    experiment,
    isGate,
    layer,
    unit,
    units: seen.reduce((total, { units }) => total + units, 0),
    exposures,
    groups: listGroups(seen, test, expectation.source === null ? [] : expectation.groups),
    crossovers: sum(({ crossovers }) => crossovers),
    heldOut: sum(({ heldOut }) => heldOut),
    nullUnits: exposures - (entry.withUnit[unit] ?? 0),
    firstSeen: entry.firstAt,
    lastSeen: entry.lastAt,
    mayBeOlder,
    expectedFrom: expectation.source,
    unexpectedGroups: test.unexpected,
    ...(mayBeOlder && test.untested === null ? olderVerdict(test) : pickVerdict(test)),
  };
}

/** Judges the split of an experiment that may have begun before the days: only a group can be wrong. */
function olderVerdict({ unexpected }: GroupTest) {
  return {
    verdict: unexpected.length > 0 ? 'mismatch' : 'not_tested',
    pValue: null,
    largestDeviation: null,
    untested: {
      reason: 'may_be_older',
      text: 'It has exposures on the first of these days, so it may have begun before. Check it alone, or list more days.',
    },
  } as const;
}

function pickVerdict({ verdict, pValue, largestDeviation, untested }: GroupTest) {
  return { verdict, pValue, largestDeviation, untested };
}

function listGroups(
  seen: readonly (GroupUnits & { readonly groupId: string })[],
  { expected }: GroupTest,
  wanted: readonly { readonly groupId: string; readonly groupName: string | null }[],
): readonly ListedGroup[] {
  const unseen = wanted.filter(({ groupId }) => !seen.some((group) => group.groupId === groupId));
  return [...seen, ...unseen.map((group) => ({ ...group, units: 0 }))]
    .map(({ groupId, groupName, units }) => ({
      ...{ groupId, groupName, units },
      expected: expected.get(groupId) ?? null,
    }))
    .sort((one, other) => (one.groupId < other.groupId ? -1 : 1));
}

import * as z from 'zod';
import { addDays, isoTimestamp, type UtcDay, utcDay } from '../../lib/base/time.ts';
import { unitColumnNames } from '../../lib/views/unitTypes.ts';
import { PRODUCTION } from '../../lib/views/View.ts';
import { decodeCursor, encodeCursor } from '../cursor.ts';
import { askAthena, type Place } from '../place.ts';
import { expectSplit, type UntestedReason } from './expectedSplit.ts';
import {
  environmentsQuery,
  type GroupUnits,
  MOST_LISTED,
  type NameCount,
  namesQuery,
  readGroupUnits,
  readName,
  unitsQuery,
} from './experimentListQueries.ts';
import { type KnownExperiments, readKnownExperiments } from './knownExperiments.ts';
import {
  DEFAULT_ALPHA,
  type GroupTest,
  mostFrequentUnit,
  type SplitVerdict,
  testGroups,
} from './testGroups.ts';

/** What to list. */
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
  /** `next` of the page before. */
  readonly cursor?: string | undefined;
}

/** Days of a list. */
export const LIST_DAYS = 30;
/** Experiments of a page. */
export const LIST_LIMIT = 50;

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

/** Experiments and gates that have exposures. */
export interface ExperimentList {
  readonly environment: string;
  /** The first and the last day. */
  readonly from: UtcDay;
  readonly to: UtcDay;
  /** One page, those that began last first. */
  readonly experiments: readonly ListedExperiment[];
  /** How many there are in all. */
  readonly total: number;
  readonly next: string | null;
  /** Whether there are more than a list can hold; those with the fewest exposures are left out then. */
  readonly isCut: boolean;
  /** Names of the configuration without exposures within the days. */
  readonly withoutExposures: readonly string[];
  /** Environments that have exposures; looked for only when there are none in this one. */
  readonly otherEnvironments: readonly string[];
  /** Bytes that Athena read. */
  readonly scannedBytes: number;
}

/** An experiment or gate under all of its names. */
type Entry = Omit<NameCount, 'sent'> & { readonly experiment: string; readonly sent: readonly string[] };

const keySchema = z.tuple([z.string(), z.string(), z.boolean()]);
type Key = z.infer<typeof keySchema>;

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
  place: Pick<Place, 'config' | 'now' | 'athena' | 's3' | 'clock' | 'wait' | 'random' | 'signal'>,
  options: ListExperimentsOptions = {},
): Promise<ExperimentList> {
  const { config, now } = place;
  const { environment = PRODUCTION, limit = LIST_LIMIT, days = LIST_DAYS, kind, search = '' } = options;
  const after = options.cursor === undefined ? undefined : decodeCursor(keySchema, options.cursor);
  const to = utcDay(now);
  const rows = { environment, from: addDays(to, 1 - days) };
  const known = await readKnownExperiments(place);
  const names = await askAthena(place, namesQuery(config, rows));
  let { scannedBytes } = names;
  const all = mergeNames(names.rows.slice(0, MOST_LISTED).map(readName(unitColumnNames(config))), known);
  const wanted = all.filter(
    ({ experiment, isGate }) =>
      (kind === undefined || (kind === 'gate') === isGate) &&
      experiment.toLowerCase().includes(search.toLowerCase()),
  );
  const left = after === undefined ? wanted : wanted.filter((entry) => compareKeys(keyOf(entry), after) > 0);
  const page = left.slice(0, limit);
  const last = left.length > limit ? page.at(-1) : undefined;
  return {
    environment,
    from: rows.from,
    to,
    experiments: await judgePage(),
    total: wanted.length,
    next: last === undefined ? null : encodeCursor(keyOf(last)),
    isCut: names.rows.length > MOST_LISTED,
    withoutExposures: known.configured.filter((name) => !all.some(({ experiment }) => experiment === name)),
    otherEnvironments: all.length > 0 ? [] : await askEnvironments(),
    scannedBytes,
  };

  async function judgePage(): Promise<ListedExperiment[]> {
    if (page.length === 0) return [];
    const counted = page.map((entry) => ({ ...entry, unit: mostFrequentUnit(entry.withUnit) }));
    const answer = await askAthena(
      place,
      unitsQuery(
        config,
        rows,
        counted.flatMap(({ sent, experiment, isGate, unit }) =>
          sent.map((one) => ({ sent: one, experiment, isGate, unit })),
        ),
      ),
    );
    scannedBytes += answer.scannedBytes;
    const groups = answer.rows.map(readGroupUnits);
    return Promise.all(
      counted.map((entry) => {
        const own = groups.filter(
          (group) => group.experiment === entry.experiment && group.isGate === entry.isGate,
        );
        return judge(entry, own, known, rows.from);
      }),
    );
  }

  async function askEnvironments(): Promise<string[]> {
    const answer = await askAthena(place, environmentsQuery(config, rows.from));
    scannedBytes += answer.scannedBytes;
    return answer.rows.flatMap((row) => row['environment'] ?? []).filter((one) => one !== environment);
  }
}

/** One entry for the names, real and hashed, of each experiment; those that began last first. */
function mergeNames(names: readonly NameCount[], { realNames }: KnownExperiments): readonly Entry[] {
  const realName = realNames(names.map(({ sent }) => sent));
  const entries = new Map<string, Entry>();
  for (const name of names) {
    const experiment = realName(name.sent);
    const key = JSON.stringify([experiment, name.isGate]);
    const entry = entries.get(key);
    entries.set(key, entry === undefined ? { ...name, experiment, sent: [name.sent] } : merge(entry, name));
  }
  return [...entries.values()].sort((one, other) => compareKeys(keyOf(one), keyOf(other)));
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
function keyOf({ firstDay, experiment, isGate }: Entry): Key {
  return [firstDay ?? '', experiment, isGate];
}

function compareKeys([oneDay, oneName, oneGate]: Key, [day, name, isGate]: Key): number {
  if (oneDay !== day) return oneDay > day ? -1 : 1;
  if (oneName !== name) return oneName < name ? -1 : 1;
  return Number(oneGate) - Number(isGate);
}

async function judge(
  entry: Entry & { readonly unit: string },
  groups: readonly GroupUnits[],
  known: KnownExperiments,
  from: UtcDay,
): Promise<ListedExperiment> {
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
  const test = await testGroups(seen, expectation, { isGate, alpha: DEFAULT_ALPHA });
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

/** What is said of the split of an experiment that may have begun before the days: only a group can be wrong. */
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

/** The list as documented JSON: docs/observe.md. Times are ISO 8601. */
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
    next: list.next,
    cut: list.isCut,
    without_exposures: list.withoutExposures,
    other_environments: list.otherEnvironments,
    scanned_bytes: list.scannedBytes,
  };
}

import { addDays, type UtcDay, utcDay } from '../../lib/base/time.ts';
import { ASSIGNING_KINDS, type GroupRow } from '../../lib/groups/GroupRow.ts';

/** Why the ratio of groups is not tested. */
export type UntestedReason =
  | 'no_split'
  | 'share_unknown'
  | 'split_changed'
  | 'autotune'
  | 'ambiguous_group'
  | 'one_group'
  | 'no_units';

/** A group and its expected share. */
export interface ExpectedGroup {
  readonly groupId: string;
  readonly groupName: string | null;
  /** A weight above 0, of any scale. */
  readonly weight: number;
}

/** The expected groups and where they come from; or why there are none. */
export type Expectation =
  | { readonly source: 'configuration' | 'specs' | 'equal'; readonly groups: readonly ExpectedGroup[] }
  | { readonly source: null; readonly reason: UntestedReason; readonly text: string };

/** The input of an expectation. */
export interface SplitKnowledge {
  /** Weights of the configuration by group ID or name; undefined without. */
  readonly split: Readonly<Record<string, number>> | undefined;
  /** Rows of the experiment in the table of experiment groups. */
  readonly rows: readonly GroupRow[];
  /** Groups that have units. */
  readonly seen: readonly { readonly groupId: string; readonly groupName: string | null }[];
  /** First and last day on which units were first exposed; null without units. */
  readonly days: { readonly first: UtcDay; readonly last: UtcDay } | null;
  /** Whether equal shares are expected, whatever else is known. */
  readonly isEqual: boolean;
}

/**
 * Finds the expected split: equal shares if they are asked for, else the configuration's weights, else the shares of
 * Statsig's specs. Nothing is assumed: without any of them there is no expectation.
 */
export function expectSplit(knowledge: SplitKnowledge): Expectation {
  const expectation = findSplit(knowledge);
  if (expectation.source === null || expectation.groups.length > 1) return expectation;
  return untested('one_group', 'There is one group only, so there is no ratio to test.');
}

function findSplit({ split, rows, seen, days, isEqual }: SplitKnowledge): Expectation {
  const groups = rows.filter(({ kind }) => kind === 'group');
  const current = currentRows(groups);
  if (isEqual) {
    const equal = current.length > 0 ? current : seen;
    return {
      source: 'equal',
      groups: equal.map((group) => ({ ...pickGroup(group), weight: 1 })),
    };
  }
  if (split !== undefined) return configuredSplit(split, rows, seen);
  if (rows.some(({ entity }) => entity === 'autotune'))
    return untested('autotune', 'An autotune changes its shares by itself, so there is no split to test.');
  return current.length === 0 ? NO_SPLIT : specsSplit(current, days);
}

const NO_SPLIT = untested(
  'no_split',
  'No split is known. Set it in `experiments` of sluice.config.ts ({ name, split }), pull it from Statsig (sluice groups pull), or test equal shares with --equal.',
);

function untested(reason: UntestedReason, text: string) {
  return { source: null, reason, text } as const;
}

function pickGroup(group: { readonly groupId: string; readonly groupName: string | null } | GroupRow) {
  const groupId = 'groupId' in group ? group.groupId : group.ruleId;
  return { groupId, groupName: group.groupName };
}

/** Groups of the newest specs that have any: a pull keeps the rows of groups that are gone. */
function currentRows(groups: readonly GroupRow[]): readonly GroupRow[] {
  const newest = Math.max(...groups.map(({ lastSeen }) => lastSeen));
  return groups.filter(({ lastSeen }) => lastSeen === newest);
}

/** The configuration names groups by their IDs or names, whatever the case of a name. A group may have no units yet. */
function configuredSplit(
  split: Readonly<Record<string, number>>,
  rows: readonly GroupRow[],
  seen: SplitKnowledge['seen'],
): Expectation {
  const assigning = rows.filter(({ kind }) => ASSIGNING_KINDS.includes(kind));
  const known = new Map([...assigning.map(pickGroup), ...seen].map((group) => [group.groupId, group]));
  const groups: ExpectedGroup[] = [];
  for (const [key, weight] of Object.entries(split)) {
    const found = findGroups(key, [...known.values()]);
    if (found.length > 1)
      return untested(
        'ambiguous_group',
        `Several groups are named ${key}: ${found.map(({ groupId }) => groupId).join(', ')}. Use group IDs in \`split\`.`,
      );
    const group = found[0] ?? { groupId: key, groupName: null };
    if (groups.some(({ groupId }) => groupId === group.groupId))
      return untested('ambiguous_group', `Two members of \`split\` are the group ${group.groupId}.`);
    groups.push({ ...group, weight });
  }
  return { source: 'configuration', groups };
}

function findGroups(key: string, known: SplitKnowledge['seen']): SplitKnowledge['seen'] {
  const byId = known.filter(({ groupId }) => groupId === key);
  if (byId.length > 0) return byId;
  const byName = known.filter(({ groupName }) => groupName === key);
  if (byName.length > 0) return byName;
  return known.filter(({ groupName }) => groupName?.toLowerCase() === key.toLowerCase());
}

function specsSplit(current: readonly GroupRow[], days: SplitKnowledge['days']): Expectation {
  const unknown = current.find(({ expectedSplit }) => expectedSplit === null);
  if (unknown !== undefined)
    return untested(
      'share_unknown',
      `The specs do not say the share of ${unknown.groupName ?? unknown.ruleId}.`,
    );
  const change = days === null ? undefined : changeWithin(current, days);
  if (change !== undefined)
    return untested(
      'split_changed',
      `The shares were changed between ${change.after} and ${change.before}, according to the specs. Test the days after it: --from ${addDays(change.before, 1)}.`,
    );
  const groups = current.map((row) => ({ ...pickGroup(row), weight: shareOn(row, days?.last) }));
  return { source: 'specs', groups: groups.filter(({ weight }) => weight > 0) };
}

/** A change of shares that may have happened between the first and the last day. */
function changeWithin(
  rows: readonly GroupRow[],
  { first, last }: NonNullable<SplitKnowledge['days']>,
): { readonly after: UtcDay; readonly before: UtcDay } | undefined {
  const changes = rows.flatMap(({ splits }) =>
    splits.slice(1).map((period, i) => ({
      after: utcDay(splits[i]?.to ?? period.from),
      before: utcDay(period.from),
    })),
  );
  return changes
    .filter(({ after, before }) => before >= first && after <= last)
    .sort((one, other) => (one.before < other.before ? 1 : -1))[0];
}

/** The share on a day, from the last period that began by then. */
function shareOn({ splits, expectedSplit }: GroupRow, day: UtcDay | undefined): number {
  const begun = splits.filter(({ from }) => day === undefined || utcDay(from) <= day);
  return (begun.at(-1) ?? splits[0])?.split ?? expectedSplit ?? 0;
}

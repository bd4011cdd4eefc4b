import { sum } from '../../../../lib/base/sum.ts';
import { counted, listed } from '../../../../lib/base/text.ts';
import { contentPart, METADATA_PART, type SharedPart, type StatusFacts } from '../../../facts/statusFacts.ts';
import type { ContentChange } from '../../../facts/tables/contentChanges.ts';
import { finding } from '../../catalogue.ts';
import type { Findings, Place } from '../place.ts';
import { changedRowsSql, newNamesSql } from './contentCommands.ts';
import { wordingCaseOf, wordingOf } from './contentWording.ts';
import { leftOutNames, withheldOf } from './withheld.ts';

/** Changes that are told in one finding. */
const MOST_TOLD = 20;

/** What came within 24 hours and is not as on the days before: names, groups, values, and shares of what an SDK sends. */
export function* contentFindings(facts: StatusFacts, place: Place): Findings {
  const changes = facts.contentChanges ?? [];
  const told = toldChanges(changes, facts, place.config);
  // One finding a subject and table, whatever comes first in it: by both a look knows it again.
  const kinds = Map.groupBy(told, (change) => `${change.table} ${subjectOf(change)}`);
  for (const [first, ...others] of kinds.values())
    if (first !== undefined) yield* alikeChanges([first, ...others], changes, facts, place);
}

/** The changes that no other explains. */
function toldChanges(
  changes: readonly ContentChange[],
  facts: StatusFacts,
  config: Place['config'],
): readonly ContentChange[] {
  // What the configured lists leave out is meant to stay away, unless SLUICE_FINDING_IGNORED tells it.
  const meant = new Set(leftOutNames(facts, config).map(({ change }) => change));
  // Where a group stays away, the others have its share.
  const isOfLostGroup = ({ what, subject }: ContentChange) =>
    what === 'split' && changes.some((other) => other.what === 'group' && other.subject === subject);
  // Exposures that evaluated nothing are to no experiment.
  const unevaluated = sum(changes.filter(({ what }) => what === 'evaluation').map(({ count }) => count));
  const isUnevaluated = ({ table, kind, what, count, of }: ContentChange) =>
    table === 'exposures' &&
    kind === 'less' &&
    what !== 'sdk' &&
    unevaluated > 0 &&
    unevaluated >= of - count;
  const toldWithEvents = new Set(changes.flatMap((change) => exposuresOf(change, changes)));
  // What has one time has all else of others, too.
  const isOfOneTime = ({ what, sdk }: ContentChange) =>
    (what === 'repeats' || what === 'offset') &&
    changes.some((other) => other.what === 'time' && other.sdk === sdk);
  // A clock that is stated and off explains it.
  const isOfClock = ({ what, sdk, count }: ContentChange) =>
    what === 'offset' &&
    (facts.noted?.uncorrected ?? []).some((group) => group.sdk === sdk && 2 * group.count >= count);
  return changes.filter(
    (change) =>
      !meant.has(change) &&
      !toldWithEvents.has(change) &&
      !isOfLostGroup(change) &&
      !isUnevaluated(change) &&
      !isOfOneTime(change) &&
      !isOfClock(change),
  );
}

/** Changes of exposures that are as one of events of the same SDK: what it does to its events it does to its exposures. */
function exposuresOf(
  { what, table, kind, value }: ContentChange,
  changes: readonly ContentChange[],
): readonly ContentChange[] {
  if (table !== 'events' || what !== 'sdk') return [];
  return changes.filter(
    (other) =>
      other.what === 'sdk' && other.table === 'exposures' && other.kind === kind && other.value === value,
  );
}

/** The finding of changes of one subject. @param alike The one that the title tells first. */
function* alikeChanges(
  alike: readonly [ContentChange, ...ContentChange[]],
  changes: readonly ContentChange[],
  facts: StatusFacts,
  place: Place,
): Findings {
  const { commands, config } = place;
  const [first, ...others] = alike;
  const name = wordingCaseOf(first);
  const title = (change: ContentChange) => wordingOf(change).title(change);
  const by = withheldOf(first, facts, config);
  const more = others.length === 0 ? '' : `; and ${counted(others.length, 'other')} like it`;
  const all = alike.flatMap((change) => [change, ...exposuresOf(change, changes)]);
  const texts = all.slice(0, MOST_TOLD).map((change) => `${title(change)}, since ${change.since}`);
  const ends = `${others.length === 0 ? 'Told' : 'Each is told'} until about ${toldDays(first, config)} days after it began`;
  const figures = [
    ...(all.length === 1 ? [] : [listed(texts, '; ')]),
    ...(by?.detail ? [by.detail] : []),
    ends,
  ];
  const about = {
    title: `${title(first)}${by?.title ?? ''}${more}`,
    since: alike.map(({ since }) => since).sort()[0] ?? null,
    detail: `${figures.join('. ')}.`,
    subject: subjectOf(first),
    judgedBy: judgedByOf(first),
    isOfDay: first.kind !== 'less',
  };
  const shown = [
    ...(by === null || by.reason === null ? [] : [commands.sluice('quarantine', '--reason', by.reason)]),
    commands.sluice('query', changedRowsSql(first, wordingOf(first), place)),
    ...(name === 'environment' ? [commands.sluice('keys', 'list')] : []),
    ...(name === 'missing' && by === null ? [commands.sluice('query', newNamesSql(first, place))] : []),
  ];
  yield name === 'missing'
    ? finding('SLUICE_FINDING_EVENT_MISSING', { ...about, case: by === null ? 'gone' : 'quarantined' }, shown)
    : finding('SLUICE_FINDING_EVENTS_UNUSUAL', { ...about, case: by?.case ?? name }, shown);
}

/** The parts that have to be read for a change to be known. */
function judgedByOf({ what, table, field }: ContentChange): readonly SharedPart[] {
  const isOfMetadata = what === 'size' || what === 'repeats' || what === 'textForm' || field === 'stable_id';
  return isOfMetadata ? [contentPart(table), METADATA_PART] : [contentPart(table)];
}

/** The subject of the finding of a change: its case, and of what is not told in one finding what it is of. */
function subjectOf(change: ContentChange): string {
  const name = wordingCaseOf(change);
  const isOfName = change.what === 'value' || change.kind === 'other';
  if (change.kind === 'less' || isOfName || name === 'more') return name;
  const field = change.field === null ? '' : ` ${change.field}`;
  return `${name} ${change.subject || change.what}${field}`;
}

/** Days from a change until the first day that has all of it is curated: from then on days before have it, too. */
function toldDays({ kind, since }: ContentChange, { curateAfter }: Place['config']): number {
  // Of what comes no more that day still had some.
  const isOfDayBefore = kind === 'less' && since.includes('T');
  return (isOfDayBefore ? 2 : 1) + curateAfter;
}

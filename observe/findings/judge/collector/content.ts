import { sum } from '../../../../lib/base/sum.ts';
import { listed, quotedName } from '../../../../lib/base/text.ts';
import { HOUR_MS, MINUTE_MS } from '../../../../lib/base/time.ts';
import type { AllowedOrigins } from '../../../facts/allowedOrigins.ts';
import { contentPart, METADATA_PART, type SharedPart, type StatusFacts } from '../../../facts/statusFacts.ts';
import { type ContentChange, isOfBrowsers } from '../../../facts/tables/contentChanges.ts';
import { finding } from '../../catalogue.ts';
import type { Findings, Place } from '../place.ts';
import { changedRowsSql, newNamesSql } from './contentCommands.ts';
import { namedChange, wordingCaseOf, wordingOf } from './contentWording.ts';
import { isOffsetOf } from './eventTimes.ts';
import { leftOutNames, withheldOf } from './withheld.ts';

/** Changes that are told in one finding. */
const MOST_TOLD = 20;
/** Changes that its title names beside the first. */
const MOST_TITLED = 3;

/** What came within 24 hours and is not as on the days before: names, groups, values, and shares of what an SDK sends. */
export function* contentFindings(facts: StatusFacts, place: Place): Findings {
  const changes = facts.contentChanges ?? [];
  const told = toldChanges(changes, facts, place.config);
  // One finding a subject and table, whatever comes first in it: by both a look knows it again.
  const kinds = Map.groupBy(told, (change) => `${change.table} ${subjectOf(change)}`);
  for (const [first, ...others] of kinds.values())
    if (first !== undefined) yield* alikeChanges([first, ...others], told, facts, place);
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
  // Where a part of what is sent is of another environment, production has fewer exposures, and the others another share.
  const elsewhere = otherEnvironments(changes);
  const taken = sum(elsewhere.map(({ count }) => count));
  const isOfEnvironment = (change: ContentChange) =>
    isOfProduction(change) && taken > 0 && taken >= lackOf(change) * FEWEST_TAKEN;
  const toldWithEvents = new Set(changes.flatMap((change) => exposuresOf(change, changes)));
  // What has one time has all else of others, too.
  const isOfOneTime = ({ what, sdk }: ContentChange) =>
    (what === 'repeats' || what === 'offset') &&
    changes.some((other) => other.what === 'time' && other.sdk === sdk);
  // A clock that is stated and off explains it.
  const isOfClock = (change: ContentChange) =>
    (facts.noted?.uncorrected ?? []).some(
      (group) => isOffsetOf(change, group) && 2 * group.count >= change.count,
    );
  // With another salt all IDs are new, of each SDK.
  const isOfHashes = ({ what, field }: ContentChange) =>
    field === 'user_id' && (what === 'newIds' || what === 'idForm') && changes.some(isOfSalt);
  // One SDK may have begun to send other IDs by itself, unless what hashes them was deployed then.
  const isOfSalt = (change: ContentChange) =>
    change.what === 'newHashes' && (change.times > 1 || isDeployedAt(change, facts));
  /** Each says of a change that another one, or something else, explains it. */
  const explanations: readonly ((change: ContentChange) => boolean)[] = [
    (change) => change.what === 'newHashes' && !isOfSalt(change),
    (change) => meant.has(change),
    (change) => toldWithEvents.has(change),
    (change) => isToldOtherwise(change, changes),
    (change) => isOfSilentSdk(change, changes),
    isOfHashes,
    isOfLostGroup,
    isUnevaluated,
    isOfEnvironment,
    isOfOneTime,
    isOfClock,
  ];
  return changes.filter((change) => !explanations.some((isExplained) => isExplained(change)));
}

/** How long a deployment takes until what it changes is seen at the latest, and how much later CloudFormation may say it was. */
const DEPLOYED_MS = { before: HOUR_MS, after: 15 * MINUTE_MS } as const;

/** Whether the stack was deployed last when a change began. */
function isDeployedAt({ since }: ContentChange, { deployedAt }: Pick<StatusFacts, 'deployedAt'>): boolean {
  const age = Date.parse(since) - Date.parse(deployedAt ?? '');
  return age <= DEPLOYED_MS.before && age >= -DEPLOYED_MS.after;
}

/** Cases that what the stack was deployed with explains. */
const OF_DEPLOYMENT: readonly string[] = ['unitColumn', 'newHashes'];

/** What less of an event one or several SDKs sent, as a part of what is missing of it, from which it is told of these. */
const MOST_OF_LACK = 0.5;

/** Names of all SDKs, and the same names of one SDK. */
const OF_SDKS = [
  { all: 'event', ofSdk: 'sdkEvent' },
  { all: 'experiment', ofSdk: 'sdkExperiment' },
] as const;

/** Whether a name is told by the SDKs that send less of it, or an SDK's by the name that is gone from all. */
function isToldOtherwise(change: ContentChange, changes: readonly ContentChange[]): boolean {
  const { what, kind, value } = change;
  const pair = OF_SDKS.find(({ all, ofSdk }) => what === all || what === ofSdk);
  if (kind !== 'less' || pair === undefined) return false;
  const ofName = changes.filter((other) => other.kind === 'less' && other.value === value);
  const ofAll = ofName.find((other) => other.what === pair.all);
  const ofSdks = ofName.filter((other) => other.what === pair.ofSdk);
  const isOfSdks =
    ofAll !== undefined && ofAll.count > 0 && sum(ofSdks.map(lackOf)) >= MOST_OF_LACK * lackOf(ofAll);
  return what === pair.all ? isOfSdks : ofAll !== undefined && !isOfSdks;
}

/** Events of another environment, as a part of what is missing in production, from which they may be it. */
const FEWEST_TAKEN = 0.1;

/** Changes of events that are of another environment now. */
function otherEnvironments(changes: readonly ContentChange[]): readonly ContentChange[] {
  return changes.filter(({ what }) => what === 'environment');
}

/** Whether a change is of exposures of experiments, which are compared in production alone. */
function isOfProduction({ table, what, kind }: ContentChange): boolean {
  const isLess = kind === 'less' && ['experiment', 'sdkExperiment', 'group'].includes(what);
  return (
    table === 'exposures' && (isLess || (kind === 'more' && (what === 'experiment' || what === 'split')))
  );
}

/** How many rows are missing; of a share that grew all rows. */
function lackOf({ kind, count, of }: ContentChange): number {
  return kind === 'less' ? of - count : of;
}

/** Whether a name came from one SDK alone, which sends less or nothing. */
function isOfSilentSdk(change: ContentChange, changes: readonly ContentChange[]): boolean {
  return changes.some((other) => other.what === 'sdk' && namesOf(other, changes).includes(change));
}

/** The names that stay away because the SDK that alone sent them does. */
function namesOf(
  { table, what, kind, value: sdk }: ContentChange,
  changes: readonly ContentChange[],
): readonly ContentChange[] {
  if (table !== 'events' || what !== 'sdk' || kind !== 'less') return [];
  return changes.filter((other) => other.what === 'event' && other.kind === 'less' && other.label === sdk);
}

/** What is told with a change, as it is because of it, a sentence each without its stop. */
function consequencesOf(
  alike: readonly ContentChange[],
  changes: readonly ContentChange[],
  told: readonly ContentChange[],
): readonly string[] {
  const names = alike.flatMap((change) => namesOf(change, changes)).map(({ value }) => quotedName(value));
  const isOfEnvironment = alike.some(({ what }) => what === 'environment');
  const lacking = changes.filter(
    (change) => isOfEnvironment && isOfProduction(change) && change.kind === 'less' && !told.includes(change),
  );
  return [
    ...(names.length === 0
      ? []
      : [`No other SDK sent ${listed(names)}, which came less or not at all with it`]),
    ...(lacking.length === 0
      ? []
      : [`Of production fewer or no exposures came ${listed(lacking.map(namedChange))}`]),
  ];
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

/**
 * The finding of changes of one subject.
 *
 * @param alike The one that the title tells first.
 * @param told All changes that are told.
 */
function* alikeChanges(
  alike: readonly [ContentChange, ...ContentChange[]],
  told: readonly ContentChange[],
  facts: StatusFacts,
  place: Place,
): Findings {
  const { commands, config } = place;
  const changes = facts.contentChanges ?? [];
  const [first, ...others] = alike;
  const name = wordingCaseOf(first);
  const title = (change: ContentChange) => wordingOf(change).title(change);
  const by = withheldOf(first, facts, config);
  // What is in quarantine has come.
  const limits = by === null && alike.some(isOfBrowsers) ? facts.allowedOrigins : null;
  const names = others.slice(0, MOST_TITLED).map(namedChange);
  const rest = others.length - names.length;
  const more = [
    ...(names.length === 0 ? [] : [`; also ${names.join(', ')}`]),
    ...(rest > 0 ? [`and ${rest} more`] : []),
  ].join(' ');
  const all = alike.flatMap((change) => [change, ...exposuresOf(change, changes)]);
  const texts = all.slice(0, MOST_TOLD).map((change) => `${title(change)}, since ${change.since}`);
  const ends = `${others.length === 0 ? 'Told' : 'Each is told'} until ${endOf(first, config)}`;
  const deployed =
    name === 'newHashes' && isDeployedAt(first, facts)
      ? `; the stack was deployed then, at ${facts.deployedAt}`
      : '';
  const figures = [
    ...(all.length === 1 ? [] : [listed(texts, '; ')]),
    ...(by?.detail ? [by.detail] : []),
    ...(name === 'environment' ? keysOfEnvironment(first, facts) : []),
    ...((OF_DEPLOYMENT.includes(name) || limits !== null) && deployed === '' && facts.deployedAt !== null
      ? [`The stack was deployed last at ${facts.deployedAt}`]
      : []),
    ...consequencesOf(alike, changes, told),
    ends,
  ];
  const about = {
    title: `${title(first)}${by?.title ?? deployed}${more}${limits === null ? '' : originsText(limits)}`,
    since: alike.map(({ since }) => since).sort()[0] ?? null,
    detail: `${figures.join('. ')}.`,
    subject: subjectOf(first),
    judgedBy: judgedByOf(first),
    isOfDay: first.kind !== 'less',
  };
  const shown = [
    ...(limits === null ? [] : [preflightCommand(limits)]),
    ...(by === null || by.reason === null ? [] : [commands.sluice('quarantine', '--reason', by.reason)]),
    commands.sluice('query', changedRowsSql(shownOf(alike), place)),
    ...(name === 'environment' ? [commands.sluice('keys', 'list')] : []),
    ...(name === 'newGroup' ? [commands.sluice('doctor')] : []),
    ...(name === 'missing' && by === null ? [commands.sluice('query', newNamesSql([first], place))] : []),
    ...(name === 'sdkEvent' && by === null
      ? [commands.sluice('query', newNamesSql(shownOf(alike), place))]
      : []),
  ];
  yield name === 'missing'
    ? finding('SLUICE_FINDING_EVENT_MISSING', { ...about, case: by === null ? 'gone' : 'quarantined' }, shown)
    : finding(
        'SLUICE_FINDING_EVENTS_UNUSUAL',
        { ...about, case: limits === null ? (by?.case ?? name) : 'origins' },
        shown,
      );
}

/** `; the gateway lets in pages of https://www.shop.example alone` */
function originsText({ origins }: AllowedOrigins): string {
  const sites = origins.length === 0 ? 'no site' : `${listed(origins)} alone`;
  return `; the gateway lets in pages of ${sites}`;
}

/** A command that asks as a browser does before it posts. */
function preflightCommand({ address }: AllowedOrigins): string {
  return `curl -si -X OPTIONS '${address}/v1/rgstr' -H 'Origin: https://app.example' -H 'Access-Control-Request-Method: POST'`;
}

/** The changes whose rows the command shows by the same columns. */
function shownOf([first, ...others]: readonly [ContentChange, ...ContentChange[]]): [
  ContentChange,
  ...ContentChange[],
] {
  const columnsOf = (change: ContentChange) => String(wordingOf(change).columns);
  const alike = others.filter((change) => columnsOf(change) === columnsOf(first));
  return [first, ...alike.slice(0, MOST_TOLD - 1)];
}

/** The keys that give the environment of a change to events without a tier, which those of the change may be or not: a sentence each without its stop. */
function keysOfEnvironment({ value }: ContentChange, { keys }: StatusFacts): readonly string[] {
  const given = Object.entries(keys?.environments ?? {}).filter(([, environment]) => environment === value);
  if (given.length === 0) return [];
  const changedAt = keys?.changedAt ?? null;
  return [
    `Events without a tier get it by ${given.length === 1 ? 'the key' : 'the keys'} ${listed(given.map(([label]) => label))}`,
    ...(changedAt === null ? [] : [`The list of keys was changed last at ${changedAt}`]),
  ];
}

/** The parts that have to be read for a change to be known. */
function judgedByOf({ what, table, field }: ContentChange): readonly SharedPart[] {
  const isOfMetadata =
    ['size', 'repeats', 'textForm', 'key', 'newIds', 'newHashes'].includes(what) || field === 'stable_id';
  return isOfMetadata ? [contentPart(table), METADATA_PART] : [contentPart(table)];
}

/** The subject of the finding of a change: its case, and of what is not told in one finding what it is of. */
function subjectOf(change: ContentChange): string {
  const name = wordingCaseOf(change);
  const isOfName = change.what === 'value' || change.kind === 'other';
  if (
    change.kind === 'less' ||
    isOfName ||
    name === 'more' ||
    name === 'moreExposures' ||
    OF_DEPLOYMENT.includes(name)
  )
    return name;
  // An app that loses one unit ID may have lost others with it.
  const field = change.field === null || name === 'unitId' ? '' : ` ${change.field}`;
  return `${name} ${change.subject || change.what}${field}`;
}

/** Until when a change is told. */
function endOf(change: ContentChange, config: Place['config']): string {
  if (change.what === 'unitColumn') return '24 hours after its last event';
  if (change.what === 'newHashes') return 'one or two days after it began';
  return `about ${toldDays(change, config)} days after it began`;
}

/** Days from a change until the first day that has all of it is curated: from then on days before have it, too. */
function toldDays({ kind, since }: ContentChange, { curateAfter }: Place['config']): number {
  // Of what comes no more that day still had some.
  const isOfDayBefore = kind === 'less' && since.includes('T');
  return (isOfDayBefore ? 2 : 1) + curateAfter;
}

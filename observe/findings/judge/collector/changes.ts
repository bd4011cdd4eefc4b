import { qualifiedName } from '../../../../lib/base/sql.ts';
import { sum } from '../../../../lib/base/sum.ts';
import { counted, listed, numbered, percent, quotedName } from '../../../../lib/base/text.ts';
import { addDays, HOUR_MS, utcDay } from '../../../../lib/base/time.ts';
import type { NameLists } from '../../../../lib/collect/eventFilter.ts';
import { type ForwardedKind, forwardedKinds } from '../../../../lib/schema/kinds.ts';
import { failureKind } from '../../../answerKinds.ts';
import { type Change, SILENT_LEAST } from '../../../facts/flow/changes.ts';
import type { StatusFacts } from '../../../facts/statusFacts.ts';
import { timestampText } from '../../../facts/tables/tracedRows.ts';
import { finding } from '../../catalogue.ts';
import { isLogRead } from '../failures.ts';
import type { Findings, Place } from '../place.ts';
import { fromText, tailErrors } from '../texts.ts';
import { leftOutNames, leftOutText } from './withheld.ts';

/** A silence: no requests come now, or none came in hours in which some are usual. */
export function* silence(
  { lastHour, lastDay, lastRequestAt, lastEventAt }: StatusFacts,
  { now }: Place,
): Findings {
  const silences = (lastDay?.changes ?? []).filter(({ what }) => what === 'silence');
  const lasting = silences.find(({ last }) => last === null);
  const { usual = null, usualHours = [] } = lastDay ?? {};
  // If there is no time, nothing ever came.
  const hours = (now - Date.parse(lastRequestAt ?? lastEventAt ?? '')) / HOUR_MS;
  // When each hour of a day is known, the day's changes report silences, until nothing is usual any more.
  const isKnown = usualHours.length > 0;
  const expected = isKnown ? sum(usualHours.map(({ most }) => most)) : (usual ?? 0) * hours;
  const isSilent =
    lastHour?.requests === 0 && hours >= (isKnown ? 24 : 1) && (usual === null || expected >= SILENT_LEAST);
  const since = lastRequestAt ?? lasting?.first ?? null;
  const isLasting = isSilent || lasting !== undefined;
  // Of a silence that is over the last request is a later one.
  const silentSince = isLasting ? (since ?? lastEventAt) : (silences[0]?.first ?? null);
  const over = silences
    .filter(({ last }) => last !== null)
    .map(({ first, last, usual: times }) => `from ${first} to ${last}, where ${usualText(times)}`);
  const wasUsual =
    lasting === undefined && isKnown
      ? `at most ${numbered(Math.round(expected))} came in a day of the week before`
      : usualText(lasting?.usual ?? usual);
  const now24 = `${counted(lastDay?.requests ?? 0, 'request')} in 24 hours`;
  const lastingText =
    since === null
      ? `No request in the last hour. The last event was stored at ${agoText(lastEventAt ?? '', now)}`
      : `No request since ${agoText(since, now)}; ${wasUsual}`;
  const texts = [
    ...(isLasting ? [lastingText] : []),
    ...(over.length > 0 ? [`No request ${listed(over, '; ')}; ${now24}`] : []),
  ];
  if (texts.length > 0)
    yield finding(
      'SLUICE_FINDING_SILENT',
      {
        case: isLasting ? 'lasting' : 'over',
        title: silentTitle(),
        since: silentSince,
        detail: `${texts.join('. ')}.`,
      },
      [],
      lasting === undefined ? 'warning' : 'problem',
    );

  function silentTitle(): string {
    if (!isLasting) return `No request came ${over[0]}`;
    const came = `No request came since ${silentSince}`;
    return since === null ? `${came}, when the last event was stored` : `${came}; ${wasUsual}`;
  }
}

/** What was not as usual within the last 24 hours: requests, events. */
export function* spikes({ lastDay, spikeFrom }: StatusFacts, { commands, config }: Place): Findings {
  const changes = changesOf(lastDay, 'requests', 'events');
  const [change] = changes;
  if (change === undefined) return;
  const told = changesTold(
    changes,
    `came in the busiest hour, where ${numbered(Math.round(change.usual))} are usual${mostText(spikeFrom)}`,
  );
  const shown = [
    ...forwardedKinds.map((kind) =>
      commands.sluice('query', sentSinceSql(kind, told.since ?? change.first, config)),
    ),
    commands.sluice('tail'),
  ];
  yield finding('SLUICE_FINDING_SPIKE', { ...told, detail: `${told.detail}.` }, shown);
}

/** The column of what came, by table. */
const NAME_COLUMNS = { exposures: 'experiment_id', events: 'event_name' } as const satisfies Record<
  ForwardedKind,
  string
>;

/** A query of the rows of a table that were received since a time, by name and version of the SDK, the most first. */
function sentSinceSql(kind: ForwardedKind, since: string, config: Place['config']): string {
  const at = Date.parse(since);
  const columns = `"${NAME_COLUMNS[kind]}", "sdk_type", "sdk_version"`;
  // Events lie in the day of their time, which may be before that of their receipt.
  const where = `"ds" >= DATE '${addDays(utcDay(at), -1)}' AND "received_at" >= ${timestampText(at)}`;
  return `SELECT ${columns}, count(*) AS "rows", max("received_at") AS "last" FROM ${qualifiedName(config, config.tables[kind])} WHERE ${where} GROUP BY 1, 2, 3 ORDER BY "rows" DESC LIMIT 20`;
}

/** `, about 95 % from js-client 3 with the key web`; empty where nobody knows who sent most. */
function mostText(sender: StatusFacts['spikeFrom']): string {
  if (sender === null) return '';
  const from = fromText(sender);
  return from === '' ? '' : `, about ${percent(sender.share, 0)}${from}`;
}

/** Events that did not get into the stream, where that is not usual. */
export function* overflow(facts: StatusFacts, { commands, now }: Place): Findings {
  const { lastDay, lastHour, overflowError } = facts;
  const changes = changesOf(lastDay, 'overflowed');
  const [change] = changes;
  if (change === undefined) return;
  const isOver = lastHour?.overflowed === 0 && now - Date.parse(change.last ?? '') >= HOUR_MS;
  const unsaid = isLogRead(facts, 'collect') ? 'unsaid' : 'unread';
  const answered = failureKind(overflowError ?? '');
  // Firehose says so of a stream whose quota is used up: `Slow down.`
  const isQuota = answered === 'quota' || overflowError?.startsWith('ServiceUnavailable') === true;
  const ofFirehose = isQuota ? 'busy' : 'error';
  const answer = answered === 'awsFailed' || answered === 'quota' ? ofFirehose : answered;
  const kind = overflowError === null ? unsaid : answer;
  const name = isOver ? 'over' : kind;
  const error = overflowError === null ? '' : `, the last with ${overflowError}`;
  const over = isOver ? `, until ${change.last}` : '';
  const said = `went past the stream in the busiest hour, where ${numbered(Math.round(change.usual))} are usual${error}${over}`;
  const told = changesTold(changes, said);
  const changed = name === 'denied' || name === 'missing' ? [commands.sluice('doctor', '--drift')] : [];
  yield finding(
    'SLUICE_FINDING_OVERFLOW',
    { case: name, ...told, detail: `${told.detail}.` },
    [...changed, tailErrors(commands)],
    isOver ? 'warning' : 'problem',
  );
}

/** Events that the configured lists leave out, where that is not usual. */
export function* ignoredEvents(facts: StatusFacts, { commands, config, now }: Place): Findings {
  const changes = changesOf(facts.lastDay, 'ignored');
  const [change] = changes;
  if (change === undefined) return;
  const { lastHour, deployedAt } = facts;
  const isSent = lastHour !== null && lastHour.requests > 0;
  const isOver = isSent && lastHour.filtered === 0 && now - Date.parse(change.last ?? '') >= HOUR_MS;
  const over = isOver ? `, until ${change.last}` : '';
  const names = leftOutNames(facts, config);
  const [name] = names;
  const others = names.length < 2 ? '' : ` and ${counted(names.length - 1, 'other name')}`;
  const among =
    name === undefined ? '' : `, among them ${quotedName(name.change.value)}${others} of the days before`;
  const told = changesTold(
    changes,
    `were left out by the configured lists in the busiest hour, where ${numbered(Math.round(change.usual))} are usual${mostText(facts.ignoredFrom)}${among}${over}`,
  );
  const sentences = [
    told.detail,
    ...(names.length === 0 ? [] : [leftOutText(names)]),
    ...(deployedAt === null ? [] : [`The stack was deployed last at ${deployedAt}`]),
    ...forwardedKinds.flatMap((kind) => listsText(kind, config[kind])),
  ];
  yield finding(
    'SLUICE_FINDING_IGNORED',
    { case: isOver ? 'over' : 'lasting', ...told, detail: `${sentences.join('. ')}.` },
    [commands.sluice('tail')],
  );
}

/** Names of a list that are told. */
const MOST_LISTED = 20;

/** What the configured lists of a table have, a sentence each without its stop. */
function listsText(kind: ForwardedKind, { allow, deny }: NameLists): readonly string[] {
  const all = Object.entries({ allow: allow ?? null, deny: deny.length === 0 ? null : deny });
  return all.flatMap(([list, patterns]) => {
    if (patterns === null) return [];
    const shown = patterns.slice(0, MOST_LISTED).map(quotedName);
    const more = patterns.length > shown.length ? [`${patterns.length - shown.length} more`] : [];
    return [`${kind}.${list} has ${listed([...shown, ...more])}`];
  });
}

/** The changes of a day that are of these counts. */
function changesOf(lastDay: StatusFacts['lastDay'], ...wanted: readonly Change['what'][]): readonly Change[] {
  return (lastDay?.changes ?? []).filter(({ what }) => wanted.includes(what));
}

/** What changes say in common: `said` of the first. The detail has no stop. @param changes At least one. */
function changesTold(
  changes: readonly Change[],
  said: string,
): { readonly title: string; readonly since: string | null; readonly detail: string } {
  const [change] = changes;
  const texts = changes.map(
    ({ what, hour, usual, first, last, day }) =>
      `${numbered(hour)} ${nounOf(what)} in the busiest hour, where ${numbered(Math.round(usual))} are usual, first in the 5 minutes from ${first}, last in those from ${last}; ${numbered(day)} in 24 hours`,
  );
  return {
    title: `${numbered(change?.hour ?? 0)} ${nounOf(change?.what)} ${said}`,
    since: changes.map(({ first }) => first).sort()[0] ?? null,
    detail: texts.join('. '),
  };
}

/** What a change counts. */
function nounOf(what: Change['what'] | undefined): string {
  return what === 'requests' ? 'requests' : 'events';
}

/** A time, and how long ago it was. */
function agoText(at: string, now: number): string {
  const hours = (now - Date.parse(at)) / HOUR_MS;
  const age = hours < 48 ? `${hours.toFixed(1)} hours` : `${Math.round(hours / 24)} days`;
  return `${at}, ${age} ago`;
}

/** How many requests an hour are usual, in words. @param usual Null if that is not known. */
function usualText(usual: number | null): string {
  const known = usual === null ? null : Math.round(usual);
  return known === null
    ? 'how many are usual is not known'
    : `${counted(known, 'request an hour is', 'requests an hour are')} usual`;
}

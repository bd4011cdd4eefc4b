import { partName } from '../../../infra/template/Stack.ts';
import type { ErrorEntry } from '../../../lib/base/errors.ts';
import { counted, listed } from '../../../lib/base/text.ts';
import { DAY_MS, HOUR_MS } from '../../../lib/base/time.ts';
import { CollectError } from '../../../lib/collect/CollectError.ts';
import { KeysError } from '../../../lib/wire/keys/Keyring.ts';
import { revertDriftWords } from '../../deploymentCommands.ts';
import { type Change, SILENT_LEAST } from '../../facts/flow/changes.ts';
import type { SentGroup } from '../../facts/flow/loggedRequests.ts';
import { failedText, NOT_STORED } from '../../facts/flow/requestCounts.ts';
import { GONE } from '../../facts/flow/senders.ts';
import type { StatusFacts } from '../../facts/statusFacts.ts';
import { finding } from '../catalogue.ts';
import { type Findings, failedAt, type Place } from './place.ts';

/** The number of refused requests from which they are a problem even at a small share, as in the alarm on 4xx. */
const MANY_REFUSED = 20;

const MANY_REFUSED_SHARE = 0.05;

const UNKNOWN = 'SLUICE_KEY_UNKNOWN';

/** A minute without a request that could not be stored, after which others were stored: it is over. */
const OVER_AFTER_MS = 120_000;

/** Requests of 24 hours that were answered 503. */
export function* failedRequests(
  { lastHour, lastDay, keys, keysFailure, unknown }: StatusFacts,
  { stack, now, commands }: Place,
): Findings {
  const { failedBy = {}, failedAt = {}, lastStoredAt } = lastHour ?? {};
  const causes: Readonly<Record<string, ErrorEntry>> = { ...CollectError.entries, ...KeysError.entries };
  const isLogRead = unknown.every(({ log }) => log !== 'collect');
  const isRead = isLogRead && keys?.fault === null && keysFailure === null;
  const failed = Object.keys({ ...lastDay?.failedBy, ...failedBy }).map((code) => {
    const count = failedBy[code] ?? 0;
    const day = lastDay?.failedBy[code] ?? { count, first: undefined, last: '' };
    const minutes = failedAt[code];
    // The last hour is known to the minute.
    const from = minutes !== undefined && day.count <= count ? minutes : day;
    const { last } = minutes ?? day;
    const timeText = (time: string, isMinute: boolean) =>
      `${isMinute ? '' : 'in the 5 minutes from '}${time.slice(0, 16)}Z`;
    const span =
      from.first === undefined
        ? ''
        : `, first ${timeText(from.first, from === minutes)}, last ${timeText(last, minutes !== undefined)}`;
    const isUnstored = NOT_STORED.includes(code);
    // A minute has both while some requests fail and others do not.
    const isStored = (lastStoredAt ?? '') > last && now - Date.parse(last) >= OVER_AFTER_MS;
    // Only a collector reports a denial, and perhaps none has tried since.
    const canEnd = isUnstored || (isRead && code in KeysError.entries);
    const isOver = count === 0 ? lastHour !== null : canEnd && isStored;
    const cure = isUnstored || isOver ? '' : ` ${causes[code]?.cure ?? ''}`;
    const text = `${failedText(code, Math.max(count, day.count))}${span}${isOver ? '; it is over' : ''}.${cure}`;
    return { first: from.first, isOver, text };
  });
  if (failed.length === 0) return;
  const [since] = failed.flatMap(({ first }) => first ?? []).sort();
  const start = since === undefined ? [] : ['--start-time', `${Date.parse(since)}`];
  const log = ['--log-group-name', `/aws/lambda/${partName(stack, 'collect')}`, ...start];
  yield finding(
    'SLUICE_FINDING_NOT_STORED',
    failed.map(({ text }) => text).join(' '),
    [
      commands.aws(
        'logs',
        'filter-log-events',
        ...log,
        '--filter-pattern',
        // Why keys could not be read stands in the event of the read.
        '{ $.status = 503 || $.event = "keys" }',
        '--limit',
        '20',
      ),
    ],
    failed.every(({ isOver }) => isOver) ? 'warning' : 'problem',
  );
}

/** Requests that the gateway or the Function URL answered by itself. */
export function* unreachedRequests(facts: StatusFacts, { stack, now, commands }: Place): Findings {
  const { unreached } = facts;
  if (unreached === null || unreached.length === 0) return;
  const texts = unreached.map(
    ({ hour, kind, count, of: requests }) =>
      `${kind}: ${count} of ${counted(requests, 'request')} in the hour from ${hour}`,
  );
  const has = (wanted: string) => unreached.some(({ kind }) => kind === wanted);
  const log = ['logs', 'tail', `/aws/lambda/${partName(stack, 'collect')}`, '--since', '1h'];
  const isOver = unreached.every(({ hour }) => now - Date.parse(hour) >= 2 * HOUR_MS);
  yield finding(
    'SLUICE_FINDING_UNREACHED',
    `${listed(texts, '; ')}${isOver ? '; it is over' : ''}.${failedAt(facts, 'collect')}`,
    [...(has('4xx') ? [commands.sluice('doctor')] : []), ...(has('5xx') ? [commands.aws(...log)] : [])],
    isOver ? 'warning' : 'problem',
  );
}

/** Requests that were refused. */
export function* refusedRequests(
  { lastHour, lastDay, refusals, keys }: StatusFacts,
  { commands }: Place,
): Findings {
  const codes = Object.entries(lastHour?.refusedBy ?? {});
  const refused = codes.reduce((sum, [, count]) => sum + count, 0);
  const day = Math.max(refused, lastDay?.refused ?? 0);
  if (day === 0) return;
  const requests = Math.max(refused, lastHour?.requests ?? 0);
  const unknown = refusals?.groups.filter(({ code }) => code === UNKNOWN) ?? [];
  // The log has the first digits of an unknown key.
  const listedNow = unknown.filter(({ key }) =>
    keys?.senders.some((sha256) => sha256.startsWith(key ?? '-')),
  );
  const ofUnknown = lastHour?.refusedBy[UNKNOWN] ?? 0;
  const isRead = refusals !== null && !refusals.hasMore && (unknown.length > 0 || ofUnknown === 0);
  const isUnknown = listedNow.length < unknown.length || (!isRead && ofUnknown > 0);
  const open = refused - (isUnknown ? 0 : ofUnknown);
  const isMany = open >= MANY_REFUSED && open >= requests * MANY_REFUSED_SHARE;
  const groups =
    refusals?.groups.map((group) => {
      const over = listedNow.includes(group) ? ' (over: it is in the list now)' : '';
      return `${group.count} ${group.code}${sentText(group)}${over}`;
    }) ?? codes.map(([code, count]) => `${count} ${code}`);
  const more = refusals?.hasMore === true ? ', and more lines of the log than were read' : '';
  yield finding(
    'SLUICE_FINDING_REFUSED',
    `${refused} of ${requests} requests of the last hour, ${day} within 24 hours: ${listed(groups, '; ')}${more}.`,
    [
      ...(isUnknown ? [commands.sluice('keys', 'list'), commands.sluice('keys', 'add', 'web')] : []),
      tailErrors(commands),
    ],
    open > 0 && (open * 2 > requests || isMany) ? 'problem' : 'warning',
  );
}

/** Keys that cannot be read, and a deployment without one, to which nobody can send. */
export function* keyFindings(
  { keys, keysFailure, isLocal, lastHour }: StatusFacts,
  { commands, config, stack }: Place,
): Findings {
  const fault = keys?.fault;
  const why = fault ?? (keysFailure && `Collectors failed to read it last at ${keysFailure}`);
  // The local cloud has no change sets.
  const revert = isLocal ? [] : revertDriftWords(`${stack.service}-${stack.stage}`);
  const repair =
    fault === GONE
      ? revert.map((words) => commands.aws(...words))
      : fault
        ? [['--dry-run'], []].map((more) => commands.sluice('keys', 'restore', ...more))
        : [commands.sluice('doctor', '--drift')];
  if (why && !config.allowAnyKey)
    yield finding('SLUICE_FINDING_KEYS_UNREADABLE', `${partName(stack, 'keys')}: ${why}`, repair);
  // The local cloud accepts any key, unless it is started with --check-keys.
  const isChecked = !config.allowAnyKey && (!isLocal || lastHour?.refusedBy[UNKNOWN] !== undefined);
  if (isChecked && keys?.fault === null && keys.senders.length === 0)
    yield finding('SLUICE_FINDING_NO_KEY', '', [commands.sluice('keys', 'add', 'web')]);
}

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
  const expected = isKnown ? usualHours.reduce((sum, { most }) => sum + most, 0) : (usual ?? 0) * hours;
  const isSilent =
    lastHour?.requests === 0 && hours >= (isKnown ? 24 : 1) && (usual === null || expected >= SILENT_LEAST);
  const since = lastRequestAt ?? lasting?.first ?? null;
  const over = silences
    .filter(({ last }) => last !== null)
    .map(({ first, last, usual }) => `from ${first} to ${last}, where ${usualText(usual)}`);
  const wasUsual =
    lasting === undefined && isKnown
      ? `at most ${Math.round(expected)} came in a day of the week before`
      : usualText(lasting?.usual ?? usual);
  const now24 = `${counted(lastDay?.requests ?? 0, 'request')} in 24 hours`;
  const texts = [
    ...(!isSilent && lasting === undefined
      ? []
      : since === null
        ? [`No request in the last hour. The last event was stored at ${agoText(lastEventAt ?? '', now)}`]
        : [`No request since ${agoText(since, now)}; ${wasUsual}`]),
    ...(over.length > 0 ? [`No request ${listed(over, '; ')}; ${now24}`] : []),
  ];
  if (texts.length > 0)
    yield finding(
      'SLUICE_FINDING_SILENT',
      `${texts.join('. ')}.`,
      [],
      lasting === undefined ? 'warning' : 'problem',
    );
}

/** What was not as usual within the last 24 hours: requests, overflow. */
export function* changeFindings({ lastDay, spikeFrom }: StatusFacts, { commands }: Place): Findings {
  const texts = (...wanted: readonly Change['what'][]) =>
    (lastDay?.changes ?? [])
      .filter(({ what }) => wanted.includes(what))
      .map(({ what, hour, usual, first, last, day }) => {
        const noun = what === 'requests' ? 'requests' : 'events';
        return `${hour} ${noun} in the busiest hour, where ${Math.round(usual)} are usual, first in the 5 minutes from ${first}, last in those from ${last}; ${day} in 24 hours`;
      })
      .join('. ');
  const sender = spikeFrom === null ? '' : fromText(spikeFrom);
  const share = Math.round((spikeFrom?.share ?? 0) * 100);
  const from = sender === '' ? '' : `. About ${share} % came${sender}, by the log`;
  const spike = texts('requests', 'events');
  const found = [
    ['SLUICE_FINDING_SPIKE', spike && `${spike}${from}`, [commands.sluice('tail')]],
    ['SLUICE_FINDING_OVERFLOW', texts('overflowed'), [tailErrors(commands)]],
  ] as const;
  for (const [code, text, shown] of found) if (text !== '') yield finding(code, `${text}.`, shown);
}

/** Events whose times are seconds, as the collector has noted them. */
export function* oldTimes({ noted }: StatusFacts, { commands }: Place): Findings {
  const old = (noted?.before2000 ?? []).map((group) => `${counted(group.count, 'event')}${sentText(group)}`);
  if (old.length > 0)
    yield finding('SLUICE_FINDING_TIME_SECONDS', `${listed(old, '; ')}.`, [tailErrors(commands)]);
}

/** Senders whose clock is off by hours, if one of a thousand events is by it: some phones always have a wrong one. */
export function* wrongClocks({ noted, lastDay }: StatusFacts, { commands, config }: Place): Findings {
  const { corrected = [], uncorrected = [], ahead = [] } = noted ?? {};
  const { futureDays } = config.timeWindow;
  const texts = [...corrected, ...uncorrected, ...ahead].flatMap((group) => {
    const isBeyond = -group.skewMs > futureDays * DAY_MS;
    const beyond = isBeyond ? `, those of more than ${futureDays * 24} hours in that of their receipt` : '';
    const share = (100 * group.count) / Math.max(group.count, lastDay?.received ?? 0);
    const hours = `up to ${Math.abs(group.skewMs / HOUR_MS).toFixed(1)} hours`;
    const way = group.skewMs > 0 ? 'behind' : 'ahead';
    const sent = `${counted(group.count, 'event')}, ${share.toFixed(1)} % of all,${sentText(group)}`;
    const clock = ahead.includes(group)
      ? `${hours} ahead of their receipt, which no stated clock explains: some may be in a later day${beyond}`
      : corrected.includes(group)
        ? `${hours} ${way}, corrected: the days are right`
        : `${hours} ${way}, not corrected: the days are as sent`;
    return share < 0.1 ? [] : [`${sent}: ${clock}`];
  });
  if (texts.length > 0)
    yield finding('SLUICE_FINDING_CLOCK_OFF', `${listed(texts, '; ')}.`, [tailErrors(commands)]);
}

/** Runs until Ctrl-C, so it comes last. */
function tailErrors(commands: Place['commands']): string {
  return commands.sluice('tail', '--errors', '--last', '20');
}

/** A time, and how long ago it was. */
function agoText(at: string, now: number): string {
  const hours = (now - Date.parse(at)) / HOUR_MS;
  const age = hours < 48 ? `${hours.toFixed(1)} hours` : `${Math.round(hours / 24)} days`;
  return `${at}, ${age} ago`;
}

function usualText(usual: number | null): string {
  const known = usual === null ? null : Math.round(usual);
  return known === null
    ? 'how many are usual is not known'
    : `${counted(known, 'request')} an hour ${known === 1 ? 'is' : 'are'} usual`;
}

/** The sender of something, and the time at which it was sent. */
function sentText(sent: SentGroup): string {
  return `${fromText(sent)}, first ${sent.first}, last ${sent.last}`;
}

/** ` from js-client 3.1 with the key web` */
function fromText({ sdk, key }: Pick<SentGroup, 'sdk' | 'key'>): string {
  const fromSdk = sdk === null ? '' : ` from ${sdk}`;
  const withKey = key === null ? '' : ` with the key ${key}`;
  return `${fromSdk}${withKey}`;
}

/** Copies of relay. */
export function* copyFindings({ relay }: StatusFacts, { now, stack, commands }: Place): Findings {
  if (relay === null) return;
  const { waiting, refused } = relay;
  const copies = (count: number) => counted(count, 'copy', 'copies');
  if (refused.length > 0) {
    const reasons = refused.map(
      (refusal) => `${refusal.reason}: ${copies(refusal.count)}, the oldest of ${refusal.oldest}`,
    );
    yield finding('SLUICE_FINDING_RELAY_REFUSED', `${listed(reasons)}.`, [
      commands.sluice('relay', 'status'),
      commands.sluice('relay', 'redrive', '--dry-run'),
      commands.sluice('relay', 'redrive'),
    ]);
  }
  if (waiting.oldest !== null && now - Date.parse(waiting.oldest) >= HOUR_MS)
    yield finding(
      'SLUICE_FINDING_RELAY_LATE',
      `${copies(waiting.count)}, the oldest since ${waiting.oldest}.`,
      [commands.aws('logs', 'tail', `/aws/lambda/${partName(stack, 'relay')}`, '--since', '1h')],
    );
}

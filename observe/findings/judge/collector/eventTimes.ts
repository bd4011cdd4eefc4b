import { qualifiedName } from '../../../../lib/base/sql.ts';
import { sum } from '../../../../lib/base/sum.ts';
import { counted, listed, numbered, quotedName } from '../../../../lib/base/text.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, utcDay } from '../../../../lib/base/time.ts';
import type { SentGroup } from '../../../facts/flow/logged/loggedRequests.ts';
import type { LateGroup, NotedEvents } from '../../../facts/flow/logged/notedEvents.ts';
import type { StatusFacts } from '../../../facts/statusFacts.ts';
import type { ContentChange, EarlierEvents } from '../../../facts/tables/contentChanges.ts';
import { finding, type Told } from '../../catalogue.ts';
import type { Findings, Place } from '../place.ts';
import { fromText, sentText, tailErrors } from '../texts.ts';

/** Events whose times are seconds, as the collector has noted them. */
export function* oldTimes({ noted }: StatusFacts, { commands, now }: Place): Findings {
  const isQuiet = noted?.before2000.every(({ last }) => now - Date.parse(last) >= HOUR_MS) === true;
  const old = (noted?.before2000 ?? []).map((group) => `${counted(group.count, 'event')}${sentText(group)}`);
  if (old.length > 0)
    yield finding(
      'SLUICE_FINDING_TIME_SECONDS',
      {
        case: isQuiet ? 'quiet' : 'lasting',
        ...groupsTold(
          noted,
          noted?.before2000 ?? [],
          { one: 'has', many: 'have' },
          'a time before the year 2000',
          old,
        ),
      },
      [tailErrors(commands)],
    );
}

/** Paths of the settings of the time window. */
export const OF_WINDOW = /^timeWindow\b/;

/** Senders whose clock is off by hours, if one of a thousand events is by it: some phones always have a wrong one. */
export function* wrongClocks(facts: StatusFacts, place: Place): Findings {
  const { noted, lastDay } = facts;
  const { commands, config } = place;
  const { corrected = [], uncorrected = [], ahead = [] } = noted ?? {};
  const { futureDays } = config.timeWindow;
  // What another window does with these events is not known.
  const isWindowDeployed = facts.undeployed?.settings.some((setting) => OF_WINDOW.test(setting)) !== true;
  // A finding of their zone tells it better.
  const isOfZone = (group: SentGroup) =>
    (facts.contentChanges ?? []).some(
      (change) => isOffsetOf(change, group) && 2 * change.count >= group.count,
    );
  const known = [...corrected, ...uncorrected, ...ahead.filter((group) => !isOfZone(group))];
  const texts = known.flatMap((group) => {
    const isBeyond = isWindowDeployed && -group.skewMs > futureDays * DAY_MS;
    const beyond = isBeyond ? `, those of more than ${futureDays * 24} hours in that of their receipt` : '';
    const share = (100 * group.count) / Math.max(group.count, lastDay?.received ?? 0);
    const ofAll = lastDay === null ? '' : `, ${share.toFixed(1)} % of all,`;
    const off = Math.abs(group.skewMs);
    const hours =
      off < 2 * DAY_MS
        ? `up to ${(off / HOUR_MS).toFixed(1)} hours`
        : `up to ${Math.round(off / DAY_MS)} days`;
    const way = group.skewMs > 0 ? 'behind' : 'ahead';
    const sent = `${counted(group.count, 'event')}${ofAll}${sentText(group)}`;
    const stated = corrected.includes(group)
      ? `${hours} ${way}, corrected: the days are right`
      : `${hours} ${way}, not corrected: the days are as sent`;
    const clock = ahead.includes(group)
      ? `${hours} ahead of their receipt, which no stated clock explains: some may be in a later day${beyond}`
      : stated;
    return share < 0.1 ? [] : [{ group, text: `${sent}: ${clock}`, title: `${hours} ${way}` }];
  });
  const [worst] = texts.toSorted((a, b) => Math.abs(b.group.skewMs) - Math.abs(a.group.skewMs));
  if (worst === undefined) return;
  const verbs = { one: 'is', many: 'are' };
  const said = `by a clock that is ${worst.title}`;
  const told = groupsTold(
    noted,
    texts.map(({ group }) => group),
    verbs,
    said,
    texts.map(({ text }) => text),
  );
  const { title } = groupsTold(noted, [worst.group], verbs, said, []);
  const from = fromText(worst.group);
  const isOfSender = ({ group }: { readonly group: SentGroup }) => fromText(group) === from;
  const ofSender = texts.filter(isOfSender);
  const own = ofSender.filter((text) => text !== worst);
  const others = new Set(texts.filter((text) => !isOfSender(text)).map(({ group }) => fromText(group))).size;
  const alsoOwn = own.map(({ group, title: off }) => `, and ${numbered(group.count)} of it ${off}`).join('');
  const byOthers = `, and ${counted(others, 'other sender by another clock', 'other senders by other clocks')}`;
  const more = `${alsoOwn}${others === 0 ? '' : byOthers}`;
  const since = ofSender.map(({ group }) => group.first).sort()[0] ?? null;
  const clock = { case: 'stated' as const, ...told, subject: from, since, title: `${title}${more}` };
  yield finding('SLUICE_FINDING_CLOCK_OFF', clock, [tailErrors(commands)]);
}

/** Minutes by which a clock and the times of its events differ at most: events are sent some minutes after their time. */
const SAME_MINUTES = 30;

/** Whether times of events are as far from their receipt, in the same direction, as the clock of what one sender sent. */
export function isOffsetOf({ what, sdk, value }: ContentChange, group: SentGroup): boolean {
  const isAsFar = Math.abs(group.skewMs / MINUTE_MS - Number(value)) <= SAME_MINUTES;
  return what === 'offset' && sdk === group.sdk && isAsFar;
}

/** The share of all events from which those that are too late are told: few phones were offline for so long. */
const MANY_LATE = 0.05;
/** Fewer say nothing of a clock. */
const FEWEST_LATE = 10;

/** The most days by which the ages of events differ that one wrong clock has made: those of an hour, by when they were sent. */
const ONE_CLOCK_DAYS = 1 / 24;

/** Senders of many events from before the time window: those whose clock is not stated, and those whose clock is right. */
export function* lateTimes(facts: StatusFacts, { commands, config, now }: Place): Findings {
  const { noted, lastDay, contentChanges, earlierEvents } = facts;
  // A finding of their one time tells it better.
  const isOfOneTime = (group: LateGroup) =>
    (contentChanges ?? []).some(
      ({ what, sdk, count }) => what === 'time' && sdk === group.sdk && 2 * count >= group.count,
    );
  const told = (noted?.late ?? []).filter((group) => !isOfOneTime(group));
  const { pastDays } = config.timeWindow;
  const from = `${qualifiedName(config, config.tables.events)} WHERE "ds" >= DATE '${utcDay(now - DAY_MS)}' AND "timestamp" < "received_at" - INTERVAL '${pastDays}' DAY`;
  const sql = `SELECT "event_name", "sdk_type", "sdk_version", count(*) AS "rows", min("timestamp") AS "oldest", max("timestamp") AS "newest", max("received_at") AS "last" FROM ${from} GROUP BY 1, 2, 3 ORDER BY "rows" DESC LIMIT 100`;
  for (const [isClockStated, late] of Map.groupBy(told, (group) => group.isClockStated)) {
    const count = sum(late.map((group) => group.count));
    if (count < FEWEST_LATE || count < MANY_LATE * (lastDay?.received ?? 0)) continue;
    const aged = (earlierEvents ?? []).filter(({ sdk }) => late.some((group) => group.sdk === sdk));
    const age = agesOf(aged);
    const texts = late.map((group) => `${counted(group.count, 'event')}${sentText(group)}`);
    const old = age === null ? `more than ${counted(pastDays, 'day')}` : agesText(age);
    const byClock = isClockStated ? ', by clocks that are right' : '';
    const about = groupsTold(
      noted,
      late,
      { one: 'has', many: 'have' },
      `a time ${old} before they came${byClock}`,
      texts,
    );
    const names = aged.map(
      (events) =>
        `${numbered(events.count)} ${quotedName(events.name)}${fromText({ ...events, key: null })}, ${agesText(events)}`,
    );
    const inTable = names.length === 0 ? '' : ` In the table: ${listed(names, '; ')}.`;
    const detail = `${about.detail ?? ''}${inTable}`;
    yield finding(
      'SLUICE_FINDING_CLOCK_OFF',
      {
        ...about,
        detail,
        case: isClockStated ? 'old' : lateCase(age),
        subject: isClockStated ? 'old' : 'late',
      },
      [commands.sluice('query', sql), commands.sluice('tail')],
    );
  }
}

/** How old events are. */
type Ages = Pick<EarlierEvents, 'leastDays' | 'mostDays'>;

/** The least and the most of several ages; null of none. */
function agesOf(events: readonly EarlierEvents[]): Ages | null {
  if (events.length === 0) return null;
  return {
    leastDays: Math.min(...events.map(({ leastDays }) => leastDays)),
    mostDays: Math.max(...events.map(({ mostDays }) => mostDays)),
  };
}

/** `30.0 days`, `7.2 to 61.0 days` */
function agesText({ leastDays, mostDays }: Ages): string {
  const [least, most] = [leastDays, mostDays].map((days) => days.toFixed(1));
  return least === most ? `${most} days` : `${least} to ${most} days`;
}

/** What the ages of events say of a sender that states no clock. */
function lateCase(age: Ages | null): 'late' | 'behind' | 'history' {
  if (age === null) return 'late';
  return age.mostDays - age.leastDays <= ONE_CLOCK_DAYS ? 'behind' : 'history';
}

/**
 * What senders have sent, in one sentence.
 *
 * @param noted Whether the log has more of them.
 * @param verbs The verb of one event, and of several.
 * @param said What follows it.
 * @param texts A text of each group.
 */
function groupsTold(
  noted: Pick<NotedEvents, 'hasMore'> | null,
  groups: readonly SentGroup[],
  verbs: { readonly one: string; readonly many: string },
  said: string,
  texts: readonly string[],
): Told {
  const [most] = groups.toSorted((a, b) => b.count - a.count);
  const total = sum(groups.map(({ count }) => count));
  const from = most === undefined ? '' : fromText(most);
  const hasMore = noted?.hasMore === true;
  // All that one sender sent has its name before the verb.
  const [ofAll, ofMost] =
    groups.length < 2 || from === '' ? [from, ''] : ['', `, ${numbered(most?.count ?? 0)} of them${from}`];
  return {
    title: `${hasMore ? 'At least ' : ''}${counted(total, 'event')}${ofAll} ${total === 1 ? verbs.one : verbs.many} ${said}${ofMost}`,
    since: groups.map(({ first }) => first).sort()[0] ?? null,
    detail: `${listed(texts, '; ')}${hasMore ? ', and more lines of the log than were read' : ''}.`,
  };
}

import { sum } from '../../../lib/base/sum.ts';
import { DAY_MS, HOUR_MS, isoTimestamp } from '../../../lib/base/time.ts';
import { isAlwaysLogged, isClockOff } from '../../../lib/collect/isAlwaysLogged.ts';
import type { Deployment } from '../../deployment.ts';
import { functionLog, type LogQuestion, readLog } from '../../readLog.ts';
import { type Change, PERIOD_MS } from './changes.ts';
import { type LiveRequest, readRequestLine } from './liveEntries.ts';
import type { RequestCounts } from './requestCounts.ts';

/** The most lines and pages that are read of refused requests, the newest hours first. */
const REFUSED = { mostLines: 10_000, mostPages: 50 } as const;
/** The most lines and pages that are read of what was noted, and of spikes; of what was noted the last hour first. */
const NOTED = { mostLines: 2_000, mostPages: 20 } as const;
/** So many lines of the part of requests that is logged, and more, stand for all requests. */
const FEWEST_SAMPLED = 5;
/** The most keys whose stored requests are looked for: a filter pattern has 1,024 characters. https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html */
const MOST_KEYS = 8;

/** The requests or events of one kind that one sender sent. */
export interface SentGroup {
  /** The code of the answer; null of other requests. */
  readonly code: string | null;
  /** Label of the SDK key. For a key that was not accepted, it is the `sent_key` (LiveRequest); null without a key. */
  readonly key: string | null;
  /** Name and version; null if the request does not say. */
  readonly sdk: string | null;
  /** Requests or events. */
  readonly count: number;
  /** When the first request was answered, ISO 8601. */
  readonly first: string;
  /** When the last request was answered, ISO 8601. */
  readonly last: string;
  /** The most milliseconds by which the sender's clock was behind; negative if ahead. In {@link NotedEvents.ahead}, the most for its events. */
  readonly skewMs: number;
}

/** Events of a sender from before `timeWindow`. */
export interface LateGroup extends SentGroup {
  /** Whether their requests state the clock of the sender, which was right to the hour: then the events are old. */
  readonly isClockStated: boolean;
}

/** The requests of a sender that were answered 4xx, or 503. */
export interface AnsweredGroup extends SentGroup {
  /**
   * When a request with the same key and SDK was stored last, within the last hour or since the first of all groups ended, ISO 8601; absent if
   * the log has none: it has a part of them.
   */
  readonly storedAt?: string;
}

/** Requests that were answered 4xx, or 503, within 24 hours, by the lines of the log. */
export interface LoggedAnswers {
  /** Requests by code, key and SDK, the most frequent first: of the newest lines if `hasMore`. */
  readonly groups: readonly AnsweredGroup[];
  /** Start of the first five minutes with such a request, by the metrics, ISO 8601. */
  readonly since: string;
  /** Whether there are more lines than were read. */
  readonly hasMore: boolean;
}

/** The part of `status` that reads who sent what was answered 503. */
export const FAILED_REQUESTS = 'failed requests';

/** The level of the lines in the log of requests with such an answer, by the member of their counts. */
const LEVELS = { refusedBy: 'warn', failedBy: 'error' } as const;

/**
 * The requests of 24 hours that were answered 4xx, or 503. The log is read for hours with such requests only.
 *
 * @param day Counts by the start of five minutes: those of the last 24 hours are read.
 * @param answer `refusedBy`: 4xx. `failedBy`: 503.
 * @returns Null without any.
 * @throws What CloudWatch Logs' client throws.
 */
export async function readAnswers(
  deployment: Pick<Deployment, 'logs' | 'stack' | 'now'>,
  day: ReadonlyMap<number, RequestCounts>,
  answer: keyof typeof LEVELS,
): Promise<LoggedAnswers | null> {
  const from = deployment.now - DAY_MS;
  const periods = [...day].filter(([at, counts]) => at > from && Object.keys(counts[answer]).length > 0);
  const hours = new Set(periods.map(([at]) => Math.floor(at / HOUR_MS) * HOUR_MS));
  if (hours.size === 0) return null;
  const { requests, hasMore } = await readRequests(deployment, {
    filterPattern: `{ $.event = "collect" && $.level = "${LEVELS[answer]}" }`,
    times: [...hours]
      .toReversed()
      .map((hour) => ({ startTime: Math.max(hour, from), endTime: hour + HOUR_MS - 1 })),
    ...REFUSED,
  });
  const groups = bySender(requests, ({ code }) => (code === null ? 0 : 1));
  const stored = await readStored(deployment, groups);
  const answered = groups.map((group): AnsweredGroup => {
    const storedAt = stored.get(senderId({ ...group, code: null }));
    return storedAt === undefined ? group : { ...group, storedAt };
  });
  return { groups: answered, since: isoTimestamp(Math.min(...periods.map(([at]) => at))), hasMore };
}

/** When a request of each of some senders was stored last, as {@link AnsweredGroup.storedAt} says, by {@link senderId}. */
async function readStored(
  deployment: Pick<Deployment, 'logs' | 'stack' | 'now'>,
  groups: readonly SentGroup[],
): Promise<ReadonlyMap<string, string>> {
  if (groups.length === 0) return new Map();
  const keys = [...new Set(groups.map(({ key }) => key))].slice(0, MOST_KEYS);
  const stored = '$.event = "collect" && $.status = 202';
  // Where any key may send, requests have none.
  const alternatives = keys.includes(null)
    ? [stored]
    : keys.map((key) => `${stored} && $.key = ${JSON.stringify(key)}`);
  const hourAgo = deployment.now - HOUR_MS;
  const startTime = Math.min(...groups.map(({ last }) => Date.parse(last)));
  const before = startTime < hourAgo ? [{ startTime, endTime: hourAgo - 1 }] : [];
  const { requests } = await readRequests(deployment, {
    filterPattern: `{ ${alternatives.join(' || ')} }`,
    times: [{ startTime: hourAgo, endTime: deployment.now }, ...before],
    ...NOTED,
  });
  return new Map(bySender(requests, () => 1).map((group) => [senderId(group), group.last]));
}

/** What the collector noted of stored events within 24 hours, as far as its log has it. */
export interface NotedEvents {
  /** Events by what was noted, of the requests that are logged. */
  readonly counts: Readonly<Record<string, number>>;
  /** Events with a time before the year 2000: every such request is logged. The most events first. */
  readonly before2000: readonly SentGroup[];
  /** Events by a clock that is off by 55 minutes or more, as of a wrong time zone, whose times are corrected. Senders whose clock is behind come first. */
  readonly corrected: readonly SentGroup[];
  /** Events by such a clock, whose times are as they were sent, in the same order. */
  readonly uncorrected: readonly SentGroup[];
  /** Events in the future of which no stated clock is the reason. */
  readonly ahead: readonly SentGroup[];
  /**
   * Events with a time before `timeWindow` that no stated clock explains, about: a part of such requests is logged. They lie in the day of
   * their receipt. Those of requests without a clock come first.
   */
  readonly late: readonly LateGroup[];
  /** Whether there are more lines than were read. */
  readonly hasMore: boolean;
}

/**
 * What the collector noted of events' times, clocks and names, from its log: at most 2,000 requests.
 *
 * @throws What CloudWatch Logs' client throws.
 */
export async function readNoted(
  deployment: Pick<Deployment, 'logs' | 'stack' | 'config' | 'isLocal' | 'now'>,
): Promise<NotedEvents> {
  const { now } = deployment;
  const logged = loggedShare(deployment);
  const { requests, hasMore } = await readRequests(deployment, {
    // The name of the member: other lines do not have it.
    filterPattern: '"noted"',
    times: [
      { startTime: now - HOUR_MS, endTime: now },
      { startTime: now - DAY_MS, endTime: now - HOUR_MS - 1 },
    ],
    ...NOTED,
  });
  const counts: Record<string, number> = {};
  for (const { noted } of requests)
    for (const [what, count] of Object.entries(noted)) counts[what] = (counts[what] ?? 0) + count;
  const off = requests.filter(isClockOff);
  const ways = [1, -1].map((sign) =>
    off.filter(({ clock_skew_ms }) => Math.sign(clock_skew_ms ?? 0) === sign),
  );
  const byClock = (what: string) => ways.flatMap((ofWay) => bySender(ofWay, ({ noted }) => noted[what] ?? 0));
  const isLate = (request: LiveRequest) => {
    const { clock_ahead = 0, before_2000 = 0, outside_time_window = 0 } = request.noted;
    return !isClockOff(request) && clock_ahead + before_2000 === 0 && outside_time_window > 0;
  };
  const sampled = requests.filter((request) => isLate(request) && !isAlwaysLogged(request));
  // A part of which there are few lines tells nothing of the whole.
  const lateShare = logged === 0 || sampled.length < FEWEST_SAMPLED ? 1 : logged;
  return {
    counts,
    before2000: bySender(requests, ({ noted }) => noted['before_2000'] ?? 0),
    corrected: byClock('clock_corrected'),
    uncorrected: byClock('clock_ignored'),
    ahead: bySender(requests, ({ noted }) => noted['clock_ahead'] ?? 0),
    late: [false, true].flatMap((isClockStated) => {
      const groups = bySender(requests, (request) => {
        if (!isLate(request) || (request.clock_skew_ms !== null) !== isClockStated) return 0;
        const { outside_time_window = 0 } = request.noted;
        return Math.round(outside_time_window / (isAlwaysLogged(request) ? 1 : lateShare));
      });
      return groups.map((group) => ({ ...group, isClockStated }));
    }),
    hasMore,
  };
}

/** The share of successful requests that are logged. The local cloud logs all of them. */
function loggedShare({ config, isLocal }: Pick<Deployment, 'config' | 'isLocal'>): number {
  return isLocal ? 1 : config.logs.successes;
}

/** The sender of most of what there was more of than usual. */
export interface MainSender extends Pick<SentGroup, 'key' | 'sdk'> {
  /** Their share of the requests or events, about: successful requests are sampled. */
  readonly share: number;
}

/** What counts of a request, by what there was more of. */
const COUNTED: Partial<Record<Change['what'], (request: LiveRequest) => number>> = {
  requests: () => 1,
  events: ({ received }) => received,
  ignored: ({ ignored_as: { event_filtered = 0, exposure_filtered = 0 } }) =>
    event_filtered + exposure_filtered,
};

/**
 * Who sent most of what there was more of than usual, by at most 2,000 lines of the log.
 *
 * @param change Of requests, events, or events that the configured lists leave out; undefined without one.
 * @returns Null without a change, and where the log has no line of it or of no successful request.
 * @throws What CloudWatch Logs' client throws.
 */
export async function readMainSender(
  deployment: Pick<Deployment, 'logs' | 'stack' | 'config' | 'isLocal'>,
  change: Change | undefined,
): Promise<MainSender | null> {
  if (change === undefined) return null;
  const countOf = COUNTED[change.what];
  const logged = loggedShare(deployment);
  if (countOf === undefined || logged === 0) return null;
  const startTime = Date.parse(change.first);
  const { requests } = await readRequests(deployment, {
    filterPattern: '{ $.event = "collect" }',
    times: [{ startTime, endTime: Date.parse(change.last ?? change.first) + PERIOD_MS - 1 }],
    ...NOTED,
  });
  const counted = (request: LiveRequest) => countOf(request) / (isAlwaysLogged(request) ? 1 : logged);
  const groups = bySender(
    requests.map((request) => ({ ...request, code: null })),
    counted,
  );
  const [most] = groups;
  if (most === undefined) return null;
  const all = sum(groups.map(({ count }) => count));
  return { key: most.key, sdk: most.sdk, share: most.count / all };
}

/** Reads lines of requests in the collector's log. @throws What CloudWatch Logs' client throws. */
async function readRequests(
  deployment: Pick<Deployment, 'logs' | 'stack'>,
  question: Omit<LogQuestion, 'group'>,
): Promise<{ readonly requests: readonly LiveRequest[]; readonly hasMore: boolean }> {
  const group = functionLog(deployment.stack, 'collect');
  const { events, hasMore } = await readLog(deployment, { group, ...question });
  const read = ({ timestamp = 0, message = '' }: (typeof events)[number]) =>
    readRequestLine(message, isoTimestamp(timestamp)) ?? [];
  return { requests: events.flatMap(read), hasMore };
}

/** What requests of one group have in common, as one text. */
function senderId({ code, key, sdk }: Pick<SentGroup, 'code' | 'key' | 'sdk'>): string {
  return JSON.stringify([code, key, sdk]);
}

/** Requests by code, key and SDK, the most frequent first. @param counted How much a request counts. Without any it is left out. */
function bySender(
  requests: readonly LiveRequest[],
  counted: (request: LiveRequest) => number,
): readonly SentGroup[] {
  const groups = new Map<string, SentGroup>();
  for (const request of requests) {
    const { code, key_label, sent_key, sdk_type, sdk_version, at, clock_skew_ms, ahead_ms } = request;
    const more = counted(request);
    if (more === 0) continue;
    const key = key_label ?? sent_key;
    const sdk = sdk_type === null ? null : [sdk_type, sdk_version].filter(Boolean).join(' ');
    const id = senderId({ code, key, sdk });
    const { count = 0, first = at, last = at, skewMs = 0 } = groups.get(id) ?? {};
    const times = { first: at < first ? at : first, last: at > last ? at : last };
    const skew = ahead_ms > 0 ? -ahead_ms : (clock_skew_ms ?? 0);
    const most = Math.abs(skew) > Math.abs(skewMs) ? skew : skewMs;
    groups.set(id, { code, key, sdk, count: count + more, ...times, skewMs: most });
  }
  return [...groups.values()].sort((a, b) => b.count - a.count);
}

/**
 * The name of the error with which the stream last did not take a request; null if the log does not say it.
 *
 * @param last Start of the last five minutes with a request that it did not take, ISO 8601.
 * @throws What CloudWatch Logs' client throws.
 */
export async function readOverflowError(
  deployment: Pick<Deployment, 'logs' | 'stack'>,
  last: string,
): Promise<string | null> {
  const startTime = Date.parse(last);
  const { events } = await readLog(deployment, {
    group: functionLog(deployment.stack, 'collect'),
    filterPattern: '"not_streamed"',
    times: [{ startTime, endTime: startTime + PERIOD_MS }],
    ...NOTED,
  });
  const codes = events.flatMap(({ message = '' }) => {
    const { not_streamed: why = null } = readRequestLine(message, last) ?? {};
    return /^(?:held_back|not_acknowledged): (.+)/.exec(why ?? '')?.[1] ?? [];
  });
  return codes.at(-1) ?? null;
}

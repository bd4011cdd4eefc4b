import { DAY_MS, HOUR_MS, isoTimestamp, startOfHour } from '../../../../lib/base/time.ts';
import type { Deployment } from '../../../deployment.ts';
import { PERIOD_MS } from '../changes.ts';
import type { RequestCounts } from '../requestCounts.ts';
import { bySender, MOST_LINES, readLoggedRequests, type SentGroup, senderId } from './loggedRequests.ts';

/** The most lines and pages that are read of requests with such an answer, the newest hours first. */
const MOST_ANSWERS = { mostLines: 10_000, mostPages: 50 } as const;
/** The most keys whose stored requests are looked for: a filter pattern has 1,024 characters. https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html */
const MOST_KEYS = 8;

/** The requests of a sender that were answered 4xx, or 503. */
export interface AnsweredGroup extends SentGroup {
  /**
   * When a request with the same key and SDK was stored last, ISO 8601. It is looked for within the last hour, and since the earliest `last` of
   * all groups. Absent if the log has none: of stored requests it has a part.
   */
  readonly storedAt?: string;
  /**
   * Whether not all stored requests of it were read: the log has more lines, there are more than eight keys, or its key was refused or not
   * looked at, so that the log has no label. Absent if all were.
   */
  readonly isUnsought?: true;
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
  // The period in which the 24 hours begin counts as well: its requests may have come after that.
  const periods = [...day].filter(
    ([at, counts]) => at > from - PERIOD_MS && Object.keys(counts[answer]).length > 0,
  );
  const hours = new Set(periods.map(([at]) => startOfHour(at)));
  if (hours.size === 0) return null;
  const { requests, hasMore } = await readLoggedRequests(deployment, {
    filterPattern: `{ $.event = "collect" && $.level = "${LEVELS[answer]}" }`,
    times: [...hours]
      .toReversed()
      .map((hour) => ({ startTime: Math.max(hour, from), endTime: hour + HOUR_MS - 1 })),
    ...MOST_ANSWERS,
  });
  const groups = bySender(requests, ({ code }) => (code === null ? 0 : 1));
  const unlabelled = new Set(requests.flatMap(({ sent_key }) => sent_key ?? []));
  const sought = await readStored(
    deployment,
    groups.filter(({ key }) => key === null || !unlabelled.has(key)),
  );
  const answered = groups.map((group): AnsweredGroup => {
    const storedAt = sought.stored.get(senderId({ ...group, code: null }));
    if (storedAt !== undefined) return { ...group, storedAt };
    return sought.keys.has(group.key) && !sought.hasMore ? group : { ...group, isUnsought: true };
  });
  return { groups: answered, since: isoTimestamp(Math.min(...periods.map(([at]) => at))), hasMore };
}

/** Stored requests of some senders. */
interface StoredRequests {
  /** When a request of each was stored last, as {@link AnsweredGroup.storedAt} says, by {@link senderId}. */
  readonly stored: ReadonlyMap<string, string>;
  /** Labels of the keys whose requests were looked for, and null if those without a key were. */
  readonly keys: ReadonlySet<string | null>;
  /** Whether there are more lines than were read. */
  readonly hasMore: boolean;
}

/** Looks for stored requests of some senders, whose keys have labels. */
async function readStored(
  deployment: Pick<Deployment, 'logs' | 'stack' | 'now'>,
  groups: readonly SentGroup[],
): Promise<StoredRequests> {
  const keys = new Set(groups.map(({ key }) => key));
  if (keys.size === 0) return { stored: new Map(), keys, hasMore: false };
  const named = [...keys].slice(0, MOST_KEYS);
  const isStored = '$.event = "collect" && $.status = 202';
  // Requests without a key have no member that a pattern could name.
  const alternatives = keys.has(null)
    ? [isStored]
    : named.map((key) => `${isStored} && $.key = ${JSON.stringify(key)}`);
  const hourAgo = deployment.now - HOUR_MS;
  const startTime = Math.min(...groups.map(({ last }) => Date.parse(last)));
  const before = startTime < hourAgo ? [{ startTime, endTime: hourAgo - 1 }] : [];
  const { requests, hasMore } = await readLoggedRequests(deployment, {
    filterPattern: `{ ${alternatives.join(' || ')} }`,
    times: [{ startTime: hourAgo, endTime: deployment.now }, ...before],
    ...MOST_LINES,
  });
  const stored = new Map(bySender(requests, () => 1).map((group) => [senderId(group), group.last]));
  return { stored, keys: keys.has(null) ? keys : new Set(named), hasMore };
}

import { isoTimestamp } from '../../../../lib/base/time.ts';
import type { Deployment } from '../../../deployment.ts';
import { functionLog, type LogQuestion, readLog } from '../../../readLog.ts';
import { type LiveRequest, readRequestLine } from '../liveEntries.ts';

// Requests in the collector's log, by who sent them.

/** The most lines and pages that are read of requests that were stored. */
export const MOST_LINES = { mostLines: 2_000, mostPages: 20 } as const;

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
  /**
   * The milliseconds by which the sender's clock was off most; above 0 if it was behind, below 0 if it was ahead. Where events were
   * ahead of their receipt, what the newest of them was ahead by, below 0, stands in its place.
   */
  readonly skewMs: number;
}

/** The share of successful requests that are logged. The local cloud logs all of them. */
export function loggedShare({ config, isLocal }: Pick<Deployment, 'config' | 'isLocal'>): number {
  return isLocal ? 1 : config.logs.successes;
}

/** Reads lines of requests in the collector's log. @returns The oldest first; `hasMore`: there may be more than were read. @throws What CloudWatch Logs' client throws. */
export async function readLoggedRequests(
  deployment: Pick<Deployment, 'logs' | 'stack'>,
  question: Omit<LogQuestion, 'group'>,
): Promise<{ readonly requests: readonly LiveRequest[]; readonly hasMore: boolean }> {
  const group = functionLog(deployment.stack, 'collect');
  const { events, hasMore } = await readLog(deployment, { group, ...question });
  const read = ({ timestamp = 0, message = '' }: (typeof events)[number]) =>
    readRequestLine(message, isoTimestamp(timestamp)) ?? [];
  return { requests: events.flatMap(read), hasMore };
}

/** What requests of one group have in common, as a text that no other group has. */
export function senderId({ code, key, sdk }: Pick<SentGroup, 'code' | 'key' | 'sdk'>): string {
  return JSON.stringify([code, key, sdk]);
}

/** Requests by code, key and SDK, those that count most first. @param countOf What a request counts; one that counts 0 is left out. */
export function bySender(
  requests: readonly LiveRequest[],
  countOf: (request: LiveRequest) => number,
): readonly SentGroup[] {
  const groups = new Map<string, SentGroup>();
  for (const request of requests) {
    const { code, key_label, sent_key, sdk_type, sdk_version, at, clock_skew_ms, ahead_ms } = request;
    const more = countOf(request);
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

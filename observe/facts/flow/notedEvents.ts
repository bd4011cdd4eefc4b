import { FilterLogEventsCommand, type FilterLogEventsCommandOutput } from '@aws-sdk/client-cloudwatch-logs';
import { partName } from '../../../infra/template/Stack.ts';
import { isoTimestamp } from '../../../lib/base/time.ts';
import type { Deployment } from '../../deployment.ts';
import { type LiveRequest, readRequestLine } from './liveEntries.ts';
import { HOUR_MS } from './requestCounts.ts';

/** Lines and pages of the log that are read, of the last hour first. A page can be empty although others follow. */
const MOST_LINES = 2_000;
const MOST_PAGES = 20;
const HOURS = 24;

/** Events with a time before the year 2000, of one sender. */
export interface OldTimes {
  /** Label of the SDK key. */
  readonly key: string | null;
  /** Name and version. */
  readonly sdk: string | null;
  readonly events: number;
  /** When the first and the last request was answered, ISO 8601. */
  readonly first: string;
  readonly last: string;
}

/** What the collector noted of stored events within 24 hours, as far as its log has it. */
export interface NotedEvents {
  /** Events by what was noted, of the requests that are logged. */
  readonly counts: Readonly<Record<string, number>>;
  /** Every such request is logged. The most events first. */
  readonly before2000: readonly OldTimes[];
  /** Whether there are more lines than were read. */
  readonly hasMore: boolean;
}

/**
 * What the collector noted of events' times, clocks and names, from its log: at most 2,000 requests.
 *
 * @throws What CloudWatch Logs' client throws.
 */
export async function readNoted(
  deployment: Pick<Deployment, 'logs' | 'stack' | 'now'>,
): Promise<NotedEvents> {
  const { now } = deployment;
  const recent = await readLines(deployment, now - HOUR_MS, now, { lines: MOST_LINES, pages: MOST_PAGES });
  const before = await readLines(deployment, now - HOURS * HOUR_MS, now - HOUR_MS - 1, {
    lines: MOST_LINES - recent.requests.length,
    pages: MOST_PAGES - recent.pages,
  });
  const counts: Record<string, number> = {};
  const groups = new Map<string, OldTimes>();
  for (const { noted, key_label: key, sdk_type, sdk_version, at } of [
    ...before.requests,
    ...recent.requests,
  ]) {
    for (const [what, count] of Object.entries(noted)) counts[what] = (counts[what] ?? 0) + count;
    const { before_2000 = 0 } = noted;
    if (before_2000 === 0) continue;
    const sdk = sdk_type === null ? null : [sdk_type, sdk_version].filter(Boolean).join(' ');
    const id = JSON.stringify([key, sdk]);
    const { events = 0, first = at } = groups.get(id) ?? {};
    groups.set(id, { key, sdk, events: events + before_2000, first, last: at });
  }
  return {
    counts,
    before2000: [...groups.values()].sort((a, b) => b.events - a.events),
    hasMore: recent.hasMore || before.hasMore,
  };
}

/** Requests of a time range whose line has something noted, oldest first. */
async function readLines(
  { logs, stack }: Pick<Deployment, 'logs' | 'stack'>,
  startTime: number,
  endTime: number,
  most: { readonly lines: number; readonly pages: number },
) {
  const requests: LiveRequest[] = [];
  let [pages, nextToken]: [number, string | undefined] = [0, undefined];
  do {
    if (requests.length >= most.lines || pages >= most.pages) return { requests, pages, hasMore: true };
    const answer: FilterLogEventsCommandOutput = await logs.send(
      new FilterLogEventsCommand({
        logGroupName: `/aws/lambda/${partName(stack, 'collect')}`,
        // The name of the member: other lines do not have it.
        filterPattern: '"noted"',
        ...{ startTime, endTime, limit: most.lines - requests.length, nextToken },
      }),
    );
    for (const { timestamp = 0, message = '' } of answer.events ?? [])
      requests.push(...[readRequestLine(message, isoTimestamp(timestamp)) ?? []].flat());
    nextToken = answer.nextToken;
    pages += 1;
  } while (nextToken !== undefined);
  return { requests, pages, hasMore: false };
}

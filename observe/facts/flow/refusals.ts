import { FilterLogEventsCommand, type FilterLogEventsCommandOutput } from '@aws-sdk/client-cloudwatch-logs';
import { partName } from '../../../infra/template/Stack.ts';
import { isoTimestamp } from '../../../lib/base/time.ts';
import type { Deployment } from '../../deployment.ts';
import { type LiveRequest, readRequestLine } from './liveEntries.ts';
import { HOUR_MS, readCounts } from './requestCounts.ts';

/** Lines that are read, of the newest hours first. */
const MOST_LINES = 10_000;
/** Pages of the log. A page can be empty although others follow. */
const MOST_PAGES = 50;
const HOURS = 24;

/** Refused requests with one code, from one sender. */
export interface RefusedGroup {
  readonly code: string;
  /** Label of the SDK key; of one that was not accepted, what `sent_key` has (LiveRequest); null without one. */
  readonly key: string | null;
  /** Name and version; null if the request does not say. */
  readonly sdk: string | null;
  readonly requests: number;
  /** When the first and the last was answered, ISO 8601. */
  readonly first: string;
  readonly last: string;
}

/** Requests that were answered 4xx within 24 hours. */
export interface Refusals {
  /** By the collector's metrics. */
  readonly requests: number;
  /** By the lines of its log, the most frequent first. */
  readonly groups: readonly RefusedGroup[];
  /** Whether there are more lines than were read. */
  readonly hasMore: boolean;
}

/**
 * The requests of 24 hours that were answered 4xx, by code, key and SDK. The log is read for hours with such requests only.
 *
 * @returns Null without any.
 * @throws ObserveError; what the clients of CloudWatch and its logs throw.
 */
export async function readRefusals(
  deployment: Pick<Deployment, 'cloudwatch' | 'logs' | 'stack' | 'now'>,
): Promise<Refusals | null> {
  const { logs, stack, now } = deployment;
  const end = (Math.floor(now / HOUR_MS) + 1) * HOUR_MS;
  const hours = [...(await readCounts(deployment, end - HOURS * HOUR_MS, end))].flatMap(
    ([hour, { refusedBy }]) => {
      const requests = Object.values(refusedBy).reduce((sum, count) => sum + count, 0);
      return requests > 0 ? [{ hour, requests }] : [];
    },
  );
  if (hours.length === 0) return null;
  const groups = new Map<string, RefusedGroup>();
  let [read, pages, hasMore] = [0, 0, false];
  for (const { hour } of hours.toReversed()) {
    let nextToken: string | undefined;
    do {
      hasMore = read >= MOST_LINES || pages >= MOST_PAGES;
      if (hasMore) break;
      const answer: FilterLogEventsCommandOutput = await logs.send(
        new FilterLogEventsCommand({
          logGroupName: `/aws/lambda/${partName(stack, 'collect')}`,
          // The level of a request that was answered 4xx.
          filterPattern: '{ $.event = "collect" && $.level = "warn" }',
          ...{ startTime: hour, endTime: hour + HOUR_MS - 1, limit: MOST_LINES - read, nextToken },
        }),
      );
      pages += 1;
      for (const { timestamp = 0, message = '' } of answer.events ?? []) {
        read += 1;
        addTo(groups, readRequestLine(message, isoTimestamp(timestamp)));
      }
      nextToken = answer.nextToken;
    } while (nextToken !== undefined);
    if (hasMore) break;
  }
  return {
    requests: hours.reduce((sum, { requests }) => sum + requests, 0),
    groups: [...groups.values()].sort((a, b) => b.requests - a.requests),
    hasMore,
  };
}

function addTo(groups: Map<string, RefusedGroup>, request: LiveRequest | undefined): void {
  if (request === undefined || request.code === null) return;
  const { code, key_label, sent_key, sdk_type, sdk_version, at } = request;
  const key = key_label ?? sent_key;
  const sdk = sdk_type === null ? null : [sdk_type, sdk_version].filter(Boolean).join(' ');
  const id = JSON.stringify([code, key, sdk]);
  const { requests = 0, first = at, last = at } = groups.get(id) ?? {};
  const times = { first: at < first ? at : first, last: at > last ? at : last };
  groups.set(id, { code, key, sdk, requests: requests + 1, ...times });
}

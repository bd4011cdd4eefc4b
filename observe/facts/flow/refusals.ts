import { FilterLogEventsCommand, type FilterLogEventsCommandOutput } from '@aws-sdk/client-cloudwatch-logs';
import { partName } from '../../../infra/template/Stack.ts';
import { isoTimestamp } from '../../../lib/base/time.ts';
import type { Deployment } from '../../deployment.ts';
import { readRequestLine } from './liveEntries.ts';
import { HOUR_MS } from './requestCounts.ts';

/** Lines that are read. An hour with more refused requests is told by the first of them. */
const MOST_LINES = 2_000;
/** Pages of the log. A page can be empty although others follow. */
const MOST_PAGES = 20;

/** Refused requests with one code, from one sender. */
export interface RefusedGroup {
  readonly code: string;
  /** Label of the SDK key; null if none was accepted. */
  readonly key: string | null;
  /** Name and version; null if the body was not read. */
  readonly sdk: string | null;
  readonly requests: number;
  /** When the first and the last was answered, ISO 8601. */
  readonly first: string;
  readonly last: string;
}

/** Requests that were answered 4xx. */
export interface Refusals {
  /** The most frequent first. */
  readonly groups: readonly RefusedGroup[];
  /** Whether the hour has more than these. */
  readonly hasMore: boolean;
}

/**
 * The requests of the last hour that were answered 4xx, by code, key label and SDK, from the collector's log: at most 2,000.
 *
 * @throws What CloudWatch Logs' client throws.
 */
export async function readRefusals({
  logs,
  stack,
  now,
}: Pick<Deployment, 'logs' | 'stack' | 'now'>): Promise<Refusals> {
  const groups = new Map<string, RefusedGroup>();
  let [read, nextToken]: [number, string | undefined] = [0, undefined];
  for (let page = 0; page < MOST_PAGES && read < MOST_LINES; page += 1) {
    const answer: FilterLogEventsCommandOutput = await logs.send(
      new FilterLogEventsCommand({
        logGroupName: `/aws/lambda/${partName(stack, 'collect')}`,
        // The level of a request that was answered 4xx.
        filterPattern: '{ $.event = "collect" && $.level = "warn" }',
        startTime: now - HOUR_MS,
        limit: MOST_LINES - read,
        nextToken,
      }),
    );
    for (const { timestamp = 0, message = '' } of answer.events ?? []) {
      read += 1;
      const request = readRequestLine(message, isoTimestamp(timestamp));
      if (request === undefined || request.code === null) continue;
      const { code, key_label: key, sdk_type, sdk_version, at } = request;
      const sdk = sdk_type === null ? null : [sdk_type, sdk_version].filter(Boolean).join(' ');
      const id = JSON.stringify([code, key, sdk]);
      const { requests = 0, first = at } = groups.get(id) ?? {};
      groups.set(id, { code, key, sdk, requests: requests + 1, first, last: at });
    }
    nextToken = answer.nextToken;
    if (nextToken === undefined) break;
  }
  return {
    groups: [...groups.values()].sort((a, b) => b.requests - a.requests),
    hasMore: nextToken !== undefined,
  };
}

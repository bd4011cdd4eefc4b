import { FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import * as z from 'zod';
import { partName } from '../../infra/template/Stack.ts';
import { isoTimestamp } from '../../lib/base/time.ts';
import { decodeCursor, encodeCursor, shortDigest } from '../cursor.ts';
import type { Deployment } from '../deployment.ts';
import {
  type LiveAnswer,
  type LiveEntry,
  type LiveOptions,
  type LiveSource,
  readRequestLine,
} from '../facts/flow/liveEntries.ts';
import { liveMatcher } from './filter.ts';

/** How far back the log is read again: lines of several environments arrive late and out of order. */
const OVERLAP_MS = 30_000;
/** Lines that a cursor remembers as read: it is a part of an address. If more come within the overlap, that is shorter. */
const MOST_REMEMBERED = 150;
/** Characters of a page's token that a cursor keeps: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html */
const MOST_TOKEN = 2_048;
/** Lines of one read. */
const MOST_LINES = 500;
/** Lines before now that are passed over. */
const MOST_BEFORE = 10_000;
/** Pages of the log in one read. A page can be empty although others follow. */
const MOST_PAGES = 20;
/** The pause before the log is asked again: it doubles while nothing comes. AWS allows 5 calls a second in an account. */
const PAUSE = { leastMs: 1_000, mostMs: 8_000 } as const;
/** How far before now it begins with `last`. */
const LAST_MS = 60_000;

const logCursor = z.strictObject({
  /** The log is read from here on, epoch milliseconds. */
  since: z.int(),
  /** Lines since then that were read: digests of their IDs, and their times after `since` in milliseconds. */
  seen: z.array(z.tuple([z.string(), z.int()])).max(MOST_REMEMBERED),
  /** Page of the log to go on with: the pages before it were empty. */
  token: z.string().max(MOST_TOKEN).optional(),
});
type LogCursor = z.infer<typeof logCursor>;

/**
 * Reads the requests in the collector's log: those that were refused or had something refused, and the configured part of the
 * others. Nothing but the local cloud tells of rows before they are in files.
 *
 * @throws ObserveError; what the clients of AWS throw.
 */
export async function readDeployedLive(
  deployment: Deployment,
  { after, last = 0, waitMs = 0, most = MOST_LINES, filter = {} }: LiveOptions,
): Promise<LiveAnswer> {
  const isWanted = liveMatcher(filter, deployment.config);
  const start = performance.now();
  let log = after === undefined ? await beginLog(deployment, last) : decodeCursor(logCursor, after);
  for (let pause: number = PAUSE.leastMs; ; pause = Math.min(2 * pause, PAUSE.mostMs)) {
    deployment.signal?.throwIfAborted();
    const now = deployment.now + Math.round(performance.now() - start);
    const read = await readLog(deployment, log, { most, now });
    log = read.cursor;
    const entries = read.entries.filter(isWanted);
    const left = start + waitMs - performance.now();
    if (entries.length > 0 || left <= 0) {
      const next = encodeCursor(log);
      return { entries: entries.sort(byTime), next, dropped: 0, ended: false, source: sourceOf(deployment) };
    }
    await deployment.wait(Math.min(pause, left));
  }
}

function byTime(a: LiveEntry, b: LiveEntry): number {
  return a.at < b.at ? -1 : a.at > b.at ? 1 : 0;
}

/** A cursor behind the lines that are there, or with `last` before those of the last minute. */
async function beginLog(deployment: Deployment, last: number): Promise<LogCursor> {
  if (last > 0) return { since: deployment.now - LAST_MS, seen: [] };
  const overlap = { since: deployment.now - OVERLAP_MS, seen: [] };
  return (await readLog(deployment, overlap, { most: MOST_BEFORE, now: deployment.now })).cursor;
}

interface LogLine {
  /** {@link shortDigest} of its ID. */
  readonly id: string;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly text: string;
}

/** The requests in the log since a cursor, and the cursor behind them. @param now Epoch milliseconds of the deployment. */
async function readLog(
  deployment: Deployment,
  { since, seen, token }: LogCursor,
  { most, now }: { readonly most: number; readonly now: number },
): Promise<{ readonly entries: readonly LiveEntry[]; readonly cursor: LogCursor }> {
  const known = new Set(seen.map(([id]) => id));
  const read = await readLines(deployment, { since, token, isKnown: (id) => known.has(id), most });
  const { lines, isComplete } = read;
  // A busy log can have many pages without a line of these: the next read goes on behind them.
  if (lines.length === 0 && !isComplete && (read.token?.length ?? 0) <= MOST_TOKEN)
    return { entries: [], cursor: { since, seen, token: read.token } };
  const entries = lines.flatMap(({ at, text }) => readRequestLine(text, isoTimestamp(at)) ?? []);
  const all = [
    ...seen.map(([id, after]): [string, number] => [id, since + after]),
    ...lines.map(({ id, at }): [string, number] => [id, at]),
  ].sort(([, a], [, b]) => a - b);
  // Nothing that was forgotten may be read again.
  const forgotten = all.at(-MOST_REMEMBERED - 1)?.[1] ?? 0;
  const newest = Math.max(since, ...lines.map(({ at }) => at), isComplete ? now : 0);
  const from = Math.max(since, newest - OVERLAP_MS, forgotten + 1);
  const remembered = all.slice(-MOST_REMEMBERED).filter(([, at]) => at >= from);
  return { entries, cursor: { since: from, seen: remembered.map(([id, at]) => [id, at - from]) } };
}

async function readLines(
  { logs, stack, signal }: Deployment,
  options: {
    readonly since: number;
    readonly token: string | undefined;
    readonly isKnown: (id: string) => boolean;
    readonly most: number;
  },
): Promise<{
  readonly lines: readonly LogLine[];
  readonly isComplete: boolean;
  readonly token?: string | undefined;
}> {
  const { since: startTime, isKnown, most } = options;
  const lines: LogLine[] = [];
  let nextToken = options.token;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const command = new FilterLogEventsCommand({
      logGroupName: `/aws/lambda/${partName(stack, 'collect')}`,
      filterPattern: '{ $.event = "collect" }',
      startTime,
      nextToken,
    });
    const answer = await logs.send(command, signal === undefined ? {} : { abortSignal: signal });
    for (const { eventId = '', timestamp = 0, message = '' } of answer.events ?? []) {
      const id = shortDigest(eventId);
      if (isKnown(id)) continue;
      if (lines.length === most) return { lines, isComplete: false };
      lines.push({ id, at: timestamp, text: message });
    }
    nextToken = answer.nextToken;
    if (nextToken === undefined) return { lines, isComplete: true };
  }
  return { lines, isComplete: false, token: nextToken };
}

function sourceOf({ config }: Pick<Deployment, 'config'>): LiveSource {
  const { successes } = config.logs;
  return {
    from: 'log',
    successes,
    notes: [
      `Requests: those that were refused, had something refused or overflowed, and ${successes * 100} % of the others (logs.successes). They appear some seconds after the answer.`,
      'Rows are shown by the local cloud only. Status has how many of the last hour are in files.',
    ],
  };
}

import { FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import * as z from 'zod';
import { percent } from '../../lib/base/text.ts';
import { isoTimestamp } from '../../lib/base/time.ts';
import { type Deployment, ObserveError } from '../deployment.ts';
import { type LiveAnswer, readRequestLine } from '../facts/flow/liveEntries.ts';
import { functionLog } from '../readLog.ts';
import { liveMatcher } from './filter.ts';
import type { LiveOptions } from './LiveOptions.ts';

/** The log is read up to this long before now: lines of several environments arrive late and out of order. */
const LATE_MS = 10_000;
/** The most lines of one page of the log. */
const MOST_LINES = 500;
/** The pause before the log is asked again: it doubles while nothing comes. AWS allows 5 calls a second in an account. */
const PAUSE = { leastMs: 1_000, mostMs: 8_000 } as const;
/** The pause between pages of one read. */
const PAGE_PAUSE_MS = 250;
/** How far before now it begins with `last`. */
const LAST_MS = 60_000;

/** The times of the next read, both included, in epoch milliseconds, and the page of it to go on with. */
const logCursor = z.strictObject({
  from: z.int(),
  page: z.strictObject({ to: z.int(), token: z.string() }).optional(),
});
/** See {@link logCursor}. */
type LogCursor = z.infer<typeof logCursor>;

/** A cursor as text, for callers who give it back as it is. */
function encodeCursor(cursor: LogCursor): string {
  return Buffer.from(JSON.stringify(cursor)).toString('base64url');
}

/** Reads a cursor back. @throws ObserveError `SLUICE_OBSERVE_CURSOR_UNKNOWN` for a text that has not the form of one. */
function decodeCursor(text: string): LogCursor {
  try {
    return logCursor.parse(JSON.parse(Buffer.from(text, 'base64url').toString('utf8')));
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof z.ZodError)) throw error;
    throw new ObserveError('SLUICE_OBSERVE_CURSOR_UNKNOWN', '', { cause: error });
  }
}

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
  const { config, logs, stack, now, signal } = deployment;
  const isWanted = liveMatcher(filter, config);
  const start = performance.now();
  let cursor: LogCursor =
    after === undefined ? { from: now - (last > 0 ? LAST_MS : 0) } : decodeCursor(after);
  for (let pause: number = PAUSE.leastMs; ; ) {
    signal?.throwIfAborted();
    const elapsed = performance.now() - start;
    const { from, page } = cursor;
    const to = page?.to ?? now + Math.round(elapsed) - LATE_MS;
    const command = new FilterLogEventsCommand({
      logGroupName: functionLog(stack, 'collect'),
      filterPattern: '{ $.event = "collect" }',
      startTime: from,
      endTime: to,
      nextToken: page?.token,
      limit: most,
    });
    const { events = [], nextToken: token } =
      to < from ? {} : await logs.send(command, signal === undefined ? {} : { abortSignal: signal });
    if (to >= from) cursor = token === undefined ? { from: to + 1 } : { from, page: { to, token } };
    const entries = events
      .flatMap(({ timestamp = 0, message = '' }) => readRequestLine(message, isoTimestamp(timestamp)) ?? [])
      .filter(isWanted);
    if (entries.length > 0 || elapsed >= waitMs)
      return { entries, next: encodeCursor(cursor), dropped: 0, ended: false, notes: notesOf(deployment) };
    // A busy log can have many pages without a line of these.
    await deployment.wait(Math.min(token === undefined ? pause : PAGE_PAUSE_MS, waitMs - elapsed));
    if (token === undefined) pause = Math.min(2 * pause, PAUSE.mostMs);
  }
}

/** What entries of a deployment leave out, in sentences. */
function notesOf({ config }: Pick<Deployment, 'config'>): readonly string[] {
  return [
    `Requests: those that need attention (docs/metrics.md, "Logs"), and ${percent(config.logs.successes, 4)} of the others (logs.successes). They appear ten seconds after the answer; what the log gets later is left out.`,
    'Rows are shown by the local cloud only. Status has how many of the last hour are in files.',
  ];
}

import * as z from 'zod';
import { partName } from '../../infra/template/Stack.ts';
import type { Config } from '../../lib/schema/config.ts';
import type { Deployment } from '../deployment.ts';
import {
  eventOf,
  type LiveAnswer,
  type LiveEntry,
  readRequestLine,
  refusedRequest,
} from '../facts/flow/liveEntries.ts';
import { askLocal, streamedRow } from '../facts/flow/localCloud.ts';
import { liveMatcher } from './filter.ts';
import type { LiveOptions } from './LiveOptions.ts';

/** How many entries of the feed are read, at most, to find the last ones that are wanted. */
const MOST_RECENT = 10_000;
/** In how many answers, at most, those are read: an answer with long rows has few. */
const MOST_READS = 20;
/** Lines and rows that are read at once. */
const MOST_AT_ONCE = 2_000;

/** What the feed answers: packages/local-aws/README.md, "Feed". */
const feedAnswer = z.object({
  /** Lines of logs, rows that streams accepted, and requests that the gateway refused; the oldest first. */
  entries: z.array(
    z.union([
      z.object({ sequence: z.number(), at: z.string(), function: z.string(), line: z.string() }),
      z.object({ sequence: z.number(), at: z.string(), stream: z.string(), document: z.string() }),
      z.object({
        sequence: z.number(),
        at: z.string(),
        refusal: z.object({ status: z.number(), code: z.string(), host: z.string().nullable() }),
      }),
    ]),
  ),
  /** Where the next read begins. */
  next: z.string(),
  /** How many entries the feed has let go since the last read. */
  dropped: z.number(),
  /** Whether the local cloud has ended. */
  ended: z.boolean(),
});
/** See {@link feedAnswer}. */
type FeedAnswer = z.infer<typeof feedAnswer>;

/** The parts of a deployment that are needed to read the local cloud's feed. */
type FeedReaders = Pick<Deployment, 'stack' | 'signal'> & {
  readonly localControl: string;
  readonly config: Pick<Config, 'unitIds'>;
};

/**
 * Reads requests and events in the feed of the local cloud: packages/local-aws/README.md, "Feed".
 *
 * @throws ObserveError `SLUICE_OBSERVE_LOCAL_UNREADABLE`.
 */
export async function readLocalLive(
  deployment: FeedReaders,
  { after, last = 0, waitMs = 0, most = MOST_AT_ONCE, filter = {} }: LiveOptions,
): Promise<LiveAnswer> {
  const isWanted = liveMatcher(filter, deployment.config);
  const read = entryReader(deployment);
  const until = performance.now() + waitMs;
  const isRecent = after === undefined && last > 0;
  const entries: LiveEntry[] = [];
  let next = after;
  let dropped = 0;
  for (let reads = 1; ; reads += 1) {
    const left = isRecent ? 0 : Math.max(0, Math.round(until - performance.now()));
    const query = new URLSearchParams({
      ...(next === undefined ? { last: String(isRecent ? MOST_RECENT : 0) } : { after: next }),
      waitMs: String(left),
      most: String(isRecent ? MOST_AT_ONCE : most),
    });
    const fed = await askFeed(deployment, query, left);
    dropped += fed.dropped;
    next = fed.next;
    for (const line of fed.entries) {
      const entry = read(line);
      if (entry !== undefined && isWanted(entry)) entries.push(entry);
    }
    const isDone = isRecent
      ? fed.entries.length === 0 || reads === MOST_READS
      : entries.length > 0 || left === 0;
    if (isDone || fed.ended) {
      const shown = isRecent ? entries.slice(-last) : entries;
      return { entries: shown, next, dropped, ended: fed.ended, notes: [] };
    }
  }
}

/** Makes the function that reads an entry of the feed; undefined for a line that is no request. */
function entryReader({
  stack,
  config,
}: Pick<FeedReaders, 'stack' | 'config'>): (line: FeedAnswer['entries'][number]) => LiveEntry | undefined {
  const collect = partName(stack, 'collect');
  const unitColumns = Object.values(config.unitIds);
  return (line) => {
    if ('refusal' in line) return refusedRequest(line.refusal, line.at);
    if ('line' in line) return line.function === collect ? readRequestLine(line.line, line.at) : undefined;
    const streamed = streamedRow(line.document);
    return streamed === null
      ? undefined
      : eventOf(streamed.row, { kind: streamed.kind, at: line.at, unitColumns });
  };
}

/**
 * Reads the feed once.
 *
 * @param waitMs How long the local cloud may wait for an entry.
 * @throws ObserveError `SLUICE_OBSERVE_LOCAL_UNREADABLE`; the reason of the deployment's signal.
 */
async function askFeed(
  { localControl, signal }: FeedReaders,
  query: URLSearchParams,
  waitMs: number,
): Promise<FeedAnswer> {
  try {
    return await askLocal(localControl, `feed?${query}`, feedAnswer, { signal, waitMs });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}

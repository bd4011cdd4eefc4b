import { useEffect, useState } from 'preact/hooks';
import type { ErrorObject } from '../../../lib/base/errors.ts';
import type { LiveAnswer } from '../../../observe/facts/flow/liveEntries.ts';
import { asErrorObject, callApi, type Params } from './api.ts';
import type { NumberedEntry } from './bursts.ts';

/** What the page has read with one filter. */
export interface LiveFeed {
  /** The newest {@link MOST_KEPT} entries, oldest first. */
  readonly kept: readonly NumberedEntry[];
  /** All entries that were read: those from before the page or its filter was opened, and those that have come since. */
  readonly total: number;
  /** Entries that went before the page could read them. */
  readonly dropped: number;
  /** What the newest answer says of its limits. */
  readonly notes: LiveAnswer['notes'];
  /** Why the last call failed; it is made again. Undefined if it did not. */
  readonly error: ErrorObject | undefined;
  /** Whether the first call has ended, by an answer or an error. Until then the page is loading. */
  readonly hasBegun: boolean;
}

/** Entries that the page keeps and shows. It begins with as many from before it was opened. */
const MOST_KEPT = 200;
/** Milliseconds for which the server waits for an entry before it answers that there is none. */
const WAIT_MS = 20_000;
/** Milliseconds between an answer and the next call. What comes in it is read by one call and drawn once. */
const PAUSE_AFTER_ANSWER_MS = 250;
/** Milliseconds between a failure, or the end of the local cloud, and the next call. */
const PAUSE_AFTER_FAILURE_MS = 3_000;
/** Milliseconds without typing after which a filter is applied. */
const PAUSE_AFTER_TYPING_MS = 300;

/** The feed before anything was read. */
export const NOTHING: LiveFeed = {
  kept: [],
  total: 0,
  dropped: 0,
  notes: [],
  error: undefined,
  hasBegun: false,
};

/** Follows `/api/live` with a filter; begins again when the filter changes. */
export function useLiveFeed(filter: Params): LiveFeed {
  const [feed, setFeed] = useState(NOTHING);
  // A filter is a new object at each drawing. Its text is the same as long as it says the same.
  const filterText = JSON.stringify(filter);
  useEffect(() => {
    const leaving = new AbortController();
    setFeed(NOTHING);
    const { signal } = leaving;
    const params: Params = JSON.parse(filterText);
    const ask = (position: Params) =>
      callApi<LiveAnswer>('/api/live', { params: { ...params, ...position }, signal });
    void followLive({ ask, show: setFeed, pause: wait, signal });
    return () => leaving.abort();
  }, [filterText]);
  return feed;
}

/** How a feed is followed. */
interface Following {
  /** Calls the API for the entries from a position on: the last ones, or those after a cursor. */
  readonly ask: (position: Params) => Promise<LiveAnswer>;
  /** Gets the feed after each call. */
  readonly show: (feed: LiveFeed) => void;
  /** Resolves after so many milliseconds. */
  readonly pause: (ms: number) => Promise<void>;
  /** Ends the following when it is aborted; the call that is under way is not shown. */
  readonly signal: AbortSignal;
}

/** Asks again and again until the signal is aborted. After a failed call it goes on where it was. */
export async function followLive({ ask, show, pause, signal }: Following): Promise<void> {
  let feed = NOTHING;
  let cursor: string | undefined;
  await pause(PAUSE_AFTER_TYPING_MS);
  while (!signal.aborted) {
    const position = cursor === undefined ? { last: MOST_KEPT } : { after: cursor, waitMs: WAIT_MS };
    let pauseMs: number = PAUSE_AFTER_FAILURE_MS;
    try {
      const answer = await ask(position);
      cursor = answer.next;
      feed = withAnswer(feed, answer);
      if (!answer.ended) pauseMs = PAUSE_AFTER_ANSWER_MS;
    } catch (error) {
      feed = { ...feed, error: asErrorObject(error), hasBegun: true };
    }
    if (!signal.aborted) show(feed);
    await pause(pauseMs);
  }
}

/** The feed with the entries of an answer. The lists are new: a page that is paused keeps the one that it has. */
export function withAnswer({ kept, total, dropped }: LiveFeed, answer: LiveAnswer): LiveFeed {
  const entries = answer.entries.map((entry, i) => ({ number: total + i + 1, entry }));
  return {
    kept: kept.concat(entries).slice(-MOST_KEPT),
    total: total + entries.length,
    dropped: dropped + answer.dropped,
    notes: answer.notes,
    error: undefined,
    hasBegun: true,
  };
}

/** Resolves after so many milliseconds. */
function wait(ms: number): Promise<void> {
  return new Promise((resolve) => window.setTimeout(resolve, ms));
}

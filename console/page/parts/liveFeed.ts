import { useEffect, useState } from 'preact/hooks';
import type { ErrorObject } from '../../../lib/base/errors.ts';
import type { LiveAnswer, LiveEntry } from '../../../observe/facts/flow/liveEntries.ts';
import { asErrorObject, callApi, type Params } from './api.ts';

/** An entry with its number, from 1 in the order in which it came. */
export interface NumberedEntry {
  readonly number: number;
  readonly entry: LiveEntry;
}

/** The received entries. */
export interface LiveFeed {
  /** Oldest first; the newest that are kept. */
  readonly kept: readonly NumberedEntry[];
  /** Entries that have come since the page or its filter was opened. */
  readonly total: number;
  /** Entries that went before the page could read them. */
  readonly dropped: number;
  readonly notes: LiveAnswer['notes'];
  /** Why the last call failed; it is made again. */
  readonly error: ErrorObject | undefined;
  /** Whether the first answer is there. */
  readonly isOpen: boolean;
}

/** Entries that the page shows. It begins with as many of before. */
export const MOST_KEPT = 200;
const WAIT_MS = 20_000;
/** The pause after an answer: what comes meanwhile is read at once, and drawn once. */
const PAUSE_MS = 250;
/** A filter is applied when typing rests. */
const REST_MS = 300;
/** The pause after a failure, or when the local cloud stops. */
const RETRY_MS = 3_000;

const NOTHING: LiveFeed = {
  kept: [],
  total: 0,
  dropped: 0,
  notes: [],
  error: undefined,
  isOpen: false,
};

/** Follows `/api/live` with a filter; begins again when the filter changes. */
export function useLiveFeed(filter: Params): LiveFeed {
  const [feed, setFeed] = useState(NOTHING);
  const filterText = JSON.stringify(filter);
  useEffect(() => {
    const left = new AbortController();
    setFeed(NOTHING);
    void follow(JSON.parse(filterText), left.signal, setFeed);
    return () => left.abort();
  }, [filterText]);
  return feed;
}

async function follow(filter: Params, signal: AbortSignal, show: (feed: LiveFeed) => void): Promise<void> {
  let feed = NOTHING;
  let next: string | undefined;
  await pause(REST_MS);
  while (!signal.aborted) {
    const begin = next === undefined ? { last: MOST_KEPT } : { after: next, waitMs: WAIT_MS };
    let restMs: number = RETRY_MS;
    try {
      const answer = await callApi<LiveAnswer>('/api/live', { params: { ...filter, ...begin }, signal });
      next = answer.next;
      const { total, kept, dropped } = feed;
      const entries = answer.entries.map((entry, i) => ({ number: total + i + 1, entry }));
      feed = {
        // A new list: a page that is paused keeps the one it has.
        kept: kept.concat(entries).slice(-MOST_KEPT),
        total: total + entries.length,
        dropped: dropped + answer.dropped,
        notes: answer.notes,
        error: undefined,
        isOpen: true,
      };
      if (!answer.ended) restMs = PAUSE_MS;
    } catch (error) {
      feed = { ...feed, error: asErrorObject(error), isOpen: true };
    }
    if (!signal.aborted) show(feed);
    await pause(restMs);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => window.setTimeout(resolve, ms));
}

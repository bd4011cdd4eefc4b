import { useEffect, useState } from 'preact/hooks';
import type { ErrorObject } from '../../../lib/base/errors.ts';
import type { LiveAnswer, LiveEntry, LiveSource } from '../../../observe/facts/flow/liveEntries.ts';
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
  readonly source: LiveSource | undefined;
  /** Why the last call failed; it is made again. */
  readonly error: ErrorObject | undefined;
  /** Whether the first answer is there. */
  readonly isOpen: boolean;
}

/** Entries that the page shows. It begins with as many of before. */
export const MOST_KEPT = 200;
const WAIT_MS = 20_000;
/** The pause after an answer: what comes meanwhile is read at once. */
const PAUSE_MS = 100;
/** How often the page is drawn again at most. */
const DRAW_EVERY_MS = 250;
/** A filter is applied when typing rests. */
const REST_MS = 300;
const RETRY_MS = { least: 1_000, most: 10_000 } as const;

const NOTHING: LiveFeed = {
  kept: [],
  total: 0,
  dropped: 0,
  source: undefined,
  error: undefined,
  isOpen: false,
};

/** Follows `/api/live` with a filter; begins again when the filter changes. */
export function useLiveFeed(filter: Params): LiveFeed {
  const [feed, setFeed] = useState(NOTHING);
  const filterText = JSON.stringify(filter);
  useEffect(() => {
    const left = new AbortController();
    let latest = NOTHING;
    let timer: number | undefined;
    let drawnAt = Number.NEGATIVE_INFINITY;
    setFeed(NOTHING);
    // At once after a pause, and else a few times a second, however much comes.
    void follow(JSON.parse(filterText), left.signal, (next) => {
      latest = next;
      timer ??= window.setTimeout(
        () => {
          timer = undefined;
          drawnAt = performance.now();
          setFeed(latest);
        },
        Math.max(0, drawnAt + DRAW_EVERY_MS - performance.now()),
      );
    });
    return () => {
      left.abort();
      window.clearTimeout(timer);
    };
  }, [filterText]);
  return feed;
}

async function follow(filter: Params, signal: AbortSignal, show: (feed: LiveFeed) => void): Promise<void> {
  let kept: NumberedEntry[] = [];
  let [total, dropped, failures] = [0, 0, 0];
  let next: string | undefined;
  await pause(REST_MS, signal);
  while (!signal.aborted) {
    const begin = next === undefined ? { last: MOST_KEPT } : { after: next, waitMs: WAIT_MS };
    try {
      const params = { ...filter, ...begin };
      const answer = await callApi<LiveAnswer>('/api/live', { params, signal });
      if (signal.aborted) return;
      failures = 0;
      next = answer.next;
      dropped += answer.dropped;
      const begun = total;
      total += answer.entries.length;
      // A new list: a page that is paused keeps the one it has.
      kept = kept
        .concat(answer.entries.map((entry, i) => ({ number: begun + i + 1, entry })))
        .slice(-MOST_KEPT);
      show({ kept, total, dropped, source: answer.source, error: undefined, isOpen: true });
      await pause(answer.ended ? RETRY_MS.least : PAUSE_MS, signal);
    } catch (error) {
      if (signal.aborted) return;
      failures += 1;
      show({ kept, total, dropped, source: undefined, error: asErrorObject(error), isOpen: true });
      await pause(Math.min(RETRY_MS.most, RETRY_MS.least * 2 ** (failures - 1)), signal);
    }
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      window.clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = window.setTimeout(end, ms);
    signal.addEventListener('abort', end);
  });
}

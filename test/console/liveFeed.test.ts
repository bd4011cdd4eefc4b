import { describe, expect, it } from '@jest/globals';
import { followLive, type LiveFeed, NOTHING, withAnswer } from '../../console/page/parts/liveFeed.ts';
import type { LiveAnswer, LiveEntry } from '../../observe/facts/flow/liveEntries.ts';

const ENTRY: LiveEntry = {
  type: 'event',
  at: '2026-11-20T10:00:00.000Z',
  kind: 'events',
  event_id: 'e',
  name: 'buy',
  unit: 'ada',
  group: null,
  code: null,
  sdk_type: null,
  sdk_version: null,
  row: null,
};

/** An answer with so many entries, after so many that went before they could be read. */
const answerOf = (count: number, dropped = 0): LiveAnswer => ({
  entries: Array.from({ length: count }, () => ENTRY),
  next: '',
  dropped,
  ended: false,
  notes: [],
});

describe('the feed of a page', () => {
  it('adds up the entries that went before it could read them', () => {
    const feed = withAnswer(withAnswer(NOTHING, answerOf(0, 2)), answerOf(0, 3));
    expect(feed.dropped).toBe(5);
  });

  it('keeps the newest 200 entries, and counts all', () => {
    const feed = withAnswer(withAnswer(NOTHING, answerOf(150)), answerOf(100));
    expect(feed.kept.map(({ number }) => number)).toEqual(Array.from({ length: 200 }, (_, i) => i + 51));
    expect(feed.total).toBe(250);
    expect(withAnswer(feed, answerOf(1)).kept.at(-1)?.number).toBe(251);
  });

  it('waits 300 ms before the first call, 250 ms after an answer, and 3 s after a failure or the end of the local cloud', async () => {
    const leaving = new AbortController();
    const pauses: number[] = [];
    let asked = 0;
    await followLive({
      ask: async () => {
        asked += 1;
        if (asked === 2) throw new Error('no network');
        if (asked === 3) leaving.abort();
        return { ...answerOf(1), ended: asked === 3 };
      },
      show: ({ hasBegun }) => expect(hasBegun).toBe(true),
      pause: async (ms) => void pauses.push(ms),
      signal: leaving.signal,
    });
    expect(pauses).toEqual([300, 250, 3_000, 3_000]);
  });

  it('goes on at its cursor after a call that failed, and shows the error until an answer comes', async () => {
    const leaving = new AbortController();
    const asked: object[] = [];
    const shown: LiveFeed[] = [];
    await followLive({
      ask: async (position) => {
        asked.push(position);
        if (asked.length === 2) throw new Error('no network');
        if (asked.length === 4) leaving.abort();
        return { ...answerOf(1), next: `cursor-${asked.length}` };
      },
      show: (feed) => shown.push(feed),
      pause: async () => {},
      signal: leaving.signal,
    });
    const after = { after: 'cursor-1', waitMs: 20_000 };
    expect(asked).toEqual([{ last: 200 }, after, after, { after: 'cursor-3', waitMs: 20_000 }]);
    expect(shown.map(({ total, error }) => [total, error !== undefined])).toEqual([
      [1, false],
      [1, true],
      [2, false],
    ]);
  });
});

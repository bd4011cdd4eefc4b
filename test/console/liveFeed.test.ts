import { describe, expect, it } from '@jest/globals';
import { NOTHING, withAnswer } from '../../console/page/parts/liveFeed.ts';
import type { LiveEntry } from '../../observe/facts/flow/liveEntries.ts';

/** An answer with so many entries. */
const answerOf = (count: number, dropped = 0) => ({
  entries: Array.from({ length: count }, (): LiveEntry => ({ type: 'request' }) as LiveEntry),
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
  });
});

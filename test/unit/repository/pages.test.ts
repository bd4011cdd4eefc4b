import { describe, expect, it } from '@jest/globals';
import { wordsByPage } from '../../../scripts/docs/words.ts';

/** The most words of a page, for reading at one sitting. */
const MAX_WORDS = 4_000;

describe('the pages that people read', () => {
  it(`have ${MAX_WORDS} words at most each: what is longer is two pages, or a reference that is generated`, () => {
    const words = wordsByPage();
    expect(words.size).toBeGreaterThan(40);
    expect([...words].filter(([, count]) => count > MAX_WORDS)).toEqual([]);
  });
});

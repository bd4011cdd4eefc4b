import { expect, it } from '@jest/globals';
import { lackWords } from '../../../../lib/drops/plan/waitingReason.ts';

it.each([
  { queued: { reason: 'waiting for READY', files: 2 }, words: '2 files and no READY' },
  { queued: { reason: 'waiting for a commit of its files', files: 1 }, words: '1 file and no commit' },
  // As an earlier version has noted it.
  { queued: { reason: 'waiting for READY' }, words: 'files and no READY' },
  { queued: { reason: 'settling', files: 2 }, words: null },
])('a day that waits has and lacks what is noted: $words', ({ queued, words }) => {
  expect(lackWords(queued)).toBe(words);
});

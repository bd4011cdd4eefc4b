import { expect, it } from '@jest/globals';
import { waitingCopies } from '../../../../observe/facts/flow/relayCopies.ts';

const HOUR = Date.UTC(2026, 10, 20, 9);

it.each([
  { what: 'nothing', messages: 0, stored: [], queuedSince: [], oldest: null },
  { what: 'a queue that has become empty', messages: 0, stored: [], queuedSince: [HOUR], oldest: null },
  { what: 'messages', messages: 2, stored: [], queuedSince: [HOUR], oldest: '2026-11-20T09:00:00.000Z' },
  {
    what: 'an older copy in the bucket',
    messages: 2,
    stored: [HOUR, HOUR - 60_000],
    queuedSince: [HOUR],
    oldest: '2026-11-20T08:59:00.000Z',
  },
])('the oldest copy of $what waits since $oldest', ({ messages, stored, queuedSince, oldest }) => {
  expect(waitingCopies(messages, stored, queuedSince)).toEqual({ count: messages, oldest });
});

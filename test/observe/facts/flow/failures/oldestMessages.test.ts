import { expect, it } from '@jest/globals';
import { MINUTE_MS } from '../../../../../lib/base/time.ts';
import { readOldest } from '../../../../../observe/facts/flow/failures/oldestMessages.ts';
import { metricClient } from '../../../../harness/metricClient.ts';

const NOW = Date.UTC(2026, 10, 20, 12);
const QUEUE = 'sluice-prod-write-dead-letters';

it.each([
  { minutes: 0, since: { [QUEUE]: '2026-11-20T11:59:00.000Z' } },
  { minutes: 15, since: { [QUEUE]: '2026-11-20T11:59:00.000Z' } },
  { minutes: 16, since: {} },
])('an age that was measured $minutes minutes ago says $since', async ({ minutes, since }) => {
  const cloudwatch = metricClient({ [`ApproximateAgeOfOldestMessage Maximum ${QUEUE}`]: [[NOW, 60]] });
  const oldest = await readOldest({ cloudwatch, now: NOW + minutes * MINUTE_MS }, [QUEUE]);
  expect(Object.fromEntries(oldest)).toEqual(since);
});

it('the newest of several ages says since when the oldest message waits', async () => {
  const cloudwatch = metricClient({
    [`ApproximateAgeOfOldestMessage Maximum ${QUEUE}`]: [
      [NOW - 3 * MINUTE_MS, 30],
      [NOW - MINUTE_MS, 60],
      [NOW - 2 * MINUTE_MS, 600],
    ],
  });
  const oldest = await readOldest({ cloudwatch, now: NOW }, [QUEUE]);
  expect(oldest.get(QUEUE)).toBe('2026-11-20T11:58:00.000Z');
});

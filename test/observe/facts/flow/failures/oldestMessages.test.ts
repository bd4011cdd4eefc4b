import { expect, it } from '@jest/globals';
import { MINUTE_MS } from '../../../../../lib/base/time.ts';
import { readOldest } from '../../../../../observe/facts/flow/failures/oldestMessages.ts';
import { metricClient } from '../../../../harness/metricClient.ts';

const NOW = Date.UTC(2026, 10, 20, 12);
const QUEUE = 'sluice-prod-write-dead-letters';

it.each([
  { minutes: 14, since: { [QUEUE]: '2026-11-20T11:58:00.000Z' } },
  { minutes: 15, since: {} },
])('an age of a minute that is $minutes minutes old says $since', async ({ minutes, since }) => {
  const cloudwatch = metricClient({
    [`ApproximateAgeOfOldestMessage Maximum ${QUEUE}`]: [[NOW - MINUTE_MS, 60]],
  });
  const oldest = await readOldest({ cloudwatch, now: NOW + minutes * MINUTE_MS }, [QUEUE]);
  expect(Object.fromEntries(oldest)).toEqual(since);
});

import { describe, expect, it } from '@jest/globals';
import { MINUTE_MS } from '../../../../../lib/base/time.ts';
import { defineConfig } from '../../../../../lib/config/defineConfig.ts';
import { readDeadLetters } from '../../../../../observe/facts/flow/failures/deadLetters.ts';
import { metricClient } from '../../../../harness/metricClient.ts';
import { queueClient } from '../../../../harness/queueClient.ts';

const NOW = Date.UTC(2026, 10, 20, 12);

describe('dead letters', () => {
  const QUEUE = 'sluice-prod-write-dead-letters';
  const ages = {
    [`ApproximateAgeOfOldestMessage Maximum ${QUEUE}`]: [
      [NOW - 2 * MINUTE_MS, 600],
      [NOW - MINUTE_MS, 60],
    ],
  } satisfies Parameters<typeof metricClient>[0];
  const deployment = {
    cloudwatch: metricClient(ages),
    stack: { service: 'sluice', stage: 'prod' },
    config: defineConfig({ bucket: 'acme', curate: false }),
    now: NOW,
  };

  it('are counted of each function that the configuration uses, hidden ones too, since the time that the newest age says', async () => {
    const found = await readDeadLetters({ ...deployment, sqs: queueClient([2, 1]) });
    expect(found).toMatchObject([
      { part: 'register', queue: 'sluice-prod-register-dead-letters', messages: 3, since: null },
      // A minute ago its age was 60 seconds.
      { part: 'write', queue: QUEUE, messages: 3, since: '2026-11-20T11:58:00.000Z' },
    ]);
  });

  it('are none in an empty queue', async () => {
    expect(await readDeadLetters({ ...deployment, sqs: queueClient([0, 0]) })).toEqual([]);
  });
});

import { QueueDoesNotExist } from '@aws-sdk/client-sqs';
import { afterAll, expect, it } from '@jest/globals';
import { defineConfig } from '../../../../lib/config/defineConfig.ts';
import { relayId, relayRefusedKey, relayWaitingKey } from '../../../../lib/tables/relayKeys.ts';
import type { Deployment } from '../../../../observe/deployment.ts';
import { areCopiesLate, readRelayState, waitingCopies } from '../../../../observe/facts/flow/relayCopies.ts';
import { metricClient } from '../../../harness/metricClient.ts';
import { queueClient } from '../../../harness/queueClient.ts';
import { startLanding } from '../../startLanding.ts';

const HOUR = Date.UTC(2026, 10, 20, 9);
const MINUTE = 60_000;

const landing = await startLanding();
afterAll(() => landing.close());

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

/** What relay has not delivered, by SQS and by ages that were measured some minutes ago. */
function relayState(
  sqs: Deployment['sqs'],
  ages: Readonly<Record<string, readonly (readonly [minutesAgo: number, seconds: number])[]>> = {},
) {
  const values = Object.entries(ages).map(([name, points]) => {
    return [name, points.map(([minutes, age]) => [HOUR - minutes * MINUTE, age] as const)] as const;
  });
  const asked = {
    ...landing,
    config: defineConfig({ bucket: landing.config.bucket, relay: { statsig: true } }),
    stack: { service: 'sluice', stage: 'prod' },
    cloudwatch: metricClient(Object.fromEntries(values)),
    sqs,
    now: HOUR,
  };
  return readRelayState(asked);
}

it('copies that are not tried again are counted by reason, the most frequent first, also beside objects of other names', async () => {
  const keep = (key: string) => landing.put(key, Buffer.of(1));
  const id = (minutes: number) => relayId(HOUR - minutes * MINUTE, 'a'.repeat(24));
  await keep(relayRefusedKey({ reason: '400', at: HOUR - 9 * MINUTE, id: id(30) }));
  for (const minutes of [20, 40])
    await keep(relayRefusedKey({ reason: 'expired', at: HOUR - minutes * MINUTE, id: id(minutes + 5) }));
  await keep(relayWaitingKey(id(50)));
  await keep('relay/refused/other');
  await keep('relay/waiting/other');
  const at = (minutes: number) => new Date(HOUR - minutes * MINUTE).toISOString();
  expect(await relayState(queueClient([3, 1]))).toEqual({
    waiting: { count: 4, oldest: at(50) },
    refused: [
      { reason: 'expired', count: 2, since: at(40), oldest: at(45) },
      { reason: '400', count: 1, since: at(9), oldest: at(30) },
    ],
    hasMore: false,
  });
  await landing.empty();
});

it.each([
  {
    what: 'what the function has measured',
    ages: {
      'RelayAge Maximum relay prod': [
        [40, 1_200],
        [62, 0],
      ],
    },
    minutes: 60,
  },
  {
    what: 'what SQS has measured within a quarter of an hour, without empty minutes',
    ages: {
      'ApproximateAgeOfOldestMessage Maximum sluice-prod-relay': [
        [16, 6_000],
        [15, 600],
        [1, 0],
      ],
    },
    minutes: 25,
  },
] as const)('the oldest copy of a queue is told by $what', async ({ ages, minutes }) => {
  const state = await relayState(queueClient([1, 0]), ages);
  expect(state?.waiting.oldest).toBe(new Date(HOUR - minutes * MINUTE).toISOString());
});

it.each([
  { minutes: 60, isLate: true },
  { minutes: 59.9, isLate: false },
  { minutes: null, isLate: false },
])('copies of which the oldest waits for $minutes minutes are late: $isLate', ({ minutes, isLate }) => {
  const oldest = minutes === null ? null : new Date(HOUR - minutes * MINUTE).toISOString();
  expect(areCopiesLate({ waiting: { count: 1, oldest }, refused: [], hasMore: false }, HOUR)).toBe(isLate);
});

it('relay that is configured and not deployed has no state', async () => {
  const sqs = queueClient([1, 0]);
  sqs.middlewareStack.add(
    () => () => Promise.reject(new QueueDoesNotExist({ message: 'no queue', $metadata: {} })),
    { step: 'initialize', priority: 'high' },
  );
  expect(await relayState(sqs)).toBeNull();
});

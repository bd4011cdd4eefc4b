import { S3Client } from '@aws-sdk/client-s3';
import { QueueDoesNotExist } from '@aws-sdk/client-sqs';
import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { isoTimestamp, MINUTE_MS } from '../../../../lib/base/time.ts';
import { defineConfig } from '../../../../lib/config/defineConfig.ts';
import { relayId, relayRefusedKey, relayWaitingKey } from '../../../../lib/tables/relayKeys.ts';
import type { Deployment } from '../../../../observe/deployment.ts';
import { readRelayState } from '../../../../observe/facts/flow/relayCopies.ts';
import { answeredBy } from '../../../harness/answering.ts';
import { metricClient } from '../../../harness/metricClient.ts';
import { queueClient } from '../../../harness/queueClient.ts';
import { startLanding } from '../../startLanding.ts';

const NOW = Date.UTC(2026, 10, 20, 9);
const minutesAgo = (minutes: number) => NOW - minutes * MINUTE_MS;

const landing = await startLanding();
afterEach(() => landing.empty());
afterAll(() => landing.close());

/** What relay has not delivered, by SQS and by ages that were measured some minutes ago. */
function relayState(
  sqs: Deployment['sqs'],
  ages: Readonly<Record<string, readonly (readonly [minutesAgo: number, seconds: number])[]>> = {},
  { s3 }: Pick<Deployment, 's3'> = landing,
) {
  const values = Object.entries(ages).map(([name, points]) => {
    return [name, points.map(([minutes, age]) => [minutesAgo(minutes), age] as const)] as const;
  });
  const asked = {
    s3,
    config: defineConfig({ bucket: landing.config.bucket, relay: { statsig: true } }),
    stack: { service: 'sluice', stage: 'prod' },
    cloudwatch: metricClient(Object.fromEntries(values)),
    sqs,
    now: NOW,
  };
  return readRelayState(asked);
}

it('copies that wait are counted, and those that are not tried again by reason, whatever else is beside them', async () => {
  const keep = (key: string) => landing.put(key, Buffer.of(1));
  const id = (minutes: number) => relayId(minutesAgo(minutes), 'a'.repeat(24));
  await keep(relayRefusedKey({ reason: '400', at: minutesAgo(9), id: id(30) }));
  for (const minutes of [20, 40])
    await keep(relayRefusedKey({ reason: 'expired', at: minutesAgo(minutes), id: id(minutes + 5) }));
  await keep(relayWaitingKey(id(50)));
  await landing.put(relayWaitingKey(id(70)), Buffer.of());
  await keep('relay/refused/other');
  await keep('relay/waiting/other');
  const at = (minutes: number) => isoTimestamp(minutesAgo(minutes));
  expect(await relayState(queueClient([3, 1]))).toEqual({
    waiting: { count: 4, oldest: at(50) },
    stranded: null,
    refused: [
      { reason: 'expired', count: 2, since: at(40), oldest: at(45) },
      { reason: '400', count: 1, since: at(9), oldest: at(30) },
    ],
    hasMore: false,
  });
});

it.each([
  {
    what: 'the age that the function has measured',
    ages: {
      'RelayAge Maximum relay prod': [
        [40, 1_200],
        [62, 0],
      ],
    },
    minutes: 60,
  },
  {
    what: 'the full minute that follows from the age, however long after the beginning of its minute a run measured it',
    ages: {
      'RelayAge Maximum relay prod': [
        [40, 1_222],
        [20, 2_459],
      ],
    },
    minutes: 60,
  },
  {
    what: 'the age that SQS has measured within 15 minutes, but for an age of 0',
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
  expect(state?.waiting.oldest).toBe(isoTimestamp(minutesAgo(minutes)));
});

describe('copies in the bucket', () => {
  const keep = (minutes: number, copy = Buffer.of(1)) =>
    landing.put(relayWaitingKey(relayId(minutesAgo(minutes), 'b'.repeat(24))), copy);

  it.each([
    {
      are: 'are',
      what: 'no queue has a message',
      sqs: queueClient([0, 0]),
      stranded: { count: 2, minutes: 90 },
    },
    {
      are: 'are not',
      what: 'the queue has a message',
      sqs: queueClient([0, 1], { 'relay-dead-letters': [0, 0] }),
      stranded: null,
    },
    {
      are: 'are not',
      what: 'a dead letter is there',
      sqs: queueClient([0, 0], { 'relay-dead-letters': [1, 0] }),
      stranded: null,
    },
  ])('of an hour and more $are told as without messages where $what', async ({ sqs, stranded }) => {
    for (const minutes of [59, 60, 90]) await keep(minutes);
    await keep(95, Buffer.of());
    const state = await relayState(sqs);
    const told = stranded && {
      count: stranded.count,
      hasMore: false,
      oldest: isoTimestamp(minutesAgo(stranded.minutes)),
    };
    expect(state?.stranded).toEqual(told);
  });

  it.each([
    { folder: 'relay/waiting/', stranded: { count: 10_000, hasMore: true }, refused: 1, hasMore: false },
    { folder: 'relay/refused/', stranded: { count: 1, hasMore: false }, refused: 10_000, hasMore: true },
  ])('are counted up to 10,000, and told to be more, in $folder', async ({ folder, refused, ...told }) => {
    const id = relayId(minutesAgo(90), 'c'.repeat(24));
    const s3 = answeredBy(S3Client, ({ input: { Prefix } }) => {
      const isWaiting = Prefix === 'relay/waiting/';
      const Key = isWaiting ? relayWaitingKey(id) : relayRefusedKey({ reason: '400', at: NOW, id });
      const object = { Key, Size: 1, ETag: '"e"', LastModified: new Date(NOW) };
      return { Contents: Array(Prefix === folder ? 10_001 : 1).fill(object) };
    });
    const state = await relayState(queueClient([0, 0]), {}, { s3 });
    expect(state).toMatchObject({ refused: [{ reason: '400', count: refused }], ...told });
  });
});

it('relay that is configured and not deployed has no state', async () => {
  const sqs = queueClient([1, 0]);
  sqs.middlewareStack.add(
    () => () => Promise.reject(new QueueDoesNotExist({ message: 'no queue', $metadata: {} })),
    { step: 'initialize', priority: 'high' },
  );
  expect(await relayState(sqs)).toBeNull();
});

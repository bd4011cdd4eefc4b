import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { describe, expect, it } from '@jest/globals';
import { HOUR_MS, isoTimestamp, MINUTE_MS } from '../../../lib/base/time.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { readFunctionRuns } from '../../../observe/facts/functionErrors.ts';
import { metricClient } from '../../harness/metricClient.ts';

const NOW = Date.UTC(2026, 10, 20, 12);
const stack = { service: 'sluice', stage: 'prod' };

/** A client of an SQS all of whose queues have so many messages. */
function queueClient(visible: number, hidden: number): SQSClient {
  const client = new SQSClient({ region: 'us-east-1' });
  client.middlewareStack.add(
    (_, { commandName }) =>
      async () => ({
        response: {},
        output: {
          $metadata: {},
          ...(commandName === GetQueueAttributesCommand.name
            ? {
                Attributes: {
                  ApproximateNumberOfMessages: String(visible),
                  ApproximateNumberOfMessagesNotVisible: String(hidden),
                },
              }
            : { QueueUrl: 'https://queue' }),
        },
      }),
    { step: 'initialize' },
  );
  return client;
}

/** The functions that do not run, where the writer's oldest message was sent so many minutes ago, and its last run began before that. */
async function idleWith(queue: {
  readonly visible: number;
  readonly hidden: number;
  readonly age: number;
}): Promise<readonly object[]> {
  const cloudwatch = metricClient({
    'ApproximateAgeOfOldestMessage Maximum sluice-prod-write': [[NOW - MINUTE_MS, (queue.age - 1) * 60]],
    'Invocations Sum sluice-prod-write': [[NOW - HOUR_MS, 1]],
  });
  const config = defineConfig({ bucket: 'acme', curate: false });
  const sqs = queueClient(queue.visible, queue.hidden);
  const { idle } = await readFunctionRuns(
    { cloudwatch, sqs, stack, config, now: NOW },
    isoTimestamp(NOW - HOUR_MS),
  );
  return idle;
}

describe('a function with errors', () => {
  const at = (minutes: number) => NOW - minutes * MINUTE_MS;

  it('has them since the first that no good run came after, with the longest run before', async () => {
    const failing = [3_000, 1_600, 10].map((minutes) => [at(minutes), 1] as const);
    const cloudwatch = metricClient({
      'Errors Sum sluice-prod-write': [[at(4_000), 1], ...failing],
      'Invocations Sum sluice-prod-write': [[at(4_000), 1], [at(3_500), 1], ...failing],
      'Duration Maximum sluice-prod-write': [
        [at(4_000), 900_000],
        [at(3_500), 12_000],
        [at(3_000), 900_000],
      ],
    });
    const config = defineConfig({ bucket: 'acme', curate: false });
    const sqs = queueClient(0, 0);
    const { errors } = await readFunctionRuns({ cloudwatch, sqs, stack, config, now: NOW }, null);
    expect(errors).toMatchObject([
      { part: 'write', errors: 1, first: isoTimestamp(at(3_000)), longestBefore: 12 },
    ]);
  });
});

describe('a function that is throttled alone', () => {
  it('is so since its first throttled run of the day, whatever failed before', async () => {
    const at = (minutes: number) => NOW - minutes * MINUTE_MS;
    const cloudwatch = metricClient({
      'Errors Sum sluice-prod-write': [[at(3_000), 1]],
      'Invocations Sum sluice-prod-write': [[at(3_000), 1]],
      'Throttles Sum sluice-prod-write': [[at(10), 1]],
    });
    const config = defineConfig({ bucket: 'acme', curate: false });
    const { errors } = await readFunctionRuns(
      { cloudwatch, sqs: queueClient(0, 0), stack, config, now: NOW },
      null,
    );
    expect(errors).toMatchObject([{ errors: 0, throttled: 1, first: isoTimestamp(at(10)) }]);
  });
});

describe('a function of whose queue nobody takes messages', () => {
  it('does not run, 20 minutes after the oldest was sent', async () => {
    const idle = { part: 'write', messages: 3, since: isoTimestamp(NOW - 20 * MINUTE_MS) };
    expect(await idleWith({ visible: 3, hidden: 0, age: 20 })).toMatchObject([idle]);
  });

  it('may run if a run has received some', async () => {
    expect(await idleWith({ visible: 3, hidden: 1, age: 20 })).toEqual([]);
  });

  it('may have a run that is not counted yet, a minute before that', async () => {
    expect(await idleWith({ visible: 3, hidden: 0, age: 19 })).toEqual([]);
  });
});

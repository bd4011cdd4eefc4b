import { ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { countMessages, taskQueue } from '../../../lib/aws/taskQueue.ts';
import { ManualClock } from '../../../packages/local-aws/src/base/index.ts';
import { answering } from '../../harness/answering.ts';
import { startAws } from '../../harness/startAws.ts';

const clock = new ManualClock(Date.UTC(2026, 10, 24));
const aws = await startAws({ clock });
const { sqs } = aws;
let made = 0;
let queue = '';
afterAll(() => aws.close());
beforeEach(() => {
  made += 1;
  queue = aws.addQueue(`queue-${made}`);
});

/** Bodies of the messages that the queue hands out at once. */
async function received(): Promise<readonly string[]> {
  const { Messages = [] } = await sqs.send(
    new ReceiveMessageCommand({ QueueUrl: queue, MaxNumberOfMessages: 10 }),
  );
  return Messages.map(({ Body = '' }) => Body);
}

describe('messages of tasks', () => {
  const timing = { wait: async () => undefined, random: () => 0 };

  it('are sent and counted, more of them than SQS takes at once', async () => {
    const bodies = Array.from({ length: 25 }, (_, i) => `task ${i}`);
    await taskQueue(sqs, queue, timing).send(bodies);
    expect(await countMessages(sqs, queue)).toBe(25);
    const found: string[] = [];
    while (found.length < 25) found.push(...(await received()));
    expect(found.toSorted()).toEqual(bodies.toSorted());
    expect(await countMessages(sqs, queue)).toBe(0);
  });

  it('stay hidden for as long as is asked', async () => {
    await taskQueue(sqs, queue, timing).send(['later'], 60);
    clock.advance(59_999);
    expect(await received()).toEqual([]);
    clock.advance(1);
    expect(await received()).toEqual(['later']);
  });

  it('have the message group that is asked', async () => {
    await taskQueue(sqs, queue, timing).send(['a task'], 0, 'acme');
    const [message] = aws.queues.byName(`queue-${made}`).receive(1);
    expect(message).toMatchObject({ body: 'a task', groupId: 'acme' });
  });
});

it('a queue that says no number has no message', async () => {
  expect(await countMessages(answering(SQSClient, {}).client, 'q')).toBe(0);
});

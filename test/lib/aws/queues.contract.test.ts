import { ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { relayQueues, sqsSend } from '../../../lib/aws/relayQueue.ts';
import { countMessages, taskQueue } from '../../../lib/aws/taskQueue.ts';
import { ManualClock } from '../../../packages/local-aws/src/base/index.ts';
import { startAws } from '../../harness/startAws.ts';

const clock = new ManualClock(Date.UTC(2026, 10, 24));
const aws = await startAws({ clock });
const { sqs } = aws;
let made = 0;
let queue = '';
let dead = '';

afterAll(() => aws.close());
beforeEach(() => {
  made += 1;
  queue = aws.addQueue(`queue-${made}`);
  dead = aws.addQueue(`dead-${made}`);
});

async function received(QueueUrl: string) {
  const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
  return Messages.map(({ Body = '', ReceiptHandle = '', MessageId = '' }) => ({
    Body,
    ReceiptHandle,
    MessageId,
  }));
}

describe('messages of tasks', () => {
  const timing = { wait: async () => undefined, random: () => 0 };

  it('are sent ten at a time, in their order, and counted', async () => {
    const bodies = Array.from({ length: 25 }, (_, i) => `task ${i}`);
    await taskQueue(sqs, queue, timing).send(bodies);
    expect(await countMessages(sqs, queue)).toBe(25);
    const found: string[] = [];
    while (found.length < 25) found.push(...(await received(queue)).map(({ Body }) => Body));
    expect(found.sort()).toEqual(bodies.sort());
    expect(await countMessages(sqs, queue)).toBe(0);
  });

  it('stay hidden for as long as is asked', async () => {
    await taskQueue(sqs, queue, timing).send(['later'], 60);
    expect(await received(queue)).toEqual([]);
    clock.advance(60_000);
    expect(await received(queue)).toMatchObject([{ Body: 'later' }]);
  });

  it('have the message group that is asked', async () => {
    await taskQueue(sqs, queue, timing).send(['a task'], 0, 'acme');
    const [message] = aws.queues.byName(`queue-${made}`).receive(1);
    expect(message).toMatchObject({ body: 'a task', groupId: 'acme' });
  });
});

describe('messages of relay', () => {
  it('are hidden from their receive on, for twelve hours at most, and buried as they are', async () => {
    await sqsSend(sqs, queue)('a copy', 5_000);
    const relay = relayQueues(sqs, queue, dead);
    const [first] = await received(queue);
    const message = { messageId: '', body: '', receives: 1, sentAt: 0 };
    await relay.hide({ ...message, receipt: first?.ReceiptHandle ?? '' }, 90_500);
    clock.advance(90_999);
    expect(await received(queue)).toEqual([]);
    clock.advance(1);
    const [second] = await received(queue);
    expect(second?.Body).toBe('a copy');
    await relay.hide({ ...message, receipt: second?.ReceiptHandle ?? '' }, 100 * 3_600_000);
    clock.advance(43_200_000 - 1);
    expect(await received(queue)).toEqual([]);
    clock.advance(1);
    expect(await received(queue)).toHaveLength(1);
    await relay.bury('{"planted":1}');
    expect(await received(dead)).toMatchObject([{ Body: '{"planted":1}' }]);
  });
});

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
  return Messages.map(({ Body = '', ReceiptHandle = '' }) => ({ Body, ReceiptHandle }));
}

describe('messages of tasks', () => {
  const timing = { wait: async () => undefined, random: () => 0 };

  it('are sent and counted, more of them than SQS takes at once', async () => {
    const bodies = Array.from({ length: 25 }, (_, i) => `task ${i}`);
    await taskQueue(sqs, queue, timing).send(bodies);
    expect(await countMessages(sqs, queue)).toBe(25);
    const found: string[] = [];
    while (found.length < 25) found.push(...(await received(queue)).map(({ Body }) => Body));
    expect(found.toSorted()).toEqual(bodies.toSorted());
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
  /** Receives the only message, and hides it for so long, milliseconds. */
  async function hideFor(ms: number): Promise<void> {
    const [first] = await received(queue);
    if (first === undefined) throw new Error('no message');
    const message = { messageId: '', body: '', receives: 1, sentAt: 0, receipt: first.ReceiptHandle };
    await relayQueues(sqs, queue, dead).hide(message, ms);
  }

  it.each([
    { what: 'for as long as is asked, in whole seconds', asked: 90_500, hidden: 91_000 },
    { what: 'for twelve hours at most', asked: 100 * 3_600_000, hidden: 43_200_000 },
  ])('are hidden from their receive on $what', async ({ asked, hidden }) => {
    await sqsSend(sqs, queue)('a copy', 5_000);
    await hideFor(asked);
    clock.advance(hidden - 1);
    expect(await received(queue)).toEqual([]);
    clock.advance(1);
    expect(await received(queue)).toMatchObject([{ Body: 'a copy' }]);
  });

  it('are buried as they are', async () => {
    await relayQueues(sqs, queue, dead).bury('{"planted":1}');
    expect(await received(dead)).toMatchObject([{ Body: '{"planted":1}' }]);
  });
});

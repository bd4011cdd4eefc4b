import { ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { relayQueues, sqsSend } from '../../../lib/aws/relayQueue.ts';
import { MAX_RETRY_AFTER_MS } from '../../../lib/relay/limits.ts';
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

describe('messages of relay', () => {
  it.each([
    { asked: 90_500, hidden: 91_000 },
    { asked: MAX_RETRY_AFTER_MS, hidden: 43_000_000 },
  ])('that are to be hidden for $asked ms from now on are for $hidden ms', async ({ asked, hidden }) => {
    await sqsSend(sqs, queue)('a copy', 5_000);
    const [first] = await received(queue);
    const message = {
      messageId: '',
      body: '',
      receives: 1,
      sentAt: 0,
      receipt: first?.ReceiptHandle ?? '',
    };
    // The try before it takes time.
    clock.advance(20_000);
    await relayQueues(sqs, queue, dead).hide(message, asked);
    clock.advance(hidden - 1);
    expect(await received(queue)).toEqual([]);
    clock.advance(1);
    expect(await received(queue)).toMatchObject([{ Body: 'a copy' }]);
  });

  it('are put on the dead-letter queue as they are', async () => {
    await relayQueues(sqs, queue, dead).bury('{"planted":1}');
    expect(await received(dead)).toMatchObject([{ Body: '{"planted":1}' }]);
    expect(await received(queue)).toEqual([]);
  });
});

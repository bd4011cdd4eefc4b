import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { snsService, Topics } from '../../src/sns/index.ts';
import { startServices } from '../../src/testing/startServices.ts';

const TopicArn = 'arn:aws:sns:us-east-1:000000000000:on-call';
let topics: Topics;
let client: SNSClient;
let close: () => Promise<void>;

beforeEach(async () => {
  topics = new Topics({ now: () => Date.parse('2026-11-25T00:00:00Z') });
  const started = await startServices([snsService({ topics })]);
  client = new SNSClient({ ...started.options, maxAttempts: 1 });
  close = started.close;
});

afterEach(async () => {
  client.destroy();
  await close();
});

describe('Publish', () => {
  it('keeps the message', async () => {
    const { MessageId } = await client.send(
      new PublishCommand({ TopicArn, Subject: 'Sluice prod: 1 began', Message: 'Käse\nzwei' }),
    );
    expect(MessageId).toMatch(/^[\da-f-]{36}$/);
    expect(topics.list()).toEqual([
      {
        ...{ at: '2026-11-25T00:00:00.000Z', topic: TopicArn, subject: 'Sluice prod: 1 began' },
        message: 'Käse\nzwei',
      },
    ]);
  });

  it.each([
    ['a subject of two lines', { Subject: 'a\nb', Message: 'a' }],
    ['a subject of 100 characters', { Subject: 'a'.repeat(100), Message: 'a' }],
    ['a message of more than 256 KiB', { Message: 'ä'.repeat(131_073) }],
    ['an empty message', { Message: '' }],
  ])('refuses %s', async (_, input) => {
    await expect(client.send(new PublishCommand({ TopicArn, ...input }))).rejects.toMatchObject({
      Code: 'InvalidParameter',
    });
    expect(topics.list()).toEqual([]);
  });

  it('takes the largest message', async () => {
    await client.send(new PublishCommand({ TopicArn, Message: 'ä'.repeat(131_072) }));
    expect(topics.list()).toHaveLength(1);
  });
});

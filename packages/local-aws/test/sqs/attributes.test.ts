import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SendMessageCommand, SetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { queueSettingsSchema } from '../../src/sqs/queueSettings.ts';
import { failureOf } from '../../src/testing/startS3.ts';
import { startSqs } from './startSqs.ts';

describe('a queue of the local SQS', () => {
  let sqs: Awaited<ReturnType<typeof startSqs>>;
  let QueueUrl: string | undefined;

  const send = () => sqs.client.send(new SendMessageCommand({ QueueUrl, MessageBody: 'body' }));

  beforeEach(async () => {
    sqs = await startSqs();
    sqs.queues.ensure('work', queueSettingsSchema.parse({ MaximumMessageSize: 1024 }));
    QueueUrl = sqs.urlOf('work');
  });
  afterEach(() => sqs.close());

  it('refuses attributes of messages and other settings by name, and a message without a body', async () => {
    const refused = async (input: object) =>
      (await failureOf(sqs.client.send(new SendMessageCommand({ QueueUrl, MessageBody: 'x', ...input }))))
        .name;
    const kind = { DataType: 'String', StringValue: 'x' };
    expect(await refused({ MessageAttributes: { kind } })).toBe('NotImplemented');
    expect(await refused({ MessageSystemAttributes: { AWSTraceHeader: kind } })).toBe('NotImplemented');
    expect(await refused({ MessageBody: '' })).toBe('MissingParameter');
    const attributes = new SetQueueAttributesCommand({ QueueUrl, Attributes: { DelaySeconds: '1' } });
    expect((await failureOf(sqs.client.send(attributes))).name).toBe('NotImplemented');
    expect(sqs.queues.byName('work').pending()).toBe(0);
  });

  it('is found by its name in place of its URL', async () => {
    await sqs.client.send(new SendMessageCommand({ QueueUrl: 'work', MessageBody: 'x' }));
    expect(sqs.queues.byName('work').pending()).toBe(1);
  });

  it('is gone when it is deleted, with its messages', async () => {
    await send();
    const queue = sqs.queues.byName('work');
    const [message] = queue.receive(1);
    sqs.queues.delete('work');
    // Whoever still works on a message may end it, without effect.
    queue.delete(message?.receipt ?? '');
    expect(await failureOf(send())).toMatchObject({ name: 'QueueDoesNotExist' });
    expect(sqs.queues.ensure('work', queueSettingsSchema.parse({})).pending()).toBe(0);
  });

  it('has no messages of a queue whose deletion was interrupted', async () => {
    await send();
    const folder = join(sqs.directory, 'work');
    const messages = readFileSync(join(folder, 'messages.jsonl'));
    sqs.queues.delete('work');
    mkdirSync(folder);
    writeFileSync(join(folder, 'messages.jsonl'), messages);
    const restarted = sqs.open();
    expect(restarted.all()).toEqual([]);
    expect(restarted.ensure('work', queueSettingsSchema.parse({})).pending()).toBe(0);
    restarted.close();
  });
});

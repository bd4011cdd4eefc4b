import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CreateQueueCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  ListQueueTagsCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
  TagQueueCommand,
  UntagQueueCommand,
} from '@aws-sdk/client-sqs';
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
    ({ QueueUrl } = await sqs.client.send(
      new CreateQueueCommand({ QueueName: 'work', Attributes: { MaximumMessageSize: '1024' } }),
    ));
  });
  afterEach(() => sqs.close());

  it('refuses attributes of messages by name, and a message without a body', async () => {
    const refused = async (input: object) =>
      (await failureOf(sqs.client.send(new SendMessageCommand({ QueueUrl, MessageBody: 'x', ...input }))))
        .name;
    const kind = { DataType: 'String', StringValue: 'x' };
    expect(await refused({ MessageAttributes: { kind } })).toBe('NotImplemented');
    expect(await refused({ MessageSystemAttributes: { AWSTraceHeader: kind } })).toBe('NotImplemented');
    expect(await refused({ MessageBody: '' })).toBe('MissingParameter');
    expect(sqs.queues.byName('work').pending()).toBe(0);
  });

  it('is found by its name in place of its URL', async () => {
    await sqs.client.send(new SendMessageCommand({ QueueUrl: 'work', MessageBody: 'x' }));
    expect(sqs.queues.byName('work').pending()).toBe(1);
  });

  it('keeps its tags, from its creation on and over a restart', async () => {
    const at = { QueueUrl: sqs.urlOf('tagged') };
    const tags = async () => (await sqs.client.send(new ListQueueTagsCommand(at))).Tags;
    await sqs.client.send(new CreateQueueCommand({ QueueName: 'tagged', tags: { a: '1', b: '' } }));
    await sqs.client.send(new CreateQueueCommand({ QueueName: 'tagged' }));
    expect(await tags()).toEqual({ a: '1', b: '' });
    await sqs.client.send(new TagQueueCommand({ ...at, Tags: { b: '2', c: '3' } }));
    await sqs.client.send(new UntagQueueCommand({ ...at, TagKeys: ['a', 'absent'] }));
    expect(await tags()).toEqual({ b: '2', c: '3' });
    expect(sqs.open().byName('tagged').settings.tags).toEqual({ b: '2', c: '3' });
    const { Attributes } = await sqs.client.send(
      new GetQueueAttributesCommand({ ...at, AttributeNames: ['All'] }),
    );
    expect(Attributes).not.toHaveProperty('tags');
    const many = Object.fromEntries(Array.from({ length: 49 }, (_, i) => [`t${i}`, '']));
    expect(await failureOf(sqs.client.send(new TagQueueCommand({ ...at, Tags: many })))).toMatchObject({
      name: 'InvalidParameterValue',
    });
    await sqs.client.send(new UntagQueueCommand({ ...at, TagKeys: ['b', 'c'] }));
    expect(await tags()).toBeUndefined();
  });

  it('has one kind of encryption: the last that was set', async () => {
    const set = (Attributes: Record<string, string>) =>
      sqs.client.send(new SetQueueAttributesCommand({ QueueUrl, Attributes }));
    const AttributeNames = [
      'SqsManagedSseEnabled',
      'KmsMasterKeyId',
      'KmsDataKeyReusePeriodSeconds',
    ] as const;
    const get = async () =>
      (
        await sqs.client.send(
          new GetQueueAttributesCommand({ QueueUrl, AttributeNames: [...AttributeNames] }),
        )
      ).Attributes;
    const byKey = { KmsMasterKeyId: 'testKeyId', KmsDataKeyReusePeriodSeconds: '6000' };
    await set(byKey);
    expect(await get()).toEqual({ ...byKey, SqsManagedSseEnabled: 'false' });
    await set({ SqsManagedSseEnabled: 'true' });
    expect(await get()).toEqual({ SqsManagedSseEnabled: 'true' });
    expect(await failureOf(set({ ...byKey, SqsManagedSseEnabled: 'true' }))).toMatchObject({
      name: 'InvalidAttributeName',
      message: expect.stringContaining('one type of server-side encryption'),
    });
    for (const period of ['59', '86401'])
      expect(await failureOf(set({ KmsDataKeyReusePeriodSeconds: period }))).toMatchObject({
        name: 'InvalidAttributeValue',
      });
    expect(await failureOf(set({ tags: 'x' }))).toMatchObject({ name: 'InvalidAttributeName' });
  });

  it('takes no dead-letter queue that is not there', async () => {
    const RedrivePolicy = JSON.stringify({
      deadLetterTargetArn: sqs.queues.arnOf('absent'),
      maxReceiveCount: 2,
    });
    const absent = {
      name: 'InvalidParameterValue',
      message: `Value ${RedrivePolicy} for parameter RedrivePolicy is invalid. Reason: Dead letter target does not exist.`,
    };
    const Attributes = { RedrivePolicy };
    expect(
      await failureOf(sqs.client.send(new SetQueueAttributesCommand({ QueueUrl, Attributes }))),
    ).toMatchObject(absent);
    expect(
      await failureOf(sqs.client.send(new CreateQueueCommand({ QueueName: 'new', Attributes }))),
    ).toMatchObject(absent);
    expect(sqs.queues.has('new')).toBe(false);
  });

  it('changes its attributes one by one, also over a restart', async () => {
    const set = (Attributes: Record<string, string>) =>
      sqs.client.send(new SetQueueAttributesCommand({ QueueUrl, Attributes }));
    const RedrivePolicy = JSON.stringify({
      deadLetterTargetArn: sqs.queues.arnOf('dead'),
      maxReceiveCount: 2,
    });
    await sqs.client.send(new CreateQueueCommand({ QueueName: 'dead' }));
    await set({ VisibilityTimeout: '7', RedrivePolicy });
    await set({ DelaySeconds: '3' });
    const { Attributes } = await sqs.client.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }),
    );
    expect(Attributes).toMatchObject({ VisibilityTimeout: '7', DelaySeconds: '3', RedrivePolicy });
    expect(sqs.open().byName('work').settings).toMatchObject({ VisibilityTimeout: 7, DelaySeconds: 3 });
    await set({ RedrivePolicy: '' });
    expect(sqs.queues.byName('work').settings.RedrivePolicy).toBeUndefined();
    expect(await failureOf(set({ VisibilityTimeout: '43201' }))).toMatchObject({
      name: 'InvalidAttributeValue',
    });
    expect(await failureOf(set({ Unheard: '1' }))).toMatchObject({ name: 'InvalidAttributeName' });
    expect(await failureOf(set({ Policy: '{}' }))).toMatchObject({
      name: 'NotImplemented',
      message: expect.stringContaining('SetQueueAttributes attribute Policy'),
    });
  });

  it('is gone when it is deleted, with its messages, and its name is free after a minute', async () => {
    await send();
    const queue = sqs.queues.byName('work');
    const [message] = queue.receive(1);
    await sqs.client.send(new DeleteQueueCommand({ QueueUrl }));
    // Whoever still works on a message may end it, without effect.
    queue.delete(message?.receipt ?? '');
    expect(await failureOf(send())).toMatchObject({ name: 'QueueDoesNotExist' });
    const create = () => sqs.client.send(new CreateQueueCommand({ QueueName: 'work' }));
    expect(await failureOf(create())).toMatchObject({ name: 'QueueDeletedRecently' });
    sqs.clock.advance(60_000);
    await create();
    expect(sqs.queues.byName('work').pending()).toBe(0);
  });

  it('has no messages of a queue whose deletion was interrupted', async () => {
    await send();
    const folder = join(sqs.directory, 'work');
    const messages = readFileSync(join(folder, 'messages.jsonl'));
    await sqs.client.send(new DeleteQueueCommand({ QueueUrl }));
    mkdirSync(folder);
    writeFileSync(join(folder, 'messages.jsonl'), messages);
    const restarted = sqs.open();
    expect(restarted.all()).toEqual([]);
    expect(restarted.ensure('work', queueSettingsSchema.parse({})).pending()).toBe(0);
    restarted.close();
  });
});

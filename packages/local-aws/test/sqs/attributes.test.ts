import {
  ChangeMessageVisibilityBatchCommand,
  CreateQueueCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  type MessageAttributeValue,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
} from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { failureOf } from '../harness/startS3.ts';
import { startSqs } from './startSqs.ts';

describe('a queue of the local SQS', () => {
  let sqs: Awaited<ReturnType<typeof startSqs>>;
  let QueueUrl: string | undefined;
  const send = (MessageAttributes: Record<string, MessageAttributeValue>) =>
    sqs.client.send(new SendMessageCommand({ QueueUrl, MessageBody: 'body', MessageAttributes }));

  beforeEach(async () => {
    sqs = await startSqs();
    ({ QueueUrl } = await sqs.client.send(new CreateQueueCommand({ QueueName: 'work' })));
  });
  afterEach(() => sqs.close());

  const attributes = {
    kind: { DataType: 'String', StringValue: 'order é' },
    'kind.sub': { DataType: 'Number.int', StringValue: '42' },
    blob: { DataType: 'Binary', BinaryValue: Uint8Array.of(0, 255) },
  };

  it('keeps the attributes of messages, with the digests that clients compare', async () => {
    // Computed apart from this code, by the algorithm that SQS documents. boto3 compares it, too.
    expect((await send(attributes)).MD5OfMessageAttributes).toBe('473856cdd883ce492a36d91b499b3832');
    const receive = async (MessageAttributeNames?: string[]) => {
      const { Messages = [] } = await sqs.client.send(
        new ReceiveMessageCommand({ QueueUrl, VisibilityTimeout: 0, MessageAttributeNames }),
      );
      return Messages[0]?.MessageAttributes;
    };
    expect(await receive()).toBeUndefined();
    expect(await receive(['All'])).toEqual(attributes);
    expect(Object.keys((await receive(['kind.*'])) ?? {})).toEqual(['kind.sub']);
    expect(Object.keys((await receive(['blob', 'absent'])) ?? {})).toEqual(['blob']);
    const [kept] = sqs.open().byName('work').receive(1);
    expect(kept?.attributes?.['kind']).toEqual(attributes.kind);
  });

  it('refuses the attributes that SQS refuses', async () => {
    const text = { DataType: 'String', StringValue: 'x' };
    for (const wrong of [
      { 'aws.reserved': text },
      { '.dot': text },
      { kind: { DataType: 'Text', StringValue: 'x' } },
      { kind: { DataType: 'String', StringValue: '' } },
      { kind: { DataType: 'String', BinaryValue: Uint8Array.of(1) } },
      { kind: { DataType: 'Number', StringValue: 'x' } },
      Object.fromEntries(Array.from({ length: 11 }, (_, i) => [`a${i}`, text])),
    ]) {
      expect(await failureOf(send(wrong))).toMatchObject({ name: 'InvalidParameterValue' });
    }
    const { Successful, Failed } = await sqs.client.send(
      new SendMessageBatchCommand({
        QueueUrl,
        Entries: [{ Id: 'good', MessageBody: 'x', MessageAttributes: { kind: text } }],
      }),
    );
    expect([Successful?.[0]?.MD5OfMessageAttributes, Failed]).toEqual([expect.any(String), []]);
  });

  it('changes its attributes one by one, also over a restart', async () => {
    const set = (Attributes: Record<string, string>) =>
      sqs.client.send(new SetQueueAttributesCommand({ QueueUrl, Attributes }));
    const RedrivePolicy = JSON.stringify({
      deadLetterTargetArn: sqs.queues.arnOf('dead'),
      maxReceiveCount: 2,
    });
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
    await send({});
    const queue = sqs.queues.byName('work');
    const [message] = queue.receive(1);
    await sqs.client.send(new DeleteQueueCommand({ QueueUrl }));
    // Whoever still works on a message may end it, without effect.
    queue.delete(message?.receipt ?? '');
    expect(await failureOf(send({}))).toMatchObject({ name: 'QueueDoesNotExist' });
    const create = () => sqs.client.send(new CreateQueueCommand({ QueueName: 'work' }));
    expect(await failureOf(create())).toMatchObject({ name: 'QueueDeletedRecently' });
    sqs.clock.advance(60_000);
    await create();
    expect(sqs.queues.byName('work').pending()).toBe(0);
  });

  it('changes the visibility of several messages at once', async () => {
    await send({});
    const [message] = sqs.queues.byName('work').receive(1);
    const answer = await sqs.client.send(
      new ChangeMessageVisibilityBatchCommand({
        QueueUrl,
        Entries: [
          { Id: 'a', ReceiptHandle: message?.receipt, VisibilityTimeout: 0 },
          { Id: 'b', ReceiptHandle: 'none', VisibilityTimeout: 0 },
        ],
      }),
    );
    expect(answer.Successful?.map(({ Id }) => Id)).toEqual(['a']);
    expect(answer.Failed?.map(({ Id, Code }) => [Id, Code])).toEqual([['b', 'ReceiptHandleIsInvalid']]);
    expect(sqs.queues.byName('work').counts().visible).toBe(1);
  });
});

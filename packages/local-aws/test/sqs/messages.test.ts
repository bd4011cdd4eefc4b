import { createHash } from 'node:crypto';
import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
} from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DAY_MS, HOUR_MS, realClock } from '../../src/base/clock.ts';
import { type LocalClock, MovableClock } from '../../src/base/index.ts';
import { Queues } from '../../src/sqs/Queues.ts';
import { queueProperties } from '../../src/sqs/queueSettings.ts';
import { temporaryDirectory } from '../../src/testing/temporaryDirectory.ts';
import { closedAfterEach } from '../harness/closedAfterEach.ts';
import { ACCOUNT, START, startSqs } from './startSqs.ts';

/** The longest time that a message can be hidden after it was received. */
const MOST_SECONDS = 43_200;

const opened = closedAfterEach();

let sqs: Awaited<ReturnType<typeof startSqs>>;
let QueueUrl: string;
beforeEach(async () => {
  sqs = await startSqs();
  sqs.queues.ensure('work', queueProperties({ VisibilityTimeout: 30 }).settings);
  QueueUrl = sqs.urlOf('work');
});
afterEach(() => sqs.close());

const send = (MessageBody: string, DelaySeconds?: number) =>
  sqs.client.send(new SendMessageCommand({ QueueUrl, MessageBody, DelaySeconds }));
const receive = async (more = {}): Promise<Message[]> => {
  const { Messages = [] } = await sqs.client.send(
    new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, ...more }),
  );
  return Messages;
};
const bodies = (messages: readonly Message[]) => messages.map(({ Body }) => Body);
const remove = (message: Message | undefined) =>
  sqs.client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: message?.ReceiptHandle }));

describe('a message', () => {
  it('is received with its MD5, which the SDK also checks, and the requested attributes', async () => {
    const body = '{"key":"ü😀"}';
    const sent = await send(body);
    expect(sent.MD5OfMessageBody).toBe(createHash('md5').update(body).digest('hex'));
    sqs.clock.advance(1_500);
    const [message] = await receive({ MessageSystemAttributeNames: ['All'] });
    expect(message).toMatchObject({
      MessageId: sent.MessageId,
      Body: body,
      MD5OfBody: sent.MD5OfMessageBody,
    });
    expect(message?.Attributes).toEqual({
      SenderId: ACCOUNT,
      SentTimestamp: String(START),
      ApproximateReceiveCount: '1',
      ApproximateFirstReceiveTimestamp: String(START + 1_500),
    });
  });

  it('has the group of its sender, of a batch too, as a fair queue takes it', async () => {
    const Entries = [{ Id: 'a', MessageBody: 'b', MessageGroupId: 'acme' }];
    await sqs.client.send(new SendMessageCommand({ QueueUrl, MessageBody: 'a', MessageGroupId: 'acme' }));
    await sqs.client.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
    const received = await receive({ MessageSystemAttributeNames: ['MessageGroupId'] });
    expect(received.map(({ Attributes }) => Attributes)).toEqual(Array(2).fill({ MessageGroupId: 'acme' }));
  });

  const inGroup = (MessageGroupId: string) =>
    sqs.client.send(new SendMessageCommand({ QueueUrl, MessageBody: 'a', MessageGroupId }));

  it('may be in a group of 128 characters', async () => {
    await inGroup('a'.repeat(128));
    expect(sqs.queues.byName('work').pending()).toBe(1);
  });

  it.each([
    { what: 'a space', group: 'a b' },
    { what: 'a letter beyond ASCII', group: 'ü' },
    { what: '129 characters', group: 'a'.repeat(129) },
  ])('is in no group with $what', async ({ group }) => {
    await expect(inGroup(group)).rejects.toMatchObject({ name: 'InvalidParameterValue' });
  });

  it('becomes visible again after its visibility timeout, with a higher receive count', async () => {
    await send('a');
    expect(bodies(await receive())).toEqual(['a']);
    sqs.clock.advance(29_999);
    expect(await receive()).toEqual([]);
    sqs.clock.advance(1);
    const [again] = await receive({ AttributeNames: ['ApproximateReceiveCount'] });
    expect(again?.Attributes).toEqual({ ApproximateReceiveCount: '2' });
  });

  it('is deleted by its newest receipt only', async () => {
    await send('a');
    const [first] = await receive({ VisibilityTimeout: 1 });
    sqs.clock.advance(1_000);
    const [second] = await receive({ VisibilityTimeout: 1 });
    await remove(first);
    sqs.clock.advance(1_000);
    expect(sqs.queues.byName('work').pending()).toBe(1);
    // Its timeout is over, but nobody has received it since.
    await remove(second);
    expect(sqs.queues.byName('work').pending()).toBe(0);
    await remove(second);
  });

  it('has a visibility timeout that its receiver can change', async () => {
    await send('a');
    const [message] = await receive();
    const change = (VisibilityTimeout: number) =>
      sqs.client.send(
        new ChangeMessageVisibilityCommand({
          QueueUrl,
          ReceiptHandle: message?.ReceiptHandle,
          VisibilityTimeout,
        }),
      );
    await change(100);
    sqs.clock.advance(99_999);
    expect(await receive()).toEqual([]);
    await change(0);
    expect(bodies(await receive({ VisibilityTimeout: 0 }))).toEqual(['a']);
    await expect(change(5)).rejects.toMatchObject({
      name: 'InvalidParameterValue',
      message: expect.stringContaining('not available for visibility timeout change'),
    });
  });

  it('is hidden for 12 hours after it was received last at most, also if its receiver changes that twice', async () => {
    await send('a');
    const [message] = await receive();
    const change = (VisibilityTimeout: number, ReceiptHandle = message?.ReceiptHandle) =>
      sqs.client.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout }));
    await change(40_000);
    sqs.clock.advance(HOUR_MS);
    await expect(change(MOST_SECONDS - 3_599)).rejects.toMatchObject({
      name: 'InvalidParameterValue',
      message: expect.stringContaining('beyond the limit [43200 seconds]'),
    });
    await change(MOST_SECONDS - 3_600);
    sqs.clock.advance((MOST_SECONDS - 3_600) * 1_000);
    const [again] = await receive();
    await change(MOST_SECONDS, again?.ReceiptHandle);
    expect(await receive()).toEqual([]);
  });

  it('is received later with a delay', async () => {
    await send('late', 60);
    sqs.clock.advance(59_999);
    expect(await receive()).toEqual([]);
    sqs.clock.advance(1);
    expect(bodies(await receive())).toEqual(['late']);
  });

  it('is deleted after its retention period, four days by default', async () => {
    await send('old');
    sqs.clock.advance(4 * DAY_MS - 1);
    expect(sqs.queues.byName('work').pending()).toBe(1);
    sqs.clock.advance(1);
    expect(sqs.queues.byName('work').pending()).toBe(0);
  });

  it('may have 1 MiB', async () => {
    await send('x'.repeat(1_048_576));
    expect(sqs.queues.byName('work').pending()).toBe(1);
  });

  const attribute = { DataType: 'String', StringValue: 'x' };
  it.each([
    { what: 'no body', name: 'MissingParameter', input: { MessageBody: '' } },
    {
      what: 'too large a body',
      name: 'InvalidParameterValue',
      input: { MessageBody: 'x'.repeat(1_048_577) },
    },
    { what: 'invalid characters', name: 'InvalidMessageContents', input: { MessageBody: '\u0000' } },
    { what: 'attributes', name: 'NotImplemented', input: { MessageAttributes: { kind: attribute } } },
    {
      what: 'system attributes',
      name: 'NotImplemented',
      input: { MessageSystemAttributes: { AWSTraceHeader: attribute } },
    },
  ])('is refused with $what', async ({ name, input }) => {
    const sent = new SendMessageCommand({ QueueUrl, MessageBody: 'x', ...input });
    await expect(sqs.client.send(sent)).rejects.toMatchObject({ name });
    expect(sqs.queues.byName('work').pending()).toBe(0);
  });
});

describe('long polling', () => {
  it('returns as soon as a message arrives', async () => {
    const polling = receive({ WaitTimeSeconds: 20 });
    await send('now');
    expect(bodies(await polling)).toEqual(['now']);
    expect(sqs.queues.byName('work').counts()).toEqual({ visible: 0, inFlight: 1, delayed: 0 });
  });

  it('returns no message after the wait time, and gives a message to one poller only', async () => {
    const left = receive({ WaitTimeSeconds: 20 });
    const right = receive({ WaitTimeSeconds: 20 });
    await send('one');
    const first = await Promise.race([left, right]);
    expect(bodies(first)).toEqual(['one']);
    let settled = false;
    const both = Promise.all([left, right]).finally(() => {
      settled = true;
    });
    while (!settled) {
      sqs.clock.advance(20_000);
      // Gone before its timeout could let it out again to the other.
      sqs.queues.byName('work').purge();
      await new Promise(setImmediate);
    }
    expect((await both).flat()).toHaveLength(1);
  });

  it.each([
    { parameter: 'WaitTimeSeconds', value: -1, range: '>= 0 and <= 20' },
    { parameter: 'WaitTimeSeconds', value: 21, range: '>= 0 and <= 20' },
    { parameter: 'MaxNumberOfMessages', value: 0, range: '>= 1 and <= 10' },
    { parameter: 'MaxNumberOfMessages', value: 11, range: '>= 1 and <= 10' },
  ])('is not asked for with $parameter $value', async ({ parameter, value, range }) => {
    await expect(receive({ [parameter]: value })).rejects.toMatchObject({
      name: 'InvalidParameterValue',
      message: `Value ${value} for parameter ${parameter} is invalid. Reason: Must be ${range}, if provided.`,
    });
  });
});

describe('batches', () => {
  const entries = (count: number) =>
    Array.from({ length: count }, (_, index) => ({ Id: `${index}`, MessageBody: `m${index}` }));

  it('handle each entry separately', async () => {
    const { Successful, Failed } = await sqs.client.send(
      new SendMessageBatchCommand({
        QueueUrl,
        Entries: [...entries(2), { Id: 'bad', MessageBody: '\u0001' }],
      }),
    );
    expect(Successful?.map(({ Id }) => Id)).toEqual(['0', '1']);
    expect(Failed).toMatchObject([{ Id: 'bad', Code: 'InvalidMessageContents', SenderFault: true }]);
    expect(bodies(await receive())).toEqual(['m0', 'm1']);
  });

  it('may have ten entries', async () => {
    const Entries = entries(10);
    const { Successful } = await sqs.client.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
    expect(Successful).toHaveLength(10);
  });

  it('may have 1 MiB in all', async () => {
    const Entries = entries(2).map((entry) => ({ ...entry, MessageBody: 'x'.repeat(524_288) }));
    const { Successful } = await sqs.client.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
    expect(Successful).toHaveLength(2);
  });

  it.each([
    { name: 'EmptyBatchRequest', Entries: [] },
    { name: 'TooManyEntriesInBatchRequest', Entries: entries(11) },
    { name: 'BatchEntryIdsNotDistinct', Entries: [...entries(1), ...entries(1)] },
    { name: 'InvalidBatchEntryId', Entries: [{ Id: 'a b', MessageBody: 'x' }] },
    {
      name: 'BatchRequestTooLong',
      Entries: entries(2).map((entry, index) => ({ ...entry, MessageBody: 'x'.repeat(524_288 + index) })),
    },
  ])('are rejected as a whole: $name', async ({ name, Entries }) => {
    await expect(sqs.client.send(new SendMessageBatchCommand({ QueueUrl, Entries }))).rejects.toMatchObject({
      name,
    });
    expect(sqs.queues.byName('work').pending()).toBe(0);
  });
});

describe('a clock change to an earlier time', () => {
  it('hides no message longer than its remaining timeout', async () => {
    const { path } = opened(temporaryDirectory(), (directory) => directory.remove());
    const clock = new MovableClock();
    const open = (by: LocalClock) =>
      opened(Queues.open({ directory: path, clock: by, region: 'us-east-1', account: ACCOUNT }), (queues) =>
        queues.close(),
      );
    const queues = open(clock);
    const queue = queues.ensure('work', queueProperties({ VisibilityTimeout: 30 }).settings);
    await clock.advance(DAY_MS);
    queue.send('held');
    expect(queue.receive(1)).toHaveLength(1);
    queue.send('at once');
    queue.send('delayed', { delayMs: 60_000 });
    await clock.setReal();
    expect(queue.receive(10, 0).map(({ body }) => body)).toEqual(['at once']);
    await clock.advance(30_000);
    expect(queue.receive(10, 0).map(({ body }) => body)).toEqual(['held', 'at once']);
    await clock.advance(30_000);
    expect(queue.receive(10, 0).map(({ body }) => body)).toEqual(['held', 'at once', 'delayed']);

    // A restart goes by the machine's clock: what was sent ahead of it is there all the same.
    await clock.advance(DAY_MS);
    queue.send('ahead');
    queues.close();
    expect(open(realClock).byName('work').counts()).toEqual({ visible: 4, inFlight: 0, delayed: 0 });
  });
});

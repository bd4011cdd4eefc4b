import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  PurgeQueueCommand,
  type QueueAttributeName,
  ReceiveMessageCommand,
  SendMessageCommand,
} from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { queueProperties } from '../../src/sqs/queueSettings.ts';
import { closedAfterEach } from '../harness/closedAfterEach.ts';
import { ACCOUNT, START, startSqs } from './startSqs.ts';

const opened = closedAfterEach();

let sqs: Awaited<ReturnType<typeof startSqs>>;
beforeEach(async () => {
  sqs = await startSqs();
});
afterEach(() => sqs.close());

const ensure = (name: string, properties: object = {}) =>
  sqs.queues.ensure(name, queueProperties(properties).settings);

describe('queues', () => {
  it('are created, found and described', async () => {
    ensure('work', { VisibilityTimeout: 45 });
    // A queue that exists stays as it is.
    const { QueueUrl } = await sqs.client.send(new CreateQueueCommand({ QueueName: 'work' }));
    expect(QueueUrl).toBe(sqs.urlOf('work'));
    expect((await sqs.client.send(new GetQueueUrlCommand({ QueueName: 'work' }))).QueueUrl).toBe(QueueUrl);
    ensure('other');
    expect(sqs.queues.all().map(({ name }) => name)).toEqual(['other', 'work']);
    sqs.queues.byName('work').send('a');
    const { Attributes } = await sqs.client.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }),
    );
    expect(Attributes).toMatchObject({
      QueueArn: `arn:aws:sqs:us-east-1:${ACCOUNT}:work`,
      VisibilityTimeout: '45',
      MessageRetentionPeriod: '345600',
      ApproximateNumberOfMessages: '1',
      ApproximateNumberOfMessagesNotVisible: '0',
      CreatedTimestamp: String(START / 1_000),
      DelaySeconds: '0',
      ReceiveMessageWaitTimeSeconds: '0',
    });
  });

  it.each(['Color', 'constructor'])('have no attribute %s', async (name) => {
    ensure('work');
    const asked = { QueueUrl: sqs.urlOf('work'), AttributeNames: [name as QueueAttributeName] };
    await expect(sqs.client.send(new GetQueueAttributesCommand(asked))).rejects.toMatchObject({
      name: 'InvalidAttributeName',
    });
  });

  it("that do not exist are reported with both of SQS's error codes", async () => {
    const missing = sqs.client.send(new GetQueueUrlCommand({ QueueName: 'none' }));
    await expect(missing).rejects.toMatchObject({
      name: 'QueueDoesNotExist',
      message: 'The specified queue does not exist.',
      Code: 'AWS.SimpleQueueService.NonExistentQueue',
    });
    const foreign = sqs.urlOf('work').replace(ACCOUNT, '111111111111');
    ensure('work');
    await expect(sqs.client.send(new ReceiveMessageCommand({ QueueUrl: foreign }))).rejects.toMatchObject({
      name: 'QueueDoesNotExist',
    });
  });

  it.each([
    { what: 'a FIFO queue', name: 'NotImplemented', input: { QueueName: 'a.fifo' } },
    {
      what: 'attributes',
      name: 'NotImplemented',
      input: { QueueName: 'a', Attributes: { DelaySeconds: '1' } },
    },
    { what: 'a name that is none', name: 'InvalidParameterValue', input: { QueueName: 'a b' } },
  ])('are not created with $what', async ({ name, input }) => {
    await expect(sqs.client.send(new CreateQueueCommand(input))).rejects.toMatchObject({ name });
  });

  it('are found by their name in place of their URL', async () => {
    ensure('work');
    await sqs.client.send(new SendMessageCommand({ QueueUrl: 'work', MessageBody: 'x' }));
    expect(sqs.queues.byName('work').pending()).toBe(1);
  });

  it('can be purged once a minute', async () => {
    ensure('work').send('a');
    const purge = () => sqs.client.send(new PurgeQueueCommand({ QueueUrl: sqs.urlOf('work') }));
    await purge();
    expect(sqs.queues.byName('work').pending()).toBe(0);
    await expect(purge()).rejects.toMatchObject({ name: 'PurgeQueueInProgress' });
    sqs.clock.advance(59_999);
    await expect(purge()).rejects.toMatchObject({ name: 'PurgeQueueInProgress' });
    sqs.clock.advance(1);
    await purge();
  });
});

describe('a deleted queue', () => {
  it('is gone with its messages, and whoever works on one may end it, without effect', () => {
    const queue = ensure('work');
    queue.send('a');
    const [message] = queue.receive(1);
    sqs.queues.delete('work');
    expect(() => queue.delete(message?.receipt ?? '')).not.toThrow();
    expect(() => sqs.queues.byName('work')).toThrow('The specified queue does not exist.');
    expect(ensure('work').pending()).toBe(0);
  });

  it('has no messages although its deletion was interrupted', () => {
    ensure('work').send('a');
    const folder = join(sqs.directory, 'work');
    const messages = readFileSync(join(folder, 'messages.jsonl'));
    sqs.queues.delete('work');
    mkdirSync(folder);
    writeFileSync(join(folder, 'messages.jsonl'), messages);
    const restarted = opened(sqs.open(), (queues) => queues.close());
    expect(restarted.all()).toEqual([]);
    expect(restarted.ensure('work', queueProperties({}).settings).pending()).toBe(0);
  });
});

describe('a dead-letter queue', () => {
  it('receives messages that were received too often, with their history', () => {
    const dead = ensure('dead');
    const work = ensure('work', {
      VisibilityTimeout: 10,
      RedrivePolicy: { deadLetterTargetArn: dead.arn, maxReceiveCount: 2 },
    });
    work.send('poison');
    for (let receives = 0; receives < 2; receives += 1) {
      expect(work.receive(10).map(({ body }) => body)).toEqual(['poison']);
      sqs.clock.advance(10_000);
    }
    expect(work.receive(10)).toEqual([]);
    expect(work.pending()).toBe(0);
    // Of its age there counts the time since.
    expect(dead.oldestSentAt()).toBe(START + 20_000);
    expect(dead.receive(10)).toMatchObject([
      { body: 'poison', sentAt: START, receiveCount: 3, deadLetterSource: work.arn },
    ]);
  });

  it('moves no message back that is older than its retention', () => {
    const work = ensure('work');
    const dead = ensure('dead', { MessageRetentionPeriod: 60 });
    // A minute after the first message, all are looked at, and what has expired is removed.
    work.send('first');
    sqs.clock.advance(10_000);
    dead.send('old');
    sqs.clock.advance(30_000);
    dead.send('new');
    sqs.clock.advance(35_000);
    dead.moveAll(work);
    expect(work.receive(10).map(({ body }) => body)).toEqual(['first', 'new']);
    expect(dead.pending()).toBe(0);
  });

  it('that does not exist does not stop messages from being received', () => {
    const work = ensure('work', {
      VisibilityTimeout: 0,
      RedrivePolicy: { deadLetterTargetArn: 'arn:aws:sqs:us-east-1:000000000000:none', maxReceiveCount: 1 },
    });
    work.send('a');
    for (let receives = 0; receives < 3; receives += 1) expect(work.receive(1)).toHaveLength(1);
  });
});

describe('onMessage', () => {
  it('is called for messages that exist, arrive or become visible again', () => {
    const work = ensure('work', { VisibilityTimeout: 10 });
    work.send('a');
    const seen: string[] = [];
    const stop = work.onMessage(() => seen.push(...work.receive(10).map(({ body }) => body)));
    expect(seen).toEqual(['a']);
    work.send('b');
    expect(seen).toEqual(['a', 'b']);
    work.send('c', { delayMs: 5_000 });
    sqs.clock.advance(5_000);
    expect(seen).toEqual(['a', 'b', 'c']);
    sqs.clock.advance(5_000);
    expect(seen.slice(3).sort()).toEqual(['a', 'b']);
    stop();
    work.send('d');
    expect(seen).toHaveLength(5);
  });

  it('is not called in a loop when a received message is visible again at once', () => {
    const work = ensure('work', { VisibilityTimeout: 0 });
    let calls = 0;
    work.onMessage(() => {
      calls += 1;
      work.receive(1);
    });
    work.send('a');
    expect(calls).toBe(1);
  });
});

describe('what is told of queues', () => {
  it('is every minute how many messages wait, how many are hidden, and for how long, and once that none does', async () => {
    const work = ensure('work', { VisibilityTimeout: 150 });
    ensure('idle');
    work.send('a');
    await sqs.clock.advance(90_000);
    work.send('b');
    const [first] = work.receive(1);
    await sqs.clock.advance(60_000);
    for (const { receipt } of [...(first === undefined ? [] : [first]), ...work.receive(1)])
      work.delete(receipt);
    await sqs.clock.advance(300_000);
    expect(sqs.told).toEqual([
      { queue: 'work', visible: 1, inFlight: 0, oldestMs: 60_000, at: START + 60_000 },
      { queue: 'work', visible: 1, inFlight: 1, oldestMs: 120_000, at: START + 120_000 },
      { queue: 'work', visible: 0, inFlight: 0, oldestMs: 0, at: START + 180_000 },
    ]);
  });
});

describe('a restart', () => {
  it('loses no acknowledged message and no receive count', () => {
    const work = ensure('work', { VisibilityTimeout: 600 });
    work.send('kept');
    work.send('deleted');
    work.send('delayed', { delayMs: 60_000 });
    const [kept, deleted] = work.receive(2);
    work.delete(deleted?.receipt ?? '');
    const again = sqs.open().byName('work');
    expect(again.settings).toEqual(work.settings);
    // It was in flight before: its receiver is gone, so it is visible at once.
    expect(again.receive(10)).toMatchObject([{ id: kept?.id, body: 'kept', receiveCount: 2 }]);
    expect(again.counts()).toEqual({ visible: 0, inFlight: 1, delayed: 1 });
  });

  it('finds two queues that differ by case in folders that do not', () => {
    for (const name of ['work', 'WORK']) ensure(name).send(name);
    expect(new Set(readdirSync(sqs.directory).map((folder) => folder.toLowerCase())).size).toBe(2);
    const again = sqs.open();
    const bodies = ['work', 'WORK'].map((name) => again.byName(name).receive(1)[0]?.body);
    expect(bodies).toEqual(['work', 'WORK']);
  });

  it('finds a file whose size does not depend on the messages already deleted', () => {
    const work = ensure('work');
    for (let sent = 0; sent < 3_000; sent += 1) {
      work.send(`message ${sent}`);
      for (const { receipt } of work.receive(1)) work.delete(receipt);
    }
    work.send('left');
    const lines = readFileSync(join(sqs.directory, 'work', 'messages.jsonl'), 'utf8').split('\n').length;
    expect(lines).toBeLessThan(1_100);
    expect(
      sqs
        .open()
        .byName('work')
        .receive(10)
        .map(({ body }) => body),
    ).toEqual(['left']);
  });
});

import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { FirehoseClient, PutRecordCommand } from '@aws-sdk/client-firehose';
import { ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { ReceiveMessageCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterEach, describe, expect, it } from '@jest/globals';
import { HOUR_MS } from '../../../src/base/clock.ts';
import { failureOf } from '../../../src/testing/startS3.ts';
import { ACCOUNT, type Changes, denied, type Enforced, startEnforced } from '../../harness/startEnforced.ts';

const queueArn = (name: string) => `arn:aws:sqs:us-east-1:${ACCOUNT}:${name}`;
const sessionArn = (role: string, session: string) =>
  `arn:aws:sts::${ACCOUNT}:assumed-role/${role}/${session}`;

describe('a service whose calls are enforced', () => {
  let stack: Enforced;
  const start = async (changes: Changes = {}) => {
    stack = await startEnforced(changes);
  };
  afterEach(() => stack.close());

  const refusals = () => (stack.aws.status().refusals ?? []).map(({ reason }) => reason);
  const putFile = async () =>
    (await stack.client(S3Client)).send(
      new PutObjectCommand({ Bucket: 'landing', Key: 'inbox/a', Body: 'x' }),
    );
  const putRecord = async () =>
    (await stack.client(FirehoseClient)).send(
      new PutRecordCommand({ DeliveryStreamName: 'events', Record: { Data: Buffer.from('{}\n') } }),
    );
  const queueUrl = (name: string) => `http://127.0.0.1/${ACCOUNT}/${name}`;
  const send = async (MessageBody: string, DelaySeconds = 0) =>
    (await stack.client(SQSClient)).send(
      new SendMessageCommand({ QueueUrl: queueUrl('work'), MessageBody, DelaySeconds }),
    );
  const received = async (name: string) => {
    const { Messages = [] } = await (await stack.client(SQSClient)).send(
      new ReceiveMessageCommand({ QueueUrl: queueUrl(name), MaxNumberOfMessages: 10 }),
    );
    return Messages.map(({ Body = '' }) => Body);
  };
  const postJob = () => fetch(`${stack.aws.api}/jobs/7`, { method: 'POST', body: '{}' });
  /** The function's log, read through CloudWatch Logs. The file itself may be behind. */
  const workLog = async () => {
    const { events = [] } = await (await stack.client(CloudWatchLogsClient)).send(
      new FilterLogEventsCommand({ logGroupName: '/aws/lambda/work' }),
    );
    return events.map(({ message }) => message).join('\n');
  };

  const delivery = sessionArn('delivery', 'events');
  it.each<{
    readonly what: string;
    readonly changes: Changes;
    readonly who: string;
    readonly action: string;
    readonly resource: string;
  }>([
    {
      what: 'without s3:PutObject',
      changes: { without: ['s3:PutObject'] },
      who: delivery,
      action: 's3:PutObject',
      resource: '"arn:aws:s3:::landing/events/',
    },
    {
      what: 'without kms:GenerateDataKey',
      changes: { without: ['kms:GenerateDataKey'] },
      who: delivery,
      action: 'kms:GenerateDataKey',
      resource: 'arn:aws:kms:us-east-1',
    },
    {
      what: 'that is denied s3:PutObject',
      changes: { denied: ['s3:PutObject'] },
      who: delivery,
      action: 's3:PutObject',
      resource: '"arn:aws:s3:::landing/events/',
    },
    {
      what: 'that trusts another service',
      changes: { trusted: 'glue.amazonaws.com' },
      who: 'firehose.amazonaws.com',
      action: 'sts:AssumeRole',
      resource: `arn:aws:iam::${ACCOUNT}:role/delivery`,
    },
  ])(
    'keeps the records of a stream with a role $what, and says why',
    async ({ changes, who, action, resource }) => {
      await start({ principal: 'Delivery', ...changes });
      await putRecord();
      const reason = `User: ${who} is not authorized to perform: ${action} on resource: ${resource}`;
      expect((await failureOf(stack.aws.flush())).message).toContain(reason);
      expect(refusals()).toEqual([expect.stringContaining(reason)]);
      expect(stack.aws.status().pending).toMatchObject([{ stream: 'events', documents: 1 }]);
      expect(stack.refused).toHaveLength(1);
    },
  );

  it('leaves messages in a queue whose function may not receive them', async () => {
    await start({ principal: 'Work', without: ['sqs:ReceiveMessage'] });
    await send('seen');
    expect(await stack.aws.flush()).toMatchObject({ undrained: 1 });
    expect(refusals()).toEqual([denied(sessionArn('work', 'work'), 'sqs:receivemessage', queueArn('work'))]);
    expect(await received('work')).toEqual(['seen']);
    expect(await workLog()).toBe('');
  });

  it('delivers a message again that a function handled and Lambda may not delete', async () => {
    await start({ principal: 'Work', without: ['sqs:DeleteMessage'] });
    await send('seen');
    expect(await stack.aws.flush()).toMatchObject({ undrained: 1 });
    expect(refusals()).toEqual([denied(sessionArn('work', 'work'), 'sqs:deletemessage', queueArn('work'))]);
    const timesSeen = async () => (await workLog()).split('seen').length - 1;
    const before = await timesSeen();
    expect(before).toBeGreaterThan(0);
    await stack.clock.advance(60_000);
    expect(await timesSeen()).toBeGreaterThan(before);
  });

  const refusedEvent = (queue: string) =>
    denied(
      'events.amazonaws.com',
      'sqs:sendmessage',
      queueArn(queue),
      'because no resource-based policy allows the sqs:sendmessage action',
    );

  it('sends an event to the dead-letter queue of its rule if the target refuses it', async () => {
    await start({ missing: ['QueuePolicy', 'Mapping'] });
    await putFile();
    expect(await received('dead')).toEqual([expect.stringContaining('"key":"inbox/a"')]);
    expect(await received('work')).toEqual([]);
    expect(refusals()).toEqual([refusedEvent('work')]);
  });

  it('sends an event nowhere if the dead-letter queue of its rule refuses it, too', async () => {
    await start({ missing: ['QueuePolicy', 'DeadLettersPolicy', 'Mapping'] });
    await putFile();
    expect(refusals()).toEqual([refusedEvent('work'), refusedEvent('dead')]);
    expect(await received('work')).toEqual([]);
    expect(await received('dead')).toEqual([]);
  });

  it('runs no schedule whose role may not send', async () => {
    await start({ principal: 'Daily', without: ['sqs:SendMessage'], missing: ['Mapping'] });
    await stack.clock.advance(HOUR_MS);
    expect(refusals()).toEqual(
      ['work', 'dead'].map((name) => denied(sessionArn('daily', 'daily'), 'sqs:sendmessage', queueArn(name))),
    );
    expect(await received('work')).toEqual([]);
  });

  it('answers 500 on a route whose function API Gateway may not invoke', async () => {
    await start({ missing: ['Permission'] });
    const answer = await postJob();
    expect(answer.status).toBe(500);
    expect(await answer.json()).toEqual({ message: 'Internal Server Error' });
    expect(refusals()).toEqual([
      expect.stringContaining('perform: lambda:InvokeFunction on resource: arn:aws:lambda'),
    ]);
  });

  it('runs no function whose role Lambda may not assume', async () => {
    await start({ principal: 'Work', trusted: 'ec2.amazonaws.com' });
    expect((await postJob()).status).toBe(500);
    expect(refusals()).toContainEqual(expect.stringContaining('perform: sts:AssumeRole'));
  });

  it('keeps no log of a function whose role may not write it', async () => {
    await start({ principal: 'Work', without: ['logs:PutLogEvents'] });
    expect((await postJob()).status).toBe(200);
    expect(refusals()).toEqual([expect.stringContaining('perform: logs:PutLogEvents')]);
    expect(await workLog()).toBe('');
  });

  it('does all of this with permission', async () => {
    await start();
    await putFile();
    await putRecord();
    await stack.clock.advance(HOUR_MS);
    expect((await postJob()).status).toBe(200);
    // A message whose delay has not ended is no failure.
    await send('{}', 60);
    expect(await stack.aws.flush()).toMatchObject({ undrained: 0 });
    const log = await workLog();
    for (const seen of ['"key":"inbox/a"', '{"log":"hourly"}', '/jobs/7']) expect(log).toContain(seen);
    expect(stack.aws.status()).toMatchObject({ refusals: [], pending: [] });
    const { Contents = [] } = await (await stack.client(S3Client)).send(
      new ListObjectsV2Command({ Bucket: 'landing', Prefix: 'events/' }),
    );
    expect(Contents).toHaveLength(1);
  });
});

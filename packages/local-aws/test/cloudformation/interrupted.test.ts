import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { FirehoseClient, PutRecordCommand } from '@aws-sdk/client-firehose';
import { ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { GetQueueAttributesCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { bucket, lambda, queue, type Resources, stream, UpdateFixture } from './UpdateFixture.ts';

describe('an update that a kill interrupts', () => {
  let fixture: UpdateFixture;
  let child: ChildProcess | undefined;
  /** Never answers: whoever calls it waits until it is killed. */
  let gate: Server;
  let gateUrl: string;
  beforeEach(async () => {
    fixture = new UpdateFixture();
    gate = createServer(() => undefined);
    await once(gate.listen(0, '127.0.0.1'), 'listening');
    const address = gate.address();
    gateUrl = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/`;
  });
  afterEach(async () => {
    child?.kill('SIGKILL');
    gate.closeAllConnections();
    gate.close();
    await fixture.close();
  });

  /** A process with the first stack. */
  async function run(before: Resources, after: Resources, codes: readonly [string, string]) {
    const sources = [before, after].map((resources, index) =>
      JSON.stringify({
        template: { Resources: resources },
        stackName: 'shop',
        codeDirectory: codes[index],
      }),
    );
    const script = join(import.meta.dirname, 'updateUntilKilled.ts');
    const started = spawn(process.execPath, [script, fixture.data, ...sources], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    child = started;
    const lines = createInterface({ input: started.stdout })[Symbol.asyncIterator]();
    const next = async (): Promise<string> => (await lines.next()).value ?? '';
    return {
      endpoint: await next(),
      begin: () => started.stdin.write('begin\n'),
      async status(wanted: string) {
        for (let line = await next(); line !== wanted; line = await next()) {
          if (line === '') throw new Error(`never ${wanted}`);
        }
      },
      async kill() {
        const exit = once(started, 'exit');
        started.kill('SIGKILL');
        await exit;
      },
    };
  }

  const client = (endpoint: string) => ({ ...fixtureClient, endpoint });
  const fixtureClient = {
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  };
  const names = () => fixture.aws.status().queues.map(({ name }) => name);
  const delay = async () => {
    const { Attributes } = await new SQSClient(fixture.client).send(
      new GetQueueAttributesCommand({
        QueueUrl: `${fixture.aws.endpoint}/000000000000/kept`,
        AttributeNames: ['DelaySeconds'],
      }),
    );
    return Attributes?.['DelaySeconds'];
  };
  const describeStack = async () => {
    const { Stacks: [stack] = [] } = await new CloudFormationClient(fixture.client).send(
      new DescribeStacksCommand({}),
    );
    return stack;
  };

  /** The update waits for the code of the function, after everything else has changed. */
  async function killWhileChanging() {
    const good = fixture.code('good', { api: 'export const handler = async () => ({});' });
    const stuck = fixture.code('stuck', { api: `await fetch('${gateUrl}');` });
    const before = {
      Landing: bucket('landing'),
      Kept: queue('kept', { DelaySeconds: 1 }),
      Stream: stream('old/'),
      Replaced: queue('replaced'),
      Api: lambda('api'),
    };
    const after = {
      Landing: bucket('landing'),
      Added: queue('added'),
      Kept: queue('kept', { DelaySeconds: 2 }),
      Stream: stream('new/'),
      Replaced: queue('replacement'),
      Api: lambda('api'),
    };
    const process = await run(before, after, [good, stuck]);
    await new FirehoseClient(client(process.endpoint)).send(
      new PutRecordCommand({ DeliveryStreamName: 'orders', Record: { Data: Buffer.from('a') } }),
    );
    const waiting = once(gate, 'request');
    process.begin();
    await waiting;
    await process.kill();
    return { before, after, good };
  }

  it('is rolled back at the next start, before anything else', async () => {
    const { before, good } = await killWhileChanging();
    await fixture.start(before, { source: { codeDirectory: good } });
    expect([names(), await delay()]).toEqual([['kept', 'replaced'], '1']);
    expect(await describeStack()).toMatchObject({
      StackStatus: 'UPDATE_ROLLBACK_COMPLETE',
      StackStatusReason: 'The local cloud was stopped during the update.',
    });
    await fixture.aws.flush();
    const { Contents = [] } = await new S3Client(fixture.client).send(
      new ListObjectsV2Command({ Bucket: 'landing' }),
    );
    expect(Contents.map(({ Key = '' }) => Key.split('/')[0])).toEqual(['old']);
    expect(await fixture.update(before, { codeDirectory: good })).toEqual({ changes: [], left: [] });
  });

  it('is made again when the next start asks for it', async () => {
    const { after, good } = await killWhileChanging();
    await fixture.start(after, { source: { codeDirectory: good } });
    expect([names(), await delay()]).toEqual([['added', 'kept', 'replacement'], '2']);
    expect((await describeStack())?.StackStatus).toBe('UPDATE_COMPLETE');
  });

  it('is finished at the next start when only deletions were left', async () => {
    const code = fixture.code('code', {
      worker: `export const handler = async () => void (await fetch('${gateUrl}'));`,
    });
    const before = {
      Landing: bucket('landing'),
      Stream: stream('old/'),
      Jobs: queue('jobs'),
      Worker: lambda('worker'),
      Mapping: {
        Type: 'AWS::Lambda::EventSourceMapping',
        Properties: {
          EventSourceArn: { 'Fn::GetAtt': ['Jobs', 'Arn'] },
          FunctionName: { 'Fn::GetAtt': ['Worker', 'Arn'] },
        },
      },
    };
    const after = { Landing: bucket('landing'), Added: queue('added') };
    const process = await run(before, after, [code, code]);
    const waiting = once(gate, 'request');
    const QueueUrl = `${process.endpoint}/000000000000/jobs`;
    await new SQSClient(client(process.endpoint)).send(
      new SendMessageCommand({ QueueUrl, MessageBody: 'work' }),
    );
    await new FirehoseClient(client(process.endpoint)).send(
      new PutRecordCommand({ DeliveryStreamName: 'orders', Record: { Data: Buffer.from('a') } }),
    );
    await waiting;
    // The mapping is deleted once its batch has ended, which it never does.
    process.begin();
    await process.status('UPDATE_COMPLETE_CLEANUP_IN_PROGRESS');
    await process.kill();

    await fixture.start(after, { source: { codeDirectory: code } });
    expect([names(), (await describeStack())?.StackStatus]).toEqual([['added'], 'UPDATE_COMPLETE']);
    // The stream is gone with what it had not delivered: another one of its name begins with nothing.
    await fixture.update({ ...after, Stream: stream('old/') }, { codeDirectory: code });
    expect((await fixture.aws.flush()).delivered).toEqual([]);
  });

  it('does not start on a stack that it can not read, and names the file', async () => {
    await fixture.start({ Kept: queue('kept') });
    await fixture.stop();
    const file = join(fixture.data, 'cloudformation', 'stack.jsonl');
    appendFileSync(file, '{"op":"deployed"}\n');
    await expect(fixture.start({ Kept: queue('kept') })).rejects.toMatchObject({
      code: 'LOCAL_AWS_DISK_DAMAGED',
      detail: expect.stringContaining(file),
    });
  });
});

import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import {
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  GetBucketPolicyCommand,
  GetObjectCommand,
  PutBucketNotificationConfigurationCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  PurgeQueueCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { failureOf } from '../../src/testing/startS3.ts';
import { temporaryDirectory } from '../../src/testing/temporaryDirectory.ts';
import { until } from '../harness/until.ts';

const FULL = { status: 503, message: expect.stringContaining('LOCAL_AWS_DISK_FULL: The disk is full') };

describe('on a full disk', () => {
  const directory = temporaryDirectory();
  const Bucket = 'full';
  let child: ChildProcessByStdio<null, Readable, Readable>;
  let stderr = '';
  let s3: S3Client;
  let sqs: SQSClient;
  beforeAll(async () => {
    const script = join(import.meta.dirname, 'serveWhileFull.ts');
    // No file can grow beyond 16 blocks of 512 bytes.
    const limited = ['-c', 'ulimit -f 16 && exec "$@"', 'sh', process.execPath, script, directory.path];
    child = spawn('sh', limited, { stdio: ['ignore', 'pipe', 'pipe'] });
    child.stderr.on('data', (text: Buffer) => {
      stderr += String(text);
    });
    const [endpoint]: unknown[] = await once(createInterface(child.stdout), 'line');
    const options = {
      endpoint: String(endpoint),
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      maxAttempts: 1,
    };
    s3 = new S3Client(options);
    sqs = new SQSClient(options);
    await s3.send(new CreateBucketCommand({ Bucket }));
  });
  afterAll(async () => {
    s3.destroy();
    sqs.destroy();
    child.kill();
    await once(child, 'exit');
    directory.remove();
  });

  const put = (Key: string, bytes: number) =>
    s3.send(new PutObjectCommand({ Bucket, Key, Body: 'x'.repeat(bytes) }));
  const get = (Key: string) => s3.send(new GetObjectCommand({ Bucket, Key }));
  /** Calls until a call fails. @returns How often it succeeded, and the failure. */
  const fill = async (call: (number: number) => Promise<unknown>) => {
    for (let done = 0; done < 1_000; done += 1) {
      const failed = await call(done + 1).then(
        () => undefined,
        (error) => failureOf(Promise.reject(error)),
      );
      if (failed !== undefined) return { done, failed };
    }
    throw new Error('The disk was never full.');
  };

  /** Sends a message to a queue until there is no room for another one. */
  const fillQueue = async (QueueName: string, MessageBody: string) => {
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName }));
    return { QueueUrl, ...(await fill(() => sqs.send(new SendMessageCommand({ QueueUrl, MessageBody })))) };
  };

  it('an object that finds no room is answered 503, and leaves nothing', async () => {
    expect(await failureOf(put('large', 100_000))).toMatchObject(FULL);
    expect(await failureOf(get('large'))).toMatchObject({ name: 'NoSuchKey' });
    expect(readdirSync(join(directory.path, 's3/.store', Bucket, 'tmp'))).toEqual([]);
  });

  it('an object that finds room is stored', async () => {
    await put('small', 100);
    expect((await get('small')).ContentLength).toBe(100);
  });

  it('a queue has the messages that were acknowledged', async () => {
    const { QueueUrl, done, failed } = await fillQueue('filled', 'y'.repeat(500));
    expect(failed).toMatchObject(FULL);
    expect(done).toBeGreaterThan(3);
    const { Attributes } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['ApproximateNumberOfMessages'] }),
    );
    expect(Attributes).toEqual({ ApproximateNumberOfMessages: String(done) });
  });

  it('an object is stored although its event finds no room in a queue, which is told in one line', async () => {
    await fillQueue('work', 'y');
    await s3.send(
      new PutBucketNotificationConfigurationCommand({
        Bucket,
        NotificationConfiguration: { EventBridgeConfiguration: {} },
      }),
    );
    await put('announced', 100);
    expect((await get('announced')).ContentLength).toBe(100);
    await until('a line is told', () => stderr.endsWith('\n'));
    expect(stderr).toMatch(/^LOCAL_AWS_DISK_FULL: The disk is full: [^\n]*\n$/);
  });

  it('a queue keeps its messages if it is to be emptied twice and both calls are answered 503', async () => {
    const { QueueUrl, done, failed } = await fillQueue('purged', 'x');
    expect(failed).toMatchObject(FULL);
    for (const _ of ['first', 'again'])
      expect(await failureOf(sqs.send(new PurgeQueueCommand({ QueueUrl })))).toMatchObject(FULL);
    const { Attributes } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['ApproximateNumberOfMessages'] }),
    );
    expect(Attributes).toEqual({ ApproximateNumberOfMessages: String(done) });
  });

  it('a bucket keeps the last policy that was acknowledged, if the next one is refused twice', async () => {
    await s3.send(new CreateBucketCommand({ Bucket: 'policies' }));
    const policy = (number: number) => {
      const statement = { Effect: 'Deny', Principal: '*', Action: 's3:PutObject' };
      const Resource = 'arn:aws:s3:::policies/never';
      const Sid = `Number${number}${'x'.repeat(2_000)}`;
      return JSON.stringify({ Version: '2012-10-17', Statement: [{ ...statement, Sid, Resource }] });
    };
    const putPolicy = (number: number) =>
      s3.send(new PutBucketPolicyCommand({ Bucket: 'policies', Policy: policy(number) }));
    const { done, failed } = await fill(putPolicy);
    expect(failed).toMatchObject(FULL);
    expect(await failureOf(putPolicy(done + 1))).toMatchObject(FULL);
    const { Policy } = await s3.send(new GetBucketPolicyCommand({ Bucket: 'policies' }));
    expect(Policy).toBe(policy(done));
  });

  it('an upload has the parts that were acknowledged', async () => {
    await s3.send(new CreateBucketCommand({ Bucket: 'parts' }));
    const at = { Bucket: 'parts', Key: 'k' };
    const { UploadId = '' } = await s3.send(new CreateMultipartUploadCommand(at));
    const { done, failed } = await fill((PartNumber) =>
      s3.send(new UploadPartCommand({ ...at, UploadId, PartNumber, Body: `part ${PartNumber}` })),
    );
    expect(failed).toMatchObject(FULL);
    expect(done).toBeGreaterThan(3);
    // A file for each part, and the journal.
    const files = readdirSync(join(directory.path, 's3/.store/parts/uploads', UploadId));
    expect(files).toHaveLength(done + 1);
  });
});

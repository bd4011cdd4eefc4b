import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import {
  CreateBucketCommand,
  GetObjectCommand,
  PutBucketNotificationConfigurationCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startLocalAws } from '../../src/server/index.ts';
import { failureOf } from '../../src/testing/startS3.ts';
import { temporaryDirectory } from '../../src/testing/temporaryDirectory.ts';

let directory: ReturnType<typeof temporaryDirectory>;
beforeEach(() => {
  directory = temporaryDirectory();
});
afterEach(() => directory.remove());

describe('on a full disk', () => {
  it('what can not be written is answered 503, told in one sentence, and nothing else is lost', async () => {
    const script = join(import.meta.dirname, 'serveWhileFull.ts');
    const child = spawn(
      'sh',
      ['-c', 'ulimit -f 16 && exec "$@"', 'sh', process.execPath, script, directory.path],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    let stderr = '';
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
    const s3 = new S3Client(options);
    const sqs = new SQSClient(options);
    const full = { status: 503, message: expect.stringContaining('LOCAL_AWS_DISK_FULL: The disk is full') };

    await s3.send(new CreateBucketCommand({ Bucket: 'full' }));
    const put = (Key: string, bytes: number) =>
      s3.send(new PutObjectCommand({ Bucket: 'full', Key, Body: 'x'.repeat(bytes) }));
    await put('small', 100);
    expect(await failureOf(put('large', 100_000))).toMatchObject(full);
    await put('after', 100);
    expect(await failureOf(s3.send(new GetObjectCommand({ Bucket: 'full', Key: 'large' })))).toMatchObject({
      name: 'NoSuchKey',
    });
    expect(readdirSync(join(directory.path, 's3/.store/full/tmp'))).toEqual([]);

    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: 'work' }));
    let acknowledged = 0;
    const failed = await (async () => {
      for (;;) {
        await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'y'.repeat(500) }));
        acknowledged += 1;
      }
    })().then(undefined, (error) => failureOf(Promise.reject(error)));
    expect(failed).toMatchObject(full);
    expect(acknowledged).toBeGreaterThan(3);
    const { Attributes } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['ApproximateNumberOfMessages'] }),
    );
    expect(Attributes).toEqual({ ApproximateNumberOfMessages: String(acknowledged) });

    // The event of an object finds no room in the queue. The object is still stored, and its writer gets a success.
    await s3.send(
      new PutBucketNotificationConfigurationCommand({
        Bucket: 'full',
        NotificationConfiguration: { EventBridgeConfiguration: {} },
      }),
    );
    await put('announced', 100);
    const { ContentLength } = await s3.send(new GetObjectCommand({ Bucket: 'full', Key: 'announced' }));
    expect(ContentLength).toBe(100);

    s3.destroy();
    sqs.destroy();
    child.kill();
    await once(child, 'exit');
    expect(stderr).toMatch(/^LOCAL_AWS_DISK_FULL: The disk is full: [^\n]*\n$/);
  });
});

it.each([
  ['the data directory', 'data'],
  ['a folder', 'data/s3'],
])('a start names a file that is where %s belongs, and stays away from it', async (_, path) => {
  mkdirSync(join(directory.path, path, '..'), { recursive: true });
  writeFileSync(join(directory.path, path), 'mine');
  const stack = { template: { Resources: {} } };
  const failure = await failureOf(startLocalAws({ stack, directory: join(directory.path, 'data') }));
  expect(failure).toMatchObject({
    name: 'LOCAL_AWS_DISK_FOREIGN',
    message: expect.stringContaining(join(directory.path, path)),
  });
});

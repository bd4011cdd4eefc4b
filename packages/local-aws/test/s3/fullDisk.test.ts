import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import {
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  GetBucketPolicyCommand,
  PutBucketPolicyCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { CreateQueueCommand, PurgeQueueCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { expect, it } from '@jest/globals';
import { failureOf } from '../../src/testing/startS3.ts';
import { temporaryDirectory } from '../../src/testing/temporaryDirectory.ts';

it('on a full disk nothing that was answered 503 seems to be done when it is asked for again', async () => {
  const directory = temporaryDirectory();
  const script = join(import.meta.dirname, '../disk/serveWhileFull.ts');
  const child = spawn(
    'sh',
    ['-c', 'ulimit -f 16 && exec "$@"', 'sh', process.execPath, script, directory.path],
    {
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  );
  const [endpoint]: unknown[] = await once(createInterface(child.stdout), 'line');
  const options = {
    endpoint: String(endpoint),
    region: 'us-east-1',
    maxAttempts: 1,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  };
  const s3 = new S3Client(options);
  const sqs = new SQSClient(options);
  const full = { status: 503 };
  /** Sends until the disk is full. */
  const fill = async (send: (i: number) => Promise<unknown>) => {
    for (let i = 1; i < 1_000; i++) {
      const failed = await send(i).then(
        () => undefined,
        (error) => failureOf(Promise.reject(error)),
      );
      if (failed !== undefined) return failed;
    }
    throw new Error('The disk was never full.');
  };

  const Bucket = 'full';
  await s3.send(new CreateBucketCommand({ Bucket }));
  const policy = (i: number) =>
    JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        {
          Sid: `Number${i}${'x'.repeat(2_000)}`,
          Effect: 'Deny',
          Principal: '*',
          Action: 's3:PutObject',
          Resource: `arn:aws:s3:::${Bucket}/never`,
        },
      ],
    });
  let last = 0;
  const put = (i: number) => {
    last = i;
    return s3.send(new PutBucketPolicyCommand({ Bucket, Policy: policy(i) }));
  };
  expect(await fill(put)).toMatchObject(full);
  expect(await failureOf(put(last))).toMatchObject(full);
  expect((await s3.send(new GetBucketPolicyCommand({ Bucket }))).Policy).toBe(policy(last - 1));

  const at = { Bucket, Key: 'k' };
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand(at));
  let stored = 0;
  const part = async (PartNumber: number) => {
    await s3.send(new UploadPartCommand({ ...at, UploadId, PartNumber, Body: `part ${PartNumber}` }));
    stored += 1;
  };
  expect(await fill(part)).toMatchObject(full);
  const files = readdirSync(join(directory.path, 's3/.store', Bucket, 'uploads', String(UploadId)));
  expect(stored).toBeGreaterThan(3);
  expect(files).toHaveLength(stored + 1);

  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: 'work' }));
  const send = () => sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'x' }));
  expect(await fill(send)).toMatchObject(full);
  for (const _ of [1, 2])
    expect(await failureOf(sqs.send(new PurgeQueueCommand({ QueueUrl })))).toMatchObject(full);

  s3.destroy();
  sqs.destroy();
  child.kill();
  await once(child, 'exit');
  directory.remove();
});

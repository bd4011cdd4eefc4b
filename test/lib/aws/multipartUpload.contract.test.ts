import { CreateBucketCommand, ListMultipartUploadsCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, describe, expect, it } from '@jest/globals';
import { multipartUpload } from '../../../lib/aws/multipartUpload.ts';
import { answering, s3Error } from '../../harness/answering.ts';
import { startAws } from '../../harness/startAws.ts';

const BUCKET = 'sluice-uploads';
const aws = await startAws();
await aws.s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
afterAll(() => aws.close());

describe('an upload in parts', () => {
  it.each([
    { what: 'fails', end: () => undefined },
    { what: 'is ended by its signal', end: (controller: AbortController) => controller.abort() },
  ])('leaves no part behind when it $what', async ({ end }) => {
    const controller = new AbortController();
    const upload = multipartUpload(
      aws.s3,
      { Bucket: BUCKET, Key: 'a.parquet' },
      {},
      async (send) => {
        await send(1, Buffer.from('rows'));
        end(controller);
        throw new RangeError('no more rows');
      },
      controller.signal,
    );
    await expect(upload).rejects.toThrow('no more rows');
    const { Uploads = [] } = await aws.s3.send(new ListMultipartUploadsCommand({ Bucket: BUCKET }));
    expect(Uploads).toEqual([]);
  });
});

it('an upload whose abort fails, too, fails with the first error', async () => {
  const first = s3Error('SlowDown');
  const answers = [{ UploadId: 'u' }, first, s3Error('InternalError')];
  const { client, asked } = answering(S3Client, ...answers);
  const upload = multipartUpload(client, { Bucket: 'b', Key: 'k' }, {}, async (send) => [
    await send(1, Buffer.from('a')),
  ]);
  await expect(upload).rejects.toBe(first);
  expect(asked.map(({ name }) => name)).toEqual([
    'CreateMultipartUpload',
    'UploadPart',
    'AbortMultipartUpload',
  ]);
});

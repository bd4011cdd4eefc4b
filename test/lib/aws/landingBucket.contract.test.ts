import { open } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import { HeadBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, expect, it } from '@jest/globals';
import { landingBucket } from '../../../lib/aws/landingBucket.ts';
import { listen } from '../../harness/listen.ts';
import { temporaryDirectory } from '../../harness/temporaryDirectory.ts';

const directory = temporaryDirectory();
const path = `${directory.path}/large.parquet`;
/** Actions of S3, in order. */
const seen: string[] = [];
/** The second part's answer, as soon as that part is under way. */
const second = Promise.withResolvers<ServerResponse>();
async function storeSecond(): Promise<void> {
  const held = await second.promise;
  if (held.writableEnded) return;
  seen.push('part 2 stored');
  held.writeHead(200, { etag: '"2"' }).end();
}
const server = createServer((request, response) => {
  const url = request.url ?? '';
  request.resume().on('end', async () => {
    if (url.includes('uploads')) {
      const body = '<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>';
      response.end(body);
    } else if (request.method === 'HEAD') {
      response.end();
    } else if (request.method === 'DELETE') {
      seen.push('given up');
      response.writeHead(204).end();
      await storeSecond();
    } else if (url.includes('partNumber=1')) {
      await second.promise;
      seen.push('part 1 failed');
      response.writeHead(500).end('<Error><Code>InternalError</Code></Error>');
    } else {
      second.resolve(response);
    }
  });
});

// Two parts, of which the second is small, and so is there first.
const file = await open(path, 'w');
await file.truncate(16 * 1024 * 1024 + 1);
await file.close();
const s3 = new S3Client({
  endpoint: await listen(server),
  region: 'us-east-1',
  maxAttempts: 1,
  credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
  forcePathStyle: true,
});
afterAll(async () => {
  s3.destroy();
  await new Promise((done) => server.close(done));
  directory.remove();
});

it('an upload is aborted when none of its parts is in progress any more', async () => {
  const failed = Promise.withResolvers<void>();
  s3.middlewareStack.add(
    (next) => (args) =>
      next(args).catch((error: unknown) => {
        failed.resolve();
        throw error;
      }),
    { step: 'initialize' },
  );
  const upload = landingBucket(s3, 'own').upload(path, 'k', new AbortController().signal);
  const refused = expect(upload).rejects.toMatchObject({ code: 'SLUICE_LOAD_BUCKET_FAILED' });
  await failed.promise;
  // Whoever doesn't wait has given the upload up before calls that come after it have gone there and back.
  for (const _ of [1, 2, 3]) await s3.send(new HeadBucketCommand({ Bucket: 'own' }));
  await storeSecond();
  await refused;
  expect(seen).toEqual(['part 1 failed', 'part 2 stored', 'given up']);
});

import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { S3Client } from '@aws-sdk/client-s3';
import { afterAll, describe, expect, it } from '@jest/globals';
import { exportBucketFrom } from '../../../lib/aws/exportBucket.ts';
import { landingBucket } from '../../../lib/aws/landingBucket.ts';
import { type AskedCall, answeredBy, answering, attempts } from '../../harness/answering.ts';
import { temporaryDirectory } from '../../harness/temporaryDirectory.ts';

const OWNER = '111122223333';

describe('a large file', () => {
  const MiB = 1024 ** 2;
  const directory = temporaryDirectory();
  afterAll(() => directory.remove());
  const uploading = (parts: number) =>
    answering(
      S3Client,
      { UploadId: 'u' },
      ...Array.from({ length: parts }, (_, i) => ({ ETag: `"${i}"` })),
      {},
    );
  /** The numbers and sizes of the parts that were sent, the first and the last byte of each, and how they were joined. */
  const sentIn = (asked: readonly AskedCall[]) => ({
    parts: asked.flatMap(({ name, input: { PartNumber, Body } }) => {
      if (name !== 'UploadPart' || !(Body instanceof Uint8Array)) return [];
      return [[PartNumber, Body.length, Body[0], Body.at(-1)]];
    }),
    joined: Object(asked.at(-1)?.input['MultipartUpload']).Parts.map(
      ({ PartNumber }: { readonly PartNumber: number }) => PartNumber,
    ),
  });
  // Each byte is the number of its MiB, but for the last.
  const bytesOf = (size: number) => {
    const bytes = Buffer.alloc(size);
    for (let at = 0; at < size; at += MiB) bytes.fill(at / MiB, at, Math.min(at + MiB, size));
    bytes[size - 1] = 255;
    return bytes;
  };

  it.each([
    {
      size: 32 * MiB + 1,
      parts: [
        [1, 16 * MiB, 0, 15],
        [2, 16 * MiB, 16, 31],
        [3, 1, 255, 255],
      ],
    },
    {
      size: 32 * MiB,
      parts: [
        [1, 16 * MiB, 0, 15],
        [2, 16 * MiB, 16, 255],
      ],
    },
  ])('of $size bytes is uploaded in parts, from the disk and from a stream', async ({ size, parts }) => {
    const bytes = bytesOf(size);
    const expected = { parts, joined: parts.map(([number]) => number) };
    const path = join(directory.path, `large-${size}`);
    writeFileSync(path, bytes);
    const own = uploading(parts.length);
    await landingBucket(own.client, 'own').upload(path, 'k', new AbortController().signal);
    const { parts: sent, joined } = sentIn(own.asked);
    expect({ parts: sent.toSorted(([a], [b]) => Number(a) - Number(b)), joined }).toEqual(expected);
    async function* pieces() {
      // Not as large as a part, nor a part of it.
      for (let at = 0; at < size; at += 7 * MiB) yield bytes.subarray(at, at + 7 * MiB);
    }
    const theirs = uploading(parts.length);
    const target = { bucket: 'theirs', owner: OWNER };
    await exportBucketFrom(theirs.client, target, attempts).write('k', pieces(), size);
    expect(sentIn(theirs.asked)).toEqual(expected);
  });

  it.each([16 * MiB, 3])('of %i bytes is put at once', async (size) => {
    const path = join(directory.path, `small-${size}`);
    writeFileSync(path, bytesOf(size));
    const { client, asked } = answering(S3Client, { ETag: '"e"' });
    await landingBucket(client, 'own').upload(path, 'k', new AbortController().signal);
    expect(asked.map(({ name }) => name)).toEqual(['PutObject']);
    expect(Buffer.from(asked[0]?.input['Body'] as Uint8Array).equals(bytesOf(size))).toBe(true);
  });

  it('that becomes shorter while it is uploaded is no object', async () => {
    const path = join(directory.path, 'shorter');
    writeFileSync(path, Buffer.alloc(16 * MiB + 1));
    const asked: string[] = [];
    const client = answeredBy(S3Client, ({ name }) => {
      asked.push(name);
      if (name === 'CreateMultipartUpload') truncateSync(path, 1);
      return { UploadId: 'u' };
    });
    await expect(
      landingBucket(client, 'own').upload(path, 'k', new AbortController().signal),
    ).rejects.toMatchObject({ code: 'SLUICE_LOAD_BUCKET_FAILED' });
    expect(asked).toEqual(['CreateMultipartUpload', 'AbortMultipartUpload']);
  });

  it('that is longer than it was said to be is no object', async () => {
    async function* longer() {
      yield Buffer.from('ab');
    }
    const { client, asked } = answering(S3Client);
    const bucket = exportBucketFrom(client, { bucket: 'theirs', owner: OWNER }, attempts);
    await expect(bucket.write('k', longer(), 1)).rejects.toMatchObject({
      code: 'SLUICE_EXPORT_SOURCE_UNAVAILABLE',
    });
    expect(asked).toEqual([]);
  });
});

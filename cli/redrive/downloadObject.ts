import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { S3Client } from '@aws-sdk/client-s3';

/** Fetches an object into a file and answers its path, or, without one, its bytes. */
export function downloadObject(client: S3Client, bucket: string, key: string): Promise<Uint8Array>;
export function downloadObject(client: S3Client, bucket: string, key: string, file: string): Promise<string>;
export async function downloadObject(
  client: S3Client,
  bucket: string,
  key: string,
  file?: string,
): Promise<Uint8Array | string> {
  const { GetObjectCommand } = await import('@aws-sdk/client-s3');
  const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
  if (!(Body instanceof Readable)) throw new TypeError(`S3 answered no stream for ${key}.`);
  if (file === undefined) return Body.transformToByteArray();
  await pipeline(Body, createWriteStream(file));
  return file;
}

import { createHash, randomUUID } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { Checksum, type ChecksumAlgorithm } from '../checksums/Checksum.ts';
import { s3Errors } from '../errors.ts';

/** Bytes that lie in a temporary file, counted and hashed, and belong to no object yet. */
export interface StagedFile {
  readonly path: string;
  readonly size: number;
  readonly md5: Uint8Array;
  /** Base64, by algorithm asked for. */
  readonly checksums: ReadonlyMap<ChecksumAlgorithm, string>;
}

/**
 * Writes a body to a temporary file while hashing it. Nothing is left behind when that fails.
 *
 * @param limitBytes One byte more is refused as `EntityTooLarge`.
 */
export async function stageBody(
  folder: string,
  body: Readable | AsyncIterable<Uint8Array> | Uint8Array | string,
  algorithms: readonly ChecksumAlgorithm[],
  limitBytes: number,
): Promise<StagedFile> {
  const path = join(folder, randomUUID());
  const md5 = createHash('md5');
  const checksums = [...new Set(algorithms)].map((algorithm) => new Checksum(algorithm));
  let size = 0;
  const file = await open(path, 'wx');
  try {
    for await (const chunk of chunksOf(body)) {
      size += chunk.byteLength;
      if (size > limitBytes) throw s3Errors.entityTooLarge(limitBytes);
      md5.update(chunk);
      for (const checksum of checksums) checksum.update(chunk);
      for (let written = 0; written < chunk.byteLength; ) {
        written += (await file.write(chunk, written)).bytesWritten;
      }
    }
  } catch (error) {
    await file.close();
    await rm(path, { force: true });
    throw error;
  }
  await file.close();
  return {
    path,
    size,
    md5: md5.digest(),
    checksums: new Map(checksums.map((checksum) => [checksum.algorithm, checksum.digest()])),
  };
}

async function* chunksOf(
  body: Readable | AsyncIterable<Uint8Array> | Uint8Array | string,
): AsyncGenerator<Uint8Array> {
  if (typeof body === 'string') yield Buffer.from(body);
  else if (body instanceof Uint8Array) yield body;
  else {
    for await (const chunk of body) {
      const bytes: unknown = chunk;
      if (typeof bytes === 'string') yield Buffer.from(bytes);
      else if (bytes instanceof Uint8Array) yield bytes;
      else throw new TypeError('A body is a stream of bytes or text, not of other values.');
    }
  }
}

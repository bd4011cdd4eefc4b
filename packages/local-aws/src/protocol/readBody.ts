import { Readable } from 'node:stream';
import { AwsError } from './AwsError.ts';

/**
 * Buffers a request body.
 *
 * @param limitBytes The most that is read. One byte more is answered 413 and nothing further is kept in memory.
 */
export async function readBody(body: AsyncIterable<Uint8Array>, limitBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  // A refusal must still be answered: leaving the loop may not destroy the request, and its socket with it.
  const pieces = body instanceof Readable ? body.iterator({ destroyOnReturn: false }) : body;
  for await (const chunk of pieces) {
    const bytes: Uint8Array = chunk;
    length += bytes.byteLength;
    if (length > limitBytes) {
      throw new AwsError(
        'RequestEntityTooLarge',
        413,
        `The request body is larger than ${limitBytes} bytes.`,
      );
    }
    chunks.push(bytes);
  }
  const [only] = chunks;
  return chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks, length);
}

import { zstdDecompressSync } from 'node:zlib';
import { MAX_DECODED_BYTES, MAX_ZSTD_FRAMES } from './limits.ts';
import { RequestError } from './RequestError.ts';

/**
 * Decompresses all frames of a zstd body. They may follow each other (RFC 8878, 3.1), as a compressor writes them that
 * ends one at each flush; Node's own function reads the first and leaves the rest without a word.
 *
 * @throws RequestError `SLUICE_BODY_INFLATES_TOO_FAR`, for all frames together; `SLUICE_BODY_CORRUPT` for more frames
 *   than anybody writes; and what zstdDecompressSync throws.
 */
export function unzstd(bytes: Uint8Array): Buffer {
  const frames: Buffer[] = [];
  let left = MAX_DECODED_BYTES;
  for (let rest = bytes; rest.length > 0; ) {
    if (frames.length === MAX_ZSTD_FRAMES) {
      throw new RequestError('SLUICE_BODY_CORRUPT', `It has more than ${MAX_ZSTD_FRAMES} zstd frames.`);
    }
    // Node takes no limit of 0, and an empty frame may follow.
    const { inflated, consumed } = firstFrame(rest, Math.max(1, left));
    left -= inflated.length;
    if (left < 0) {
      throw new RequestError('SLUICE_BODY_INFLATES_TOO_FAR', `It was stopped at ${MAX_DECODED_BYTES} bytes.`);
    }
    frames.push(inflated);
    rest = rest.subarray(consumed);
  }
  const [only] = frames;
  return only !== undefined && frames.length === 1 ? only : Buffer.concat(frames);
}

/** The first frame, and how many bytes it took. */
function firstFrame(bytes: Uint8Array, maxOutputLength: number) {
  // With `info` it is another result than the types say: https://nodejs.org/docs/latest-v24.x/api/zlib.html#class-options
  const result: unknown = zstdDecompressSync(bytes, { maxOutputLength, info: true });
  const inflated: unknown = Reflect.get(Object(result), 'buffer');
  const consumed: unknown = Reflect.get(Object(Reflect.get(Object(result), 'engine')), 'bytesWritten');
  if (!Buffer.isBuffer(inflated) || typeof consumed !== 'number' || consumed <= 0) {
    throw new TypeError('zstdDecompressSync did not tell what it read.');
  }
  return { inflated, consumed };
}

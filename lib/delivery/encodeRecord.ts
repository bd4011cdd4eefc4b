import { MAX_RECORD_BYTES } from './limits.ts';

/** Bytes taken from the system at a time: large enough for any record. */
const CHUNK_BYTES = MAX_RECORD_BYTES;

let chunk = Buffer.allocUnsafeSlow(0);
let used = 0;

/**
 * Encodes a record's text as UTF-8. Records share memory as Node's small buffers do: encoding into memory that
 * is there costs a tenth of allocating for each. What was handed out is never written again.
 *
 * @param maxBytes At least the text's bytes.
 */
export function encodeRecord(text: string, maxBytes: number): Uint8Array {
  if (used + maxBytes > chunk.length) {
    chunk = Buffer.allocUnsafeSlow(Math.max(CHUNK_BYTES, maxBytes));
    used = 0;
  }
  const start = used;
  used += chunk.write(text, start, 'utf8');
  return chunk.subarray(start, used);
}

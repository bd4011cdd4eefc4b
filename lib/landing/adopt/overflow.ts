import { promisify } from 'node:util';
import { gunzipSync, gzip } from 'node:zlib';
import { MAX_OVERFLOW_BYTES } from '../../schema/deliveryLimits.ts';

/* Overflow objects of release 0.2: gzip of one row a line, in the folder of their stream. */

/** The object's user metadata. All values are texts. */
export interface OverflowMetadata {
  readonly documents: string;
  /** When it was first spilled, ISO 8601. */
  readonly since: string;
  /** Firehose's error code of the last document, or the reason why it was returned. */
  readonly code: string;
}

const compress = promisify(gzip);

/** The body of an overflow object: gzip of one document a line. */
export function overflowBody(documents: readonly string[]): Promise<Uint8Array> {
  return compress(`${documents.join('\n')}\n`);
}

/** The rows of the body of an overflow object; null when it is damaged, incomplete or too large. */
export function readOverflow(body: Uint8Array): readonly string[] | null {
  try {
    const text = gunzipSync(body, { maxOutputLength: MAX_OVERFLOW_BYTES }).toString('utf8');
    return text.endsWith('\n') ? text.slice(0, -1).split('\n') : null;
  } catch {
    return null;
  }
}

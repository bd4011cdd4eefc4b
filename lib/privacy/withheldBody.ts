import type { Redaction } from './Redaction.ts';

/**
 * What quarantine keeps of a body that can't be read while redaction is configured: its length and its salted hash,
 * by which a resend is known. It may hold what must be taken out, and where can't be told.
 */
export function withheldBody(body: Uint8Array, redaction: Redaction): string {
  return `withheld: ${body.length} bytes, ${redaction.hash(Buffer.from(body).toString('base64'))}`;
}

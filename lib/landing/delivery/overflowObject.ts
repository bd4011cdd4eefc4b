import { hash } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzipSync, gzip } from 'node:zlib';
import { MAX_OVERFLOW_BYTES } from '../../schema/deliveryLimits.ts';
import type { TableKind } from '../../schema/kinds.ts';
import { overflowKey } from '../../tables/overflowKey.ts';
import { isoTimestamp } from '../../time/isoTimestamp.ts';
import type { ReturnedDocument } from './deliver.ts';

/** Documents that a stream did not take, as one object. */
export interface OverflowObject {
  readonly key: string;
  /** Gzip of one document a line. */
  readonly body: Uint8Array;
  /** For whoever looks at it: how many documents, since when, and why. */
  readonly metadata: OverflowMetadata;
}

/** The object's user metadata; all of it text. */
export interface OverflowMetadata {
  readonly documents: string;
  /** When it was first spilled, ISO 8601. */
  readonly since: string;
  /** Firehose's error code of the last document, or why else it came back. */
  readonly code: string;
}

const compress = promisify(gzip);
/** Every row begins with its ID: lib/collect writes it so. */
const ROW_ID = /^\{"(?:event|quarantine)_id":"([^"\\]+)"/;

/**
 * Writes what one request could not put on one stream as one object: the documents exactly as they were packed.
 *
 * @param spilledAt Epoch milliseconds.
 */
export async function overflowObject(
  kind: TableKind,
  documents: readonly string[],
  returned: readonly ReturnedDocument[],
  spilledAt: number,
): Promise<OverflowObject> {
  const left = leftOver(documents, returned);
  const ids = left.map((document) => ROW_ID.exec(document)?.[1] ?? document);
  return {
    key: overflowKey(kind, hash('sha256', ids.join('\n'))),
    body: await overflowBody(left),
    metadata: {
      documents: String(left.length),
      since: isoTimestamp(spilledAt),
      code: lastCode(returned),
    },
  };
}

/** The documents that were handed back, in their order. */
export function leftOver(documents: readonly string[], returned: readonly ReturnedDocument[]): string[] {
  return returned.flatMap(({ index }) => documents[index] ?? []);
}

/** Why the last one was handed back. */
export function lastCode(returned: readonly ReturnedDocument[]): string {
  const last = returned.at(-1);
  return last?.code ?? last?.reason ?? '';
}

/** Documents as an object's body. */
export function overflowBody(documents: readonly string[]): Promise<Uint8Array> {
  return compress(`${documents.join('\n')}\n`);
}

/** The documents of a body; null when it is none that we wrote whole. */
export function readOverflow(body: Uint8Array): string[] | null {
  try {
    const text = gunzipSync(body, { maxOutputLength: MAX_OVERFLOW_BYTES }).toString('utf8');
    return text.endsWith('\n') ? text.slice(0, -1).split('\n') : null;
  } catch {
    return null;
  }
}

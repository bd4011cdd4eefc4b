import { hash } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzipSync, gzip } from 'node:zlib';
import { isoTimestamp } from '../../base/time.ts';
import { MAX_OVERFLOW_BYTES, OVERFLOW_MS, SPILL_AT_LEAST_MS } from '../../schema/deliveryLimits.ts';
import type { TableKind } from '../../schema/kinds.ts';
import { overflowKey } from '../../tables/objectKeys.ts';
import { billedBytes, packDocuments } from './packDocuments.ts';
import { type DeliveryContext, putRecords } from './putRecords.ts';

/** A document that was not delivered, and the reason. */
interface ReturnedDocument {
  /** Its index among the documents. */
  readonly index: number;
  /**
   * `too_large` for a Firehose record; `refused` by Firehose with an error that retrying does not resolve;
   * `not_acknowledged` within the deadline and the attempts, although it may have been written.
   */
  readonly reason: 'too_large' | 'refused' | 'not_acknowledged';
  /** Firehose's last error code for it; absent when it was never put. */
  readonly code?: string;
}

/** Every document is either among the acknowledged or in `returned`. */
export interface Delivery {
  readonly acknowledged: number;
  readonly returned: readonly ReturnedDocument[];
  /** Records; records that were put again, counted each time; calls including retries; bytes of the records; bytes that AWS bills for them. */
  readonly records: number;
  readonly retried: number;
  readonly calls: number;
  readonly bytes: number;
  readonly billedBytes: number;
}

/**
 * Delivers documents to one stream: each is either acknowledged or returned. It never throws.
 *
 * @param documents JSON without newlines.
 */
export async function deliver(documents: readonly string[], context: DeliveryContext): Promise<Delivery> {
  const { records, tooLarge } = packDocuments(documents);
  const { unacknowledged, retried, calls } = await putRecords(records, context);
  const returned: ReturnedDocument[] = tooLarge.map((index) => ({ index, reason: 'too_large' }));
  for (const { record, reason, code } of unacknowledged) {
    for (const index of record.documents) {
      returned.push(code === undefined ? { index, reason } : { index, reason, code });
    }
  }
  returned.sort((a, b) => a.index - b.index);
  return {
    acknowledged: documents.length - returned.length,
    returned,
    records: records.length,
    retried,
    calls,
    bytes: records.reduce((sum, { data }) => sum + data.length, 0),
    billedBytes: records.reduce((sum, { data }) => sum + billedBytes(data.length), 0),
  };
}

/** Dependencies of {@link deliverOrSpill}. */
export interface SpillContext extends DeliveryContext {
  readonly putOverflow: PutOverflow;
}

/** A delivery, and the outcome for the documents that the stream returned. */
export interface StreamDelivery extends Delivery {
  /** Whether every document is in Firehose or in overflow. Only then may the sender get a success. */
  readonly isSafe: boolean;
  /** Documents in overflow: either all that were returned, or none. */
  readonly overflowed: number;
  /** Why they could not be spilled: the name of the error, or `OutOfTime`. */
  readonly overflowError?: string;
}

/**
 * Delivers documents to one stream and spills returned documents, whatever the reason, into one overflow object.
 * functions/redrive puts them on the stream later. It never throws. The last part of the time before the deadline is
 * reserved for the spill, so that a stream that hangs does not use it up.
 */
export async function deliverOrSpill(
  kind: TableKind,
  documents: readonly string[],
  context: SpillContext,
): Promise<StreamDelivery> {
  const { clock, deadline } = context;
  const reserved = Math.min(OVERFLOW_MS, Math.floor(Math.max(0, deadline - clock.now()) / 2));
  const delivery = await deliver(documents, { ...context, deadline: deadline - reserved });
  const { returned } = delivery;
  if (returned.length === 0) return { ...delivery, isSafe: true, overflowed: 0 };
  if (deadline - clock.now() < SPILL_AT_LEAST_MS) {
    return { ...delivery, isSafe: false, overflowed: 0, overflowError: 'OutOfTime' };
  }
  try {
    const object = await overflowObject(kind, documents, returned, clock.now());
    await context.putOverflow(object, Math.max(1, deadline - clock.now()));
    return { ...delivery, isSafe: true, overflowed: returned.length };
  } catch (error) {
    const overflowError = error instanceof Error ? error.name : 'Error';
    return { ...delivery, isSafe: false, overflowed: 0, overflowError };
  }
}

/** Stores one overflow object. Throws the error of the store, or when it takes longer than `timeoutMs`. */
export type PutOverflow = (object: OverflowObject, timeoutMs: number) => Promise<void>;

/** Documents that a stream did not accept, as one object. */
interface OverflowObject {
  readonly key: string;
  /** Gzip of one document a line. */
  readonly body: Uint8Array;
  /** For diagnosis: how many documents, since when, and why. */
  readonly metadata: OverflowMetadata;
}

/** The object's user metadata. All values are texts. */
export interface OverflowMetadata {
  readonly documents: string;
  /** When it was first spilled, ISO 8601. */
  readonly since: string;
  /** Firehose's error code of the last document, or the reason why it was returned. */
  readonly code: string;
}

const compress = promisify(gzip);
/**
 * Makes the overflow object of the documents that one request could not put on one stream.
 *
 * @param spilledAt Epoch milliseconds.
 */
export async function overflowObject(
  kind: TableKind,
  documents: readonly string[],
  returned: readonly ReturnedDocument[],
  spilledAt: number,
): Promise<OverflowObject> {
  const left = returnedDocuments(documents, returned);
  return {
    key: overflowKey(kind, hash('sha256', left.join('\n'))),
    body: await overflowBody(left),
    metadata: {
      documents: String(left.length),
      since: isoTimestamp(spilledAt),
      code: lastErrorCode(returned),
    },
  };
}

/** The returned documents, in their order. */
export function returnedDocuments(
  documents: readonly string[],
  returned: readonly ReturnedDocument[],
): string[] {
  return returned.flatMap(({ index }) => documents[index] ?? []);
}

/** Why the last document was returned. */
export function lastErrorCode(returned: readonly ReturnedDocument[]): string {
  const last = returned.at(-1);
  return last?.code ?? last?.reason ?? '';
}

/** The body of an overflow object: gzip of one document a line. */
export function overflowBody(documents: readonly string[]): Promise<Uint8Array> {
  return compress(`${documents.join('\n')}\n`);
}

/** The documents of a body; null when it is damaged, incomplete or too large. */
export function readOverflow(body: Uint8Array): string[] | null {
  try {
    const text = gunzipSync(body, { maxOutputLength: MAX_OVERFLOW_BYTES }).toString('utf8');
    return text.endsWith('\n') ? text.slice(0, -1).split('\n') : null;
  } catch {
    return null;
  }
}

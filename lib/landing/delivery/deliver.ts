import { OVERFLOW_MS, SPILL_AT_LEAST_MS } from '../../schema/deliveryLimits.ts';
import type { TableKind } from '../../schema/kinds.ts';
import { type OverflowObject, overflowObject, type SpilledRows } from './overflow.ts';
import { billedBytes, packDocuments } from './packDocuments.ts';
import {
  type DeliveryContext,
  type PutRecordBatch,
  putRecords,
  type ReturnedDocument,
} from './putRecords.ts';
import type { StreamBreaker } from './StreamBreaker.ts';

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

/** Documents for one stream. */
export interface StreamDocuments {
  readonly kind: TableKind;
  /** JSON without newlines. */
  readonly documents: readonly string[];
  readonly putRecordBatch: PutRecordBatch;
  /** Default none: every call is made. */
  readonly breaker?: StreamBreaker;
  /** Whether nothing may go into the stream now, because it may drop it (lib/landing/hold). Default false. */
  readonly isHeld?: boolean;
}

/** Dependencies of {@link deliverOrSpill}. */
export interface SpillContext extends Omit<DeliveryContext, 'putRecordBatch' | 'breaker'> {
  readonly putOverflow: PutOverflow;
}

/** A delivery, and the outcome for the documents that the stream returned. */
export interface StreamDelivery extends Delivery {
  readonly kind: TableKind;
  /** Whether every document is in Firehose or in overflow. Only then may the sender get a success. */
  readonly isSafe: boolean;
  /** Documents in overflow: either all that were returned, or none. */
  readonly overflowed: number;
  /** Why they could not be spilled: the name of the error, or `OutOfTime`. */
  readonly overflowError?: string;
}

/**
 * Delivers the documents of one request to their streams, and spills what the streams returned, whatever the reason, into
 * one overflow object. functions/redrive puts it on the streams later. It never throws. The last part of the time before
 * the deadline is reserved for the spill, so that a stream that hangs does not use it up.
 *
 * @returns The delivery of each stream, in the order of `streams`.
 */
export async function deliverOrSpill(
  streams: readonly StreamDocuments[],
  context: SpillContext,
): Promise<StreamDelivery[]> {
  const { clock, deadline } = context;
  const reserved = Math.min(OVERFLOW_MS, Math.floor(Math.max(0, deadline - clock.now()) / 2));
  const deliveries = await Promise.all(
    streams.map(async ({ kind, documents, isHeld = false, ...stream }) => ({
      kind,
      ...(isHeld
        ? held(documents)
        : await deliver(documents, { ...context, ...stream, deadline: deadline - reserved })),
    })),
  );
  const overflowError = await spill(
    streams.flatMap(({ kind, documents }, i) => {
      const returned = deliveries[i]?.returned ?? [];
      return returned.length === 0 ? [] : [{ kind, documents, returned }];
    }),
    context,
  );
  return deliveries.map((delivery) => {
    const { length } = delivery.returned;
    if (length === 0 || overflowError === null) return { ...delivery, isSafe: true, overflowed: length };
    return { ...delivery, isSafe: false, overflowed: 0, overflowError };
  });
}

/** The code of rows that are not put because their stream is held. Firehose has no such code. */
export const STREAM_HELD = 'StreamHeld';

/** No document of a stream that is held is put. */
function held(documents: readonly string[]): Delivery {
  const returned = documents.map((_, index) => ({ index, reason: 'held_back', code: STREAM_HELD }) as const);
  const nothing = { records: 0, retried: 0, calls: 0, bytes: 0, billedBytes: 0 };
  return { acknowledged: 0, returned, ...nothing };
}

/** Writes one overflow object. Answers null when nothing is left to spill, else why it could not be written. */
async function spill(
  rows: readonly SpilledRows[],
  { clock, deadline, random, putOverflow }: SpillContext,
): Promise<string | null> {
  if (rows.length === 0) return null;
  if (deadline - clock.now() < SPILL_AT_LEAST_MS) return 'OutOfTime';
  try {
    // So that equal rows of two requests, received in the same millisecond, are two objects.
    const nonce = `${random()} ${random()}`;
    const object = await overflowObject(rows, clock.now(), nonce);
    await putOverflow(object, Math.max(1, deadline - clock.now()));
    return null;
  } catch (error) {
    return error instanceof Error ? error.name : 'Error';
  }
}

/** Stores one overflow object. Throws the error of the store, or when it takes longer than `timeoutMs`. */
export type PutOverflow = (object: OverflowObject, timeoutMs: number) => Promise<void>;

import { OVERFLOW_MS, SPILL_AT_LEAST_MS } from '../../schema/deliveryLimits.ts';
import type { TableKind } from '../../schema/kinds.ts';
import { type OverflowObject, overflowObject, type SpilledRows } from './overflow.ts';
import { billedBytes, type PackedRecord, packDocuments } from './packDocuments.ts';
import {
  type DeliveryContext,
  type PutRecordsResult,
  putRecords,
  type ReturnedDocument,
  type UnacknowledgedRecord,
} from './putRecords.ts';
import type { StreamShard } from './StreamShards.ts';

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

/** A stream to put rows on. */
type PutStream = Pick<StreamShard, 'putRecordBatch' | 'breaker'>;

/**
 * Delivers documents to one stream: each is either acknowledged or returned. It never throws.
 *
 * @param documents JSON without newlines.
 * @param other Gets what the stream does not accept at the first attempt. Default none: it is put on the same stream again.
 */
export async function deliver(
  documents: readonly string[],
  context: DeliveryContext,
  other?: PutStream,
): Promise<Delivery> {
  const { records, tooLarge } = packDocuments(documents);
  const { unacknowledged, retried, calls } = await (other === undefined
    ? putRecords(records, context)
    : putOnEither(records, context, other));
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

/**
 * Puts records on one stream, once, and what it does not acknowledge on another. The first has half of the time, so that the
 * second is asked in time when the first hangs.
 */
async function putOnEither(
  records: readonly PackedRecord[],
  context: DeliveryContext,
  other: PutStream,
): Promise<PutRecordsResult> {
  const { clock, deadline } = context;
  // A timer takes whole milliseconds.
  const half = clock.now() + Math.floor(Math.max(0, deadline - clock.now()) / 2);
  const first = await putRecords(records, { ...context, deadline: half, attempts: 1 });
  if (first.unacknowledged.length === 0) return first;
  const earlier = new Map(first.unacknowledged.map((one) => [one.record, one]));
  const putBefore = first.unacknowledged.filter(wasPut);
  const { breaker: _, ...rest } = context;
  const second = await putRecords([...earlier.keys()], { ...rest, ...streamOf(other) });
  const notPut = new Set(second.unacknowledged.filter((one) => !wasPut(one)).map(({ record }) => record));
  return {
    // What the second was not asked for is as the first left it.
    unacknowledged: second.unacknowledged.map((one) =>
      one.reason === 'held_back' ? (earlier.get(one.record) ?? one) : one,
    ),
    retried: first.retried + putBefore.filter(({ record }) => !notPut.has(record)).length + second.retried,
    calls: first.calls + second.calls,
  };
}

/** Whether a call was made with a record: one that is held back has the code of its stream. */
function wasPut({ reason, code }: UnacknowledgedRecord): boolean {
  return reason !== 'held_back' && code !== undefined;
}

function streamOf({ putRecordBatch, breaker }: PutStream): PutStream {
  return breaker === undefined ? { putRecordBatch } : { putRecordBatch, breaker };
}

/** Documents for one table. */
export interface StreamDocuments {
  readonly kind: TableKind;
  /** JSON without newlines. */
  readonly documents: readonly string[];
  /**
   * The stream that gets them, and another of the table for what the first does not accept at once. None if nothing may go
   * into any stream of the table now, because it may drop it (lib/landing/hold).
   */
  readonly to: readonly PutStream[];
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
    streams.map(async ({ kind, documents, to: [first, other] }) => ({
      kind,
      ...(first === undefined
        ? held(documents)
        : await deliver(documents, { ...context, ...streamOf(first), deadline: deadline - reserved }, other)),
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

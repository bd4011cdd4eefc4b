import { waitForRetry } from '../../base/retry.ts';
import type { Clock } from '../../base/time.ts';
import {
  BACKOFF,
  FAIR_CALL_MS,
  MAX_ATTEMPTS,
  MAX_CALL_BYTES,
  MAX_RECORDS_PER_CALL,
} from '../../schema/deliveryLimits.ts';
import type { PackedRecord } from './packDocuments.ts';
import type { StreamBreaker } from './StreamBreaker.ts';

/** Dependencies of a delivery. */
export interface DeliveryContext {
  readonly putRecordBatch: PutRecordBatch;
  readonly clock: Clock;
  /** Resolves after that many milliseconds. */
  readonly wait: (ms: number) => Promise<void>;
  /** At least 0, below 1. */
  readonly random: () => number;
  /** Epoch milliseconds after which there are no more attempts. */
  readonly deadline: number;
  /** Remembers whether the stream is away. Default none: every call is made. */
  readonly breaker?: StreamBreaker;
  /** How often a record is put at most, the first time included. Default {@link MAX_ATTEMPTS}. */
  readonly attempts?: number;
}

/** Why a record was not delivered. */
type ReturnReason = 'refused' | 'not_acknowledged' | 'held_back';

/** A record that Firehose has not acknowledged, and the reason. */
export interface UnacknowledgedRecord {
  readonly record: PackedRecord;
  /**
   * `refused` by Firehose with an error that retrying does not resolve; `not_acknowledged` within the deadline and the
   * attempts, although it may have been written; `held_back` without a call, because the stream is away.
   */
  readonly reason: ReturnReason;
  /** Firehose's last error code for it, or for the stream when it was held back; absent when it was never put. */
  readonly code?: string;
}

/** A document that was not delivered, and the reason. */
export interface ReturnedDocument {
  /** Its index among the documents. */
  readonly index: number;
  /**
   * `too_large` for a Firehose record; `refused` by Firehose with an error that retrying does not resolve;
   * `not_acknowledged` within the deadline and the attempts, although it may have been written; `held_back` without a
   * call, because the stream is away or held.
   */
  readonly reason: 'too_large' | ReturnReason;
  /** Firehose's last error code for it, or for the stream when it was held back; absent when it was never put. */
  readonly code?: string;
}

/** Every record is either acknowledged or in `unacknowledged`. */
export interface PutRecordsResult {
  readonly unacknowledged: readonly UnacknowledgedRecord[];
  /** Records that were put again, counted each time; calls including retries. */
  readonly retried: number;
  readonly calls: number;
}

interface PendingRecord {
  readonly record: PackedRecord;
  readonly code?: string;
}

/**
 * Puts records on one stream. It never throws.
 *
 * Firehose can answer 200 and still fail records. Only failed records are put again, in order, after a random and
 * growing pause, until they are acknowledged, the attempts are used up or the deadline is near. A throttled or unanswered
 * call is retried in the same way. Any other error is final. Once the breaker is open, nothing more is put.
 */
export async function putRecords(
  records: readonly PackedRecord[],
  context: DeliveryContext,
): Promise<PutRecordsResult> {
  const unacknowledged: UnacknowledgedRecord[] = [];
  let pending: PendingRecord[] = records.map((record) => ({ record }));
  let calls = 0;
  let retried = 0;
  const { wait, random, clock, deadline, breaker, attempts = MAX_ATTEMPTS } = context;
  const retries = { tries: attempts, ...BACKOFF, wait, random, until: { clock, deadline } };
  for (let attempt = 1; ; attempt += 1) {
    const failed: PendingRecord[] = [];
    const codes = new Map(pending.map(({ record, code }) => [record, code]));
    for (const call of packCalls(pending.map(({ record }) => record))) {
      const remaining = deadline - clock.now();
      if (remaining <= 0) {
        failed.push(...call.map((record) => pendingRecord(record, codes.get(record))));
        continue;
      }
      if (breaker?.admit() === false) {
        const { code } = breaker;
        for (const record of call) {
          const earlier = codes.get(record);
          if (earlier === undefined) unacknowledged.push({ record, code, reason: 'held_back' });
          else failed.push({ record, code: earlier });
        }
        continue;
      }
      calls += 1;
      if (attempt > 1) retried += call.length;
      const timeoutMs = Math.min(remaining, breaker?.longestCallMs ?? remaining);
      const outcome = await put(context.putRecordBatch, call, timeoutMs);
      const codesOfCall = call.map((_, i) => errorCode(outcome, i));
      const isAcknowledged = codesOfCall.includes(null);
      // That a call failed which had hardly any time says nothing about the stream.
      if (isAcknowledged || timeoutMs >= FAIR_CALL_MS)
        breaker?.answered(isAcknowledged, codesOfCall.at(-1) ?? '');
      for (const [i, record] of call.entries()) {
        const code = codesOfCall[i] ?? null;
        if (code === null) continue;
        if (outcome.kind === 'failed' && !outcome.retryable) {
          unacknowledged.push({ record, code, reason: 'refused' });
        } else failed.push({ record, code });
      }
    }
    pending = failed;
    if (pending.length === 0 || breaker?.isOpen === true || !(await waitForRetry(retries, attempt))) break;
  }
  unacknowledged.push(...pending.map((item) => ({ ...item, reason: 'not_acknowledged' as const })));
  return { unacknowledged, retried, calls };
}

function pendingRecord(record: PackedRecord, code: string | undefined): PendingRecord {
  return code === undefined ? { record } : { record, code };
}

async function put(
  putRecordBatch: PutRecordBatch,
  call: readonly PackedRecord[],
  timeoutMs: number,
): Promise<PutOutcome> {
  try {
    return await putRecordBatch(
      call.map(({ data }) => data),
      timeoutMs,
    );
  } catch (error) {
    // An adapter must not throw. If it does, its documents are returned all the same.
    return { kind: 'failed', code: error instanceof Error ? error.name : 'Error', retryable: false };
  }
}

/** The error of a call's i-th record. A record that the answer omits was not acknowledged. */
function errorCode(outcome: PutOutcome, i: number): string | null {
  if (outcome.kind === 'failed') return outcome.code;
  const code = outcome.errorCodes[i];
  return code === undefined ? 'NoResponse' : code;
}

/** Splits records into PutRecordBatch calls, in order: at most 500 records and 4 MiB each. */
export function packCalls(records: readonly PackedRecord[]): PackedRecord[][] {
  const calls: PackedRecord[][] = [];
  let open: PackedRecord[] = [];
  let openBytes = 0;
  for (const record of records) {
    const full = open.length === MAX_RECORDS_PER_CALL || openBytes + record.data.length > MAX_CALL_BYTES;
    if (full && open.length > 0) {
      calls.push(open);
      open = [];
      openBytes = 0;
    }
    open.push(record);
    openBytes += record.data.length;
  }
  if (open.length > 0) calls.push(open);
  return calls;
}

/** The outcome of one call. Adapters return it instead of throwing, so that no failure can be missed. */
export type PutOutcome =
  | {
      /** Firehose answered the call; some of its records may have failed. */
      readonly kind: 'answered';
      /** For each record, in order: null when it was acknowledged, else Firehose's `ErrorCode`. */
      readonly errorCodes: readonly (string | null)[];
    }
  | {
      /** The whole call failed: throttled, refused, timed out. */
      readonly kind: 'failed';
      /** AWS's name of the error, e.g. `ServiceUnavailableException`. */
      readonly code: string;
      /** Whether the same call may succeed later. */
      readonly retryable: boolean;
    };

/**
 * Puts records into one delivery stream once. It does not retry, because retries would multiply with those of delivery.
 *
 * @param timeoutMs Timeout. The records may have been written even after a timeout.
 */
export type PutRecordBatch = (records: readonly Uint8Array[], timeoutMs: number) => Promise<PutOutcome>;

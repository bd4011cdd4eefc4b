import { eachAttempt } from '../../base/retry.ts';
import type { Clock } from '../../base/time.ts';
import { BACKOFF, MAX_ATTEMPTS, MAX_CALL_BYTES, MAX_RECORDS_PER_CALL } from '../../schema/deliveryLimits.ts';
import type { PackedRecord } from './packDocuments.ts';

/** What delivery needs from outside. */
export interface DeliveryContext {
  readonly putRecordBatch: PutRecordBatch;
  readonly clock: Clock;
  /** Resolves after so many milliseconds by the clock. */
  readonly wait: (ms: number) => Promise<void>;
  /** At least 0, below 1. */
  readonly random: () => number;
  /** Epoch milliseconds after which nothing more is tried. */
  readonly deadline: number;
}

/** A record that Firehose has not acknowledged, and why. */
export interface UnacknowledgedRecord {
  readonly record: PackedRecord;
  /**
   * `refused` by Firehose in a way that retrying can't mend; `not_acknowledged` in the time and attempts there
   * were, though it may have been written.
   */
  readonly reason: 'refused' | 'not_acknowledged';
  /** Firehose's last error code for it; absent when it was never put. */
  readonly code?: string;
}

/** Every record is acknowledged or among the `unacknowledged`. */
export interface PutRecordsResult {
  readonly unacknowledged: readonly UnacknowledgedRecord[];
  /** Records put again, each time; calls, retries included. */
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
 * Firehose answers 200 and still fails records, so only those that failed are put again, in order, after a
 * random and growing pause, until they are acknowledged, the attempts are used up or the deadline is near.
 * A throttled or unanswered call is retried in the same way; any other refusal is final at once.
 */
export async function putRecords(
  records: readonly PackedRecord[],
  context: DeliveryContext,
): Promise<PutRecordsResult> {
  const unacknowledged: UnacknowledgedRecord[] = [];
  let pending: PendingRecord[] = records.map((record) => ({ record }));
  let calls = 0;
  let retried = 0;
  const { wait, random, clock, deadline } = context;
  const retries = { tries: MAX_ATTEMPTS, ...BACKOFF, wait, random, until: { clock, deadline } };
  for await (const attempt of eachAttempt(retries)) {
    const failed: PendingRecord[] = [];
    const codes = new Map(pending.map(({ record, code }) => [record, code]));
    for (const call of packCalls(pending.map(({ record }) => record))) {
      const remaining = deadline - clock.now();
      if (remaining <= 0) {
        failed.push(...call.map((record) => pendingRecord(record, codes.get(record))));
        continue;
      }
      calls += 1;
      if (attempt > 1) retried += call.length;
      const outcome = await put(context.putRecordBatch, call, remaining);
      for (const [i, record] of call.entries()) {
        const code = errorCode(outcome, i);
        if (code === null) continue;
        if (outcome.kind === 'failed' && !outcome.retryable) {
          unacknowledged.push({ record, code, reason: 'refused' });
        } else failed.push({ record, code });
      }
    }
    pending = failed;
    if (pending.length === 0) break;
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
    // An adapter that throws is defective, but its documents are handed back all the same.
    return { kind: 'failed', code: error instanceof Error ? error.name : 'Error', retryable: false };
  }
}

/** The error of a call's i-th record; one that the answer leaves out was not acknowledged. */
function errorCode(outcome: PutOutcome, i: number): string | null {
  if (outcome.kind === 'failed') return outcome.code;
  const code = outcome.errorCodes[i];
  return code === undefined ? 'NoResponse' : code;
}

/** Cuts records into PutRecordBatch calls, in order: at most 500 records and 4 MiB each. */
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

/** What came of one call. Adapters answer with it instead of throwing, so that no failure can be missed. */
export type PutOutcome =
  | {
      /** Firehose took the call; it may still have failed some of its records. */
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
 * Puts records into one delivery stream, once: no retries of its own, or they would multiply with ours.
 *
 * @param timeoutMs Give up after this long. The records may have been written nevertheless.
 */
export type PutRecordBatch = (records: readonly Uint8Array[], timeoutMs: number) => Promise<PutOutcome>;

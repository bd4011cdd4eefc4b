import { backoffMs } from '../time/backoff.ts';
import type { Clock } from '../time/Clock.ts';
import { BACKOFF, MAX_ATTEMPTS } from './limits.ts';
import type { PutOutcome, PutRecordBatch } from './PutRecordBatch.ts';
import { packCalls } from './packCalls.ts';
import { billedBytes, type PackedRecord, packDocuments } from './packDocuments.ts';

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

/** A document that was not delivered, and why. */
export interface ReturnedDocument {
  /** Its index in what was to be delivered. */
  readonly index: number;
  /**
   * `too_large` for a Firehose record; `refused` by Firehose in a way that retrying can't mend;
   * `not_acknowledged` in the time and attempts there were, though it may have been written.
   */
  readonly reason: 'too_large' | 'refused' | 'not_acknowledged';
  /** Firehose's last error code for it; absent when it was never put. */
  readonly code?: string;
}

/** Every document is either among the acknowledged or in `returned`. */
export interface Delivery {
  readonly acknowledged: number;
  readonly returned: readonly ReturnedDocument[];
  /** Firehose records made; those put again, each time; calls, retries included; bytes put once, and what AWS bills for them. */
  readonly records: number;
  readonly retried: number;
  readonly calls: number;
  readonly bytes: number;
  readonly billedBytes: number;
}

interface Pending {
  readonly record: PackedRecord;
  readonly code?: string;
}

/**
 * Delivers documents to one stream: every one is acknowledged or handed back by name. It never throws.
 *
 * Firehose answers 200 and still fails records, so only those that failed are put again, in order, after a
 * random and growing pause, until they are acknowledged, the attempts are used up or the deadline is near.
 * A throttled or unanswered call is retried in the same way; any other refusal is handed back at once.
 *
 * @param documents JSON without newlines.
 */
export async function deliver(documents: readonly string[], context: DeliveryContext): Promise<Delivery> {
  const { records, tooLarge } = packDocuments(documents);
  const returned: ReturnedDocument[] = tooLarge.map((index) => ({ index, reason: 'too_large' }));
  const handBack = ({ record, code }: Pending, reason: 'refused' | 'not_acknowledged') => {
    for (const index of record.documents) {
      returned.push(code === undefined ? { index, reason } : { index, reason, code });
    }
  };

  let pending: Pending[] = records.map((record) => ({ record }));
  let calls = 0;
  let retried = 0;
  for (let attempt = 1; pending.length > 0; attempt += 1) {
    const failed: Pending[] = [];
    const codes = new Map(pending.map(({ record, code }) => [record, code]));
    for (const call of packCalls(pending.map(({ record }) => record))) {
      const remaining = context.deadline - context.clock.now();
      if (remaining <= 0) {
        failed.push(...call.map((record) => pendingOf(record, codes.get(record))));
        continue;
      }
      calls += 1;
      if (attempt > 1) retried += call.length;
      const outcome = await put(context.putRecordBatch, call, remaining);
      for (const [i, record] of call.entries()) {
        const code = errorCode(outcome, i);
        if (code === null) continue;
        if (outcome.kind === 'failed' && !outcome.retryable) handBack({ record, code }, 'refused');
        else failed.push({ record, code });
      }
    }
    pending = failed;
    if (pending.length === 0) break;
    const pause = backoffMs(attempt, context.random, BACKOFF);
    if (attempt === MAX_ATTEMPTS || context.clock.now() + pause >= context.deadline) {
      for (const item of pending) handBack(item, 'not_acknowledged');
      break;
    }
    await context.wait(pause);
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

function pendingOf(record: PackedRecord, code: string | undefined): Pending {
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

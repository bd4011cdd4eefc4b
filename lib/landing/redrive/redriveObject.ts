import type { Clock } from '../../base/time.ts';
import type { TableKind } from '../../schema/kinds.ts';
import { parkedKey, parseErrorKey, parseOverflowKey } from '../../tables/objectKeys.ts';
import {
  deliver,
  lastErrorCode,
  overflowBody,
  readOverflow,
  returnedDocuments,
} from '../delivery/deliver.ts';
import type { PutRecordBatch } from '../delivery/putRecords.ts';
import { type FailedRecord, readErrorLine, splitRecord } from './failedRecords.ts';

/** Why an object could not be redriven; `hopeless` when a retry cannot succeed. */
interface RedriveFailure {
  readonly code: string;
  readonly detail: string;
  readonly hopeless?: true;
}

/**
 * Redrives one object: an overflow object to its stream, an error object into quarantine. If it stops or crashes at any
 * point, the object still contains everything that is not stored elsewhere. It never throws.
 *
 * A row is only duplicated, with the same event_id, by a crash between Firehose's acknowledgement and the next write to
 * the bucket, or by an acknowledgement that never arrived.
 */
export async function redriveObject(
  key: string,
  redrive: Redrive,
  tried: RedriveAttempt,
): Promise<RedriveOutcome> {
  const overflow = parseOverflowKey(key);
  const error = overflow === null ? parseErrorKey(key) : null;
  if (overflow === null && error === null) return { outcome: 'ignored' };
  // It is not parked, because nothing has been tried.
  if (redrive.clock.now() >= tried.deadline)
    return { outcome: 'kept', code: 'SLUICE_REDRIVE_NO_TIME', detail: '' };
  try {
    const claim = await redrive.store.claim(key, tried.claimUntil);
    if (claim === null) return { outcome: 'busy' };
    try {
      const done = await (overflow !== null
        ? redriveOverflow(key, overflow, redrive, tried)
        : quarantineErrors(key, redrive, tried)
      ).catch(bucketFailure);
      if ('outcome' in done) return done;
      return done.hopeless || tried.last ? await park(key, done, redrive) : { outcome: 'kept', ...done };
    } finally {
      // A claim that could not be released expires by itself.
      await claim.release().catch(() => undefined);
    }
  } catch (thrown) {
    // It could not be claimed or parked.
    return { outcome: 'kept', ...bucketFailure(thrown) };
  }
}

/** An error of the bucket counts like any other failure: an object that cannot be read is parked in the end. */
function bucketFailure(thrown: unknown): RedriveFailure {
  const detail = thrown instanceof Error ? thrown.name : String(thrown);
  return { code: 'SLUICE_REDRIVE_BUCKET_FAILED', detail };
}

async function redriveOverflow(
  key: string,
  kind: TableKind,
  { store, streams, clock, wait, random }: Redrive,
  { deadline }: RedriveAttempt,
): Promise<RedriveOutcome | RedriveFailure> {
  const object = await store.read(key);
  if (object === null) return { outcome: 'gone' };
  const documents = readOverflow(object.body);
  if (documents === null) return { code: 'SLUICE_REDRIVE_UNREADABLE', detail: '', hopeless: true };

  const putRecordBatch = streams[kind];
  const { acknowledged, returned } = await deliver(documents, {
    putRecordBatch,
    clock,
    wait,
    random,
    deadline,
  });
  if (returned.length === 0) {
    await store.remove(key);
    return { outcome: 'delivered', documents: acknowledged };
  }
  const code = lastErrorCode(returned);
  if (acknowledged === 0) return { code: 'SLUICE_REDRIVE_NOT_DELIVERED', detail: code };

  const left = returnedDocuments(documents, returned);
  // It is not rewritten if a write that was repeated replaced it in the meantime: that object has the same rows, and its
  // own event redrives it.
  await store.rewrite(key, {
    body: await overflowBody(left),
    etag: object.etag,
    metadata: { ...object.metadata, documents: String(left.length), code },
  });
  return { outcome: 'rewritten', documents: acknowledged, left: left.length };
}

/** Copies the object before it removes it, so that a crash in between leaves it in both places. */
async function park(
  key: string,
  { code, detail }: RedriveFailure,
  { store }: Redrive,
): Promise<RedriveOutcome> {
  const to = parkedKey(key);
  if (!(await store.copy(key, to))) return { outcome: 'gone' };
  await store.remove(key);
  return { outcome: 'parked', code, detail, to };
}

/** Most records and bytes that go to quarantine at once: an error object can be as large as a stream's buffer. */
const GROUP_RECORDS = 500;
const GROUP_BYTES = 4_194_304;

/**
 * Puts each row of an error object's records into quarantine, then removes the object. Rows that failed conversion would
 * fail again, so they do not go back to their stream automatically. Rows of the quarantine table itself cannot go to
 * quarantine either.
 */
async function quarantineErrors(
  key: string,
  { store, quarantine, clock }: Redrive,
  { deadline }: RedriveAttempt,
): Promise<RedriveOutcome | RedriveFailure> {
  const parsed = parseErrorKey(key);
  if (parsed === null) return { outcome: 'ignored' };
  if (parsed.kind === 'quarantine')
    return { code: 'SLUICE_REDRIVE_QUARANTINE_REFUSED', detail: parsed.outputType, hopeless: true };
  const lines = await store.lines(key);
  if (lines === null) return { outcome: 'gone' };

  let documents = 0;
  let group: FailedRecord[] = [];
  let bytes = 0;
  const keep = async () => {
    if (group.length === 0) return true;
    const kept = clock.now() < deadline && (await quarantine(group, key, deadline));
    documents += group.length;
    [group, bytes] = [[], 0];
    return kept;
  };
  for await (const line of lines) {
    if (line === '') continue;
    for (const record of splitRecord(readErrorLine(line, parsed.outputType))) {
      group.push(record);
      bytes += record.raw.length;
      if ((group.length >= GROUP_RECORDS || bytes >= GROUP_BYTES) && !(await keep()))
        return notKept(documents);
    }
  }
  if (!(await keep())) return notKept(documents);
  await store.remove(key);
  return { outcome: 'quarantined', documents };
}

function notKept(documents: number): RedriveFailure {
  return { code: 'SLUICE_REDRIVE_NOT_QUARANTINED', detail: `Before or at row ${documents}.` };
}

/** Puts records that Firehose did not deliver into quarantine; false when some could not be stored. Never throws. */
export type QuarantineRecords = (
  records: readonly FailedRecord[],
  /** Key of their error object. */
  key: string,
  /** Epoch milliseconds by which it resolves. */
  deadline: number,
) => Promise<boolean>;

/** Dependencies of redrive. */
export interface Redrive {
  readonly store: RedriveStore;
  readonly streams: Readonly<Record<TableKind, PutRecordBatch>>;
  readonly quarantine: QuarantineRecords;
  readonly clock: Clock;
  readonly wait: (ms: number) => Promise<void>;
  readonly random: () => number;
}

/** One attempt to redrive an object. */
export interface RedriveAttempt {
  /** Epoch milliseconds after which nothing new starts. */
  readonly deadline: number;
  /** Epoch milliseconds until which the object is claimed: after the end of this invocation. */
  readonly claimUntil: number;
  /** Whether the object is parked if this attempt fails. */
  readonly last: boolean;
}

/** The outcome for one object. */
export type RedriveOutcome =
  /** All of it is in Firehose or in quarantine, and the object is removed. */
  | { readonly outcome: 'delivered' | 'quarantined'; readonly documents: number }
  /** Some of it is in Firehose. The object now contains the rest, and the event of that write redrives it. */
  | { readonly outcome: 'rewritten'; readonly documents: number; readonly left: number }
  /** Nothing to do: the object is gone, or not one of Sluice. */
  | { readonly outcome: 'gone' | 'ignored' }
  /** Another invocation has claimed it. */
  | { readonly outcome: 'busy' }
  /** It remains and has to be retried. */
  | { readonly outcome: 'kept'; readonly code: string; readonly detail: string }
  /** It was moved to the key `to`. */
  | { readonly outcome: 'parked'; readonly code: string; readonly detail: string; readonly to: string };

/** An overflow object that was read. */
export interface StoredOverflow {
  readonly body: Uint8Array;
  /** Identifies the version that was read: a rewrite is refused if the object has changed since. */
  readonly etag: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** The store of overflow, error and parked objects. Every method throws the errors of the store. */
export interface RedriveStore {
  /** Null when the object no longer exists. */
  read(key: string): Promise<StoredOverflow | null>;
  /** The lines of an object, read on demand; null when the object no longer exists. */
  lines(key: string): Promise<AsyncIterable<string> | null>;
  /** Replaces the version that was read; false when it no longer exists. */
  rewrite(key: string, overflow: StoredOverflow): Promise<boolean>;
  /** Removes an object. It is no error if it is already gone. */
  remove(key: string): Promise<void>;
  /** Copies an object within the store; false when it does not exist. */
  copy(from: string, to: string): Promise<boolean>;
  /** Objects under a prefix, with the time of their last write in epoch milliseconds. */
  list(prefix: string): AsyncIterable<{ readonly key: string; readonly modifiedAt: number }>;
  /**
   * Claims an object until a time (epoch milliseconds) or until it is released; null when another invocation has claimed
   * it. The queue can deliver an event twice, and the run for stragglers finds objects that the queue is working on.
   */
  claim(key: string, until: number): Promise<{ release(): Promise<void> } | null>;
}

import type { Clock } from '../../base/time.ts';
import type { TableKind } from '../../schema/kinds.ts';
import { parkedKey } from '../../tables/objectKeys.ts';
import type { StreamId } from '../../tables/streams.ts';
import type { PutRecordBatch } from '../delivery/putRecords.ts';
import type { StreamBreaker } from '../delivery/StreamBreaker.ts';
import type { StreamHolds } from '../hold/StreamHolds.ts';
import type { FailedRecord } from './failedRecords.ts';
import type { Pace } from './Pace.ts';

/** A stream, and what an execution environment knows of it. */
export interface RedriveStream {
  readonly stream: StreamId;
  readonly putRecordBatch: PutRecordBatch;
  readonly breaker: StreamBreaker;
  readonly pace: Pace;
}

/** Dependencies of redrive. */
export interface Redrive {
  readonly store: RedriveStore;
  /** The streams in rotation: at least one for each table. */
  readonly streams: Readonly<Record<TableKind, readonly RedriveStream[]>>;
  readonly quarantine: QuarantineRecords;
  /**
   * Which streams are held, as read a minute ago at most; null if that could never be read. What is meant for a held stream
   * waits, and uses up no try. It is asked before each group of objects, and never throws.
   */
  readonly holds: () => Promise<StreamHolds | null>;
  readonly clock: Clock;
  readonly wait: (ms: number) => Promise<void>;
  readonly random: () => number;
}

/** The time of an invocation. */
export interface RedriveTime {
  /** Epoch milliseconds after which nothing new starts. */
  readonly deadline: number;
  /** Epoch milliseconds until which something is claimed: after the end of this invocation. */
  readonly claimUntil: number;
}

/** Puts records that Firehose did not deliver into quarantine; false when some could not be stored. Never throws. */
export type QuarantineRecords = (
  records: readonly FailedRecord[],
  /** Key of their error object. */
  key: string,
  /** Epoch milliseconds by which it resolves. */
  deadline: number,
) => Promise<boolean>;

/** The outcome for one object. */
export type RedriveOutcome =
  /** All of it is in Firehose or in quarantine, and the object is removed. */
  | { readonly outcome: 'delivered' | 'quarantined'; readonly documents: number }
  /** Nothing to do: the object is gone, or not one of Sluice. */
  | { readonly outcome: 'gone' | 'ignored' }
  /** Another invocation has claimed it. */
  | { readonly outcome: 'busy' }
  /** It waits for a stream that is held. Its message is done; the run for stragglers goes on with it after the release. */
  | { readonly outcome: 'held' }
  /** It remains whole and has to be retried. `doubles`: rows that were acknowledged all the same, and will be again. */
  | { readonly outcome: 'kept'; readonly code: string; readonly detail: string; readonly doubles?: number }
  /** It was moved to the key `to`. */
  | { readonly outcome: 'parked'; readonly code: string; readonly detail: string; readonly to: string };

/** Why an object could not be redriven; `hopeless` when a retry cannot succeed. */
export interface RedriveFailure {
  readonly code: string;
  readonly detail: string;
  readonly hopeless?: true;
}

/** The store of overflow, error and parked objects. Every method throws the errors of the store. */
export interface RedriveStore {
  /** The body of an object; null when it no longer exists. */
  read(key: string): Promise<Uint8Array | null>;
  /** The lines of an object, read on demand; null when the object no longer exists. */
  lines(key: string): Promise<AsyncIterable<string> | null>;
  /** Removes up to 1,000 objects. It is no error if one is already gone. @returns The keys that could not be removed. */
  remove(keys: readonly string[]): Promise<readonly string[]>;
  /** Copies an object within the store; false when it does not exist. */
  copy(from: string, to: string): Promise<boolean>;
  /** Objects under a prefix, with the time of their last write in epoch milliseconds. */
  list(prefix: string): AsyncIterable<{ readonly key: string; readonly modifiedAt: number }>;
  /**
   * Claims an object, or a group of objects by what their keys begin with, until a time (epoch milliseconds) or until it is
   * released; null when another invocation has claimed it. The queue can deliver an event twice, and the run for stragglers
   * finds objects that the queue is working on.
   */
  claim(key: string, until: number): Promise<{ release(): Promise<void> } | null>;
}

/** An error of the bucket counts like any other failure: an object that cannot be read is parked in the end. */
export function bucketFailure(thrown: unknown): RedriveFailure {
  const detail = thrown instanceof Error ? thrown.name : String(thrown);
  return { code: 'SLUICE_REDRIVE_BUCKET_FAILED', detail };
}

/**
 * Moves an object to `parked/`. It is copied before it is removed, so that a crash in between leaves it in both places.
 *
 * @throws The error of the store.
 */
export async function park(
  key: string,
  { code, detail }: RedriveFailure,
  store: RedriveStore,
): Promise<RedriveOutcome> {
  const to = parkedKey(key);
  if (!(await store.copy(key, to))) return { outcome: 'gone' };
  const [left] = await store.remove([key]);
  if (left !== undefined)
    return { outcome: 'kept', code: 'SLUICE_REDRIVE_BUCKET_FAILED', detail: 'DeleteObjects' };
  return { outcome: 'parked', code, detail, to };
}

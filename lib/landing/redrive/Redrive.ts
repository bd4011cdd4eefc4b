import type { TableKind } from '../../schema/kinds.ts';
import type { Clock } from '../../time/Clock.ts';
import type { PutRecordBatch } from '../delivery/PutRecordBatch.ts';
import type { RedriveStore } from './RedriveStore.ts';
import type { FailedRecord } from './readErrorLine.ts';

/** Puts records that Firehose gave up into quarantine; false when some could not be kept. Never throws. */
export type QuarantineRecords = (
  records: readonly FailedRecord[],
  /** Key of the error object they were in. */
  key: string,
  /** Epoch milliseconds by which it has answered. */
  deadline: number,
) => Promise<boolean>;

/** All that redrive works with. */
export interface Redrive {
  readonly store: RedriveStore;
  readonly streams: Readonly<Record<TableKind, PutRecordBatch>>;
  readonly quarantine: QuarantineRecords;
  readonly clock: Clock;
  readonly wait: (ms: number) => Promise<void>;
  readonly random: () => number;
}

/** How one object is tried. */
export interface Try {
  /** Epoch milliseconds after which nothing more is begun. */
  readonly deadline: number;
  /** Epoch milliseconds until which the object is ours: later than this function can live. */
  readonly claimUntil: number;
  /** Whether it is parked when it fails now. */
  readonly last: boolean;
}

/** What became of one object. */
export type Redriven =
  /** All of it is with Firehose, or in quarantine, and the object is gone. */
  | { readonly outcome: 'delivered' | 'quarantined'; readonly documents: number }
  /** Some of it is with Firehose; the rest is in its place, and the write's own event brings it back. */
  | { readonly outcome: 'rewritten'; readonly documents: number; readonly left: number }
  /** Nothing is to be done: it is gone, or no object of ours. */
  | { readonly outcome: 'gone' | 'ignored' }
  /** Somebody else is at it. */
  | { readonly outcome: 'busy' }
  /** It stays and has to be tried again. */
  | { readonly outcome: 'kept'; readonly code: string; readonly detail: string }
  /** It was moved out of the way; `to` is where it is now. */
  | { readonly outcome: 'parked'; readonly code: string; readonly detail: string; readonly to: string };

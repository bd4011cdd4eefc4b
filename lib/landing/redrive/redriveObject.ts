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

/** Why an object can't go on now; `hopeless` when it never can. */
interface RedriveFailure {
  readonly code: string;
  readonly detail: string;
  readonly hopeless?: true;
}

/**
 * Brings one object on its way: an overflow object onto its stream, an error object into quarantine. Whenever it
 * stops, or dies, the object is still there with all that is not safe elsewhere. It never throws.
 *
 * What makes a row come twice is only a death between Firehose's acknowledgement and the next write to the bucket,
 * and an acknowledgement that never arrived: the row's event_id is the same.
 */
export async function redriveObject(
  key: string,
  redrive: Redrive,
  tried: RedriveAttempt,
): Promise<RedriveOutcome> {
  const overflow = parseOverflowKey(key);
  const error = overflow === null ? parseErrorKey(key) : null;
  if (overflow === null && error === null) return { outcome: 'ignored' };
  // Not even parked: nothing has been tried.
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
      // A claim that stays is over in time by itself.
      await claim.release().catch(() => undefined);
    }
  } catch (thrown) {
    // It could not be claimed, or not be parked.
    return { outcome: 'kept', ...bucketFailure(thrown) };
  }
}

/** What throws hinders an object as anything else does: one that can't be read is parked, too. */
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
  // Not rewritten when a resend of the batch was spilled over it meanwhile: that has the same rows, and an event of
  // its own that brings it back.
  await store.rewrite(key, {
    body: await overflowBody(left),
    etag: object.etag,
    metadata: { ...object.metadata, documents: String(left.length), code },
  });
  return { outcome: 'rewritten', documents: acknowledged, left: left.length };
}

/** Copied before it is removed: a death in between leaves it in both places, never in none. */
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

/** Records and bytes that are put into quarantine at once: an error object may hold as much as a stream's buffer. */
const GROUP_RECORDS = 500;
const GROUP_BYTES = 4_194_304;

/** Why an error object stays where it is. */
interface Kept {
  readonly code: string;
  readonly detail: string;
  readonly hopeless?: true;
}

/**
 * Puts each row of an error object's records into quarantine, then removes the object. What fails conversion would fail
 * again, so nothing of it is put on a stream by itself; rows of quarantine itself can't even go there.
 */
async function quarantineErrors(
  key: string,
  { store, quarantine, clock }: Redrive,
  { deadline }: RedriveAttempt,
): Promise<RedriveOutcome | Kept> {
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

function notKept(documents: number): Kept {
  return { code: 'SLUICE_REDRIVE_NOT_QUARANTINED', detail: `Before or at row ${documents}.` };
}

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
export interface RedriveAttempt {
  /** Epoch milliseconds after which nothing more is begun. */
  readonly deadline: number;
  /** Epoch milliseconds until which the object is ours: later than this function can live. */
  readonly claimUntil: number;
  /** Whether it is parked when it fails now. */
  readonly last: boolean;
}

/** What became of one object. */
export type RedriveOutcome =
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

/** An overflow object as it was read. */
export interface StoredOverflow {
  readonly body: Uint8Array;
  /** Names what was read: a rewrite is refused when the object is another by then. */
  readonly etag: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Where overflow, errors and parked objects are. Every method throws what the store throws. */
export interface RedriveStore {
  /** Null when there is no such object any more. */
  read(key: string): Promise<StoredOverflow | null>;
  /** The lines of an object, read as they are asked for; null as above. */
  lines(key: string): Promise<AsyncIterable<string> | null>;
  /** Puts a new body in the place of what was read; false when that is there no more. */
  rewrite(key: string, overflow: StoredOverflow): Promise<boolean>;
  /** Removes an object; that it is gone already is no error. */
  remove(key: string): Promise<void>;
  /** Copies an object within the store; false when it is not there. */
  copy(from: string, to: string): Promise<boolean>;
  /** Objects under a prefix, with the time of their last write in epoch milliseconds. */
  list(prefix: string): AsyncIterable<{ readonly key: string; readonly modifiedAt: number }>;
  /**
   * Claims an object until an instant (epoch milliseconds) or until it is released; null when somebody else has
   * claimed it. The queue may deliver one event twice, and the run for stragglers sees what the queue works on.
   */
  claim(key: string, until: number): Promise<{ release(): Promise<void> } | null>;
}

import { parseErrorKey } from '../../tables/objectKeys.ts';
import { type FailedRecord, readErrorLine, splitRecord } from './failedRecords.ts';
import {
  bucketFailure,
  park,
  type Redrive,
  type RedriveFailure,
  type RedriveOutcome,
  type RedriveTime,
} from './Redrive.ts';

/** One attempt to redrive an error object. */
export interface RedriveAttempt extends RedriveTime {
  /** Whether the object is parked if this attempt fails. */
  readonly last: boolean;
}

/**
 * Redrives one error object: its records become rows of quarantine. If it stops or crashes at any point, the object still
 * contains everything that is not stored elsewhere. It never throws.
 */
export async function redriveErrors(
  key: string,
  redrive: Redrive,
  tried: RedriveAttempt,
): Promise<RedriveOutcome> {
  if (parseErrorKey(key) === null) return { outcome: 'ignored' };
  // It is not parked, because nothing has been tried.
  if (redrive.clock.now() >= tried.deadline)
    return { outcome: 'kept', code: 'SLUICE_REDRIVE_NO_TIME', detail: '' };
  try {
    const claim = await redrive.store.claim(key, tried.claimUntil);
    if (claim === null) return { outcome: 'busy' };
    try {
      const done = await quarantineErrors(key, redrive, tried).catch(bucketFailure);
      if ('outcome' in done) return done;
      return done.hopeless || tried.last
        ? await park(key, done, redrive.store)
        : { outcome: 'kept', code: done.code, detail: done.detail };
    } finally {
      // A claim that could not be released expires by itself.
      await claim.release().catch(() => undefined);
    }
  } catch (thrown) {
    // It could not be claimed or parked.
    return { outcome: 'kept', ...bucketFailure(thrown) };
  }
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
  const [left] = await store.remove([key]);
  if (left !== undefined) return { code: 'SLUICE_REDRIVE_BUCKET_FAILED', detail: 'DeleteObjects' };
  return { outcome: 'quarantined', documents };
}

function notKept(documents: number): RedriveFailure {
  return { code: 'SLUICE_REDRIVE_NOT_QUARANTINED', detail: `Before or at row ${documents}.` };
}

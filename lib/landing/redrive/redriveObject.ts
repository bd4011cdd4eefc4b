import type { TableKind } from '../../schema/kinds.ts';
import { parseErrorKey } from '../../tables/errorKey.ts';
import { parseOverflowKey } from '../../tables/overflowKey.ts';
import { parkedKey } from '../../tables/parkedKey.ts';
import { deliver } from '../delivery/deliver.ts';
import { lastCode, leftOver, overflowBody, readOverflow } from '../delivery/overflowObject.ts';
import { quarantineErrors } from './quarantineErrors.ts';
import type { Redrive, Redriven, Try } from './Redrive.ts';

/** Why an object can't go on now; `hopeless` when it never can. */
interface Hindrance {
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
export async function redriveObject(key: string, redrive: Redrive, tried: Try): Promise<Redriven> {
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
      ).catch(bucketFailed);
      if ('outcome' in done) return done;
      return done.hopeless || tried.last ? await park(key, done, redrive) : { outcome: 'kept', ...done };
    } finally {
      // A claim that stays is over in time by itself.
      await claim.release().catch(() => undefined);
    }
  } catch (thrown) {
    // It could not be claimed, or not be parked.
    return { outcome: 'kept', ...bucketFailed(thrown) };
  }
}

/** What throws hinders an object as anything else does: one that can't be read is parked, too. */
function bucketFailed(thrown: unknown): Hindrance {
  const detail = thrown instanceof Error ? thrown.name : String(thrown);
  return { code: 'SLUICE_REDRIVE_BUCKET_FAILED', detail };
}

async function redriveOverflow(
  key: string,
  kind: TableKind,
  { store, streams, clock, wait, random }: Redrive,
  { deadline }: Try,
): Promise<Redriven | Hindrance> {
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
  const code = lastCode(returned);
  if (acknowledged === 0) return { code: 'SLUICE_REDRIVE_NOT_DELIVERED', detail: code };

  const left = leftOver(documents, returned);
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
async function park(key: string, { code, detail }: Hindrance, { store }: Redrive): Promise<Redriven> {
  const to = parkedKey(key);
  if (!(await store.copy(key, to))) return { outcome: 'gone' };
  await store.remove(key);
  return { outcome: 'parked', code, detail, to };
}

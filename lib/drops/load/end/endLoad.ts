import type { Settlement } from '../../../ledger/Ledger.ts';
import { waitingFiles } from '../../Drop.ts';
import { lackedMarker } from '../../datasetFolder.ts';
import { LOAD_TABLE } from '../../dayTable.ts';
import { MARKER_AFTER_MS } from '../../limits.ts';
import { lacksCommit } from '../../plan/decideDay.ts';
import { markerReason, SETTLING } from '../../plan/waitingReason.ts';
import { listFileFates } from '../fileFates.ts';
import type { LoadFailure } from '../LoadError.ts';
import type { DayLoad } from '../Progress.ts';
import { settledAt } from '../skipReason.ts';
import { sendReceipt } from './sendReceipt.ts';
import { type LoadEnd, settlementOf, unchangedSettlement } from './settlement.ts';

/** The result of a task. */
export type LoadOutcome =
  /** The ledger has the result. The message of a `failed` task is not retried. */
  | {
      readonly outcome: Settlement['state'];
      readonly rows: Settlement['rows'];
      /** Files of the folder as it is now, whatever their fate. */
      readonly files: number;
      readonly failure: LoadFailure | undefined;
    }
  /** The files are already loaded: a duplicate message, or a day that changed back. */
  | { readonly outcome: 'unchanged' }
  /** Another owner has the day, until an instant in epoch milliseconds: deliver the message again. */
  | { readonly outcome: 'busy'; readonly until: number }
  /** Another owner took the day over while this load was delayed, and finishes it. */
  | { readonly outcome: 'lost' }
  /**
   * The files differ from the planned ones and may still change, or the marker is gone. The ledger has the day as waiting.
   * The message is delivered again, unless this was its last attempt. The plan also finds the day.
   *
   * `until`: when the day is looked at again, epoch milliseconds. `again`: whether its message is delivered again.
   */
  | { readonly outcome: 'settling'; readonly until: number; readonly again: boolean }
  /** Another load of the day is under way, in pieces: the task was sent again, for when that has ended. */
  | { readonly outcome: 'noted' }
  /** A piece of the day is done, and a task for the next was sent. */
  | { readonly outcome: 'piece'; readonly done: number; readonly pieces: number }
  /** The configuration no longer has the dataset. */
  | { readonly outcome: 'unknown' }
  /** The failure may pass. The day is released: deliver the message again. */
  | { readonly outcome: 'handed_back'; readonly failure: LoadFailure };

/**
 * Ends the load of a claimed day: writes the state that {@link LOAD_TABLE} names for an answer to the ledger, which
 * releases the day. Of a `piece` the ledger has everything already: the task of the next piece was sent with it.
 *
 * @param failure Why the load failed; undefined if it did not. Of a `waiting` answer, one with a failure is retried
 *   and one without waits for files.
 * @returns `lost` if another owner has the day by now.
 * @throws what the ledger throws. The day's lease then expires by itself.
 */
export async function endLoad(
  load: DayLoad,
  answer: keyof typeof LOAD_TABLE,
  failure?: LoadFailure,
): Promise<LoadOutcome> {
  const { loader, progress } = load;
  const { next } = LOAD_TABLE[answer];
  switch (next) {
    case 'as before': {
      const asBefore = await loader.ledger.settle(progress.claim, unchangedSettlement(progress));
      return { outcome: asBefore === null ? 'lost' : 'unchanged' };
    }
    case 'waiting':
      if (answer === 'piece') {
        const { done = 0, pieces = 0 } = progress.claim.entry.run ?? {};
        return { outcome: 'piece', done, pieces };
      }
      if (failure === undefined) return defer(load, answer);
      await loader.ledger.release(progress.claim, { code: failure.code, message: failure.message });
      return { outcome: 'handed_back', failure };
    default: {
      const isKept = answer === 'inputs_missing' || answer === 'kept';
      return settle(load, { state: next, failure, isKept });
    }
  }
}

/** Lets a day wait for its files or its marker. */
async function defer(load: DayLoad, answer: keyof typeof LOAD_TABLE): Promise<LoadOutcome> {
  const { loader, invocation, place, task, progress } = load;
  const { drop } = progress;
  if (drop === undefined) throw new RangeError('The day was not listed.');
  const isMarker = answer === 'marker';
  const isCommit = isMarker && lacksCommit(drop, progress.claim.entry);
  const until = isMarker ? loader.clock.now() + MARKER_AFTER_MS : settledAt(load, drop);
  // People see which files are not committed.
  const files = isCommit ? listFileFates(progress) : progress.claim.entry.files;
  const claim = { ...progress.claim, entry: { ...progress.claim.entry, files } };
  const deferred = await loader.ledger.defer(claim, {
    fingerprint: drop.fingerprint,
    reason: isMarker ? markerReason(isCommit ? undefined : lackedMarker(place.dataset, drop)) : SETTLING,
    piece: task.piece,
    ...waitingFiles(drop),
  });
  const again = !invocation.isLastAttempt && !isCommit;
  return deferred === null ? { outcome: 'lost' } : { outcome: 'settling', until, again };
}

/** Records how a load has ended, after it has sent the receipt of it. */
async function settle(load: DayLoad, end: LoadEnd): Promise<LoadOutcome> {
  const { loader, progress } = load;
  const settlement = await settlementOf(load, end);
  const receipt = await sendReceipt(load, settlement);
  const written = { ...settlement, ...(receipt === undefined ? {} : { receipt }) };
  const settled = await loader.ledger.settle(progress.claim, written, progress.listedAt);
  if (settled === null) return { outcome: 'lost' };
  await loader.faultPoint?.('settled');
  return {
    outcome: end.state,
    rows: settlement.rows,
    files: settlement.files.filter(({ fate }) => fate !== 'gone').length,
    failure: end.failure,
  };
}

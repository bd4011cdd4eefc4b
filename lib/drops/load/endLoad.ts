import { failureFields } from '../../base/log.ts';
import { localDay } from '../../base/time.ts';
import type { Settlement } from '../../ledger/Ledger.ts';
import type { FileFate } from '../../ledger/LedgerEntry.ts';
import { VERSION_KEPT_MS } from '../../ledger/versions.ts';
import { haveSameFiles, waitingFiles } from '../Drop.ts';
import { LOAD_TABLE } from '../dayTable.ts';
import { isElsewhere } from '../lastLoad.ts';
import { MARKER_AFTER_MS } from '../limits.ts';
import { lackedMarker } from '../listDrops.ts';
import { lacksCommit, lookbackDays, markerReason, SETTLING } from '../plan/decideDay.ts';
import { type DaysAround, readDaysAround } from '../usual/daysAround.ts';
import { copiesOf } from '../usual/fileCopies.ts';
import { judgeContent } from '../usual/usualContent.ts';
import { listFileFates } from './fileFates.ts';
import type { LoadFailure } from './LoadError.ts';
import type { DropDay, Loader } from './Loader.ts';
import type { DayLoad, Progress } from './Progress.ts';
import { sendReceipt } from './sendReceipt.ts';
import { settledAt } from './skipReason.ts';

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

/** The entry's content before the claim, and whether a person accepts it. */
function unchangedSettlement(progress: Progress): Settlement {
  const { entry } = progress.claim;
  const { fingerprint, files, rows, bytes, superseded, missingSince, content, failure } = entry;
  const { drop, place: here } = progress;
  const isLoaded = files.some(({ fate }) => fate === 'loaded');
  const isAccepted =
    entry.accepted === true || progress.accepts('keep') || (!isLoaded && progress.accepts('empty'));
  const isOfSame = haveSameFiles(progress.drop?.fingerprint, fingerprint);
  // The same files may be at another place now. What failed there has not become right.
  const isThere = drop !== undefined && isElsewhere(drop, entry, here);
  const stillFailed = isThere && !isAccepted ? failure : undefined;
  const isMissing = missingSince !== undefined && !isAccepted;
  return {
    place: missingSince !== undefined || isThere ? progress.rowsPlace : here,
    state: stateBefore({ isFailed: stillFailed !== undefined, isMissing, isLoaded }),
    files,
    rows,
    bytes,
    superseded,
    // The logs of the folder may have changed, without a change of what counts.
    fingerprint: isOfSame ? (progress.drop?.fingerprint ?? fingerprint) : fingerprint,
    missingSince,
    usualRows: entry.usualRows,
    usualSpread: entry.usualSpread,
    content,
    ...(isAccepted ? { accepted: true } : {}),
    failure: stillFailed,
  };
}

/** The state that a day had before its claim. The entry has only `loading` instead. */
function stateBefore({
  isFailed,
  isMissing,
  isLoaded,
}: Readonly<Record<'isFailed' | 'isMissing' | 'isLoaded', boolean>>): Settlement['state'] {
  if (isFailed) return 'failed';
  if (isMissing) return 'inputs_missing';
  return isLoaded ? 'succeeded' : 'succeeded_no_data';
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

/** How a load has ended. */
interface LoadEnd {
  /** The state that the ledger records. */
  readonly state: Settlement['state'];
  /** Why the load failed; undefined if it did not. */
  readonly failure: LoadFailure | undefined;
  /** Whether queries keep the rows of an earlier load, as the files of now have none. */
  readonly isKept: boolean;
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

/** What the ledger gets of a load that has ended. */
async function settlementOf(load: DayLoad, end: LoadEnd): Promise<Settlement> {
  const { loader, task, progress } = load;
  const { state, failure, isKept } = end;
  const { mapped, drop, version, filesWritten } = progress;
  const { entry } = progress.claim;
  const { in: read = 0, out = 0, refused = 0 } = mapped?.rows ?? {};
  const files = listFileFates(progress, end);
  const keepsRows = entry.version !== undefined && (isKept || failure !== undefined);
  const { missingSince = loader.clock.now() } = entry;
  // A day that never came is late until a person says that it does not come.
  const isAccepted = isKept ? state === 'succeeded' : progress.accepts('empty');
  return {
    state,
    fingerprint: drop?.fingerprint ?? task.fingerprint,
    files,
    rows: isKept ? entry.rows : { in: read, out, refused },
    bytes: drop?.files.reduce((sum, { size }) => sum + size, 0) ?? 0,
    superseded: supersededVersions(loader, progress),
    place: keepsRows ? progress.rowsPlace : progress.place,
    ...(isKept ? { missingSince } : {}),
    ...(isAccepted ? { accepted: true } : {}),
    ...(await comparedContent(load, end, files)),
    ...(version === undefined ? {} : { version }),
    ...(filesWritten === undefined ? {} : { filesWritten: [...filesWritten] }),
    failure: failure && { code: failure.code, message: failure.message },
  };
}

/**
 * What the ledger gets of a comparison of a day's rows with the days around it: how many rows are usual, how far apart days
 * are, and what of their content is unusual. Rows that are kept were compared when they were loaded; of a day that failed
 * nothing is said.
 */
async function comparedContent(
  { loader, place, progress }: DayLoad,
  { state, isKept }: LoadEnd,
  files: readonly FileFate[],
): Promise<Pick<Settlement, 'usualRows' | 'usualSpread' | 'content'>> {
  const none = { usualRows: undefined, usualSpread: undefined };
  if (isKept) return { ...none, content: progress.claim.entry.content };
  if (state !== 'succeeded' && state !== 'succeeded_no_data') return { ...none, content: undefined };
  const { usual, spread, before = [], copies = [] } = (await findDaysAround(loader, place, files)) ?? {};
  const { mapped } = progress;
  const hasRows = mapped !== undefined && mapped.rows.out > 0;
  const on = { day: place.day, today: localDay(loader.clock.now(), place.dataset.timezone) };
  return {
    usualRows: usual ?? undefined,
    usualSpread: spread ?? undefined,
    content: hasRows ? judgeContent(mapped, before, copies, on) : undefined,
  };
}

/** Superseded versions that a sweep has not deleted yet. */
function supersededVersions({ clock }: Loader, { claim, replaced }: Progress): Settlement['superseded'] {
  const kept = claim.entry.superseded.filter(({ at }) => at > clock.now() - VERSION_KEPT_MS);
  return [...kept, ...replaced];
}

/** What the days around a day say of it; null if that is not known. A ledger that can't be read fails no load. */
async function findDaysAround(
  { ledger, log, clock }: Loader,
  { source, dataset, day }: DropDay,
  files: readonly FileFate[],
): Promise<DaysAround | null> {
  const place = { source: source.name, dataset: dataset.name };
  const after = lookbackDays(clock.now(), dataset.timezone, dataset.lookbackDays).filter(
    (lookbackDay) => lookbackDay > day,
  );
  try {
    return await readDaysAround(ledger, { ...place, day, table: dataset.table }, after, (others) =>
      copiesOf(files, others, source.kmsKeyArn !== undefined),
    );
  } catch (error) {
    log({ level: 'error', event: 'ingest_usual_rows', ...place, day, ...failureFields(error) });
    return null;
  }
}

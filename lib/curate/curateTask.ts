import { failureFields } from '../base/log.ts';
import { sum } from '../base/sum.ts';
import type { Attempt } from '../lambda/machine.ts';
import type { CurationRun, DayAccount, SliceResult } from '../ledger/CuratedDay.ts';
import { namedFiles } from '../ledger/erasureNotes.ts';
import type { Busy, Claim, Claimed } from '../ledger/Ledger.ts';
import { fingerprintFiles } from '../ledger/LedgerEntry.ts';
import { isReadVersion } from '../ledger/movePartition.ts';
import { versionTime } from '../ledger/versions.ts';
import type { FetchedObject } from '../parquet/fetchFiles.ts';
import { curatedSubject } from '../tables/ledgerKeys.ts';
import { CurateError, type CurateFailure, toCurateFailure } from './CurateError.ts';
import type { Curator } from './Curator.ts';
import { curatedShape, curatedTables } from './curatedTables.ts';
import {
  beginRun,
  endSlice,
  giveUpRun,
  isHopeless,
  isMade,
  type NoRun,
  releaseRun,
  runOf,
} from './curationRun.ts';
import { planCuration } from './engine/planCuration.ts';
import { listDays, takeOutDay } from './ListedDays.ts';
import { VERSION_VALID_MS } from './limits.ts';
import { lostFiles } from './lostFiles.ts';
import { makeSlice } from './makeSlice.ts';
import { type CurateTask, PUBLISH_RUN } from './messageBodies.ts';
import { type CuratedPlace, publishVersion, readKeptFiles, settleMoved } from './publishVersion.ts';
import { type RawDay, readRawDay } from './RawDays.ts';

/** The result of a task. */
export type CurateOutcome =
  /** The partition has the new version, and views may read it. */
  | {
      readonly outcome: 'curated';
      readonly account: DayAccount;
    }
  /** The version of these files is already there. */
  | { readonly outcome: 'unchanged' }
  /**
   * The day is larger than one function can curate at once. A slice of it is done, and a task for the next slice was
   * sent.
   */
  | { readonly outcome: 'slice'; readonly done: number; readonly slices: number }
  /** A later version is made or published, the raw files have changed, or the task is too old. The plan finds the day. */
  | { readonly outcome: 'outdated' }
  /** Another owner has the day: deliver the message again. */
  | { readonly outcome: 'busy' }
  /** Another owner took over while this task was delayed, and finishes it. */
  | { readonly outcome: 'lost' }
  /** The ledger has the failure. Views go on reading raw rows. */
  | { readonly outcome: 'failed'; readonly failure: CurateFailure }
  /** The failure may pass. The day is released: deliver the message again. */
  | { readonly outcome: 'handed_back'; readonly failure: CurateFailure };

/**
 * Curates one day, or the next slice of it: claims it, makes its files, and, with the last slice, moves the partition
 * and puts the day into the list that views read. It may be killed anywhere, repeated, and run twice at once
 * (`curateFaultPoints` of Curator.ts).
 *
 * A day that can't be curated is settled as `failed`, and views go on reading its raw rows, or the rows that it keeps.
 * A failure that may pass is retried until the last attempt. Files that arrive meanwhile make the version outdated: it
 * is not published.
 *
 * @throws what the ledger and the list throw.
 */
export async function curateTask(curator: Curator, run: Attempt, task: CurateTask): Promise<CurateOutcome> {
  const { config, clock } = curator;
  const { kind, version } = task;
  const begunAt = versionTime(version);
  if (begunAt === null || clock.now() - begunAt > VERSION_VALID_MS) return { outcome: 'outdated' };
  const place = { ...curatedSubject(config, kind, task.day), kind };
  const shape = curatedShape(curatedTables(config)[kind]);
  const raw = await readRawDay(curator.raw, kind, task.day);
  const day: TaskDay = { curator, run, task, place, shape, raw, begunAt };
  await takeOutIfOutdated(day);
  await curator.faultPoint?.('listed');
  await settleMoved(curator, run, place);

  if (task.reason !== 'rebuild' && (await isCurated(day))) {
    await serve(curator, run, place);
    return { outcome: 'unchanged' };
  }
  const kept = await findKept(day);
  const claimed = await claimDay(day, kept);
  if ('busyUntil' in claimed) return { outcome: 'busy' };
  if ('claim' in claimed) return curateClaimed(day, kept, claimed);
  if (claimed.begin !== 'ended') return { outcome: claimed.begin };
  // The task that made the version may have been killed after it moved the partition.
  await serve(curator, run, place);
  return { outcome: 'unchanged' };
}

/** The day of a task, with its raw files as the task has listed them. */
interface TaskDay {
  /** The ports of the function. */
  readonly curator: Curator;
  /** The invocation, with its deadline. */
  readonly run: Attempt;
  /** The task as the queue has it. */
  readonly task: CurateTask;
  /** The day of the curated table. */
  readonly place: CuratedPlace;
  /** The shape that the curated table has today. */
  readonly shape: string;
  /** The raw files as they were listed when the task began. */
  readonly raw: RawDay;
  /** When the version of the task was named, epoch milliseconds. */
  readonly begunAt: number;
}

/** The files of the current version, whose rows the next version keeps. */
interface KeptFiles {
  /** The files, with their sizes and ETags. */
  readonly files: readonly FetchedObject[];
  /** Whether all of them are there. */
  readonly isWhole: boolean;
  /** What the ledger gets of them. */
  readonly run: NonNullable<CurationRun['kept']>;
}

/** Finds the files whose rows are kept, because raw files of theirs are lost; null if no raw file is lost. */
async function findKept({ curator, place, raw }: TaskDay): Promise<KeptFiles | null> {
  const entry = await curator.ledger.read(place);
  const lost = lostFiles(curator.config, entry, raw.files, curator.clock.now());
  if (entry?.version === undefined || lost.length === 0) return null;
  const { version, filesWritten } = entry;
  const files = await readKeptFiles(curator, place, version);
  const run = { version, fingerprint: fingerprintFiles(files), files: [...lost] };
  return { files, isWhole: files.length === filesWritten?.length, run };
}

/** Claims the day for the version of the task, or says why nothing is made. */
async function claimDay(
  { curator, run, task, place, shape, raw }: TaskDay,
  kept: KeptFiles | null,
): Promise<Claimed | Busy | NoRun> {
  const wanted = {
    version: task.version,
    fingerprint: raw.fingerprint,
    shape,
    inputs: namedFiles(task.day, raw.files),
    bytes: raw.bytes,
    slices: await countSlices(curator, [...raw.files, ...(kept?.files ?? [])]),
    ...(kept === null ? {} : { kept: kept.run }),
  };
  return curator.ledger.claim<NoRun>(place, run.owner, run.leaseUntil, (current) =>
    beginRun(current, wanted),
  );
}

/** Makes the next slice of a claimed day, if one is left, and publishes the version after the last. */
async function curateClaimed(
  day: TaskDay,
  kept: KeptFiles | null,
  { claim: claimed, wasKilled }: Claimed,
): Promise<CurateOutcome> {
  const { curator, run, task, place } = day;
  let claim = claimed;
  try {
    await curator.faultPoint?.('claimed');
    if (!isMade(runOf(claim.entry))) {
      requireTry(run, claim, wasKilled);
      const result = await makeNextSlice(day, kept, runOf(claim.entry));
      const ended = await curator.ledger.own(claim, (current) => endSlice(current, result));
      if (ended === null) return { outcome: 'lost' };
      claim = ended;
      await curator.faultPoint?.('recorded');
      const { slices, done } = runOf(claim.entry);
      if (done.length < slices) {
        const failure = await sendAgain(curator, run, task);
        if (failure !== null) return { outcome: 'handed_back', failure };
        return { outcome: 'slice', done: done.length, slices };
      }
    }
    const account = await publishVersion(curator, run, place, claim);
    if (account === null) return { outcome: 'lost' };
    await serve(curator, run, place);
    return { outcome: 'curated', account };
  } catch (error) {
    const { kind } = task;
    curator.log({ level: 'error', event: 'curate_error', kind, day: task.day, ...failureFields(error) });
    return failTask(day, claim, error);
  }
}

/**
 * Makes the slice that follows those that are done.
 *
 * @throws CurateError if files whose rows are to be kept are gone; what {@link makeSlice} throws.
 */
async function makeNextSlice(
  { curator, run, task, raw, begunAt }: TaskDay,
  kept: KeptFiles | null,
  { slices, done }: CurationRun,
): Promise<SliceResult> {
  if (kept !== null && !kept.isWhole)
    throw new CurateError(
      'SLUICE_CURATE_VERSION_INCOMPLETE',
      `${kept.files.length} files of ${kept.run.version}.`,
    );
  const { kind, day, version } = task;
  const table = curatedTables(curator.config)[kind];
  const slice = { table, day, version, begunAt, slices, slice: done.length };
  return makeSlice(curator, run, slice, { raw: raw.files, kept: kept?.files ?? [] });
}

/** Requires that the day may be tried once more. @throws CurateError if the day has no try left. */
function requireTry({ isLastAttempt, tries }: Attempt, { entry }: Claim, wasKilled: boolean): void {
  // The queue does not deliver the message again: if the task were killed once more, nobody would record it.
  const isGivenUp = isLastAttempt && wasKilled;
  if (isGivenUp || entry.attempts > tries)
    throw new CurateError('SLUICE_CURATE_KILLED', `${entry.attempts - 1} tries.`);
}

/**
 * Sends the task of the next slice.
 *
 * @returns Why it could not be sent, so that the message of this slice comes again for the next one; null if it was sent.
 */
async function sendAgain(
  { tasks }: Curator,
  { signal }: Attempt,
  task: CurateTask,
): Promise<CurateFailure | null> {
  try {
    await tasks.send([JSON.stringify(task)]);
    return null;
  } catch (error) {
    return toCurateFailure(error, signal);
  }
}

/** Records a failure: the day is released for a retry, or settled as failed. */
async function failTask(
  { curator: { ledger }, run, raw }: TaskDay,
  claim: Claim,
  error: unknown,
): Promise<CurateOutcome> {
  const failure = toCurateFailure(error, run.signal);
  const { code, message, repeats, file } = failure;
  const isOutdated = code === 'SLUICE_CURATE_FILES_CHANGED';
  if (isOutdated && run.isLastAttempt) {
    await ledger.own(claim, (entry) => giveUpRun(entry));
    return { outcome: 'outdated' };
  }
  const isFinal = repeats === 'always' || isHopeless(runOf(claim.entry), failure);
  if (isFinal || run.isLastAttempt) {
    const files = raw.files
      .filter(({ key }) => key === file)
      .map(({ key, size, eTag }) => ({
        key,
        size,
        eTag,
        fate: 'failed' as const,
        reason: code,
        detail: message,
      }));
    const failed = await ledger.own(claim, (entry) => giveUpRun(entry, { code, message, files }));
    return failed === null ? { outcome: 'lost' } : { outcome: 'failed', failure };
  }
  await ledger.own(claim, (entry) => releaseRun(entry, { code, message }));
  return { outcome: 'handed_back', failure };
}

/** Takes a day out of the list that views read if its version there was made of other files, or has another shape. */
async function takeOutIfOutdated({
  curator,
  place: { kind, day },
  raw: { fingerprint },
  shape,
}: TaskDay): Promise<void> {
  const entry = (await curator.listed.read(kind))?.days[day];
  if (entry === undefined || (entry.fingerprint === fingerprint && entry.shape === shape)) return;
  await takeOutDay(curator, kind, day, entry);
  await askForViews(curator);
}

/**
 * Whether the partition has a version of these files in today's shape, which keeps no rows that should go. The catalog
 * decides, not the ledger alone.
 */
async function isCurated({ curator, run, place, raw, shape }: TaskDay): Promise<boolean> {
  const { fingerprint, files } = raw;
  const known = await curator.ledger.read(place);
  if (known?.state !== 'succeeded' && known?.state !== 'succeeded_no_data') return false;
  if (known.fingerprint !== fingerprint || known.curated?.shape !== shape) return false;
  const lost = lostFiles(curator.config, known, files, curator.clock.now());
  if ((known.curated.kept !== undefined) !== lost.length > 0) return false;
  const { table, day } = place;
  return isReadVersion(curator, { table, day, version: known.version }, run.deadline);
}

/**
 * Puts a published day into the list that views read, and takes it out again if raw files have arrived since: their event
 * found nothing to take out if it came before. Asks the plan to write the list into the views.
 */
async function serve(curator: Curator, run: Attempt, place: CuratedPlace): Promise<void> {
  const { kind, day, table } = place;
  const known = await curator.ledger.read(place);
  const { version, fingerprint, state } = known ?? {};
  const { shape } = known?.curated ?? {};
  if (version === undefined || shape === undefined || typeof fingerprint !== 'string') return;
  if (!(await isReadVersion(curator, { table, day, version }, run.deadline))) return;
  if (state === 'succeeded_no_data') {
    // If the version before kept some rows, views read these until now.
    const listed = (await curator.listed.read(kind))?.days[day];
    if (listed !== undefined) await takeOutDay(curator, kind, day, listed);
    return askForViews(curator);
  }
  if (state !== 'succeeded') return;
  const keeps = known?.curated?.kept === undefined ? {} : { keeps: true as const };
  const entry = { version, shape, fingerprint, ...keeps };
  await listDays(curator, kind, new Map([[day, entry]]));
  await curator.faultPoint?.('listed_day');
  const current = await readRawDay(curator.raw, kind, day);
  if (current.fingerprint !== fingerprint) await takeOutDay(curator, kind, day, entry);
  await askForViews(curator);
  await curator.faultPoint?.('asked');
}

/** Asks the plan to write the lists into the views. */
function askForViews({ requests }: Pick<Curator, 'requests'>): Promise<void> {
  return requests.send([JSON.stringify({ sluice: PUBLISH_RUN })]);
}

/** Into how many slices a day is cut on this machine. */
async function countSlices(
  { machine, freeBytes }: Curator,
  files: readonly FetchedObject[],
): Promise<number> {
  const whole = { ...machine, diskBytes: await freeBytes() };
  const bytes = sum(files.map(({ size }) => size));
  return planCuration({ bytes, rows: 0 }, whole).slices;
}

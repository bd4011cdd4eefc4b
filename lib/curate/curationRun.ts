import { isDeepStrictEqual } from 'node:util';
import { sum } from '../base/sum.ts';
import type { CurationRun, DayAccount, SliceResult } from '../ledger/CuratedDay.ts';
import type { Beginning } from '../ledger/Ledger.ts';
import { handedOver, type LedgerContent, released, without } from '../ledger/LedgerEntry.ts';
import type { CurateFailure } from './CurateError.ts';

// This file decides on a version that is being made. The owner of the lease of the day's ledger entry makes its slices
// one after the other, and then publishes it, by Ledger.claim and Ledger.own, as a load in pieces does. Every function
// here is a decision on that entry.

/** Why a task makes nothing. */
export interface NoRun {
  /** `ended`: the version is published, failed or given up. `outdated`: a later version is made or settled. */
  readonly begin: 'busy' | 'ended' | 'outdated';
}

/**
 * Begins a version. A version that was begun with the same files and shape goes on after its last slice; with others it
 * starts again. Names of versions sort by time.
 */
export function beginRun(
  known: LedgerContent,
  wanted: Omit<CurationRun, 'done' | 'failed'>,
): Beginning | NoRun {
  const { version } = wanted;
  const { run, ended } = known.curated ?? {};
  if (ended === version || known.version === version) return { begin: 'ended' };
  if ([ended, known.version, run?.version].some((other) => other !== undefined && other > version))
    return { begin: 'outdated' };
  // The kept rows were read from the version that was current when this was decided.
  if (wanted.kept !== undefined && wanted.kept.version !== known.version) return { begin: 'busy' };
  const isNext = run?.version === version;
  const isSame =
    isNext &&
    run.fingerprint === wanted.fingerprint &&
    run.shape === wanted.shape &&
    isDeepStrictEqual(run.kept, wanted.kept);
  const entry = withRun(known, isSame ? run : { ...wanted, done: [] });
  return { entry, isNext };
}

/**
 * The entry with the result of the next slice. After the last slice the worker keeps the day, to publish the version.
 * Before that, whoever comes next makes the next slice.
 */
export function endSlice(known: LedgerContent, result: SliceResult): LedgerContent {
  const run = runOf(known);
  const ended = { ...without(run, 'failed'), done: [...run.done, result] };
  const entry = withRun(known, ended);
  return isMade(ended) ? entry : handedOver(entry);
}

/** The entry that is released for a retry, and why. */
export function releaseRun(
  known: LedgerContent,
  failure: NonNullable<LedgerContent['failure']>,
): LedgerContent {
  return { ...released(withRun(known, { ...runOf(known), failed: failure.code })), failure };
}

/**
 * Whether another try can't help: the failure is the second of its kind in a row. Once all slices are done, a retry
 * repeats only the publication. Then only counts that differ are hopeless, as they would differ again.
 */
export function isHopeless(
  run: CurationRun,
  { code, repeats }: Pick<CurateFailure, 'code' | 'repeats'>,
): boolean {
  if (repeats !== 'twice') return false;
  return isMade(run) ? code === 'SLUICE_CURATE_COUNTS_DIFFER' : run.failed === code;
}

/**
 * The entry without a version that is not published: it failed, or its raw files have changed.
 *
 * @param failure Default none: the day waits for the next plan.
 */
export function giveUpRun(
  known: LedgerContent,
  failure?: { readonly code: string; readonly message: string; readonly files: LedgerContent['files'] },
): LedgerContent {
  const { fingerprint } = runOf(known);
  if (failure === undefined) return endRun(known);
  const { code, message, files } = failure;
  return endRun({ ...known, state: 'failed', fingerprint, files, failure: { code, message } });
}

/** The account of a version: the sum of its slices. Null if its rows are not all accounted for. */
export function sumAccount(run: CurationRun): DayAccount | null {
  const { done } = run;
  const rawRows = done[0]?.rawRows;
  if (rawRows === undefined || !isMade(run) || done.some((slice) => slice.rawRows !== rawRows)) return null;
  const sumOf = (count: (slice: SliceResult) => number) => sum(done.map(count));
  const rows = sumOf((slice) => slice.rows);
  const resends = sumOf((slice) => slice.resends);
  const kept = sumOf((slice) => slice.kept);
  if (sumOf(({ sliceRows }) => sliceRows) !== rawRows || rows + resends !== rawRows + kept) return null;
  return { rawRows, kept, rows, resends, differing: sumOf(({ differing }) => differing) };
}

/** Whether every slice is done. */
export function isMade({ done, slices }: CurationRun): boolean {
  return done.length === slices;
}

/** The version that is made of a claimed day. @throws RangeError of a day without one. */
export function runOf({ curated, day }: LedgerContent): CurationRun {
  if (curated?.run === undefined) throw new RangeError(`${day} has no version that is made.`);
  return curated.run;
}

/** The entry with the version that is being made. */
function withRun(known: LedgerContent, run: CurationRun): LedgerContent {
  return { ...known, curated: { ...known.curated, run } };
}

/** The entry without the version that is being made. A day without a result waits. */
export function endRun(known: LedgerContent): LedgerContent {
  return {
    ...without(known, 'lease', 'queued', 'kills'),
    state: known.state === 'loading' ? 'waiting' : known.state,
    curated: { ...without(known.curated ?? {}, 'run'), ended: runOf(known).version },
  };
}

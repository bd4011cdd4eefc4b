import type { Clock } from '../../base/time.ts';
import type { DropObject } from '../CustomerBucket.ts';
import type { Drop } from '../Drop.ts';
import type { FileRows, LoadResult } from '../engine/Engine.ts';
import { missingFiles, newlyLeftOut } from '../lastLoad.ts';
import type { Claim } from '../ledger/Ledger.ts';
import type { FileFate } from '../ledger/LedgerEntry.ts';
import type { Failure } from './LoadError.ts';

/** How far a load has come: what the ledger is told when it ends, however it ends. */
export class Progress {
  /** The last one: every write of the ledger makes another. */
  claim: Claim;
  /** Undefined until the day is listed. */
  drop: Drop | undefined;
  /** Undefined until its rows are mapped. */
  mapped: LoadResult | undefined;
  /** What is wrong with single files, by key, be it in them or in reading them: their rows are in no version. */
  readonly problems = new Map<string, Failure>();
  /** Bytes fetched. */
  bytes = 0;
  /** The version that queries read now, when this load has made one. */
  version: string | undefined;
  /** Versions that this load has replaced, and when: epoch milliseconds. */
  readonly replaced: { readonly version: string; readonly at: number }[] = [];
  /** Milliseconds by step. */
  readonly durations: Record<string, number> = {};
  /** Somebody asked for the day whatever is known of it. */
  readonly isBackfill: boolean;
  readonly #clock: Clock;

  constructor(claim: Claim, clock: Clock, isBackfill: boolean) {
    this.claim = claim;
    this.#clock = clock;
    this.isBackfill = isBackfill;
  }

  /** Runs a step and notes how long it took; of one that runs again, all of it. */
  async time<Result>(step: string, run: () => Promise<Result>): Promise<Result> {
    const began = this.#clock.now();
    try {
      return await run();
    } finally {
      this.durations[step] = (this.durations[step] ?? 0) + this.#clock.now() - began;
    }
  }
}

/** Codes of days that fail for what can't be loaded of them, and not for files that can. */
const FOR_LEFT_OUT: ReadonlySet<string> = new Set([
  'SLUICE_SOURCE_NOTHING_LOADABLE',
  'SLUICE_SOURCE_FILES_REPLACED',
  'SLUICE_SOURCE_OBJECT_ARCHIVED',
]);

const REPLACED = 'What is there now replaced it; the last good version has it.';

/**
 * What became of each file of a day: those to load by key, those left out, then those that are gone.
 *
 * @param failure Null when the day is loaded. Else nothing of it was taken: a file is `failed` when it has a problem of its own,
 *   `loaded` when queries read it in the version of an earlier load, and otherwise `held` back with the day. What can't be
 *   loaded is `left_out` only if the last good load left it out, too: a later load has to know what came since.
 */
export function listFileFates(
  { drop, mapped, claim, problems }: Progress,
  failure: Failure | null,
): FileFate[] {
  if (drop === undefined) return [...claim.entry.files];
  const rows = new Map((mapped?.files ?? []).map((file) => [file.name, file]));
  const loaded = new Map(
    claim.entry.files.flatMap(({ fate, key, size, eTag }) =>
      fate === 'loaded' ? [[key, { key, size, eTag, fate }] as const] : [],
    ),
  );
  const came = new Set(newlyLeftOut(drop, claim.entry));
  const counts = (object: DropObject) => countsOf(rows.get(object.key));
  return [
    ...drop.files.map((object): FileFate => {
      const { key, size, eTag } = object;
      const file = { key, size, eTag };
      if (failure === null) return { ...file, fate: 'loaded', ...counts(object) };
      const problem = problems.get(key);
      if (problem !== undefined) {
        const { code: reason, message: detail } = problem;
        return { ...file, fate: 'failed', reason, detail, ...counts(object) };
      }
      if (loaded.get(key)?.eTag === eTag) return { ...file, fate: 'loaded' };
      return { ...file, fate: 'held', reason: failure.code, ...counts(object) };
    }),
    ...drop.leftOut.map((left): FileFate => {
      const { key, size, eTag } = left.object;
      const file = { key, size, eTag, reason: left.reason };
      if (failure === null) return { ...file, fate: 'left_out' };
      const before = loaded.get(key);
      if (before?.eTag === eTag) return { ...file, fate: 'loaded' };
      const problem = problems.get(key);
      if (problem !== undefined)
        return { ...file, fate: 'failed', reason: problem.code, detail: problem.message };
      if (before !== undefined) return { ...before, reason: left.reason, detail: REPLACED };
      if (!came.has(left)) return { ...file, fate: 'left_out' };
      return { ...file, fate: FOR_LEFT_OUT.has(failure.code) ? 'failed' : 'held' };
    }),
    // Those alone whose rows queries had: others left nothing behind, though their going has to settle (settlesAt).
    ...missingFiles(drop, claim.entry, ['loaded']).map(({ key, size, eTag }): FileFate => {
      const file = { key, size, eTag };
      return failure === null
        ? { ...file, fate: 'gone', detail: 'It was loaded, and is not in the folder any more.' }
        : {
            ...file,
            fate: 'loaded',
            detail: 'It is not in the folder any more; the last good version has it.',
          };
    }),
  ];
}

function countsOf(file: FileRows | undefined): Pick<FileFate, 'rows' | 'refusedBy'> {
  if (file === undefined) return {};
  const { in: read, out, refused, reasons } = file;
  return {
    rows: { in: read, out, refused },
    ...(refused === 0 ? {} : { refusedBy: { ...reasons } }),
  };
}

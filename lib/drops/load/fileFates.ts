import type { DropObject } from '../DropObject.ts';
import type { FileRows } from '../engine/Engine.ts';
import { missingFiles, newlyLeftOut } from '../lastLoad.ts';
import type { FileFate } from '../ledger/LedgerEntry.ts';
import type { Failure } from './Failure.ts';
import type { Progress } from './Progress.ts';

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
export function fileFates({ drop, mapped, claim, problems }: Progress, failure: Failure | null): FileFate[] {
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

import type { FileFate } from '../../ledger/LedgerEntry.ts';
import type { DropObject } from '../CustomerBucket.ts';
import type { FileRows } from '../engine/mappedRows.ts';
import { missingFiles, newlyLeftOut } from '../lastLoad.ts';
import { isLeftOutReason, isMarker } from '../leftOut.ts';
import { NO_ROWS } from '../usual/usualRows.ts';
import type { Failure } from './LoadError.ts';
import type { Progress } from './Progress.ts';

/** Codes of days that fail because of objects that can't be loaded. */
const FOR_LEFT_OUT: ReadonlySet<string> = new Set([
  'SLUICE_SOURCE_NOTHING_LOADABLE',
  'SLUICE_SOURCE_FILES_COMPRESSED',
  'SLUICE_SOURCE_FILES_REPLACED',
  'SLUICE_SOURCE_OBJECT_ARCHIVED',
]);

/** The detail of a file that is held because another one has a problem. */
const ANOTHER_FAILED = 'Another file has this problem.';
/** The detail of a file whose earlier state queries still read. */
const REPLACED = 'A new file replaced it; the last good version has it.';
/** The detail of a file whose rows have left with it. */
const GONE = 'It was loaded, and is not in the folder any more.';
/** The detail of a file that is gone, and whose rows queries still read. */
const STILL_READ = 'It is not in the folder any more; the last good version has it.';
/** The detail of a file that a log has taken back, and whose rows queries still read. */
const NOT_COUNTED = 'It does not count any more; the last good version has it.';
/** The reason and the detail of a file without rows. */
const WITHOUT_ROWS = { reason: NO_ROWS, detail: 'It has no rows.' } as const;

/**
 * The fate of each file of a day: files to load in key order, then files that were left out, then files that are gone.
 *
 * @param end.failure Undefined if the day is loaded, has no data, or keeps its last good version. Otherwise nothing
 *   of it was loaded: a file is `failed` if it has a problem of its own, `loaded` if queries read it in an earlier
 *   version, and otherwise `held`. An object that can't be loaded is `left_out` only if the last successful load also
 *   left it out, as a later load must know what arrived since.
 * @param end.isKept Whether the day keeps its last good version, as its files have no rows. Default false.
 */
export function listFileFates(
  { drop, mapped, claim, problems, hasMoved }: Progress,
  { failure, isKept = false }: { readonly failure?: Failure | undefined; readonly isKept?: boolean } = {},
): FileFate[] {
  if (drop === undefined) return [...claim.entry.files];
  const isLoaded = failure === undefined;
  const isReplaced = isLoaded && !isKept;
  const rows = new Map((mapped?.files ?? []).map((file) => [file.name, file]));
  const loaded = new Map(
    claim.entry.files.flatMap((file) =>
      file.fate === 'loaded' ? [[file.key, identity(file)] as const] : [],
    ),
  );
  const arrived = new Set(newlyLeftOut(drop, claim.entry));
  const hasCulprit = [...problems.values()].some(({ code }) => code === failure?.code);
  const held = isLoaded ? {} : { reason: failure.code, ...(hasCulprit ? { detail: ANOTHER_FAILED } : {}) };
  const isRead = ({ key, eTag }: DropObject) => loaded.get(key)?.eTag === eTag;
  const problemOf = (key: string) => {
    const problem = problems.get(key);
    return problem === undefined ? undefined : { reason: problem.code, detail: problem.message };
  };
  return [
    ...drop.files.map((file) => {
      const problem = problemOf(file.key);
      const counts = countsOf(rows.get(file.key));
      const before = loaded.get(file.key);
      return firstFate(identity(file), [
        [isKept && before !== undefined, 'loaded', { ...before, ...WITHOUT_ROWS, detail: REPLACED }],
        [isLoaded && mapped?.rows.in === 0, 'left_out', WITHOUT_ROWS],
        [isLoaded, 'loaded', counts],
        [problem !== undefined, 'failed', { ...problem, ...counts }],
        [isRead(file), 'loaded'],
        [true, 'held', { ...held, ...counts }],
      ]);
    }),
    ...drop.leftOut.map((left) => {
      const { object, reason, detail } = left;
      const problem = problemOf(object.key);
      const before = loaded.get(object.key);
      const why = { reason, detail };
      return firstFate({ ...identity(object), ...why }, [
        [isKept && isRead(object), 'loaded', { detail: NOT_COUNTED }],
        [isLoaded, 'left_out'],
        [isRead(object), 'loaded'],
        [problem !== undefined, 'failed', { ...problem }],
        [before !== undefined, 'loaded', { ...before, detail: REPLACED }],
        [!arrived.has(left), 'left_out'],
        [FOR_LEFT_OUT.has(failure?.code ?? ''), 'failed'],
        [true, 'held'],
      ]);
    }),
    // Only files whose rows queries read. Other files leave nothing behind, but their deletion must settle (settlesAt).
    ...(hasMoved && isReplaced ? [] : missingFiles(drop, claim.entry, ['loaded'])).map((file) =>
      firstFate(identity(file), [
        [isReplaced, 'gone', { detail: GONE }],
        [true, 'loaded', { detail: STILL_READ }],
      ]),
    ),
  ];
}

/**
 * Whether each file has the fate that it had in the last load, whatever else the folder's logs say since. Markers and
 * temporary objects may come and go, with `filesLeave` also files.
 */
export function haveSameFates(progress: Progress, filesLeave: boolean): boolean {
  const { files, failure } = progress.claim.entry;
  const isCompared = ({ fate, reason = '' }: FileFate) =>
    fate !== 'gone' && !(isLeftOutReason(reason) && (isMarker(reason) || reason === 'temporary'));
  const fatesOf = (some: readonly FileFate[]) =>
    new Set(
      some.filter(isCompared).map(({ key, eTag, fate, reason }) => JSON.stringify([key, eTag, fate, reason])),
    );
  const now = fatesOf(listFileFates(progress));
  const before = fatesOf(files);
  if (failure !== undefined || before.size === 0) return false;
  return (filesLeave || now.size === before.size) && [...now].every((fate) => before.has(fate));
}

/** What an object is known by. */
type FileIdentity = Pick<FileFate, 'key' | 'size' | 'eTag'>;

/** The members of an object that its fate names. */
function identity({ key, size, eTag }: FileIdentity): FileIdentity {
  return { key, size, eTag };
}

/** The fate of the first line that holds; the last line always does. */
function firstFate(
  file: Omit<FileFate, 'fate'>,
  lines: readonly (readonly [holds: boolean, fate: FileFate['fate'], more?: Partial<FileFate>])[],
): FileFate {
  const [, fate, more] = lines.find(([holds]) => holds) ?? [true, 'held'];
  return { ...file, ...more, fate };
}

/** The rows of a file, as its fate has them; nothing if no row of it was counted. */
function countsOf(file: FileRows | undefined): Pick<FileFate, 'rows' | 'refusedBy'> {
  if (file === undefined) return {};
  const { in: read, out, refused, reasons } = file;
  return {
    rows: { in: read, out, refused },
    ...(refused === 0 ? {} : { refusedBy: { ...reasons } }),
  };
}

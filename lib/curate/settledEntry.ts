import { sum } from '../base/sum.ts';
import { VERSION } from '../base/version.ts';
import type { CuratedDay, CurationRun, DayAccount } from '../ledger/CuratedDay.ts';
import { fileIdentity, type NamedFile, settleErasures } from '../ledger/erasureNotes.ts';
import { type LedgerContent, without } from '../ledger/LedgerEntry.ts';
import { VERSION_KEPT_MS } from '../ledger/versions.ts';

/** How a version was published. */
interface Publication {
  /** Where the rows of the day went. */
  readonly account: DayAccount;
  /** Whether the partition has the version: not if there are neither rows nor a version before. */
  readonly isMoved: boolean;
  /** The version that the partition had before; undefined if it had none. */
  readonly replaced: string | undefined;
  /** When the raw files were listed, epoch milliseconds, or an earlier time. */
  readonly listedAt: number;
  /** Time of the settlement, epoch milliseconds. */
  readonly now: number;
}

/**
 * The entry of a day whose version is published.
 *
 * @param run The version, whose slices are all done.
 */
export function settledEntry(
  entry: LedgerContent,
  run: CurationRun,
  { account, isMoved, replaced, listedAt, now }: Publication,
): LedgerContent {
  const { done, inputs } = run;
  const { kept: keptBefore, ...curatedBefore } = entry.curated ?? {};
  const files = done.flatMap((slice) => slice.files);
  const kept = account.kept === 0 ? null : keptOf(run.kept?.files ?? [], account.kept, keptBefore, now);
  const erased = entry.erasures === undefined ? {} : { erased: true as const };
  const superseded = entry.superseded.filter(({ at }) => at > now - VERSION_KEPT_MS);
  return {
    ...without(settleErasures(entry, listedAt), 'failure'),
    state: account.rows === 0 ? 'succeeded_no_data' : 'succeeded',
    fingerprint: run.fingerprint,
    files: [],
    rows: { in: account.rawRows, out: account.rows, refused: 0 },
    bytes: run.bytes,
    ...(isMoved ? { version: run.version, filesWritten: files.map(({ name }) => name) } : {}),
    superseded: replaced === undefined ? superseded : [...superseded, { version: replaced, at: now }],
    curated: {
      ...curatedBefore,
      shape: run.shape,
      code: VERSION,
      account,
      inputs,
      bytesWritten: sum(files.map(({ bytes }) => bytes)),
      ...(kept === null ? {} : { kept: { ...kept, ...erased } }),
    },
  };
}

/**
 * What a version keeps. The rows stay noticed, and accepted, as they were before if they are the same rows. If not, they
 * are noticed now, and nobody has accepted them.
 *
 * @param lost Every lost file, also one that adds no row: as long as it is lost, kept rows may be its rows.
 * @param rows Rows that are kept.
 */
function keptOf(
  lost: readonly NamedFile[],
  rows: number,
  before: CuratedDay['kept'],
  now: number,
): NonNullable<CuratedDay['kept']> {
  const files = [...lost];
  if (before !== undefined && areSameRows(lost, rows, before)) return { ...before, files, rows };
  const erased = before?.erased === undefined ? {} : { erased: before.erased };
  return { files, rows, since: now, ...erased };
}

/** Whether the kept rows of lost files are among those that were kept before. */
function areSameRows(
  lost: readonly NamedFile[],
  rows: number,
  before: NonNullable<CuratedDay['kept']>,
): boolean {
  const known = new Set(before.files.map(fileIdentity));
  const there = new Set(lost.map(fileIdentity));
  // Dropped rows are kept only by a version that was begun before they were dropped: the next version drops them.
  const isNothingNew = there.isSubsetOf(known);
  // As when the writer takes files back and writes their rows into others. After a drop, the rows are others.
  const addNoRows = known.isSubsetOf(there) && rows === before.rows && before.accepted !== 'drop';
  return isNothingNew || addNoRows;
}

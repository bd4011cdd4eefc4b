import { listObjects } from '../../base/ObjectStore.ts';
import { percent } from '../../base/text.ts';
import { readPartition } from '../../ledger/movePartition.ts';
import { VERSION_KEPT_MS, versionTime } from '../../ledger/versions.ts';
import type { Dataset } from '../../schema/sources.ts';
import { type VersionNote, versionNoteKey } from '../../tables/ledgerKeys.ts';
import { refusedRowsKey, versionPrefix } from '../../tables/tableFolders.ts';
import type { MappedRows } from '../engine/mappedRows.ts';
import { isRowReason } from '../rowReasons.ts';
import { LoadError } from './LoadError.ts';
import type { Loader } from './Loader.ts';
import type { DropAnswer, PlannedRun } from './PlannedRun.ts';
import type { DayLoad } from './Progress.ts';

/** The rows of a day, as {@link publishDay} gets them. */
interface DayRows {
  /** Names of the version's files with rows. */
  readonly files: readonly string[];
  /** Each puts one file of refused rows under the key that it is given. */
  readonly refused: readonly ((key: string) => Promise<void>)[];
  /**
   * Makes sure that the version's folder has all of `files`. It is called once the day is judged, before its partition
   * moves.
   */
  readonly complete: () => Promise<void>;
}

/**
 * Judges a day by all of its rows, puts those that are refused into quarantine, and moves the partition. A day without
 * rows keeps the version that queries read, unless a person has accepted that its rows go.
 *
 * @returns How the load ends; null if another owner has the day.
 * @throws LoadError `SLUICE_LOAD_ROWS_REFUSED`, when the refused rows are in quarantine; the reason of the
 *   invocation's signal; an error of S3, of the ledger or of the Data Catalog.
 */
export async function publishDay(
  load: DayLoad,
  { plan, run }: PlannedRun,
  { files, refused, complete }: DayRows,
): Promise<DropAnswer | null> {
  const { loader, place, progress } = load;
  const { mapped } = progress;
  if (mapped !== undefined) {
    await quarantineRows(load, plan, refused);
    await loader.faultPoint?.('quarantined');
    requireAcceptableRows(mapped, place.dataset);
  }
  const hasRows = files.length > 0;
  if (!hasRows && !progress.accepts('empty')) {
    const version = await keepVersion(load);
    if (version === 'lost') return null;
    // `inputs_missing` is told to people, unless one has accepted that the rows stay.
    if (version === 'kept') return progress.accepts('keep') ? 'kept' : 'inputs_missing';
  }
  await complete();
  const isMoved = await moveToVersion(load, { version: run.version, files });
  if (!isMoved) return null;
  return hasRows ? 'succeeded' : 'succeeded_no_data';
}

/**
 * Moves the partition of a day to a version whose files are all written.
 *
 * @param version Its name.
 * @param files The names of its files.
 * @returns False if another owner has the day.
 */
async function moveToVersion(
  load: DayLoad,
  { version, files }: { readonly version: string; readonly files: readonly string[] },
): Promise<boolean> {
  const { loader, invocation, place, progress } = load;
  const { landing, clock, faultPoint } = loader;
  const { day } = place;
  const { table } = place.dataset;
  const prefix = versionPrefix(loader.config, table, day, version);
  invocation.signal.throwIfAborted();
  // A load that was delayed beyond its lease stops here, before queries see any change.
  if (!(await renew(load))) return false;
  await faultPoint?.('renewed');

  const { version: last } = progress.claim.entry;
  const partition = await readPartition(loader, { table, day }, invocation.deadline);
  const at = clock.now();
  if (partition.isAt(prefix)) {
    // An earlier invocation of the same load in pieces makes the same version. It noted the version that was replaced
    // and moved the partition, and was killed before it settled the day.
    if (last !== undefined) progress.replaced.push({ version: last, at });
    progress.version = version;
    progress.filesWritten = files;
    return true;
  }
  // There are no rows, and there never was a version: there is nothing to move.
  if (partition.isMissing && files.length === 0 && last === undefined) return true;
  // If the partition was dropped, only the ledger still knows its version.
  const replaced = partition.version ?? last;
  if (replaced !== undefined) {
    const due = at + VERSION_KEPT_MS;
    await landing.putNote(versionNoteKey({ due, table, day, version: replaced }));
    await removeBeginNote(landing, { due, table, day, version: replaced });
    progress.replaced.push({ version: replaced, at });
    await faultPoint?.('noted');
  }
  await partition.moveTo(prefix);
  progress.version = version;
  progress.filesWritten = files;
  await faultPoint?.('moved');
  return true;
}

/** Renews the claim of a day; false if another owner has the day. */
async function renew({ loader, invocation, progress }: DayLoad): Promise<boolean> {
  const renewed = await loader.ledger.renew(progress.claim, invocation.leaseUntil);
  if (renewed !== null) progress.claim = renewed;
  return renewed !== null;
}

/**
 * Keeps the rows of the day that queries read, whose files are gone or have no rows now. A dropped partition is made again.
 *
 * @returns `none` if there are no such rows; `lost` if another owner has the day.
 */
async function keepVersion(load: DayLoad): Promise<'kept' | 'none' | 'lost'> {
  const { loader, invocation, place, progress } = load;
  const { version: known, filesWritten = [] } = progress.claim.entry;
  const { day } = place;
  const { table } = place.dataset;
  const partition = await readPartition(loader, { table, day }, invocation.deadline);
  const version = partition.version ?? known;
  if (version === undefined) return 'none';
  const prefix = versionPrefix(loader.config, table, day, version);
  // The ledger knows the files of its own version. Those that somebody has deleted are found by the hourly look.
  const present = version === known ? filesWritten : await namesUnder(loader.landing, prefix);
  if (present.length === 0) return 'none';
  if (partition.isMissing) {
    if (!(await renew(load))) return 'lost';
    await partition.moveTo(prefix);
  }
  progress.version = version;
  progress.filesWritten = present;
  return 'kept';
}

/**
 * Removes the note from the making of a version that may be due while running queries still read it.
 *
 * @param note The version's new note, which stays.
 */
async function removeBeginNote(landing: Loader['landing'], note: VersionNote): Promise<void> {
  const began = versionTime(note.version);
  if (began === null) return;
  const due = began + VERSION_KEPT_MS;
  const key = versionNoteKey({ ...note, due });
  // Listed first: in a versioned bucket, deleting a missing object creates a delete marker.
  if (due < note.due && (await landing.list(key)).includes(key)) await landing.remove([key]);
}

/**
 * Puts the files with the refused rows of a day into quarantine, also if the day fails because of them, so that people see
 * which. Files of an earlier load of the same drop are replaced or removed.
 *
 * @param drop The drop's fingerprint, and when its last file was written.
 * @param puts Puts each file under the key that it is given.
 */
async function quarantineRows(
  { loader: { landing, config }, place: { dataset, day } }: DayLoad,
  drop: { readonly fingerprint: string; readonly receivedAt: number },
  puts: readonly ((key: string) => Promise<void>)[],
): Promise<void> {
  const first = refusedRowsKey(config, { table: dataset.table, day, ...drop });
  const stem = first.replace(/\.parquet$/, '');
  const keys: string[] = [];
  for (const [i, put] of puts.entries()) {
    const key = i === 0 ? first : `${stem}-${i}.parquet`;
    keys.push(key);
    await put(key);
  }
  // Listed first: in a versioned bucket, deleting a missing object creates a delete marker.
  const present = await namesUnder(landing, stem);
  const stale = present.map((name) => `${stem}${name}`).filter((key) => !keys.includes(key));
  if (stale.length > 0) await landing.remove(stale);
}

/** What keys under a prefix have after it. */
async function namesUnder(landing: Loader['landing'], prefix: string): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const { key } of listObjects(landing, prefix)) names.push(key.slice(prefix.length));
  return names;
}

/**
 * Requires that a day has no more refused rows than its dataset allows, and that not all of its rows are refused.
 *
 * @throws LoadError `SLUICE_LOAD_ROWS_REFUSED`, with the share, and refused rows by reason.
 */
export function requireAcceptableRows(
  { rows, reasons, places = {} }: Pick<MappedRows, 'rows' | 'reasons' | 'places'>,
  { refusedShare }: Pick<Dataset, 'refusedShare'>,
): void {
  const by = Object.entries(reasons)
    .map(([reason, count]) => `${reason} ${count}${isRowReason(reason) ? placeText(places[reason]) : ''}`)
    .join(', ');
  // Divided, not multiplied: 100 × 0.29 is less than 29 in floating point. Of no rows the share is NaN, above no limit.
  if (rows.refused / rows.in > refusedShare) {
    throw new LoadError(
      'SLUICE_LOAD_ROWS_REFUSED',
      `${rows.refused} of ${rows.in} rows, ${percent(refusedShare, 4)} allowed: ${by}.`,
    );
  }
  // Regardless of the allowed share: the day would be empty although its files are not.
  if (rows.in > 0 && rows.out === 0)
    throw new LoadError('SLUICE_LOAD_ROWS_REFUSED', `All ${rows.in} rows: ${by}.`);
}

/** ` (column "price")`; empty where nobody knows it. */
function placeText(place: string | undefined): string {
  return place === undefined ? '' : ` (${place})`;
}

import { mapLimit } from '../base/concurrency.ts';
import { failureFields } from '../base/log.ts';
import { type Attempts, CatalogCallError } from '../landing/catalog/catalogCalls.ts';
import type { PartitionCatalog } from '../landing/catalog/PartitionCatalog.ts';
import type { Config } from '../schema/config.ts';
import { forwardedKinds } from '../schema/kinds.ts';
import {
  curatedSubject,
  loadFolder,
  parseVersionNote,
  VERSION_NOTES,
  type VersionNote,
} from '../tables/ledgerKeys.ts';
import { parseIngestedLocation, versionPrefix } from '../tables/tableFolders.ts';
import type { LandingBucket } from './LandingBucket.ts';
import { type Ledger, readKnown } from './Ledger.ts';
import type { LedgerSubject } from './LedgerEntry.ts';
import { partitionLocation } from './movePartition.ts';

/** Versions that a sweep deletes at the same time. The ledger entry of each may name as many files as a day may have. */
const PARALLEL_SWEPT = 2;
/** Calls to empty the folder of one version, 1,000 files each. The next sweep goes on. */
const MAX_REMOVALS = 20;

/** The result of a sweep. */
interface SweepResult {
  /** Deleted versions, which no query read. */
  readonly removed: number;
  /** Versions that queries read, whose note is deleted, and versions that a load still makes or has noted again. */
  readonly kept: number;
  /** Versions that could not be checked or deleted. Their notes stay for the next sweep. */
  readonly failed: number;
}

/** Settings of a sweep: those of the tables that it knows in the ledger. */
type SweptConfig = Pick<Config, 'statsigFolder' | 'database'> &
  Partial<Pick<Config, 'curatedTables' | 'sources'>>;

/** The ports of a sweep. */
interface Sweeper extends Omit<Attempts, 'deadline'> {
  /** The settings that name the tables, their database and their folders. */
  readonly config: SweptConfig;
  /** Name of the deployment's bucket. */
  readonly bucket: string;
  /** The deployment's bucket. */
  readonly landing: Pick<LandingBucket, 'list' | 'remove'>;
  /** Says which version queries read. */
  readonly catalog: PartitionCatalog;
  /** Says which versions loads and curations still have. */
  readonly ledger: Pick<Ledger, 'read'>;
  /** Writes one line of the log. */
  readonly log: (fields: Record<string, unknown>) => void;
}

/** How long a sweep may take, and what it deletes. */
interface SweepRun extends Pick<Attempts, 'deadline'> {
  /** Ends the sweep, which then leaves the rest for the next one. */
  readonly signal: AbortSignal;
  /** Only versions of these tables. Default all. */
  readonly isOurs?: (table: string) => boolean;
}

/** What became of a version. `late`: the time was over before it was looked at. */
type Fate = 'removed' | 'kept' | 'failed' | 'late';

/**
 * Deletes versions whose note is due: versions that were replaced a day ago, and versions of killed loads that queries
 * never read. The notes identify them, independent of the current configuration.
 *
 * No lease is needed. A version's folder has one writer at a time, and names are never reused. A version whose run the
 * ledger still has is kept, however old its note is. The catalog decides what queries read, as a killed load may have left
 * the ledger outdated; while it has no partition of the day, the ledger does. The note must still exist after that check: a
 * load that is about to replace a version first removes the note from its start (lib/drops/load), so that a version that was
 * just replaced stays for a day. The note is deleted last. So a sweep may be killed anywhere, repeated, and run twice
 * at once.
 *
 * A version that can't be deleted does not stop the others. The next sweep continues after the time limit.
 *
 * @param most The most notes to process. Default: all that are due.
 * @throws The bucket's error if the notes can't be listed.
 */
export async function sweepVersions(
  sweeper: Sweeper,
  run: SweepRun,
  most = Number.POSITIVE_INFINITY,
): Promise<SweepResult> {
  const { landing, clock } = sweeper;
  const { deadline, signal, isOurs = () => true } = run;
  const counts = { removed: 0, kept: 0, failed: 0, late: 0 };
  let left = most;
  let after: string | undefined;
  for (;;) {
    const keys = await landing.list(VERSION_NOTES, after);
    const notes = keys.flatMap((key) => {
      const note = parseVersionNote(key);
      return note === null ? [] : [{ key, note }];
    });
    const due = notes.filter(({ note }) => note.due <= clock.now());
    const ours = due.filter(({ note }) => isOurs(note.table)).slice(0, left);
    const fates = await mapLimit(ours, PARALLEL_SWEPT, async ({ key, note }): Promise<Fate> => {
      if (clock.now() >= deadline || signal.aborted) return 'late';
      return sweepOne(sweeper, key, note, run).catch((error: unknown) => {
        sweeper.log({ level: 'error', event: 'ingest_sweep', note: key, ...failureFields(error) });
        return 'failed';
      });
    });
    for (const fate of fates) counts[fate] += 1;
    left -= ours.length;
    after = keys.at(-1);
    // Keys sort by their due time: after one that is not due, none is.
    if (after === undefined || due.length < notes.length || left <= 0 || counts.late > 0) break;
  }
  const { removed, kept, failed } = counts;
  return { removed, kept, failed };
}

/** Deletes a version whose note is due, unless it is still read or made, and then the note. */
async function sweepOne(
  sweeper: Sweeper,
  key: string,
  note: VersionNote,
  { deadline }: SweepRun,
): Promise<'removed' | 'kept'> {
  const { landing } = sweeper;
  const place = versionSubject(sweeper.config, note);
  // An entry that can't be read has no run that goes on.
  const run = place === null ? undefined : (await readKnown(sweeper.ledger, place))?.run;
  // Its note stays: this load, or the next of the day, ends with the version or without it.
  if (run?.version === note.version) return 'kept';
  const isRead = await isStillRead(sweeper, note, deadline);
  // Checked after the catalog, as a load removes the note before it moves the partition.
  const isStillDue = (await landing.list(key)).includes(key);
  if (!isStillDue) return 'kept';
  const { table, day, version } = note;
  if (!isRead) await removeUnder(sweeper, versionPrefix(sweeper.config, table, day, version));
  await removeUnder(sweeper, loadFolder(note));
  await landing.remove([key]);
  return isRead ? 'kept' : 'removed';
}

/**
 * Whether queries read a version. While the partition or the table is missing, or the partition is at no version of the
 * deployment's bucket, none does, and the ledger's version is kept: the day's next load, or whoever mends the partition,
 * makes it of this version again, which may have the only rows of files that are gone.
 */
async function isStillRead(sweeper: Sweeper, note: VersionNote, deadline: number): Promise<boolean> {
  const { bucket, catalog, config, ledger } = sweeper;
  const { table, day, version } = note;
  const partition = { catalog, database: config.database, table, day };
  const location = await partitionLocation(partition, { ...sweeper, deadline }).catch((error: unknown) => {
    if (error instanceof CatalogCallError && error.code === 'EntityNotFoundException') return null;
    throw error;
  });
  if (location !== null && parseIngestedLocation(config, bucket, location) !== null)
    return location === `s3://${bucket}/${versionPrefix(config, table, day, version)}`;
  const place = versionSubject(config, note);
  const known = place === null ? null : await ledger.read(place);
  return known?.table === table && known.version === version;
}

/** Where the ledger has a table's day; null if the table is not configured any more. */
export function versionSubject(
  { curatedTables, sources = [] }: Pick<SweptConfig, 'curatedTables' | 'sources'>,
  { table, day }: Pick<VersionNote, 'table' | 'day'>,
): Omit<LedgerSubject, 'table'> | null {
  const kind = forwardedKinds.find((forwardedKind) => curatedTables?.[forwardedKind] === table);
  if (curatedTables !== undefined && kind !== undefined) return curatedSubject({ curatedTables }, kind, day);
  const places = sources.flatMap(({ name: source, datasets }) =>
    datasets.flatMap((dataset) => (dataset.table === table ? [{ source, dataset: dataset.name, day }] : [])),
  );
  return places[0] ?? null;
}

/** Deletes the files of a folder. @throws RangeError if files remain. */
async function removeUnder({ landing }: Sweeper, prefix: string): Promise<void> {
  for (let calls = 0; calls < MAX_REMOVALS; calls += 1) {
    const keys = await landing.list(prefix);
    if (keys.length === 0) return;
    await landing.remove(keys);
  }
  throw new RangeError(`${prefix} has more files than one sweep deletes.`);
}

import { listObjects } from '../base/ObjectStore.ts';
import { sum } from '../base/sum.ts';
import type { Attempt } from '../lambda/machine.ts';
import { type Attempts, retryTransient } from '../landing/catalog/catalogCalls.ts';
import type { CurationRun, DayAccount, SliceResult } from '../ledger/CuratedDay.ts';
import type { Claim } from '../ledger/Ledger.ts';
import { fingerprintFiles, type LedgerContent, type LedgerSubject } from '../ledger/LedgerEntry.ts';
import { isReadVersion, readPartition } from '../ledger/movePartition.ts';
import { VERSION_KEPT_MS, versionTime } from '../ledger/versions.ts';
import type { FetchedObject } from '../parquet/fetchFiles.ts';
import type { ForwardedKind } from '../schema/kinds.ts';
import { parseVersionNote, VERSION_NOTES, type VersionNote, versionNoteKey } from '../tables/ledgerKeys.ts';
import { versionPrefix } from '../tables/tableFolders.ts';
import { CurateError } from './CurateError.ts';
import type { Curator } from './Curator.ts';
import { curatedTables } from './curatedTables.ts';
import { endRun, isMade, runOf, sumAccount } from './curationRun.ts';
import { BEGUN_KEPT_MS } from './limits.ts';
import { readRawDay } from './RawDays.ts';
import { settledEntry } from './settledEntry.ts';

/** A day of a curated table, and its ledger entry. */
export interface CuratedPlace extends LedgerSubject {
  /** The kind of the curated table. */
  readonly kind: ForwardedKind;
}

/**
 * Publishes a version whose slices are all done: checks that its folder has their files and that every raw row is accounted
 * for, moves the partition, and settles the ledger. Only the owner of the day's lease calls it. The owner may be killed
 * anywhere, and the call repeated.
 *
 * @returns Where the rows of the day went; null if another owner has the version.
 * @throws CurateError; CatalogCallError; CatalogError; LedgerError; the signal's reason; what the ledger's store and
 *   the bucket throw.
 */
export async function publishVersion(
  curator: Curator,
  attempt: Attempt,
  place: CuratedPlace,
  claim: Claim,
): Promise<DayAccount | null> {
  const { ledger, clock, config } = curator;
  const { kind, day, table } = place;
  const made = runOf(claim.entry);
  const { version } = made;
  const account = sumAccount(made);
  if (account === null) throw new CurateError('SLUICE_CURATE_COUNTS_DIFFER', countsOf(made));
  const files = made.done.flatMap((slice) => slice.files);
  const strays = await requireFiles(curator, versionPrefix(config, table, day, version), files);
  // An attempt that began longer ago than an invocation lasts, and was killed, left them. Queries would read their rows
  // twice.
  if (strays.length > 0) await curator.landing.remove(strays);
  const listedAt = clock.now();
  const raw = await readRawDay(curator.raw, kind, day);
  if (raw.fingerprint !== made.fingerprint) throw new CurateError('SLUICE_CURATE_FILES_CHANGED');
  // An erasure, or whoever deletes files, may have taken rows out of the version that is kept.
  const keptFiles = made.kept === undefined ? [] : await readKeptFiles(curator, place, made.kept.version);
  if (made.kept !== undefined && fingerprintFiles(keptFiles) !== made.kept.fingerprint)
    throw new CurateError(
      'SLUICE_CURATE_FILES_CHANGED',
      `Files of the version ${made.kept.version} are others than when its rows were read, as after an erasure.`,
    );
  const retries = { clock, wait: curator.wait, random: curator.random, deadline: attempt.deadline };
  await requireTableOfToday(curator, kind, retries);
  await curator.faultPoint?.('checked');

  attempt.signal.throwIfAborted();
  // A task that was delayed beyond its lease stops here, before queries see any change.
  const renewed = await ledger.renew(claim, attempt.leaseUntil);
  if (renewed === null) return null;

  const partition = await readPartition(curator, { table, day }, attempt.deadline);
  // A day without rows gets no partition, but one that it has or had is moved: queries read nothing else.
  const isMoved = !partition.isMissing || files.length > 0 || renewed.entry.version !== undefined;
  const { version: replaced } = partition;
  if (isMoved) {
    // If rows are kept, the replaced version stays longer: the next night goes on with what a killed task has moved,
    // and reads the kept rows once more.
    const due = clock.now() + (made.kept === undefined ? VERSION_KEPT_MS : BEGUN_KEPT_MS);
    // If the partition was dropped, only the ledger still knows its version. No query reads that, so nothing is superseded.
    const left = replaced ?? renewed.entry.version;
    if (left !== undefined && left !== version)
      await noteReplaced(curator, { due, table, day, version: left });
    await curator.faultPoint?.('noted');
    await partition.moveTo(versionPrefix(config, table, day, version));
    await curator.faultPoint?.('moved');
  }
  const ending = {
    account,
    isMoved,
    replaced: replaced === version ? undefined : replaced,
    listedAt,
    now: clock.now(),
  };
  const settled = await ledger.own(renewed, (entry) => endRun(settledEntry(entry, made, ending)));
  if (settled === null) return null;
  await curator.faultPoint?.('settled');
  return account;
}

/**
 * Settles a version that the partition has already, because its task was killed before it could. The next version may keep
 * rows of the version in the ledger, so that has to be the one that queries read.
 *
 * @throws CatalogCallError; CatalogError; LedgerError; what the ledger's store throws.
 */
export async function settleMoved(curator: Curator, attempt: Attempt, place: CuratedPlace): Promise<void> {
  const { ledger, clock } = curator;
  const movedRun = ({ curated, lease }: LedgerContent): CurationRun | null => {
    const isHeld = lease !== undefined && lease.until > clock.now();
    return curated?.run !== undefined && isMade(curated.run) && !isHeld ? curated.run : null;
  };
  const known = await ledger.read(place);
  const made = known === null ? null : movedRun(known);
  if (made === null) return;
  const { table, day } = place;
  const { version } = made;
  if (!(await isReadVersion(curator, { table, day, version }, attempt.deadline))) return;
  await ledger.change(place, (entry) => {
    const moved = movedRun(entry);
    const account = moved?.version === version ? sumAccount(moved) : null;
    if (moved === null || account === null) return {};
    // The raw files were listed after the version was named.
    const listedAt = versionTime(version) ?? 0;
    const now = clock.now();
    const settled = settledEntry(entry, moved, {
      account,
      isMoved: true,
      replaced: entry.version,
      listedAt,
      now,
    });
    return { entry: endRun(settled) };
  });
  await curator.faultPoint?.('settled');
}

/**
 * Checks that the catalog's table has the columns of this code. A new partition gets the columns of the table, and
 * engines read by the columns of the partition. While a deployment runs, the function may be newer than the table:
 * views would then read null in the missing columns, for good.
 */
async function requireTableOfToday(
  { config, catalog }: Pick<Curator, 'config' | 'catalog'>,
  kind: ForwardedKind,
  attempts: Attempts,
): Promise<void> {
  const { name, columns } = curatedTables(config)[kind];
  const { storage } = await retryTransient(attempts, () => catalog.getTable(config.database, name));
  const types = new Map(storage.Columns?.map(({ Name, Type }) => [Name, Type]));
  const missing = columns.filter((column) => types.get(column.name) !== column.type);
  if (missing.length > 0)
    throw new CurateError(
      'SLUICE_CURATE_TABLE_DIFFERS',
      `${name}: ${missing.map((column) => column.name).join(', ')}.`,
    );
}

/** The files of a version whose rows the next one keeps. @throws CurateError. */
export function readKeptFiles(
  { raw, config }: Pick<Curator, 'raw' | 'config'>,
  { table, day }: CuratedPlace,
  version: string,
): Promise<readonly FetchedObject[]> {
  return raw.filesUnder(versionPrefix(config, table, day, version));
}

/**
 * Requires that the folder of a version has the files that its slices have recorded.
 *
 * @returns Keys of other files in it.
 * @throws CurateError SLUICE_CURATE_VERSION_INCOMPLETE; the bucket's error.
 */
async function requireFiles(
  { landing }: Pick<Curator, 'landing'>,
  prefix: string,
  files: readonly { readonly name: string }[],
): Promise<readonly string[]> {
  const recorded = new Set(files.map(({ name }) => `${prefix}${name}`));
  const found = new Set<string>();
  for await (const { key } of listObjects(landing, prefix)) found.add(key);
  const missing = recorded.difference(found);
  if (missing.size > 0)
    throw new CurateError('SLUICE_CURATE_VERSION_INCOMPLETE', `${missing.size} of ${files.length} files.`);
  return [...found.difference(recorded)];
}

/**
 * Notes that a version is about to be replaced, so that it is deleted a day later or more, when the queries that read
 * it have ended. Every other note about that version is deleted, as it may be due within minutes: the note from the
 * start of the version, and those of tasks that were killed before they replaced it.
 */
async function noteReplaced({ landing }: Pick<Curator, 'landing'>, replaced: VersionNote): Promise<void> {
  const { table, day, version } = replaced;
  const key = versionNoteKey(replaced);
  await landing.putNote(key);
  const others: string[] = [];
  for await (const { key: noteKey } of listObjects(landing, VERSION_NOTES)) {
    const note = parseVersionNote(noteKey);
    const isOfVersion = note?.table === table && note.day === day && note.version === version;
    if (isOfVersion && noteKey !== key) others.push(noteKey);
  }
  if (others.length > 0) await landing.remove(others);
}

/** The counts of a version in words, for the error when they differ. */
function countsOf({ done }: CurationRun): string {
  const sumOf = (count: (slice: SliceResult) => number) => sum(done.map(count));
  return `${done[0]?.rawRows ?? 0} raw rows, ${sumOf(({ sliceRows }) => sliceRows)} in slices; ${sumOf(({ rows }) => rows)} written, ${sumOf(({ resends }) => resends)} resends, ${sumOf(({ kept }) => kept)} kept.`;
}

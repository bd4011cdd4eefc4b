import { mapLimit } from '../../../lib/base/concurrency.ts';
import { DAY_MS, HOUR_MS, isoTimestamp, type UtcDay } from '../../../lib/base/time.ts';
import { MOST_DAYS_A_NIGHT } from '../../../lib/curate/limits.ts';
import { lostFiles } from '../../../lib/curate/lostFiles.ts';
import { readRawDay } from '../../../lib/curate/RawDays.ts';
import { firstYoungDay } from '../../../lib/curate/youngDays.ts';
import { isUnderErasure, type NamedFile, namedFiles } from '../../../lib/ledger/erasureNotes.ts';
import { isFailing } from '../../../lib/ledger/LedgerEntry.ts';
import { lackingDays } from '../../../lib/ledger/versionFiles.ts';
import { type ForwardedKind, forwardedKinds } from '../../../lib/schema/kinds.ts';
import { curatedSubject } from '../../../lib/tables/ledgerKeys.ts';
import { restoredKey } from '../../../lib/tables/tableFolders.ts';
import {
  type CuratedLists,
  type CuratedReaders,
  type CuratedTable,
  curatedTable,
  isQueuedLong,
  rawDaysOf,
  readCuratedEntries,
  readCuratedLists,
  readFilesSeen,
} from './curatedTable.ts';
import {
  type Failing,
  failingOf,
  type LackingDay,
  type LedgerDay,
  lackingOf,
  type UnreadDay,
} from './ledgerDays.ts';
import { unreadVersions } from './unreadDays.ts';

/** A day that could not be curated. */
interface FailedCuration extends Failing {
  /** The day, UTC. */
  readonly day: UtcDay;
  /** Code of the failure. */
  readonly code: string;
  /** The cause of the failure with its details, as the file. */
  readonly message: string;
}

/** A day whose curated rows views read. */
export interface ResentDay {
  /** The day, UTC. */
  readonly day: UtcDay;
  /** Rows of the curated files. */
  readonly rows: number;
  /** Rows that are left out because they repeat another. */
  readonly resends: number;
}

/** A day whose curated table has rows that no raw file has. */
export interface KeptDay {
  /** The day, UTC. */
  readonly day: UtcDay;
  /** Rows that no raw file has. */
  readonly rows: number;
  /** Time at which it was noticed, ISO 8601. */
  readonly since: string;
  /** Names of raw files that are not there any more. */
  readonly gone: readonly string[];
  /** Raw files in whose place there is another, and that were not copied back beside it. */
  readonly replaced: readonly NamedFile[];
  /** Whether an erasure has changed the day. It deletes versions, too, so not all files can be brought back. */
  readonly isErased: boolean;
}

/** What `sluice status` judges of a curated table. */
export interface CurationState extends CuratedTable {
  /**
   * Number of days with a raw folder that are old enough, and that are not listed, so that views read them raw. The late ones are among
   * them, and the failed ones that keep no rows.
   */
  readonly raw: number;
  /** Days that could not be curated, newest first. */
  readonly failed: readonly FailedCuration[];
  /** Days that were queued more than a day ago, newest first. */
  readonly late: readonly UtcDay[];
  /** When the first of the late days was queued, epoch milliseconds; null without any. */
  readonly lateSince: number | null;
  /**
   * Days that were never queued although the last night should have done it, newest first. A night queues the newest days, and after
   * them those that failed before.
   */
  readonly unplanned: readonly UtcDay[];
  /** The last days that views read, newest first. */
  readonly resends: readonly ResentDay[];
  /** Days whose version lacks files, oldest first. */
  readonly lacking: readonly LackingDay[];
  /** Days with rows that no raw file has any more and that nobody has accepted, newest first. */
  readonly kept: readonly KeptDay[];
  /** Days with such rows that somebody has accepted, and that keep them, newest first. */
  readonly accepted: readonly UtcDay[];
  /** Days that views read from it, and of which they read nothing, oldest first; absent if that was not asked or could not be read. */
  readonly unread?: readonly UnreadDay[];
}

/** Days whose raw files are listed in parallel. */
const PARALLEL = 16;
/** The most days of a table that are not listed whose ledger entry is read, the newest. */
const MOST_DAYS = 400;
/** The most listed days of a table whose resends are read, the newest. */
const RESENT_DAYS = 7;
/** Milliseconds within which a night has begun and ended: a day, and its retries. */
const NIGHT_MS = DAY_MS + 2 * HOUR_MS;

/**
 * Reads the state of both curated tables: the lists, the raw folders, the ledger, the note of versions' files, and the raw files of days
 * that keep rows. None with `curate: false`.
 *
 * @throws CurateError `SLUICE_CURATE_BUCKET_FAILED`, `SLUICE_CURATE_OUT_OF_TIME`, `SLUICE_CURATE_DAY_TOO_LARGE`; LedgerError; what the
 *   client of S3 throws.
 */
export async function readCurationState(deployment: CuratedReaders): Promise<readonly CurationState[]> {
  if (!deployment.config.curate) return [];
  const lists = await readCuratedLists(deployment);
  return mapLimit(forwardedKinds, 1, (kind) => readTableState(deployment, kind, lists));
}

/** Reads the state of a curated table. */
async function readTableState(
  deployment: CuratedReaders,
  kind: ForwardedKind,
  lists: CuratedLists,
): Promise<CurationState> {
  const { config, now } = deployment;
  const listed = lists[kind];
  const listedDays = Object.keys(listed).sort().reverse();
  const firstYoung = firstYoungDay(config, now);
  const folders = await rawDaysOf(deployment).days(kind);
  const rawDays = folders.filter((day) => day < firstYoung && listed[day] === undefined);
  const read = (days: readonly UtcDay[]) => readCuratedEntries(deployment, kind, days);
  const raw = await read(rawDays.toReversed().slice(0, MOST_DAYS));
  const keeping = await read(listedDays.filter((day) => listed[day]?.keeps === true));
  const resent = await read(listedDays.slice(0, RESENT_DAYS));
  const filesSeen = await readFilesSeen(deployment, kind);
  const lacking = lackingOf(filesSeen, await read(lackingDays(filesSeen)));
  const kept = await mapLimit(keeping, PARALLEL, (ledgerDay) => readKeptDay(deployment, kind, ledgerDay));
  const open = raw.filter(({ entry }) => !isFailing(entry));
  const late = open.filter(({ entry }) => isQueuedLong(entry, now));
  const firstUnplanned = firstYoungDay(config, now - NIGHT_MS);
  const neverQueued = open
    .slice(0, MOST_DAYS_A_NIGHT)
    .filter(({ day, entry }) => entry === null && day < firstUnplanned);
  return {
    ...curatedTable(config, kind, lists),
    raw: rawDays.length,
    failed: failedCurations([...raw, ...keeping]),
    late: late.map(({ day }) => day),
    lateSince: late.length === 0 ? null : Math.min(...late.map(({ entry }) => entry?.queued?.at ?? now)),
    unplanned: neverQueued.map(({ day }) => day),
    resends: resent.flatMap(resendsOf),
    // A day is taken out of the list unless raw files are gone as well: the version then has the only rows.
    lacking: lacking.map((lackingDay) => ({ ...lackingDay, isOnly: listed[lackingDay.day] !== undefined })),
    kept: kept.filter((keptDay) => keptDay !== null),
    accepted: keeping.filter(({ entry }) => entry?.curated?.kept?.accepted === 'keep').map(({ day }) => day),
  };
}

/** Which of these days could not be curated, newest first. */
function failedCurations(days: readonly LedgerDay[]): readonly FailedCuration[] {
  return days
    .flatMap(({ day, entry }): readonly FailedCuration[] => {
      const failing = failingOf(entry);
      if (failing === null || entry?.failure === undefined) return [];
      const { code, message } = entry.failure;
      return [{ day, code, message, ...failing }];
    })
    .toSorted((first, other) => (first.day < other.day ? 1 : -1));
}

/** The resends of a day; none if it has no rows. */
function resendsOf({ day, entry }: LedgerDay): readonly ResentDay[] {
  const { rows = 0, resends = 0 } = entry?.curated?.account ?? {};
  return rows === 0 ? [] : [{ day, rows, resends }];
}

/** Reads what a day keeps; null if its raw files are back, or if somebody has accepted that they are gone. */
async function readKeptDay(
  deployment: CuratedReaders,
  kind: ForwardedKind,
  { day, entry }: LedgerDay,
): Promise<KeptDay | null> {
  const { config, now } = deployment;
  const { kept } = entry?.curated ?? {};
  if (kept === undefined || kept.rows === 0 || kept.accepted !== undefined) return null;
  const { files } = await readRawDay(rawDaysOf(deployment), kind, day);
  const lost = lostFiles(config, entry, files, now);
  const present = new Set(namedFiles(day, files).map(({ name }) => name));
  const gone = lost.map(({ name }) => name).filter((name) => !present.has(name));
  const replaced = lost.filter(({ name }) => present.has(name));
  // While an erasure is under way, or was stopped, it may have replaced a file and not noted it.
  const areErasures = isUnderErasure(entry ?? {}, now);
  if (gone.length === 0 && (replaced.length === 0 || areErasures)) return null;
  return {
    day,
    rows: kept.rows,
    since: isoTimestamp(kept.since),
    gone,
    replaced: replaced.filter(({ name }) => !present.has(restoredKey(name))),
    isErased: kept.erased === true || entry?.erasures !== undefined,
  };
}

/**
 * Reads the listed days of each curated table whose version no query reads: a call of Glue for each thousand days of a table. None with
 * `curate: false`.
 *
 * @throws CurateError `SLUICE_CURATE_BUCKET_FAILED`; LedgerError; what the clients of S3 and Glue throw.
 */
export async function unreadCurated(deployment: CuratedReaders): Promise<readonly (readonly UnreadDay[])[]> {
  const { config } = deployment;
  if (!config.curate) return [];
  const lists = await readCuratedLists(deployment);
  return mapLimit(forwardedKinds, 1, (kind) => {
    const days = Object.keys(lists[kind]).sort();
    return unreadVersions(deployment, config.curatedTables[kind], days, (day) =>
      curatedSubject(config, kind, day),
    );
  });
}

import { s3ObjectStore } from '../../../lib/aws/s3ObjectStore.ts';
import { mapLimit } from '../../../lib/base/concurrency.ts';
import { addDays, DAY_MS, isoTimestamp, type UtcDay, utcDay } from '../../../lib/base/time.ts';
import { firstYoungDay } from '../../../lib/curate/curateDays.ts';
import { curatedShape, curatedTables } from '../../../lib/curate/curatedTables.ts';
import { type ListedDays, listedDays } from '../../../lib/curate/ListedDays.ts';
import { MOST_DAYS_A_NIGHT } from '../../../lib/curate/limits.ts';
import { lostFiles } from '../../../lib/curate/lostFiles.ts';
import { rawDays, readRawDay } from '../../../lib/curate/RawDays.ts';
import type { DayAccount } from '../../../lib/ledger/CuratedDay.ts';
import { isUnderErasure, type NamedFile, namedFiles } from '../../../lib/ledger/erasureNotes.ts';
import { type DayFailure, isFailing, type LedgerEntry } from '../../../lib/ledger/LedgerEntry.ts';
import { lackingDays } from '../../../lib/ledger/versionFiles.ts';
import { type ForwardedKind, forwardedKinds } from '../../../lib/schema/kinds.ts';
import { CURATED_LEDGER, curatedSubject } from '../../../lib/tables/ledgerKeys.ts';
import { restoredKey, versionPrefix } from '../../../lib/tables/tableFolders.ts';
import type { Deployment } from '../../deployment.ts';
import { readPartitions } from '../tables/tables.ts';
import {
  type Failing,
  failingOf,
  type LackingDay,
  type LedgerDay,
  lackingOf,
  readLedgerDays,
  readVersionFiles,
  type UnreadDay,
  unreadVersions,
} from './ledgerDays.ts';
import { readViewDays, type ViewDays } from './viewDays.ts';

/**
 * The state of a day of a curated table:
 *
 * - `curated`: all views read it.
 * - `too_young`: too early to curate it.
 * - `waiting`: it is to be curated, or to be written into the views.
 * - `curating`: a function works on it.
 * - `failed`: the last try failed.
 * - `outdated`: it has a version that is not in the list, most likely of other raw files or columns.
 * - `lacking`: files of its version are gone.
 * - `off`: the configuration has `curate: false`.
 *
 * Views read the raw rows of every day that is not `curated`.
 */
export type CuratedDayState =
  | 'curated'
  | 'too_young'
  | 'waiting'
  | 'curating'
  | 'failed'
  | 'outdated'
  | 'lacking'
  | 'off';

/** A day of a curated table. */
export interface CuratedDayStatus {
  /** The day, UTC. */
  readonly day: UtcDay;
  /** What views read of it, and why not. */
  readonly state: CuratedDayState;
  /** One sentence: why views do not read the curated rows, or what is kept in them; else empty. */
  readonly why: string;
  /** The last version that was published; null before the first. */
  readonly version: string | null;
  /** An account of that version's rows: where they came from and went; null before the first version. */
  readonly account: DayAccount | null;
  /** Why the last try failed; null if it did not. */
  readonly failure: DayFailure | null;
  /** Whether it has waited for more than a day. */
  readonly isLate: boolean;
}

/** A curated table by the list that views read. */
export interface CuratedTable {
  /** What its rows are. */
  readonly kind: ForwardedKind;
  /** Name of the curated table. */
  readonly table: string;
  /** Number of days in the list that is written into the views, whatever the calendar shows. */
  readonly listed: number;
}

/** The days of a curated table. */
export interface CuratedTableStatus extends CuratedTable {
  /** Name of the raw table. */
  readonly rawTable: string;
  /** The newest first: days that have a raw folder or are in the list. */
  readonly days: readonly CuratedDayStatus[];
}

/** The calendar of curated days. */
export interface CuratedCalendar {
  /** Whether the configuration curates days: `curate`. */
  readonly isOn: boolean;
  /** Days after which a day is curated: `curateAfter` of the configuration. */
  readonly curateAfter: number;
  /** Days from this one on are too young. */
  readonly firstYoung: UtcDay;
  /** The curated tables that were asked for. */
  readonly tables: readonly CuratedTableStatus[];
}

/** A day that could not be curated. */
export interface FailedCuration extends Failing {
  /** The day, UTC. */
  readonly day: UtcDay;
  /** Code of the failure. */
  readonly code: string;
  /** The cause of the failure with its details, as the file; null if the ledger has none. */
  readonly message: string | null;
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

/** A curated table, by the ledger and the list that views read alone. */
export interface CurationState extends CuratedTable {
  /** Number of days that are old enough, and that views read raw; the failed and late ones among them. */
  readonly raw: number;
  /** Days that could not be curated, newest first. */
  readonly failed: readonly FailedCuration[];
  /** Days that were queued more than a day ago, newest first. */
  readonly late: readonly UtcDay[];
  /** When the first of them was queued, epoch milliseconds; null without any. */
  readonly lateSince: number | null;
  /**
   * Days that the last night should have queued and that were never queued, newest first. A night queues the newest days, and those
   * that failed before last.
   */
  readonly unplanned: readonly UtcDay[];
  /** The last days that views read, newest first. */
  readonly resends: readonly ResentDay[];
  /** Days whose version lacks files. */
  readonly lacking: readonly LackingDay[];
  /** Days with rows that no raw file has any more and that nobody has accepted, newest first. */
  readonly kept: readonly KeptDay[];
  /** Days with such rows that somebody has accepted, and that keep them, newest first. */
  readonly accepted: readonly UtcDay[];
  /** Days that views read from it, and of which they read nothing; absent if that was not asked or could not be read. */
  readonly unread?: readonly UnreadDay[];
}

/** Days that are looked at in parallel. */
const PARALLEL = 16;
/** Time limit of the raw folders and files of all days. */
const LIST_MS = 120_000;
/** Days of a table whose ledger entry `sluice status` reads, the newest ones. */
const MOST_DAYS = 400;
/** Days whose resends are read. */
const RESENT_DAYS = 7;
/** The next night is at most a day away, and a run may be late by its retries. */
const NIGHT_MS = DAY_MS + 2 * 3_600_000;

/** The parts of a deployment that questions about curated days use. */
export type CuratedReaders = Pick<
  Deployment,
  's3' | 'glue' | 'config' | 'now' | 'clock' | 'wait' | 'random' | 'signal' | 'onDamaged'
>;

/** The lists of days that are written into the views. */
type Lists = Readonly<Record<ForwardedKind, ListedDays>>;

/**
 * Reads the calendar of curated days: the ledger, the lists of days, and the text of the views.
 *
 * @param days Number of days.
 * @param until The last day. Default today.
 * @throws CurateError SLUICE_CURATE_BUCKET_FAILED; what the clients of S3 and Glue throw.
 */
export async function readCuratedCalendar(
  deployment: CuratedReaders,
  {
    kinds,
    days,
    until = utcDay(deployment.now),
  }: { readonly kinds: readonly ForwardedKind[]; readonly days: number; readonly until?: UtcDay | undefined },
): Promise<CuratedCalendar> {
  const { config, now } = deployment;
  const from = addDays(until, 1 - days);
  const lists = await readLists(deployment);
  const { curate: isOn, curateAfter } = config;
  return {
    isOn,
    curateAfter,
    firstYoung: firstYoungDay(config, now),
    tables: await mapLimit(kinds, 1, async (kind) => ({
      ...curatedTable(config, kind, lists),
      rawTable: config.tables[kind],
      days: await readCuratedDays(deployment, kind, (day) => day >= from && day <= until, lists),
    })),
  };
}

/** The lists of days that are written into the views. */
async function readLists({ s3, config }: Pick<Deployment, 's3' | 'config'>): Promise<Lists> {
  const lists = listedDays(s3ObjectStore(s3, config.bucket));
  const exposures = await lists.read('exposures');
  const events = await lists.read('events');
  return { exposures: exposures?.days ?? {}, events: events?.days ?? {} };
}

/** A curated table by the list that views read. */
function curatedTable(config: Deployment['config'], kind: ForwardedKind, lists: Lists): CuratedTable {
  return { kind, table: config.curatedTables[kind], listed: Object.keys(lists[kind]).length };
}

/** The raw files, as the plan lists them. */
function rawDaysOf({ s3, config, clock, wait, random }: Omit<CuratedReaders, 'glue' | 'now'>) {
  const limits = { clock, wait, random, deadline: clock.now() + LIST_MS };
  return rawDays(s3ObjectStore(s3, config.bucket), config, limits);
}

/** What the last look has seen of the files of a table's versions. */
function readFilesSeen({ s3, config }: Pick<Deployment, 's3' | 'config'>, kind: ForwardedKind) {
  return readVersionFiles(s3ObjectStore(s3, config.bucket), CURATED_LEDGER, kind);
}

/** Days and their entries in the ledger, in the order of the days. */
async function readEntries(
  deployment: Pick<Deployment, 's3' | 'config' | 'onDamaged'>,
  kind: ForwardedKind,
  days: readonly UtcDay[],
) {
  const subjects = days.map((day) => curatedSubject(deployment.config, kind, day));
  return (await readLedgerDays(deployment, [subjects])).flat();
}

/**
 * Reads days of a curated table, the newest first: those that have a raw folder or are listed.
 *
 * @throws as {@link readCuratedCalendar}.
 */
export async function readCuratedDays(
  deployment: CuratedReaders,
  kind: ForwardedKind,
  isWanted: (day: UtcDay) => boolean,
  known?: Lists,
): Promise<readonly CuratedDayStatus[]> {
  const { config, now } = deployment;
  const lists = known ?? (await readLists(deployment));
  const folders = await rawDaysOf(deployment).days(kind);
  const days = [...new Set([...folders, ...Object.keys(lists[kind])])].filter(isWanted).sort();
  const views = await readViewDays(deployment, kind);
  const shape = curatedShape(curatedTables(config)[kind]);
  const entries = await readEntries(deployment, kind, days.toReversed());
  const lacking = lackingOf(await readFilesSeen(deployment, kind), entries);
  const table = config.curatedTables[kind];
  const from = days[0];
  const to = days.at(-1);
  const partitions =
    from === undefined || to === undefined
      ? new Map<UtcDay, string>()
      : await readPartitions(deployment, table, { from, to });
  return entries.map(({ day, entry }) => {
    const version = entry?.version ?? null;
    // If the partition is missing, views that name the day read no row of it.
    const isLost =
      version !== null &&
      !(partitions.get(day) ?? '').endsWith(`/${versionPrefix(config, table, day, version)}`);
    const listedDay = lists[kind][day];
    const isListed = !isLost && (listedDay?.shape === shape || listedDay?.keeps === true);
    const unread = views.filter(({ has }) => !has(day));
    const since = lacking.find((lackingDay) => lackingDay.day === day)?.since;
    const state = since === undefined && isListed && unread.length === 0 ? 'curated' : stateOf(day);
    return {
      day,
      state,
      why: whyRaw(config, { day, state, entry, isLost, isListed, unread, since }),
      version,
      account: entry?.curated?.account ?? null,
      failure: entry?.failure ?? null,
      isLate: (state === 'waiting' || state === 'outdated') && now - (entry?.queued?.at ?? now) > DAY_MS,
    };

    function stateOf(day: UtcDay): CuratedDayState {
      if (entry?.lease !== undefined && entry.lease.until > now) return 'curating';
      if (!config.curate) return 'off';
      if (isFailing(entry)) return 'failed';
      if (since !== undefined) return 'lacking';
      if (version !== null && !isLost && !isListed) return 'outdated';
      return day >= firstYoungDay(config, now) ? 'too_young' : 'waiting';
    }
  });
}

function whyRaw(
  { curateAfter }: Deployment['config'],
  {
    day,
    state,
    entry,
    isLost,
    isListed,
    unread,
    since = 0,
  }: {
    readonly day: UtcDay;
    readonly state: CuratedDayState;
    readonly entry: LedgerEntry | null;
    readonly isLost: boolean;
    readonly isListed: boolean;
    readonly unread: readonly ViewDays[];
    readonly since?: number | undefined;
  },
): string {
  const { rows = 0 } = entry?.curated?.kept ?? {};
  if (state === 'curated')
    return rows === 0 ? '' : `No raw file has ${rows} of its rows any more: they are kept.`;
  const { failure, queued } = entry ?? {};
  const lastTry = failure === undefined ? '' : ` The last try: ${failure.message}`;
  switch (state) {
    case 'off':
      return 'The configuration has `curate: false`.';
    case 'lacking':
      return `Files of its version have been gone or archived since ${isoTimestamp(since)}. Views read ${isListed ? 'the others' : 'the raw rows'}. The next night curates it again if the raw files have its rows.`;
    case 'too_young':
      return `It is curated from ${addDays(day, 1 + curateAfter)} on.`;
    case 'curating':
      return `A function works on it, attempt ${entry?.attempts ?? 1}.`;
    case 'failed':
      return `${failure?.code ?? ''}: ${failure?.message ?? ''}`;
    case 'outdated':
      return `Its raw files or columns have changed since it was curated, or the next plan puts it into the list of views.${lastTry}`;
    case 'waiting':
      if (isLost) return 'The catalog does not have its partition: the next plan curates it again.';
      if (isListed) return unreadText(unread);
      if (queued === undefined) return 'The next plan queues it.';
      return `It was queued at ${isoTimestamp(queued.at)}.${lastTry}`;
  }
}

/** Why views do not read a day that is curated. */
function unreadText(unread: readonly ViewDays[]): string {
  const namesOf = (fault: ViewDays['fault']) =>
    unread.flatMap((view) => (view.fault === fault ? [view.view] : [])).join(', ');
  const missing = namesOf('missing');
  if (missing !== '')
    return `It is curated, and ${missing} does not exist: \`sluice status\` has the command that makes it again.`;
  const other = namesOf('other');
  if (other !== '')
    return `It is curated, and the text of ${other} is not of this configuration: \`sluice status\` says why.`;
  return `It is curated, and not in the text of ${namesOf(null)}: the next plan writes it there if the text has room (100 ranges of days).`;
}

/**
 * The state of both curated tables; none without `curate: true`.
 *
 * @throws as {@link readCuratedCalendar}.
 */
export async function readCurationState(deployment: CuratedReaders): Promise<readonly CurationState[]> {
  const { config, now } = deployment;
  if (!config.curate) return [];
  const lists = await readLists(deployment);
  const firstYoung = firstYoungDay(config, now);
  const planned = firstYoungDay(config, now - NIGHT_MS);
  return mapLimit(forwardedKinds, 1, async (kind) => {
    const folders = await rawDaysOf(deployment).days(kind);
    const raw = folders.filter((day) => day < firstYoung && lists[kind][day] === undefined);
    const entries = await readEntries(deployment, kind, raw.toReversed().slice(0, MOST_DAYS));
    const keeping = Object.keys(lists[kind]).filter((day) => lists[kind][day]?.keeps === true);
    const keepingEntries = await readEntries(deployment, kind, keeping.sort().reverse());
    const seen = await readFilesSeen(deployment, kind);
    const newest = Object.keys(lists[kind]).sort().reverse().slice(0, RESENT_DAYS);
    const others = entries.filter(({ entry }) => !isFailing(entry));
    const queued = others.filter(({ entry }) => now - (entry?.queued?.at ?? now) > DAY_MS);
    return {
      ...curatedTable(config, kind, lists),
      raw: raw.length,
      failed: [...entries, ...keepingEntries].flatMap(({ day, entry }) => {
        const failing = failingOf(entry);
        const { code = '', message = null } = entry?.failure ?? {};
        return failing === null ? [] : [{ day, code, message, ...failing }];
      }),
      late: queued.map(({ day }) => day),
      lateSince:
        queued.length === 0 ? null : Math.min(...queued.map(({ entry }) => entry?.queued?.at ?? now)),
      unplanned: others
        .slice(0, MOST_DAYS_A_NIGHT)
        .flatMap(({ day, entry }) => (entry === null && day < planned ? [day] : [])),
      resends: (await readEntries(deployment, kind, newest)).flatMap(({ day, entry }) => {
        const { rows = 0, resends = 0 } = entry?.curated?.account ?? {};
        return rows === 0 ? [] : [{ day, rows, resends }];
      }),
      lacking: lackingOf(seen, await readEntries(deployment, kind, lackingDays(seen))).map((lackingDay) => {
        // A day that is still listed has lost raw files, too.
        return { ...lackingDay, isOnly: lists[kind][lackingDay.day] !== undefined };
      }),
      kept: (
        await mapLimit(keepingEntries, PARALLEL, (keeping) => readKeptDay(deployment, kind, keeping))
      ).flat(),
      accepted: keepingEntries.flatMap(({ day, entry }) =>
        entry?.curated?.kept?.accepted === 'keep' ? [day] : [],
      ),
    };
  });
}

/**
 * The listed days of each curated table whose version no query reads: a call of Glue for each thousand days of a table.
 *
 * @throws What the clients of S3 and Glue throw; LedgerError.
 */
export async function unreadCurated(deployment: CuratedReaders): Promise<readonly (readonly UnreadDay[])[]> {
  const { config } = deployment;
  if (!config.curate) return [];
  const lists = await readLists(deployment);
  return mapLimit(forwardedKinds, 1, (kind) => {
    const days = Object.keys(lists[kind]).sort();
    return unreadVersions(deployment, config.curatedTables[kind], days, (day) =>
      curatedSubject(config, kind, day),
    );
  });
}

/** What a day keeps; nothing if its raw files are back, or if somebody has accepted that they are gone. */
async function readKeptDay(
  deployment: CuratedReaders,
  kind: ForwardedKind,
  { day, entry }: LedgerDay,
): Promise<readonly KeptDay[]> {
  const { config, now } = deployment;
  const { kept } = entry?.curated ?? {};
  if (kept === undefined || kept.rows === 0 || kept.accepted !== undefined) return [];
  const { files } = await readRawDay(rawDaysOf(deployment), kind, day);
  const lost = lostFiles(config, entry, files, now);
  const present = new Set(namedFiles(day, files).map(({ name }) => name));
  // An erasure that was stopped may have replaced a file and not noted it.
  const isErasing = isUnderErasure(entry ?? {}, now);
  if (lost.every(({ name }) => isErasing && present.has(name))) return [];
  const { rows, since, erased = false } = kept;
  return [
    {
      day,
      rows,
      since: isoTimestamp(since),
      gone: lost.flatMap(({ name }) => (present.has(name) ? [] : [name])),
      replaced: lost.filter(({ name }) => present.has(name) && !present.has(restoredKey(name))),
      isErased: erased || entry?.erasures !== undefined,
    },
  ];
}

import { mapLimit } from '../../../lib/base/concurrency.ts';
import { addDays, isoTimestamp, type UtcDay, utcDay } from '../../../lib/base/time.ts';
import { curatedShape, curatedTables } from '../../../lib/curate/curatedTables.ts';
import { firstYoungDay } from '../../../lib/curate/youngDays.ts';
import type { DayAccount } from '../../../lib/ledger/CuratedDay.ts';
import { type DayFailure, isFailing, type LedgerEntry } from '../../../lib/ledger/LedgerEntry.ts';
import type { ForwardedKind } from '../../../lib/schema/kinds.ts';
import { versionPrefix } from '../../../lib/tables/tableFolders.ts';
import type { Deployment } from '../../deployment.ts';
import { readPartitions } from '../tables/tables.ts';
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
import { lackingOf } from './ledgerDays.ts';
import { readViewDays, type ViewDays } from './viewDays.ts';

/**
 * The state of a day of a curated table:
 *
 * - `curated`: all views read it.
 * - `too_young`: too early to curate it.
 * - `waiting`: it is to be curated, or to be written into the views.
 * - `curating`: a function works on it.
 * - `failed`: the last try failed.
 * - `outdated`: the list of views does not have its version, or has another shape of it: its raw files or columns have changed.
 * - `lacking`: files of its version are gone.
 * - `off`: the configuration has `curate: false`.
 *
 * Of a day that is not `curated` some view reads the raw rows, in two cases not: of a listed day that lacks files, views read those
 * that are left, and of one whose partition is gone, nothing.
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
  /** In sentences: why some view does not read the curated rows, or what is kept in them; else empty. */
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

/** Which days of which tables a calendar has. */
interface CalendarSpan {
  /** What the rows of the tables are. */
  readonly kinds: readonly ForwardedKind[];
  /** Number of days. */
  readonly days: number;
  /** The last day. Default today. */
  readonly until?: UtcDay | undefined;
}

/**
 * Reads the calendar of curated days: the raw folders, the ledger, the lists of days, the partitions, and the text of the views.
 *
 * @throws CurateError `SLUICE_CURATE_BUCKET_FAILED`; LedgerError; what the clients of S3 and Glue throw.
 */
export async function readCuratedCalendar(
  deployment: CuratedReaders,
  { kinds, days, until = utcDay(deployment.now) }: CalendarSpan,
): Promise<CuratedCalendar> {
  const { config, now } = deployment;
  const from = addDays(until, 1 - days);
  const isWanted = (day: UtcDay) => day >= from && day <= until;
  const lists = await readCuratedLists(deployment);
  return {
    isOn: config.curate,
    curateAfter: config.curateAfter,
    firstYoung: firstYoungDay(config, now),
    tables: await mapLimit(kinds, 1, async (kind) => ({
      ...curatedTable(config, kind, lists),
      rawTable: config.tables[kind],
      days: await readCuratedStatuses(deployment, kind, isWanted, lists),
    })),
  };
}

/**
 * Reads days of a curated table, the newest first: those that have a raw folder or are listed.
 *
 * @param isWanted Whether a day is read.
 * @param known The lists, if the caller has read them.
 * @throws As {@link readCuratedCalendar}.
 */
export async function readCuratedStatuses(
  deployment: CuratedReaders,
  kind: ForwardedKind,
  isWanted: (day: UtcDay) => boolean,
  known?: CuratedLists,
): Promise<readonly CuratedDayStatus[]> {
  const { config, now } = deployment;
  const lists = known ?? (await readCuratedLists(deployment));
  const listed = lists[kind];
  const folders = await rawDaysOf(deployment).days(kind);
  const days = [...new Set([...folders, ...Object.keys(listed)])].filter(isWanted).sort();
  const views = await readViewDays(deployment, kind);
  const shape = curatedShape(curatedTables(config)[kind]);
  const entries = await readCuratedEntries(deployment, kind, days.toReversed());
  const lacking = lackingOf(await readFilesSeen(deployment, kind), entries);
  const table = config.curatedTables[kind];
  const from = days[0];
  const to = days.at(-1);
  const partitions =
    from === undefined || to === undefined
      ? new Map<UtcDay, string>()
      : await readPartitions(deployment, table, { from, to });
  return entries.map(({ day, entry }) => {
    const version = entry?.version;
    const isLost =
      version !== undefined &&
      !(partitions.get(day) ?? '').endsWith(`/${versionPrefix(config, table, day, version)}`);
    const isListed = !isLost && (listed[day]?.shape === shape || listed[day]?.keeps === true);
    const unread = views.filter(({ has }) => !has(day));
    const lackingSince = lacking.find((lackingDay) => lackingDay.day === day)?.since ?? null;
    return curatedDayStatus(config, { day, entry, isLost, isListed, unread, lackingSince }, now);
  });
}

/** What is seen of a day of a curated table. */
export interface SeenCuratedDay {
  /** The day, UTC. */
  readonly day: UtcDay;
  /** Its entry in the ledger; null if there is none. */
  readonly entry: LedgerEntry | null;
  /** Whether its version has no partition: views that name the day read no row of it. */
  readonly isLost: boolean;
  /** Whether it has a partition, and is in the list in the shape of this configuration, or keeps rows. */
  readonly isListed: boolean;
  /** Views that do not read it from the curated table. */
  readonly unread: readonly ViewDays[];
  /** Since when files of its version are gone, epoch milliseconds; null if it has all. */
  readonly lackingSince: number | null;
}

/** The status of a day by what is seen of it. @param now Epoch milliseconds. */
export function curatedDayStatus(
  config: Pick<Deployment['config'], 'curate' | 'curateAfter'>,
  seen: SeenCuratedDay,
  now: number,
): CuratedDayStatus {
  const { day, entry, isListed, unread, lackingSince } = seen;
  const isCurated = lackingSince === null && isListed && unread.length === 0;
  const { state, why } = isCurated ? curatedState(entry) : openState(config, seen, now);
  return {
    day,
    state,
    why,
    version: entry?.version ?? null,
    account: entry?.curated?.account ?? null,
    failure: entry?.failure ?? null,
    isLate: (state === 'waiting' || state === 'outdated') && isQueuedLong(entry, now),
  };
}

/** A state, and why it is so. */
type StateAndWhy = Pick<CuratedDayStatus, 'state' | 'why'>;

/** The state of a day that all views read. */
function curatedState(entry: LedgerEntry | null): StateAndWhy {
  const { rows = 0 } = entry?.curated?.kept ?? {};
  const why = rows === 0 ? '' : `No raw file has ${rows} of its rows any more: they are kept.`;
  return { state: 'curated', why };
}

/** The state of a day that some view does not read, or not as a whole. */
function openState(
  config: Pick<Deployment['config'], 'curate' | 'curateAfter'>,
  { day, entry, isLost, isListed, unread, lackingSince }: SeenCuratedDay,
  now: number,
): StateAndWhy {
  const { failure, queued, lease, version, attempts = 1 } = entry ?? {};
  if (lease !== undefined && lease.until > now)
    return { state: 'curating', why: `A function works on it, attempt ${attempts}.` };
  if (!config.curate) return { state: 'off', why: 'The configuration has `curate: false`.' };
  if (failure !== undefined && isFailing(entry))
    return { state: 'failed', why: `${failure.code}: ${failure.message}` };
  if (lackingSince !== null) {
    const read = isListed ? 'the others' : 'the raw rows';
    const why = `Files of its version have been gone or archived since ${isoTimestamp(lackingSince)}. Views read ${read}. The next night curates it again if the raw files have its rows.`;
    return { state: 'lacking', why };
  }
  const lastTry = failure === undefined ? '' : ` The last try: ${failure.message}`;
  if (version !== undefined && !isLost && !isListed) {
    const why = `Its raw files or columns have changed since it was curated, or the next plan puts it into the list of views.${lastTry}`;
    return { state: 'outdated', why };
  }
  if (day >= firstYoungDay(config, now))
    return { state: 'too_young', why: `It is curated from ${addDays(day, 1 + config.curateAfter)} on.` };
  if (isLost)
    return {
      state: 'waiting',
      why: 'The catalog does not have its partition: the next plan curates it again.',
    };
  if (isListed) return { state: 'waiting', why: unreadText(unread) };
  if (queued === undefined) return { state: 'waiting', why: 'The next plan queues it.' };
  return { state: 'waiting', why: `It was queued at ${isoTimestamp(queued.at)}.${lastTry}` };
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

/** Whether a day of a calendar failed, lacks files or is late. */
export function hasCurationProblems({
  tables,
}: {
  readonly tables: readonly { readonly days: readonly Pick<CuratedDayStatus, 'state' | 'isLate'>[] }[];
}): boolean {
  return tables.some(({ days }) =>
    days.some(({ state, isLate }) => state === 'failed' || state === 'lacking' || isLate),
  );
}

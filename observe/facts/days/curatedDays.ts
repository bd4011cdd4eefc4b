import { s3ObjectStore } from '../../../lib/aws/s3ObjectStore.ts';
import { mapLimit } from '../../../lib/base/concurrency.ts';
import { addDays, DAY_MS, type UtcDay, utcDay } from '../../../lib/base/time.ts';
import { curatedShape, curatedTables } from '../../../lib/curate/curatedTables.ts';
import { isFailed } from '../../../lib/curate/decideDay.ts';
import type { ListedDay, ListedDays } from '../../../lib/curate/ListedDays.ts';
import { listedDays } from '../../../lib/curate/ListedDays.ts';
import { firstYoungDay } from '../../../lib/curate/planDays.ts';
import { type RawDay, rawDays, readRawDay } from '../../../lib/curate/RawDays.ts';
import type { DayAccount } from '../../../lib/ledger/CuratedDay.ts';
import type { LedgerEntry } from '../../../lib/ledger/LedgerEntry.ts';
import { ledgerStore } from '../../../lib/ledger/ledgerStore.ts';
import type { ForwardedKind } from '../../../lib/schema/kinds.ts';
import { curatedSubject } from '../../../lib/tables/ledgerKeys.ts';
import { versionPrefix } from '../../../lib/tables/tableFolders.ts';
import type { Deployment } from '../../deployment.ts';
import { listFolder, s3Location } from '../tables/tableDays.ts';
import { readPartitions } from '../tables/tables.ts';
import { findNoRoom, type Lists, readViewDays, type ViewDays } from './viewDays.ts';

/**
 * The state of a day of a curated table:
 *
 * - `curated`: its version is of today's raw files and columns, and all views read it.
 * - `too_young`: too early to curate it.
 * - `waiting`: it is to be curated.
 * - `curating`: a function works on it.
 * - `failed`: the last try failed.
 * - `outdated`: it has a version of other raw files or columns, and is to be curated again.
 * - `left_out`: its version is of today, and the text of some views has no room to name it.
 *
 * Views read the raw rows of every day that is not `curated`; of a day that is `left_out` some of them.
 */
export type CuratedDayState =
  | 'curated'
  | 'too_young'
  | 'waiting'
  | 'curating'
  | 'failed'
  | 'outdated'
  | 'left_out';

/** A day of a curated table. */
export interface CuratedDayStatus {
  readonly day: UtcDay;
  readonly state: CuratedDayState;
  /** One sentence: why views do not read the curated rows; empty if they do. */
  readonly why: string;
  /** Whether the list that is written into the views has the day. */
  readonly isListed: boolean;
  /** The raw files now. */
  readonly raw: { readonly files: number; readonly bytes: number };
  /** The last version that was published; null before the first. */
  readonly version: string | null;
  /** Its files, and their bytes; 0 if the partition of the day is not at that version. */
  readonly files: number;
  readonly bytes: number;
  /** Where the rows of that version came from and went; null before the first. */
  readonly account: DayAccount | null;
  /** Digest of the columns and derivations of that version, and whether they are today's; null before the first. */
  readonly shape: { readonly digest: string; readonly isCurrent: boolean } | null;
  /** The version of Sluice that made it. */
  readonly code: string | null;
  /** Milliseconds of all its steps. */
  readonly durationMs: number;
  readonly attempts: number;
  readonly failure: { readonly code: string; readonly message: string } | null;
  /** Whether it has waited for more than a day. */
  readonly isLate: boolean;
  /** When the ledger was written, epoch milliseconds; null without an entry. */
  readonly updatedAt: number | null;
}

/** The days of a curated table. */
export interface CuratedTableStatus {
  readonly kind: ForwardedKind;
  readonly table: string;
  readonly rawTable: string;
  /** Days in the list that is written into the views, whatever the calendar shows. */
  readonly listed: number;
  /** How many of them the text of some views has no room for, so that these views read them raw. */
  readonly leftOut: number;
  /** How many days each view reads from the table, by its own text; null if that is not of this configuration. */
  readonly views: readonly Pick<ViewDays, 'view' | 'days'>[];
  /** The newest first: days that have a raw folder or are in the list, and have raw files or a version. */
  readonly days: readonly CuratedDayStatus[];
}

/** The calendar of curated days. */
export interface CuratedCalendar {
  /** `curate` of the configuration. */
  readonly isOn: boolean;
  readonly curateAfter: number;
  /** Days from this one on are too young. */
  readonly firstYoung: UtcDay;
  readonly tables: readonly CuratedTableStatus[];
}

/** Days, or folders, that are read in parallel. */
const PARALLEL = 8;
/** Time limit of the raw files of all days. */
const LIST_MS = 120_000;

/** The parts of a deployment that questions about curated days use. */
export type CuratedReaders = Pick<
  Deployment,
  's3' | 'glue' | 'config' | 'now' | 'clock' | 'wait' | 'random' | 'signal'
>;

/**
 * Reads the calendar of curated days: the ledger, the lists that views read, and what the folders have now.
 *
 * @param days Number of days.
 * @param until The last day. Default today.
 * @throws CurateError SLUICE_CURATE_BUCKET_FAILED; what S3's client throws.
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
  const tables: CuratedTableStatus[] = [];
  const lists = await readLists(deployment);
  const noRoom = findNoRoom(config, lists);
  for (const kind of kinds) {
    const from = addDays(until, 1 - days);
    const listed = Object.keys(lists[kind]);
    const known = await knownDays(deployment, kind, lists);
    const wanted = known.filter((day) => day >= from && day <= until);
    const views = await readViewDays(deployment, kind);
    tables.push({
      kind,
      table: config.curatedTables[kind],
      rawTable: config.tables[kind],
      listed: listed.length,
      leftOut: listed.filter((day) => noRoom(kind, day).length > 0).length,
      views: views.map(({ view, days }) => ({ view, days })),
      days: await readCuratedDays(deployment, kind, wanted.toReversed(), { lists, views }),
    });
  }
  const { curate: isOn, curateAfter } = config;
  return { isOn, curateAfter, firstYoung: firstYoungDay(config, now), tables };
}

/** The lists of days that are written into the views. */
export async function readLists({
  s3,
  config,
}: Pick<Deployment, 's3' | 'config'>): Promise<Readonly<Record<ForwardedKind, ListedDays>>> {
  const lists = listedDays(s3ObjectStore(s3, config.bucket));
  const [exposures, events] = [await lists.read('exposures'), await lists.read('events')];
  return { exposures: exposures?.days ?? {}, events: events?.days ?? {} };
}

/** The raw files, as the plan lists them. */
export function rawDaysOf({
  s3,
  config,
  clock,
  wait,
  random,
}: Pick<CuratedReaders, 's3' | 'config' | 'clock' | 'wait' | 'random'>) {
  return rawDays(s3ObjectStore(s3, config.bucket), config, {
    clock,
    wait,
    random,
    deadline: clock.now() + LIST_MS,
  });
}

/** Days that have a raw folder or are listed, oldest first. */
export async function knownDays(
  deployment: CuratedReaders,
  kind: ForwardedKind,
  lists: Lists,
): Promise<readonly UtcDay[]> {
  return [...new Set([...(await rawDaysOf(deployment).days(kind)), ...Object.keys(lists[kind])])].sort();
}

/**
 * Reads days of a curated table, in the order that they are named. Days without raw files that were never curated are left
 * out.
 *
 * @throws as {@link readCuratedCalendar}.
 */
export async function readCuratedDays(
  deployment: CuratedReaders,
  kind: ForwardedKind,
  days: readonly UtcDay[],
  {
    lists,
    views,
  }: {
    readonly lists: Readonly<Record<ForwardedKind, ListedDays>>;
    readonly views: readonly ViewDays[];
  },
): Promise<readonly CuratedDayStatus[]> {
  const { s3, config } = deployment;
  const ledger = ledgerStore(s3ObjectStore(s3, config.bucket));
  const raw = rawDaysOf(deployment);
  const table = config.curatedTables[kind];
  const noRoom = findNoRoom(config, lists);
  const shape = curatedShape(curatedTables(config)[kind]);
  const [from = '', to = ''] = [...days].sort().filter((_, i, { length }) => i === 0 || i === length - 1);
  const partitions = await readPartitions(
    deployment,
    table,
    days.length === 0 ? undefined : { from, to: to || from },
  );
  const read = await mapLimit(days, PARALLEL, async (day): Promise<CuratedDayStatus | null> => {
    const files = await readRawDay(raw, kind, day);
    const stored = await ledger.read(curatedSubject(config, kind, day));
    const entry = stored?.entry ?? null;
    if (files.files.length === 0 && entry?.version === undefined) return null;
    const { version } = entry ?? {};
    const partition = s3Location(partitions.get(day) ?? '').Prefix;
    const isRead = version !== undefined && partition === versionPrefix(config, table, day, version);
    const unread = views.filter(({ has }) => !has(day)).map(({ view }) => view);
    const status = statusOf(deployment, {
      ...{ day, raw: files, entry, isRead, listed: lists[kind][day], unread, shape },
      ...{ noRoom: noRoom(kind, day), isServed: unread.length < views.length },
    });
    const { files: written, bytes } = isRead
      ? await listFolder(deployment, `s3://${config.bucket}/${partition}`)
      : { files: 0, bytes: 0 };
    return { ...status, files: written, bytes };
  });
  return read.flatMap((one) => one ?? []);
}

/** The known facts about a day. */
interface KnownDay {
  readonly day: UtcDay;
  readonly raw: RawDay;
  readonly entry: LedgerEntry | null;
  /** Whether its partition has the version of the ledger. */
  readonly isRead: boolean;
  readonly listed: ListedDay | undefined;
  /** Views that do not read the day from the curated table. */
  readonly unread: readonly string[];
  /** The ones whose text has no room for it. */
  readonly noRoom: readonly string[];
  /** Whether any view reads it from the curated table. */
  readonly isServed: boolean;
  /** Today's. */
  readonly shape: string;
}

function statusOf(
  { config, now }: Pick<Deployment, 'config' | 'now'>,
  known: KnownDay,
): Omit<CuratedDayStatus, 'files' | 'bytes'> {
  const { day, raw, entry, listed, shape } = known;
  const { shape: made, code = null, account = null } = entry?.curated ?? {};
  const state = stateOf(config, known, now);
  return {
    day,
    state,
    why: state === 'curated' ? '' : whyRaw(config, known, state),
    isListed: listed !== undefined,
    raw: { files: raw.files.length, bytes: raw.bytes },
    version: entry?.version ?? null,
    account,
    shape: made === undefined ? null : { digest: made, isCurrent: made === shape },
    code,
    durationMs: Object.values(entry?.durations ?? {}).reduce((sum, ms) => sum + ms, 0),
    attempts: entry?.attempts ?? 0,
    failure: entry?.failure ?? null,
    isLate:
      (state === 'waiting' || state === 'outdated') &&
      entry?.queued !== undefined &&
      now - entry.queued.at > DAY_MS,
    updatedAt: entry?.updatedAt ?? null,
  };
}

function stateOf(
  config: Deployment['config'],
  { day, raw, entry, isRead, listed, unread, noRoom, shape }: KnownDay,
  now: number,
): CuratedDayState {
  const isOfToday = listed?.fingerprint === raw.fingerprint && listed.shape === shape;
  if (isRead && isOfToday && unread.length === 0) return 'curated';
  if (isRead && isOfToday && unread.every((view) => noRoom.includes(view))) return 'left_out';
  if (entry?.lease !== undefined && entry.lease.until > now) return 'curating';
  if (isFailed(entry, raw.fingerprint)) return 'failed';
  if (entry?.version !== undefined && !isOfNow(entry, raw, shape)) return 'outdated';
  return day >= firstYoungDay(config, now) ? 'too_young' : 'waiting';
}

/** Whether its version is of these raw files and this shape. */
function isOfNow({ fingerprint, curated }: LedgerEntry, raw: RawDay, shape: string): boolean {
  return fingerprint === raw.fingerprint && curated?.shape === shape;
}

function whyRaw(
  { curate, curateAfter }: Deployment['config'],
  { day, raw, entry, isRead, listed, unread, isServed, shape }: KnownDay,
  state: Exclude<CuratedDayState, 'curated'>,
): string {
  if (!curate) return 'The configuration has `curate: false`.';
  const { failure, queued } = entry ?? {};
  const told = failure === undefined ? '' : ` The last try: ${failure.message}`;
  switch (state) {
    case 'too_young':
      return `It is curated from ${addDays(day, 1 + curateAfter)} on.`;
    case 'curating':
      return `A function works on it, attempt ${entry?.attempts ?? 1}.`;
    case 'failed':
      return `${failure?.code ?? ''}: ${failure?.message ?? ''}`;
    case 'outdated':
      return `${
        entry?.fingerprint === raw.fingerprint
          ? 'Its columns have changed since it was curated.'
          : 'Its raw files have changed since it was curated.'
      }${isServed ? ' Views read that version until the plan takes the day out of their list, usually within two minutes.' : ''}${told}`;
    case 'left_out':
      return `It is curated. The text of ${unread.join(', ')} has no room for it: it names the newest ranges of days.`;
    default:
      if (entry?.version !== undefined && isOfNow(entry, raw, shape) && !isRead)
        return 'The catalog does not have its partition: the next plan curates it again.';
      if (entry?.version !== undefined && isOfNow(entry, raw, shape))
        return listed === undefined
          ? 'It is curated, and not in the list of days that views read: the next plan puts it there.'
          : `It is curated, and not yet in the text of ${unread.join(', ')}: the next plan writes it.`;
      return queued === undefined
        ? 'The next plan queues it.'
        : `It was queued at ${new Date(queued.at).toISOString()}.${told}`;
  }
}

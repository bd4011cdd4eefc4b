import { s3ObjectStore } from '../../../lib/aws/s3ObjectStore.ts';
import { mapLimit } from '../../../lib/base/concurrency.ts';
import { addDays, DAY_MS, isoTimestamp, type UtcDay, utcDay } from '../../../lib/base/time.ts';
import { curatedShape, curatedTables } from '../../../lib/curate/curatedTables.ts';
import { isFailed } from '../../../lib/curate/decideDay.ts';
import { type ListedDays, listedDays } from '../../../lib/curate/ListedDays.ts';
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
import { findNoRoom, readViewDays } from './viewDays.ts';

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
  /** The raw files now. */
  readonly raw: { readonly files: number; readonly bytes: number };
  /** The last version that was published; null before the first. */
  readonly version: string | null;
  /** Its files, and their bytes; 0 if the partition of the day is not at that version. */
  readonly files: number;
  readonly bytes: number;
  /** Where the rows of that version came from and went; null before the first. */
  readonly account: DayAccount | null;
  readonly failure: { readonly code: string; readonly message: string } | null;
  /** Whether it has waited for more than a day. */
  readonly isLate: boolean;
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

/** The lists of days that are written into the views. */
export type Lists = Readonly<Record<ForwardedKind, ListedDays>>;

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
  const from = addDays(until, 1 - days);
  const lists = await readLists(deployment);
  const noRoom = findNoRoom(config, lists);
  const tables: CuratedTableStatus[] = [];
  for (const kind of kinds) {
    const listed = Object.keys(lists[kind]);
    tables.push({
      ...{ kind, table: config.curatedTables[kind], rawTable: config.tables[kind], listed: listed.length },
      leftOut: listed.filter((day) => noRoom(kind, day).length > 0).length,
      days: await readCuratedDays(deployment, kind, lists, (day) => day >= from && day <= until),
    });
  }
  const { curate: isOn, curateAfter } = config;
  return { isOn, curateAfter, firstYoung: firstYoungDay(config, now), tables };
}

/** Reads the lists of days that are written into the views. @throws What S3's client throws. */
export async function readLists({ s3, config }: Pick<Deployment, 's3' | 'config'>): Promise<Lists> {
  const lists = listedDays(s3ObjectStore(s3, config.bucket));
  const [exposures, events] = [await lists.read('exposures'), await lists.read('events')];
  return { exposures: exposures?.days ?? {}, events: events?.days ?? {} };
}

/** The raw files, as the plan lists them. */
export function rawDaysOf(deployment: Omit<CuratedReaders, 'glue' | 'now'>) {
  const { s3, config, clock, wait, random } = deployment;
  const limits = { clock, wait, random, deadline: clock.now() + LIST_MS };
  return rawDays(s3ObjectStore(s3, config.bucket), config, limits);
}

/**
 * Reads days of a curated table, the newest first: those that have a raw folder or are listed. Days without raw files that were
 * never curated are left out.
 *
 * @throws as {@link readCuratedCalendar}.
 */
export async function readCuratedDays(
  deployment: CuratedReaders,
  kind: ForwardedKind,
  lists: Lists,
  isWanted: (day: UtcDay) => boolean,
): Promise<readonly CuratedDayStatus[]> {
  const { s3, config, now } = deployment;
  const raw = rawDaysOf(deployment);
  const days = [...new Set([...(await raw.days(kind)), ...Object.keys(lists[kind])])].filter(isWanted).sort();
  const [from, to] = [days[0], days.at(-1)];
  if (from === undefined || to === undefined) return [];
  const ledger = ledgerStore(s3ObjectStore(s3, config.bucket));
  const table = config.curatedTables[kind];
  const noRoom = findNoRoom(config, lists);
  const views = await readViewDays(deployment, kind);
  const shape = curatedShape(curatedTables(config)[kind]);
  const partitions = await readPartitions(deployment, table, { from, to });
  const read = await mapLimit(days.toReversed(), PARALLEL, async (day): Promise<CuratedDayStatus | null> => {
    const files = await readRawDay(raw, kind, day);
    const entry = (await ledger.read(curatedSubject(config, kind, day)))?.entry ?? null;
    const version = entry?.version ?? null;
    if (files.files.length === 0 && version === null) return null;
    const location = partitions.get(day) ?? '';
    const isRead =
      version !== null && s3Location(location).Prefix === versionPrefix(config, table, day, version);
    const listed = lists[kind][day];
    const unread = views.filter(({ has }) => !has(day)).map(({ view }) => view);
    const known = {
      ...{
        day,
        raw: files,
        entry,
        isRead,
        isListed: listed !== undefined,
        unread,
        noRoom: noRoom(kind, day),
      },
      isOfNow: entry?.fingerprint === files.fingerprint && entry?.curated?.shape === shape,
      isListedOfNow: listed?.fingerprint === files.fingerprint && listed.shape === shape,
      isServed: unread.length < views.length,
    };
    const state = stateOf(config, known, now);
    const written = isRead ? await listFolder(deployment, location) : { files: 0, bytes: 0 };
    return {
      ...{ day, state, why: state === 'curated' ? '' : whyRaw(config, known, state), version },
      raw: { files: files.files.length, bytes: files.bytes },
      ...{ files: written.files, bytes: written.bytes },
      account: entry?.curated?.account ?? null,
      failure: entry?.failure ?? null,
      isLate: (state === 'waiting' || state === 'outdated') && now - (entry?.queued?.at ?? now) > DAY_MS,
    };
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
  /** Whether the version is of the raw files and columns of now. */
  readonly isOfNow: boolean;
  /** Whether the list has the day, and whether it has it so. */
  readonly isListed: boolean;
  readonly isListedOfNow: boolean;
  /** Views that do not read the day from the curated table, and the ones whose text has no room for it. */
  readonly unread: readonly string[];
  readonly noRoom: readonly string[];
  /** Whether any view reads it from the curated table. */
  readonly isServed: boolean;
}

function stateOf(config: Deployment['config'], known: KnownDay, now: number): CuratedDayState {
  const { day, raw, entry, isRead, isOfNow, isListedOfNow, unread, noRoom } = known;
  if (isRead && isListedOfNow && unread.length === 0) return 'curated';
  if (isRead && isListedOfNow && unread.every((view) => noRoom.includes(view))) return 'left_out';
  if (entry?.lease !== undefined && entry.lease.until > now) return 'curating';
  if (isFailed(entry, raw.fingerprint)) return 'failed';
  if (entry?.version !== undefined && !isOfNow) return 'outdated';
  return day >= firstYoungDay(config, now) ? 'too_young' : 'waiting';
}

function whyRaw(
  { curate, curateAfter }: Deployment['config'],
  { day, raw, entry, isRead, isOfNow, isListed, unread, isServed }: KnownDay,
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
    case 'outdated': {
      const what = entry?.fingerprint === raw.fingerprint ? 'columns' : 'raw files';
      const served = isServed
        ? ' Views read that version until the plan takes the day out of their list, usually within two minutes.'
        : '';
      return `Its ${what} have changed since it was curated.${served}${told}`;
    }
    case 'left_out':
      return `It is curated. The text of ${unread.join(', ')} has no room for it: it names the newest ranges of days.`;
    case 'waiting':
      if (entry?.version === undefined || !isOfNow)
        return queued === undefined
          ? 'The next plan queues it.'
          : `It was queued at ${isoTimestamp(queued.at)}.${told}`;
      if (!isRead) return 'The catalog does not have its partition: the next plan curates it again.';
      return isListed
        ? `It is curated, and not yet in the text of ${unread.join(', ')}: the next plan writes it.`
        : 'It is curated, and not in the list of days that views read: the next plan puts it there.';
  }
}

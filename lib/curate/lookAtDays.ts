import { createHash } from 'node:crypto';
import { mapLimit } from '../base/concurrency.ts';
import { SluiceError } from '../base/errors.ts';
import type { TaskQueue } from '../base/queue.ts';
import type { UtcDay } from '../base/time.ts';
import type { LandingBucket } from '../ledger/LandingBucket.ts';
import type { Ledger } from '../ledger/Ledger.ts';
import { type Looks, NOTE_EVERY_MS, readLooks } from '../ledger/turns.ts';
import { lackingSince, listMarks, parseVersionFiles, type VersionFiles } from '../ledger/versionFiles.ts';
import type { Config } from '../schema/config.ts';
import type { ForwardedKind } from '../schema/kinds.ts';
import { curatedFolder, curatedSubject, dayLooksKey, versionFilesKey } from '../tables/ledgerKeys.ts';
import { CurateError } from './CurateError.ts';
import { isOutOfTime, isTooLarge } from './checkDays.ts';
import { curatedShape, curatedTables } from './curatedTables.ts';
import { type CurateDecision, type CurateTerms, decideDay } from './decideDay.ts';
import { type DayLoss, judgeLoss, type ListedDay, type ListedDays, readEntry } from './ListedDays.ts';
import { PARALLEL_DAYS } from './limits.ts';
import { lostFiles } from './lostFiles.ts';
import type { ViewPublisher } from './publishViews.ts';
import { type RawDay, type RawDays, useRawDay } from './RawDays.ts';
import { readVersions } from './servedDays.ts';

/** The ports of the plan. */
export interface CuratePlanner extends ViewPublisher {
  /** The settings of publication, and those that say which days are curated. */
  readonly config: ViewPublisher['config'] &
    Pick<Config, 'curateAfter' | 'timeWindow'> & {
      readonly retention: Pick<Config['retention'], 'dataVersionDays'>;
    };
  /** The raw files of days. */
  readonly raw: Pick<RawDays, 'days' | 'files' | 'alone'>;
  /** The deployment's bucket, which has the notes of looks. */
  readonly landing: Pick<LandingBucket, 'listPage' | 'readText' | 'putText' | 'text'>;
  /** The state of each curated day. */
  readonly ledger: Pick<Ledger, 'read' | 'change'>;
  /** The queue of `curate`. */
  readonly tasks: TaskQueue;
}

/** What a run knows of a table before it looks at any day: lists and listings show a thousand days with each call. */
export interface SeenTable {
  /** The kind of the forwarded table. */
  readonly kind: ForwardedKind;
  /** The shape that the table has today. */
  readonly shape: string;
  /** The days that views read from the curated table. */
  readonly list: ListedDays;
  /** The version of each partition. */
  readonly versions: ReadonlyMap<UtcDay, string>;
  /** Versions that lack files. */
  readonly lacking: VersionFiles;
}

/** A table with all of its days. */
export interface KnownTable extends SeenTable {
  /**
   * A mark for each day that has raw files, is in the list, or was ever curated. The mark changes when anything happens
   * to the day.
   */
  readonly marks: ReadonlyMap<UtcDay, string>;
  /** When each day was looked at last, and its mark then. */
  readonly looks: Looks;
}

/** A day that was looked at. */
export interface LookedDay {
  /** The day. */
  readonly day: UtcDay;
  /**
   * The files themselves are left out, because the ledger names them too, and those of all days together are more than
   * fit the memory.
   */
  readonly raw: Pick<RawDay, 'bytes' | 'fingerprint' | 'isArchived'>;
  /** The last version that was settled. */
  readonly ended: string | undefined;
  /** The day as it is in the list; undefined if it is not. */
  readonly listed: ListedDay | undefined;
  /** What the day has lost of its raw files; undefined if the entry can't be read. */
  readonly loss: DayLoss | undefined;
  /** The error code if the day's entry can't be read, so that nothing is decided; undefined if it can. */
  readonly unreadable: string | undefined;
  /** What is to be done; undefined if the entry can't be read. */
  readonly decision: CurateDecision | undefined;
}

/** What became of the days of one table. */
export interface TableLook {
  /** Days that were looked at. */
  readonly looked: readonly LookedDay[];
  /** Days that can't be looked at, and the code of the error. */
  readonly failed: readonly { readonly day: UtcDay; readonly code: string }[];
  /** Days that were not looked at because the time was over. */
  readonly late: readonly UtcDay[];
}

/** Reads tables: the lists, the partitions, and which versions lack files. */
export async function seeTables(
  planner: CuratePlanner,
  kinds: readonly ForwardedKind[],
): Promise<readonly SeenTable[]> {
  const { config, landing, listed } = planner;
  const versions = await readVersions(planner);
  return mapLimit(kinds, 1, async (kind) => {
    const { source, dataset } = curatedSubject(config, kind, '');
    return {
      kind,
      shape: curatedShape(curatedTables(config)[kind]),
      list: (await listed.read(kind))?.days ?? {},
      versions: versions[kind],
      lacking: parseVersionFiles(await landing.readText(versionFilesKey(source, dataset))),
    };
  });
}

/**
 * Reads what listings show of all days of a table.
 *
 * @throws CurateError SLUICE_CURATE_OUT_OF_TIME, SLUICE_CURATE_BUCKET_FAILED.
 */
export async function knowDays(planner: CuratePlanner, table: SeenTable): Promise<KnownTable> {
  const { raw, landing } = planner;
  const { kind, list } = table;
  const looks = await readLooks(landing, dayLooksKey(kind));
  const folders = new Set(await raw.days(kind));
  const entries = await curatedEntries(planner, kind);
  const days = [...new Set([...folders, ...Object.keys(list), ...entries.keys()])].sort();
  const marks = new Map(days.map((day) => [day, markOf(table, day, folders.has(day), entries.get(day))]));
  return { ...table, marks, looks };
}

/** The ETag of each day's entry in the ledger. @throws CurateError SLUICE_CURATE_OUT_OF_TIME. */
export async function curatedEntries(
  planner: Pick<CuratePlanner, 'clock' | 'config' | 'deadline'> & {
    readonly landing: Pick<LandingBucket, 'listPage'>;
  },
  kind: ForwardedKind,
): Promise<ReadonlyMap<UtcDay, string>> {
  const { config, deadline } = planner;
  const { marks, isWhole } = await listMarks(planner, curatedSubject(config, kind, ''), deadline);
  if (!isWhole) throw new CurateError('SLUICE_CURATE_OUT_OF_TIME', `${curatedFolder(kind)}.`);
  return marks;
}

/** A digest of all that lists and listings show of a day: it changes once anything has happened to the day. */
function markOf(
  { shape, list, versions, lacking }: SeenTable,
  day: UtcDay,
  hasFolder: boolean,
  entry: string | undefined,
): string {
  const version = versions.get(day);
  const shown = [shape, list[day], version, lackingSince(lacking, { day, version }), hasFolder, entry];
  return createHash('sha256').update(JSON.stringify(shown)).digest('hex').slice(0, 16);
}

/** What a look decides by, and how long it may take. */
export interface LookTerms extends Omit<CurateTerms, 'shape'> {
  /** Epoch milliseconds after which no day is looked at. */
  readonly until: number;
}

/**
 * Looks at days of tables, as many days of each table at the same time, so that no table waits for another, however
 * slow that is. It ends by itself at an instant, also within the listing of a day.
 *
 * @param note Every half minute it is given what became of the days of a table that were looked at since, so each day
 * comes once.
 * @returns What became of the days of each table, in the order of the tables.
 */
export function lookAtDays(
  planner: CuratePlanner,
  wanted: readonly { readonly table: SeenTable; readonly days: readonly UtcDay[] }[],
  terms: LookTerms,
  note: (kind: ForwardedKind, look: TableLook) => Promise<void>,
): Promise<readonly TableLook[]> {
  const { clock } = planner;
  const tables = wanted.length;
  return mapLimit(wanted, tables, async ({ table, days }) => {
    let notedAt = clock.now();
    let open: DayEnd[] = [];
    const ends = await mapLimit(days, PARALLEL_DAYS / tables, async (day): Promise<DayEnd> => {
      const ended = { day, end: await lookAtDay(planner, table, day, terms) };
      open.push(ended);
      if (clock.now() - notedAt >= NOTE_EVERY_MS) {
        notedAt = clock.now();
        const noted = open;
        open = [];
        await note(table.kind, lookOf(noted));
      }
      return ended;
    });
    return lookOf(ends);
  });
}

/** What became of a day. */
interface DayEnd {
  /** The day. */
  readonly day: UtcDay;
  /** What was found; the error of a day that can't be looked at; or `late` if the time was over before. */
  readonly end: LookedDay | TableLook['failed'][number] | 'late';
}

/** Sorts the ends of days by what became of them. */
function lookOf(ends: readonly DayEnd[]): TableLook {
  return {
    looked: ends.flatMap(({ end }) => (typeof end === 'object' && 'raw' in end ? [end] : [])),
    failed: ends.flatMap(({ end }) => (typeof end === 'object' && 'code' in end ? [end] : [])),
    late: ends.flatMap(({ day, end }) => (end === 'late' ? [day] : [])),
  };
}

/** Looks at one day: lists its raw files, reads its entry and decides. */
async function lookAtDay(
  planner: CuratePlanner,
  { kind, shape, list, versions, lacking }: SeenTable,
  day: UtcDay,
  { until, ...terms }: LookTerms,
): Promise<DayEnd['end']> {
  const { config, clock } = planner;
  if (clock.now() >= until) return 'late';
  try {
    return await useRawDay(planner.raw, { kind, day, until }, async ({ files, ...raw }) => {
      const listed = list[day];
      const read = await readEntry(planner, kind, day);
      if ('code' in read) {
        const { code: unreadable } = read;
        return { day, raw, listed, loss: undefined, ended: undefined, unreadable, decision: undefined };
      }
      const { entry } = read;
      const lost = lostFiles(config, entry, files, terms.now);
      const isLacking = lackingSince(lacking, entry) !== null;
      const state = { raw, lost, entry, listed, version: versions.get(day), isLacking };
      const decision = decideDay(state, { ...terms, shape });
      const loss = judgeLoss(entry, lost, terms.now);
      const ended = entry?.curated?.ended;
      return { day, raw, listed, loss, ended, unreadable: undefined, decision };
    });
  } catch (error) {
    if (isOutOfTime(error)) return 'late';
    if (error instanceof SluiceError && isTooLarge(error)) return { day, code: error.code };
    throw error;
  }
}

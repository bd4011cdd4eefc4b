import * as z from 'zod';
import { parseJson } from '../base/json.ts';
import type { ObjectStore } from '../base/ObjectStore.ts';
import { eachAttempt, type RetryPorts } from '../base/retry.ts';
import type { Clock, UtcDay } from '../base/time.ts';
import { isUtcDay } from '../base/time.ts';
import { fileIdentity, type NamedFile } from '../ledger/erasureNotes.ts';
import { type Ledger, UNREADABLE } from '../ledger/Ledger.ts';
import type { LedgerEntry } from '../ledger/LedgerEntry.ts';
import { LedgerError } from '../ledger/LedgerError.ts';
import type { FetchedObject } from '../parquet/fetchFiles.ts';
import type { Config } from '../schema/config.ts';
import type { ForwardedKind } from '../schema/kinds.ts';
import { curatedDaysKey, curatedSubject } from '../tables/ledgerKeys.ts';
import { bucketCall, CurateError } from './CurateError.ts';
import { LIST_RETRIES, TAKEN_BACK_MS } from './limits.ts';
import { lostFiles, type RetentionConfig } from './lostFiles.ts';
import { type RawDays, readRawDay } from './RawDays.ts';

/** A day of the list as it is stored. */
const listedDaySchema = z.object({
  /** The version that the partition of the day has. */
  version: z.string().min(1),
  /** The shape of that version: curatedShape in curatedTables.ts. */
  shape: z.string().min(1),
  /** Fingerprint of the raw files that the version was made of. */
  fingerprint: z.string().min(1),
  /**
   * The version has rows that no raw file has. So views read it in any shape, and after it each later version of the
   * partition.
   */
  keeps: z.literal(true).optional(),
});

/** One day of the list. */
export type ListedDay = z.output<typeof listedDaySchema>;

/**
 * What a day is read as that the list has, and whose entry there can't be read. It may keep rows, so views go on reading
 * the version that its partition has. No version is earlier, so the next look lists the day again by its ledger entry.
 */
const DAMAGED_DAY: ListedDay = { version: '', shape: '', fingerprint: '', keeps: true };

/** Whether a day of the list is one whose entry there can't be read. */
export function isDamagedDay({ version }: ListedDay): boolean {
  return version === DAMAGED_DAY.version;
}

/**
 * The list of one table's days that views read from the curated table: `ledger/curated/<kind>/days.json`. Nothing that
 * can't be read takes a day out of it, as the day may have rows that no raw file has.
 */
const listedDaysSchema = z.object({
  days: z.record(
    z.string().refine((text) => isUtcDay(text), 'a day, YYYY-MM-DD'),
    listedDaySchema.catch(DAMAGED_DAY),
  ),
});

/** The days of the list. */
export type ListedDays = Readonly<Record<UtcDay, ListedDay>>;

/** The lists of days. Methods throw CurateError SLUICE_CURATE_BUCKET_FAILED. */
export interface ListedDaysStore {
  /**
   * The list and its ETag; null if there is none.
   *
   * @throws LedgerError SLUICE_INGEST_LEDGER_INVALID if it has no list of days: views stay as they are.
   */
  read(kind: ForwardedKind): Promise<{ readonly days: ListedDays; readonly eTag: string } | null>;
  /**
   * Writes a list if `expected` is still the current ETag (null: if there is none).
   *
   * @returns Whether it was written; false if another write came first, which may be an earlier attempt of the same write.
   */
  write(kind: ForwardedKind, days: ListedDays, expected: string | null): Promise<boolean>;
}

/** The lists in a bucket. */
export function listedDays(store: ObjectStore): ListedDaysStore {
  return {
    async read(kind) {
      const read = await bucketCall(curatedDaysKey(kind), () => store.read(curatedDaysKey(kind)));
      if (read === null) return null;
      const { data } = listedDaysSchema.safeParse(parseJson(read.text));
      if (data === undefined) throw new LedgerError(UNREADABLE, `${curatedDaysKey(kind)}.`);
      return { days: data.days, eTag: read.eTag };
    },

    async write(kind, days, expected) {
      const key = curatedDaysKey(kind);
      const text = JSON.stringify({ days });
      return (await bucketCall(key, () => store.write(key, text, { expected }))) !== null;
    },
  };
}

/**
 * Changes a list, again if another write came first.
 *
 * @param change Returns the new list; the same object to write nothing.
 * @returns Whether a change was written.
 * @throws CurateError SLUICE_CURATE_LIST_BUSY if other writes came first every time.
 */
async function changeListedDays(
  { listed, wait, random }: { readonly listed: ListedDaysStore } & RetryPorts,
  kind: ForwardedKind,
  change: (days: ListedDays) => ListedDays,
): Promise<boolean> {
  for await (const _ of eachAttempt({ ...LIST_RETRIES, wait, random })) {
    const stored = await listed.read(kind);
    const before = stored?.days ?? {};
    const days = change(before);
    if (days === before) return false;
    if (await listed.write(kind, days, stored?.eTag ?? null)) return true;
  }
  throw new CurateError('SLUICE_CURATE_LIST_BUSY', `${kind}.`);
}

/**
 * Puts days into the list, in the place of earlier versions. Returns whether the list has changed.
 *
 * @throws CurateError SLUICE_CURATE_LIST_BUSY; what the list throws.
 */
export function listDays(
  ports: { readonly listed: ListedDaysStore } & RetryPorts,
  kind: ForwardedKind,
  entries: ReadonlyMap<UtcDay, ListedDay>,
): Promise<boolean> {
  return changeListedDays(ports, kind, (days) => {
    const changed = [...entries].filter(([day, entry]) => {
      const before = days[day];
      return before === undefined || !(isSameDay(before, entry) || before.version > entry.version);
    });
    return changed.length === 0 ? days : { ...days, ...Object.fromEntries(changed) };
  });
}

/** What decides whether a day may leave the list. */
export interface DayKeeper extends RetryPorts {
  /** The settings that say how long raw files are kept, and which table is curated. */
  readonly config: RetentionConfig & Pick<Config, 'curatedTables'>;
  /** The raw files of days. */
  readonly raw: Pick<RawDays, 'files' | 'alone'>;
  /** What the version of a day was made of. */
  readonly ledger: Pick<Ledger, 'read'>;
  /** The lists of curated days that views read. */
  readonly listed: ListedDaysStore;
  /** The time by which raw files have expired. */
  readonly clock: Clock;
}

/** What a day has lost: why it stays in the list. */
export interface DayLoss {
  /** Whether raw files are gone that its version was made of. */
  readonly isLost: boolean;
  /** Whether no version has counted their rows, and the writer can no longer have taken them back. */
  readonly isUncounted: boolean;
}

/**
 * Judges what a day has lost.
 *
 * @param known The day's entry in the ledger; null if there is none.
 * @param lost The lost files, by lib/curate/lostFiles.ts.
 * @param now Epoch milliseconds.
 */
export function judgeLoss(known: LedgerEntry | null, lost: readonly NamedFile[], now: number): DayLoss {
  const counted = new Set(known?.curated?.kept?.files.map(fileIdentity));
  // A day that failed is tried again in the night.
  const isOld = known?.state === 'succeeded' && now - known.updatedAt > TAKEN_BACK_MS;
  return {
    isLost: lost.length > 0,
    isUncounted: isOld && lost.some((file) => !counted.has(fileIdentity(file))),
  };
}

/** What was done with outdated days. */
export interface TakenOut {
  /** Days that are not in the list any more. */
  readonly left: readonly UtcDay[];
  /** Days that stay although no version has counted the rows of lost files. */
  readonly uncounted: readonly UtcDay[];
}

/**
 * What a day has lost, by its entry and the raw files that are there; undefined if the entry can't be read.
 *
 * @throws What the ledger throws otherwise.
 */
export async function readLoss(
  { config, ledger, clock }: Pick<DayKeeper, 'config' | 'ledger' | 'clock'>,
  kind: ForwardedKind,
  day: UtcDay,
  files: readonly Pick<FetchedObject, 'key' | 'eTag'>[],
): Promise<DayLoss | undefined> {
  const read = await readEntry({ ledger, config }, kind, day);
  if ('code' in read) return undefined;
  return judgeLoss(read.entry, lostFiles(config, read.entry, files, clock.now()), clock.now());
}

/** A day's entry in the ledger; or the code of one that can't be read. */
export async function readEntry(
  { ledger, config }: Pick<DayKeeper, 'ledger'> & { readonly config: Pick<Config, 'curatedTables'> },
  kind: ForwardedKind,
  day: UtcDay,
): Promise<{ readonly entry: LedgerEntry | null } | { readonly code: string }> {
  try {
    return { entry: await ledger.read(curatedSubject(config, kind, day)) };
  } catch (error) {
    if (!(error instanceof LedgerError) || error.code !== UNREADABLE) throw error;
    return { code: error.code };
  }
}

/**
 * Takes a day out of the list, so that views read its raw rows. A day that was listed anew since stays, and so does one that
 * has lost raw files: it is marked as such, and views go on reading its curated rows until the next version is made. A day
 * that keeps rows stays also if nobody can tell what it has lost.
 *
 * @param outdated The day as the caller has seen it in the list.
 * @throws CurateError SLUICE_CURATE_LIST_BUSY, SLUICE_CURATE_DAY_TOO_LARGE, SLUICE_CURATE_OUT_OF_TIME; what the list and
 *   the ledger throw.
 */
export async function takeOutDay(
  keeper: DayKeeper,
  kind: ForwardedKind,
  day: UtcDay,
  outdated: ListedDay,
): Promise<TakenOut> {
  const { files } = await readRawDay(keeper.raw, kind, day);
  const loss = await readLoss(keeper, kind, day, files);
  const losses = new Map(loss === undefined ? [] : [[day, loss]]);
  return takeOutJudged(keeper, kind, new Map([[day, outdated]]), losses);
}

/**
 * Takes days out like {@link takeOutDay} that were judged before.
 *
 * @param losses What each day has lost. Of a day that is not in it nobody can tell.
 * @throws CurateError SLUICE_CURATE_LIST_BUSY; what the list throws.
 */
export async function takeOutJudged(
  keeper: Pick<DayKeeper, 'listed' | keyof RetryPorts>,
  kind: ForwardedKind,
  outdated: ReadonlyMap<UtcDay, ListedDay>,
  losses: ReadonlyMap<UtcDay, DayLoss>,
): Promise<TakenOut> {
  const days = [...outdated.keys()];
  if (days.length === 0) return { left: [], uncounted: [] };
  const stays = (day: UtcDay, seen: ListedDay) => losses.get(day)?.isLost ?? seen.keeps === true;
  let left: readonly UtcDay[] = [];
  await changeListedDays(keeper, kind, (before) => {
    const changed = Object.entries(before).flatMap(([day, entry]): [UtcDay, ListedDay][] => {
      const seen = outdated.get(day);
      if (seen === undefined || !isSameDay(seen, entry)) return [[day, entry]];
      return stays(day, seen) ? [[day, { ...entry, keeps: true }]] : [];
    });
    const there = new Set(changed.map(([day]) => day));
    left = days.filter((day) => !there.has(day));
    return JSON.stringify(changed) === JSON.stringify(Object.entries(before))
      ? before
      : Object.fromEntries(changed);
  });
  return {
    left,
    uncounted: days.filter((day) => losses.get(day)?.isUncounted),
  };
}

/** Whether two entries of the list say the same of a day. */
function isSameDay(left: ListedDay, right: ListedDay): boolean {
  return (
    left.version === right.version &&
    left.shape === right.shape &&
    left.fingerprint === right.fingerprint &&
    left.keeps === right.keeps
  );
}

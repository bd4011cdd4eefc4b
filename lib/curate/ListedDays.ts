import * as z from 'zod';
import { mapLimit } from '../base/concurrency.ts';
import { parseJson } from '../base/json.ts';
import type { ObjectStore } from '../base/ObjectStore.ts';
import { eachAttempt, type RetryPorts } from '../base/retry.ts';
import type { Clock, UtcDay } from '../base/time.ts';
import { isUtcDay } from '../base/time.ts';
import { type Ledger, readKnown } from '../ledger/Ledger.ts';
import type { Config } from '../schema/config.ts';
import type { ForwardedKind } from '../schema/kinds.ts';
import { curatedDaysKey, curatedSubject } from '../tables/ledgerKeys.ts';
import { bucketCall, CurateError } from './CurateError.ts';
import { LIST_RETRIES, PARALLEL_DAYS, TAKEN_BACK_MS } from './limits.ts';
import { lostFiles, type RetentionConfig } from './lostFiles.ts';
import type { RawDays } from './RawDays.ts';

const listedDaySchema = z.object({
  /** The version that the partition of the day has. */
  version: z.string().min(1),
  /** Its shape: curatedShape in curatedTables.ts. */
  shape: z.string().min(1),
  /** Fingerprint of the raw files that it was made of. */
  fingerprint: z.string().min(1),
  /** It has rows that no raw file has: views read it in any shape, and each later version that its partition has. */
  keeps: z.literal(true).optional(),
});

/** The list of one table's days that views read from the curated table: `ledger/curated/<kind>/days.json`. */
const listedDaysSchema = z.object({
  days: z.record(
    z.string().refine((text) => isUtcDay(text), 'a day, YYYY-MM-DD'),
    listedDaySchema,
  ),
});

/** One day of the list. */
export type ListedDay = z.output<typeof listedDaySchema>;
/** The days of the list. */
export type ListedDays = Readonly<Record<UtcDay, ListedDay>>;

/** The lists of days. Methods throw CurateError `SLUICE_CURATE_BUCKET_FAILED`. */
export interface ListedDaysStore {
  /**
   * The list and its ETag; null if there is none. A list that can't be read counts as empty: views then read raw rows,
   * which is slower and never wrong, until the plan has listed the days again.
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
      return { days: data?.days ?? {}, eTag: read.eTag };
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

/** Puts a day into the list, in the place of an earlier version. Returns whether the list has changed. */
export function listDay(
  ports: { readonly listed: ListedDaysStore } & RetryPorts,
  kind: ForwardedKind,
  day: UtcDay,
  entry: ListedDay,
): Promise<boolean> {
  return changeListedDays(ports, kind, (days) => {
    const before = days[day];
    const isThere = before !== undefined && (isSameDay(before, entry) || before.version > entry.version);
    return isThere ? days : { ...days, [day]: entry };
  });
}

/** What decides whether a day may leave the list. */
export interface DayKeeper extends RetryPorts {
  readonly config: RetentionConfig & Pick<Config, 'curatedTables'>;
  readonly raw: Pick<RawDays, 'files'>;
  readonly ledger: Pick<Ledger, 'read'>;
  readonly listed: ListedDaysStore;
  readonly clock: Clock;
}

/**
 * Takes days out of the list, so that views read their raw rows. A day that was listed anew since stays, and so does one that
 * has lost raw files: it is marked as such, and views go on reading its curated rows until the next version is made.
 *
 * @param outdated The days as the caller has seen them in the list.
 * @returns The days that may leave the list; and those that stay although no version has counted the rows of lost files.
 */
export async function takeOutDays(
  keeper: DayKeeper,
  kind: ForwardedKind,
  outdated: ReadonlyMap<UtcDay, ListedDay>,
): Promise<{ readonly left: readonly UtcDay[]; readonly uncounted: readonly UtcDay[] }> {
  const { config, raw, ledger, clock } = keeper;
  const keeping = await mapLimit([...outdated.keys()], PARALLEL_DAYS, async (day) => {
    const files = await raw.files(kind, day);
    const known = await readKnown(ledger, curatedSubject(config, kind, day));
    const lost = lostFiles(config, known, files, clock.now());
    const counted = new Set(known?.curated?.kept?.files);
    // A day that failed is tried again in the night.
    const isOld = known?.state === 'succeeded' && clock.now() - known.updatedAt > TAKEN_BACK_MS;
    const isNew = isOld && lost.some((file) => !counted.has(file));
    return lost.length > 0 ? [{ day, isNew }] : [];
  });
  const keeps = new Set(keeping.flat().map(({ day }) => day));
  await changeListedDays(keeper, kind, (days) => {
    const changed = Object.entries(days).flatMap(([day, entry]): [UtcDay, ListedDay][] => {
      const seen = outdated.get(day);
      if (seen === undefined || !isSameDay(seen, entry)) return [[day, entry]];
      return keeps.has(day) ? [[day, { ...entry, keeps: true }]] : [];
    });
    return JSON.stringify(changed) === JSON.stringify(Object.entries(days))
      ? days
      : Object.fromEntries(changed);
  });
  const uncounted = keeping.flat().flatMap(({ day, isNew }) => (isNew ? [day] : []));
  return { left: [...outdated.keys()].filter((day) => !keeps.has(day)), uncounted };
}

function isSameDay(left: ListedDay, right: ListedDay): boolean {
  return (
    left.version === right.version &&
    left.shape === right.shape &&
    left.fingerprint === right.fingerprint &&
    left.keeps === right.keeps
  );
}

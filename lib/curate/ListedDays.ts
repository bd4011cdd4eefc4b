import * as z from 'zod';
import { parseJson } from '../base/json.ts';
import type { ObjectStore } from '../base/ObjectStore.ts';
import { eachAttempt, type RetryPorts } from '../base/retry.ts';
import type { UtcDay } from '../base/time.ts';
import { isUtcDay } from '../base/time.ts';
import type { ForwardedKind } from '../schema/kinds.ts';
import { curatedDaysKey } from '../tables/ledgerKeys.ts';
import { bucketCall, CurateError } from './CurateError.ts';
import { LIST_RETRIES } from './limits.ts';

const listedDaySchema = z.object({
  /** The version that the partition of the day has. */
  version: z.string().min(1),
  /** Its shape: curatedShape in curatedTables.ts. */
  shape: z.string().min(1),
  /** Fingerprint of the raw files that it was made of. */
  fingerprint: z.string().min(1),
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
      const [key, text] = [curatedDaysKey(kind), JSON.stringify({ days })];
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

/**
 * Takes days out of the list. A day that was listed anew since stays.
 *
 * @param outdated The days as the caller has seen them in the list.
 * @returns Whether the list has changed.
 */
export function takeOutDays(
  ports: { readonly listed: ListedDaysStore } & RetryPorts,
  kind: ForwardedKind,
  outdated: ReadonlyMap<UtcDay, ListedDay>,
): Promise<boolean> {
  return changeListedDays(ports, kind, (days) => {
    const isOutdated = ([day, entry]: [UtcDay, ListedDay]) => {
      const seen = outdated.get(day);
      return seen !== undefined && isSameDay(seen, entry);
    };
    const kept = Object.entries(days).filter((one) => !isOutdated(one));
    return kept.length === Object.keys(days).length ? days : Object.fromEntries(kept);
  });
}

function isSameDay(left: ListedDay, right: ListedDay): boolean {
  return (
    left.version === right.version && left.shape === right.shape && left.fingerprint === right.fingerprint
  );
}

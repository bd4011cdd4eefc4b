import * as z from 'zod';
import { mapLimit } from '../base/concurrency.ts';
import { parseJson } from '../base/json.ts';
import { listObjects } from '../base/ObjectStore.ts';
import type { RetryPorts } from '../base/retry.ts';
import { type Clock, isUtcDay, type UtcDay } from '../base/time.ts';
import { datasetLedger, versionFilesKey, versionLooksKey } from '../tables/ledgerKeys.ts';
import { type FolderLayout, ingestedTableFolders } from '../tables/tableFolders.ts';
import type { LandingBucket } from './LandingBucket.ts';
import { type Ledger, readKnown } from './Ledger.ts';
import type { LedgerSubject } from './LedgerEntry.ts';
import {
  type DayLook,
  daysToLookAt,
  type KnownDay,
  NOTE_EVERY_MS,
  noteLooks,
  readLooks,
  turnMs,
} from './turns.ts';

/** Entries that are read at the same time. Each may name as many files as a day may have. */
const PARALLEL_READ = 2;
/** Days whose files are listed together, and how many of them have an entry that has to be read before. */
const LISTED_TOGETHER = 1_000;
const READ_TOGETHER = 100;
/** Names of files that the note of looks has of a version at most. The entry of a day with more is read at each look. */
const MOST_NOTED = 100;
/** Parts of a turn: as a page shows files of many days, a look at a quarter of them costs little more than a look at one. */
export const TURN_PARTS = 4;

/** The note as it is stored. */
const versionFilesSchema = z.record(z.string(), z.number());
/**
 * What the last look saw of a dataset or a curated table, the object `ledger/<source>/<dataset>/files.json`: versions that queries read
 * and that lack files, `<day>/<version>`, and since when, epoch milliseconds.
 */
export type VersionFiles = Readonly<z.output<typeof versionFilesSchema>>;

/** Reads it. None, and one that can't be read, says nothing: the next look begins anew. */
export function parseVersionFiles(text: string | null | undefined): VersionFiles {
  return versionFilesSchema.safeParse(parseJson(text ?? '')).data ?? {};
}

/** The days of versions that lacked files. */
export function lackingDays(seen: VersionFiles): readonly UtcDay[] {
  return Object.keys(seen).map(dayOf);
}

/** Since when the version that queries read of a day lacks files, epoch milliseconds; null if it has all. */
export function lackingSince(
  seen: VersionFiles,
  entry: { readonly day: UtcDay; readonly version?: string | undefined } | null,
): number | null {
  return seen[`${entry?.day}/${entry?.version}`] ?? null;
}

/** The ports of a look. */
export interface VersionLook extends RetryPorts {
  /** The deployment's bucket, which has the versions and the notes of looks. */
  readonly landing: Pick<LandingBucket, 'listPage' | 'readText' | 'putText' | 'text'>;
  /** Names the files of each version. */
  readonly ledger: Pick<Ledger, 'read'>;
  /** The settings that name the folders and say how long deleted files are kept. */
  readonly config: FolderLayout & Parameters<typeof turnMs>[0];
  /** The time of the look. */
  readonly clock: Clock;
}

/**
 * Looks whether the versions that queries read have the files that the ledger names, which a person or a rule of the bucket may
 * delete, or archive, so that queries skip them, and notes it: at days that every run looks at, at those that lacked some before, at those whose entry has changed, and
 * at others in turns (lib/ledger/turns.ts). One listing shows a thousand entries or files, and an entry is read once it has changed.
 * The note of looks is written if an entry has changed or a turn was taken, and within a long run every half minute.
 *
 * @param always The days that every run looks at.
 * @param until Epoch milliseconds from which no call begins. The next run goes on with the days that were looked at longest ago.
 * @returns The days that lack files, and how many were left, as the time was over.
 * @throws What the ledger and the bucket throw.
 */
export async function lookAtVersions(
  look: VersionLook,
  { source, dataset, table }: Omit<LedgerSubject, 'day'>,
  always: Iterable<UtcDay>,
  until: number,
): Promise<{ readonly lacking: readonly UtcDay[]; readonly late: number }> {
  const { landing, config, clock } = look;
  const now = clock.now();
  const key = versionFilesKey(source, dataset);
  const before = parseVersionFiles(await landing.readText(key));
  const looksKey = versionLooksKey(source, dataset);
  const looks = await readLooks(landing, looksKey);
  const entries = new Map<UtcDay, string>();
  for await (const { key: entry, eTag } of listObjects(landing, datasetLedger(source, dataset))) {
    const [day] = /\d{4}-\d\d-\d\d(?=\.json$)/.exec(entry) ?? [];
    if (day !== undefined && isUtcDay(day)) entries.set(day, eTag);
    if (clock.now() >= until) return { lacking: lackingDays(before), late: entries.size };
  }
  const first = new Set([...lackingDays(before), ...always]);
  const known = [...entries].map(([day, mark]): KnownDay => {
    return { day, isAlways: first.has(day), isNamed: looks[day]?.mark !== mark };
  });
  const within = turnMs(config);
  const days = daysToLookAt(known, looks, { now, within, every: within / TURN_PARTS });
  const seen = new Map(Object.entries(before).filter(([version]) => entries.has(dayOf(version))));
  const looked: Record<UtcDay, DayLook> = {};
  let written = JSON.stringify(before);
  let noted = now;
  const note = async () => {
    noted = clock.now();
    const text = JSON.stringify(Object.fromEntries([...seen].sort()));
    // First, so that no day counts as looked at before it is known what it lacks.
    if (text !== written) await landing.putText(key, text);
    written = text;
    const isNews = Object.entries(looked).some(
      ([day, { mark }]) => !first.has(day) || looks[day]?.mark !== mark,
    );
    if (isNews) await noteLooks(look, looksKey, looked, now, (day) => entries.has(day));
  };
  /** What the note has of a day, if that says all: its entry has not changed, and has few files. */
  const notedOf = (day: UtcDay) => {
    const noted = looks[day];
    const isWhole = noted?.version === undefined || noted.files !== undefined;
    return isWhole && noted?.mark === entries.get(day) ? noted : undefined;
  };
  for (let from = 0; from < days.length && clock.now() < until; ) {
    const chunk = firstDays(days.slice(from, from + LISTED_TOGETHER), (day) => notedOf(day) !== undefined);
    from += chunk.length;
    // Half of the time that is left is for the listing of what was read.
    const began = clock.now();
    const readUntil = began + (until - began) / 2;
    const named = await mapLimit(chunk.toSorted(), PARALLEL_READ, async (day): Promise<NamedDay[]> => {
      const mark = entries.get(day) ?? '';
      const cached = notedOf(day);
      if (cached !== undefined) return [{ ...cached, day, at: now }];
      if (clock.now() >= readUntil) return [];
      // Read before the listing: a version has its files before an entry names it, and keeps them for a day once another replaces it.
      const entry = await readKnown(look.ledger, { source, dataset, day });
      if (entry?.table !== table) return [{ day, at: now, mark }];
      const { version, filesWritten: files = [] } = entry;
      return [{ day, at: now, mark, version, files }];
    });
    const missing = await missingFiles(look, table, named.flat(), until);
    for (const { day, ...namedVersion } of named.flat()) {
      const lacks = missing.get(day) ?? 'unknown';
      if (lacks === 'unknown') continue;
      const { files = [] } = namedVersion;
      looked[day] = files.length > MOST_NOTED ? { ...namedVersion, files: undefined } : namedVersion;
      for (const version of seen.keys()) if (dayOf(version) === day) seen.delete(version);
      const version = `${day}/${namedVersion.version}`;
      if (lacks) seen.set(version, before[version] ?? now);
    }
    if (clock.now() - noted >= NOTE_EVERY_MS) await note();
  }
  await note();
  const lacking = lackingDays(Object.fromEntries([...seen].sort()));
  return { lacking, late: days.length - Object.keys(looked).length };
}

/** The first of days, as long as few of them have an entry that has to be read. */
function firstDays(days: readonly UtcDay[], isRead: (day: UtcDay) => boolean): readonly UtcDay[] {
  let unread = 0;
  const end = days.findIndex((day) => {
    if (!isRead(day)) unread += 1;
    return unread > READ_TOGETHER;
  });
  return end < 0 ? days : days.slice(0, end);
}

/** A day, and the version and the files that the ledger names. */
type NamedDay = DayLook & { readonly day: UtcDay };

/** The day of `<day>/<version>`. */
function dayOf(version: string): UtcDay {
  return version.replace(/\/.*/, '');
}

/**
 * Lists the files of versions, a thousand with each call, from the oldest day to the newest.
 *
 * @returns Whether files of a day are missing; no value for days that the time was over for.
 */
async function missingFiles(
  { landing, config, clock }: VersionLook,
  table: string,
  days: readonly NamedDay[],
  until: number,
): Promise<ReadonlyMap<UtcDay, boolean>> {
  const missing = new Map(
    days.map(({ day, version, files = [] }) => [
      day,
      new Set(files.map((name) => `${day}/${version}/${name}`)),
    ]),
  );
  const ends = () => [...missing].map(([day, left]) => [day, left.size > 0] as const);
  for (const folder of ingestedTableFolders(config, table)) {
    let after = folder;
    for (const [day, left] of missing) {
      if (after < `${folder}${day}`) after = `${folder}${day}`;
      // The next character after the slash.
      while (left.size > 0 && after < `${folder}${day}0`) {
        // Nothing is known of a day whose files were not all seen.
        if (clock.now() >= until) return new Map(ends().filter(([, lacks]) => !lacks));
        const { items } = await landing.listPage(folder, { after });
        for (const { key, isArchived = false } of items) {
          const path = key.slice(folder.length);
          if (!isArchived) missing.get(dayOf(path))?.delete(path);
        }
        after = items.at(-1)?.key ?? `${folder}:`;
      }
    }
  }
  return new Map(ends());
}

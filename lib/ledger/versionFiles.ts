import * as z from 'zod';
import { mapLimit } from '../base/concurrency.ts';
import { parseJson } from '../base/json.ts';
import { listObjects } from '../base/ObjectStore.ts';
import type { RetryPorts } from '../base/retry.ts';
import type { Clock, UtcDay } from '../base/time.ts';
import { datasetLedger, ledgerDay, versionFilesKey, versionLooksKey } from '../tables/ledgerKeys.ts';
import { type FolderLayout, ingestedTableFolders } from '../tables/tableFolders.ts';
import type { LandingBucket } from './LandingBucket.ts';
import { type Ledger, readKnown } from './Ledger.ts';
import type { LedgerSubject } from './LedgerEntry.ts';
import {
  type DayLook,
  daysToLookAt,
  type KnownDay,
  type Looks,
  NOTE_EVERY_MS,
  noteLooks,
  readLooks,
  type TurnConfig,
  turnMs,
} from './turns.ts';

/** Entries that are read at the same time. Each may name as many files as a day may have. */
const PARALLEL_READ = 2;
/** Days whose files are listed together at most. */
const LISTED_TOGETHER = 1_000;
/** How many of these may have an entry that has to be read before. */
const READ_TOGETHER = 100;
/** Names of files that the note of looks has of a version at most. The entry of a day with more is read at each look. */
const MOST_NOTED = 100;
/** Parts of a turn: as a page shows files of many days, a look at a quarter of them costs little more than a look at one. */
export const TURN_PARTS = 4;

/** The note as it is stored. */
const versionFilesSchema = z.record(z.string(), z.number());
/**
 * What the last look saw of a dataset or a curated table, the object `ledger/<source>/<dataset>/files.json`: versions
 * that queries read and that lack files, `<day>/<version>`, and since when, epoch milliseconds.
 */
export type VersionFiles = Readonly<z.output<typeof versionFilesSchema>>;

/** Reads the note. Without a note that can be read nothing is known: the next look begins anew. */
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
interface VersionLook extends RetryPorts {
  /** The deployment's bucket, which has the versions and the notes of looks. */
  readonly landing: Pick<LandingBucket, 'listPage' | 'readText' | 'putText' | 'text'>;
  /** Names the files of each version. */
  readonly ledger: Pick<Ledger, 'read'>;
  /** The settings that name the folders and say how long deleted files are kept. */
  readonly config: FolderLayout & TurnConfig;
  /** The time of the look. */
  readonly clock: Clock;
}

/**
 * Looks whether the versions that queries read have the files that the ledger names, and notes which lack some. A
 * person or a rule of the bucket may delete files, or archive them, and queries skip what is archived. A run looks at
 * the days that every run looks at, at those that lacked files before, at those whose entry has changed, and at others
 * in turns (lib/ledger/turns.ts). One listing shows a thousand entries or files, and an entry is read once it has
 * changed. The note of looks is written if an entry has changed or a turn was taken, and within a long run every half
 * minute.
 *
 * @param always The days that every run looks at.
 * @param until Epoch milliseconds from which no call begins. The next run goes on with the days that were looked at
 *   longest ago.
 * @returns The days that lack files, and how many were left, as the time was over.
 * @throws What the ledger and the bucket throw.
 */
export async function lookAtVersions(
  look: VersionLook,
  dataset: Omit<LedgerSubject, 'day'>,
  always: Iterable<UtcDay>,
  until: number,
): Promise<{ readonly lacking: readonly UtcDay[]; readonly late: number }> {
  const { landing, config, clock } = look;
  const now = clock.now();
  const before = parseVersionFiles(await landing.readText(versionFilesKey(dataset.source, dataset.dataset)));
  const looks = await readLooks(landing, versionLooksKey(dataset.source, dataset.dataset));
  const { marks, isWhole } = await listMarks(look, dataset, until);
  if (!isWhole) return { lacking: lackingDays(before), late: marks.size };
  const first = new Set([...lackingDays(before), ...always]);
  const known = [...marks].map(([day, mark]): KnownDay => {
    return { day, isAlways: first.has(day), isNamed: looks[day]?.mark !== mark };
  });
  const within = turnMs(config);
  const days = daysToLookAt(known, looks, { now, within, every: within / TURN_PARTS });
  const notes = new LookNotes(look, dataset, { now, before, looks, marks, first });
  for (let from = 0; from < days.length; ) {
    const isNoted = (day: UtcDay) => notes.notedVersion(day) !== undefined;
    const chunk = firstDays(days.slice(from, from + LISTED_TOGETHER), isNoted);
    from += chunk.length;
    // Half of the time that is left is for the listing of what was read.
    const began = clock.now();
    const named = await namedVersions(look, dataset, {
      days: chunk.toSorted(),
      notes,
      until: began + (until - began) / 2,
    });
    const missing = await missingFiles(look, dataset.table, named, until);
    for (const version of named) {
      const isLacking = missing.get(version.day);
      if (isLacking !== undefined) notes.add(version, isLacking);
    }
    if (notes.isDue()) await notes.write();
  }
  await notes.write();
  return { lacking: notes.lacking(), late: days.length - notes.count };
}

/**
 * The entries of a dataset as a listing shows them.
 *
 * @returns The ETag of each day's entry, and whether the listing ended before `until`, epoch milliseconds.
 */
export async function listMarks(
  { landing, clock }: { readonly landing: Pick<LandingBucket, 'listPage'> } & Pick<VersionLook, 'clock'>,
  { source, dataset }: Pick<LedgerSubject, 'source' | 'dataset'>,
  until: number,
): Promise<{ readonly marks: ReadonlyMap<UtcDay, string>; readonly isWhole: boolean }> {
  const marks = new Map<UtcDay, string>();
  for await (const { key, eTag } of listObjects(landing, datasetLedger(source, dataset))) {
    const day = ledgerDay(source, dataset, key);
    if (day !== null) marks.set(day, eTag);
    if (clock.now() >= until) return { marks, isWhole: false };
  }
  return { marks, isWhole: true };
}

/** What a run knows when it begins to look. */
interface LookStart {
  /** Time of the run, epoch milliseconds. */
  readonly now: number;
  /** The versions that lacked files. */
  readonly before: VersionFiles;
  /** The last look at each day. */
  readonly looks: Looks;
  /** The ETag of each day's entry. */
  readonly marks: ReadonlyMap<UtcDay, string>;
  /** Days that every run looks at. */
  readonly first: ReadonlySet<UtcDay>;
}

/** What a run has seen so far, and its notes of that in the bucket. */
class LookNotes {
  readonly #look: VersionLook;
  readonly #filesKey: string;
  readonly #looksKey: string;
  readonly #start: LookStart;
  /** Versions that lack files, and since when, epoch milliseconds. */
  readonly #seen: Map<string, number>;
  readonly #looked: Record<UtcDay, DayLook> = {};
  /** The note of versions that lack files as it is in the bucket. */
  #written: string;
  /** Epoch milliseconds. */
  #writtenAt: number;

  constructor(
    look: VersionLook,
    { source, dataset }: Pick<LedgerSubject, 'source' | 'dataset'>,
    start: LookStart,
  ) {
    const { before, marks, now } = start;
    this.#look = look;
    this.#filesKey = versionFilesKey(source, dataset);
    this.#looksKey = versionLooksKey(source, dataset);
    this.#start = start;
    this.#seen = new Map(Object.entries(before).filter(([version]) => marks.has(dayOf(version))));
    this.#written = JSON.stringify(before);
    this.#writtenAt = now;
  }

  /** How many days were looked at. */
  get count(): number {
    return Object.keys(this.#looked).length;
  }

  /** Time of the run, and the ETag of a day's entry, as a look has them. */
  lookOf(day: UtcDay): Pick<DayLook, 'at' | 'mark'> {
    return { at: this.#start.now, mark: this.#start.marks.get(day) ?? '' };
  }

  /** The version and the files that the last look noted, if they are all: the entry has not changed, and has few files. */
  notedVersion(day: UtcDay): DayLook | undefined {
    const noted = this.#start.looks[day];
    const isWhole = noted?.version === undefined || noted.files !== undefined;
    return isWhole && noted?.mark === this.#start.marks.get(day) ? noted : undefined;
  }

  /** Adds what was seen of a day. */
  add({ day, ...named }: NamedDay, isLacking: boolean): void {
    const { before, now } = this.#start;
    const { files = [] } = named;
    this.#looked[day] = files.length > MOST_NOTED ? { ...named, files: undefined } : named;
    for (const version of this.#seen.keys()) if (dayOf(version) === day) this.#seen.delete(version);
    const version = `${day}/${named.version}`;
    if (isLacking) this.#seen.set(version, before[version] ?? now);
  }

  /** Whether the last note is as old as a run that is killed may lose. */
  isDue(): boolean {
    return this.#look.clock.now() - this.#writtenAt >= NOTE_EVERY_MS;
  }

  /** Writes what has changed. */
  async write(): Promise<void> {
    const { now, looks, marks, first } = this.#start;
    this.#writtenAt = this.#look.clock.now();
    const text = JSON.stringify(this.#sorted());
    // First, so that no day counts as looked at before it is known what it lacks.
    if (text !== this.#written) await this.#look.landing.putText(this.#filesKey, text);
    this.#written = text;
    const isNews = Object.entries(this.#looked).some(
      ([day, { mark }]) => !first.has(day) || looks[day]?.mark !== mark,
    );
    if (isNews) await noteLooks(this.#look, this.#looksKey, this.#looked, now, (day) => marks.has(day));
  }

  /** The days whose versions lack files, in order. */
  lacking(): readonly UtcDay[] {
    return lackingDays(this.#sorted());
  }

  #sorted(): VersionFiles {
    return Object.fromEntries([...this.#seen].sort());
  }
}

/**
 * The version and the files that the ledger names of days.
 *
 * @param options.until Epoch milliseconds from which no entry is read.
 * @returns The days that are known by then.
 */
async function namedVersions(
  { ledger, clock }: VersionLook,
  { source, dataset, table }: Omit<LedgerSubject, 'day'>,
  options: { readonly days: readonly UtcDay[]; readonly notes: LookNotes; readonly until: number },
): Promise<readonly NamedDay[]> {
  const { days, notes, until } = options;
  const named = await mapLimit(days, PARALLEL_READ, async (day): Promise<NamedDay | null> => {
    const look = notes.lookOf(day);
    const noted = notes.notedVersion(day);
    if (noted !== undefined) return { ...noted, ...look, day };
    if (clock.now() >= until) return null;
    // Read before the listing: a version has its files before an entry names it, and keeps them for a day once another
    // replaces it.
    const entry = await readKnown(ledger, { source, dataset, day });
    if (entry?.table !== table) return { ...look, day };
    const { version, filesWritten: files = [] } = entry;
    return { ...look, day, version, files };
  });
  return named.filter((day) => day !== null);
}

/**
 * The first of days, until {@link READ_TOGETHER} of them have an entry that has to be read.
 *
 * @param isNoted Whether the note of looks has all of a day's entry.
 */
function firstDays(days: readonly UtcDay[], isNoted: (day: UtcDay) => boolean): readonly UtcDay[] {
  let unread = 0;
  const end = days.findIndex((day) => {
    if (!isNoted(day)) unread += 1;
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
      const from = `${folder}${day}`;
      // The next character after the slash.
      const end = `${from}0`;
      if (after < from) after = from;
      while (left.size > 0 && after < end) {
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

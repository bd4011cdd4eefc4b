import { s3ObjectStore } from '../../../../lib/aws/s3ObjectStore.ts';
import { mapLimit } from '../../../../lib/base/concurrency.ts';
import { listObjects } from '../../../../lib/base/ObjectStore.ts';
import type { UtcDay } from '../../../../lib/base/time.ts';
import { parseRawDays } from '../../../../lib/landing/catalog/rawDays.ts';
import { parseLooks } from '../../../../lib/ledger/turns.ts';
import { forwardedKinds } from '../../../../lib/schema/kinds.ts';
import { dayLooksKey, rawDaysKey } from '../../../../lib/tables/ledgerKeys.ts';
import { isDataFile } from '../../../../lib/tables/objectKeys.ts';
import { dayFolder } from '../../../../lib/tables/tableFolders.ts';
import { foldersOf, type GoneReaders, PARALLEL } from './goneFiles.ts';
import type { LostFacts } from './restorableDays.ts';

/** The most days, of all tables together, whose files are listed: the newest. */
const MOST_DAYS = 100;

/** A day of a table that has archived files, which queries skip. */
export interface ArchivedDay {
  /** The name of the table. */
  readonly table: string;
  /** The day, UTC. */
  readonly day: UtcDay;
  /** When a look saw them first, epoch milliseconds. */
  readonly since: number;
  /** Keys of the files. */
  readonly keys: readonly string[];
}

/** Days that have archived files, and how far back they are known. */
export interface ArchivedDays {
  /** The latest first. */
  readonly days: readonly ArchivedDay[];
  /** The last day whose files were not listed, as {@link MOST_DAYS} later ones were; null if all were. */
  readonly unlookedUntil: UtcDay | null;
}

/**
 * Days with archived files, the latest first, as looks have noted them: raw days that the registrar or a curation has listed, and versions
 * that lack files. Their files are listed again, as they may have been brought back.
 *
 * @throws What the client of S3 throws.
 */
export async function readArchivedDays(
  deployment: GoneReaders,
  { curated, datasets }: Pick<LostFacts, 'curated' | 'datasets'>,
): Promise<ArchivedDays> {
  const { s3, config } = deployment;
  const store = s3ObjectStore(s3, config.bucket);
  const noted: (Omit<ArchivedDay, 'keys'> & { readonly folder: string })[] = [];
  for (const kind of forwardedKinds) {
    const counted = parseRawDays((await store.read(rawDaysKey(kind)))?.text)?.days ?? {};
    const looks = parseLooks((await store.read(dayLooksKey(kind)))?.text);
    for (const day of new Set([...Object.keys(counted), ...Object.keys(looks)])) {
      const since = counted[day]?.archivedSince ?? looks[day]?.archivedSince;
      if (since !== undefined)
        noted.push({ table: config.tables[kind], day, since, folder: dayFolder(config, kind, day) });
    }
  }
  for (const { table, lacking } of [...(curated ?? []), ...(datasets ?? [])]) {
    const days = lacking.map(({ day }) => day);
    const folders = days.length === 0 ? null : await foldersOf(deployment, table, days);
    const folderOf = new Map(folders?.map(({ day, folder }) => [day, folder]));
    for (const { day, since } of lacking) {
      const folder = folderOf.get(day) ?? null;
      if (folder !== null) noted.push({ table, day, since, folder });
    }
  }
  const sorted = noted.toSorted((first, other) => (first.day > other.day ? -1 : 1));
  const newest = sorted.slice(0, MOST_DAYS);
  const found = await mapLimit(newest, PARALLEL, async ({ folder, ...notedDay }): Promise<ArchivedDay> => {
    const keys: string[] = [];
    for await (const object of listObjects(store, folder))
      if (isDataFile(object) && object.isArchived === true) keys.push(object.key);
    return { ...notedDay, keys };
  });
  const days = found.filter(({ keys }) => keys.length > 0);
  return { days, unlookedUntil: sorted[MOST_DAYS]?.day ?? null };
}

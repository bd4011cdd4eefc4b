import { mapLimit } from '../../../../lib/base/concurrency.ts';
import { addDays, type UtcDay, utcDay } from '../../../../lib/base/time.ts';
import type { CurateError } from '../../../../lib/curate/CurateError.ts';
import { tableKinds } from '../../../../lib/schema/kinds.ts';
import { isDataFile } from '../../../../lib/tables/objectKeys.ts';
import { dayFolder, deliveredTime } from '../../../../lib/tables/tableFolders.ts';
import type { Deployment } from '../../../deployment.ts';
import type { CurationState } from '../curationState.ts';
import { endsAsParquet, readVersions } from './fileVersions.ts';

/** An object in the folder of a day that is no Parquet, in place of a file or beside them: each query that reads its day fails. */
export interface DamagedFile {
  /** Name of the table. */
  readonly table: string;
  /** The day, UTC. */
  readonly day: UtcDay;
  /** Key of the object. */
  readonly key: string;
  /** When it was written, ISO 8601. */
  readonly replacedAt: string;
  /** IDs of its versions, the newest first, if it has never been a file of Sluice; null of a file that was replaced. */
  readonly strayVersions: readonly string[] | null;
}

/** Days that are looked at, today among them: of older ones those that could not be curated. */
const DAYS = 3;
/** Older days of each table that are looked at, the newest. */
const MOST_OLDER = 10;
/** Why a day with such an object is not curated. */
const UNREADABLE: keyof typeof CurateError.entries = 'SLUICE_CURATE_FILE_UNREADABLE';
/** Folders and files that are looked at in parallel. */
const PARALLEL = 4;
/** Objects of which the last bytes are read, of replaced files and of others each, those that were written last. */
const MOST_READ = 20;

/**
 * Looks for replaced files and objects of others of today, the two days before, and days that could not be curated as a file is
 * unreadable: a listing of versions for each table and day, and a read of four bytes of each object that has several versions, or
 * another name than files of Sluice. An erasure, or Statsig's own forwarding, puts Parquet there, too.
 *
 * @param curated Curated tables; null if they could not be read.
 * @throws What the client of S3 throws.
 */
export async function readDamagedFiles(
  deployment: Pick<Deployment, 's3' | 'config' | 'now'>,
  curated: readonly Pick<CurationState, 'kind' | 'failed'>[] | null,
): Promise<readonly DamagedFile[]> {
  const { config, now } = deployment;
  const newestDays = Array.from({ length: DAYS }, (_, i) => addDays(utcDay(now), -i));
  const newestFolders = tableKinds.flatMap((kind) => newestDays.map((day) => ({ kind, day })));
  const olderFolders = (curated ?? []).flatMap(({ kind, failed }) =>
    failed
      .filter(({ day, code }) => code === UNREADABLE && !newestDays.includes(day))
      .slice(0, MOST_OLDER)
      .map(({ day }) => ({ kind, day })),
  );
  const replaced = await mapLimit([...newestFolders, ...olderFolders], PARALLEL, async ({ kind, day }) => {
    const versions = await readVersions(deployment, dayFolder(config, kind, day));
    return [...versions].flatMap(([key, { files, isDeleted }]): DamagedFile[] => {
      const { LastModified, Size = 0 } = files[0] ?? {};
      if (isDeleted || LastModified === undefined) return [];
      const isStray = deliveredTime(key) === undefined;
      // Athena reads no empty object, and none of others whose name begins so; an empty one in place of a file lacks its rows.
      const isTold = isStray ? isDataFile({ key, size: Size }) : files.length > 1;
      if (!isTold) return [];
      const strayVersions = isStray ? files.map(({ VersionId = '' }) => VersionId) : null;
      return [
        { table: config.tables[kind], day, key, replacedAt: LastModified.toISOString(), strayVersions },
      ];
    });
  });
  const newest = replaced.flat().toSorted((a, b) => b.replacedAt.localeCompare(a.replacedAt));
  // Good files of others, as of Statsig's own forwarding, leave the reads of replaced files alone.
  const looked = [true, false].flatMap((isOurs) =>
    newest.filter(({ strayVersions }) => (strayVersions === null) === isOurs).slice(0, MOST_READ),
  );
  const read = await mapLimit(looked, PARALLEL, async (file) => {
    return (await endsAsParquet(deployment, file.key)) ? [] : [file];
  });
  return read.flat();
}

/** An object of the ledger that has no valid entry. */
export interface DamagedEntry {
  /** Its key: `ledger/acme/orders/2026-11-20.json`. */
  readonly key: string;
  /** When it was written last, ISO 8601; null if it is gone by now. */
  readonly writtenAt: string | null;
  /** ID of the newest version with other bytes, which may be damaged, too; null if S3 has none. */
  readonly versionBefore: string | null;
}

/** Reads the versions of damaged objects of the ledger. @throws What the client of S3 throws. */
export function readDamagedEntries(
  deployment: Pick<Deployment, 's3' | 'config'>,
  keys: Iterable<string>,
): Promise<readonly DamagedEntry[]> {
  return mapLimit([...keys].sort(), PARALLEL, async (key) => {
    const { files = [], isDeleted = true } = (await readVersions(deployment, key)).get(key) ?? {};
    const present = isDeleted ? undefined : files[0];
    const before = files.find(({ ETag }) => ETag !== present?.ETag);
    return {
      key,
      writtenAt: present?.LastModified?.toISOString() ?? null,
      versionBefore: before?.VersionId ?? null,
    };
  });
}

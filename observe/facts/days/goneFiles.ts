import { GetObjectCommand, ListObjectVersionsCommand, type ObjectVersion } from '@aws-sdk/client-s3';
import { s3ObjectStore } from '../../../lib/aws/s3ObjectStore.ts';
import { mapLimit } from '../../../lib/base/concurrency.ts';
import { areDigests, listObjects } from '../../../lib/base/ObjectStore.ts';
import { addDays, type UtcDay, utcDay } from '../../../lib/base/time.ts';
import { parseRawDays } from '../../../lib/landing/catalog/rawDays.ts';
import { parseLooks } from '../../../lib/ledger/turns.ts';
import { footerRows, MARK_BYTES, PARQUET_MARK } from '../../../lib/parquet/parquetFooter.ts';
import type { ReceivedHour } from '../../../lib/reconcile/receivedHours.ts';
import { forwardedKinds, tableKinds } from '../../../lib/schema/kinds.ts';
import { curatedSubject, dayLooksKey, rawDaysKey } from '../../../lib/tables/ledgerKeys.ts';
import { DIRECT_FOLDER, isDataFile, LANDING_FOLDER } from '../../../lib/tables/objectKeys.ts';
import { dayFolder, RESTORED, restoredKey, versionPrefix } from '../../../lib/tables/tableFolders.ts';
import type { Deployment } from '../../deployment.ts';
import { ifThere } from '../../explainAwsError.ts';
import type { LostRawDay } from '../tables/partitionGaps.ts';
import type { CurationState } from './curationState.ts';
import { configuredDatasets } from './datasets.ts';
import type { DatasetDays, DropDay } from './dropDays.ts';
import { readLedgerDays } from './ledgerDays.ts';

/** Versions of a key, the newest first. */
interface Versions {
  /** The newest first. */
  readonly files: ObjectVersion[];
  /** Version IDs of delete markers. */
  readonly markers: string[];
  /** Whether the newest is a delete marker: queries do not see the key. */
  isDeleted: boolean;
}

/** The parts of a deployment that are asked. */
type GoneReaders = Pick<Deployment, 's3' | 'config' | 'now' | 'onDamaged'>;

/** Where the files of a day are. */
interface DayFolder {
  /** The day, UTC. */
  readonly day: UtcDay;
  /** The folder, with a slash at its end; null if the ledger knows no version of the day. */
  readonly folder: string | null;
  /** Whether the table has no versions: its folder is that of the day. */
  readonly isRaw: boolean;
}

/** What is gone of a day of a table and S3 has a version of. */
export interface GoneFiles extends DayFolder {
  /** Files that were deleted, the version that was deleted, and their delete markers. */
  readonly deleted: readonly {
    readonly key: string;
    readonly last: ObjectVersion;
    readonly markers: readonly string[];
  }[];
  /** Files of a raw table in whose place there is another, and the copies beside it that bring them back. */
  readonly replaced: readonly { readonly key: string; readonly copy: string; readonly versionId: string }[];
}

/** Folders that are listed in parallel. */
const PARALLEL_DAYS = 4;
/** Footers that are read in parallel. */
const PARALLEL_FOOTERS = 8;
/** Days of a table whose versions are looked at for a finding; days with archived files that are. The newest. */
const MOST_DAYS = 100;

/**
 * Looks for what can be brought back of days of a table.
 *
 * @param table Its name, or its kind: `events`.
 * @returns Null if the configuration has no table of this name whose days have files.
 * @throws What the client of S3 throws.
 */
export async function goneFiles(
  deployment: GoneReaders,
  table: string,
  days: readonly UtcDay[],
): Promise<readonly GoneFiles[] | null> {
  const folders = await foldersOf(deployment, table, days);
  return (
    folders &&
    mapLimit(folders, PARALLEL_DAYS, async (folder) => {
      const versions =
        folder.folder === null ? new Map<string, Versions>() : await readVersions(deployment, folder.folder);
      const deleted = [...versions].flatMap(
        ([
          key,
          {
            isDeleted,
            files: [last],
            markers,
          },
        ]) => (isDeleted && last !== undefined ? [{ key, last, markers }] : []),
      );
      const replaced = folder.isRaw ? await replacedFiles(deployment, versions) : [];
      return { ...folder, deleted, replaced };
    })
  );
}

/** What is known of days that lost files, and of hours that lost objects; null: unknown. */
interface LostFacts {
  /** Hours as the nights have judged them. */
  readonly receivedHours?: readonly ReceivedHour[] | null;
  /** Days of raw tables of which files are gone. */
  readonly lostDays: readonly Pick<LostRawDay, 'table' | 'day'>[] | null;
  /** Curated tables. */
  readonly curated: readonly Pick<CurationState, 'kind' | 'table' | 'kept' | 'lacking'>[] | null;
  /** Datasets. */
  readonly datasets: readonly Pick<DatasetDays, 'table' | 'lacking'>[] | null;
  /** Exports with their days. */
  readonly exports:
    | readonly { readonly table: string; readonly days: readonly Pick<DropDay, 'day' | 'kept'>[] }[]
    | null;
}

/**
 * A day of a table whose finding has `restore` as its cure, and how many files that would bring back; or a folder of the landing whose
 * objects are to be copied back, and of how many there are versions.
 */
export interface RestorableDay {
  /** The name of a table, or one of {@link hourFolders} or {@link landingFolders}. */
  readonly table: string;
  /** The day, UTC. */
  readonly day: UtcDay;
  /** Number of files that a restore would bring back. */
  readonly files: number;
  /** Rows of those of a raw table that were deleted; absent if that is not known, and of all else. */
  readonly rows?: number;
}

/** The folders of the landing that may have had objects of a received hour. */
export function hourFolders({ ds, hour }: Pick<ReceivedHour, 'ds' | 'hour'>): readonly string[] {
  const hourly = `${ds.replaceAll('-', '/')}/${String(hour).padStart(2, '0')}`;
  return [`${LANDING_FOLDER}${hourly}/`, `${DIRECT_FOLDER}${ds}/`];
}

/**
 * The folders of the landing from whose versions the rows of a raw day can be written again: most rows of a day are received on it or on
 * the next. Empty once S3 has deleted the versions of both, at the latest a day after `retention.landingVersionDays`.
 */
export function landingFolders(
  day: UtcDay,
  { config: { retention }, now }: Pick<Deployment, 'config' | 'now'>,
): readonly string[] {
  const oldest = addDays(utcDay(now), -retention.landingVersionDays - 1);
  return [day, addDays(day, 1)]
    .filter((received) => received >= oldest && received <= utcDay(now))
    .flatMap((received) => [
      `${LANDING_FOLDER}${received.replaceAll('-', '/')}/`,
      `${DIRECT_FOLDER}${received}/`,
    ]);
}

/** Looks at the versions of what is lost: an erasure may have taken them. @throws What the client of S3 throws. */
export async function restorableDays(
  deployment: GoneReaders,
  { lostDays, curated, datasets, exports, receivedHours }: LostFacts,
): Promise<readonly RestorableDay[]> {
  const { tables } = deployment.config;
  const lacking = [...(curated ?? []), ...(datasets ?? [])].flatMap((table) =>
    table.lacking.flatMap(({ day, isOnly }) => (isOnly ? [{ table: table.table, day }] : [])),
  );
  const kept = (curated ?? []).flatMap((table) =>
    table.kept.map(({ day }) => ({ table: tables[table.kind], day })),
  );
  const exported = (exports ?? []).flatMap(({ table, days }) =>
    days.flatMap((exportedDay) => (exportedDay.kept > 0 ? [{ table, day: exportedDay.day }] : [])),
  );
  const raw = (lostDays ?? []).map(({ table, day }) => ({ table: tables[table], day }));
  const found: RestorableDay[] = [];
  let footers = MOST_FOOTERS;
  for (const [table, lost] of Map.groupBy(
    [...raw, ...kept, ...lacking, ...exported],
    (lostDay) => lostDay.table,
  )) {
    const days = [...new Set(lost.map(({ day }) => day))].sort().reverse().slice(0, MOST_DAYS);
    for (const { day, deleted, replaced, isRaw } of (await goneFiles(deployment, table, days)) ?? []) {
      const isCounted = isRaw && deleted.length > 0 && deleted.length <= footers;
      if (isCounted) footers -= deleted.length;
      const rows = isCounted ? await deletedRows(deployment, deleted) : null;
      found.push({
        table,
        day,
        files: deleted.length + replaced.length,
        ...(rows === null ? {} : { rows }),
      });
    }
  }
  const short = (receivedHours ?? []).filter(({ state }) => state === 'short');
  const withoutVersions = raw.filter(({ table, day }) =>
    found.some((other) => other.table === table && other.day === day && other.files === 0),
  );
  const landings = [
    ...short.flatMap((row) => hourFolders(row).map((table) => ({ table, day: row.ds }))),
    ...[...new Set(withoutVersions.map(({ day }) => day))].flatMap((day) =>
      landingFolders(day, deployment).map((table) => ({ table, day })),
    ),
  ];
  // Hours of a day have the same direct folder.
  const folders = new Map(landings.map((folder) => [`${folder.table} ${folder.day}`, folder]));
  const landed = await mapLimit([...folders.values()], PARALLEL_DAYS, async (folder) => {
    const versions = [...(await readVersions(deployment, folder.table)).values()];
    return { ...folder, files: versions.filter(({ files }) => files.length > 0).length };
  });
  return [...found, ...landed];
}

/** Deleted files whose footers are read, of all days. */
const MOST_FOOTERS = 100;
/** Bytes of the end of a file, which have the footer of a table of ours. */
const FOOTER_BYTES = 65_536;

/** Rows of deleted files, by their footers; null if a footer cannot be read. */
async function deletedRows(
  deployment: Pick<GoneReaders, 's3' | 'config'>,
  deleted: GoneFiles['deleted'],
): Promise<number | null> {
  const rows = await mapLimit(deleted, PARALLEL_FOOTERS, async ({ key, last: { VersionId } }) => {
    try {
      return footerRows((await readEnd(deployment, { key, VersionId, bytes: FOOTER_BYTES })) ?? Buffer.of());
    } catch {
      // It is no Parquet, has a longer footer, or may not be read: the finding says how many files there were.
      return null;
    }
  });
  return rows.reduce((sum, more) => (sum === null || more === null ? null : sum + more), 0);
}

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
  /** The last day of which nobody has looked whether its files are archived, as enough later ones may be; null if there is none. */
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
    for (const { day, folder } of days.length === 0 ? [] : ((await foldersOf(deployment, table, days)) ?? []))
      for (const { since } of folder === null ? [] : lacking.filter((lackingDay) => lackingDay.day === day))
        noted.push({ table, day, since, folder: folder ?? '' });
  }
  const sorted = noted.toSorted((first, other) => (first.day > other.day ? -1 : 1));
  const newest = sorted.slice(0, MOST_DAYS);
  const found = await mapLimit(
    newest,
    PARALLEL_DAYS,
    async ({ folder, ...notedDay }): Promise<ArchivedDay> => {
      const keys: string[] = [];
      for await (const object of listObjects(store, folder))
        if (isDataFile(object) && object.isArchived === true) keys.push(object.key);
      return { ...notedDay, keys };
    },
  );
  const days = found.filter(({ keys }) => keys.length > 0);
  return { days, unlookedUntil: sorted[MOST_DAYS]?.day ?? null };
}

/** The folders that have the files of a table's days: of a table with versions, that of the version that is read. Null: no such table. */
async function foldersOf(
  deployment: GoneReaders,
  table: string,
  days: readonly UtcDay[],
): Promise<readonly DayFolder[] | null> {
  const { config } = deployment;
  const kind = tableKinds.find((tableKind) => tableKind === table || config.tables[tableKind] === table);
  if (kind !== undefined)
    return days.map((day) => ({ day, folder: dayFolder(config, kind, day), isRaw: true }));
  const curated = forwardedKinds.find((forwardedKind) => config.curatedTables[forwardedKind] === table);
  const dataset = configuredDatasets(config).find((configured) => configured.dataset.table === table);
  if (curated === undefined && dataset === undefined) return null;
  const subjects = days.map((day) =>
    curated === undefined
      ? { source: dataset?.source.name ?? '', dataset: dataset?.dataset.name ?? '', day }
      : curatedSubject(config, curated, day),
  );
  const known = (await readLedgerDays(deployment, [subjects])).flat();
  return known.map(({ day, entry }) => {
    const version = entry?.version;
    const folder = version === undefined ? null : versionPrefix(config, table, day, version);
    return { day, folder, isRaw: false };
  });
}

/**
 * Files in whose place there is another, and that have no copy beside it. The writer never writes a key twice, so the oldest
 * version is its own. What is no Parquet fails each query that reads it: the copy comes into its place. Such a copy has the bytes of
 * the file and, of a file that came in parts or with a key of KMS, another ETag: it is known by its size and its footer.
 *
 * @throws What the client of S3 throws.
 */
async function replacedFiles(
  deployment: Pick<GoneReaders, 's3' | 'config'>,
  versions: ReadonlyMap<string, Versions>,
): Promise<GoneFiles['replaced']> {
  const replaced = [...versions].flatMap(([key, { files, isDeleted }]) => {
    const [there] = files;
    const own = files.at(-1);
    const copy = restoredKey(key);
    if (own?.VersionId === undefined || own.ETag === there?.ETag || key.includes(`/${RESTORED}`)) return [];
    const isCopied = (versions.get(copy)?.files.length ?? 0) > 0;
    const isKms = deployment.config.encryption === 'kms';
    const mayBeSame = own.Size === there?.Size && !areDigests([own.ETag ?? '', there?.ETag ?? ''], isKms);
    return [{ key, copy, versionId: own.VersionId, isCopied, isDeleted, mayBeSame }];
  });
  const found = await mapLimit(
    replaced,
    PARALLEL_DAYS,
    async ({ isCopied, isDeleted, mayBeSame, ...file }) => {
      const { key, versionId: VersionId } = file;
      if (mayBeSame && !isDeleted) {
        // A version that may not be read, or is archived, is taken for another file.
        const own = await readEnd(deployment, { key, VersionId, bytes: FOOTER_BYTES }).catch(() => null);
        const there = await readEnd(deployment, { key, bytes: FOOTER_BYTES });
        if (own !== null && there?.equals(own) === true) return [];
      }
      if (!isDeleted && !(await endsAsParquet(deployment, file.key))) return [{ ...file, copy: file.key }];
      return isCopied ? [] : [file];
    },
  );
  return found.flat();
}

/** All versions below a folder, by key. @throws What the client of S3 throws. */
export async function readVersions(
  { s3, config: { bucket: Bucket } }: Pick<GoneReaders, 's3' | 'config'>,
  Prefix: string,
): Promise<ReadonlyMap<string, Versions>> {
  const versions = new Map<string, Versions>();
  const versionsOf = (key: string) => {
    const known = versions.get(key) ?? { files: [], markers: [], isDeleted: false };
    versions.set(key, known);
    return known;
  };
  let after: { KeyMarker?: string | undefined; VersionIdMarker?: string | undefined } = {};
  for (;;) {
    const answer = await s3.send(new ListObjectVersionsCommand({ Bucket, Prefix, ...after }));
    for (const file of answer.Versions ?? []) versionsOf(file.Key ?? '').files.push(file);
    for (const { Key = '', VersionId = '', IsLatest = false } of answer.DeleteMarkers ?? []) {
      const known = versionsOf(Key);
      known.markers.push(VersionId);
      known.isDeleted ||= IsLatest;
    }
    if (answer.IsTruncated !== true) return versions;
    after = { KeyMarker: answer.NextKeyMarker, VersionIdMarker: answer.NextVersionIdMarker };
  }
}

/** Whether an object ends as Parquet does; one that is gone by now counts as such. */
export async function endsAsParquet(
  deployment: Pick<Deployment, 's3' | 'config'>,
  key: string,
): Promise<boolean> {
  const end = await readEnd(deployment, { key, bytes: MARK_BYTES });
  return end === null || end.toString('latin1') === PARQUET_MARK;
}

/** The last bytes of an object; null if it is gone by now. @param VersionId Default the newest version. */
async function readEnd(
  { s3, config: { bucket: Bucket } }: Pick<Deployment, 's3' | 'config'>,
  {
    key: Key,
    VersionId,
    bytes,
  }: { readonly key: string; readonly VersionId?: string | undefined; readonly bytes: number },
): Promise<Buffer | null> {
  // S3 refuses a range of an empty object: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
  const answer = await ifThere(
    s3
      .send(new GetObjectCommand({ Bucket, Key, VersionId, Range: `bytes=-${bytes}` }))
      .catch((error: unknown) => {
        if (error instanceof Error && error.name === 'InvalidRange') return null;
        throw error;
      }),
  );
  return answer === undefined ? null : Buffer.from((await answer?.Body?.transformToByteArray()) ?? []);
}

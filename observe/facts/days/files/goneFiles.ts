import type { ObjectVersion } from '@aws-sdk/client-s3';
import { mapLimit } from '../../../../lib/base/concurrency.ts';
import { areDigests } from '../../../../lib/base/ObjectStore.ts';
import type { UtcDay } from '../../../../lib/base/time.ts';
import { forwardedKinds, tableKinds } from '../../../../lib/schema/kinds.ts';
import { curatedSubject } from '../../../../lib/tables/ledgerKeys.ts';
import { dayFolder, RESTORED, restoredKey, versionPrefix } from '../../../../lib/tables/tableFolders.ts';
import type { Deployment } from '../../../deployment.ts';
import { configuredDatasets } from '../datasets.ts';
import { readLedgerDays } from '../ledgerDays.ts';
import { endsAsParquet, FOOTER_BYTES, type KeyVersions, readEnd, readVersions } from './fileVersions.ts';

/** The parts of a deployment by which the files of days are looked for. */
export type GoneReaders = Pick<Deployment, 's3' | 'config' | 'now' | 'onDamaged'>;

/** Where the files of a day are. */
interface DayFolder {
  /** The day, UTC. */
  readonly day: UtcDay;
  /** The folder, with a slash at its end; null if the ledger knows no version of the day. */
  readonly folder: string | null;
  /** Whether the table has no versions: its folder is that of the day. */
  readonly isRaw: boolean;
}

/** A file that was deleted, and of which S3 has a version. */
interface DeletedFile {
  /** Its key. */
  readonly key: string;
  /** The version that was deleted. */
  readonly last: ObjectVersion;
  /** IDs of its delete markers. */
  readonly markers: readonly string[];
  /** When it was deleted, ISO 8601; null if S3 does not say it. */
  readonly deletedAt: string | null;
}

/** A file of a raw table in whose place there is another. */
interface ReplacedFile {
  /** Its key. */
  readonly key: string;
  /** The key to which its own version is copied, which brings its rows back. */
  readonly copy: string;
  /** ID of its own version. */
  readonly versionId: string;
}

/** What is gone of a day of a table and S3 has a version of. */
export interface GoneFiles extends DayFolder {
  /** Its deleted files. */
  readonly deleted: readonly DeletedFile[];
  /** Its replaced files; none of a table with versions. */
  readonly replaced: readonly ReplacedFile[];
}

/** Folders and files that are read in parallel. */
export const PARALLEL = 4;

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
  if (folders === null) return null;
  return mapLimit(folders, PARALLEL, async (folder) => {
    const versions =
      folder.folder === null ? new Map<string, KeyVersions>() : await readVersions(deployment, folder.folder);
    const deleted = [...versions].flatMap(([key, { isDeleted, deletedAt, files, markers }]) => {
      const [last] = files;
      return isDeleted && last !== undefined ? [{ key, last, markers, deletedAt }] : [];
    });
    const replaced = folder.isRaw ? await replacedFiles(deployment, versions) : [];
    return { ...folder, deleted, replaced };
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
  versions: ReadonlyMap<string, KeyVersions>,
): Promise<readonly ReplacedFile[]> {
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
  const found = await mapLimit(replaced, PARALLEL, async ({ isCopied, isDeleted, mayBeSame, ...file }) => {
    const { key, versionId: VersionId } = file;
    if (mayBeSame && !isDeleted) {
      // A version that may not be read, or is archived, is taken for another file.
      const own = await readEnd(deployment, { key, VersionId, bytes: FOOTER_BYTES }).catch(() => null);
      const there = await readEnd(deployment, { key, bytes: FOOTER_BYTES });
      if (own !== null && there?.equals(own) === true) return [];
    }
    if (!isDeleted && !(await endsAsParquet(deployment, file.key))) return [{ ...file, copy: file.key }];
    return isCopied ? [] : [file];
  });
  return found.flat();
}

/**
 * The folders that have the files of a table's days: of a table with versions, that of the version that is read.
 *
 * @param table Its name, or its kind: `events`.
 * @returns Null if the configuration has no table of this name whose days have files.
 * @throws LedgerError; what the client of S3 throws.
 */
export async function foldersOf(
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

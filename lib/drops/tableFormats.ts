import { mapLimit } from '../base/concurrency.ts';
import type { UtcDay } from '../base/time.ts';
import type { CustomerBucket } from './CustomerBucket.ts';
import type { Drop } from './Drop.ts';
import { type DatasetFolder, dropFolder } from './datasetFolder.ts';
import { SPARK_LOG } from './listedLogs.ts';
import { SourceError } from './SourceError.ts';

/** Whether a name in a log's folder is one of a file, and not of the folder's own object. */
const isFile = (name: string) => name !== '';

/** Iceberg, whose log is beside the folder of the data. */
const ICEBERG = {
  code: 'SLUICE_SOURCE_ICEBERG_TABLE',
  folder: 'metadata',
  /** Other formats may have such a folder. https://iceberg.apache.org/spec/#table-metadata-and-snapshots */
  isLog: (name: string) =>
    /\.metadata\.json(\.gz)?$|^version-hint\.text$|^snap-.*\.avro$|-m\d+\.avro$/.test(name),
} as const;
/**
 * Table formats that keep a log beside their Parquet files. Only the log says which files are current, as files of deleted
 * and replaced rows stay until a vacuum. So none of their files are loaded.
 */
const FORMATS = [
  {
    code: 'SLUICE_SOURCE_DELTA_TABLE',
    folder: '_delta_log',
    /**
     * Whether a file of the folder is of the log:
     * https://github.com/delta-io/delta/blob/master/PROTOCOL.md#delta-log-entries
     */
    isLog: isFile,
  },
  {
    code: 'SLUICE_SOURCE_HUDI_TABLE',
    folder: '.hoodie',
    /** Whether a file of the folder is of the log: https://hudi.apache.org/tech-specs/ */
    isLog: isFile,
  },
  ICEBERG,
] as const;

/** Spark's log is read in the dataset's folder and below (judgeByLogs.ts). A folder above is out of reach for a load. */
const ABOVE = {
  code: 'SLUICE_SOURCE_SPARK_LOG_ABOVE',
  folder: SPARK_LOG.slice(0, -1),
  isLog: isFile,
} as const;
/** Formats whose log may be above the folder. */
const OUTSIDE = [...FORMATS, ABOVE];

/**
 * Folders of a transactional table of Hive, which have no log: their names say in which order they count, and only its
 * metastore says which transactions are committed. `base_0000002_v0000123` is compacted.
 * https://github.com/apache/hive/blob/master/ql/src/java/org/apache/hadoop/hive/ql/io/AcidUtils.java
 */
const HIVE_FOLDER = /^(base_\d+|(delete_)?delta_\d+_\d+(_\d+)?)(_v\d+)?$/;
/** The code for a transactional table of Hive. */
const HIVE_TABLE = 'SLUICE_SOURCE_HIVE_TABLE' as const;
/** How folders of a transactional table of Hive begin. */
const HIVE_BEGINNINGS = ['base_', 'delta_', 'delete_delta_'];

/** Matches a file that each partition of a Hudi table has. */
const HUDI_PARTITION = /^\.hoodie_partition_metadata(\..*)?$/;
/** Data files of an Iceberg table are here, beside its metadata. */
const ICEBERG_DATA = /^(.+)\/data$/;

/**
 * Refuses a day that is a table of Delta Lake, Iceberg or Hudi or a transactional one of Hive, or a part of one, or
 * whose files a log of Spark above the dataset's folder judges. The check covers the day's folder at any depth, the
 * dataset's folder itself, and the table that the dataset's folder belongs to by its name.
 *
 * @throws SourceError `SLUICE_SOURCE_…_TABLE`, `SLUICE_SOURCE_SPARK_LOG_ABOVE`; what the bucket throws.
 */
export async function requirePlainFiles(
  bucket: Pick<CustomerBucket, 'list'>,
  dataset: DatasetFolder,
  day: UtcDay,
  { files, leftOut }: Pick<Drop, 'files' | 'leftOut'>,
): Promise<void> {
  const folder = dropFolder(dataset, day);
  for (const { key } of [...leftOut.map(({ object }) => object), ...files]) {
    const code = isHiveFile(key) ? HIVE_TABLE : logCode(key.slice(folder.length));
    if (code !== null) throw new SourceError(code, `${key}.`);
  }
  const inFolder = FORMATS.map((format) => ({ ...format, beginning: `${format.folder}/` }));
  const ofHive = HIVE_BEGINNINGS.map((beginning) => ({
    code: HIVE_TABLE,
    beginning,
    isLog: (name: string) => isHiveFile(beginning + name),
  }));
  const looks = [...inFolder, ...ofHive];
  const signs = await mapLimit(looks, looks.length, async ({ code, beginning, isLog }) => {
    const key = await logUnder(bucket, `${dataset.folder}/${beginning}`, isLog);
    return { code, key };
  });
  for (const { code, key } of signs) if (key !== undefined) throw new SourceError(code, `${key}.`);
  await requireNoLogOutside(bucket, dataset);
}

/** Whether a key is in a folder of a transactional table of Hive. The folder itself may stay when its files are gone. */
function isHiveFile(key: string): boolean {
  const folders = key.split('/');
  return folders.pop() !== '' && folders.some((name) => HIVE_FOLDER.test(name));
}

/** The code of the format whose log a path belongs to; null for other paths. */
function logCode(path: string): (typeof FORMATS)[number]['code'] | null {
  const segments = path.split('/');
  if (HUDI_PARTITION.test(segments.at(-1) ?? '')) return 'SLUICE_SOURCE_HUDI_TABLE';
  for (const { code, folder, isLog } of FORMATS) {
    // The last segment is the name of the file.
    const folderIndex = segments.lastIndexOf(folder, -2);
    // Delta keeps some of its log in folders below it, which then count as the name: `_delta_log/_sidecars/`.
    const nameInFolder = folderIndex < 0 ? undefined : segments[folderIndex + 1];
    if (nameInFolder !== undefined && isLog(nameInFolder)) return code;
  }
  return null;
}

/**
 * The key of the first object of a log below a prefix; undefined without one. One page is enough: each log has a
 * telling name among any thousand.
 */
async function logUnder(
  bucket: Pick<CustomerBucket, 'list'>,
  prefix: string,
  isLog: (name: string) => boolean,
): Promise<string | undefined> {
  const { objects } = await bucket.list({ prefix });
  return objects.find(({ key }) => key.startsWith(prefix) && isLog(key.slice(prefix.length)))?.key;
}

/**
 * Folders outside of a dataset's folder where its table would keep its log, each with a slash at its end. A folder like
 * `table/country=DE` is a partition of `table`, and `table/data` has Iceberg's metadata beside it.
 */
export function logFoldersOutside(folder: string): readonly string[] {
  return logsOutside(folder).map(({ prefix }) => prefix);
}

/** A log of a table above a folder. */
type LogOutside = Pick<(typeof OUTSIDE)[number], 'code' | 'isLog'> & {
  /** The log's folder, with a slash at its end. */
  readonly prefix: string;
};

/** Logs of tables of which the folder may be a part. */
function logsOutside(folder: string): readonly LogOutside[] {
  const segments = folder.split('/');
  const root = [...segments];
  while (root.at(-1)?.includes('=') === true) root.pop();
  const isPartition = root.length < segments.length;
  const logs = (isPartition ? OUTSIDE : []).map((format) => ({
    ...format,
    prefix: `${[...root, format.folder].join('/')}/`,
  }));
  const [, icebergTable] = ICEBERG_DATA.exec(root.join('/')) ?? [];
  return icebergTable === undefined
    ? logs
    : [...logs, { ...ICEBERG, prefix: `${icebergTable}/${ICEBERG.folder}/` }];
}

/**
 * Refuses a folder of a table that keeps its log outside of the folder. A denial counts as no log, as customers may allow
 * only the dataset's folder.
 *
 * @throws SourceError
 */
async function requireNoLogOutside(
  bucket: Pick<CustomerBucket, 'list'>,
  { folder }: DatasetFolder,
): Promise<void> {
  await mapLimit(logsOutside(folder), OUTSIDE.length, async ({ code, prefix, isLog }) => {
    try {
      const key = await logUnder(bucket, prefix, isLog);
      if (key !== undefined) throw new SourceError(code, `${key}.`);
    } catch (error) {
      if (error instanceof SourceError && error.code === 'SLUICE_SOURCE_ACCESS_DENIED') return;
      throw error;
    }
  });
}

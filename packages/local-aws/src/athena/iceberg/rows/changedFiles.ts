import { quoteText } from '../../../base/sql.ts';
import {
  deletesOf,
  type FileEntry,
  humanPartition,
  type IcebergField,
  type NewFile,
  readFiles,
  schemaOf,
  specOf,
} from '../../../iceberg/index.ts';
import type { LoadedTable } from '../read/loadTable.ts';
import { objectOf, openTableFiles } from '../tableFiles.ts';
import { dataLocation, removeAll, type WriteRun, writeParquetFile } from '../writeData.ts';

/** Changes in the session: what is read where. */
export interface ChangedRows {
  /** A table with the path of the changed row's file in `c1`, in the session, and the row's number in `c2`. */
  readonly changes: string;
  /** The condition for those that delete the row. */
  readonly deleting: string;
  /** The changed table, which shows `"$file"`. */
  readonly table: string;
  /** The `s3://` location of a file in the session. */
  readonly locationOf: (path: string) => string | undefined;
}

/** Columns of a position-delete file, with the IDs that are reserved for them: https://iceberg.apache.org/spec/#reserved-field-ids. */
const DELETE_FIELDS: readonly IcebergField[] = [
  { id: 2147483546, name: 'file_path', required: true, type: 'string' },
  { id: 2147483545, name: 'pos', required: true, type: 'long' },
];

/** The changes of a table's files. */
export interface ChangedFiles {
  /** Position-delete files: at most one for each partition. */
  readonly added: readonly NewFile[];
  /** Data files without a row that is left. */
  readonly removed: readonly string[];
  /** Delete files that then apply to none. */
  readonly unneeded: readonly string[];
  /** Every data file with deleted rows. */
  readonly touched: readonly string[];
}

/** Writes the position-delete files of a change, and finds the data files that it empties. */
export async function changedFiles(
  run: WriteRun,
  table: LoadedTable,
  rows: ChangedRows,
): Promise<ChangedFiles> {
  const { metadata, snapshot } = table;
  const counts = await readCounts(
    run,
    `SELECT c1, count(*) FROM ${rows.changes} WHERE ${rows.deleting} GROUP BY c1`,
  );
  if (counts.size === 0 || snapshot === undefined)
    return { added: [], removed: [], unneeded: [], touched: [] };
  const files = openTableFiles({ store: run.runner.store, onCall: run.context.onCall });
  const entries = await readFiles(files, metadata, snapshot);
  const data = entries.filter(({ content }) => content === 'data');
  const deletes = entries.filter(({ content }) => content !== 'data');
  const ownDeletes = (file: FileEntry) => deletesOf(file, deletes);
  const touched = touchedFiles(counts, data, rows);
  const emptied = await emptiedFiles(run, rows, touched, ownDeletes);
  const added: NewFile[] = [];
  try {
    const partial = touched.filter((file) => !emptied.has(file));
    for (const group of Map.groupBy(partial, ({ entry }) => partitionKey(entry)).values())
      added.push(...(await writeDeletes(run, table, rows, group)));
  } catch (error) {
    removeAll(run, added);
    throw error;
  }
  const removed = new Set([...emptied].map(({ entry }) => entry.location));
  const left = data.filter(({ location }) => !removed.has(location));
  const needed = new Set(removed.size > 0 ? left.flatMap(ownDeletes) : deletes);
  const unneeded = deletes.filter((file) => !needed.has(file)).map(({ location }) => location);
  return { added, removed: [...removed], unneeded, touched: touched.map(({ entry }) => entry.location) };
}

/** A data file with deleted rows. */
interface TouchedFile {
  readonly entry: FileEntry;
  /** In the session. */
  readonly path: string;
  /** The number of deleted rows. */
  readonly count: bigint;
}

function touchedFiles(
  counts: ReadonlyMap<string, bigint>,
  data: readonly FileEntry[],
  { locationOf }: ChangedRows,
): TouchedFile[] {
  const byLocation = new Map(data.map((entry) => [objectLocation(entry.location), entry]));
  return [...counts].map(([path, count]) => {
    const entry = byLocation.get(locationOf(path));
    if (entry === undefined) throw new Error(`A changed row is in no file of the table: ${path}`);
    return { entry, path, count };
  });
}

/** A location with the scheme `s3`, which Hadoop's writers also name `s3a`. */
function objectLocation(location: string): string | undefined {
  const place = objectOf(location);
  return place && `s3://${place.bucket}/${place.key}`;
}

async function readCounts({ session }: WriteRun, sql: string): Promise<ReadonlyMap<string, bigint>> {
  const reader = await session.read(sql);
  return new Map(reader.getRows().map(([path, count]) => [String(path), BigInt(String(count))]));
}

/** The data files whose last rows are deleted. */
async function emptiedFiles(
  run: WriteRun,
  { table }: ChangedRows,
  touched: readonly TouchedFile[],
  ownDeletes: (file: FileEntry) => readonly FileEntry[],
): Promise<ReadonlySet<TouchedFile>> {
  // Which of them are empty is only known by reading where earlier deletes may have taken the other rows.
  const unsure = touched.filter(({ entry, count }) => {
    const most = ownDeletes(entry).reduce((sum, { recordCount }) => sum + recordCount, 0n);
    return most > 0n && count + most >= entry.recordCount;
  });
  const paths = unsure.map(({ path }) => quoteText(path)).join(', ');
  const live =
    unsure.length === 0
      ? new Map<string, bigint>()
      : await readCounts(
          run,
          `SELECT "$file", count(*) FROM ${table} WHERE "$file" IN (${paths}) GROUP BY "$file"`,
        );
  return new Set(touched.filter(({ entry, path, count }) => count === (live.get(path) ?? entry.recordCount)));
}

function partitionKey({ specId, partition }: FileEntry): string {
  const values = [...partition].map(([id, value]) => [
    id,
    typeof value,
    value instanceof Uint8Array ? Buffer.from(value).toString('hex') : String(value),
  ]);
  return JSON.stringify([specId, values]);
}

/** Writes the deletes of one partition's files, sorted by file and position as the specification requires. */
async function writeDeletes(
  run: WriteRun,
  { metadata }: LoadedTable,
  { changes, deleting }: ChangedRows,
  group: readonly TouchedFile[],
): Promise<NewFile[]> {
  const [first] = group;
  if (first === undefined) return [];
  const { specId, partition } = first.entry;
  const place = humanPartition(specOf(metadata, specId), schemaOf(metadata), partition);
  const places = group.map(({ entry, path }) => `(${quoteText(path)}, ${quoteText(entry.location)})`);
  const written = await writeParquetFile(run, metadata, {
    sql: `SELECT file_path, c2 AS pos FROM ${changes}
      JOIN (VALUES ${places.join(', ')}) AS files(path, file_path) ON c1 = files.path WHERE ${deleting} ORDER BY ALL`,
    fields: DELETE_FIELDS,
    folder: `${dataLocation(metadata)}${place === '' ? '' : `/${place}`}`,
  });
  if (written === undefined) return [];
  return [{ content: 'position-deletes', format: 'PARQUET', specId, partition, ...written }];
}

/** Whether delete files that others have added to a data file name rows that the changes delete, too. */
export async function overlapping(
  run: WriteRun,
  { changes, deleting, locationOf }: ChangedRows,
  dataFile: string,
  added: readonly FileEntry[],
): Promise<boolean> {
  const { session, runner, context } = run;
  const links: string[] = [];
  for (const { content, format, location } of added) {
    const place = objectOf(location);
    if (content !== 'position-deletes' || format.toUpperCase() !== 'PARQUET' || place === undefined)
      return true;
    context.onCall({ service: 's3', operation: 'GetObject', ...place });
    links.push(session.linkFile(runner.store.localPath(place.bucket, place.key), 'others'));
  }
  const paths = [...(await readCounts(run, `SELECT c1, count(*) FROM ${changes} GROUP BY c1`)).keys()];
  const own = paths.find((path) => locationOf(path) === objectLocation(dataFile)) ?? '';
  const reader = await session.read(
    `SELECT 1 FROM read_parquet([${links.map(quoteText).join(', ')}], hive_partitioning = false) AS others
     SEMI JOIN (FROM ${changes} WHERE ${deleting} AND c1 = ${quoteText(own)}) AS own ON others.pos = own.c2
     WHERE others.file_path = ${quoteText(dataFile)} LIMIT 1`,
  );
  return reader.currentRowCount > 0;
}

import { quoteText } from '../../base/sql.ts';
import {
  deletesOf,
  type FileEntry,
  humanPartition,
  type IcebergField,
  type NewFile,
  readFiles,
  schemaOf,
  specOf,
} from '../../iceberg/index.ts';
import { statementError } from '../engine/StatementError.ts';
import type { LoadedTable } from './loadTable.ts';
import { objectOf, openTableFiles } from './tableFiles.ts';
import { dataLocation, removeAll, type WriteRun, writeParquetFile } from './writeData.ts';

/** Changes in the session: what is read where. */
export interface ChangedRows {
  /** A table with the location of the changed row's file in `c1` and its position in `c2`. */
  readonly changes: string;
  /** The condition for those that delete the row. */
  readonly deleting: string;
  /** The changed table, which shows `"$path"`. */
  readonly table: string;
}

/** Columns of a position-delete file, with the IDs that are reserved for them: https://iceberg.apache.org/spec/#reserved-field-ids. */
const DELETE_FIELDS: readonly IcebergField[] = [
  { id: 2147483546, name: 'file_path', required: true, type: 'string' },
  { id: 2147483545, name: 'pos', required: true, type: 'long' },
];

/** What a change means for the files of a table. */
export interface ChangedFiles {
  /** Position-delete files: at most one for each partition. */
  readonly added: readonly NewFile[];
  /** Data files without a row that is left, and delete files that then apply to none. */
  readonly removed: readonly string[];
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
  if (counts.size === 0 || snapshot === undefined) return { added: [], removed: [], touched: [] };
  const files = openTableFiles({ store: run.runner.store, onCall: run.context.onCall });
  const entries = await readFiles(files, metadata, snapshot);
  const data = entries.filter(({ content }) => content === 'data');
  const deletes = entries.filter(({ content }) => content !== 'data');
  const touched = data.filter(({ location }) => counts.has(location));
  if (touched.length < counts.size)
    throw statementError('ICEBERG_COMMIT_ERROR', 'The table has changed since it was read');
  const emptied = await emptiedFiles(run, rows, {
    counts,
    touched,
    deletesOf: (file) => deletesOf(file, deletes, metadata),
  });
  const added: NewFile[] = [];
  try {
    const partial = touched.filter(({ location }) => !emptied.has(location));
    for (const group of Map.groupBy(partial, partitionKey).values())
      added.push(...(await writeDeletes(run, table, rows, group)));
  } catch (error) {
    removeAll(run, added);
    throw error;
  }
  const needed = new Set(
    data
      .filter(({ location }) => !emptied.has(location))
      .flatMap((file) => deletesOf(file, deletes, metadata).map(({ location }) => location)),
  );
  const unneeded =
    emptied.size === 0
      ? []
      : deletes.filter(({ location }) => !needed.has(location)).map(({ location }) => location);
  return {
    added,
    removed: [...emptied, ...unneeded],
    touched: touched.map(({ location }) => location),
  };
}

async function readCounts({ session }: WriteRun, sql: string): Promise<ReadonlyMap<string, bigint>> {
  const reader = await session.read(sql);
  return new Map(reader.getRows().map(([path, count]) => [String(path), BigInt(String(count))]));
}

/** The locations of data files whose last rows are deleted. */
async function emptiedFiles(
  run: WriteRun,
  { table }: ChangedRows,
  {
    counts,
    touched,
    deletesOf: ownDeletes,
  }: {
    readonly counts: ReadonlyMap<string, bigint>;
    readonly touched: readonly FileEntry[];
    readonly deletesOf: (file: FileEntry) => readonly FileEntry[];
  },
): Promise<ReadonlySet<string>> {
  const unsure = touched.filter((file) => {
    const before = ownDeletes(file);
    const most = before.some(({ content }) => content === 'equality-deletes')
      ? file.recordCount
      : before.reduce((sum, { recordCount }) => sum + recordCount, 0n);
    return before.length > 0 && (counts.get(file.location) ?? 0n) + most >= file.recordCount;
  });
  const paths = unsure.map(({ location }) => quoteText(location)).join(', ');
  const left =
    unsure.length === 0
      ? new Map<string, bigint>()
      : await readCounts(
          run,
          `SELECT "$path", count(*) FROM ${table} WHERE "$path" IN (${paths}) GROUP BY "$path"`,
        );
  return new Set(
    touched
      .filter(({ location, recordCount }) => (left.get(location) ?? recordCount) === counts.get(location))
      .map(({ location }) => location),
  );
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
  group: readonly FileEntry[],
): Promise<NewFile[]> {
  const [first] = group;
  if (first === undefined) return [];
  const { specId, partition } = first;
  const place = humanPartition(specOf(metadata, specId), schemaOf(metadata), partition);
  const paths = group.map(({ location }) => quoteText(location)).join(', ');
  const written = await writeParquetFile(run, metadata, {
    sql: `SELECT c1 AS file_path, c2 AS pos FROM ${changes} WHERE ${deleting} AND c1 IN (${paths}) ORDER BY c1, c2`,
    fields: DELETE_FIELDS,
    folder: `${dataLocation(metadata)}${place === '' ? '' : `/${place}`}`,
  });
  if (written === undefined) return [];
  return [{ content: 'position-deletes', format: 'PARQUET', specId, partition, ...written }];
}

/** Whether delete files that others have added to a data file name rows that the changes delete, too. */
export async function overlapping(
  run: WriteRun,
  { changes, deleting }: ChangedRows,
  dataFile: string,
  added: readonly FileEntry[],
): Promise<boolean> {
  if (
    added.some(({ content, format }) => content !== 'position-deletes' || format.toUpperCase() !== 'PARQUET')
  )
    return true;
  const paths: string[] = [];
  for (const { location } of added) {
    const place = objectOf(location);
    if (place === undefined) return true;
    run.context.onCall({ service: 's3', operation: 'GetObject', ...place });
    paths.push(run.session.linkFile(run.runner.store.localPath(place.bucket, place.key), 'others'));
  }
  const reader = await run.session.read(
    `SELECT 1 FROM read_parquet([${paths.map(quoteText).join(', ')}], hive_partitioning = false) AS others
     SEMI JOIN (FROM ${changes} WHERE ${deleting}) AS own ON others.file_path = own.c1 AND others.pos = own.c2
     WHERE others.file_path = ${quoteText(dataFile)} LIMIT 1`,
  );
  return reader.currentRowCount > 0;
}

import { quoteName, quoteText } from '../../../base/sql.ts';
import type { FileEntry, IcebergField, TableMetadata } from '../../../iceberg/index.ts';
import type { DataFile } from '../../engine/dataFiles.ts';
import type { Session } from '../../engine/Session.ts';
import { notEmulated } from '../../engine/StatementError.ts';
import type { SessionColumn } from '../../engine/tableSql.ts';
import { duckDbTypeOf } from '../types.ts';
import type { LoadedTable } from './loadTable.ts';
import { columnSql, type ParquetColumn, readParquetColumns, requireIds } from './parquetColumns.ts';
import { trinoTypeOf } from './shownTypes.ts';
import { valueSql } from './valueSql.ts';

/** A file of a table and its link in the session. */
export interface LinkedFile {
  readonly entry: FileEntry;
  readonly file: DataFile;
}

/** A data file, with the delete files that apply to it. */
interface ScannedFile extends LinkedFile {
  readonly deletes: readonly LinkedFile[];
}

/** Which columns a table has beside its own; `*` omits them. */
export interface HiddenColumns {
  /** `"$path"` and `"$file_modified_time"`, as in Trino. */
  readonly paths: boolean;
  /**
   * `"$file"`, the path of the row's file in the session, and `"$pos"`, the row's number in it, which together name a row.
   * Athena shows neither. A join with the locations in S3 would cost more than reading both.
   */
  readonly rowIds: boolean;
}

/** The hidden columns of a table. */
export function hiddenColumns({ paths, rowIds }: HiddenColumns): readonly SessionColumn[] {
  return [
    ...(paths
      ? [
          { name: '$path', type: 'VARCHAR', trino: 'varchar' },
          { name: '$file_modified_time', type: 'TIMESTAMPTZ', trino: 'timestamp(3) with time zone' },
        ]
      : []),
    ...(rowIds
      ? [
          { name: '$file', type: 'VARCHAR', trino: 'varchar' },
          { name: '$pos', type: 'BIGINT', trino: 'bigint' },
        ]
      : []),
  ];
}

/** A table's own columns in the session. Names are in lower case, as in Trino. */
export function icebergColumns(fields: readonly IcebergField[]): readonly SessionColumn[] {
  return fields.map(({ name, type }) => ({
    name: name.toLowerCase(),
    type: duckDbTypeOf(type),
    trino: trinoTypeOf(type),
  }));
}

/** Columns of a position-delete file. https://iceberg.apache.org/spec/#position-delete-files */
const [DELETED_PATH, DELETED_ROW] = ['file_path', 'pos'];
/** The names of a file and of a row's number in it, beside the file's own columns. */
const [FILE, ROW] = ['$file', 'file_row_number'];

/** Data files with the same columns. */
interface FileGroup {
  readonly columns: readonly ParquetColumn[];
  readonly hasPositions: boolean;
  /** Values of columns that the files lack, in the order of the table's columns: partition values, otherwise null. */
  readonly constants: ReadonlyMap<number, string>;
  readonly files: ScannedFile[];
}

/**
 * The query for a table's rows in files: columns by field ID, deleted rows left out. Creates the tables of deleted
 * positions in the session first.
 *
 * @param name A name that is the scan's own in the session.
 */
export async function scanSql(
  session: Session,
  { metadata, schema }: LoadedTable,
  files: readonly ScannedFile[],
  { name, hidden }: { readonly name: string; readonly hidden: HiddenColumns },
): Promise<string> {
  const all = [...icebergColumns(schema.fields), ...hiddenColumns(hidden)];
  const none = all.map((column) => `CAST(NULL AS ${column.type}) AS ${quoteName(column.name)}`).join(', ');
  const columnsOf = await columnsByPath(session, files);
  const positions = `memory.main.${quoteName(`deleted_${name}`)}`;
  await createDeletedPositions(session, positions, files);
  const parts = groupFiles(files, schema.fields, metadata, columnsOf).map((group) => {
    const needsRow = group.hasPositions || hidden.rowIds;
    if (needsRow && group.columns.some((column) => column.name === ROW))
      throw notEmulated(`A column ${ROW} in an Iceberg table with deleted rows`);
    const shown = schema.fields.map((field) => {
      const own = columnSql(field, group.columns, 'rows') ?? group.constants.get(field.id);
      return `${own ?? valueSql(field.type, null)} AS ${quoteName(field.name.toLowerCase())}`;
    });
    const { paths, rowIds } = hidden;
    const extra = [
      ...(paths ? [`files.path AS "$path"`, `files.modified AS "$file_modified_time"`] : []),
      ...(rowIds ? [`rows.${quoteName(FILE)} AS "$file"`, `rows.${ROW} AS "$pos"`] : []),
    ];
    const joins = [
      ...(group.hasPositions
        ? [
            `ANTI JOIN ${positions} AS deleted ON rows.${quoteName(FILE)} = deleted.file AND rows.${ROW} = deleted.pos`,
          ]
        : []),
      ...(paths
        ? [
            `JOIN (VALUES ${group.files.map(fileRow).join(', ')}) AS files(file, path, modified) ON rows.${quoteName(FILE)} = files.file`,
          ]
        : []),
    ];
    const from = readParquet(
      group.files.map(({ file }) => file.path),
      { file: group.hasPositions || paths || rowIds, row: needsRow },
    );
    return `SELECT ${[...shown, ...extra].join(', ')} FROM ${from} AS rows ${joins.join(' ')}`;
  });
  return [`SELECT ${none} WHERE false`, ...parts].join('\nUNION ALL ');
}

function readParquet(
  paths: readonly string[],
  { file, row }: { readonly file: boolean; readonly row: boolean },
): string {
  const options = [
    'hive_partitioning = false',
    ...(file ? [`filename = ${quoteText(FILE)}`] : []),
    ...(row ? ['file_row_number = true'] : []),
  ];
  return `read_parquet([${paths.map(quoteText).join(', ')}], ${options.join(', ')})`;
}

function fileRow({ file, entry }: ScannedFile): string {
  return `(${quoteText(file.path)}, ${quoteText(entry.location)}, to_timestamp(${file.modifiedMs / 1_000}e0))`;
}

/** The columns of each data file, with IDs. */
async function columnsByPath(
  session: Session,
  files: readonly ScannedFile[],
): Promise<ReadonlyMap<string, readonly ParquetColumn[]>> {
  const paths = new Set(files.map(({ file }) => file.path));
  const found = new Map<string, readonly ParquetColumn[]>();
  for (const { columns, paths: same } of await readParquetColumns(session, [...paths])) {
    requireIds(columns);
    for (const path of same) found.set(path, columns);
  }
  return found;
}

async function createDeletedPositions(
  session: Session,
  table: string,
  files: readonly ScannedFile[],
): Promise<void> {
  const pairs = files.flatMap(({ entry, file, deletes }) =>
    deletes.map((deleted) => ({ data: file.path, location: entry.location, deleted: deleted.file.path })),
  );
  if (pairs.length === 0) return;
  const sources = [...new Set(pairs.map(({ deleted }) => deleted))];
  const rows = pairs.map((pair) => `(${[pair.data, pair.location, pair.deleted].map(quoteText).join(', ')})`);
  await session.run(`CREATE TABLE ${table} AS
    SELECT DISTINCT pairs.data AS file, rows.${DELETED_ROW} AS pos FROM ${readParquet(sources, { file: true, row: false })} AS rows
    JOIN (VALUES ${rows.join(', ')}) AS pairs(data, location, source)
    ON rows.${DELETED_PATH} = pairs.location AND rows.${quoteName(FILE)} = pairs.source`);
}

function groupFiles(
  files: readonly ScannedFile[],
  fields: readonly IcebergField[],
  metadata: TableMetadata,
  columnsOf: ReadonlyMap<string, readonly ParquetColumn[]>,
): readonly FileGroup[] {
  const groups = new Map<string, FileGroup>();
  const names = new Map<readonly ParquetColumn[], number>();
  for (const scanned of files) {
    const columns = columnsOf.get(scanned.file.path) ?? [];
    if (!names.has(columns)) names.set(columns, names.size);
    const hasPositions = scanned.deletes.length > 0;
    const missing = fields.filter(({ id }) => columns.every((column) => column.id !== id));
    const constants = identityValues(scanned.entry, missing, metadata);
    const key = [names.get(columns), hasPositions, ...constants.values()].join('\n');
    const group = groups.get(key) ?? { columns, hasPositions, constants, files: [] };
    group.files.push(scanned);
    groups.set(key, group);
  }
  return [...groups.values()];
}

/** The values of columns that a file lacks since they are its partition's. https://iceberg.apache.org/spec/#column-projection */
function identityValues(
  { specId, partition }: FileEntry,
  missing: readonly IcebergField[],
  metadata: TableMetadata,
): ReadonlyMap<number, string> {
  const spec = metadata['partition-specs'].find((known) => known['spec-id'] === specId);
  return new Map(
    missing.flatMap(({ id, type }) => {
      const field = spec?.fields.find((part) => part['source-id'] === id && part.transform === 'identity');
      const value = field === undefined ? undefined : partition.get(field['field-id']);
      return value === undefined || value === null ? [] : [[id, valueSql(type, value)] as const];
    }),
  );
}

import { quoteName, quoteText } from '../../base/sql.ts';
import type { DuckDbSession } from '../../parquet/DuckDbSession.ts';
import { describeFiles } from '../../parquet/describeFiles.ts';
import { type FileFailure, fileFailure } from '../../parquet/FileError.ts';
import type { EngineFile, FileColumn, FileSchema } from '../../parquet/FileSchema.ts';
import { DUCKDB_TYPES } from '../../parquet/tableFile.ts';
import type { Column, ColumnType } from '../../tables/Table.ts';
import { CurateError } from '../CurateError.ts';

/** Types of a file's column that are read as a type of the catalog, by the beginning of DuckDB's name. */
const READ_AS: Readonly<Record<ColumnType, RegExp>> = {
  string: /^(VARCHAR|BLOB)$/,
  boolean: /^BOOLEAN$/,
  timestamp: /^TIMESTAMP/,
  date: /^DATE$/,
  double: /^(FLOAT|DOUBLE)$/,
  bigint: /^(TINY|SMALL|BIG)?INT(EGER)?$/,
};

/**
 * A query of the rows of raw files, in the columns of their table. A column that a file does not have is null, as files
 * may be older than columns. A column that the table does not have any more is left out. Athena reads such files in the
 * same way: it finds columns by their names without regard to case.
 *
 * @param files As {@link describeRaw} returns them.
 * @throws CurateError SLUICE_CURATE_COLUMN_UNFIT if a file has values of another type in a column.
 */
export function rawRowsQuery(columns: readonly Column[], files: readonly FileSchema[]): string {
  const shapes = Map.groupBy(files, (file) => selectList(columns, file));
  return [...shapes]
    .map(([list, sameShape]) => {
      const paths = sameShape.map(({ path }) => quoteText(path)).join(', ');
      return `SELECT ${list} FROM read_parquet([${paths}], hive_partitioning = false)`;
    })
    .join(' UNION ALL ');
}

/** The columns of the table from one file; null for a column that the file lacks. */
function selectList(columns: readonly Column[], file: FileSchema): string {
  return columns
    .map((column) => {
      const found = file.columns.find(({ name }) => name.toLowerCase() === column.name);
      const value =
        found === undefined ? `CAST(NULL AS ${DUCKDB_TYPES[column.type]})` : readSql(column, found, file);
      return `${value} AS ${quoteName(column.name)}`;
    })
    .join(', ');
}

/** SQL that reads a column of a file. @throws CurateError SLUICE_CURATE_COLUMN_UNFIT. */
function readSql({ name, type }: Column, found: FileColumn, file: FileSchema): string {
  if (isUnfit(type, found)) {
    throw new CurateError(
      'SLUICE_CURATE_COLUMN_UNFIT',
      `${file.name}: ${name} is ${found.type}, not ${type}.`,
      { file: file.name },
    );
  }
  const column = quoteName(found.sqlName);
  if (found.type === 'BLOB') return `decode(${column})`;
  return found.type === DUCKDB_TYPES[type] ? column : `CAST(${column} AS ${DUCKDB_TYPES[type]})`;
}

/** Whether a column of a file can't be read as the table's type. */
function isUnfit(type: ColumnType, found: FileColumn): boolean {
  return !READ_AS[type].test(found.type);
}

/**
 * Reads the footers of raw files. A column of another type that has no value in a file is left out: writers without the
 * table's types give such a column any type.
 *
 * @throws CurateError SLUICE_CURATE_FILE_UNREADABLE for the first file that can't be read.
 */
export async function describeRaw(
  session: DuckDbSession,
  columns: readonly Column[],
  files: readonly EngineFile[],
): Promise<readonly FileSchema[]> {
  const types = new Map(columns.map(({ name, type }) => [name, type]));
  const footers = files.map((file) => ({ ...file, onlyFooter: true }));
  const described: FileSchema[] = [];
  for (const file of await describeFiles(session, footers)) {
    if ('problem' in file) throw unreadable(file.problem, file.name);
    const empty = new Set<FileColumn>();
    for (const found of file.columns) {
      const type = types.get(found.name.toLowerCase());
      if (type === undefined || !isUnfit(type, found)) continue;
      // Values are counted, because the number of nulls in the footer may be wrong.
      const [counted] = await session.rows(
        `SELECT count(${quoteName(found.sqlName)}) AS n FROM read_parquet(${quoteText(file.path)}, hive_partitioning = false)`,
      );
      if (Number(counted?.['n']) === 0) empty.add(found);
    }
    described.push(
      empty.size === 0 ? file : { ...file, columns: file.columns.filter((column) => !empty.has(column)) },
    );
  }
  return described;
}

/**
 * Reads one file alone, as DuckDB does not always name the file that it fails for.
 *
 * @param open Opens a session that reaches the file.
 * @throws CurateError SLUICE_CURATE_FILE_UNREADABLE if it can't be read.
 */
export async function findUnreadable(
  file: EngineFile,
  columns: readonly Column[],
  open: (files: readonly EngineFile[]) => Promise<DuckDbSession>,
): Promise<void> {
  const session = await open([file]);
  try {
    const described = await describeRaw(session, columns, [file]);
    const values = columns.map(({ name }) => `count(${quoteName(name)})`).join(', ');
    const [counted] = await session.rows(
      `SELECT count(*) AS rows, ${values} FROM (${rawRowsQuery(columns, described)})`,
    );
    const rows = Number(counted?.['rows']);
    if (rows === described[0]?.rows) return;
    throw new CurateError(
      'SLUICE_CURATE_FILE_UNREADABLE',
      `${file.name}: it holds ${rows} rows, and its footer says another number.`,
      { file: file.name },
    );
  } catch (error) {
    if (error instanceof CurateError) throw error;
    const failure = fileFailure(error, file.name);
    if (failure !== null) throw unreadable(failure, file.name);
  } finally {
    session.close();
  }
}

/** The error for a file that can't be read. */
function unreadable(failure: FileFailure, file: string): InstanceType<typeof CurateError> {
  return new CurateError('SLUICE_CURATE_FILE_UNREADABLE', failure.detail, { cause: failure, file });
}

import { quoteName, quoteText } from '../../base/sql.ts';
import type { DuckDbSession } from '../../parquet/DuckDbSession.ts';
import { fileFailure } from '../../parquet/FileError.ts';
import type { EngineFile } from '../../parquet/FileSchema.ts';
import { DUCKDB_TYPES } from '../../parquet/tableFile.ts';
import type { Column } from '../../tables/Table.ts';
import { CurateError } from '../CurateError.ts';

/** The rows of raw files. */
export interface RawRows {
  /** By their footers. */
  readonly count: number;
  readonly query: string;
}

/**
 * The rows of raw files, in the columns of their table. A column that a file does not have is null, as files are older than
 * columns. A column that the table does not have any more is left out. So does Athena read them, which finds columns by their
 * names without regard to case.
 *
 * @throws CurateError SLUICE_CURATE_COLUMN_UNFIT of a file that has a column in another type.
 */
export async function readRawRows(
  session: DuckDbSession,
  columns: readonly Column[],
  files: readonly EngineFile[],
): Promise<RawRows> {
  const list = `[${files.map(({ path }) => quoteText(path)).join(', ')}]`;
  const types = new Map(columns.map(({ name, type }) => [name, DUCKDB_TYPES[type]]));
  const found = await session.rows(
    `SELECT lower(name) AS name, duckdb_type AS type, min(file_name) AS path FROM parquet_schema(${list}) WHERE duckdb_type IS NOT NULL GROUP BY ALL`,
  );
  const unfit = found.find(({ name, type }) => (types.get(String(name)) ?? type) !== type);
  if (unfit !== undefined) {
    const file = files.find(({ path }) => path === unfit['path']);
    throw new CurateError(
      'SLUICE_CURATE_COLUMN_UNFIT',
      `${file?.name}: ${unfit['name']} is ${unfit['type']}, not ${types.get(String(unfit['name']))}.`,
    );
  }
  const names = new Set(found.map(({ name }) => name));
  const select = columns.map(({ name, type }) =>
    names.has(name) ? quoteName(name) : `CAST(NULL AS ${DUCKDB_TYPES[type]}) AS ${quoteName(name)}`,
  );
  const [footers] = await session.rows(`SELECT sum(num_rows) AS rows FROM parquet_file_metadata(${list})`);
  return {
    count: Number(footers?.['rows']),
    query: `SELECT ${select.join(', ')} FROM read_parquet(${list}, hive_partitioning = false, union_by_name = true)`,
  };
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
    const { count, query } = await readRawRows(session, columns, [file]);
    const values = columns.map(({ name }) => `count(${quoteName(name)})`).join(', ');
    const [counted] = await session.rows(`SELECT count(*) AS rows, ${values} FROM (${query})`);
    const rows = Number(counted?.['rows']);
    if (rows === count) return;
    throw new CurateError(
      'SLUICE_CURATE_FILE_UNREADABLE',
      `${file.name}: it holds ${rows} rows, and its footer says another number.`,
    );
  } catch (error) {
    if (error instanceof CurateError) throw error;
    const failure = fileFailure(error, file.name);
    if (failure !== null)
      throw new CurateError('SLUICE_CURATE_FILE_UNREADABLE', failure.detail, { cause: failure });
  } finally {
    session.close();
  }
}

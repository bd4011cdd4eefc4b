import { isView, type TableEntry } from '../../../glue/index.ts';
import { trinoTypeName } from '../../engine/columnTypes.ts';
import { assertNotIceberg, assertNotProjected, sessionColumns } from '../../engine/QueryScope.ts';
import { notEmulated, statementError, toStatementFailure } from '../../engine/StatementError.ts';
import { tableFormatOf } from '../../engine/tableFormat.ts';
import { type OpenQuery, openQuery, type QueryRun } from '../queryStatements.ts';
import { resolveTableName, type Statement } from '../Statement.ts';
import { addPartitions, defaultLocation, findPartition, withTrailingSlash } from './tablePartitions.ts';
import { type QueryResult, toStatementResult, writeRows } from './writeRows.ts';

/** INSERT INTO. */
type Insert = Extract<Statement, { kind: 'insert' }>;

/** Compression of the files of an INSERT, by DuckDB's name: https://docs.aws.amazon.com/athena/latest/ug/compression-formats.html */
const COMPRESSION = 'gzip';

/**
 * Runs INSERT INTO … SELECT or VALUES: writes the rows, then creates the partitions that are new in Glue.
 * https://docs.aws.amazon.com/athena/latest/ug/insert-into.html
 *
 * @throws StatementError, after closing the session.
 */
export async function runInsert(statement: Insert, run: QueryRun): Promise<QueryResult> {
  const { context, session } = run;
  try {
    const { database, name } = resolveTableName(statement.name, context.database);
    const entry = requireInsertTarget(statement, database, name, run);
    const keyColumns = sessionColumns(entry.input.PartitionKeys);
    const columns = [...sessionColumns(entry.input.StorageDescriptor?.Columns), ...keyColumns];
    const names = columns.map((column) => column.name);
    const keys = keyColumns.map((key) => key.name);
    const listed = statement.columns ?? names;
    const open = await openQuery(statement.query, { ...run, nameColumns: true, isStored: true });
    assertInsertColumns(listed, names);
    const listedColumns = listed.flatMap((listedName) =>
      columns.filter((column) => column.name === listedName),
    );
    assertInsertCount(
      listedColumns.map(({ trino }) => trino),
      open,
    );
    const written = await writeRows(open, run, {
      columns: columns.map((column) => {
        const index = listed.indexOf(column.name);
        const value = index < 0 ? 'NULL' : `c${index}`;
        return { name: column.name, sql: `CAST(${value} AS ${column.type})` };
      }),
      keys,
      compression: COMPRESSION,
      locationOf: (values) => insertLocation(entry, keys, values),
    });
    const newPartitions = written.partitions.filter(({ values }) => !findPartition(entry, values));
    if (newPartitions.length > 0) addPartitions(run, { database, name }, newPartitions);
    return toStatementResult(written);
  } catch (error) {
    session.close();
    throw toStatementFailure(error);
  }
}

/** The table of an INSERT. @throws StatementError for a table that does not exist or to which nothing can be added here. */
function requireInsertTarget(
  statement: Insert,
  database: string,
  name: string,
  { runner, context, statement: sql }: QueryRun,
): TableEntry {
  context.onCall({ service: 'glue', operation: 'GetTable', input: { DatabaseName: database, Name: name } });
  const entry = runner.catalog.findTable(database, name);
  if (entry === undefined) {
    throw statementError('TABLE_NOT_FOUND', `Table 'awsdatacatalog.${database}.${name}' does not exist`, {
      sql,
      offset: statement.name.offset,
    });
  }
  if (isView(entry)) throw statementError('NOT_SUPPORTED', 'Inserting into views is not supported');
  assertNoBuckets(entry);
  assertNotIceberg(entry);
  assertNotProjected(entry);
  if (tableFormatOf(entry).kind !== 'parquet') throw notEmulated('Writing texts');
  return entry;
}

/**
 * Requires that the columns of an INSERT are the table's, each once: Trino's StatementAnalyzer.visitInsert.
 *
 * @param listed The names of the statement, in lower case.
 * @param known Those of the table.
 * @throws StatementError `COLUMN_NOT_FOUND`, `DUPLICATE_COLUMN_NAME`
 */
function assertInsertColumns(listed: readonly string[], known: readonly string[]): void {
  for (const [index, column] of listed.entries()) {
    if (!known.includes(column))
      throw statementError(
        'COLUMN_NOT_FOUND',
        `Insert column name does not exist in target table: ${column}`,
      );
    if (listed.indexOf(column) < index)
      throw statementError(
        'DUPLICATE_COLUMN_NAME',
        `Insert column name is specified more than once: ${column}`,
      );
  }
}

/**
 * Requires that a query has a column for each that the statement names. Their types are not looked at: each value is cast.
 *
 * @param table Trino's types of the table's columns, in the statement's order.
 * @throws StatementError `TYPE_MISMATCH`
 */
function assertInsertCount(table: readonly string[], { columns }: OpenQuery): void {
  if (table.length === columns.length) return;
  const types = columns.map(({ type }) => trinoTypeName(type));
  throw statementError(
    'TYPE_MISMATCH',
    `Insert query has mismatched column types: Table: [${table.join(', ')}], Query: [${types.join(', ')}]`,
  );
}

/** Athena adds no rows to bucketed tables: https://docs.aws.amazon.com/athena/latest/ug/ctas-partitioning-and-bucketing-what-is-bucketing.html */
function assertNoBuckets({ input }: TableEntry): void {
  if ((input.StorageDescriptor?.NumberOfBuckets ?? 0) < 1) return;
  throw statementError(
    'NOT_SUPPORTED',
    'Athena does not support using INSERT INTO to add new records to bucketed tables',
  );
}

/** Where rows of a partition are added, with a slash at its end: the location that it has, or would have if it is new. */
function insertLocation(entry: TableEntry, keys: readonly string[], values: readonly string[]): string {
  const existing = keys.length === 0 ? undefined : findPartition(entry, values);
  if (existing !== undefined) return withTrailingSlash(existing.input.StorageDescriptor?.Location ?? '');
  return defaultLocation(entry.input.StorageDescriptor?.Location ?? '', keys, values);
}

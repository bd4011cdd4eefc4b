import { quoteName } from '../../../base/sql.ts';
import { isView } from '../../../glue/index.ts';
import { typesWithUnknown } from '../../engine/bind/unknownTypes.ts';
import { trinoTypeName } from '../../engine/columnTypes.ts';
import { statementError } from '../../engine/StatementError.ts';
import type { StatementResult } from '../../engine/StatementRunner.ts';
import type { SessionColumn } from '../../engine/tableSql.ts';
import { takesType } from '../../statements/insertChecks.ts';
import { type OpenQuery, openQuery, type QueryRun, rowsFrom } from '../../statements/queryStatements.ts';
import { type RowChange, resolveTableName } from '../../statements/Statement.ts';
import { commitChange } from '../commit.ts';
import { isIcebergTable } from '../glueTable.ts';
import { type LoadedTable, loadIcebergTable } from '../read/loadTable.ts';
import { icebergColumns } from '../read/scanSql.ts';
import { openTableFiles } from '../tableFiles.ts';
import { removeAll, writeDataFiles } from '../writeData.ts';
import { type ChangedRows, changedFiles, overlapping } from './changedFiles.ts';
import { type ChangeQuery, changeError, changeParameters, changeQuery, updatesOf } from './changeQuery.ts';

type QueryResult = Omit<StatementResult, 'statementType' | 'substatementType'>;

/** The table of a statement's changes in its session. */
const CHANGES = 'memory.main."$changes"';

const VIEWS = { delete: 'Deleting from', update: 'Updating through', merge: 'Merging into' } as const;

/**
 * Runs DELETE, UPDATE or MERGE of an Iceberg table, which merges on read as in Athena: the rows that change are listed in
 * position-delete files, their new versions and inserted rows are in new data files, all in one snapshot. Data files
 * without any row left are removed instead. A statement that changes no row makes no snapshot.
 * https://docs.aws.amazon.com/athena/latest/ug/querying-iceberg-data-manipulation.html
 *
 * @throws StatementError `MERGE_TARGET_ROW_MULTIPLE_MATCHES`; `ICEBERG_COMMIT_ERROR` when another statement has changed
 *   the same rows since.
 */
export async function runRowChange(change: RowChange, run: QueryRun): Promise<QueryResult> {
  const { session, context } = run;
  try {
    const { table, columns, query, open } = await openChange(change, run);
    const scannedBytes = await open.attachFiles();
    await collectChanges(open, run);
    if (change.kind === 'merge') await requireSingleMatches(run);
    const rows = Number(
      (await session.read(`SELECT count(*) FROM ${CHANGES} WHERE c0 >= 0`)).getRowsJS()[0]?.[0] ?? 0,
    );
    if (rows > 0) await commitRows(change, run, { table, columns, query, open });
    return {
      columns: [{ name: 'rows', type: 'bigint', precision: 19, scale: 0, nullable: 'UNKNOWN' }],
      rows: rowsFrom([]),
      updateCount: rows,
      scannedBytes: () => scannedBytes,
      output: 'none',
    };
  } catch (error) {
    throw context.signal.aborted ? context.signal.reason : error;
  } finally {
    session.close();
  }
}

/** A change whose names and types are resolved. */
interface OpenChange {
  readonly table: LoadedTable;
  readonly columns: readonly SessionColumn[];
  readonly query: ChangeQuery;
  /** The query. Its errors count as the statement's errors. */
  readonly open: OpenQuery;
}

async function openChange(change: RowChange, run: QueryRun): Promise<OpenChange> {
  const prepared = await prepareChange(change, run);
  const { table, columns, query, context } = prepared;
  const wrap = (error: unknown) => changeError(error, query, run.statement);
  const opened = await openQuery(
    { sql: query.sql, offset: 0 },
    { ...run, context, statement: query.sql, nameColumns: false, rowIds: true },
  ).catch((error: unknown) => {
    throw wrap(error);
  });
  const open: OpenQuery = {
    ...opened,
    translateError: (error, prefix) => wrap(opened.translateError(error, prefix)),
  };
  await requireTypes(change, run, { columns, query, open });
  // The state that the query reads, which another writer may have changed since its columns were looked up.
  const read = await open.loadedTable(table.entry);
  if (JSON.stringify(read.schema.fields) !== JSON.stringify(table.schema.fields))
    throw statementError(
      'ICEBERG_COMMIT_ERROR',
      `The columns of ${table.entry.databaseName}.${table.entry.input.Name} were changed by another statement`,
    );
  return { table: read, columns, query, open };
}

/** Loads the table, checks the names of its columns, and composes the query. */
async function prepareChange(change: RowChange, run: QueryRun) {
  const table = await loadTarget(change, run);
  const columns = icebergColumns(table.schema.fields);
  requireColumns(change, run.statement, columns);
  const query = changeQuery(
    change,
    columns.map(({ name }) => name),
  );
  const parameters = changeParameters(query, run.statement, run.context.parameters);
  return { table, columns, query, context: { ...run.context, parameters } };
}

async function loadTarget(change: RowChange, run: QueryRun): Promise<LoadedTable> {
  const { runner, context, statement } = run;
  const { database, name } = resolveTableName(change.name, context.database);
  context.onCall({ service: 'glue', operation: 'GetTable', input: { DatabaseName: database, Name: name } });
  const schema = runner.catalog.databases().find(({ input }) => input.Name === database);
  const entry = schema?.tables.get(name);
  const place = { sql: statement, offset: change.name.offset };
  if (schema === undefined)
    throw statementError('SCHEMA_NOT_FOUND', `Schema '${database}' does not exist`, place);
  if (entry === undefined) {
    throw statementError(
      'TABLE_NOT_FOUND',
      `Table 'awsdatacatalog.${database}.${name}' does not exist`,
      place,
    );
  }
  if (isView(entry)) {
    throw statementError('NOT_SUPPORTED', `${VIEWS[change.kind]} views is not supported`, {
      sql: statement,
      offset: change.offset,
    });
  }
  if (!isIcebergTable(entry.input)) {
    throw statementError(
      'NOT_SUPPORTED',
      'Modifying Hive table rows is only supported for transactional tables',
    );
  }
  return await loadIcebergTable(entry, openTableFiles({ store: runner.store, onCall: context.onCall }));
}

/** Requires that assigned columns exist and are assigned once, as Trino's StatementAnalyzer does. */
function requireColumns(change: RowChange, sql: string, columns: readonly SessionColumn[]): void {
  const known = new Set(columns.map(({ name }) => name));
  const check = (names: readonly string[], missing: (name: string) => string, offset: number) => {
    const unknown = names.find((name) => !known.has(name));
    if (unknown !== undefined) throw statementError('COLUMN_NOT_FOUND', missing(unknown), { sql, offset });
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    if (twice !== undefined) {
      throw statementError(
        'DUPLICATE_COLUMN_NAME',
        `${change.kind === 'merge' ? 'Merge' : 'Update'} column name is specified more than once: ${twice}`,
        { sql, offset },
      );
    }
  };
  if (change.kind === 'update') {
    for (const { column, offset } of change.assignments)
      check([column], (name) => `The UPDATE SET target column ${name} doesn't exist`, offset);
    check(
      change.assignments.map(({ column }) => column),
      (name) => name,
      change.offset,
    );
  }
  if (change.kind !== 'merge') return;
  const missing = (name: string) => `Merge column name does not exist in target table: ${name}`;
  for (const { action } of change.clauses) {
    if (action.kind === 'delete') continue;
    const names =
      action.kind === 'update'
        ? action.assignments.map(({ column }) => column)
        : (action.columns ?? columns.map(({ name }) => name));
    check(names, missing, change.offset);
    if (action.kind === 'insert' && action.values.length !== names.length) {
      throw statementError(
        'GENERIC_INTERNAL_ERROR',
        `Number of merge columns (${names.length}) isn't equal to number of expressions (${action.values.length})`,
      );
    }
  }
}

/** Requires that values have types that their columns take, as INSERT does. */
async function requireTypes(
  change: RowChange,
  { statement }: QueryRun,
  { columns, query, open }: Pick<OpenChange, 'columns' | 'query' | 'open'>,
): Promise<void> {
  const types = (await typesWithUnknown(open.session, open)).map((type) => trinoTypeName(type));
  const clauses = Map.groupBy(
    query.columns.flatMap((column, index) => (column.kind === 'value' ? [{ ...column, index }] : [])),
    ({ clause }) => clause,
  );
  for (const [clause, values] of clauses) {
    const table = values.map(({ column }) => columns.find(({ name }) => name === column)?.trino ?? '');
    const found = values.map(({ index }) => types[index] ?? 'unknown');
    if (table.every((want, index) => takesType(want, found[index] ?? ''))) continue;
    const named = `Table: [${table.join(', ')}], Expressions: [${found.join(', ')}]`;
    if (change.kind !== 'merge') {
      throw statementError(
        'TYPE_MISMATCH',
        `UPDATE table column types don't match SET expressions: ${named}`,
        { sql: statement, offset: change.offset },
      );
    }
    throw statementError(
      'TYPE_MISMATCH',
      `MERGE table column types don't match for MERGE case ${clause}, SET expressions: ${named}`,
      { sql: statement, offset: change.clauses[clause]?.offset ?? change.offset },
    );
  }
}

/** Runs the query into the table of changes, whose columns are `c0`, `c1`, … */
async function collectChanges(open: OpenQuery, { session, context }: QueryRun): Promise<void> {
  const names = open.columns.map((_, index) => `c${index}`).join(', ');
  const before = `CREATE TABLE ${CHANGES} AS SELECT * FROM (`;
  try {
    await session.run(`${before}${open.sql}) AS q(${names}) WHERE c0 >= 0 OR c2 IS NOT NULL`);
  } catch (error) {
    throw context.signal.aborted ? context.signal.reason : open.translateError(error, before.length);
  }
}

/**
 * Requires that no row has two matches that one clause applies to, or none, as Trino does, or two that different clauses
 * change.
 */
async function requireSingleMatches({ session }: QueryRun): Promise<void> {
  const repeated = `FROM ${CHANGES} WHERE c2 IS NOT NULL GROUP BY c1, c2 HAVING count(*) > 1`;
  if ((await session.read(`SELECT 1 ${repeated} LIMIT 1`)).currentRowCount === 0) return;
  const wrong = `${repeated} AND (count(*) > count(DISTINCT c0) OR count(*) FILTER (c0 >= 0) > 1) LIMIT 1`;
  if ((await session.read(`SELECT 1 ${wrong}`)).currentRowCount === 0) return;
  throw statementError(
    'MERGE_TARGET_ROW_MULTIPLE_MATCHES',
    'One MERGE target table row matched more than one source row',
  );
}

/** Writes the files of the changes and commits them. */
async function commitRows(
  change: RowChange,
  run: QueryRun,
  { table, columns, query, open }: OpenChange,
): Promise<void> {
  const { database, name } = resolveTableName(change.name, run.context.database);
  const rows: ChangedRows = {
    changes: CHANGES,
    deleting: deletingCondition(change),
    table: `awsdatacatalog.${quoteName(database)}.${quoteName(name)}`,
    locationOf: (path) => open.locationOf(path),
  };
  const { added: deletes, removed, unneeded, touched } = await changedFiles(run, table, rows);
  const written = await writeRows(change, run, { table, columns, query, open }).catch((error: unknown) => {
    removeAll(run, deletes);
    throw error;
  });
  await commitChange(
    run,
    { database, name },
    {
      operation: deletes.length + written.length === 0 ? 'delete' : 'overwrite',
      added: [...written, ...deletes],
      removed,
      unneeded,
      tableUuid: table.metadata['table-uuid'],
      basis: {
        snapshotId: table.snapshot?.['snapshot-id'] ?? null,
        touched,
        overlaps: (file, added) => overlapping(run, rows, file, added),
        absent: await hasInserted(change, run),
      },
    },
  );
}

/** Whether a MERGE inserts rows: they are those that it did not find. */
async function hasInserted(change: RowChange, { session }: QueryRun): Promise<boolean> {
  if (change.kind !== 'merge') return false;
  const reader = await session.read(`SELECT 1 FROM ${CHANGES} WHERE c0 >= 0 AND c2 IS NULL LIMIT 1`);
  return reader.currentRowCount > 0;
}

/** The condition for changes that delete a row. */
function deletingCondition(change: RowChange): string {
  if (change.kind !== 'merge') return 'true';
  const clauses = change.clauses.flatMap(({ matched }, clause) => (matched ? [clause] : []));
  return clauses.length === 0 ? 'false' : `c0 IN (${clauses.join(', ')})`;
}

/** Writes the new versions of updated rows, and inserted rows. */
async function writeRows(change: RowChange, run: QueryRun, { table, columns, query, open }: OpenChange) {
  const updates = new Map(updatesOf(change).map(({ clause, assignments }) => [clause, assignments]));
  const inserts =
    change.kind === 'merge'
      ? change.clauses.flatMap(({ action }, clause) => (action.kind === 'insert' ? [clause] : []))
      : [];
  const clauses = [...updates.keys(), ...inserts];
  if (clauses.length === 0) return [];
  const indexOf = (wanted: (column: ChangeQuery['columns'][number]) => boolean) =>
    query.columns.findIndex(wanted);
  const values = columns.map(({ name, type }) => {
    const cases = clauses.flatMap((clause) => {
      const assigned = indexOf(
        (column) => column.kind === 'value' && column.clause === clause && column.column === name,
      );
      const kept = updates.has(clause)
        ? indexOf((column) => column.kind === 'old' && column.column === name)
        : -1;
      const index = assigned < 0 ? kept : assigned;
      return index < 0 ? [] : [`WHEN ${clause} THEN CAST(c${index} AS ${type})`];
    });
    return cases.length === 0 ? `CAST(NULL AS ${type})` : `CASE c0 ${cases.join(' ')} END`;
  });
  const { files } = await writeDataFiles(
    run,
    table.metadata,
    `SELECT ${values.join(', ')} FROM ${CHANGES} WHERE c0 IN (${clauses.join(', ')})`,
    // No position: the text that runs is not the statement's.
    { translateError: (error, prefix) => open.translateError(error, prefix + 1_000_000) },
  );
  return files;
}

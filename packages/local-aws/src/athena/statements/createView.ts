import { EXPANDED_TEXT, encodePrestoView, isView, type TableInput } from '../../glue/index.ts';
import { hiveTypeName, trinoTypeName } from '../engine/columnTypes.ts';
import { CATALOG, type Session } from '../engine/Session.ts';
import { statementError } from '../engine/StatementError.ts';
import type { RunnerOptions, StatementContext } from '../engine/StatementRunner.ts';
import { type OpenQuery, openQuery } from './queryStatements.ts';
import { resolveTableName, type Statement } from './Statement.ts';
import { assertColumnNames, assertColumns } from './write/queryColumns.ts';

/** A catalog statement with its context. */
export interface CatalogRun {
  /** The catalog and the store that the statement works on. */
  readonly runner: RunnerOptions;
  /** Names, parameters and permissions of the execution. */
  readonly context: StatementContext;
  /** The whole statement. */
  readonly statement: string;
  /** Opens a session for statements that contain a query. */
  readonly takeSession: () => Promise<Session>;
}

/**
 * Stores the view in Glue in Athena's format. https://docs.aws.amazon.com/athena/latest/ug/create-view.html
 *
 * @throws StatementError `TABLE_ALREADY_EXISTS`, `NOT_SUPPORTED` for a table of that name, and errors of the query; AwsError of the
 *   catalog.
 */
export async function createView(
  statement: Extract<Statement, { kind: 'createView' }>,
  run: CatalogRun,
): Promise<void> {
  const { runner, context } = run;
  const { catalog } = runner;
  const { database, name } = resolveTableName(statement.name, context.database);
  const existing = catalog.database(database).tables.get(name);
  if (existing !== undefined && !statement.replace) {
    throw statementError('TABLE_ALREADY_EXISTS', `View already exists: '${database}.${name}'`);
  }
  if (existing !== undefined && !isView(existing)) {
    throw statementError(
      'NOT_SUPPORTED',
      `'${database}.${name}' is a table: it cannot be replaced by a view`,
    );
  }
  const session = await run.takeSession();
  const open = await openQuery(statement.query, { ...run, session, nameColumns: false, isStored: true });
  try {
    assertColumnNames(statement, run.statement);
    assertColumns(open, run.statement);
  } finally {
    session.close();
  }
  const schema = context.database?.toLowerCase() ?? database;
  const input = viewInput(name, { sql: statement.query.sql.trimEnd(), schema, columns: open.columns });
  const operation = existing === undefined ? 'CreateTable' : 'UpdateTable';
  context.onCall({ service: 'glue', operation, input: { DatabaseName: database, Name: name } });
  if (existing === undefined) catalog.createTable(database, input);
  else catalog.updateTable(database, input);
}

/**
 * The view as Glue stores it.
 *
 * @param view.sql The query as it is written.
 * @param view.schema The database of names without one in its query.
 */
function viewInput(
  name: string,
  { sql, schema, columns }: Pick<OpenQuery, 'columns'> & { readonly sql: string; readonly schema: string },
): TableInput {
  return {
    Name: name,
    TableType: 'VIRTUAL_VIEW',
    Parameters: { presto_view: 'true', comment: 'Presto View' },
    PartitionKeys: [],
    StorageDescriptor: {
      // Types that Hive does not have are strings in Glue. The view's definition has the exact type.
      Columns: columns.map((column) => ({
        Name: column.name.toLowerCase(),
        Type: hiveTypeName(column.type) ?? 'string',
      })),
      Location: '',
    },
    ViewOriginalText: encodePrestoView({
      originalSql: sql,
      catalog: CATALOG,
      schema,
      columns: columns.map((column) => ({
        name: column.name.toLowerCase(),
        type: trinoTypeName(column.type),
      })),
    }),
    ViewExpandedText: EXPANDED_TEXT,
  };
}

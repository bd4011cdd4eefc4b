import { type Catalog, partitionFolder } from '../../../glue/index.ts';
import { textColumn } from '../../engine/columnTypes.ts';
import { assertNotIceberg } from '../../engine/QueryScope.ts';
import { statementError } from '../../engine/StatementError.ts';
import type { AthenaColumn, QueryCall } from '../../engine/StatementRunner.ts';
import { resolveDatabase, resolveTableName, type Statement } from '../Statement.ts';
import { describeTable } from './describeTable.ts';

/** SHOW and DESCRIBE. */
export type Show = Extract<
  Statement,
  {
    kind: 'showDatabases' | 'showTables' | 'showPartitions' | 'describe';
  }
>;

/** Answer of SHOW and DESCRIBE: lines of text. */
interface ShownLines {
  /** The columns as ColumnInfo describes them; a line has them separated by tabs. */
  readonly columns: readonly AthenaColumn[];
  /** The lines without line breaks. */
  readonly lines: readonly string[];
}

/**
 * Runs SHOW and DESCRIBE. The result is in Hive's format.
 *
 * @throws StatementError; AwsError `EntityNotFoundException`; what `onCall` throws.
 */
export function runShow(
  statement: Show,
  options: {
    /** What is shown. */
    readonly catalog: Catalog;
    /** The database of names without one; undefined without any. */
    readonly database: string | undefined;
    /** Receives the calls to Glue before they are made. */
    readonly onCall: (call: QueryCall) => void;
  },
): ShownLines {
  const { catalog, database, onCall } = options;
  if (statement.kind === 'showDatabases') {
    onCall({ service: 'glue', operation: 'GetDatabases', input: {} });
    const names = catalog.databases().map(({ input }) => input.Name);
    return { columns: [textColumn('database_name')], lines: names.filter(patternMatcher(statement.pattern)) };
  }
  if (statement.kind === 'showTables') {
    const name = resolveDatabase(statement.database, database);
    onCall({ service: 'glue', operation: 'GetTables', input: { DatabaseName: name } });
    const tables = [...catalog.database(name).tables.values()];
    const names = tables.map(({ input }) => input.Name).sort();
    return {
      columns: [textColumn('tab_name')],
      lines: names.filter(patternMatcher(statement.pattern)),
    };
  }
  const target = resolveTableName(statement.name, database);
  onCall({
    service: 'glue',
    operation: 'GetTable',
    input: { DatabaseName: target.database, Name: target.name },
  });
  const table = catalog.table(target.database, target.name);
  assertNotIceberg(table);
  switch (statement.kind) {
    case 'showPartitions': {
      onCall({
        service: 'glue',
        operation: 'GetPartitions',
        input: { DatabaseName: target.database, TableName: target.name },
      });
      const keys = (table.input.PartitionKeys ?? []).map(({ Name }) => Name);
      if (keys.length === 0)
        throw statementError('DDL', `SemanticException Table ${target.name} is not a partitioned table`);
      return {
        columns: [textColumn('partition')],
        lines: table.partitions.map(({ values }) => partitionFolder(keys, values)),
      };
    }
    case 'describe':
      return {
        columns: ['col_name', 'data_type', 'comment'].map(textColumn),
        lines: describeTable(table),
      };
  }
}

/**
 * Matches names by a pattern: `*` and `.*` match anything, `.` any character, `|` separates alternatives. Without a pattern,
 * all names match. https://docs.aws.amazon.com/athena/latest/ug/show-tables.html
 */
function patternMatcher(pattern: string | undefined): (name: string) => boolean {
  if (pattern === undefined) return () => true;
  const source = pattern.replaceAll(/[+?^${}()[\]\\]/g, '\\$&').replaceAll(/(?<!\.)\*/g, '.*');
  const expression = new RegExp(`^(?:${source})$`, 'i');
  return (name) => expression.test(name);
}

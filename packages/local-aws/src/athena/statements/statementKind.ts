import type { StatementKind } from '../engine/StatementRunner.ts';
import type { Statement } from './Statement.ts';

const KINDS: Readonly<Record<Statement['kind'], readonly [StatementKind['statementType'], string]>> = {
  query: ['DML', 'SELECT'],
  insert: ['DML', 'INSERT'],
  unload: ['DML', 'UNLOAD'],
  // DML, as it is a query: https://docs.aws.amazon.com/athena/latest/APIReference/API_QueryExecution.html
  createTableAs: ['DML', 'CREATE_TABLE_AS_SELECT'],
  execute: ['DML', 'EXECUTE'],
  explain: ['UTILITY', 'EXPLAIN'],
  createView: ['DDL', 'CREATE_VIEW'],
  dropView: ['DDL', 'DROP_VIEW'],
  prepare: ['DDL', 'PREPARE'],
  deallocate: ['DDL', 'DEALLOCATE'],
  createDatabase: ['DDL', 'CREATE_DATABASE'],
  dropDatabase: ['DDL', 'DROP_DATABASE'],
  createTable: ['DDL', 'CREATE_TABLE'],
  dropTable: ['DDL', 'DROP_TABLE'],
  addPartitions: ['DDL', 'ALTER_TABLE_ADD_PARTITION'],
  dropPartitions: ['DDL', 'ALTER_TABLE_DROP_PARTITION'],
  addColumns: ['DDL', 'ALTER_TABLE_ADD_COLUMNS'],
  repairTable: ['DDL', 'MSCK_REPAIR_TABLE'],
  showDatabases: ['UTILITY', 'SHOW_DATABASES'],
  showTables: ['UTILITY', 'SHOW_TABLES'],
  showColumns: ['UTILITY', 'SHOW_COLUMNS'],
  showPartitions: ['UTILITY', 'SHOW_PARTITIONS'],
  showCreate: ['UTILITY', 'SHOW_CREATE_TABLE'],
  showProperties: ['UTILITY', 'SHOW_TABLE_PROPERTIES'],
  describe: ['UTILITY', 'DESCRIBE_TABLE'],
};

/** What Athena calls a statement. */
export function statementKind(statement: Statement): StatementKind {
  const [statementType, name] = KINDS[statement.kind];
  if (statement.kind === 'showTables' && statement.views)
    return { statementType, substatementType: 'SHOW_VIEWS' };
  if (statement.kind === 'showCreate' && statement.view)
    return { statementType, substatementType: 'SHOW_CREATE_VIEW' };
  return { statementType, substatementType: name };
}

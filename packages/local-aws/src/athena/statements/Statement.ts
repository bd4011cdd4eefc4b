import { CATALOG } from '../engine/Session.ts';
import { statementError } from '../engine/StatementError.ts';
import type { StatementKind } from '../engine/StatementRunner.ts';
import type { TableStorage } from '../engine/tableFormat.ts';

/** A table name in a statement. */
export interface TableName {
  /** The data catalog; absent if the name has none. */
  readonly catalog?: string;
  /** The database; absent if the name has none. */
  readonly database?: string;
  /** The table, without quotes. */
  readonly table: string;
  /** Its offset in the text. */
  readonly offset: number;
}

/** A query within a statement, and its offset in the text. */
export interface QueryText {
  /** The text of the query. */
  readonly sql: string;
  /** Characters of the statement before the query. */
  readonly offset: number;
}

/** A column of CREATE TABLE, with its Hive type. */
export interface ColumnDefinition {
  /** The column's name, without quotes. */
  readonly name: string;
  /** The type in Hive's syntax: `array<int>`. */
  readonly type: string;
  /** The comment; absent without one. */
  readonly comment?: string;
}

/** A value of `WITH (…)`: a string or an array of strings. */
export type PropertyValue = string | readonly string[];

/** The properties of `WITH (…)`, by name. */
export type Properties = ReadonlyMap<string, PropertyValue>;

/** The values that identify a partition: `(ds = '2026-11-20')`. */
export interface PartitionSpec {
  /** The values by the names of the partition keys. */
  readonly values: ReadonlyMap<string, string>;
  /** The `s3://` location of the partition; absent if the statement states none. */
  readonly location?: string;
}

/** A parsed Athena statement. https://docs.aws.amazon.com/athena/latest/ug/ddl-reference.html and dml-queries.html */
export type Statement =
  | { readonly kind: 'query'; readonly query: QueryText }
  | {
      readonly kind: 'explain';
      readonly query: QueryText;
      /** Its tables in JSON, or a plan. */
      readonly type: 'io' | 'logical';
    }
  | {
      readonly kind: 'createTableAs';
      readonly name: TableName;
      readonly ifNotExists: boolean;
      readonly properties: Properties;
      readonly query: QueryText;
    }
  | {
      readonly kind: 'insert';
      readonly name: TableName;
      readonly columns: readonly string[] | undefined;
      readonly query: QueryText;
    }
  | {
      readonly kind: 'createView';
      readonly name: TableName;
      readonly replace: boolean;
      readonly query: QueryText;
    }
  | { readonly kind: 'dropView'; readonly name: TableName; readonly ifExists: boolean }
  | { readonly kind: 'execute'; readonly name: string; readonly parameters: readonly string[] }
  | { readonly kind: 'showDatabases'; readonly pattern: string | undefined }
  | {
      readonly kind: 'showTables';
      readonly database: string | undefined;
      readonly pattern: string | undefined;
    }
  | { readonly kind: 'showPartitions'; readonly name: TableName }
  | { readonly kind: 'describe'; readonly name: TableName }
  | {
      readonly kind: 'createDatabase';
      readonly name: string;
      readonly ifNotExists: boolean;
      readonly comment: string | undefined;
      readonly location: string | undefined;
    }
  | {
      readonly kind: 'createTable';
      readonly name: TableName;
      readonly ifNotExists: boolean;
      readonly columns: readonly ColumnDefinition[];
      readonly partitionKeys: readonly ColumnDefinition[];
      readonly comment: string | undefined;
      readonly location: string;
      readonly properties: ReadonlyMap<string, string>;
      /** How its files are read. */
      readonly storage: TableStorage;
    }
  | { readonly kind: 'dropTable'; readonly name: TableName; readonly ifExists: boolean }
  | {
      readonly kind: 'addPartitions';
      readonly name: TableName;
      readonly ifNotExists: boolean;
      readonly partitions: readonly PartitionSpec[];
    }
  | {
      readonly kind: 'dropPartitions';
      readonly name: TableName;
      readonly ifExists: boolean;
      readonly partitions: readonly PartitionSpec[];
    }
  | {
      readonly kind: 'setProperties';
      readonly name: TableName;
      readonly properties: ReadonlyMap<string, string>;
    };

/** What Athena says of each kind of statement. */
const KINDS: Readonly<Record<Statement['kind'], readonly [StatementKind['statementType'], string]>> = {
  query: ['DML', 'SELECT'],
  insert: ['DML', 'INSERT'],
  // Although API_QueryExecution says DML: the cache of AWS SDK for pandas, whose tests run on AWS, finds them as DDL.
  // https://github.com/aws/aws-sdk-pandas/blob/main/awswrangler/athena/_cache.py
  createTableAs: ['DDL', 'CREATE_TABLE_AS_SELECT'],
  execute: ['DML', 'EXECUTE'],
  explain: ['UTILITY', 'EXPLAIN'],
  createView: ['DDL', 'CREATE_VIEW'],
  dropView: ['DDL', 'DROP_VIEW'],
  createDatabase: ['DDL', 'CREATE_DATABASE'],
  createTable: ['DDL', 'CREATE_TABLE'],
  dropTable: ['DDL', 'DROP_TABLE'],
  addPartitions: ['DDL', 'ALTER_TABLE_ADD_PARTITION'],
  dropPartitions: ['DDL', 'ALTER_TABLE_DROP_PARTITION'],
  setProperties: ['DDL', 'ALTER_TABLE_SET_TBLPROPERTIES'],
  showDatabases: ['UTILITY', 'SHOW_DATABASES'],
  showTables: ['UTILITY', 'SHOW_TABLES'],
  showPartitions: ['UTILITY', 'SHOW_PARTITIONS'],
  describe: ['UTILITY', 'DESCRIBE_TABLE'],
};

/** Athena's type and subtype of a statement. */
export function statementKind(statement: Statement): StatementKind {
  const [statementType, substatementType] = KINDS[statement.kind];
  return { statementType, substatementType };
}

/**
 * Resolves a table name to lower case, as in Glue. @param current The database of unqualified names.
 *
 * @throws StatementError for another catalog than the data catalog, and as {@link resolveDatabase}.
 */
export function resolveTableName(
  { catalog, database, table }: TableName,
  current: string | undefined,
): { readonly database: string; readonly name: string } {
  if (catalog !== undefined && catalog.toLowerCase() !== CATALOG) {
    throw statementError('CATALOG_NOT_FOUND', `Catalog '${catalog}' does not exist`);
  }
  return { database: resolveDatabase(database, current), name: table.toLowerCase() };
}

/** The name of a database, by default the current one. @throws StatementError `MISSING_SCHEMA_NAME` without either. */
export function resolveDatabase(name: string | undefined, current: string | undefined): string {
  const database = name ?? current;
  if (database === undefined) {
    throw statementError('MISSING_SCHEMA_NAME', 'Schema must be specified when session schema is not set');
  }
  return database.toLowerCase();
}

/** A name of a table as it stands in a statement. */
export interface TableName {
  readonly catalog?: string;
  readonly database?: string;
  readonly table: string;
  /** Where it stands in the text. */
  readonly offset: number;
}

/** A part of the statement that is a query of its own, and where it begins in the text. */
export interface QueryText {
  readonly sql: string;
  readonly offset: number;
}

/** A column of CREATE TABLE or ADD COLUMNS, its type in Hive's words. */
export interface ColumnDefinition {
  readonly name: string;
  readonly type: string;
  readonly comment?: string;
}

/** A value of `WITH (…)`: a text, or the texts of an array. */
export type PropertyValue = string | readonly string[];

/** All of `WITH (…)`, by name. */
export type Properties = ReadonlyMap<string, PropertyValue>;

/** The values that name a partition: `(ds = '2026-11-20')`. */
export interface PartitionSpec {
  readonly values: ReadonlyMap<string, string>;
  readonly location?: string;
}

/** A statement of Athena, read. https://docs.aws.amazon.com/athena/latest/ug/ddl-reference.html and dml-queries.html */
export type Statement =
  | { readonly kind: 'query'; readonly query: QueryText }
  | { readonly kind: 'explain'; readonly query: QueryText; readonly analyze: boolean }
  | {
      readonly kind: 'createTableAs';
      readonly name: TableName;
      readonly ifNotExists: boolean;
      readonly properties: Properties;
      readonly query: QueryText;
      readonly withData: boolean;
    }
  | {
      readonly kind: 'insert';
      readonly name: TableName;
      readonly columns: readonly string[] | undefined;
      readonly query: QueryText;
    }
  | {
      readonly kind: 'unload';
      readonly query: QueryText;
      readonly location: string;
      readonly properties: Properties;
    }
  | {
      readonly kind: 'createView';
      readonly name: TableName;
      readonly replace: boolean;
      readonly query: QueryText;
    }
  | { readonly kind: 'dropView'; readonly name: TableName; readonly ifExists: boolean }
  | { readonly kind: 'prepare'; readonly name: string; readonly sql: string }
  | { readonly kind: 'execute'; readonly name: string; readonly parameters: readonly string[] }
  | { readonly kind: 'deallocate'; readonly name: string }
  | { readonly kind: 'showDatabases'; readonly pattern: string | undefined }
  | {
      readonly kind: 'showTables';
      readonly database: string | undefined;
      readonly pattern: string | undefined;
      readonly views: boolean;
    }
  | { readonly kind: 'showColumns'; readonly name: TableName }
  | { readonly kind: 'showPartitions'; readonly name: TableName }
  | { readonly kind: 'showCreate'; readonly name: TableName; readonly view: boolean }
  | { readonly kind: 'showProperties'; readonly name: TableName; readonly property: string | undefined }
  | { readonly kind: 'describe'; readonly name: TableName; readonly view: boolean }
  | {
      readonly kind: 'createDatabase';
      readonly name: string;
      readonly ifNotExists: boolean;
      readonly comment: string | undefined;
      readonly location: string | undefined;
      readonly properties: ReadonlyMap<string, string>;
    }
  | {
      readonly kind: 'dropDatabase';
      readonly name: string;
      readonly ifExists: boolean;
      readonly cascade: boolean;
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
  | { readonly kind: 'addColumns'; readonly name: TableName; readonly columns: readonly ColumnDefinition[] }
  | { readonly kind: 'repairTable'; readonly name: TableName };

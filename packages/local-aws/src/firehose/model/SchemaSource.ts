/** A column as the catalog has it: Glue's own type text, e.g. `decimal(10,2)`. */
export interface SchemaColumn {
  readonly name: string;
  readonly type: string;
}

/** What conversion needs to know of a table. Partition keys are no columns of its files. */
export interface TableSchema {
  readonly columns: readonly SchemaColumn[];
  readonly partitionKeys?: readonly SchemaColumn[];
}

/** Looks a table up at delivery time, as Firehose does with `VersionId: LATEST`; undefined when there is none. */
export type SchemaSource = (database: string, table: string) => Promise<TableSchema | undefined>;

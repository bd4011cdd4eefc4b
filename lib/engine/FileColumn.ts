/** A top-level column of a Parquet file. */
export interface FileColumn {
  readonly name: string;
  /** Its type in DuckDB's words, e.g. `VARCHAR`, `DECIMAL(10,2)`, `STRUCT(a INTEGER)`. */
  readonly type: string;
  /**
   * It is a zone-less type in DuckDB that holds instants all the same: INT96, which Spark, Hive and Trino write in
   * UTC, and times with the old converted type alone, which are in UTC by the format's word.
   * https://github.com/apache/parquet-format/blob/master/LogicalTypes.md
   */
  readonly utc: boolean;
}

/** A column of a Parquet file, or a member of a struct in one. */
export interface FileColumn {
  /** As the file has it. */
  readonly name: string;
  /** What it is called in SQL: DuckDB gives columns other names where they differ in case alone, or not at all. */
  readonly sqlName: string;
  /** Its type as DuckDB reads it, e.g. `VARCHAR`, `DECIMAL(10,2)`, `STRUCT(a INTEGER)`. */
  readonly type: string;
  /** The same as the file has it: decimals may have fewer digits, or more than DuckDB has. */
  readonly declared: string;
  /** How many bytes each value has, where these are bytes of a fixed number; null of other types. */
  readonly fixedBytes: number | null;
  /**
   * It is a zone-less type in DuckDB that holds instants all the same: INT96, which Spark, Hive and Trino write in
   * UTC, and times with the old converted type alone, which are in UTC by the format's word.
   * https://github.com/apache/parquet-format/blob/master/LogicalTypes.md
   */
  readonly utc: boolean;
  /** Its times are nanoseconds in the file, which DuckDB cuts to microseconds where they have a zone. */
  readonly nanoseconds: boolean;
  /**
   * What it would have to be to be read, itself or something inside; null when it is read right. VARIANT is not, nor are
   * decimals that can't be, and decimals of more than 38 digits: DuckDB makes doubles of these, and wrong ones of those
   * whose bytes are no multiple of 8. https://github.com/duckdb/duckdb/pull/25058
   */
  readonly misread: string | null;
  /** Places of its first leaf, and of the first that is not its own, among the column chunks of a row group. */
  readonly leaves: readonly [first: number, end: number] | null;
  /** Of a struct; none of other types, and of lists and maps of structs. */
  readonly members: readonly FileColumn[];
}

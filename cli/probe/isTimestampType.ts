/**
 * Whether Athena takes a Parquet column of this type for a time: INT96, or INT64 that is annotated as one.
 *
 * @param type Physical type.
 * @param annotations Its converted and its logical type, as DuckDB words them.
 */
export function isTimestampType(type: string, annotations: readonly string[]): boolean {
  return type === 'INT96' || (type === 'INT64' && annotations.some((text) => /timestamp/i.test(text)));
}

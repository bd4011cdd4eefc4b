/**
 * Whether Athena takes a Parquet column of this type for a time: INT96, or INT64 that is annotated as one.
 *
 * @param type Physical type.
 * @param annotation Its converted or its logical type, as DuckDB words it; '' when it has none.
 */
export function isTimestampType(type: string, annotation: string): boolean {
  return type === 'INT96' || (type === 'INT64' && /timestamp/i.test(annotation));
}

/** The value of a partition key: null under Hive's name for a partition of rows without one. */
export function keyValue(value: string): string | null {
  return value === '__HIVE_DEFAULT_PARTITION__' ? null : value;
}

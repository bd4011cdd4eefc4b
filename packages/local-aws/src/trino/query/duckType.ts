/** Glue's simple types in DuckDB. https://docs.aws.amazon.com/athena/latest/ug/data-types.html */
const TYPES: Readonly<Record<string, string>> = {
  string: 'VARCHAR',
  boolean: 'BOOLEAN',
  tinyint: 'TINYINT',
  smallint: 'SMALLINT',
  int: 'INTEGER',
  bigint: 'BIGINT',
  float: 'FLOAT',
  double: 'DOUBLE',
  date: 'DATE',
  timestamp: 'TIMESTAMP',
  binary: 'BLOB',
};

/**
 * The DuckDB type of a Glue column type.
 *
 * @returns undefined for a nested type: its column then keeps whatever type its files have.
 */
export function duckType(glueType: string): string | undefined {
  const type = glueType.toLowerCase();
  const decimal = /^decimal\((\d+),(\d+)\)$/.exec(type);
  if (decimal !== null) return `DECIMAL(${decimal[1]},${decimal[2]})`;
  if (/^(varchar|char)\(\d+\)$/.test(type)) return 'VARCHAR';
  return TYPES[type];
}

/** What a column's type is good for. */
export type ColumnKind =
  | 'text'
  | 'json'
  | 'bytes'
  | 'integer'
  | 'decimal'
  | 'float'
  | 'boolean'
  | 'date'
  /** A date and time without a zone. */
  | 'local'
  /** A point in time. */
  | 'instant'
  | 'nested'
  /** Times of day, intervals, bits. */
  | 'other';

const KINDS: Readonly<Record<string, ColumnKind>> = {
  VARCHAR: 'text',
  UUID: 'text',
  JSON: 'json',
  BLOB: 'bytes',
  BOOLEAN: 'boolean',
  DATE: 'date',
  TINYINT: 'integer',
  SMALLINT: 'integer',
  INTEGER: 'integer',
  BIGINT: 'integer',
  HUGEINT: 'integer',
  UTINYINT: 'integer',
  USMALLINT: 'integer',
  UINTEGER: 'integer',
  UBIGINT: 'integer',
  UHUGEINT: 'integer',
  FLOAT: 'float',
  DOUBLE: 'float',
  TIMESTAMP: 'local',
  TIMESTAMP_S: 'local',
  TIMESTAMP_MS: 'local',
  TIMESTAMP_NS: 'local',
  'TIMESTAMP WITH TIME ZONE': 'instant',
};

/** The kind of one of DuckDB's types, as DESCRIBE writes it. */
export function columnKind(type: string): ColumnKind {
  const kind = KINDS[type];
  if (kind !== undefined) return kind;
  if (type.endsWith(']') || /^(STRUCT|MAP|UNION|VARIANT)\b/.test(type)) return 'nested';
  if (type.startsWith('DECIMAL')) return 'decimal';
  return type.startsWith('ENUM') ? 'text' : 'other';
}

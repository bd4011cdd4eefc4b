import type { AthenaColumn } from '../engine/StatementRunner.ts';

/** Types whose values compare by case. */
const TEXT = new Set(['varchar', 'char', 'string', 'json']);

/**
 * A column as `GetQueryResults` describes it. Athena leaves schema and table empty whatever the query, and calls the
 * catalog `hive`. https://docs.aws.amazon.com/athena/latest/APIReference/API_ColumnInfo.html
 */
export function columnInfo({ name, type, precision, scale, nullable }: AthenaColumn) {
  return {
    CatalogName: 'hive',
    SchemaName: '',
    TableName: '',
    Name: name,
    Label: name,
    Type: type,
    Precision: precision,
    Scale: scale,
    Nullable: nullable,
    CaseSensitive: TEXT.has(type),
  };
}

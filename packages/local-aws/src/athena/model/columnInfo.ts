import type { AthenaColumn } from '../engine/StatementRunner.ts';

/** Types whose values are case-sensitive, in Athena's names. */
const TEXT = new Set(['varchar', 'char', 'string', 'json']);

/** A column of a result: https://docs.aws.amazon.com/athena/latest/APIReference/API_ColumnInfo.html */
export interface ColumnInfo {
  /** Always `hive`, whatever catalog the column is of. */
  readonly CatalogName: 'hive';
  /** Always empty. */
  readonly SchemaName: '';
  /** Always empty. */
  readonly TableName: '';
  /** The column's name; empty for a column without one. */
  readonly Name: string;
  /** The same as the name. */
  readonly Label: string;
  /** Athena's name of the type, without its parameters. */
  readonly Type: string;
  /** Digits of a number, or characters of a text. */
  readonly Precision: number;
  /** Digits after the point of a decimal; 0 for other types. */
  readonly Scale: number;
  /** Whether values can be null. */
  readonly Nullable: AthenaColumn['nullable'];
  /** Whether values that differ only in case are different: true for texts. */
  readonly CaseSensitive: boolean;
}

/**
 * A column in the response of `GetQueryResults`. Athena always leaves schema and table empty and names the catalog `hive`.
 */
export function columnInfo({ name, type, precision, scale, nullable }: AthenaColumn): ColumnInfo {
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

import {
  DuckDBDecimalType,
  DuckDBListType,
  DuckDBMapType,
  DuckDBStructType,
  type DuckDBType,
  DuckDBTypeId,
} from '@duckdb/node-api';
import type { AthenaColumn } from './StatementRunner.ts';

/** The most characters of a varchar: https://docs.aws.amazon.com/athena/latest/ug/data-types.html */
export const MOST_CHARACTERS = 2_147_483_647;
/** The most bytes of a varbinary, as Athena describes such a column. */
const MOST_BYTES = 1_073_741_824;

/** The names of a type in Athena, Hive and Trino, and its precision in ColumnInfo. */
interface KnownType {
  /** Athena's name, as ColumnInfo has it. */
  readonly athena: string;
  /** Hive's name, as Glue has it; null if Hive has no such type. Default: Athena's. */
  readonly hive?: string | null;
  /** Trino's name, as `typeof` has it. Default: Athena's. */
  readonly trino?: string;
  /** Digits of a number, or the most characters or bytes of a value; 0 where Athena states none. */
  readonly precision: number;
}

// DuckDB's sums of integers are wider than 64 bits, and some of its functions return unsigned integers. In Athena both are
// bigints.
const BIGINT: KnownType = { athena: 'bigint', precision: 19 };

/** What DuckDB's types without parameters are called elsewhere. */
const KNOWN: ReadonlyMap<number, KnownType> = new Map([
  [DuckDBTypeId.BOOLEAN, { athena: 'boolean', precision: 0 }],
  [DuckDBTypeId.TINYINT, { athena: 'tinyint', precision: 3 }],
  [DuckDBTypeId.SMALLINT, { athena: 'smallint', precision: 5 }],
  [DuckDBTypeId.INTEGER, { athena: 'integer', hive: 'int', precision: 10 }],
  [DuckDBTypeId.BIGINT, BIGINT],
  [DuckDBTypeId.HUGEINT, BIGINT],
  [DuckDBTypeId.UTINYINT, BIGINT],
  [DuckDBTypeId.USMALLINT, BIGINT],
  [DuckDBTypeId.UINTEGER, BIGINT],
  [DuckDBTypeId.UBIGINT, BIGINT],
  [DuckDBTypeId.UHUGEINT, BIGINT],
  [DuckDBTypeId.FLOAT, { athena: 'float', trino: 'real', precision: 17 }],
  [DuckDBTypeId.DOUBLE, { athena: 'double', precision: 17 }],
  [DuckDBTypeId.VARCHAR, { athena: 'varchar', hive: 'string', precision: MOST_CHARACTERS }],
  [DuckDBTypeId.BLOB, { athena: 'varbinary', hive: 'binary', precision: MOST_BYTES }],
  [DuckDBTypeId.DATE, { athena: 'date', precision: 0 }],
  [DuckDBTypeId.TIMESTAMP, { athena: 'timestamp', trino: 'timestamp(3)', precision: 3 }],
  [
    DuckDBTypeId.TIMESTAMP_TZ,
    { athena: 'timestamp with time zone', hive: null, trino: 'timestamp(3) with time zone', precision: 3 },
  ],
  // DuckDB has one type of both kinds of intervals: one of months is told as one of days, too.
  [DuckDBTypeId.INTERVAL, { athena: 'interval day to second', hive: null, precision: 0 }],
  [DuckDBTypeId.UUID, { athena: 'uuid', hive: null, precision: 0 }],
  [DuckDBTypeId.SQLNULL, { athena: 'unknown', hive: null, precision: 0 }],
]);

/** Whether a type is JSON, which DuckDB has as a text with another name. */
const isJson = (type: DuckDBType) => type.typeId === DuckDBTypeId.VARCHAR && type.alias === 'JSON';

/**
 * The column of a result as Athena describes it. Strings have no length: DuckDB keeps none. A type that Athena does not
 * have, such as an enumeration, is told as a varchar.
 */
export function resultColumn(name: string, type: DuckDBType): AthenaColumn {
  const nullable = 'UNKNOWN';
  if (type instanceof DuckDBDecimalType) {
    return { name, type: 'decimal', precision: type.width, scale: type.scale, nullable };
  }
  if (isJson(type)) return { name, type: 'json', precision: 0, scale: 0, nullable };
  const known = KNOWN.get(type.typeId);
  if (known !== undefined)
    return { name, type: known.athena, precision: known.precision, scale: 0, nullable };
  if (type instanceof DuckDBListType) return { name, type: 'array', precision: 0, scale: 0, nullable };
  if (type instanceof DuckDBMapType) return { name, type: 'map', precision: 0, scale: 0, nullable };
  if (type instanceof DuckDBStructType) return { name, type: 'row', precision: 0, scale: 0, nullable };
  return { name, type: 'varchar', precision: MOST_CHARACTERS, scale: 0, nullable };
}

/** The Hive type that stores such values; undefined if Hive has no such type (JSON, times with time zone, …). */
export function hiveTypeName(type: DuckDBType): string | undefined {
  if (type instanceof DuckDBDecimalType) return `decimal(${type.width},${type.scale})`;
  if (isJson(type)) return undefined;
  if (type instanceof DuckDBListType) {
    const item = hiveTypeName(type.valueType);
    return item && `array<${item}>`;
  }
  if (type instanceof DuckDBMapType) {
    const key = hiveTypeName(type.keyType);
    const value = hiveTypeName(type.valueType);
    return key && value && `map<${key},${value}>`;
  }
  if (type instanceof DuckDBStructType) {
    const fields = type.entryTypes.map((entry, index) => [type.entryNames[index], hiveTypeName(entry)]);
    return fields.every(([, entry]) => entry !== undefined)
      ? `struct<${fields.map((field) => field.join(':')).join(',')}>`
      : undefined;
  }
  const known = KNOWN.get(type.typeId);
  if (known === undefined || known.hive === null) return undefined;
  return known.hive ?? known.athena;
}

/** Trino's name of a type, as in a view's definition; varchar for a type that Trino does not have. */
export function trinoTypeName(type: DuckDBType): string {
  if (type instanceof DuckDBDecimalType) return `decimal(${type.width},${type.scale})`;
  if (isJson(type)) return 'json';
  if (type instanceof DuckDBListType) return `array(${trinoTypeName(type.valueType)})`;
  if (type instanceof DuckDBMapType)
    return `map(${trinoTypeName(type.keyType)}, ${trinoTypeName(type.valueType)})`;
  if (type instanceof DuckDBStructType) {
    const fields = type.entryTypes
      .map((entry, index) => `${type.entryNames[index]} ${trinoTypeName(entry)}`)
      .join(', ');
    return `row(${fields})`;
  }
  const known = KNOWN.get(type.typeId);
  return known?.trino ?? known?.athena ?? 'varchar';
}

/** A text column in the result of SHOW, DESCRIBE and similar statements. */
export function textColumn(name: string): AthenaColumn {
  return { name, type: 'string', precision: 0, scale: 0, nullable: 'UNKNOWN' };
}

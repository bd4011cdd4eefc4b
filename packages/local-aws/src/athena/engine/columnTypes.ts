import {
  DuckDBDecimalType,
  DuckDBListType,
  DuckDBMapType,
  DuckDBStructType,
  type DuckDBType,
  DuckDBTypeId,
} from '@duckdb/node-api';
import { quoteName } from '../../base/sql.ts';
import type { AthenaColumn } from './StatementRunner.ts';

/** Most characters of a varchar. */
const VARCHAR = 2_147_483_647;
/** Most characters of a varchar with a length in Hive; beyond it is a string. */
const HIVE_VARCHAR = 65_535;
/** Most bytes of a varbinary. */
const VARBINARY = 1_073_741_824;

/** Athena's name of a type, Hive's, and the precision that ColumnInfo tells of it. */
interface KnownType {
  readonly athena: string;
  readonly hive?: string;
  readonly trino?: string;
  readonly precision: number;
}

// Whole numbers wider than 64 bits are what DuckDB's sums and counts give; in Athena they are bigints.
const BIGINT: KnownType = { athena: 'bigint', precision: 19 };

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
  [DuckDBTypeId.FLOAT, { athena: 'float', hive: 'float', trino: 'real', precision: 17 }],
  [DuckDBTypeId.DOUBLE, { athena: 'double', precision: 17 }],
  [DuckDBTypeId.VARCHAR, { athena: 'varchar', hive: 'string', precision: VARCHAR }],
  [DuckDBTypeId.BLOB, { athena: 'varbinary', hive: 'binary', precision: VARBINARY }],
  [DuckDBTypeId.DATE, { athena: 'date', precision: 0 }],
  [DuckDBTypeId.TIMESTAMP, { athena: 'timestamp', trino: 'timestamp(3)', precision: 3 }],
  [
    DuckDBTypeId.TIMESTAMP_TZ,
    { athena: 'timestamp with time zone', trino: 'timestamp(3) with time zone', precision: 3 },
  ],
  [DuckDBTypeId.TIME, { athena: 'time', precision: 3 }],
  [DuckDBTypeId.INTERVAL, { athena: 'interval day to second', precision: 0 }],
  [DuckDBTypeId.UUID, { athena: 'uuid', precision: 0 }],
  [DuckDBTypeId.SQLNULL, { athena: 'unknown', precision: 0 }],
]);

const isJson = (type: DuckDBType) => type.typeId === DuckDBTypeId.VARCHAR && type.alias === 'JSON';

/**
 * How Athena describes a column of a result.
 *
 * @param text `varchar(10)` or `char(3)` of a text whose length is known.
 */
export function resultColumn(name: string, type: DuckDBType, text?: string): AthenaColumn {
  const nullable = 'UNKNOWN';
  const [, kind, length] = /^(varchar|char)\((\d+)\)$/.exec(text ?? '') ?? [];
  if (kind !== undefined) return { name, type: kind, precision: Number(length), scale: 0, nullable };
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
  return { name, type: 'varchar', precision: VARCHAR, scale: 0, nullable };
}

/** The type of a Glue column that keeps such values; undefined where Hive has none (JSON, times with a zone, …). */
export function hiveTypeName(type: DuckDBType, text?: string): string | undefined {
  if (text !== undefined && Number(/\d+/.exec(text)?.[0]) <= HIVE_VARCHAR) return text;
  if (type instanceof DuckDBDecimalType) return `decimal(${type.width},${type.scale})`;
  if (isJson(type)) return undefined;
  if (type instanceof DuckDBListType) {
    const item = hiveTypeName(type.valueType);
    return item && `array<${item}>`;
  }
  if (type instanceof DuckDBMapType) {
    const [key, value] = [hiveTypeName(type.keyType), hiveTypeName(type.valueType)];
    return key && value && `map<${key},${value}>`;
  }
  if (type instanceof DuckDBStructType) {
    const fields = type.entryTypes.map((entry, index) => [type.entryNames[index], hiveTypeName(entry)]);
    return fields.every(([, entry]) => entry !== undefined)
      ? `struct<${fields.map((field) => field.join(':')).join(',')}>`
      : undefined;
  }
  const known = KNOWN.get(type.typeId);
  if (known === undefined || /zone|interval|uuid|unknown|^time$/.test(known.athena)) return undefined;
  return known.hive ?? known.athena;
}

/** The type in Trino's words, as a view's definition keeps it. */
export function trinoTypeName(type: DuckDBType, text?: string): string {
  if (text !== undefined) return text;
  if (type instanceof DuckDBDecimalType) return `decimal(${type.width},${type.scale})`;
  if (isJson(type)) return 'json';
  if (type instanceof DuckDBListType) return `array(${trinoTypeName(type.valueType)})`;
  if (type instanceof DuckDBMapType)
    return `map(${trinoTypeName(type.keyType)}, ${trinoTypeName(type.valueType)})`;
  if (type instanceof DuckDBStructType) {
    return `row(${type.entryTypes.map((entry, index) => `${type.entryNames[index]} ${trinoTypeName(entry)}`).join(', ')})`;
  }
  const known = KNOWN.get(type.typeId);
  return known?.trino ?? known?.athena ?? 'varchar';
}

/** One of the columns of text that SHOW, DESCRIBE and the like answer. */
export function textColumn(name: string): AthenaColumn {
  return { name, type: 'string', precision: 0, scale: 0, nullable: 'UNKNOWN' };
}

/** A type as the Glue catalog has it, in the words of DuckDB and of Athena's queries. */
export interface HiveType {
  readonly duckDb: string;
  /** E.g. `varchar`, `array(row(a integer))`: what `information_schema` and DESCRIBE OUTPUT show. */
  readonly trino: string;
}

/** https://docs.aws.amazon.com/athena/latest/ug/data-types.html */
const SIMPLE: Readonly<Record<string, HiveType>> = {
  string: { duckDb: 'VARCHAR', trino: 'varchar' },
  boolean: { duckDb: 'BOOLEAN', trino: 'boolean' },
  tinyint: { duckDb: 'TINYINT', trino: 'tinyint' },
  smallint: { duckDb: 'SMALLINT', trino: 'smallint' },
  int: { duckDb: 'INTEGER', trino: 'integer' },
  integer: { duckDb: 'INTEGER', trino: 'integer' },
  bigint: { duckDb: 'BIGINT', trino: 'bigint' },
  float: { duckDb: 'FLOAT', trino: 'real' },
  double: { duckDb: 'DOUBLE', trino: 'double' },
  date: { duckDb: 'DATE', trino: 'date' },
  timestamp: { duckDb: 'TIMESTAMP', trino: 'timestamp(3)' },
  binary: { duckDb: 'BLOB', trino: 'varbinary' },
};

/** Reads a type of a Glue column, nested ones too; undefined when it is none that Athena has. */
export function parseHiveType(text: string): HiveType | undefined {
  const type = text.trim();
  const simple = SIMPLE[type.toLowerCase()];
  if (simple !== undefined) return simple;
  const decimal = /^decimal(?:\((\d+)(?:\s*,\s*(\d+))?\))?$/i.exec(type);
  if (decimal !== null) {
    const [precision, scale] = [decimal[1] ?? '10', decimal[2] ?? '0'];
    return { duckDb: `DECIMAL(${precision}, ${scale})`, trino: `decimal(${precision},${scale})` };
  }
  if (/^(?:varchar|char)\(\d+\)$/i.test(type)) return { duckDb: 'VARCHAR', trino: type.toLowerCase() };
  const nested = /^(array|map|struct)<(.*)>$/is.exec(type);
  const parts = nested === null ? [] : splitTopLevel(nested[2] ?? '');
  const kind = nested?.[1]?.toLowerCase();
  if (kind === 'array' && parts.length === 1) {
    const item = parseHiveType(parts[0] ?? '');
    return item && { duckDb: `${item.duckDb}[]`, trino: `array(${item.trino})` };
  }
  if (kind === 'map' && parts.length === 2) {
    const [key, value] = [parseHiveType(parts[0] ?? ''), parseHiveType(parts[1] ?? '')];
    return (
      key &&
      value && { duckDb: `MAP(${key.duckDb}, ${value.duckDb})`, trino: `map(${key.trino}, ${value.trino})` }
    );
  }
  return kind === 'struct' ? parseStructType(parts) : undefined;
}

function parseStructType(parts: readonly string[]): HiveType | undefined {
  const fields: { readonly name: string; readonly type: HiveType }[] = [];
  for (const part of parts) {
    const colon = part.indexOf(':');
    const type = parseHiveType(part.slice(colon + 1));
    if (colon < 1 || type === undefined) return undefined;
    fields.push({ name: part.slice(0, colon).trim(), type });
  }
  return {
    duckDb: `STRUCT(${fields.map(({ name, type }) => `${quoteName(name)} ${type.duckDb}`).join(', ')})`,
    trino: `row(${fields.map(({ name, type }) => `${name} ${type.trino}`).join(', ')})`,
  };
}

function splitTopLevel(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (const [index, character] of [...text].entries()) {
    if (character === '<' || character === '(') depth += 1;
    if (character === '>' || character === ')') depth -= 1;
    if (character === ',' && depth === 0) {
      parts.push(text.slice(start, index));
      start = index + 1;
    }
  }
  return [...parts, text.slice(start)];
}

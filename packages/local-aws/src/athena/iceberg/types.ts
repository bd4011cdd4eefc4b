import {
  DuckDBDecimalType,
  DuckDBListType,
  DuckDBMapType,
  DuckDBStructType,
  type DuckDBType,
  DuckDBTypeId,
} from '@duckdb/node-api';
import { quoteName } from '../../base/sql.ts';
import type { IcebergField, IcebergType } from '../../iceberg/index.ts';
import { splitTopLevel } from '../../trino/index.ts';
import { trinoTypeName } from '../engine/columnTypes.ts';
import { statementError } from '../engine/StatementError.ts';
import { ddlFailure } from './failures.ts';

/** DuckDB's and Hive's names of the types that Athena has; `time`, `uuid` and `fixed` are others' and text or bytes in Glue. */
const PRIMITIVES: ReadonlyMap<string, { readonly duckDb: string; readonly hive: string }> = new Map([
  ['boolean', { duckDb: 'BOOLEAN', hive: 'boolean' }],
  ['int', { duckDb: 'INTEGER', hive: 'int' }],
  ['long', { duckDb: 'BIGINT', hive: 'bigint' }],
  ['float', { duckDb: 'FLOAT', hive: 'float' }],
  ['double', { duckDb: 'DOUBLE', hive: 'double' }],
  ['date', { duckDb: 'DATE', hive: 'date' }],
  ['time', { duckDb: 'TIME', hive: 'string' }],
  ['timestamp', { duckDb: 'TIMESTAMP', hive: 'timestamp' }],
  ['timestamptz', { duckDb: 'TIMESTAMPTZ', hive: 'timestamp' }],
  ['string', { duckDb: 'VARCHAR', hive: 'string' }],
  ['uuid', { duckDb: 'UUID', hive: 'string' }],
  ['binary', { duckDb: 'BLOB', hive: 'binary' }],
]);

/** The type of a column in DuckDB. @throws StatementError for a type that is not in the specification's version 2. */
export function duckDbTypeOf(type: IcebergType): string {
  if (typeof type === 'string') {
    const known = PRIMITIVES.get(type)?.duckDb;
    if (known !== undefined) return known;
    if (/^fixed\[\d+\]$/.test(type)) return 'BLOB';
    const [, precision, scale] = decimalOf(type) ?? [];
    if (precision !== undefined) return `DECIMAL(${precision}, ${scale})`;
    throw statementError('NOT_SUPPORTED', `The type ${type} of Iceberg is not emulated by the local Athena`);
  }
  if (type.type === 'list') return `${duckDbTypeOf(type.element)}[]`;
  if (type.type === 'map') return `MAP(${duckDbTypeOf(type.key)}, ${duckDbTypeOf(type.value)})`;
  return `STRUCT(${type.fields.map((field) => `${quoteName(field.name)} ${duckDbTypeOf(field.type)}`).join(', ')})`;
}

/**
 * The type of a column in Glue, as Iceberg's own Glue catalog writes it:
 * IcebergToGlueConverter in https://github.com/apache/iceberg.
 */
export function hiveTypeOf(type: IcebergType): string {
  if (typeof type === 'string') {
    const [, precision, scale] = decimalOf(type) ?? [];
    return precision === undefined
      ? (PRIMITIVES.get(type)?.hive ?? 'binary')
      : `decimal(${precision},${scale})`;
  }
  if (type.type === 'list') return `array<${hiveTypeOf(type.element)}>`;
  if (type.type === 'map') return `map<${hiveTypeOf(type.key)},${hiveTypeOf(type.value)}>`;
  return `struct<${type.fields.map(({ name, type: own }) => `${name}:${hiveTypeOf(own)}`).join(',')}>`;
}

function decimalOf(type: string): RegExpExecArray | null {
  return /^decimal\((\d+),\s*(\d+)\)$/.exec(type);
}

/** Types of Hive that Iceberg doesn't have, and what to write instead: HiveSchemaConverter in https://github.com/apache/iceberg. */
const REPLACED = new Map([
  ['tinyint', 'integer'],
  ['smallint', 'integer'],
  ['char', 'string'],
  ['varchar', 'string'],
]);

/**
 * The type of a column that a statement declares. Fields of nested types have the ID 0: the table gives them their own.
 * https://docs.aws.amazon.com/athena/latest/ug/querying-iceberg-supported-data-types.html
 *
 * @throws StatementError for a type that Athena's Iceberg tables don't have.
 */
export function declaredType(text: string): IcebergType {
  const type = text.trim();
  const lower = type.toLowerCase();
  const simple = [...PRIMITIVES].find(([name, { hive }]) => hive === lower && CREATABLE.has(name));
  if (simple !== undefined) return simple[0];
  const decimal = /^decimal(?:\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\))?$/.exec(lower);
  if (decimal !== null) return `decimal(${decimal[1] ?? '10'}, ${decimal[2] ?? '0'})`;
  const [, kind = '', inner = ''] = /^(array|map|struct)<(.*)>$/is.exec(type) ?? [];
  const parts = inner === '' ? [] : splitTopLevel(inner);
  const [first = '', second = ''] = parts;
  if (kind.toLowerCase() === 'array' && parts.length === 1)
    return { type: 'list', 'element-id': 0, element: declaredType(first), 'element-required': false };
  if (kind.toLowerCase() === 'map' && parts.length === 2)
    return {
      type: 'map',
      'key-id': 0,
      key: declaredType(first),
      'value-id': 0,
      value: declaredType(second),
      'value-required': false,
    };
  if (kind.toLowerCase() === 'struct' && parts.length > 0)
    return {
      type: 'struct',
      fields: parts.map((part) => {
        const colon = part.indexOf(':');
        const name = part.slice(0, colon).trim().toLowerCase();
        if (colon < 1 || name === '')
          throw ddlFailure(`name expected at the position ${inner.indexOf(part)} of '${type}'`, 1006);
        return { id: 0, name, required: false, type: declaredType(part.slice(colon + 1)) };
      }),
    };
  const instead = REPLACED.get(/^[a-z]*/.exec(lower)?.[0] ?? '');
  if (instead !== undefined)
    throw ddlFailure(`Unsupported Hive type: ${type.toUpperCase()}, use ${instead} instead`);
  throw ddlFailure(`type expected at the position 0 of '${type}'`, 1006);
}

const CREATABLE = new Set([
  'boolean',
  'int',
  'long',
  'float',
  'double',
  'date',
  'timestamp',
  'string',
  'binary',
]);

/** Types of a query's columns in Iceberg. DuckDB's sums and counts are wider than 64 bits; in Athena they are bigints. */
const OF_QUERIES: ReadonlyMap<DuckDBTypeId, string> = new Map([
  [DuckDBTypeId.BOOLEAN, 'boolean'],
  [DuckDBTypeId.INTEGER, 'int'],
  [DuckDBTypeId.BIGINT, 'long'],
  [DuckDBTypeId.HUGEINT, 'long'],
  [DuckDBTypeId.UTINYINT, 'long'],
  [DuckDBTypeId.USMALLINT, 'long'],
  [DuckDBTypeId.UINTEGER, 'long'],
  [DuckDBTypeId.UBIGINT, 'long'],
  [DuckDBTypeId.UHUGEINT, 'long'],
  [DuckDBTypeId.FLOAT, 'float'],
  [DuckDBTypeId.DOUBLE, 'double'],
  [DuckDBTypeId.DATE, 'date'],
  [DuckDBTypeId.TIMESTAMP, 'timestamp'],
  [DuckDBTypeId.TIMESTAMP_TZ, 'timestamptz'],
  [DuckDBTypeId.BLOB, 'binary'],
]);

/**
 * The type that stores a query's column, as in Trino: TypeConverter in https://github.com/trinodb/trino. IDs as in
 * {@link declaredType}.
 *
 * @param text The type of a string whose length is known: Iceberg has no `char(3)`, `varchar(10)` is a string.
 * @throws StatementError `NOT_SUPPORTED`
 */
export function storedTypeOf(type: DuckDBType, text?: string): IcebergType {
  if (type instanceof DuckDBDecimalType) return `decimal(${type.width}, ${type.scale})`;
  if (type instanceof DuckDBListType)
    return {
      type: 'list',
      'element-id': 0,
      element: storedTypeOf(type.valueType),
      'element-required': false,
    };
  if (type instanceof DuckDBMapType)
    return {
      type: 'map',
      'key-id': 0,
      key: storedTypeOf(type.keyType),
      'value-id': 0,
      value: storedTypeOf(type.valueType),
      'value-required': false,
    };
  if (type instanceof DuckDBStructType)
    return {
      type: 'struct',
      fields: type.entryTypes.map((own, index) => ({
        id: 0,
        name: (type.entryNames[index] ?? '').toLowerCase(),
        required: false,
        type: storedTypeOf(own),
      })),
    };
  const known = OF_QUERIES.get(type.typeId);
  if (known !== undefined) return known;
  const isText = type.typeId === DuckDBTypeId.VARCHAR && type.alias !== 'JSON' && !/^char/.test(text ?? '');
  if (isText) return 'string';
  throw statementError('NOT_SUPPORTED', `Type not supported for Iceberg: ${trinoTypeName(type, text)}`);
}

/**
 * Requires that a query's column has no times with milliseconds, which CREATE TABLE AS wants cast: TypeConverter in Trino
 * up to 422, and https://github.com/dbt-labs/dbt-athena/pull/235.
 *
 * @param digits Of a second in its times. Undefined: they are not known, and taken.
 * @throws StatementError `NOT_SUPPORTED`
 */
export function requireMicroseconds(type: DuckDBType, digits: number | undefined): void {
  if (digits === undefined || digits === 6) return;
  const [found] = /\btimestamp\(3\)(?: with time zone)?/.exec(trinoTypeName(type)) ?? [];
  if (found === undefined) return;
  throw statementError(
    'NOT_SUPPORTED',
    `Timestamp precision (${digits}) not supported for Iceberg. Use "${found.replace('3', '6')}" instead.`,
  );
}

/** DuckDB's `FIELD_IDS` for columns: each field in a file has the ID that finds it when its name has changed. */
export function fieldIds(fields: readonly IcebergField[]): string {
  return `{${fields.map(({ id, name, type }) => `${key(name)}: ${idsOf(id, type)}`).join(', ')}}`;
}

const key = (name: string) => `'${name.replaceAll("'", "''")}'`;

function idsOf(id: number, type: IcebergType): string {
  if (typeof type === 'string') return String(id);
  const own = `__duckdb_field_id: ${id}`;
  if (type.type === 'list') return `{${own}, element: ${idsOf(type['element-id'], type.element)}}`;
  if (type.type === 'map')
    return `{${own}, key: ${idsOf(type['key-id'], type.key)}, value: ${idsOf(type['value-id'], type.value)}}`;
  return `{${own}, ${fieldIds(type.fields).slice(1)}`;
}

import type { IcebergType } from '../../../iceberg/index.ts';
import { notEmulated } from '../../engine/StatementError.ts';

/** Trino's and Athena's names of a primitive type: in queries, and in DESCRIBE. */
const PRIMITIVES: Readonly<Record<string, readonly [trino: string, athena: string]>> = {
  boolean: ['boolean', 'boolean'],
  int: ['integer', 'int'],
  long: ['bigint', 'bigint'],
  float: ['real', 'float'],
  double: ['double', 'double'],
  date: ['date', 'date'],
  time: ['time(6)', 'time'],
  timestamp: ['timestamp(6)', 'timestamp'],
  timestamptz: ['timestamp(6) with time zone', 'timestamptz'],
  string: ['varchar', 'string'],
  uuid: ['uuid', 'uuid'],
  binary: ['varbinary', 'binary'],
};

const DECIMAL = /^decimal\((\d+),\s*(\d+)\)$/;

/**
 * Trino's name of a column's type, as in `information_schema`: TypeConverter in https://github.com/trinodb/trino.
 *
 * @throws StatementError `NOT_SUPPORTED` for a type of version 3 of the format.
 */
export function trinoTypeOf(type: IcebergType): string {
  if (typeof type !== 'string') {
    if (type.type === 'list') return `array(${trinoTypeOf(type.element)})`;
    if (type.type === 'map') return `map(${trinoTypeOf(type.key)}, ${trinoTypeOf(type.value)})`;
    return `row(${type.fields.map((field) => `${field.name} ${trinoTypeOf(field.type)}`).join(', ')})`;
  }
  const [, precision, scale] = DECIMAL.exec(type) ?? [];
  if (precision !== undefined) return `decimal(${precision},${scale})`;
  const known = type.startsWith('fixed[') ? 'varbinary' : PRIMITIVES[type]?.[0];
  if (known === undefined) throw notEmulated(`The type ${type} of Iceberg`);
  return known;
}

/** Athena's name of a column's type in DESCRIBE of an Iceberg table: Iceberg's own spelling, but `bigint` and `array`. */
export function describedTypeOf(type: IcebergType): string {
  if (typeof type !== 'string') {
    if (type.type === 'list') return `array<${describedTypeOf(type.element)}>`;
    if (type.type === 'map') return `map<${describedTypeOf(type.key)}, ${describedTypeOf(type.value)}>`;
    return `struct<${type.fields.map((field) => `${field.name}: ${describedTypeOf(field.type)}`).join(', ')}>`;
  }
  const [, precision, scale] = DECIMAL.exec(type) ?? [];
  return precision === undefined ? (PRIMITIVES[type]?.[1] ?? type) : `decimal(${precision}, ${scale})`;
}

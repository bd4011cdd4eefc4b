import { z } from 'zod';
import { parseJson } from '../../../base/json.ts';
import { quoteName, quoteText } from '../../../base/sql.ts';
import type { IcebergField, IcebergType, TableMetadata } from '../../../iceberg/index.ts';
import type { Session } from '../../engine/Session.ts';
import { statementError } from '../../engine/StatementError.ts';
import { duckDbTypeOf } from '../types.ts';

/** A column in a Parquet file, or a part of one. */
export interface ParquetColumn {
  readonly name: string;
  /** Undefined in a file that another writer than Iceberg's wrote. */
  readonly id: number | undefined;
  /** E.g. `INT64`, `BYTE_ARRAY`; null for a group. */
  readonly type: string | null;
  /** The annotations that say what the type means, both the older and the newer. */
  readonly meaning: string;
  readonly repeated: boolean;
  readonly children: readonly ParquetColumn[];
}

const rowSchema = z.array(
  z.object({
    name: z.string(),
    type: z.string().nullable(),
    children: z.number().nullable(),
    id: z.number().nullable(),
    converted: z.string().nullable(),
    logical: z.string().nullable(),
    repetition: z.string().nullable(),
  }),
);

/** The columns of files, for files with the same columns together. */
export async function readParquetColumns(
  session: Session,
  paths: readonly string[],
): Promise<{ readonly columns: readonly ParquetColumn[]; readonly paths: readonly string[] }[]> {
  if (paths.length === 0) return [];
  const reader = await session.read(`
    WITH nodes AS (SELECT *, row_number() OVER () AS n FROM parquet_schema([${paths.map(quoteText).join(', ')}])),
    files AS (SELECT file_name, CAST(to_json(list({name: name, type: type, children: num_children, id: field_id,
      converted: converted_type, logical: logical_type, repetition: repetition_type} ORDER BY n)) AS VARCHAR) AS columns
      FROM nodes GROUP BY file_name)
    SELECT columns, CAST(to_json(list(file_name ORDER BY file_name)) AS VARCHAR) FROM files GROUP BY columns ORDER BY columns`);
  return reader.getRowsJS().map(([columns, names]) => {
    const rows = rowSchema.parse(parseJson(String(columns)));
    return { columns: rootColumns(rows), paths: z.array(z.string()).parse(parseJson(String(names))) };
  });
}

/** A file's schema is a list of its nodes in depth-first order; the first one is the root. */
function rootColumns(rows: z.output<typeof rowSchema>): readonly ParquetColumn[] {
  let next = 0;
  const take = (): ParquetColumn => {
    const row = rows[next];
    if (row === undefined)
      throw statementError('ICEBERG_BAD_DATA', 'A Parquet file has an incomplete schema');
    next += 1;
    return {
      name: row.name,
      id: row.id ?? undefined,
      type: row.type,
      meaning: `${row.converted ?? ''} ${row.logical ?? ''}`,
      repeated: row.repetition === 'REPEATED',
      children: Array.from({ length: row.children ?? 0 }, take),
    };
  };
  return take().children;
}

/** A field of `schema.name-mapping.default`: the names that it had in files without IDs. */
interface NamedField {
  readonly 'field-id'?: number | undefined;
  readonly names: readonly string[];
  readonly fields?: readonly NamedField[] | undefined;
}

const mappingSchema: z.ZodType<readonly NamedField[]> = z.array(
  z.object({
    'field-id': z.number().optional(),
    names: z.array(z.string()),
    get fields() {
      return mappingSchema.optional();
    },
  }),
);

/**
 * Gives the columns of a file without IDs their IDs: by the table's name mapping, otherwise by the columns' names.
 * https://iceberg.apache.org/spec/#column-projection
 */
export function withIds(
  columns: readonly ParquetColumn[],
  { properties }: TableMetadata,
  fields: readonly IcebergField[],
): readonly ParquetColumn[] {
  if (hasIds(columns)) return columns;
  const mapping = properties['schema.name-mapping.default'];
  const named = mapping === undefined ? fields.map(namedField) : mappingSchema.parse(parseJson(mapping));
  return mapIds(columns, named);
}

function hasIds(columns: readonly ParquetColumn[]): boolean {
  return columns.some(({ id, children }) => id !== undefined || hasIds(children));
}

function namedField({ id, name, type }: IcebergField): NamedField {
  return { 'field-id': id, names: [name], fields: namedParts(type) };
}

function namedParts(type: IcebergType): readonly NamedField[] | undefined {
  if (typeof type === 'string') return undefined;
  if (type.type === 'struct') return type.fields.map(namedField);
  if (type.type === 'list')
    return [{ 'field-id': type['element-id'], names: ['element'], fields: namedParts(type.element) }];
  return [
    { 'field-id': type['key-id'], names: ['key'], fields: namedParts(type.key) },
    { 'field-id': type['value-id'], names: ['value'], fields: namedParts(type.value) },
  ];
}

function mapIds(columns: readonly ParquetColumn[], named: readonly NamedField[]): readonly ParquetColumn[] {
  return columns.map((column) => {
    const lower = column.name.toLowerCase();
    const found =
      named.find(({ names }) => names.includes(column.name)) ??
      named.find(({ names }) => names.some((name) => name.toLowerCase() === lower));
    const parts = found?.fields ?? [];
    return { ...column, id: found?.['field-id'], children: mapParts(column, parts) };
  });
}

/** Lists and maps have groups in between that are no fields. */
function mapParts(column: ParquetColumn, parts: readonly NamedField[]): readonly ParquetColumn[] {
  const element = parts.find(({ names }) => names.includes('element'));
  const [group] = column.children;
  if (group === undefined || !group.repeated) return mapIds(column.children, parts);
  if (isMap(column)) {
    const [key, value] = group.children;
    const order = ['key', 'value'].map((name) => parts.find(({ names }) => names.includes(name)));
    const children = [key, value].flatMap((child, index) =>
      child === undefined ? [] : [mapAs(child, order[index])],
    );
    return [{ ...group, children }];
  }
  const inner = listElement(column);
  const mapped = inner && mapAs(inner, element);
  if (mapped === undefined) return column.children;
  return inner === group ? [mapped] : [{ ...group, children: [mapped] }];
}

function mapAs(column: ParquetColumn, named: NamedField | undefined): ParquetColumn {
  return { ...column, id: named?.['field-id'], children: mapParts(column, named?.fields ?? []) };
}

function isMap({ meaning, children }: ParquetColumn): boolean {
  return /\bMAP(?:_KEY_VALUE)?\b|MapType/.test(meaning) && children.length === 1;
}

/**
 * The elements of a list. Older writers have no group around them:
 * https://github.com/apache/parquet-format/blob/master/LogicalTypes.md#backward-compatibility-rules
 */
function listElement({ name, children }: ParquetColumn): ParquetColumn | undefined {
  const [group] = children;
  if (group === undefined) return undefined;
  const isElement = group.children.length !== 1 || group.name === 'array' || group.name === `${name}_tuple`;
  return isElement ? group : group.children[0];
}

/**
 * A column of a table, as SQL over a file's columns: matched by ID at every depth, so that renamed and added fields are
 * found, with the type that the table has now.
 *
 * @param relation The name of the file's rows.
 * @returns undefined when the file does not have the column.
 */
export function columnSql(
  { id, type }: Pick<IcebergField, 'id' | 'type'>,
  columns: readonly ParquetColumn[],
  relation: string,
): string | undefined {
  const column = columns.find((candidate) => candidate.id === id);
  if (column === undefined) return undefined;
  const value = partSql(type, column, `${relation}.${quoteName(column.name)}`, 0);
  return `CAST(${value} AS ${duckDbTypeOf(type)})`;
}

/** A value with the fields of a type. Types of leaves are cast later, with the whole. */
function partSql(type: IcebergType, column: ParquetColumn, value: string, depth: number): string {
  if (typeof type === 'string') return leafSql(type, column, value);
  const each = `x${depth}`;
  if (type.type === 'list') {
    const element = listElement(column);
    const part = element && partSql(type.element, element, each, depth + 1);
    return part === undefined || part === each ? value : `list_transform(${value}, lambda ${each}: ${part})`;
  }
  if (type.type === 'map') {
    const [key, own] = column.children[0]?.children ?? [];
    const [left, right] = [`${each}.key`, `${each}.value`];
    const parts = [
      key && partSql(type.key, key, left, depth + 1),
      own && partSql(type.value, own, right, depth + 1),
    ];
    if (parts[0] === left && parts[1] === right) return value;
    return `map_from_entries(list_transform(map_entries(${value}), lambda ${each}: {'key': ${parts[0]}, 'value': ${parts[1]}}))`;
  }
  const parts = type.fields.map((field) => {
    const found = column.children.find(({ id }) => id === field.id);
    return found === undefined
      ? `CAST(NULL AS ${duckDbTypeOf(field.type)})`
      : partSql(field.type, found, `struct_extract(${value}, ${quoteText(found.name)})`, depth);
  });
  const same =
    column.children.length === type.fields.length &&
    type.fields.every((field, index) => {
      const found = column.children[index];
      return (
        found?.id === field.id &&
        found.name === field.name &&
        parts[index] === `struct_extract(${value}, ${quoteText(found.name)})`
      );
    });
  if (same) return value;
  const packed = type.fields.map((field, index) => `${quoteName(field.name)} := ${parts[index]}`).join(', ');
  return `CASE WHEN ${value} IS NULL THEN NULL ELSE struct_pack(${packed}) END`;
}

/** Values whose Parquet type says less than Iceberg's: texts and UUIDs without their annotation. */
function leafSql(type: string, { type: stored, meaning }: ParquetColumn, value: string): string {
  if (type === 'string' && stored === 'BYTE_ARRAY' && !/UTF8|StringType|ENUM|EnumType|JSON/i.test(meaning))
    return `decode(${value})`;
  if (/^(?:binary|fixed)/.test(type) && /UTF8|StringType/i.test(meaning)) return `encode(${value})`;
  if (type === 'uuid' && stored === 'FIXED_LEN_BYTE_ARRAY' && !/UUID/.test(meaning))
    return `CAST(hex(${value}) AS UUID)`;
  return value;
}

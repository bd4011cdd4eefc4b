import { z } from 'zod';
import { parseJson } from '../../../base/json.ts';
import { quoteName, quoteText } from '../../../base/sql.ts';
import type { IcebergField, IcebergType } from '../../../iceberg/index.ts';
import type { Session } from '../../engine/Session.ts';
import { notEmulated, statementError } from '../../engine/StatementError.ts';
import { duckDbTypeOf } from '../types.ts';

/** A column in a Parquet file, or a part of one. */
export interface ParquetColumn {
  readonly name: string;
  /** Undefined of groups of lists and maps, and in files of deleted positions. */
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

/**
 * Refuses a file without IDs, as of a table that was migrated to Iceberg. https://iceberg.apache.org/spec/#column-projection
 *
 * @throws StatementError NOT_SUPPORTED
 */
export function requireIds(columns: readonly ParquetColumn[]): void {
  if (!columns.some(({ id }) => id !== undefined))
    throw notEmulated('A data file of an Iceberg table without field IDs');
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

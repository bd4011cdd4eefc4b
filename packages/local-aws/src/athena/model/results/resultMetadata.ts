import type { AthenaColumn } from '../../engine/StatementRunner.ts';
import { columnInfo } from '../columnInfo.ts';

/** The number for whether a column can be null. */
const NULLABLE = { NOT_NULL: 1, NULLABLE: 2, UNKNOWN: 3 } as const;

/** Numbers of the fields of a column. Fields 2 and 3, schema and table, are empty and therefore left out. */
const FIELD = {
  catalog: 1,
  name: 4,
  label: 5,
  type: 6,
  precision: 7,
  scale: 8,
  nullable: 9,
  caseSensitive: 10,
} as const;
/** Number of the field with the execution's ID. */
const QUERY_FIELD = 1;
/** Number of the field of a column. */
const COLUMN_FIELD = 4;

/**
 * The `.metadata` object beside a result. AWS documents only that it is binary. It is a protocol buffer: field 4 is
 * repeated for each column and holds the members of `ColumnInfo`, as drivers read it:
 * https://github.com/burtcorp/athena-jdbc/blob/main/src/main/java/io/burt/athena/result/AthenaMetaDataParser.java
 * Field 1, which drivers ignore, holds the execution's ID here.
 */
export function encodeMetadata(executionId: string, columns: readonly AthenaColumn[]): Uint8Array {
  return Buffer.concat([
    textField(QUERY_FIELD, executionId),
    ...columns.map((column) => bytesField(COLUMN_FIELD, columnMessage(column))),
  ]);
}

/** The fields of one column. */
function columnMessage(column: AthenaColumn): Buffer {
  const info = columnInfo(column);
  return Buffer.concat([
    textField(FIELD.catalog, info.CatalogName),
    textField(FIELD.name, info.Name),
    textField(FIELD.label, info.Label),
    textField(FIELD.type, info.Type),
    numberField(FIELD.precision, info.Precision),
    numberField(FIELD.scale, info.Scale),
    numberField(FIELD.nullable, NULLABLE[info.Nullable]),
    numberField(FIELD.caseSensitive, info.CaseSensitive ? 1 : 0),
  ]);
}

/** A field with a text, in UTF-8. */
function textField(field: number, text: string): Buffer {
  return bytesField(field, Buffer.from(text));
}

/** A field with its length: the key is its number and wire type 2. https://protobuf.dev/programming-guides/encoding/ */
function bytesField(field: number, bytes: Uint8Array): Buffer {
  return Buffer.concat([varint((field << 3) | 2), varint(bytes.length), bytes]);
}

/** A field with a whole number from 0 on: the key is its number and wire type 0. */
function numberField(field: number, value: number): Buffer {
  return Buffer.concat([varint(field << 3), varint(value)]);
}

/** Seven bits per byte, lowest first. The top bit marks that more bytes follow. */
function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  return Buffer.from([...bytes, rest]);
}

import type { AthenaColumn } from '../engine/StatementRunner.ts';

/**
 * Formats rows as Athena does: every value in quotes, NULL as nothing, a line feed after each row.
 * https://docs.aws.amazon.com/athena/latest/ug/querying-finding-output-files.html
 */
export function formatCsv(rows: readonly (readonly (string | null)[])[]): string {
  let text = '';
  for (const row of rows) {
    let separator = '';
    for (const value of row) {
      if (value === null) text += separator;
      else text += `${separator}"${value.includes('"') ? value.replaceAll('"', '""') : value}"`;
      separator = ',';
    }
    text += '\n';
  }
  return text;
}

/** Parses one line of {@link formatCsv}, without its line feed. Returns undefined for any other text. */
export function parseCsvLine(line: string): (string | null)[] | undefined {
  const values: (string | null)[] = [];
  for (let at = 0; ; at += 1) {
    if (line[at] === '"') {
      const end = closingQuote(line, at + 1);
      if (end === undefined) return undefined;
      values.push(line.slice(at + 1, end).replaceAll('""', '"'));
      at = end + 1;
    } else {
      values.push(null);
    }
    if (at === line.length) return values;
    if (line[at] !== ',') return undefined;
  }
}

function closingQuote(line: string, from: number): number | undefined {
  for (let at = from; ; at += 2) {
    at = line.indexOf('"', at);
    if (at < 0) return undefined;
    if (line[at + 1] !== '"') return at;
  }
}

/**
 * Formats the rows of a statement that is not a query, as Athena does: one line per row, values separated by tabs. A
 * value with line breaks becomes several rows, also in `GetQueryResults`.
 */
export function formatText(rows: readonly (readonly (string | null)[])[]): string {
  return rows.map((row) => `${row.map((value) => value ?? '').join('\t')}\n`).join('');
}

/** Types whose values are case-sensitive. */
const TEXT = new Set(['varchar', 'char', 'string', 'json']);

/** A column of a result: https://docs.aws.amazon.com/athena/latest/APIReference/API_ColumnInfo.html */
export interface ColumnInfo {
  readonly CatalogName: 'hive';
  readonly SchemaName: '';
  readonly TableName: '';
  readonly Name: string;
  readonly Label: string;
  /** Athena's name of the type, without its parameters. */
  readonly Type: string;
  readonly Precision: number;
  readonly Scale: number;
  readonly Nullable: AthenaColumn['nullable'];
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

const NULLABLE = { NOT_NULL: 1, NULLABLE: 2, UNKNOWN: 3 } as const;

/** Numbers of the fields of a column; 1 to 3 are the names of catalog, schema and table. */
const FIELD = { name: 4, label: 5, type: 6, precision: 7, scale: 8, nullable: 9, caseSensitive: 10 } as const;
const QUERY_FIELD = 1;
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

function columnMessage(column: AthenaColumn): Buffer {
  const info = columnInfo(column);
  return Buffer.concat([
    textField(1, info.CatalogName),
    textField(FIELD.name, info.Name),
    textField(FIELD.label, info.Label),
    textField(FIELD.type, info.Type),
    numberField(FIELD.precision, info.Precision),
    numberField(FIELD.scale, info.Scale),
    numberField(FIELD.nullable, NULLABLE[info.Nullable]),
    numberField(FIELD.caseSensitive, info.CaseSensitive ? 1 : 0),
  ]);
}

/** https://protobuf.dev/programming-guides/encoding/: a key is the field's number and its wire type. */
function textField(field: number, text: string): Buffer {
  return bytesField(field, Buffer.from(text));
}

function bytesField(field: number, bytes: Uint8Array): Buffer {
  return Buffer.concat([varint((field << 3) | 2), varint(bytes.length), bytes]);
}

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

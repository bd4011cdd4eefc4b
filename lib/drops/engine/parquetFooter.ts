import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import {
  listField,
  readList,
  THRIFT,
  type ThriftField,
  ThriftReader,
  type ThriftStruct,
  writeStruct,
} from './thriftCompact.ts';

// IDs of fields, from https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift
const FILE = { schema: 2, rowGroups: 4 } as const;
/** A field ID far beyond those of the format, in which {@link replaceSchema} keeps the file's original schema. */
const ORIGINAL_SCHEMA = 32_000;
/** Fields of an element of the schema. */
export const ELEMENT = {
  type: 1,
  length: 2,
  repetition: 3,
  name: 4,
  children: 5,
  converted: 6,
  scale: 7,
  precision: 8,
  logical: 10,
} as const;
const ROW_GROUP = { columns: 1, rows: 3 } as const;
const CHUNK = { metadata: 3 } as const;
const COLUMN = { codec: 4, values: 5, bytes: 7, dataPage: 9, dictionaryPage: 11 } as const;

/** The physical types in use. */
export const PHYSICAL = { int32: 1, int64: 2, int96: 3, bytes: 6, fixed: 7 } as const;
/** `FieldRepetitionType`s in use. */
export const REPETITION = { required: 0, repeated: 2 } as const;
/** `ConvertedType`s in use. */
export const CONVERTED = {
  map: 1,
  mapKeyValue: 2,
  list: 3,
  decimal: 5,
  timestampMillis: 9,
  timestampMicros: 10,
} as const;
/** The members of the union `LogicalType` in use. */
export const LOGICAL = { map: 2, list: 3, decimal: 5, timestamp: 8, variant: 16 } as const;

/** The footer is followed by its length and the magic. */
const TAIL_BYTES = 8;

/** A column of the schema, or a group of them. */
export interface SchemaNode {
  readonly name: string;
  /** The element as in the file. Changes for DuckDB are made in it. */
  readonly element: ThriftStruct;
  readonly children: readonly SchemaNode[];
  /** Range of its leaves among the column chunks of a row group: first and end. */
  readonly leaves: readonly [first: number, end: number];
}

/** The footer of a file. */
export interface ParquetFooter {
  /** Where it begins in the file. */
  readonly start: number;
  readonly fields: ThriftStruct;
  /** Equal for files with the same schema. */
  readonly shape: string;
  /** The schema's root. */
  readonly root: SchemaNode;
}

/** The position of a column's pages in a row group. */
export interface ColumnChunk {
  readonly codec: number;
  /** Number of values and nulls of all its pages. */
  readonly values: number;
  readonly start: number;
  /** Bytes of all its pages, their headers included. */
  readonly bytes: number;
}

/** Reads the footer of a file with the magic at both ends. @throws RangeError if it is inconsistent. */
export async function readFooter(handle: FileHandle): Promise<ParquetFooter> {
  const { size } = await handle.stat();
  const tail = await readAt(handle, size - TAIL_BYTES, TAIL_BYTES);
  const length = tail.readUInt32LE(0);
  const start = size - TAIL_BYTES - length;
  if (start < 0) throw new RangeError('The footer is longer than the file.');
  const fields = new ThriftReader(await readAt(handle, start, length)).struct();
  const schema = fields.get(FILE.schema);
  if (schema?.type !== THRIFT.list) throw new RangeError('The footer has no schema.');
  return { start, fields, ...schemaOf(schema) };
}

function schemaOf(schema: ThriftField): Pick<ParquetFooter, 'shape' | 'root'> {
  const shape = createHash('sha256').update(schema.bytes).digest('base64');
  return { shape, root: treeOf(readList(schema).items) };
}

/**
 * The original schema of a file whose schema was replaced.
 *
 * @param rewrite The rewrite that {@link replaceSchema} applies. The stored original is used only if the rewrite produces
 *   the file's current schema, as a file could claim anything.
 */
export function originalSchema(
  { fields }: Pick<ParquetFooter, 'fields'>,
  rewrite: (root: SchemaNode) => readonly ThriftStruct[] | null,
): Pick<ParquetFooter, 'shape' | 'root'> | null {
  const original = fields.get(ORIGINAL_SCHEMA);
  if (original?.type !== THRIFT.list) return null;
  const schema = schemaOf(original);
  const rewritten = rewrite(schema.root);
  if (rewritten === null) return null;
  return fields.get(FILE.schema)?.bytes.equals(schemaField(rewritten).bytes) === true ? schema : null;
}

function schemaField(elements: readonly ThriftStruct[]): ThriftField {
  return listField({ type: THRIFT.struct, items: elements.map(writeStruct) });
}

/** Replaces the schema in a file's footer, and keeps the original schema beside it. */
export async function replaceSchema(
  handle: FileHandle,
  { start, fields }: Pick<ParquetFooter, 'start' | 'fields'>,
  elements: readonly ThriftStruct[],
): Promise<void> {
  const replaced = new Map([...fields, [FILE.schema, schemaField(elements)] as const]);
  const original = fields.get(FILE.schema);
  if (original !== undefined) replaced.set(ORIGINAL_SCHEMA, original);
  const footer = writeStruct(replaced);
  const tail = Buffer.alloc(TAIL_BYTES);
  tail.writeUInt32LE(footer.length, 0);
  tail.write('PAR1', 4, 'latin1');
  const bytes = Buffer.concat([footer, tail]);
  await handle.write(bytes, 0, bytes.length, start);
  await handle.truncate(start + bytes.length);
}

/** Reads some bytes of a file. @throws RangeError if the file ends before. */
export async function readAt(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length);
  for (let read = 0; read < length; ) {
    const { bytesRead } = await handle.read(bytes, read, length - read, position + read);
    if (bytesRead === 0) throw new RangeError('The file ends before its footer says.');
    read += bytesRead;
  }
  return bytes;
}

/**
 * Column chunks of the first row groups, in the order of the footer.
 *
 * @param leaves Whether the chunk at an index of a row group is wanted.
 * @param rows Row groups up to this number of rows. Default: all.
 */
export function columnChunks(
  { fields }: Pick<ParquetFooter, 'fields'>,
  leaves: (leaf: number) => boolean,
  rows = Number.POSITIVE_INFINITY,
): ColumnChunk[] {
  const groups = fields.get(FILE.rowGroups);
  const chunks: ColumnChunk[] = [];
  if (groups === undefined) return chunks;
  let before = 0;
  for (const item of readList(groups).items) {
    if (before >= rows) break;
    const group = new ThriftReader(item).struct();
    before += intOf(group, ROW_GROUP.rows) ?? 0;
    const columns = group.get(ROW_GROUP.columns);
    if (columns === undefined) continue;
    for (const [leaf, column] of readList(columns).items.entries()) {
      if (leaves(leaf)) chunks.push(chunkOf(column));
    }
  }
  return chunks;
}

function chunkOf(column: Buffer): ColumnChunk {
  const metadata = structOf(new ThriftReader(column).struct(), CHUNK.metadata);
  const data = metadata === null ? undefined : intOf(metadata, COLUMN.dataPage);
  if (metadata === null || data === undefined) throw new RangeError('A column has no pages.');
  // Some writers use 0 for none.
  const dictionary = intOf(metadata, COLUMN.dictionaryPage) ?? 0;
  return {
    codec: intOf(metadata, COLUMN.codec) ?? 0,
    values: intOf(metadata, COLUMN.values) ?? 0,
    bytes: intOf(metadata, COLUMN.bytes) ?? 0,
    start: dictionary > 0 && dictionary < data ? dictionary : data,
  };
}

/** A field that is an integer. */
export function intOf(fields: ThriftStruct, id: number): number | undefined {
  const field = fields.get(id);
  const isInt = field !== undefined && field.type >= THRIFT.i16 && field.type <= THRIFT.i64;
  return isInt ? new ThriftReader(field.bytes).int() : undefined;
}

/** A field that is a struct. */
export function structOf(fields: ThriftStruct, id: number): ThriftStruct | null {
  const field = fields.get(id);
  return field?.type === THRIFT.struct ? new ThriftReader(field.bytes).struct() : null;
}

/** Elements are in depth-first order, each before its children. */
function treeOf(items: readonly Buffer[]): SchemaNode {
  let next = 0;
  let leaves = 0;
  const read = (level: number): SchemaNode => {
    const item = items[next];
    if (item === undefined || level > 100) throw new RangeError('The schema ends within a group.');
    next += 1;
    const element = new ThriftReader(item).struct();
    const name = element.get(ELEMENT.name);
    const first = leaves;
    const children: SchemaNode[] = [];
    const count = intOf(element, ELEMENT.children) ?? 0;
    for (let i = 0; i < count; i += 1) children.push(read(level + 1));
    if (count === 0) leaves += 1;
    const text = name?.type === THRIFT.binary ? new ThriftReader(name.bytes).binary().toString() : '';
    return { name: text, element, children, leaves: [first, leaves] };
  };
  return read(0);
}

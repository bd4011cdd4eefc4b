import { type KnownLists, THRIFT, type ThriftReader } from './thriftCompact.ts';

// IDs of fields, from https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift
/** Field IDs of a row group. */
const GROUP = { columns: 1, bytes: 2, rows: 3 } as const;
/** Field IDs of a column chunk. */
const CHUNK = { offset: 2, metadata: 3 } as const;
/** Field IDs of the metadata of a column chunk. */
const COLUMN = {
  type: 1,
  encodings: 2,
  path: 3,
  codec: 4,
  values: 5,
  uncompressed: 6,
  bytes: 7,
  dataPage: 9,
  dictionaryPage: 11,
} as const;

/** Lists of a row group that are not read here, but by DuckDB. */
const GROUP_LISTS: KnownLists = { 4: THRIFT.struct };
/** Such lists of a column chunk. */
const CHUNK_LISTS: KnownLists = { 8: { 2: { 1: THRIFT.binary } } };
/** Such lists of the metadata of a column chunk. */
const COLUMN_LISTS: KnownLists = {
  2: THRIFT.i32,
  3: THRIFT.binary,
  8: THRIFT.struct,
  13: THRIFT.struct,
  16: { 2: THRIFT.i64, 3: THRIFT.i64 },
  17: { 2: THRIFT.i32 },
};

/** The least offset of a page: the magic is before it. */
export const FIRST_PAGE = 4;

/** The position of a column's pages in a row group. */
export interface ColumnChunk {
  /** The codec's number in the format. */
  readonly codec: number;
  /** Number of values and nulls of all its pages. */
  readonly values: number;
  /** Where DuckDB begins to read it. */
  readonly start: number;
  /** Bytes of all its pages, their headers included. */
  readonly bytes: number;
  /** Bytes of all its pages before compression, their headers included. */
  readonly uncompressed: number;
}

/** A row group of a file. */
export interface RowGroup {
  /** Number of rows. */
  readonly rows: number;
  /** The chunks of columns, in the order of the schema's leaves. */
  readonly chunks: readonly ColumnChunk[];
}

/**
 * Reads the list of a file's row groups, field by field, as there may be thousands of files.
 *
 * @throws RangeError if a field is missing that the format requires.
 */
export function readRowGroups(reader: ThriftReader): RowGroup[] {
  const groups: RowGroup[] = [];
  reader.items((type) => {
    if (type !== THRIFT.struct) throw new RangeError('A row group is not a struct.');
    groups.push(readGroup(reader));
  });
  return groups;
}

/** Reads a row group. @throws RangeError for what no row group can have. */
function readGroup(reader: ThriftReader): RowGroup {
  let rows: number | undefined;
  let chunks: ColumnChunk[] | undefined;
  let hasBytes = false;
  reader.fields((id, type) => {
    if (id === GROUP.columns && type === THRIFT.list) {
      const read: ColumnChunk[] = [];
      reader.items((item) => {
        if (item !== THRIFT.struct) throw new RangeError('A column chunk is not a struct.');
        read.push(readChunk(reader));
      });
      chunks = read;
    } else if (id === GROUP.rows && type === THRIFT.i64) rows = reader.int();
    else {
      if (id === GROUP.bytes && type === THRIFT.i64) hasBytes = true;
      reader.skip(type, 0, GROUP_LISTS[id]);
    }
  });
  if (rows === undefined || chunks === undefined || !hasBytes)
    throw new RangeError('A row group lacks its size.');
  return { rows, chunks };
}

/** Reads a column chunk. @throws RangeError for one without metadata. */
function readChunk(reader: ThriftReader): ColumnChunk {
  let chunk: ColumnChunk | undefined;
  let hasOffset = false;
  reader.fields((id, type) => {
    if (id === CHUNK.metadata && type === THRIFT.struct) chunk = readMetadata(reader);
    else {
      if (id === CHUNK.offset && type === THRIFT.i64) hasOffset = true;
      reader.skip(type, 0, CHUNK_LISTS[id]);
    }
  });
  if (chunk === undefined || !hasOffset) throw new RangeError('A column has no pages.');
  return chunk;
}

/** The types of required fields of `ColumnMetaData`. */
const REQUIRED: ReadonlyMap<number, number> = new Map([
  [COLUMN.type, THRIFT.i32],
  [COLUMN.encodings, THRIFT.list],
  [COLUMN.path, THRIFT.list],
  [COLUMN.codec, THRIFT.i32],
  [COLUMN.values, THRIFT.i64],
  [COLUMN.uncompressed, THRIFT.i64],
  [COLUMN.bytes, THRIFT.i64],
  [COLUMN.dataPage, THRIFT.i64],
]);

/** Reads the metadata of a column chunk. @throws RangeError for what is missing. */
function readMetadata(reader: ThriftReader): ColumnChunk {
  let codec = 0;
  let values = 0;
  let bytes = 0;
  let uncompressed = 0;
  let data = 0;
  let dictionary = 0;
  let required = 0;
  reader.fields((id, type) => {
    if (REQUIRED.get(id) === type) required += 1;
    if (id === COLUMN.codec && type === THRIFT.i32) codec = reader.int();
    else if (type !== THRIFT.i64) reader.skip(type, 0, COLUMN_LISTS[id]);
    else if (id === COLUMN.values) values = reader.int();
    else if (id === COLUMN.bytes) bytes = reader.int();
    else if (id === COLUMN.uncompressed) uncompressed = reader.int();
    else if (id === COLUMN.dataPage) data = reader.int();
    else if (id === COLUMN.dictionaryPage) dictionary = reader.int();
    else reader.skip(type);
  });
  if (required < REQUIRED.size) throw new RangeError('A column lacks a field.');
  // As DuckDB does it: some writers use 0 for none, and pages begin after the file's first four bytes.
  const start = dictionary >= FIRST_PAGE ? dictionary : data;
  return { codec, values, bytes, uncompressed, start };
}

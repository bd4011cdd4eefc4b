import { THRIFT, type ThriftReader } from './thriftCompact.ts';

// IDs of fields, from https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift
/** Field IDs of the header of a page. */
const PAGE = {
  type: 1,
  uncompressed: 2,
  compressed: 3,
  crc: 4,
  data: 5,
  index: 6,
  dictionary: 7,
  dataV2: 8,
} as const;
/** Kinds of pages, and the header field that only they have. DuckDB reads the bytes of other kinds as the next header. */
const KINDS: ReadonlyMap<number, number> = new Map([
  [0, PAGE.data],
  [2, PAGE.dictionary],
  [3, PAGE.dataV2],
]);
/** Field ID of the number of values, in the header of a data page of either version. */
const VALUES = 1;
/** Field IDs in the header of a data page of version 2. */
const V2 = { definitionBytes: 5, repetitionBytes: 6, isCompressed: 7 } as const;

/** Largest size of a page, bytes: sizes in headers have 32 bits with a sign, and DuckDB adds 1 to some. */
const MAX_SIZE = 2 ** 31 - 2;

/** What only headers of data pages say; of a dictionary {@link NO_DATA}. */
interface DataHeader {
  /** Bytes of levels before the compressed part, of a data page of version 2; 0 for any other page. */
  readonly levels: number;
  /** Whether the rest of the page is compressed by the codec of its column. */
  readonly isCompressed: boolean;
  /** Number of values and nulls; 0 for a dictionary. */
  readonly values: number;
}

/** What holds where a header says nothing else. */
const NO_DATA: DataHeader = { values: 0, levels: 0, isCompressed: true };

/** A page in a file, as its header describes it. */
export interface Page extends DataHeader {
  /** Offset of its bytes, after the header. */
  readonly start: number;
  /** Bytes as they are in the file. */
  readonly bytes: number;
  /** The number of its kind: data, a dictionary, or data of the second version. */
  readonly kind: number;
  /** Bytes without compression. */
  readonly uncompressed: number;
  /** The CRC-32 of its bytes, signed; undefined without one. */
  readonly crc: number | undefined;
}

/**
 * Reads the header of a page field by field, as a day may have millions of pages.
 *
 * @param base Offset of the reader's bytes in the file.
 * @throws RangeError for a header that no page has.
 */
export function parsePage(reader: ThriftReader, base: number): Page {
  let kind = -1;
  let bytes = -1;
  let uncompressed = -1;
  let crc: number | undefined;
  let data = NO_DATA;
  // IDs of the headers of kinds. A page has one, that of its kind.
  const headers: number[] = [];
  reader.fields((id, type) => {
    // DuckDB skips a field of another type.
    const isInt = type === THRIFT.i32;
    if (id >= PAGE.data && id <= PAGE.dataV2) headers.push(id);
    if (id === PAGE.type && isInt) kind = reader.int();
    else if (id === PAGE.uncompressed && isInt) uncompressed = readSize(reader);
    else if (id === PAGE.compressed && isInt) bytes = readSize(reader);
    else if (id === PAGE.crc && isInt) crc = reader.int();
    else if ((id === PAGE.data || id === PAGE.dataV2) && type === THRIFT.struct) data = readData(reader, id);
    else reader.skip(type);
  });
  if (bytes < 0 || uncompressed < 0) throw new RangeError('A page has no size.');
  if (headers.length !== 1 || headers[0] !== KINDS.get(kind))
    throw new RangeError('A page has the header of another kind.');
  return { start: base + reader.at, bytes, kind, uncompressed, crc, ...data };
}

/**
 * Reads what the header of a data page says beside its sizes; of the second version also its levels and whether it is
 * compressed.
 */
function readData(reader: ThriftReader, version: typeof PAGE.data | typeof PAGE.dataV2): DataHeader {
  const isV2 = version === PAGE.dataV2;
  let { values, levels, isCompressed } = NO_DATA;
  reader.fields((id, type) => {
    const isLevels = isV2 && (id === V2.definitionBytes || id === V2.repetitionBytes);
    if (id === VALUES && type === THRIFT.i32) values = readSize(reader);
    else if (isLevels && type === THRIFT.i32) levels += readSize(reader);
    else {
      if (isV2 && id === V2.isCompressed && type === THRIFT.false) isCompressed = false;
      reader.skip(type);
    }
  });
  return { values, levels, isCompressed };
}

/** Reads a size. @throws RangeError for one that no page has. */
function readSize(reader: ThriftReader): number {
  const size = reader.int();
  if (size < 0 || size > MAX_SIZE) throw new RangeError('A page has an impossible size.');
  return size;
}

import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { MAX_FOOTER_BYTES } from '../FileError.ts';
import { type RowGroup, readRowGroups } from './rowGroups.ts';
import { intOf } from './schemaTree.ts';
import { type KnownLists, THRIFT, ThriftReader } from './thriftCompact.ts';

// https://parquet.apache.org/docs/file-format/ and https://github.com/apache/parquet-format/blob/master/Encryption.md

/** The magic at both ends of a Parquet file. */
export const PARQUET_MARK = 'PAR1';
/** Magic of a file with an encrypted footer, which Sluice neither writes nor loads. */
export const ENCRYPTED_MARK = 'PARE';
/**
 * The first bytes of gzip, zip, zstd, bzip2 and xz: https://www.rfc-editor.org/rfc/rfc1952#page-6,
 * https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT (4.3.7), https://www.rfc-editor.org/rfc/rfc8878#section-3.1.1,
 * https://en.wikipedia.org/wiki/List_of_file_signatures.
 */
const PACKED_MARKS = ['\x1f\x8b', 'PK\x03\x04', '\x28\xb5\x2f\xfd', 'BZh', '\xfd7zX'];
/** Bytes of a magic. */
export const MARK_BYTES = 4;
/** The minimum size of a file: magic, length of the footer, magic. */
export const LEAST_FILE_BYTES = 12;

// IDs of fields, from https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift
/** Field IDs of the footer. */
const FILE = { schema: 2, rows: 3, rowGroups: 4, encryption: 8 } as const;
/** Lists of the footer besides row groups: the schema, metadata by key, and orders of columns. */
const FILE_LISTS: KnownLists = { 2: THRIFT.struct, 5: THRIFT.struct, 7: THRIFT.struct };
/** Bytes behind the footer: its length and the magic. */
export const TAIL_BYTES = 8;

/** The ends of a file: small files are read whole. */
export interface FileEnds {
  /** Bytes of the whole file. */
  readonly size: number;
  /** Its first bytes, up to 4. */
  readonly head: Buffer;
  /** Its last bytes: the footer, if the file ends with one of possible size, and at least 64 KiB of a file that has them. */
  readonly end: Buffer;
}

/** Bytes at the end of a file that are read first: most footers, and all of a small file. */
const END_BYTES = 64 * 1_024;

/** A buffer for {@link readEnds}, which overwrites the ends of the file before. */
export function endsBuffer(): Buffer<ArrayBuffer> {
  return Buffer.allocUnsafe(END_BYTES);
}

/**
 * Reads the ends of a file on the local disk, at once: a day may have thousands of files, and a call to read one
 * asynchronously takes more time than the disk.
 */
export function readEnds(path: string, buffer = endsBuffer()): FileEnds {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    let end = readSyncAt(file, Math.max(0, size - END_BYTES), Math.min(size, END_BYTES), buffer);
    const footer = footerBytes(end) ?? 0;
    if (footer > end.length && footer <= Math.min(size, MAX_FOOTER_BYTES + TAIL_BYTES))
      end = readSyncAt(file, size - footer, footer);
    const head =
      end.length === size ? end.subarray(0, MARK_BYTES) : readSyncAt(file, 0, Math.min(size, MARK_BYTES));
    return { size, head, end };
  } finally {
    closeSync(file);
  }
}

/** Reads bytes of a file; fewer if it ends before. */
function readSyncAt(
  file: number,
  position: number,
  length: number,
  bytes = Buffer.allocUnsafe(length),
): Buffer {
  let read = 0;
  while (read < length) {
    const count = readSync(file, bytes, read, length - read, position + read);
    if (count === 0) break;
    read += count;
  }
  return bytes.subarray(0, read);
}

/** The footer of a file with the magic at both ends. It is read in one pass, as a day may have thousands of files. */
export class ParquetFooter {
  /** Bytes of the whole file. */
  readonly size: number;
  /** Number of rows, as the footer says. */
  readonly rows: number;
  /** The row groups, in their order in the file. */
  readonly rowGroups: readonly RowGroup[];
  /** The bytes of the schema, as Latin-1: equal for files with the same schema. */
  readonly shape: string;
  /** Whether pages are encrypted, although the footer is not. */
  readonly isEncrypted: boolean;
  readonly #bytes: Buffer;

  /**
   * @throws RangeError if it is inconsistent, or lacks a field that the format requires: DuckDB does not read such a file
   *   either.
   */
  constructor({ size, end }: Pick<FileEnds, 'size' | 'end'>) {
    const length = (footerBytes(end) ?? TAIL_BYTES) - TAIL_BYTES;
    const start = end.length - TAIL_BYTES - length;
    if (start < 0) throw new RangeError('The footer is longer than the file.');
    this.size = size;
    this.#bytes = end.subarray(start, start + length);
    const reader = new ThriftReader(this.#bytes);
    let rows: number | undefined;
    let rowGroups: readonly RowGroup[] | undefined;
    let schema: Buffer | undefined;
    let isEncrypted = false;
    reader.fields((id, type) => {
      if (id === FILE.rows && type === THRIFT.i64) rows = reader.int();
      else if (id === FILE.rowGroups && type === THRIFT.list) rowGroups = readRowGroups(reader);
      else {
        const from = reader.at;
        reader.skip(type, 0, FILE_LISTS[id]);
        if (id === FILE.schema && type === THRIFT.list) schema = this.#bytes.subarray(from, reader.at);
        if (id === FILE.encryption) isEncrypted = true;
      }
    });
    if (schema === undefined) throw new RangeError('The footer has no schema.');
    if (rows === undefined) throw new RangeError('The footer has no number of rows.');
    if (rowGroups === undefined) throw new RangeError('The footer has no row groups.');
    this.shape = schema.toString('latin1');
    this.rows = rows;
    this.rowGroups = rowGroups;
    this.isEncrypted = isEncrypted;
  }

  /** Where it begins in the file. */
  get start(): number {
    return this.size - TAIL_BYTES - this.#bytes.length;
  }
}

/**
 * Bytes from the beginning of a file's footer to the end of the file; undefined for bytes that do not end as a Parquet
 * file does.
 *
 * @param end The last bytes of the file.
 */
export function footerBytes(end: Buffer): number | undefined {
  if (end.length < TAIL_BYTES || end.toString('latin1', end.length - MARK_BYTES) !== PARQUET_MARK)
    return undefined;
  return end.readUInt32LE(end.length - TAIL_BYTES) + TAIL_BYTES;
}

/**
 * The number of rows.
 *
 * @param end The last bytes of a file, at least {@link footerBytes}.
 * @throws RangeError if the footer is inconsistent.
 */
export function footerRows(end: Buffer): number {
  const start = end.length - (footerBytes(end) ?? 0);
  if (start < 0) throw new RangeError('The footer is longer than the bytes.');
  const rows = intOf(new ThriftReader(end.subarray(start, end.length - TAIL_BYTES)).struct(), FILE.rows);
  if (rows === undefined) throw new RangeError('The footer has no number of rows.');
  return rows;
}

/** Whether a file is packed as a whole: Parquet is compressed inside. @param head Its first bytes, as Latin-1. */
export function isPacked(head: string): boolean {
  return PACKED_MARKS.some((mark) => head.startsWith(mark));
}

import { type FileHandle, open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { crc32, createGunzip, gunzipSync } from 'node:zlib';
import type { EngineFile } from './Engine.ts';
import { FileError, type FileFailure } from './FileError.ts';
import { type FileEnds, ParquetFooter, readAt, readEnds } from './parquet/parquetFooter.ts';
import type { ColumnChunk } from './parquet/rowGroups.ts';
import { THRIFT, ThriftReader } from './parquet/thriftCompact.ts';

// IDs of fields, from https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift
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
/** Kinds of pages, and the header field that only they have. */
const KINDS: ReadonlyMap<number, number> = new Map([
  [0, PAGE.data],
  [1, PAGE.index],
  [2, PAGE.dictionary],
  [3, PAGE.dataV2],
]);
/** Of the header of a data page of either version. */
const VALUES = 1;
const V2 = { definitionBytes: 5, repetitionBytes: 6, isCompressed: 7 } as const;

/** The codec whose blocks end with a checksum that DuckDB does not verify. */
const GZIP = 2;

/** Bytes that are read at once to find headers. They often contain small pages as well. */
const WINDOW_BYTES = 64 * 1_024;
/** The most bytes of a header. Statistics make headers long. */
const MOST_HEADER_BYTES = 16 * 1_024 * 1_024;
/** Bytes of a page that are in memory at once, compressed or uncompressed. */
const PIECE_BYTES = 4 * 1_024 * 1_024;

/** The pages of a file to verify. */
export interface PageRange {
  /** Ranges of columns among the column chunks of a row group: first and end. */
  readonly leaves: readonly (readonly [first: number, end: number])[];
  /** Row groups up to this number of rows. Default: all. */
  readonly rows?: number;
  readonly signal?: AbortSignal | undefined;
}

interface Page {
  /** Offset of its bytes, after the header. */
  readonly start: number;
  readonly bytes: number;
  readonly kind: number;
  readonly uncompressed: number;
  readonly crc: number | undefined;
  /** Bytes before the compressed part. */
  readonly levels: number;
  readonly isCompressed: boolean;
  /** Number of values and nulls; 0 for a dictionary. */
  readonly values: number;
}

/**
 * Verifies the checksums of pages, which DuckDB does not do: the page's own if its header has one, otherwise that of its
 * gzip block. Of pages without a checksum only the headers are read.
 *
 * @throws FileError of a page whose checksum does not match; the signal's reason.
 */
export async function verifyPages(file: EngineFile, { leaves, rows, signal }: PageRange): Promise<void> {
  const ends = readEnds(file.path);
  const window = new FileWindow(file.path, ends);
  try {
    const isWanted = (leaf: number) => leaves.some(([first, end]) => leaf >= first && leaf < end);
    let before = 0;
    for (const group of new ParquetFooter(ends).rowGroups) {
      if (rows !== undefined && before >= rows) break;
      before += group.rows;
      for (const [leaf, chunk] of group.chunks.entries()) {
        if (isWanted(leaf)) await verifyChunk(window, chunk, file.name, signal);
      }
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new FileError('SLUICE_INGEST_FILE_DAMAGED', `${file.name}: ${error.message}`, { cause: error });
  } finally {
    await window.close();
  }
}

/**
 * Whether pages of a file may have checksums to verify. Only of a small file, which is in memory, all headers are read: false
 * if none has a checksum, so that thousands of such files need not be opened again.
 */
export function mayHaveChecksums({ rowGroups }: ParquetFooter, { size, end }: FileEnds): boolean {
  if (end.length < size) return true;
  const reader = new ThriftReader(end);
  try {
    return rowGroups.some(({ chunks }) => chunks.some((chunk) => hasChecksum(reader, chunk)));
  } catch (error) {
    // Only damage to mapped columns matters, and it is named when these are verified.
    if (error instanceof RangeError) return true;
    throw error;
  }
}

function hasChecksum(file: ThriftReader, { start, values, codec }: ColumnChunk): boolean {
  file.at = start;
  for (let read = 0; read < values; ) {
    const page = parsePage(file, 0);
    if (page.crc !== undefined || isGzip(page, codec)) return true;
    read += page.values;
    file.at = page.start + page.bytes;
  }
  return false;
}

/** Whether a page holds a gzip block, which ends with a checksum. */
function isGzip({ isCompressed, bytes, levels }: Page, codec: number): boolean {
  return codec === GZIP && isCompressed && bytes > levels;
}

async function verifyChunk(
  file: FileWindow,
  chunk: ColumnChunk,
  name: string,
  signal: AbortSignal | undefined,
) {
  let at = chunk.start;
  let values = 0;
  let isChecked = false;
  while (values < chunk.values) {
    signal?.throwIfAborted();
    const page = await readPage(file, at);
    file.expectAlike(page);
    if (page.crc !== undefined) {
      isChecked = true;
      if ((await readCrc(file, page)) !== page.crc >>> 0) throw checksumError(name, page, 'its CRC');
    } else if (isGzip(page, chunk.codec)) {
      isChecked = true;
      await verifyGzip(file, page, name);
    }
    values += page.values;
    at = page.start + page.bytes;
  }
  // Checksums do not cover headers, so sizes are compared too. Some older writers count bytes differently, but write no checksums.
  if (isChecked && (values > chunk.values || at !== chunk.start + chunk.bytes)) {
    throw new RangeError('Pages do not end where the footer says.');
  }
}

/** A file with a buffer of the last read. Of a small file, which is in memory as a whole, nothing is read. */
class FileWindow {
  readonly #path: string;
  readonly #size: number;
  readonly #hasCrc = new Map<Page['kind'], boolean>();
  #handle: FileHandle | undefined;
  #start: number;
  #bytes: Buffer;

  constructor(path: string, { size, end }: FileEnds) {
    this.#path = path;
    this.#size = size;
    this.#start = size - end.length;
    this.#bytes = end;
  }

  /** Closes the file if it was opened. */
  async close(): Promise<void> {
    await this.#handle?.close();
  }

  /** Writers write checksums for all pages of a kind, or for none. @throws RangeError if a page differs. */
  expectAlike({ kind, crc }: Page): void {
    const hasCrc = crc !== undefined;
    if ((this.#hasCrc.get(kind) ?? hasCrc) !== hasCrc)
      throw new RangeError('A page has no checksum, but other pages have one.');
    this.#hasCrc.set(kind, hasCrc);
  }

  /** Bytes from an offset: more than requested if they are buffered, fewer at the end of the file. */
  async from(at: number, length: number): Promise<Buffer> {
    const end = Math.min(at + length, this.#size);
    if (at < this.#start || end > this.#start + this.#bytes.length) {
      const wanted = Math.min(Math.max(length, WINDOW_BYTES), Math.max(0, this.#size - at));
      this.#handle ??= await open(this.#path);
      this.#bytes = await readAt(this.#handle, at, wanted);
      this.#start = at;
    }
    return this.#bytes.subarray(at - this.#start);
  }

  /** Exactly this number of bytes. @throws RangeError if the file ends before. */
  async exactly(at: number, length: number): Promise<Buffer> {
    const bytes = await this.from(at, length);
    if (bytes.length < length) throw new RangeError('A page ends after the end of the file.');
    return bytes.subarray(0, length);
  }
}

async function readPage(file: FileWindow, at: number): Promise<Page> {
  for (let length = 1; ; length = Math.max(WINDOW_BYTES, length * 8)) {
    const bytes = await file.from(at, length);
    try {
      return parsePage(new ThriftReader(bytes), at);
    } catch (error) {
      // It may be longer than the buffer.
      if (bytes.length < length || length >= MOST_HEADER_BYTES) throw error;
    }
  }
}

/** Reads the header of a page field by field, as a day may have millions of pages. @param base Offset of the reader's bytes. */
function parsePage(reader: ThriftReader, base: number): Page {
  let [kind, bytes, uncompressed, values, levels] = [-1, -1, -1, 0, 0];
  let crc: number | undefined;
  let isCompressed = true;
  const headers: number[] = [];
  reader.fields((id, type) => {
    const isInt = type >= THRIFT.i16 && type <= THRIFT.i64;
    if (id >= PAGE.data) headers.push(id);
    if (id === PAGE.type && isInt) kind = reader.int();
    else if (id === PAGE.uncompressed && isInt) uncompressed = reader.int();
    else if (id === PAGE.compressed && isInt) bytes = reader.int();
    else if (id === PAGE.crc && isInt) crc = reader.int();
    else if ((id === PAGE.data || id === PAGE.dataV2) && type === THRIFT.struct) {
      reader.fields((field, of) => {
        const isNumber = of >= THRIFT.i16 && of <= THRIFT.i64;
        if (field === VALUES && isNumber) values = reader.int();
        else if (id === PAGE.dataV2 && (field === V2.definitionBytes || field === V2.repetitionBytes)) {
          if (isNumber) levels += reader.int();
          else reader.skip(of);
        } else {
          if (id === PAGE.dataV2 && field === V2.isCompressed && of === THRIFT.false) isCompressed = false;
          reader.skip(of);
        }
      });
    } else reader.skip(type);
  });
  if (bytes < 0 || uncompressed < 0) throw new RangeError('A page has no size.');
  const kindOf = KINDS.get(kind);
  if (kindOf === undefined || !headers.includes(kindOf))
    throw new RangeError('A page has the header of another kind.');
  if (values < 0) throw new RangeError('A page has a negative number of values.');
  return { start: base + reader.at, bytes, kind, uncompressed, crc, levels, isCompressed, values };
}

async function readCrc(file: FileWindow, { start, bytes }: Page): Promise<number> {
  let crc = 0;
  for await (const piece of pieces(file, start, bytes)) crc = crc32(piece, crc);
  return crc;
}

async function verifyGzip(file: FileWindow, page: Page, name: string): Promise<void> {
  const { start, bytes, uncompressed, levels } = page;
  const expected = uncompressed - levels;
  let length = 0;
  try {
    if (bytes <= PIECE_BYTES && expected <= PIECE_BYTES) {
      const block = await file.exactly(start + levels, bytes - levels);
      length = gunzipSync(block, { maxOutputLength: Math.max(1, expected) }).length;
    } else {
      const compressed = Readable.from(pieces(file, start + levels, bytes - levels));
      for await (const piece of compressed.compose(createGunzip())) {
        length += piece.length;
        if (length > expected) break;
      }
    }
  } catch (error) {
    if (error instanceof Error && /incorrect (data|length) check/.test(error.message)) {
      throw checksumError(name, page, 'that of its gzip block');
    }
    throw error instanceof RangeError
      ? error
      : new RangeError('A gzip block can’t be read.', { cause: error });
  }
  if (length !== expected) throw new RangeError('The length of a page differs from its header.');
}

async function* pieces(file: FileWindow, start: number, bytes: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes; at += PIECE_BYTES) {
    yield await file.exactly(start + at, Math.min(PIECE_BYTES, bytes - at));
  }
}

function checksumError(name: string, { start }: Page, which: string): FileFailure {
  return new FileError('SLUICE_INGEST_FILE_CHECKSUM_WRONG', `${name}: page at byte ${start}, ${which}.`);
}

import { type FileHandle, open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { crc32, createGunzip, gunzipSync } from 'node:zlib';
import type { EngineFile } from './Engine.ts';
import { FileError, type FileFailure } from './FileError.ts';
import { type ColumnChunk, columnChunks, intOf, readAt, readFooter, structOf } from './parquetFooter.ts';
import { THRIFT, ThriftReader, type ThriftStruct } from './thriftCompact.ts';

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
  const handle = await open(file.path);
  try {
    const wanted = (leaf: number) => leaves.some(([first, end]) => leaf >= first && leaf < end);
    const window = new FileWindow(handle, (await handle.stat()).size);
    for (const chunk of columnChunks(await readFooter(handle), wanted, rows)) {
      await verifyChunk(window, chunk, file.name, signal);
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new FileError('SLUICE_INGEST_FILE_DAMAGED', `${file.name}: ${error.message}`, { cause: error });
  } finally {
    await handle.close();
  }
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
    } else if (chunk.codec === GZIP && page.isCompressed && page.bytes > page.levels) {
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

/** A file with a buffer of the last read. */
class FileWindow {
  readonly handle: FileHandle;
  readonly #size: number;
  readonly #hasCrc = new Map<Page['kind'], boolean>();
  #start = 0;
  #bytes: Buffer = Buffer.alloc(0);

  constructor(handle: FileHandle, size: number) {
    this.handle = handle;
    this.#size = size;
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
      this.#bytes = await readAt(this.handle, at, wanted);
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
      const reader = new ThriftReader(bytes);
      return parsePage(reader.struct(), at + reader.at);
    } catch (error) {
      // It may be longer than the buffer.
      if (bytes.length < length || length >= MOST_HEADER_BYTES) throw error;
    }
  }
}

function parsePage(header: ThriftStruct, start: number): Page {
  const bytes = intOf(header, PAGE.compressed);
  const uncompressed = intOf(header, PAGE.uncompressed);
  if (bytes === undefined || bytes < 0 || uncompressed === undefined || uncompressed < 0) {
    throw new RangeError('A page has no size.');
  }
  const kind = intOf(header, PAGE.type) ?? -1;
  const kindOf = KINDS.get(kind);
  if (kindOf === undefined || !header.has(kindOf))
    throw new RangeError('A page has the header of another kind.');
  const v2 = structOf(header, PAGE.dataV2);
  const data = v2 ?? structOf(header, PAGE.data);
  const values = data === null ? 0 : (intOf(data, VALUES) ?? 0);
  if (values < 0) throw new RangeError('A page has a negative number of values.');
  const levels =
    v2 === null ? 0 : (intOf(v2, V2.definitionBytes) ?? 0) + (intOf(v2, V2.repetitionBytes) ?? 0);
  const isCompressed = v2?.get(V2.isCompressed)?.type !== THRIFT.false;
  return { start, bytes, kind, uncompressed, crc: intOf(header, PAGE.crc), levels, isCompressed, values };
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

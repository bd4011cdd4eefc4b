import { type FileHandle, open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { crc32, createGunzip, gunzipSync } from 'node:zlib';
import { FileError, type FileFailure } from './FileError.ts';
import type { EngineFile, LargePages } from './FileSchema.ts';
import { type Page, parsePage } from './format/pageHeader.ts';
import { type FileEnds, ParquetFooter, readEnds } from './format/parquetFooter.ts';
import type { ColumnChunk } from './format/rowGroups.ts';
import { ThriftReader } from './format/thriftCompact.ts';

/** The codec that compresses nothing. */
const UNCOMPRESSED = 0;
/** The codec whose blocks end with a checksum that DuckDB does not verify. */
const GZIP = 2;
/**
 * The most bytes that a byte of a codec can become, rounded up: Snappy's copies are 64 bytes in three, LZ4's lengths 255 in
 * one, DEFLATE's 1,032 to one. DuckDB allocates what a header says.
 */
const MAX_INFLATED: ReadonlyMap<number, number> = new Map([
  [1, 32],
  [GZIP, 1_100],
  [7, 256],
]);
/**
 * Bytes by which pages may go beyond their chunk: old writers leave the header of the dictionary out of its size.
 * https://issues.apache.org/jira/browse/PARQUET-816
 */
const UNCOUNTED_BYTES = 100;

/** Bytes that are read at once to find headers. They often contain small pages as well. */
const WINDOW_BYTES = 64 * 1_024;
/** The most bytes of a header. Statistics make headers long. */
const MAX_HEADER_BYTES = 16 * 1_024 * 1_024;
/** Bytes of a page that are in memory at once, compressed or uncompressed. */
const PIECE_BYTES = 4 * 1_024 * 1_024;

/** The fewest bytes of a page, uncompressed, that is noted. */
const LARGE_PAGE_BYTES = 16 * 1_024 * 1_024;

/** The pages of a file to verify. */
interface PageRange {
  /** Ranges of columns among the column chunks of a row group: first and end. */
  readonly leaves: readonly (readonly [first: number, end: number])[];
  /** Stops the work, which throws the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Verifies the checksums of pages, which DuckDB does not do: the page's own if its header has one, otherwise that of its
 * gzip block. Of pages without a checksum only the headers are read.
 *
 * @throws FileError of a page whose checksum does not match; the signal's reason.
 */
export async function verifyPages(file: EngineFile, { leaves, signal }: PageRange): Promise<void> {
  const isWanted = (leaf: number) => leaves.some(([first, end]) => leaf >= first && leaf < end);
  await walkPages(file, readEnds(file.path), { isWanted, signal, hasChecks: true });
}

/**
 * Judges the headers of all pages before DuckDB reads them, which believes some of them: it copies as many bytes of an
 * uncompressed page as its header says into a buffer of another size of that header.
 * https://github.com/duckdb/duckdb/issues/25966
 *
 * @returns Whether pages have checksums to verify, and large pages.
 * @throws FileError of a page whose header is inconsistent.
 */
export function judgePages(
  file: EngineFile,
  ends: FileEnds,
): Promise<{ readonly mayHaveChecksums: boolean; readonly largePages: readonly LargePages[] }> {
  return walkPages(file, ends, { isWanted: () => true, hasChecks: false });
}

/** Which pages are looked at, and how. */
interface Walk extends Omit<PageRange, 'leaves'> {
  /** Whether the pages of a column are looked at, by its place among the column chunks of a row group. */
  readonly isWanted: (leaf: number) => boolean;
  /** Whether checksums are verified, too. */
  readonly hasChecks: boolean;
}

/** Looks at the pages of a file. @throws FileError for a page that is damaged. */
async function walkPages(file: EngineFile, ends: FileEnds, walk: Walk): ReturnType<typeof judgePages> {
  const large = new Map<number, LargePages>();
  const window = new FileWindow(file.path, ends);
  try {
    const footer = new ParquetFooter(ends);
    let hasChecksums = false;
    for (const group of footer.rowGroups) {
      for (const [leaf, chunk] of group.chunks.entries()) {
        if (!walk.isWanted(leaf)) continue;
        const place = { ...chunk, values: Math.max(chunk.values, group.rows), footerStart: footer.start };
        const { isChecked, largest } = await walkChunk(window, place, file.name, walk);
        if (isChecked) hasChecksums = true;
        if (largest < LARGE_PAGE_BYTES) continue;
        const { bytes, groups } = large.get(leaf) ?? { bytes: 0, groups: 0 };
        large.set(leaf, { leaf, bytes: Math.max(bytes, largest), groups: groups + 1 });
      }
    }
    return { mayHaveChecksums: hasChecksums, largePages: [...large.values()] };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new FileError('SLUICE_INGEST_FILE_DAMAGED', `${file.name}: ${error.message}`, { cause: error });
  } finally {
    await window.close();
  }
}

/** Whether a page holds a gzip block, which ends with a checksum. */
function isGzip({ isCompressed, bytes, levels }: Page, codec: number): boolean {
  return codec === GZIP && isCompressed && bytes > levels;
}

/** A column chunk whose pages are looked at. */
interface Chunk extends ColumnChunk {
  /** Values that DuckDB reads: it goes on to the next page until it has all rows, wherever the chunk ends. */
  readonly values: number;
  /** Offset of the footer in the file. */
  readonly footerStart: number;
}

/**
 * Looks at the headers of all pages of a chunk.
 *
 * @returns Whether pages have checksums, and bytes of the largest, uncompressed.
 */
async function walkChunk(
  file: FileWindow,
  chunk: Chunk,
  name: string,
  { signal, hasChecks }: Walk,
): Promise<{ readonly isChecked: boolean; readonly largest: number }> {
  const end = chunk.start + chunk.bytes;
  let at = chunk.start;
  let values = 0;
  let uncompressed = 0;
  let largest = 0;
  let isChecked = false;
  while (values < chunk.values) {
    signal?.throwIfAborted();
    const page = await readPage(file, at);
    file.expectAlike(page);
    uncompressed += page.start - at + page.uncompressed;
    largest = Math.max(largest, page.uncompressed);
    at = page.start + page.bytes;
    requireConsistent(page, chunk.codec);
    if (at > Math.min(end + UNCOUNTED_BYTES, chunk.footerStart))
      throw new RangeError('A page ends after its column chunk.');
    const isBlock = isGzip(page, chunk.codec);
    if (page.crc !== undefined || isBlock) isChecked = true;
    if (hasChecks && page.crc !== undefined) {
      if ((await readCrc(file, page)) !== page.crc >>> 0) throw checksumError(name, page, 'its CRC');
    } else if (hasChecks && isBlock) await verifyGzip(file, page, name);
    values += page.values;
  }
  // Checksums do not cover headers, so sizes are compared too. Some older writers count bytes differently, but write no
  // checksums.
  if (isChecked && (values > chunk.values || at !== end))
    throw new RangeError('Pages do not end where the footer says.');
  if (chunk.uncompressed > uncompressed + UNCOUNTED_BYTES)
    throw new RangeError('Pages are smaller than the footer says.');
  return { isChecked, largest };
}

/**
 * Requires that the sizes that a page states can be true.
 *
 * @throws RangeError if the sizes of a page contradict each other.
 */
function requireConsistent({ bytes, uncompressed, levels, isCompressed }: Page, codec: number): void {
  if (levels > Math.min(bytes, uncompressed))
    throw new RangeError('The levels of a page are larger than the page.');
  if ((codec === UNCOMPRESSED || !isCompressed) && bytes !== uncompressed)
    throw new RangeError('A page without compression has two sizes.');
  if (uncompressed > (bytes + 1) * (MAX_INFLATED.get(codec) ?? Number.POSITIVE_INFINITY))
    throw new RangeError('A page says to be larger than it can be.');
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

/** Reads some bytes of a file. @throws RangeError if the file ends before. */
async function readAt(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length);
  for (let read = 0; read < length; ) {
    const { bytesRead } = await handle.read(bytes, read, length - read, position + read);
    if (bytesRead === 0) throw new RangeError('The file ends before its footer says.');
    read += bytesRead;
  }
  return bytes;
}

/** Reads the header of a page. @param at Offset of the header. */
async function readPage(file: FileWindow, at: number): Promise<Page> {
  for (let length = 1; ; length = Math.max(WINDOW_BYTES, length * 8)) {
    const bytes = await file.from(at, length);
    try {
      return parsePage(new ThriftReader(bytes), at);
    } catch (error) {
      // The header may be longer than the buffer: more bytes are read.
      if (bytes.length < length || length >= MAX_HEADER_BYTES) throw error;
    }
  }
}

/** The CRC-32 of the bytes of a page. */
async function readCrc(file: FileWindow, { start, bytes }: Page): Promise<number> {
  let crc = 0;
  for await (const piece of pieces(file, start, bytes)) crc = crc32(piece, crc);
  return crc;
}

/** Reads a page of gzip to its end. @throws FileError for a wrong checksum or length. */
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
      throw checksumError(name, page, 'the checksum of its gzip block');
    }
    throw error instanceof RangeError
      ? error
      : new RangeError('A gzip block can’t be read.', { cause: error });
  }
  if (length !== expected) throw new RangeError('The length of a page differs from its header.');
}

/** The bytes of a page, in pieces that fit the memory. */
async function* pieces(file: FileWindow, start: number, bytes: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes; at += PIECE_BYTES) {
    yield await file.exactly(start + at, Math.min(PIECE_BYTES, bytes - at));
  }
}

/** The error of a page whose bytes are not those that were written. */
function checksumError(name: string, { start }: Page, which: string): FileFailure {
  return new FileError('SLUICE_INGEST_FILE_CHECKSUM_WRONG', `${name}: page at byte ${start}, ${which}.`);
}

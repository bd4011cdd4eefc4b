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
/** Kinds of pages, and the field of the header that is of them alone. */
const KINDS: ReadonlyMap<number, number> = new Map([
  [0, PAGE.data],
  [1, PAGE.index],
  [2, PAGE.dictionary],
  [3, PAGE.dataV2],
]);
/** Of the header of a data page of either version. */
const VALUES = 1;
const V2 = { definitionBytes: 5, repetitionBytes: 6, isCompressed: 7 } as const;

/** The codec whose blocks end in a checksum that DuckDB does not compare. */
const GZIP = 2;

/** Bytes that are read at once where headers are looked for: small pages lie in them, too. */
const WINDOW_BYTES = 64 * 1_024;
/** Statistics make headers long. */
const MOST_HEADER_BYTES = 16 * 1_024 * 1_024;
/** Bytes of a page that are held at once, as it is and uncompressed. */
const PIECE_BYTES = 4 * 1_024 * 1_024;

/** Which pages of a file are looked at. */
export interface PageRange {
  /** Places of columns among the column chunks of a row group: each range is its first and the one behind its last. */
  readonly leaves: readonly (readonly [first: number, end: number])[];
  /** Row groups up to this many rows. Default all. */
  readonly rows?: number;
  readonly signal?: AbortSignal | undefined;
}

interface Page {
  /** Where its bytes begin, behind the header. */
  readonly start: number;
  readonly bytes: number;
  readonly kind: number;
  readonly uncompressed: number;
  readonly crc: number | undefined;
  /** Bytes before what is compressed. */
  readonly levels: number;
  readonly isCompressed: boolean;
  /** Values and nulls; none of a dictionary. */
  readonly values: number;
}

/**
 * Compares the checksums of pages, which DuckDB does not: a page's own where its header has one, else that of its gzip
 * block. Pages without either are not read, only their headers.
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
  // Checksums do not cover headers, so sizes are compared as well. Some older writers count bytes differently; they write no checksums.
  if (isChecked && (values > chunk.values || at !== chunk.start + chunk.bytes)) {
    throw new RangeError('Pages end elsewhere than their footer says.');
  }
}

/** A file, of which the part that was read last is at hand. */
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

  /** Writers give checksums to all pages of a kind, or to none. @throws RangeError when a page differs. */
  expectAlike({ kind, crc }: Page): void {
    const hasCrc = crc !== undefined;
    if ((this.#hasCrc.get(kind) ?? hasCrc) !== hasCrc)
      throw new RangeError('A page lacks the checksum that others have.');
    this.#hasCrc.set(kind, hasCrc);
  }

  /** Bytes from a place on, more than are asked for where they are at hand, fewer at the end of the file. */
  async from(at: number, length: number): Promise<Buffer> {
    const end = Math.min(at + length, this.#size);
    if (at < this.#start || end > this.#start + this.#bytes.length) {
      const wanted = Math.min(Math.max(length, WINDOW_BYTES), Math.max(0, this.#size - at));
      this.#bytes = await readAt(this.handle, at, wanted);
      this.#start = at;
    }
    return this.#bytes.subarray(at - this.#start);
  }

  /** So many bytes. @throws RangeError when the file ends before. */
  async exactly(at: number, length: number): Promise<Buffer> {
    const bytes = await this.from(at, length);
    if (bytes.length < length) throw new RangeError('A page ends behind the file.');
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
      // It may be longer than what was at hand.
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
  if (values < 0) throw new RangeError('A page has less than no values.');
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
  if (length !== expected) throw new RangeError('A page is not as long as its header says.');
}

async function* pieces(file: FileWindow, start: number, bytes: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes; at += PIECE_BYTES) {
    yield await file.exactly(start + at, Math.min(PIECE_BYTES, bytes - at));
  }
}

function checksumError(name: string, { start }: Page, which: string): FileFailure {
  return new FileError('SLUICE_INGEST_FILE_CHECKSUM_WRONG', `${name}: page at byte ${start}, ${which}.`);
}

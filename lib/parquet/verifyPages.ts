import { FileError } from './FileError.ts';
import type { EngineFile, LargePages } from './FileSchema.ts';
import { FileWindow, WINDOW_BYTES } from './FileWindow.ts';
import { type Page, parsePage } from './format/pageHeader.ts';
import { type FileEnds, ParquetFooter, readEnds } from './format/parquetFooter.ts';
import type { ColumnChunk } from './format/rowGroups.ts';
import { ThriftReader } from './format/thriftCompact.ts';
import { checksumError, readCrc, verifyGzip } from './pageChecksums.ts';

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

/** The most bytes of a header. Statistics make headers long. */
const MAX_HEADER_BYTES = 16 * 1_024 * 1_024;
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
  const known: ChecksumKinds = new Map();
  const window = new FileWindow(file.path, ends);
  try {
    const footer = new ParquetFooter(ends);
    let hasChecksums = false;
    for (const group of footer.rowGroups) {
      for (const [leaf, chunk] of group.chunks.entries()) {
        if (!walk.isWanted(leaf)) continue;
        const place = {
          ...chunk,
          values: Math.max(chunk.values, group.rows),
          footerStart: footer.start,
          known,
        };
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
  /** Which kinds of pages have checksums, of the file's pages that were looked at before. */
  readonly known: ChecksumKinds;
}

/** Whether pages of a kind have a checksum. */
type ChecksumKinds = Map<Page['kind'], boolean>;

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
    requireAlike(chunk.known, page);
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

/** Writers write checksums for all pages of a kind, or for none. @throws RangeError if a page differs. */
function requireAlike(known: ChecksumKinds, { kind, crc }: Page): void {
  const hasCrc = crc !== undefined;
  if ((known.get(kind) ?? hasCrc) !== hasCrc)
    throw new RangeError('Some pages of a kind have a checksum, and others have none.');
  known.set(kind, hasCrc);
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

import { sum } from '../base/sum.ts';
import type { DuckDbSession } from './DuckDbSession.ts';
import { FileError, type FileFailure, fileFailure, MAX_FOOTER_BYTES, MAX_LEAVES } from './FileError.ts';
import type { EngineFile, FileColumn, FileSchema, UnreadableFile } from './FileSchema.ts';
import {
  ENCRYPTED_MARK,
  endsBuffer,
  type FileEnds,
  footerBytes,
  isPacked,
  LEAST_FILE_BYTES,
  MARK_BYTES,
  PARQUET_MARK,
  ParquetFooter,
  readEnds,
  TAIL_BYTES,
} from './format/parquetFooter.ts';
import { type ColumnChunk, FIRST_PAGE, type RowGroup } from './format/rowGroups.ts';
import { countColumns, readSchema, type SchemaNode } from './format/schemaTree.ts';
import { readColumns } from './readColumns.ts';
import { judgePages } from './verifyPages.ts';

/**
 * Codecs at the places of their numbers, and whether DuckDB reads them: it reads neither LZO nor Hadoop's old LZ4.
 * https://github.com/apache/parquet-format/blob/master/Compression.md
 */
const CODECS = [
  { name: 'UNCOMPRESSED', isRead: true },
  { name: 'SNAPPY', isRead: true },
  { name: 'GZIP', isRead: true },
  { name: 'LZO', isRead: false },
  { name: 'BROTLI', isRead: true },
  { name: 'LZ4', isRead: false },
  { name: 'ZSTD', isRead: true },
  { name: 'LZ4_RAW', isRead: true },
] as const;

/** Bytes of a value in memory, besides those that its footer declares: it declares the texts of a dictionary once. */
const VALUE_BYTES = 16;

/** The fewest bytes of a page. */
const MIN_PAGE_BYTES = 10;
/** The most values, or decoded bytes, that a page can have: it states both in 32 bits. */
const MAX_IN_PAGE = 2 ** 31;

// In this file a RangeError says that the bytes of a file contradict each other.

/**
 * Reads and judges the footers of files, and the headers of all their pages, except of files with `onlyFooter`. Then
 * DuckDB reads the columns of one file of each schema: to open thousands of files takes it longer than all the rest.
 *
 * @param onRead Called before DuckDB reads a file.
 * @returns One result for each file, in their order: its schema, or why it can't be read.
 * @throws What is not the fault of a file: errors of DuckDB, of the disk, and of a session that was stopped.
 */
export async function describeFiles(
  session: DuckDbSession,
  files: readonly EngineFile[],
  onRead: (file: EngineFile) => void = () => {},
): Promise<(FileSchema | UnreadableFile)[]> {
  const shapes = new Map<string, Shape>();
  const buffer = endsBuffer();
  const described: (FileSchema | UnreadableFile)[] = [];
  for (const file of files) {
    try {
      described.push(await describeFile(session, file, shapes, buffer, onRead));
    } catch (error) {
      const { path, name } = file;
      described.push({ path, name, problem: asFileFailure(error, name) });
    }
  }
  return described;
}

/** The error of a file: a FileError as it is, a RangeError as one of a damaged file. @throws Any other error. */
function asFileFailure(error: unknown, name: string): FileFailure {
  if (error instanceof FileError) return error;
  if (!(error instanceof RangeError)) throw error;
  return new FileError('SLUICE_INGEST_FILE_DAMAGED', `${name}: ${error.message}`, { cause: error });
}

/** A schema that files share, as there may be thousands of them. */
interface Shape {
  /** The schema as the files declare it. */
  readonly root: SchemaNode;
  /** The columns as DuckDB reads them from the first file that it can read; null until then. */
  columns: readonly FileColumn[] | null;
}

/**
 * Describes a file that is fit to be read.
 *
 * @param shapes Schemas of the files before. That of the file is added.
 * @param buffer Overwritten with the ends of the file.
 * @throws FileError if DuckDB can't read the file; RangeError.
 */
async function describeFile(
  session: DuckDbSession,
  file: EngineFile,
  shapes: Map<string, Shape>,
  buffer: Buffer<ArrayBuffer>,
  onRead: (file: EngineFile) => void,
): Promise<FileSchema> {
  const { path, name, onlyFooter = false } = file;
  if (name.includes('\0')) throw new FileError('SLUICE_INGEST_FILE_NAME_UNFIT', `${JSON.stringify(name)}.`);
  const ends = requireEnds(file, buffer);
  const footer = requireFooter(name, ends);
  const shape = shapes.get(footer.shape) ?? { root: readSchema(footer.shape), columns: null };
  shapes.set(footer.shape, shape);
  requireReadable(name, footer, shape.root);
  const pages = onlyFooter ? { mayHaveChecksums: true, largePages: [] } : await judgePages(file, ends);
  if (shape.columns === null) {
    onRead(file);
    shape.columns = await columnsOf(session, file, shape);
  }
  return {
    path,
    name,
    rows: footer.rows,
    decodedBytes: decodedBytes(footer.rowGroups),
    columns: shape.columns,
    ...pages,
  };
}

/** The first and the last bytes of a file. @throws FileError if they are not those of Parquet. */
function requireEnds({ path, name }: EngineFile, buffer: Buffer<ArrayBuffer>): FileEnds {
  const ends = readEnds(path, buffer);
  const mark = markProblem(ends);
  if (mark !== null) throw new FileError(mark, `${name}, ${ends.size} bytes.`);
  return ends;
}

/**
 * The footer.
 *
 * @throws FileError if it is too large, or has too many columns; RangeError for sizes that the file can't have.
 */
function requireFooter(name: string, ends: FileEnds): ParquetFooter {
  if ((footerBytes(ends.end) ?? 0) > MAX_FOOTER_BYTES + TAIL_BYTES) throw tooWide(name);
  const footer = new ParquetFooter(ends);
  if (countColumns(footer.shape) > MAX_LEAVES) throw tooWide(name);
  requirePossibleSizes(footer);
  return footer;
}

/** Refuses what DuckDB does not read. @throws FileError; RangeError if a row group lacks columns of the schema. */
function requireReadable(name: string, { isEncrypted, rowGroups }: ParquetFooter, root: SchemaNode): void {
  const unfit = nameWithNul(root);
  if (unfit !== null) {
    throw new FileError('SLUICE_INGEST_COLUMN_NAME_UNFIT', `${name}: ${JSON.stringify(unfit)}.`);
  }
  if (isEncrypted) throw new FileError('SLUICE_INGEST_FILE_ENCRYPTED', `${name}.`);
  requireCodecs(name, rowGroups);
  // The root of a schema without columns counts as a leaf. DuckDB refuses such a file: fileFailure.
  const [, end] = root.leaves;
  const columns = root.children.length === 0 ? 0 : end;
  if (rowGroups.some(({ chunks }) => chunks.length !== columns))
    throw new RangeError('A row group lacks columns.');
}

/** Bytes that the values of all columns take in memory. */
function decodedBytes(rowGroups: readonly RowGroup[]): number {
  const chunks = rowGroups.flatMap((group) => group.chunks);
  return sum(chunks.map(({ uncompressed, values }) => uncompressed + values * VALUE_BYTES));
}

/** The error of a file on which DuckDB would work for too long. */
function tooWide(name: string): FileFailure {
  return new FileError('SLUICE_INGEST_FILE_TOO_WIDE', `${name}.`);
}

/** Refuses sizes that the file can't have: they decide what machine its day needs. @throws RangeError */
function requirePossibleSizes({ rows, rowGroups, start }: ParquetFooter): void {
  if (rows !== sum(rowGroups.map((group) => group.rows)))
    throw new RangeError('The rows of its row groups are not as many as the footer says.');
  const isPossible = (chunk: ColumnChunk) => {
    const most = Math.ceil(chunk.bytes / MIN_PAGE_BYTES) * MAX_IN_PAGE;
    return (
      chunk.start >= FIRST_PAGE &&
      chunk.bytes >= 0 &&
      chunk.start + chunk.bytes <= start &&
      [chunk.values, chunk.uncompressed].every((size) => size >= 0 && size <= most)
    );
  };
  for (const { rows: groupRows, chunks } of rowGroups) {
    if (groupRows < 0) throw new RangeError('A row group has a negative number of rows.');
    if (groupRows > 0 && !chunks.every(isPossible))
      throw new RangeError('The size of a column is not one that the file can have.');
    // Pages of a column that states fewer values are judged as those of all rows.
    if (groupRows > 0 && chunks.length > 0 && chunks.every(({ values }) => values < groupRows))
      throw new RangeError('A row group has more rows than values.');
  }
}

/**
 * The columns of a file, as DuckDB reads them.
 *
 * @throws FileError for a file that DuckDB does not read, also for one without columns.
 */
async function columnsOf(
  session: DuckDbSession,
  { path, name }: EngineFile,
  { root }: Shape,
): Promise<readonly FileColumn[]> {
  try {
    return await readColumns(session, path, root);
  } catch (error) {
    throw fileFailure(error, name) ?? error;
  }
}

/** Refuses codecs that DuckDB does not read. @throws FileError */
function requireCodecs(name: string, groups: readonly RowGroup[]): void {
  for (const { codec } of groups.flatMap(({ chunks }) => chunks)) {
    const known = CODECS[codec];
    if (known?.isRead !== true)
      throw new FileError('SLUICE_INGEST_FILE_CODEC_UNSUPPORTED', `${name}: ${known?.name ?? codec}.`);
  }
}

/** The first name of a schema with a NUL, at which DuckDB ends a statement; null if there is none. */
function nameWithNul({ name, children }: SchemaNode): string | null {
  if (name.includes('\0')) return name;
  for (const child of children) {
    const ofChild = nameWithNul(child);
    if (ofChild !== null) return ofChild;
  }
  return null;
}

/** Why the ends of a file show that it is not valid Parquet, before any library opens it; null if they are fine. */
function markProblem({ head, end, size }: FileEnds): FileFailure['code'] | null {
  const first = head.toString('latin1');
  const last = end.toString('latin1', Math.max(0, end.length - MARK_BYTES));
  if (first === ENCRYPTED_MARK || (first === PARQUET_MARK && last === ENCRYPTED_MARK))
    return 'SLUICE_INGEST_FILE_ENCRYPTED';
  if (isPacked(first)) return 'SLUICE_INGEST_FILE_COMPRESSED';
  if (first !== PARQUET_MARK) return 'SLUICE_INGEST_FILE_NOT_PARQUET';
  if (size < LEAST_FILE_BYTES || last !== PARQUET_MARK) return 'SLUICE_INGEST_FILE_TRUNCATED';
  return end.readUInt32LE(end.length - 2 * MARK_BYTES) > size - LEAST_FILE_BYTES
    ? 'SLUICE_INGEST_FILE_DAMAGED'
    : null;
}

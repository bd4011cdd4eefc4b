import { open } from 'node:fs/promises';
import { quoteText } from '../../base/sql.ts';
import type { DuckDbSession } from './DuckDbSession.ts';
import type { EngineFile, FileColumn, FileSchema, UnreadableFile } from './Engine.ts';
import { duckDbMessage, fileFailure } from './EngineError.ts';
import { FileError, type FileFailure } from './FileError.ts';
import {
  originalSchema,
  type ParquetFooter,
  readFooter,
  replaceSchema,
  type SchemaNode,
} from './parquetFooter.ts';
import { readableElements } from './readableSchema.ts';
import { readColumns } from './readColumns.ts';

/** Codecs that DuckDB reads. It does not read Hadoop's old LZ4, or LZO. */
const CODECS = ['UNCOMPRESSED', 'SNAPPY', 'GZIP', 'BROTLI', 'ZSTD', 'LZ4_RAW'];

/** Files whose ends are read in parallel. */
const AT_ONCE = 32;

/** Reads the footers of files, and rewrites those that DuckDB would misread: {@link Engine.describe}. */
export async function describeFiles(
  session: DuckDbSession,
  files: readonly EngineFile[],
): Promise<(FileSchema | UnreadableFile)[]> {
  const opened = await openAll(files);
  const schemas = new Map<string, FileShape>();
  for (const [i, one] of opened.entries()) {
    const path = files[i]?.path;
    if (path !== undefined && 'root' in one) schemas.set(path, one);
  }
  const likely = files.filter(({ path }) => schemas.has(path));
  const read = await readFooters(session, likely, schemas);
  return files.map((file, i) => {
    const one = opened[i];
    if (one !== undefined && 'problem' in one) return { ...file, problem: one.problem };
    const footer = read.get(file.path);
    if (footer === undefined) throw new RangeError(`${file.name} was not read.`);
    return footer;
  });
}

/** The schema of a file, as the file declares it. */
type FileShape = Pick<ParquetFooter, 'shape' | 'root'>;
/** The result of reading a file without DuckDB. */
type Opened = FileShape | Pick<UnreadableFile, 'problem'>;

/** Equal files share one schema object, as there may be thousands. */
async function openAll(files: readonly EngineFile[]): Promise<Opened[]> {
  const shapes = new Map<string, FileShape>();
  const opened: Opened[] = [];
  for (let i = 0; i < files.length; i += AT_ONCE) {
    for (const one of await Promise.all(files.slice(i, i + AT_ONCE).map(openFile))) {
      if ('problem' in one) opened.push(one);
      else {
        const alike = shapes.get(one.shape) ?? { shape: one.shape, root: one.root };
        shapes.set(one.shape, alike);
        opened.push(alike);
      }
    }
  }
  return opened;
}

/** Reads the schema of a file, and rewrites it in the local copy if DuckDB would misread it. */
async function openFile(file: EngineFile): Promise<Opened> {
  if (file.name.includes('\0')) {
    return { problem: new FileError('SLUICE_INGEST_FILE_NAME_UNFIT', `${JSON.stringify(file.name)}.`) };
  }
  const problem = await readFooterMark(file);
  if (problem !== null) return { problem };
  const handle = await open(file.path, 'r+');
  try {
    const footer = await readFooter(handle);
    const name = nameWithNul(footer.root);
    if (name !== null) {
      const detail = `${file.name}: ${JSON.stringify(name)}.`;
      return { problem: new FileError('SLUICE_INGEST_COLUMN_NAME_UNFIT', detail) };
    }
    const original = originalSchema(footer, readableElements);
    if (original !== null) return original;
    const elements = readableElements(footer.root);
    if (elements !== null) await replaceSchema(handle, footer, elements);
    return footer;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const detail = `${file.name}: ${error.message}`;
    return { problem: new FileError('SLUICE_INGEST_FILE_DAMAGED', detail, { cause: error }) };
  } finally {
    await handle.close();
  }
}

/** DuckDB treats statements as C strings, which a NUL ends. */
function nameWithNul({ name, children }: SchemaNode): string | null {
  if (name.includes('\0')) return name;
  for (const child of children) {
    const inside = nameWithNul(child);
    if (inside !== null) return inside;
  }
  return null;
}

/** Reads all files together, and halves of them if one can't be read, so that a few bad files cost little. */
async function readFooters(
  session: DuckDbSession,
  files: readonly EngineFile[],
  schemas: ReadonlyMap<string, FileShape>,
): Promise<Map<string, FileSchema | UnreadableFile>> {
  if (files.length === 0) return new Map();
  try {
    return await readTogether(session, files, schemas);
  } catch (error) {
    const [file, ...others] = files;
    if (file === undefined) throw error;
    if (others.length === 0) {
      const problem = fileFailure(error, file.name);
      if (problem === null) throw error;
      return new Map([[file.path, { ...file, problem }]]);
    }
    const half = files.length >> 1;
    return new Map([
      ...(await readFooters(session, files.slice(0, half), schemas)),
      ...(await readFooters(session, files.slice(half), schemas)),
    ]);
  }
}

async function readTogether(
  session: DuckDbSession,
  files: readonly EngineFile[],
  schemas: ReadonlyMap<string, FileShape>,
): Promise<Map<string, FileSchema | UnreadableFile>> {
  const list = `[${files.map(({ path }) => quoteText(path)).join(', ')}]`;
  const metadata = new Map(
    (
      await session.rows(
        `SELECT file_name, num_rows, num_row_groups, encryption_algorithm FROM parquet_file_metadata(${list})`,
      )
    ).map((row) => [row['file_name'], row]),
  );
  const codecs = await readCodecs(session, list);
  const columnsOf = new Map<string, readonly FileColumn[]>();
  const described = new Map<string, FileSchema | UnreadableFile>();
  for (const file of files) {
    const footer = metadata.get(file.path);
    const codec = codecs.get(file.path);
    if (footer?.['encryption_algorithm'] != null) {
      described.set(file.path, {
        ...file,
        problem: new FileError('SLUICE_INGEST_FILE_ENCRYPTED', `${file.name}.`),
      });
      continue;
    }
    if (codec !== undefined) {
      const problem = new FileError('SLUICE_INGEST_FILE_CODEC_UNSUPPORTED', `${file.name}: ${codec}.`);
      described.set(file.path, { ...file, problem });
      continue;
    }
    const schema = schemas.get(file.path);
    if (schema === undefined) throw new RangeError(`${file.name} was not opened.`);
    const { shape, root } = schema;
    const columns = columnsOf.get(shape) ?? (await readColumns(session, file.path, root));
    columnsOf.set(shape, columns);
    described.set(file.path, {
      ...file,
      rows: Number(footer?.['num_rows']),
      rowGroups: Number(footer?.['num_row_groups']),
      columns,
    });
  }
  return described;
}

/**
 * Unsupported codecs by file. DuckDB always prints the statistics too, and fails on an unprintable time. The codecs are then
 * unknown, and the load reports them.
 */
async function readCodecs(session: DuckDbSession, list: string): Promise<Map<unknown, unknown>> {
  try {
    const rows = await session.rows(
      `SELECT file_name, min(compression) AS codec FROM parquet_metadata(${list})
       WHERE compression NOT IN (${CODECS.map(quoteText).join(', ')}) GROUP BY file_name`,
    );
    return new Map(rows.map((row) => [row['file_name'], row['codec']]));
  } catch (error) {
    if (duckDbMessage(error).type === 'Conversion') return new Map();
    throw error;
  }
}

/** `PAR1` at both ends, and the footer's length before the last: https://parquet.apache.org/docs/file-format/ */
const MARK = 'PAR1';
/** Magic of a file with an encrypted footer. */
const ENCRYPTED_MARK = 'PARE';
const MARK_BYTES = 4;
/** The minimum size of a file: magic, length of the footer, magic. */
const LEAST_BYTES = 12;

/** Why the ends of a file show that it is not valid Parquet, before any library opens it; null if they are fine. */
async function readFooterMark(file: {
  readonly path: string;
  readonly name: string;
}): Promise<FileFailure | null> {
  const handle = await open(file.path);
  try {
    const { size } = await handle.stat();
    const head = Buffer.alloc(MARK_BYTES);
    const tail = Buffer.alloc(2 * MARK_BYTES);
    await handle.read(head, 0, MARK_BYTES, 0);
    await handle.read(tail, 0, tail.length, Math.max(0, size - tail.length));
    const problem = markProblem(head.toString('latin1'), tail, size);
    return problem === null ? null : new FileError(problem, `${file.name}, ${size} bytes.`);
  } finally {
    await handle.close();
  }
}

function markProblem(head: string, tail: Buffer, size: number) {
  const end = tail.toString('latin1', MARK_BYTES);
  if (head === ENCRYPTED_MARK || (head === MARK && end === ENCRYPTED_MARK))
    return 'SLUICE_INGEST_FILE_ENCRYPTED';
  if (head !== MARK) return 'SLUICE_INGEST_FILE_NOT_PARQUET';
  if (size < LEAST_BYTES || end !== MARK) return 'SLUICE_INGEST_FILE_TRUNCATED';
  return tail.readUInt32LE(0) > size - LEAST_BYTES ? 'SLUICE_INGEST_FILE_DAMAGED' : null;
}

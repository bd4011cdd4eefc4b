import { type ChildProcess, spawn } from 'node:child_process';
import { lstat, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import * as z from 'zod';
import type { EngineLimits } from '../../duckdb/DuckDbSession.ts';
import { EngineError } from '../../duckdb/EngineError.ts';
import type { WrittenFile } from '../../parquet/parquetFooter.ts';
import type {
  Engine,
  EngineFile,
  FileColumn,
  FileSchema,
  LoadRequest,
  LoadResult,
  PreviewedRequest,
  UnreadableFile,
} from './Engine.ts';
import { FileError, type FileFailure, isRowReason } from './FileError.ts';

/** One call of the engine, as the process gets it. */
export type EngineCall =
  | { readonly kind: 'describe'; readonly limits: EngineLimits; readonly files: readonly EngineFile[] }
  | { readonly kind: 'load' | 'probe'; readonly limits: EngineLimits; readonly request: LoadRequest }
  | { readonly kind: 'preview'; readonly limits: EngineLimits; readonly request: PreviewedRequest };

/** The most bytes of an answer: of 10,000 files that all have other columns. */
const MOST_ANSWER_BYTES = 256 * 1_024 * 1_024;

/** Beside this file, with the same ending: in the repository, in the npm package and in the bundle of a function. */
const PROCESS = join(import.meta.dirname, `engineProcess${extname(import.meta.filename)}`);

/**
 * The engine in a process of its own for each call, for files that others wrote. The process gets paths and answers with
 * files. It has no credentials: its environment is empty but for where Lambda keeps libraries. A file that crashes it is
 * damaged. What it answers is checked, as a file may have taken control of it.
 */
export function childEngine(limits: EngineLimits): Engine {
  return {
    async describe(files, signal) {
      const ended = await callEngine({ kind: 'describe', limits, files }, describedSchema, signal);
      if ('crashed' in ended) throw crashError(ended, files);
      return described(files, ended.value);
    },
    async load({ signal, ...request }) {
      const ended = await callEngine({ kind: 'load', limits, request }, loadedSchema, signal);
      if ('value' in ended) return { ...ended.value, ...(await writtenFiles(request, ended.value)) };
      if (request.files.length > 1) {
        const probed = await callEngine({ kind: 'probe', limits, request }, z.null(), signal);
        if ('crashed' in probed) throw crashError(probed, request.files);
      }
      const only = request.files.length === 1 ? 0 : undefined;
      throw crashError({ ...ended, reading: only }, request.files);
    },
    async preview(request) {
      const ended = await callEngine({ kind: 'preview', limits, request }, previewedSchema);
      if ('crashed' in ended) throw crashError({ ...ended, reading: 0 }, [request.file]);
      return ended.value;
    },
  };
}

/** How a process ended that has not answered. */
interface Crash {
  /** The signal, or the exit code. */
  readonly crashed: string;
  /** The number of the file that DuckDB read alone. */
  readonly reading: number | undefined;
}

/** The error of the file that the process crashed for, or of the machine. */
function crashError({ crashed, reading }: Crash, files: readonly EngineFile[]): Error {
  const file = reading === undefined ? undefined : files[reading];
  return file === undefined
    ? new EngineError('SLUICE_ENGINE_CRASHED', `${crashed}.`)
    : new FileError(
        'SLUICE_INGEST_FILE_DAMAGED',
        `${file.name}: DuckDB crashed when it read it, ${crashed}.`,
      );
}

/** @throws the error that the process answers; EngineError; the signal's reason. */
async function callEngine<Value>(
  call: EngineCall,
  schema: z.ZodType<Value>,
  signal?: AbortSignal,
): Promise<{ readonly value: Value } | Crash> {
  signal?.throwIfAborted();
  const folder = await mkdtemp(join(call.limits.temporaryDirectory, 'call-'));
  try {
    // The call, the answer, and the number of the file that DuckDB reads alone.
    const paths = {
      call: join(folder, 'call'),
      answer: join(folder, 'answer'),
      reading: join(folder, 'reading'),
    };
    await writeFile(paths.call, JSON.stringify(call));
    const { LD_LIBRARY_PATH } = process.env;
    const child = spawn(process.execPath, [PROCESS, paths.call, paths.answer, paths.reading], {
      env: LD_LIBRARY_PATH === undefined ? {} : { LD_LIBRARY_PATH },
      // The process ends when its input does: with this one.
      stdio: ['pipe', 'ignore', 'pipe'],
    });
    const ended = await endOf(child, signal);
    signal?.throwIfAborted();
    if (ended !== null) return { crashed: ended, reading: await readNumber(paths.reading) };
    return { value: await readAnswer(paths.answer, schema) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The signal or exit code of a process that failed; null if it ended well. @throws EngineError if memory was missing. */
async function endOf(child: ChildProcess, signal: AbortSignal | undefined): Promise<string | null> {
  const kill = () => child.kill('SIGKILL');
  signal?.addEventListener('abort', kill, { once: true });
  try {
    const said = child.stderr === null ? '' : text(child.stderr);
    const [code, killed] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (...end) => resolve(end));
    });
    if (code === 0 || signal?.aborted === true) return null;
    // The kernel kills what takes the last memory. V8 and C++ abort.
    if (killed === 'SIGKILL' || /out of memory|bad_alloc/i.test(await said))
      throw new EngineError('SLUICE_ENGINE_OUT_OF_MEMORY', `The process that reads files: ${killed}.`);
    return killed ?? `exit code ${code}`;
  } catch (error) {
    if (error instanceof EngineError) throw error;
    throw new EngineError('SLUICE_ENGINE_FAILED', 'Its process does not start.', { cause: error });
  } finally {
    signal?.removeEventListener('abort', kill);
  }
}

async function readNumber(path: string): Promise<number | undefined> {
  const bytes = await readOwn(path, 20).catch(() => null);
  return bytes === null ? undefined : z.coerce.number().int().min(0).safeParse(bytes.toString()).data;
}

/** @throws RangeError unless it is a plain file of this size: a link would make this process read what the other could not. */
async function readOwn(path: string, most: number): Promise<Buffer> {
  const { size } = await statOwn(path);
  if (size > most) throw new RangeError(`${size} bytes.`);
  return readFile(path);
}

async function statOwn(path: string) {
  const stats = await lstat(path);
  if (!stats.isFile()) throw new RangeError(`${basename(path)} is not a regular file.`);
  return stats;
}

async function readAnswer<Value>(path: string, schema: z.ZodType<Value>): Promise<Value> {
  let answer: z.output<typeof failedSchema> | { readonly value: Value };
  try {
    const bytes = await readOwn(path, MOST_ANSWER_BYTES);
    answer = z.union([failedSchema, z.strictObject({ value: schema })]).parse(JSON.parse(bytes.toString()));
  } catch (error) {
    throw new EngineError('SLUICE_ENGINE_FAILED', 'Its answer can’t be read.', { cause: error });
  }
  if ('value' in answer) return answer.value;
  const { code, detail } = answer;
  throw isCode(EngineError.entries, code) ? new EngineError(code, detail) : fileError({ code, detail });
}

function isCode<Code extends string>(entries: Readonly<Record<Code, unknown>>, code: string): code is Code {
  return Object.hasOwn(entries, code);
}

function fileError({ code, detail }: z.output<typeof failedSchema>): FileFailure {
  if (isCode(FileError.entries, code)) return new FileError(code, detail);
  throw new EngineError('SLUICE_ENGINE_FAILED', 'Its answer has an unknown code.');
}

function described(
  files: readonly EngineFile[],
  { shapes, files: answers }: z.output<typeof describedSchema>,
): readonly (FileSchema | UnreadableFile)[] {
  return files.map(({ name, path }, i) => {
    const answer = answers[i];
    if (answer !== undefined && 'code' in answer) return { name, path, problem: fileError(answer) };
    const columns = answer === undefined ? undefined : shapes[answer.shape];
    if (answer === undefined || columns === undefined)
      throw new EngineError('SLUICE_ENGINE_FAILED', 'Its answer lacks files.');
    const { shape: _, ...schema } = answer;
    return { name, path, ...schema, columns };
  });
}

/** The files that a load has written, where they must be. @throws EngineError for others. */
async function writtenFiles(
  { rowsPath, refusedPath }: Pick<LoadRequest, 'rowsPath' | 'refusedPath'>,
  { rowsFile, refusedFile }: Pick<LoadResult, 'rowsFile' | 'refusedFile'>,
) {
  const own = async (file: WrittenFile | null, path: string) => {
    if (file === null) return null;
    if (file.path !== path) throw new EngineError('SLUICE_ENGINE_FAILED', 'It has written elsewhere.');
    try {
      return { ...file, bytes: (await statOwn(file.path)).size };
    } catch (error) {
      throw new EngineError('SLUICE_ENGINE_FAILED', 'A file that it has written is missing.', {
        cause: error,
      });
    }
  };
  return {
    rowsFile: await own(rowsFile, rowsPath),
    refusedFile: await own(refusedFile, refusedPath),
  };
}

const count = z.int().min(0);
const failedSchema = z.strictObject({ code: z.string(), detail: z.string() });

const columnSchema: z.ZodType<FileColumn> = z.strictObject({
  name: z.string(),
  sqlName: z.string(),
  type: z.string(),
  fixedBytes: z.number().nullable(),
  untold: z.boolean(),
  nanoseconds: z.boolean(),
  utc: z.boolean(),
  misread: z.strictObject({ found: z.string(), needs: z.string() }).nullable(),
  empty: z.boolean(),
  leaves: z.tuple([count, count]).nullable(),
  get members() {
    return z.array(columnSchema);
  },
});

/** Files with the same schema share it, as there may be thousands of them. */
const describedSchema = z.strictObject({
  shapes: z.array(z.array(columnSchema)),
  files: z.array(
    z.union([
      failedSchema,
      z.strictObject({
        shape: count,
        rows: count,
        rowGroups: count,
        bytes: count,
        decodedBytes: count,
        mayHaveChecksums: z.boolean(),
        codecs: z.array(z.string()),
      }),
    ]),
  ),
});
/** The described files of a call. */
export type DescribedFiles = z.output<typeof describedSchema>;

const writtenSchema = z.strictObject({ path: z.string(), bytes: count, rows: count });
const reasonsSchema = z.partialRecord(z.string().refine(isRowReason), count);
const loadedSchema = z.strictObject({
  rowsFile: writtenSchema.nullable(),
  refusedFile: writtenSchema.nullable(),
  rows: z.strictObject({ in: count, out: count, refused: count }),
  files: z.array(
    z.strictObject({ name: z.string(), in: count, out: count, refused: count, reasons: reasonsSchema }),
  ),
  reasons: reasonsSchema,
});

const rowsSchema = z.array(z.record(z.string(), z.string().nullable()));
const previewedSchema = z.strictObject({ mapped: rowsSchema, refused: rowsSchema });

import { extname, join } from 'node:path';
import * as z from 'zod';
import { type Crash, callProcess, failedSchema, fileError, statOwn } from '../../parquet/childProcess.ts';
import type { EngineLimits } from '../../parquet/DuckDbSession.ts';
import { EngineError } from '../../parquet/EngineError.ts';
import { FileError } from '../../parquet/FileError.ts';
import {
  type EngineFile,
  type FileSchema,
  fileColumnSchema,
  type UnreadableFile,
} from '../../parquet/FileSchema.ts';
import type { WrittenFile } from '../../parquet/parquetFooter.ts';
import { type Engine, type LoadRequest, type LoadResult, loadResultSchema } from './Engine.ts';

/** One call of the engine, as the process gets it. */
export type EngineCall =
  | { readonly kind: 'describe'; readonly limits: EngineLimits; readonly files: readonly EngineFile[] }
  | { readonly kind: 'load' | 'probe'; readonly limits: EngineLimits; readonly request: LoadRequest };

/** Beside this file, with the same ending: in the repository, in the npm package and in the bundle of a function. */
const PROCESS = join(import.meta.dirname, `engineProcess${extname(import.meta.filename)}`);

/**
 * The engine in a process of its own for each call, for files that others wrote: {@link callProcess}. A file that crashes it
 * is damaged.
 */
export function childEngine(limits: EngineLimits): Engine {
  const make = <Value>(call: EngineCall, schema: z.ZodType<Value>, signal?: AbortSignal) => {
    const { temporaryDirectory } = call.limits;
    return callProcess({ program: PROCESS, temporaryDirectory, signal }, call, schema);
  };
  return {
    async describe(files, signal) {
      const ended = await make({ kind: 'describe', limits, files }, describedSchema, signal);
      if ('crashed' in ended) throw crashError(ended, files);
      return described(files, ended.value);
    },
    async load({ signal, ...request }) {
      const ended = await make({ kind: 'load', limits, request }, loadResultSchema, signal);
      if ('value' in ended) return { ...ended.value, ...(await writtenFiles(request, ended.value)) };
      if (request.files.length > 1) {
        const probed = await make({ kind: 'probe', limits, request }, z.null(), signal);
        if ('crashed' in probed) throw crashError(probed, request.files);
      }
      const only = request.files.length === 1 ? 0 : undefined;
      throw crashError({ ...ended, reading: only }, request.files);
    },
  };
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

/** Files with the same schema share it, as there may be thousands of them. */
const describedSchema = z.strictObject({
  shapes: z.array(z.array(fileColumnSchema)),
  files: z.array(
    z.union([
      failedSchema,
      z.strictObject({
        shape: count,
        rows: count,
        decodedBytes: count,
        mayHaveChecksums: z.boolean(),
        largePages: z.array(z.strictObject({ leaf: count, bytes: count, groups: count })),
        codecs: z.array(z.string()),
      }),
    ]),
  ),
});
/** The described files of a call. */
export type DescribedFiles = z.output<typeof describedSchema>;

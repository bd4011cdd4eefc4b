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
import type { Engine, LoadRequest } from './Engine.ts';
import { mappedRowsSchema } from './mappedRows.ts';

/** One call of the engine, as the process gets it. */
export type EngineCall =
  | { readonly kind: 'describe'; readonly limits: EngineLimits; readonly files: readonly EngineFile[] }
  | { readonly kind: 'load' | 'probe'; readonly limits: EngineLimits; readonly request: LoadRequest };

/**
 * The program of the process. It is beside this file, with the same ending: in the repository, in the npm package and
 * in the bundle of a function.
 */
const PROCESS = join(import.meta.dirname, `engineProcess${extname(import.meta.filename)}`);

/**
 * The engine in a process of its own for each call, for files that others wrote: {@link callProcess}. A file that crashes it
 * is damaged. If a load of several files crashes, a probe reads each of them alone, to find the one that does it.
 *
 * @param program Path of the module that the process runs. Default: engineProcess beside this file. Tests give
 * programs whose answers it never gives.
 */
export function childEngine(limits: EngineLimits, program = PROCESS): Engine {
  const callEngine = <Value>(call: EngineCall, schema: z.ZodType<Value>, signal?: AbortSignal) => {
    const { temporaryDirectory } = call.limits;
    return callProcess({ program, temporaryDirectory, signal }, call, schema);
  };
  return {
    async describe(files, signal) {
      const ended = await callEngine({ kind: 'describe', limits, files }, describedSchema, signal);
      if ('crashed' in ended) throw crashError(ended, files);
      return described(files, ended.value);
    },
    async load({ signal, ...request }) {
      const ended = await callEngine({ kind: 'load', limits, request }, mappedRowsSchema, signal);
      if ('value' in ended) {
        const { rows } = ended.value;
        if (rows.out > 0) await requireWritten(request.rowsPath);
        if (rows.refused > 0) await requireWritten(request.refusedPath);
        return ended.value;
      }
      if (request.files.length > 1) {
        const probed = await callEngine({ kind: 'probe', limits, request }, z.null(), signal);
        if ('crashed' in probed) throw crashError(probed, request.files);
      }
      // The process of a load does not say what it was reading. With one file it was that one; of several none crashed
      // the probe.
      const onlyFile = request.files.length === 1 ? 0 : undefined;
      throw crashError({ ...ended, reading: onlyFile }, request.files);
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

/** The answer of the process with the names and paths of the files, and each set of columns once in memory. */
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

/**
 * Requires that a load has written a file at the path.
 *
 * @throws EngineError SLUICE_ENGINE_FAILED if none is there, or no plain one.
 */
async function requireWritten(path: string): Promise<void> {
  try {
    await statOwn(path);
  } catch (cause) {
    throw new EngineError(
      'SLUICE_ENGINE_FAILED',
      'A file that it has written is missing, or no plain file.',
      { cause },
    );
  }
}

/** A number of rows, bytes or groups, or an index. */
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
      }),
    ]),
  ),
});

/** What the process answers to `describe`. */
export type DescribedFiles = z.output<typeof describedSchema>;

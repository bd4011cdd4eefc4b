import { type ChildProcess, spawn } from 'node:child_process';
import type { Stats } from 'node:fs';
import { lstat, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { text } from 'node:stream/consumers';
import * as z from 'zod';
import { EngineError } from './EngineError.ts';
import { FileError, type FileFailure } from './FileError.ts';

/** The most bytes of an answer: of 10,000 files that all have other columns. */
const MAX_ANSWER_BYTES = 256 * 1_024 * 1_024;

/** A program that makes one call. */
interface ChildProgram {
  /** Path of its module. */
  readonly program: string;
  /** An existing folder for the files of the call: absolute path. */
  readonly temporaryDirectory: string;
  /** Kills the process. The call throws its reason. */
  readonly signal?: AbortSignal | undefined;
}

/** An error in an answer. */
export const failedSchema = z.strictObject({ code: z.string(), detail: z.string() });

/** Signals that the system sends a process for what it does itself. https://man7.org/linux/man-pages/man7/signal.7.html */
const CRASHES = ['SIGABRT', 'SIGBUS', 'SIGFPE', 'SIGILL', 'SIGSEGV', 'SIGSYS', 'SIGTRAP'];

/** How a process ended that has not answered. */
export interface Crash {
  /** The signal, or the exit code. */
  readonly crashed: string;
  /** The number of the file that DuckDB read alone. */
  readonly reading: number | undefined;
}

/**
 * Makes a call in a process of its own, for files that others wrote: `node <program> <call> <answer> <reading>`, which are
 * files. It writes `{"value":…}` or `{"code":…,"detail":…}` into the answer, and into the last the number of the file that
 * DuckDB is about to read alone. It has no credentials: its environment is empty, except for where Lambda keeps
 * libraries. What it answers is checked, as a file may have taken control of it.
 *
 * @param call What the program gets, as JSON.
 * @param schema Of the value.
 * @returns The value that the process answers, or how it ended if it has not answered.
 * @throws the error that the process answers; EngineError; the signal's reason.
 */
export async function callProcess<Value>(
  { program, temporaryDirectory, signal }: ChildProgram,
  call: unknown,
  schema: z.ZodType<Value>,
): Promise<{ readonly value: Value } | Crash> {
  const folder = await mkdtemp(join(temporaryDirectory, 'call-'));
  try {
    // The call, the answer, and the number of the file that DuckDB reads alone.
    const paths = {
      call: join(folder, 'call'),
      answer: join(folder, 'answer'),
      reading: join(folder, 'reading'),
    };
    await writeFile(paths.call, JSON.stringify(call));
    // A signal that is aborted already tells no listener. From here on endOf listens.
    signal?.throwIfAborted();
    const { LD_LIBRARY_PATH } = process.env;
    const child = spawn(process.execPath, [program, paths.call, paths.answer, paths.reading], {
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

/**
 * The signal or exit code of a process that crashed; null if it ended well.
 *
 * @throws EngineError if others killed it, or it lacked memory or disk.
 */
async function endOf(child: ChildProcess, signal: AbortSignal | undefined): Promise<string | null> {
  const kill = () => child.kill('SIGKILL');
  signal?.addEventListener('abort', kill, { once: true });
  try {
    const errorText = child.stderr === null ? '' : text(child.stderr);
    const [code, killed] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (...end) => resolve(end));
    });
    if (code === 0 || signal?.aborted === true) return null;
    const ended = killed ?? `exit code ${code}`;
    // The kernel kills what takes the last memory. V8 and C++ abort.
    if (killed !== null && !CRASHES.includes(killed))
      throw new EngineError('SLUICE_ENGINE_KILLED', `${ended}.`);
    const words = await errorText;
    if (/out of memory|bad_alloc/i.test(words))
      throw new EngineError('SLUICE_ENGINE_OUT_OF_MEMORY', `${ended}.`);
    // The child could not write its answer.
    if (/no space left/i.test(words)) throw new EngineError('SLUICE_ENGINE_OUT_OF_DISK', `${ended}.`);
    return ended;
  } catch (error) {
    if (error instanceof EngineError) throw error;
    throw new EngineError('SLUICE_ENGINE_FAILED', 'Its process does not start.', { cause: error });
  } finally {
    signal?.removeEventListener('abort', kill);
  }
}

/** Bytes of the longest number: digits of 64 bits. */
const NUMBER_BYTES = 20;

/** A number in digits that the process has written; undefined without one, as of a process that crashed before. */
async function readNumber(path: string): Promise<number | undefined> {
  const digits = await readOwn(path, NUMBER_BYTES).then(String, () => '');
  return /^\d+$/.test(digits) ? Number(digits) : undefined;
}

/**
 * The bytes of a file that the process has written.
 *
 * @throws RangeError unless it is a plain file of at most this size: a link would make this process read what the
 *   other could not.
 */
async function readOwn(path: string, most: number): Promise<Buffer> {
  const { size } = await statOwn(path);
  if (size > most) throw new RangeError(`${size} bytes.`);
  return readFile(path);
}

/** What the system says of a file that the process has written. @throws RangeError unless it is a plain file. */
export async function statOwn(path: string): Promise<Stats> {
  const stats = await lstat(path);
  if (!stats.isFile()) throw new RangeError(`${basename(path)} is not a regular file.`);
  return stats;
}

/** What the process has answered. @throws EngineError for an answer that is not of the schema; the error that it answers. */
async function readAnswer<Value>(path: string, schema: z.ZodType<Value>): Promise<Value> {
  let answer: z.output<typeof failedSchema> | { readonly value: Value };
  try {
    const bytes = await readOwn(path, MAX_ANSWER_BYTES);
    answer = z.union([failedSchema, z.strictObject({ value: schema })]).parse(JSON.parse(bytes.toString()));
  } catch (error) {
    throw new EngineError('SLUICE_ENGINE_FAILED', 'Its answer can’t be read.', { cause: error });
  }
  if ('value' in answer) return answer.value;
  const { code, detail } = answer;
  throw isCode(EngineError.entries, code) ? new EngineError(code, detail) : fileError({ code, detail });
}

/** Whether a code is one of a family of errors. */
function isCode<Code extends string>(entries: Readonly<Record<Code, unknown>>, code: string): code is Code {
  return Object.hasOwn(entries, code);
}

/** The error of a file that the process has answered. @throws EngineError for one of another family. */
export function fileError({ code, detail }: z.output<typeof failedSchema>): FileFailure {
  if (isCode(FileError.entries, code)) return new FileError(code, detail);
  throw new EngineError('SLUICE_ENGINE_FAILED', 'Its answer has an unknown code.');
}

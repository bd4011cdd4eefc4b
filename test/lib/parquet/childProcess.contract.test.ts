import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import * as z from 'zod';
import { callProcess } from '../../../lib/parquet/childProcess.ts';
import { temporaryDirectory } from '../../harness/temporaryDirectory.ts';

let scratch: ReturnType<typeof temporaryDirectory>;
beforeEach(() => {
  scratch = temporaryDirectory();
});
afterEach(() => scratch.remove());

/**
 * Makes a call of a program.
 *
 * @param code Its module, in which `call`, `answer` and `reading` are the paths of the files that it is given.
 * @param schema Of the value that it answers.
 */
function callOf<Value>(code: string, schema: z.ZodType<Value>, signal?: AbortSignal) {
  const program = join(scratch.path, 'program.mjs');
  writeFileSync(
    program,
    `import { symlinkSync, truncateSync, writeFileSync } from 'node:fs';
     const [call, answer, reading] = process.argv.slice(2);
     ${code}`,
  );
  return callProcess({ program, temporaryDirectory: scratch.path, signal }, null, schema);
}

describe('a child process', () => {
  it('has none of the environment', async () => {
    const code = 'writeFileSync(answer, JSON.stringify({ value: process.env }));';
    const ended = await callOf(code, z.record(z.string(), z.string()));
    const { value } = 'value' in ended ? ended : { value: { none: '' } };
    // macOS adds one to every process.
    const { LD_LIBRARY_PATH: _, __CF_USER_TEXT_ENCODING: __, ...environment } = value;
    expect(environment).toEqual({});
  });

  it.each([
    { words: 'ENOSPC: no space left on device, write', code: 'SLUICE_ENGINE_OUT_OF_DISK' },
    {
      words: 'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory',
      code: 'SLUICE_ENGINE_OUT_OF_MEMORY',
    },
    { words: 'std::bad_alloc', code: 'SLUICE_ENGINE_OUT_OF_MEMORY' },
  ])('that fails lacked what its last words say: $words', async ({ words, code }) => {
    const call = callOf(`process.stderr.write(${JSON.stringify(words)}); process.exitCode = 1;`, z.null());
    await expect(call).rejects.toMatchObject({ code });
  });

  it.each([
    { noted: '7', reading: 7 },
    { noted: '', reading: undefined },
    { noted: '0x7', reading: undefined },
    { noted: '9'.repeat(21), reading: undefined },
  ])('that crashes has read the file whose number it has noted: "$noted"', async ({ noted, reading }) => {
    const ended = await callOf(`writeFileSync(reading, '${noted}'); process.exitCode = 3;`, z.null());
    expect(ended).toEqual({ crashed: 'exit code 3', reading });
  });

  it.each<{ readonly what: string; readonly answer: string; readonly code: string }>([
    { what: 'is no JSON', answer: "writeFileSync(answer, '{')", code: 'SLUICE_ENGINE_FAILED' },
    { what: 'is missing', answer: '', code: 'SLUICE_ENGINE_FAILED' },
    {
      what: 'is another value',
      answer: `writeFileSync(answer, '{"value":1}')`,
      code: 'SLUICE_ENGINE_FAILED',
    },
    {
      what: 'is a link, by which this process would read what the other could not',
      answer: `writeFileSync(answer + 2, '{"value":null}'); symlinkSync(answer + 2, answer)`,
      code: 'SLUICE_ENGINE_FAILED',
    },
    {
      what: 'is larger than any',
      answer: `writeFileSync(answer, '{"value":null}'); truncateSync(answer, 2 ** 28 + 1)`,
      code: 'SLUICE_ENGINE_FAILED',
    },
    {
      what: 'is an error of the machine',
      answer: `writeFileSync(answer, '{"code":"SLUICE_ENGINE_OUT_OF_DISK","detail":"d"}')`,
      code: 'SLUICE_ENGINE_OUT_OF_DISK',
    },
    {
      what: 'is an error of a file',
      answer: `writeFileSync(answer, '{"code":"SLUICE_INGEST_FILE_DAMAGED","detail":"d"}')`,
      code: 'SLUICE_INGEST_FILE_DAMAGED',
    },
    {
      what: 'is an error of nobody',
      answer: `writeFileSync(answer, '{"code":"SLUICE_NEW","detail":"d"}')`,
      code: 'SLUICE_ENGINE_FAILED',
    },
  ])('fails with $code if its answer $what, and leaves no file', async ({ answer, code }) => {
    await expect(callOf(answer, z.null())).rejects.toMatchObject({ code });
    expect(readdirSync(scratch.path)).toEqual(['program.mjs']);
  });

  it('fails by name if it does not start', async () => {
    const { execPath } = process;
    process.execPath = join(scratch.path, 'no-node');
    try {
      await expect(callOf('', z.null())).rejects.toMatchObject({ code: 'SLUICE_ENGINE_FAILED' });
    } finally {
      process.execPath = execPath;
    }
  });

  it.each([
    { when: 'before the call', isBefore: true },
    { when: 'while the files of the call are written', isBefore: false },
  ])('is not started where the signal is aborted $when', async ({ isBefore }) => {
    const started = join(scratch.path, 'started');
    const ended = new AbortController();
    const reason = new Error('deadline');
    if (isBefore) ended.abort(reason);
    const calling = callOf(`writeFileSync(${JSON.stringify(started)}, '');`, z.null(), ended.signal);
    if (!isBefore) ended.abort(reason);
    await expect(calling).rejects.toBe(reason);
    expect(existsSync(started)).toBe(false);
    expect(readdirSync(scratch.path)).toEqual(['program.mjs']);
  });
});

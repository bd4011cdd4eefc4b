import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import * as z from 'zod';
import { callProcess } from '../../../lib/parquet/childProcess.ts';
import { temporaryDirectory } from '../../harness/temporaryDirectory.ts';

let scratch: ReturnType<typeof temporaryDirectory>;
beforeEach(() => {
  scratch = temporaryDirectory();
});
afterEach(() => scratch.remove());

it('no process is started once the signal is aborted, also while the files of the call are written', async () => {
  const program = join(scratch.path, 'program.mjs');
  const started = join(scratch.path, 'started');
  writeFileSync(
    program,
    `import { writeFileSync } from 'node:fs';\nwriteFileSync(${JSON.stringify(started)}, '');\n`,
  );
  const ended = new AbortController();
  const reason = new Error('deadline');
  const call = { program, temporaryDirectory: scratch.path, signal: ended.signal };
  const calling = callProcess(call, null, z.null());
  ended.abort(reason);
  await expect(calling).rejects.toBe(reason);
  expect(existsSync(started)).toBe(false);
  expect(readdirSync(scratch.path)).toEqual(['program.mjs']);
});

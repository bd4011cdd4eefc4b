import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { projectRoot } from '../../local/roots.ts';

/** Runs one `sluice` command to its end. */
export function sluice(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [join(projectRoot, 'cli', 'sluice.mjs'), ...args],
      // Jest's `process.env` is a copy, which a child does not inherit by itself.
      { env: process.env },
      (error, stdout, stderr) => {
        // Without a number, the command was not started, or a signal ended it.
        const withoutNumber = error === null ? 0 : 1;
        resolve({
          code: typeof error?.code === 'number' ? error.code : withoutNumber,
          stdout,
          stderr,
        });
      },
    );
  });
}

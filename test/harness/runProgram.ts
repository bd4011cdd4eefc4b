import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { projectRoot } from '../../local/roots.ts';

/** How a program ended, and what it printed. */
export interface ProgramEnd {
  /** Its exit code; 1 if it was not started, or a signal ended it. */
  readonly code: number;
  /** What it printed as its result. */
  readonly stdout: string;
  /** What it printed of its work. */
  readonly stderr: string;
}

/** Milliseconds after which a program is killed: jest's limit of a test ends the test, and no process. */
const MOST_MS = 240_000;

/** Runs a program of the repository to its end, in a process of its own. @param program Its path from the root. */
export function runProgram(program: string, ...args: readonly string[]): Promise<ProgramEnd> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [join(projectRoot, program), ...args],
      // Jest's `process.env` is a copy, which a child does not inherit by itself.
      { env: process.env, timeout: MOST_MS, killSignal: 'SIGKILL' },
      (error, stdout, stderr) => {
        const withoutNumber = error === null ? 0 : 1;
        const code = typeof error?.code === 'number' ? error.code : withoutNumber;
        resolve({ code, stdout, stderr });
      },
    );
  });
}

/** Runs one `sluice` command as {@link runProgram} does. */
export function sluice(...args: readonly string[]): Promise<ProgramEnd> {
  return runProgram('cli/sluice.mjs', ...args);
}

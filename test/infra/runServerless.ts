import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { projectRoot } from '../../local/roots.ts';

const serverless = createRequire(import.meta.url).resolve('serverless/bin/serverless.js');

/** How a run of Serverless ended, and all that it printed. */
interface ServerlessRun {
  /** Null after a signal. */
  readonly status: number | null;
  /** Both outputs, standard error last. */
  readonly said: string;
}

/** Where Serverless runs. */
interface ServerlessPlace {
  /** Default the root of the repository. */
  readonly cwd?: string;
  /** More variables of its environment, or others. */
  readonly env?: NodeJS.ProcessEnv;
}

/** Runs Serverless with a configuration file, and with nothing in the environment that could help it. */
export function runServerless(
  configFile: string,
  args: readonly string[],
  { cwd = projectRoot, env = {} }: ServerlessPlace = {},
): Promise<ServerlessRun> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [serverless, ...args],
      { cwd, env: { SLUICE_CONFIG: configFile, HOME: dirname(configFile), CI: '1', ...env } },
      (_error, stdout, stderr) => resolve({ status: child.exitCode, said: `${stdout}${stderr}` }),
    );
  });
}

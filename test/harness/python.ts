import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sluiceFolder } from '../../lib/config/sluiceFolder.ts';
import { projectRoot } from '../../local/roots.ts';

/** An installation takes half a minute; of LocalStack a minute of work, and 500 MB. */
const INSTALL_MS = 600_000;

/** Commands of a Python environment, or why it is missing. */
export type Python = { readonly bin: string } | { readonly missing: string };

/**
 * A Python environment under `.sluice/` with the packages of a requirements file, made once for each of its contents.
 * It is missing without Python, or if pip can't install.
 *
 * @param folder The folder of `requirements.txt`, from the root.
 * @param what The packages' name in the message that they couldn't be installed.
 * @param version Of Python, if the packages need a certain one. Default: any.
 */
export function preparePython(folder: string, what: string, version?: string): Python {
  const requirements = join(projectRoot, folder, 'requirements.txt');
  const directory = environmentOf(requirements);
  const bin = join(directory, 'bin');
  const done = join(directory, 'installed');
  if (existsSync(done)) return { bin };
  const python = `python${version ?? '3'}`;
  // pyenv's commands start the version that is chosen, and none other.
  const env = version === undefined ? {} : { PYENV_VERSION: version };
  const made = run(python, ['-m', 'venv', '--clear', directory], INSTALL_MS, env);
  if (made.status !== 0) return { missing: `there is no ${python} that can make an environment` };
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'];
  // A list for a certain Python has all that is needed.
  const given = version === undefined ? [] : ['--no-deps'];
  const installed = run(join(bin, 'python'), [...pip, ...given, '--requirement', requirements], INSTALL_MS);
  if (installed.status !== 0) return { missing: `pip could not install ${what}` };
  writeFileSync(done, '');
  return { bin };
}

/** Where the environment of some requirements is: another file has another folder. */
function environmentOf(requirements: string): string {
  const digest = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 16);
  return sluiceFolder(projectRoot, `python-${digest}`);
}

/** Runs a command to its end, without anything of AWS in its environment. */
export function run(
  command: string,
  args: readonly string[],
  timeoutMs: number,
  more: Readonly<Record<string, string>> = {},
): SpawnSyncReturns<string> {
  const env = Object.entries({ ...process.env, ...more }).filter(([name]) => !name.startsWith('AWS_'));
  return spawnSync(command, args, {
    encoding: 'utf8',
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
    maxBuffer: 64 * 1024 * 1024,
    env: Object.fromEntries(env),
  });
}

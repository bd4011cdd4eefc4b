import type { SpawnSyncReturns } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sluiceFolder } from '../../lib/config/sluiceFolder.ts';
import { projectRoot } from '../../local/roots.ts';
import { runCommand } from './runCommand.ts';

/** After how long a step of an installation is given up: most take half a minute, but LocalStack's has 500 MB to fetch. */
const INSTALL_MS = 600_000;

/** A Python environment, or why there is none. */
type Python =
  | {
      /** Path of the folder that has its commands. */
      readonly bin: string;
    }
  | {
      /** The reason in words, which a sentence may go on with. */
      readonly missing: string;
    };

/**
 * A Python environment under `.sluice/` with the packages of a requirements file, made once for each of its contents.
 * It is missing without Python, or if pip can't install.
 *
 * @param folder The folder of `requirements.txt`, from the root.
 * @param what The packages' name in the message that they couldn't be installed.
 * @param version Of Python, if the packages need a certain one: then the file names all of them, also those that others depend on. Default: any.
 */
export function preparePython(folder: string, what: string, version?: string): Python {
  const requirements = join(projectRoot, folder, 'requirements.txt');
  const directory = environmentOf(requirements);
  const bin = join(directory, 'bin');
  const done = join(directory, 'installed');
  // The command is a link to the Python that made it, which an upgrade of the system removes.
  if (existsSync(done) && existsSync(join(bin, 'python'))) return { bin };
  const python = `python${version ?? '3'}`;
  // pyenv's commands start the version that is chosen, and none other.
  const env = version === undefined ? {} : { PYENV_VERSION: version };
  const made = runCommand(python, ['-m', 'venv', '--clear', directory], INSTALL_MS, env);
  if (made.status !== 0) return { missing: `${python} could not make an environment (${causeOf(made)})` };
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'];
  const noDependencies = version === undefined ? [] : ['--no-deps'];
  const args = [...pip, ...noDependencies, '--requirement', requirements];
  const installed = runCommand(join(bin, 'python'), args, INSTALL_MS);
  if (installed.status !== 0) return { missing: `pip could not install ${what} (${causeOf(installed)})` };
  writeFileSync(done, '');
  return { bin };
}

/** Where the environment of some requirements is: another file has another folder. */
function environmentOf(requirements: string): string {
  const digest = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 16);
  return sluiceFolder(projectRoot, `python-${digest}`);
}

/** Why a command did not succeed: that it could not run or was too slow, or the last line that it wrote. */
function causeOf({ error, stdout, stderr }: SpawnSyncReturns<string>): string {
  return error?.message ?? (stderr || stdout).trim().split('\n').at(-1) ?? '';
}

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sluiceFolder } from '../../lib/config/sluiceFolder.ts';
import { projectRoot } from '../../local/roots.ts';
import { npmEnvironment, npmProgram } from '../../scripts/install.mjs';

/** An installation takes some seconds. */
const INSTALL_MS = 150_000;

/** Where packages are installed, or why they are not. */
type NodePackages = { readonly directory: string } | { readonly missing: string };

/**
 * A folder under `.sluice/` with the packages that a `package.json` names, installed once for each of its contents. They
 * are no dependencies of the repository: `npm ci` doesn't install them.
 *
 * @param folder Where `package.json` is, from the root.
 * @param what What is installed, for saying that it couldn't be.
 */
export function preparePackages(folder: string, what: string): NodePackages {
  const manifest = join(projectRoot, folder, 'package.json');
  const digest = createHash('sha256').update(readFileSync(manifest)).digest('hex').slice(0, 16);
  const directory = sluiceFolder(projectRoot, `npm-${digest}`);
  const done = join(directory, 'installed');
  if (existsSync(done)) return { directory };
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  cpSync(manifest, join(directory, 'package.json'));
  const { file, first, shell } = npmProgram();
  const { status } = spawnSync(
    file,
    [...first, 'install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'],
    { cwd: directory, timeout: INSTALL_MS, env: npmEnvironment(), stdio: ['ignore', 2, 2], shell },
  );
  if (status !== 0) return { missing: `npm could not install ${what}` };
  writeFileSync(done, '');
  return { directory };
}

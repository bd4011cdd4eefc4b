import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sluiceFolder } from '../../lib/config/sluiceFolder.ts';
import { projectRoot } from '../../local/roots.ts';

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
  const npm = process.env['npm_execpath'];
  const [command, args] = npm?.endsWith('.js') === true ? [process.execPath, [npm]] : ['npm', []];
  const { status } = spawnSync(
    command,
    [...args, 'install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'],
    // npm must not take the settings of the script that it runs for its own.
    { cwd: directory, timeout: INSTALL_MS, env: withoutNpmSettings(process.env), stdio: ['ignore', 2, 2] },
  );
  if (status !== 0) return { missing: `npm could not install ${what}` };
  writeFileSync(done, '');
  return { directory };
}

/** The environment without what an npm around this process has set, which would lead another npm elsewhere. */
function withoutNpmSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const own = /^npm_(config_(workspace|prefix|global)|package_|lifecycle_)/;
  return Object.fromEntries(Object.entries(env).filter(([name]) => !own.test(name)));
}

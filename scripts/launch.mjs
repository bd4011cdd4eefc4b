// Starts every npm script: installs missing packages, then runs the rest of the command line with the Node version of Lambda
// (the npm package `node`), whatever Node the machine has. Plain JavaScript without dependencies, because it runs before
// anything is installed.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nodeBinary, runNode } from '../cli/runNode.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const node = nodeBinary(root);

/** npm rewrites its hidden lockfile at the end of every install. If it is older than ours, the install is outdated. */
function installed() {
  const stamp = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(stamp) || !existsSync(node)) return false;
  return statSync(stamp).mtimeMs >= statSync(join(root, 'package-lock.json')).mtimeMs || sameVersions(stamp);
}

/** A fresh checkout gives our lockfile a new date without a change, so the versions are compared. @param {string} stamp */
function sameVersions(stamp) {
  const ours = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  const theirs = JSON.parse(readFileSync(stamp, 'utf8')).packages;
  return Object.entries(ours).every(
    ([path, entry]) => path === '' || entry.optional || entry.link || theirs[path]?.version === entry.version,
  );
}

function install() {
  process.stderr.write('Installing missing packages (once) …\n');
  const npm = process.env.npm_execpath;
  const [command, args] = npm?.endsWith('.js') ? [process.execPath, [npm]] : ['npm', []];
  const result = spawnSync(command, [...args, 'ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    // npm must not take this script's own settings (such as a filter meant for one workspace) for its install.
    env: Object.fromEntries(
      Object.entries(process.env).filter(
        ([name]) => !/^npm_(config_(workspace|prefix)|package_|lifecycle_)/.test(name),
      ),
    ),
  });
  if (result.status !== 0) {
    process.stderr.write('`npm ci` failed: see above.\n');
    process.exit(1);
  }
}

const [major = 0] = process.versions.node.split('.').map(Number);
if (major < 20) {
  process.stderr.write(`Node 20 or later is needed to install; this is ${process.version}.\n`);
  process.exit(1);
}
if (!installed()) install();

runNode(root, process.argv.slice(2), {
  cwd: root,
  env: { ...process.env, PATH: `${join(root, 'node_modules', '.bin')}:${process.env.PATH}` },
});

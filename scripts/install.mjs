// Installs what an npm script needs and is not there yet. Plain JavaScript without dependencies, because it runs before
// anything is installed, on the machine's own Node.
//
// There are two sets. The smaller is `dependencies`: all that a start, the demos, packaging and `npx sluice` use. The other
// has `devDependencies` as well. A set that is there is never reduced.
import { spawn } from 'node:child_process';
import { existsSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { nodeBinary } from '../cli/runNode.mjs';

/**
 * @typedef {object} Entry One package of a lockfile: https://docs.npmjs.com/cli/v11/configuring-npm/package-lock-json#packages
 * @property {string} [version]
 * @property {boolean} [dev]
 * @property {boolean} [devOptional]
 * @property {boolean} [optional]
 * @property {boolean} [link]
 */

/** How long to wait for another process that installs, ms. */
const WAIT_MS = 15 * 60_000;
/** npm's own file: other package managers set `npm_execpath`, too. */
const NPM = /[\\/]npm(-cli)?\.js$/;

/**
 * Installs the packages of the lockfile that are missing. Two processes at once install one after the other. An install that
 * was interrupted is begun anew.
 *
 * @param {string} root The repository's directory.
 * @param {{ dev: boolean }} options Whether `devDependencies` are needed.
 * @throws {Error} with a sentence for the terminal.
 */
export async function installPackages(root, { dev }) {
  const unfinished = join(root, '.sluice', 'install-unfinished');
  const isDone = () => !existsSync(unfinished) && isInstalled(root, dev);
  if (isDone()) return;
  const lock = join(root, '.sluice', 'installing');
  await takeLock(lock);
  try {
    // Another process may have installed it meanwhile.
    if (isDone()) return;
    // If npm was stopped half-way, nobody knows what is whole.
    const before = existsSync(unfinished) ? undefined : installedPackages(root);
    writeFileSync(unfinished, '');
    const stopped = await install(root, { dev, before });
    if (stopped !== undefined) {
      rmSync(lock, { force: true });
      process.exit(stopped === 'SIGINT' ? 130 : 1);
    }
    rmSync(unfinished, { force: true });
  } catch (error) {
    // After a failure npm puts back what was there.
    rmSync(unfinished, { force: true });
    throw error;
  } finally {
    rmSync(lock, { force: true });
  }
}

/** @param {string} file @returns {Record<string, Entry>} By path, e.g. `node_modules/zod`. */
function packagesOf(file) {
  return JSON.parse(readFileSync(file, 'utf8')).packages;
}

/** Packages that npm installed. @param {string} root @returns {Record<string, Entry> | undefined} Undefined: none. */
function installedPackages(root) {
  try {
    // npm writes it at the end of every install. Without the Node that an install script puts there, nothing says which
    // other scripts have run.
    const packages = packagesOf(join(root, 'node_modules', '.package-lock.json'));
    return existsSync(nodeBinary(root)) ? packages : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Whether each package of a set is there in the version of the lockfile. Dates say nothing: a fresh checkout gives the lockfile
 * a new one, and a smaller install npm's own. Optional packages are of some machines only.
 *
 * @param {string} root @param {boolean} dev
 */
function isInstalled(root, dev) {
  const installed = installedPackages(root);
  if (installed === undefined) return false;
  return Object.entries(packagesOf(join(root, 'package-lock.json')))
    .filter(([path, { link }]) => path.includes('node_modules/') && link !== true)
    .filter(([, { optional, devOptional }]) => optional !== true && devOptional !== true)
    .filter(([, entry]) => dev || entry.dev !== true)
    .every(
      ([path, { version }]) =>
        installed[path]?.version === version && existsSync(join(root, path, 'package.json')),
    );
}

/**
 * Lets one process at a time install. Waits while another one does, and takes the lock of one that is no more.
 *
 * @param {string} lock
 */
async function takeLock(lock) {
  mkdirSync(join(lock, '..'), { recursive: true, mode: 0o700 });
  let hasWaited = false;
  for (const deadline = Date.now() + WAIT_MS; ; ) {
    try {
      writeFileSync(lock, `${process.pid}\n`, { flag: 'wx' });
      return;
    } catch (error) {
      if (!hasCode(error, 'EEXIST')) throw error;
    }
    if (!isAlive(lock)) {
      removeStale(lock);
      continue;
    }
    if (Date.now() > deadline) {
      throw new Error(
        `Another process has been installing packages for too long: stop it, or remove ${lock}.`,
      );
    }
    if (!hasWaited) process.stderr.write('Another process installs packages: waiting for it …\n');
    hasWaited = true;
    await delay(500);
  }
}

/**
 * Moves a stale lock away under a new name, so that only one of several processes gets it. If another process has
 * locked meanwhile, its lock is put back.
 *
 * @param {string} lock
 */
function removeStale(lock) {
  const aside = `${lock}.${process.pid}`;
  try {
    renameSync(lock, aside);
    if (isAlive(aside)) linkSync(aside, lock);
  } catch (error) {
    // Another process has taken it away, or put one there.
    if (!hasCode(error, 'ENOENT', 'EEXIST')) throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}

/** @param {string} lock Whether the process that made it still runs. */
function isAlive(lock) {
  try {
    process.kill(Number(readFileSync(lock, 'utf8')), 0);
    return true;
  } catch (error) {
    // A process of another user is alive too.
    return hasCode(error, 'EPERM');
  }
}

/** @param {unknown} error @param {readonly string[]} codes */
function hasCode(error, ...codes) {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}

/**
 * @param {string} root @param {{ dev: boolean, before: Record<string, Entry> | undefined }} how `before`: what is there.
 * @returns {Promise<NodeJS.Signals | undefined>} What stopped it half-way.
 */
async function install(root, { dev, before }) {
  const locked = packagesOf(join(root, 'package-lock.json'));
  // The larger set follows a changed lockfile as a whole.
  const all = dev || Object.keys(installedPackages(root) ?? {}).some((path) => locked[path]?.dev === true);
  const startedAt = performance.now();
  process.stderr.write(
    'Installing packages. The first time it takes a minute, and longer over a slow network.\n',
  );
  /** @type {NodeJS.Signals | undefined} */
  let stopped;
  // Adding what is missing keeps what a running process uses. By the lockfile, it is exact.
  if (before !== undefined) stopped = await runNpm(root, ['install', '--no-save'], all);
  // Nothing to keep, or nothing to rely on. `npm ci` begins by removing what is there.
  if (stopped === undefined && (before === undefined || !isInstalled(root, dev)))
    stopped = await runNpm(root, ['ci'], all);
  if (stopped !== undefined) return stopped;
  if (!existsSync(nodeBinary(root))) {
    throw new Error(
      'npm has installed no Node, as it runs no scripts of packages (ignore-scripts). `npm rebuild node esbuild --ignore-scripts=false` runs these two.',
    );
  }
  if (!isInstalled(root, dev)) throw new Error('npm has not installed what package-lock.json names.');
  process.stderr.write(`Installed packages in ${Math.round((performance.now() - startedAt) / 1000)} s.\n`);
}

/**
 * Runs npm quietly: only its errors are shown.
 *
 * @param {string} root @param {readonly string[]} command @param {boolean} all
 * @returns {Promise<NodeJS.Signals | undefined>} The signal that stopped it.
 * @throws {Error} if it failed.
 */
async function runNpm(root, command, all) {
  const npm = process.env.npm_execpath;
  const [file, first] = npm !== undefined && NPM.test(npm) ? [process.execPath, [npm]] : ['npm', []];
  const set = all ? ['--include=dev'] : ['--omit=dev'];
  const quiet = ['--no-audit', '--no-fund', '--no-progress', '--loglevel=error', '--prefer-offline'];
  const child = spawn(file, [...first, ...command, ...set, '--include=optional', ...quiet], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
    // npm is a command file on Windows, which needs a shell. No part of the line is user input.
    shell: process.platform === 'win32' && file === 'npm',
    env: {
      // npm must not take this script's own settings (such as a filter meant for one workspace) for its install.
      ...Object.fromEntries(
        Object.entries(process.env).filter(
          ([name]) => !/^npm_(config_(workspace|prefix)|package_|lifecycle_)/.test(name),
        ),
      ),
      // A start fetches what it needs itself, and shows it: scripts/warm.mjs.
      ...(all ? {} : { SLUICE_PACKAGE_AHEAD: 'no' }),
    },
  });
  /** @type {NodeJS.Signals | undefined} */
  let stopped;
  /** @param {NodeJS.Signals} signal */
  const stop = (signal) => {
    stopped = signal;
    child.kill(signal);
  };
  /** @type {readonly NodeJS.Signals[]} */
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) process.on(signal, stop);
  /** @type {{ code?: number | null, signal?: NodeJS.Signals | null, error?: Error }} */
  const end = await new Promise((resolve) => {
    child.on('error', (error) => resolve({ error }));
    child.on('close', (code, signal) => resolve({ code, signal }));
  });
  for (const signal of signals) process.off(signal, stop);
  if (stopped !== undefined) return stopped;
  if (end.code === 0) return;
  const reason = end.error?.message ?? `it ended with ${end.signal ?? end.code}`;
  const problem = `\`npm ${command.join(' ')}\` failed: ${reason}.`;
  if (typeof end.signal !== 'string') throw new Error(problem);
  // Killed by somebody else, it has put nothing back.
  process.stderr.write(`${problem}\n`);
  return end.signal;
}

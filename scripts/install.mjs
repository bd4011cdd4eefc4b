// Installs what an npm script needs and is not there yet. This is plain JavaScript without dependencies, because it
// runs before anything is installed, with the machine's own Node.
//
// There are two sets of packages. The smaller set is `dependencies`: all that a start, the demos, packaging and `npx
// sluice` use. The other set has `devDependencies` as well. A set that is installed is never reduced.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { nodeBinary } from '../cli/runNode.mjs';

/**
 * @typedef {object} Entry One package of a lockfile: https://docs.npmjs.com/cli/v11/configuring-npm/package-lock-json#packages
 * @property {string} [version] Its version.
 * @property {boolean} [dev] Whether only `devDependencies` need it.
 * @property {boolean} [devOptional] Whether it is optional, or only `devDependencies` need it.
 * @property {boolean} [optional] Whether it is for some machines only.
 * @property {boolean} [link] Whether it is a folder of this repository.
 */

/** Matches the path of npm's own program. Other package managers set `npm_execpath`, too. */
const NPM = /[\\/]npm(-cli)?\.js$/;
/** Milliseconds between two looks whether another process still installs. */
const LOOK_MS = 500;

/**
 * @typedef {object} NpmProgram How npm is run.
 * @property {string} file The program.
 * @property {readonly string[]} first Its arguments before those of npm.
 * @property {boolean} shell Whether it needs a shell: npm is a command file on Windows. No part of a line is user input.
 */

/** The npm that runs this process, or the one that the machine finds. @returns {NpmProgram} */
export function npmProgram() {
  const npm = process.env.npm_execpath;
  if (npm !== undefined && NPM.test(npm)) return { file: process.execPath, first: [npm], shell: false };
  return { file: 'npm', first: [], shell: process.platform === 'win32' };
}

/**
 * Installs the packages of the lockfile that are missing. Two processes that start at the same time install one after
 * the other.
 *
 * @param {string} root The repository's directory.
 * @param {{ dev: boolean }} options `dev`: whether `devDependencies` are needed.
 * @throws {Error} with a sentence to print.
 */
export async function installPackages(root, { dev }) {
  if (isInstalled(root, dev)) return;
  const lock = join(root, '.sluice', 'installing');
  await takeLock(lock);
  try {
    // Another process may have installed the packages while this one waited.
    if (!isInstalled(root, dev)) await install(root, dev);
  } finally {
    rmSync(lock, { force: true });
  }
}

/** The packages of a lockfile, by path: `node_modules/zod`. @param {string} file @returns {Record<string, Entry>} */
function packagesOf(file) {
  return JSON.parse(readFileSync(file, 'utf8')).packages;
}

/** The packages that npm has installed. @param {string} root @returns {Record<string, Entry> | undefined} Undefined if npm has installed none. */
function installedPackages(root) {
  try {
    // npm writes this file at the end of every install. Without the Node that an install script puts there, nothing
    // says which other scripts have run.
    const packages = packagesOf(join(root, 'node_modules', '.package-lock.json'));
    return existsSync(nodeBinary(root)) ? packages : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Whether each package of a set is there in the version of the lockfile. The times of files cannot decide it: a fresh
 * checkout gives the lockfile a new time, and a smaller install gives one to npm's own file. Optional packages are for
 * some machines only.
 *
 * @param {string} root The repository's directory.
 * @param {boolean} dev Whether the set has `devDependencies`.
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

/** Lets one process at a time install. Others wait, as long as the process that has the lock runs. @param {string} lock */
async function takeLock(lock) {
  mkdirSync(join(lock, '..'), { recursive: true, mode: 0o700 });
  for (let hasWaited = false; ; hasWaited = true) {
    try {
      writeFileSync(lock, `${process.pid}\n`, { flag: 'wx' });
      return;
    } catch (error) {
      if (!hasCode(error, 'EEXIST')) throw error;
    }
    if (!hasWaited) process.stderr.write(`Another process installs packages: waiting for it (${lock}) …\n`);
    if (!isAlive(lock)) rmSync(lock, { force: true });
    else await delay(LOOK_MS);
  }
}

/** Whether the process that has made a lock still runs. @param {string} lock */
function isAlive(lock) {
  try {
    process.kill(Number(readFileSync(lock, 'utf8')), 0);
    return true;
  } catch (error) {
    // A process of another user is alive, too.
    return hasCode(error, 'EPERM');
  }
}

/** Whether an error of the system has a code. @param {unknown} error @param {string} code */
function hasCode(error, code) {
  return error instanceof Error && 'code' in error && error.code === code;
}

/**
 * Has npm install a set, and says so on stderr.
 *
 * @param {string} root The repository's directory.
 * @param {boolean} dev Whether the set has `devDependencies`.
 * @throws {Error} if the set is not there afterwards.
 */
async function install(root, dev) {
  const locked = packagesOf(join(root, 'package-lock.json'));
  const before = installedPackages(root);
  // If the larger set is installed, a changed lockfile applies to the whole set.
  const all = dev || Object.keys(before ?? {}).some((path) => locked[path]?.dev === true);
  const startedAt = performance.now();
  process.stderr.write(
    'Installing packages. The first time it takes a minute, and longer over a slow network.\n',
  );
  // Adding the missing packages keeps those that a running process uses.
  if (before !== undefined) await runNpm(root, ['install', '--no-save'], all);
  // There may be no install to keep, or none to rely on. `npm ci` begins by removing what is there.
  if (before === undefined || !isInstalled(root, dev)) await runNpm(root, ['ci'], all);
  if (!existsSync(nodeBinary(root))) {
    throw new Error(
      'npm has installed no Node, as it runs no scripts of packages (ignore-scripts). `npm rebuild node esbuild --ignore-scripts=false` runs these two.',
    );
  }
  if (!isInstalled(root, dev)) throw new Error('npm has not installed what package-lock.json names.');
  process.stderr.write(`Installed packages in ${Math.round((performance.now() - startedAt) / 1000)} s.\n`);
}

/**
 * Runs npm and shows only its errors.
 *
 * @param {string} root The repository's directory.
 * @param {readonly string[]} command Words of npm's command line.
 * @param {boolean} all Whether `devDependencies` are meant, too.
 * @throws {Error} if it failed.
 */
async function runNpm(root, command, all) {
  const { file, first, shell } = npmProgram();
  const set = all ? ['--include=dev'] : ['--omit=dev'];
  const quiet = ['--no-audit', '--no-fund', '--no-progress', '--loglevel=error', '--prefer-offline'];
  const child = spawn(file, [...first, ...command, ...set, '--include=optional', ...quiet], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
    shell,
    env: {
      // npm must not apply this script's own settings, such as a filter meant for one workspace, to its install.
      ...Object.fromEntries(
        Object.entries(process.env).filter(
          ([name]) => !/^npm_(config_(workspace|prefix)|package_|lifecycle_)/.test(name),
        ),
      ),
      // A start fetches the binding that it needs by itself, and shows that: scripts/warm.mjs.
      ...(all ? {} : { SLUICE_PACKAGE_AHEAD: 'no' }),
    },
  });
  /** @param {NodeJS.Signals} signal */
  const stop = (signal) => void child.kill(signal);
  /** @type {readonly NodeJS.Signals[]} */
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) process.on(signal, stop);
  /** @type {string | number} */
  const end = await new Promise((resolve) => {
    child.on('error', ({ message }) => resolve(message));
    child.on('close', (code, signal) => resolve(code ?? signal ?? 'nothing'));
  });
  for (const signal of signals) process.off(signal, stop);
  if (end === 0) return;
  // After an install that was stopped half-way nobody knows which packages are whole, so the next install begins anew.
  if (typeof end === 'string') rmSync(join(root, 'node_modules', '.package-lock.json'), { force: true });
  throw new Error(`\`npm ${command.join(' ')}\` failed: it ended with ${end}.`);
}

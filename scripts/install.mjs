// Installs what an npm script needs and is not there yet. This is plain JavaScript without dependencies, because it
// runs before anything is installed, with the machine's own Node.
//
// There are two sets of packages. The smaller set is `dependencies`: all that a start, the demos, packaging and `npx
// sluice` use. The other set has `devDependencies` as well. A set that is installed is never reduced.
import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { nodeBinary } from '../cli/runNode.mjs';

/**
 * @typedef {object} Entry One package of a lockfile: https://docs.npmjs.com/cli/v11/configuring-npm/package-lock-json#packages
 * @property {string} [version] Its version; absent of a link.
 * @property {boolean} [dev] Whether only `devDependencies` need it.
 * @property {boolean} [devOptional] Whether it is optional, or only `devDependencies` need it.
 * @property {boolean} [optional] Whether it is for some machines only.
 * @property {boolean} [link] Whether it is a folder of this repository.
 */

/** Matches the path of npm's own program. Other package managers set `npm_execpath`, too. */
const NPM = /[\\/]npm(-cli)?\.js$/;
/** Milliseconds between two looks whether another process still installs. */
const LOOK_MS = 500;
/** How many times in a row the lock is tried although no process has it. */
const FREE_TRIES = 4;

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
 * The environment of this process without the settings that an npm around it has for its own script, such as a filter meant for
 * one workspace: another npm would apply them to its work.
 *
 * @returns {NodeJS.ProcessEnv} What another npm is run with.
 */
export function npmEnvironment() {
  const own = /^npm_(config_(workspace|prefix|global)|package_|lifecycle_)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !own.test(name)));
}

/**
 * Installs the packages of the lockfile that are missing. Two processes that start at the same time install one after
 * the other.
 *
 * @param {string} root The repository's directory.
 * @param {{ dev: boolean }} options Whether `devDependencies` are needed.
 * @throws {Error} with a sentence to print.
 */
export async function installPackages(root, { dev }) {
  if (isInstalled(root, dev)) return;
  const lock = join(root, '.sluice', 'install-lock');
  await takeLock(lock);
  try {
    // Another process may have installed the packages while this one waited.
    if (!isInstalled(root, dev)) await install(root, dev);
  } finally {
    leaveLock(lock, process.pid);
  }
}

/**
 * Reads the packages of a lockfile.
 *
 * @param {string} file Path of the lockfile.
 * @returns {Record<string, Entry>} The packages by path, e.g. `node_modules/zod`.
 */
function packagesOf(file) {
  return JSON.parse(readFileSync(file, 'utf8')).packages;
}

/**
 * The packages that npm has installed.
 *
 * @param {string} root The repository's directory.
 * @returns {Record<string, Entry> | undefined} The packages by path; undefined if npm has installed none, or no Node.
 */
function installedPackages(root) {
  try {
    // npm writes this file at the end of every install. If Node is missing, install scripts did not run, so the install
    // counts as none.
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
 * @returns {boolean} Whether they are all there.
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
 * Waits until this process is the only one that installs. The owner of the lock is the process whose number is the name of
 * the only file in the lock's folder. A folder can be renamed to the name of an empty one, and not to that of one with a
 * file: so of several processes one gets the lock of a dead owner, whose file each of them may delete.
 *
 * @param {string} lock Path of the folder.
 * @throws {Error} that of Node, if the folder cannot be made although no process has the lock.
 */
async function takeLock(lock) {
  /** @type {number | undefined} */
  let told;
  let freeTries = 0;
  for (;;) {
    const failure = tryLock(lock);
    if (failure === undefined) return;
    const owner = ownerOf(lock);
    if (isHeld(owner)) {
      freeTries = 0;
      if (owner !== told)
        process.stderr.write(`Process ${owner} installs packages: waiting until it ends (${lock}) …\n`);
      told = owner;
      await delay(LOOK_MS);
      continue;
    }
    leaveLock(lock, owner);
    freeTries += 1;
    if (freeTries === FREE_TRIES) throw failure;
    // The first failure is that of a lock that was left. A later one is a rename that the system does not allow now.
    if (freeTries > 1) await delay(LOOK_MS);
  }
}

/**
 * Whether a process that is named in the lock has it. A lock with this process's own number is of an earlier process: in
 * a container a start has the same number each time.
 *
 * @param {number | undefined} owner Its number; undefined: none is named.
 * @returns {boolean} Whether it has.
 */
function isHeld(owner) {
  return owner !== undefined && owner !== process.pid && isAlive(owner);
}

/**
 * Takes the file of a process out of the lock's folder, and the folder away if it is empty then.
 *
 * @param {string} lock Path of the folder.
 * @param {number | undefined} pid The process; undefined: none has a file there.
 */
function leaveLock(lock, pid) {
  if (pid !== undefined) rmSync(join(lock, String(pid)), { force: true });
  try {
    rmdirSync(lock);
  } catch (error) {
    // Another process has taken the lock, or has taken the folder away.
    if (!hasCode(error, 'ENOTEMPTY', 'EEXIST', 'ENOENT')) throw error;
  }
}

/**
 * Takes the lock, unless there is a folder of its name with a file in it. A process that is stopped while it waits leaves
 * nothing: its own folder is there only as long as it tries.
 *
 * @param {string} lock Path of the lock's folder.
 * @returns {Error | undefined} Why it was not taken; undefined if it was.
 */
function tryLock(lock) {
  const own = `${lock}.${process.pid}`;
  mkdirSync(own, { recursive: true, mode: 0o700 });
  writeFileSync(join(own, String(process.pid)), '');
  try {
    renameSync(own, lock);
    return undefined;
  } catch (error) {
    rmSync(own, { recursive: true, force: true });
    // Windows does not allow it for an empty one either.
    if (!hasCode(error, 'ENOTEMPTY', 'EEXIST', 'EPERM')) throw error;
    return error;
  }
}

/**
 * The process that has a lock.
 *
 * @param {string} lock Path of the lock's folder.
 * @returns {number | undefined} Its number; undefined if none has it any more.
 */
function ownerOf(lock) {
  try {
    const [name] = readdirSync(lock);
    return name === undefined ? undefined : Number(name);
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
    return undefined;
  }
}

/**
 * Whether a process runs, or another one that has its number now.
 *
 * @param {number} pid Its number.
 * @returns {boolean} Whether it runs.
 */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // A process of another user is alive, too.
    return hasCode(error, 'EPERM');
  }
}

/**
 * Whether an error of Node has one of these codes.
 *
 * @param {unknown} error The error.
 * @param {readonly string[]} codes The codes: `ENOENT`.
 * @returns {error is Error} Whether it has.
 */
function hasCode(error, ...codes) {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}

/**
 * Has npm install a set, and says so on stderr.
 *
 * @param {string} root The repository's directory.
 * @param {boolean} dev Whether the set has `devDependencies`.
 * @throws {Error} with a sentence to print.
 */
async function install(root, dev) {
  const locked = packagesOf(join(root, 'package-lock.json'));
  const before = installedPackages(root);
  // If packages of the larger set are there, that set is installed.
  const all =
    dev || Object.entries(locked).some(([path, entry]) => entry.dev === true && existsSync(join(root, path)));
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
 * @param {string} root The repository's directory, in which it runs.
 * @param {readonly string[]} command The command of npm: `['ci']`.
 * @param {boolean} all Whether it is for `devDependencies`, too.
 * @throws {Error} if it could not be started, or failed.
 */
async function runNpm(root, command, all) {
  const { file, first, shell } = npmProgram();
  const set = all ? ['--include=dev'] : ['--omit=dev'];
  // Binaries of this machine are in optional packages, which the user's settings may leave out.
  const optional = '--include=optional';
  const quiet = ['--no-audit', '--no-fund', '--no-progress', '--loglevel=error', '--prefer-offline'];
  const child = spawn(file, [...first, ...command, ...set, optional, ...quiet], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
    shell,
    env: {
      ...npmEnvironment(),
      // A start fetches DuckDB's binding for Lambda by itself, and shows that: scripts/warm.mjs.
      ...(all ? {} : { SLUICE_PACKAGE_AHEAD: 'no' }),
    },
  });
  /** @param {NodeJS.Signals} signal */
  const stop = (signal) => void child.kill(signal);
  /** @type {readonly NodeJS.Signals[]} */
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) process.on(signal, stop);
  /** @type {number | NodeJS.Signals | null} */
  const end = await new Promise((resolve, reject) => {
    child.on('error', ({ message }) => reject(new Error(`npm could not be started: ${message}.`)));
    child.on('close', (code, signal) => resolve(code ?? signal));
  }).finally(() => {
    for (const signal of signals) process.off(signal, stop);
  });
  if (end === 0) return;
  // After an install that was stopped half-way nobody knows which packages are whole, so the next install begins anew.
  if (typeof end !== 'number') rmSync(join(root, 'node_modules', '.package-lock.json'), { force: true });
  throw new Error(`\`npm ${command.join(' ')}\` failed: it ended with ${end}.`);
}

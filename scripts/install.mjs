// Installs what an npm script needs and is not there yet. Plain JavaScript without dependencies, because it runs before
// anything is installed, on the machine's own Node.
//
// There are two sets. The smaller is `dependencies`: all that a start, the demos, packaging and `npx sluice` use. The other
// has `devDependencies` as well. A set that is there is never reduced.
import { spawn } from 'node:child_process';
import {
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
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
 * @property {string[]} [os]
 * @property {string[]} [cpu]
 * @property {string[]} [libc]
 */

/** Disk space of each set, MB. A test measures it. */
export const INSTALLED_MB = { start: 390, all: 590 };

/** How long another process may leave its lock untouched until it counts as dead, ms. It touches it every second. */
const SILENT_MS = 30_000;
/** How long to wait for another process that installs, ms. */
const WAIT_MS = 15 * 60_000;
/** Fewer packages than this are there in seconds. */
const FEW = 50;
/** npm's own file: other package managers set `npm_execpath`, too. */
const NPM = /[\\/]npm(-cli)?\.js$/;
/** How often something is said where the line cannot be rewritten, ms. */
const SAY_EVERY_MS = 10_000;

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
  if (!existsSync(unfinished) && isInstalled(root, dev)) return;
  const lock = join(root, '.sluice', 'installing');
  await takeLock(lock);
  /** @type {NodeJS.Signals | undefined} */
  let stopped;
  try {
    // If npm was stopped half-way, nobody knows what is whole; if it has ended since, all is.
    const anew = existsSync(unfinished) && modifiedMs(hiddenLockfile(root)) <= modifiedMs(unfinished);
    // Another process may have installed it meanwhile.
    if (anew || !isInstalled(root, dev)) {
      writeFileSync(unfinished, '');
      stopped = await install(root, lock, { dev, anew });
    }
    if (stopped === undefined) rmSync(unfinished, { force: true });
  } catch (error) {
    // After a failure npm puts back what was there.
    rmSync(unfinished, { force: true });
    throw error;
  } finally {
    // Another process may have taken it from one that was thought dead.
    if (isOwn(lock)) rmSync(lock, { force: true });
  }
  if (stopped !== undefined) process.exit(stopped === 'SIGINT' ? 130 : 1);
}

/** npm's own, which it writes at the end of every install. @param {string} root */
function hiddenLockfile(root) {
  return join(root, 'node_modules', '.package-lock.json');
}

/** @param {string} root @returns {Record<string, Entry>} By path, e.g. `node_modules/zod`. */
function lockedPackages(root) {
  return JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
}

/** Packages that npm installed. @param {string} root @returns {Record<string, Entry> | undefined} Undefined: none. */
function installedPackages(root) {
  try {
    return JSON.parse(readFileSync(hiddenLockfile(root), 'utf8')).packages;
  } catch {
    return undefined;
  }
}

/**
 * The paths of a set that must be there on any machine.
 *
 * @param {Record<string, Entry>} locked @param {boolean} dev
 */
function requiredPaths(locked, dev) {
  return Object.entries(locked)
    .filter(([path, { link }]) => path.includes('node_modules/') && link !== true)
    .filter(([, { optional, devOptional }]) => optional !== true && devOptional !== true)
    .filter(([, entry]) => dev || entry.dev !== true)
    .map(([path]) => path);
}

/**
 * The paths of optional packages that npm installs on this machine.
 *
 * @param {Record<string, Entry>} locked @param {boolean} dev
 */
function optionalPaths(locked, dev) {
  const report = process.report?.getReport();
  const header = Object(report !== undefined && 'header' in report ? report.header : {});
  const libc = 'glibcVersionRuntime' in header ? 'glibc' : 'musl';
  return Object.entries(locked)
    .filter(([, { optional, devOptional }]) => optional === true || devOptional === true)
    .filter(([, entry]) => dev || entry.dev !== true)
    .filter(
      ([, { os, cpu, libc: libcs }]) =>
        (os?.includes(process.platform) ?? true) &&
        (cpu?.includes(process.arch) ?? true) &&
        (process.platform !== 'linux' || (libcs?.includes(libc) ?? true)),
    )
    .map(([path]) => path);
}

/**
 * Whether each package of a set is there in the version of the lockfile. Dates say nothing: a fresh checkout gives the lockfile
 * a new one, and a smaller install npm's own.
 *
 * @param {string} root @param {boolean} dev
 */
function isInstalled(root, dev) {
  const installed = installedPackages(root);
  if (installed === undefined || !existsSync(nodeBinary(root))) return false;
  const locked = lockedPackages(root);
  return requiredPaths(locked, dev).every(
    (path) =>
      installed[path]?.version === locked[path]?.version && existsSync(join(root, path, 'package.json')),
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
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
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
    const isTaken = error instanceof Error && 'code' in error && /^(ENOENT|EEXIST)$/.test(String(error.code));
    if (!isTaken) throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}

/** @param {string} lock Whether this process has it. */
function isOwn(lock) {
  try {
    return Number(readFileSync(lock, 'utf8')) === process.pid;
  } catch {
    return false;
  }
}

/** @param {string} file @returns {number} 0 if the file doesn't exist. */
function modifiedMs(file) {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** @param {string} lock Whether the process that made it still installs. */
function isAlive(lock) {
  try {
    if (Date.now() - modifiedMs(lock) > SILENT_MS) return false;
    process.kill(Number(readFileSync(lock, 'utf8')), 0);
    return true;
  } catch (error) {
    // A process of another user is alive too.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/**
 * @param {string} root @param {string} lock @param {{ dev: boolean, anew: boolean }} how
 * @returns {Promise<NodeJS.Signals | undefined>} What stopped it half-way.
 */
async function install(root, lock, { dev, anew }) {
  const locked = lockedPackages(root);
  const installed = installedPackages(root);
  // Installed packages stay: the larger set follows a changed lockfile as a whole.
  const hadDev = Object.keys(installed ?? {}).some((path) => locked[path]?.dev === true);
  const all = dev || hadDev;
  // Without the Node that an install script puts there, nothing says which other scripts have run.
  const before = anew || !existsSync(nodeBinary(root)) ? undefined : installed;
  const startedAt = performance.now();
  const progress = new Progress(root, lock, locked, { all, hadDev, before });
  try {
    /** @type {NodeJS.Signals | undefined} */
    let stopped;
    // Adding what is missing keeps what a running process uses. By the lockfile, it is exact.
    if (before !== undefined) stopped = await runNpm(root, ['install', '--no-save'], all, progress);
    // Nothing to keep, or nothing to rely on. `npm ci` begins by removing what is there.
    if (stopped === undefined && (before === undefined || !isInstalled(root, dev))) {
      stopped = await runNpm(root, ['ci'], all, progress);
    }
    if (stopped !== undefined) return stopped;
  } finally {
    progress.close();
  }
  if (!existsSync(nodeBinary(root))) {
    throw new Error(
      'npm has installed no Node, as it runs no scripts of packages (ignore-scripts). `npm rebuild node esbuild --ignore-scripts=false` runs these two.',
    );
  }
  if (!isInstalled(root, dev)) throw new Error('npm has not installed what package-lock.json names.');
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  process.stderr.write(`Installed ${progress.count} packages in ${seconds} s.\n`);
}

/**
 * Runs npm quietly. Its output is shown if it fails, and its errors always.
 *
 * @param {string} root @param {readonly string[]} command @param {boolean} all @param {Progress} progress
 * @returns {Promise<NodeJS.Signals | undefined>} The signal that stopped it.
 * @throws {Error} if it failed.
 */
async function runNpm(root, command, all, progress) {
  const npm = process.env.npm_execpath;
  const [file, first] = npm !== undefined && NPM.test(npm) ? [process.execPath, [npm]] : ['npm', []];
  const set = all ? ['--include=dev'] : ['--omit=dev'];
  const quiet = ['--no-audit', '--no-fund', '--no-progress', '--loglevel=error', '--prefer-offline'];
  const child = spawn(file, [...first, ...command, ...set, '--include=optional', ...quiet], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
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
  let output = '';
  let errors = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  /** @type {readonly NodeJS.Signals[]} */
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  /** @type {NodeJS.Signals | undefined} */
  let stopped;
  /** @param {NodeJS.Signals} signal */
  const stop = (signal) => {
    stopped = signal;
    child.kill(signal);
  };
  for (const signal of signals) process.on(signal, stop);
  /** @type {{ code?: number | null, signal?: NodeJS.Signals | null, error?: Error }} */
  const end = await new Promise((resolve) => {
    child.on('error', (error) => resolve({ error }));
    child.on('close', (code, signal) => resolve({ code, signal }));
  });
  for (const signal of signals) process.off(signal, stop);
  progress.clear();
  if (stopped !== undefined) return stopped;
  if (end.code !== 0) process.stderr.write(output);
  process.stderr.write(errors);
  if (end.code === 0) return;
  const reason = end.error?.message ?? `it ended with ${end.signal ?? end.code}`;
  const problem = `\`npm ${command.join(' ')}\` failed: ${reason}.`;
  if (typeof end.signal !== 'string') throw new Error(problem);
  // Killed by somebody else, it has put nothing back.
  process.stderr.write(`${problem}\n`);
  return end.signal;
}

/** Says what is installed, and how far it is: packages on the disk, and seconds. */
class Progress {
  /** How many packages the set has on this machine. */
  count;
  #paths;
  #root;
  #startedAt = performance.now();
  #saidAt = performance.now();
  #rewritten = false;
  #timer;

  /**
   * @param {string} root @param {string} lock @param {Record<string, Entry>} locked
   * @param {{ all: boolean, hadDev: boolean, before: Record<string, Entry> | undefined }} what `before`: what is there.
   */
  constructor(root, lock, locked, { all, hadDev, before }) {
    this.#root = root;
    this.#paths = [...requiredPaths(locked, all), ...optionalPaths(locked, all)].filter(
      (path) => before?.[path]?.version !== locked[path]?.version || !this.#isThere(path),
    );
    this.count = this.#paths.length;
    const { start, all: most } = INSTALLED_MB;
    const megabytes = (all ? most : start) - (before === undefined ? 0 : start);
    // If a set is installed already, only few of its packages have changed.
    const size = before !== undefined && (hadDev || !all) ? '' : `, about ${megabytes} MB`;
    const time = this.count < FEW ? '' : ' It takes about a minute, and longer over a slow network.';
    process.stderr.write(`Installing ${this.count} packages${size}, once.${time}\n`);
    this.#timer = setInterval(() => {
      const now = new Date();
      // A sign of life for others that wait.
      if (isOwn(lock)) utimesSync(lock, now, now);
      this.#say();
    }, 1_000);
  }

  #say() {
    const elapsed = performance.now() - this.#startedAt;
    const rewritable = process.stderr.isTTY === true && process.env.TERM !== 'dumb';
    if (!rewritable && performance.now() - this.#saidAt < SAY_EVERY_MS) return;
    this.#saidAt = performance.now();
    const there = this.#paths.filter((path) => this.#isThere(path)).length;
    const what =
      there < this.count ? `${there} of ${this.count} packages` : 'all packages, their scripts run';
    const text = `  ${what}, ${Math.round(elapsed / 1000)} s`;
    process.stderr.write(rewritable ? `\r\x1b[K${text}` : `${text}\n`);
    this.#rewritten = rewritable;
  }

  /** @param {string} path */
  #isThere(path) {
    return existsSync(join(this.#root, path, 'package.json'));
  }

  /** Removes a line that is being rewritten. */
  clear() {
    if (this.#rewritten) process.stderr.write('\r\x1b[K');
    this.#rewritten = false;
  }

  close() {
    clearInterval(this.#timer);
    this.clear();
  }
}

// Runs the Node version of Lambda (the npm package `node`), whatever Node the machine has. Plain JavaScript without
// dependencies: scripts/launch.mjs needs it before anything is installed, cli/sluice.mjs on an older Node.
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** Lambda's Node, and the first that reads TypeScript without a flag and has all that Sluice uses. */
export const LEAST_NODE = 24;
/** The minor versions from which on a major takes a proxy; later majors do: https://nodejs.org/api/http.html#httpsetglobalproxyfromenvproxyenv */
const LEAST_MINORS = new Map([
  [24, 14],
  [25, 4],
]);

/** The name of Node's program on this system. */
const EXECUTABLE = process.platform === 'win32' ? 'node.exe' : 'node';

/** The variable with the ID of the process that runs this one in its place, and passes signals on. */
const RUNNER = 'SLUICE_RUNNER';
/** Milliseconds between two looks whether npm still runs. */
const LOOK_EVERY_MS = 500;
/** Ancestors that are looked at for npm or npx. Both run a shell, which runs this process or its runner. */
const MOST_ANCESTORS = 4;

/**
 * Whether a version of Node is new enough for Sluice, in the network of this machine.
 *
 * @param {string} version As `process.versions.node` has it.
 * @param {Readonly<Record<string, string | undefined>>} [env] Default: this process's.
 */
export function isNewEnough(version, env = process.env) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const { HTTPS_PROXY, https_proxy, AWS_CA_BUNDLE } = env;
  const isPlain = !(HTTPS_PROXY || https_proxy || AWS_CA_BUNDLE);
  return major >= LEAST_NODE && (isPlain || minor >= (LEAST_MINORS.get(major) ?? 0));
}

/**
 * The path of a repository's Node, whether it is installed or not.
 *
 * @param {string} root The repository's directory.
 */
export function nodeBinary(root) {
  return join(root, 'node_modules', 'node', 'bin', EXECUTABLE);
}

/**
 * The path of the Node that a folder has installed, or one above it; null without one that is new enough.
 *
 * @param {string} folder Its path.
 * @returns {string | null}
 */
export function installedNode(folder) {
  try {
    const file = createRequire(join(folder, 'package.json')).resolve('node/package.json');
    const { version } = JSON.parse(readFileSync(file, 'utf8'));
    return isNewEnough(version) ? join(dirname(file), 'bin', EXECUTABLE) : null;
  } catch {
    return null;
  }
}

/**
 * Runs a repository's Node in place of this process: {@link runInPlace}.
 *
 * @param {string} root The repository's directory.
 * @param {readonly string[]} args Node's command line.
 * @param {import('node:child_process').SpawnOptions} [options] Working directory and environment; default: this process's.
 */
export function runNode(root, args, options = {}) {
  runInPlace(nodeBinary(root), args, options);
}

/**
 * Runs a program in place of this process: it has the same input and output and gets this process's signals, and
 * this process ends with its exit code.
 *
 * @param {string} program Its path.
 * @param {readonly string[]} args Its command line.
 * @param {import('node:child_process').SpawnOptions} [options] Working directory and environment; default: this process's.
 */
export function runInPlace(program, args, options = {}) {
  const env = { ...(options.env ?? process.env), [RUNNER]: String(process.pid) };
  const child = spawn(program, args, { ...options, env, stdio: 'inherit' });
  whenNpmEnds(() => child.kill('SIGTERM'));
  // The terminal sends Ctrl-C to the whole process group, including the child: wait until it has shut down.
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
    process.on(signal, () => {
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    });
  }
  child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)));
}

/**
 * Acts once the npm or npx that started this process has ended. Both pass SIGTERM to their shell alone, which ends without
 * passing it on, so that what the shell has started would run on and keep its ports. Not for a process that another
 * of Sluice runs in its place.
 *
 * @param {() => void} act Is called once.
 */
export function whenNpmEnds(act) {
  if (process.env['npm_command'] === undefined || process.env[RUNNER] === String(process.ppid)) return;
  const npm = npmAbove(process.ppid, MOST_ANCESTORS);
  if (npm === null) return;
  const timer = setInterval(() => {
    try {
      process.kill(npm, 0);
    } catch {
      clearInterval(timer);
      act();
    }
  }, LOOK_EVERY_MS);
  timer.unref();
}

/**
 * The nearest ancestor that is npm or npx, which name their processes `npm …`; null without one, and on Windows.
 *
 * @param {number} pid ID of the process at which the search begins.
 * @param {number} most How many processes are looked at.
 * @returns {number | null}
 */
function npmAbove(pid, most) {
  if (most === 0 || pid <= 1) return null;
  const { parent, command } = describeProcess(pid);
  return /^(npm|npx)\b/.test(command) ? pid : npmAbove(parent, most - 1);
}

/**
 * The parent and the command line of a process; an empty one if there is none, and on Windows.
 *
 * @param {number} pid ID of the process.
 * @returns {{ parent: number, command: string }}
 */
export function describeProcess(pid) {
  try {
    // Not every Linux has ps. The name in parentheses may contain parentheses itself.
    const [, parent] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    return { parent: Number(parent), command: readFileSync(`/proc/${pid}/cmdline`, 'utf8') };
  } catch {
    const { stdout } = spawnSync('ps', ['-o', 'ppid=,command=', '-p', String(pid)], { encoding: 'utf8' });
    const [, parent = '0', command = ''] = /^\s*(\d+)\s+(.*)/.exec(stdout ?? '') ?? [];
    return { parent: Number(parent), command };
  }
}

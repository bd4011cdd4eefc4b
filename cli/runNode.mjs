// Runs the Node version of Lambda (the npm package `node`), whatever Node the machine has. Plain JavaScript without
// dependencies: scripts/launch.mjs needs it before anything is installed, cli/sluice.mjs on an older Node.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** Lambda's Node, and the first that reads TypeScript without a flag and has all that Sluice uses. */
export const LEAST_NODE = 24;

const EXECUTABLE = process.platform === 'win32' ? 'node.exe' : 'node';

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
 * @param {string} folder
 * @returns {string | null}
 */
export function installedNode(folder) {
  try {
    const file = createRequire(join(folder, 'package.json')).resolve('node/package.json');
    const { version } = JSON.parse(readFileSync(file, 'utf8'));
    return Number.parseInt(version, 10) >= LEAST_NODE ? join(dirname(file), 'bin', EXECUTABLE) : null;
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
 * @param {readonly string[]} args
 * @param {import('node:child_process').SpawnOptions} [options] Working directory and environment; default: this process's.
 */
export function runInPlace(program, args, options = {}) {
  const child = spawn(program, args, { ...options, stdio: 'inherit' });
  // The terminal sends Ctrl-C to the whole process group, including the child: wait until it has shut down.
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
    process.on(signal, () => {
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    });
  }
  child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)));
}

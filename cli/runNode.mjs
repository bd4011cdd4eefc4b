// Runs the Node version of Lambda (the npm package `node`), whatever Node the machine has. Plain JavaScript without
// dependencies: scripts/launch.mjs needs it before anything is installed, cli/sluice.mjs on an older Node.
import { spawn } from 'node:child_process';
import { join } from 'node:path';

/**
 * The path of a repository's Node, whether it is installed or not.
 *
 * @param {string} root The repository's directory.
 */
export function nodeBinary(root) {
  return join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
}

/**
 * Runs a repository's Node in place of this process: it has the same input and output and gets this process's signals, and
 * this process ends with its exit code.
 *
 * @param {string} root The repository's directory.
 * @param {readonly string[]} args Node's command line.
 * @param {import('node:child_process').SpawnOptions} [options] Working directory and environment; default: this process's.
 */
export function runNode(root, args, options = {}) {
  const child = spawn(nodeBinary(root), args, { ...options, stdio: 'inherit' });
  // The terminal sends Ctrl-C to the whole process group, including the child: wait until it has shut down.
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
    process.on(signal, () => {
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    });
  }
  child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)));
}

// This script runs at the end of every install. It removes the headers of the npm package `node`, 67 MB that only
// compilers of native packages read. It also downloads DuckDB's binding for Lambda, which npm does not install on other
// platforms, so that `serverless package` needs no network. An install by `npm start` leaves the download to the
// command that needs it. The script evaluates no configuration, because an install of somebody's branch must not run
// that branch's configuration. A failure is printed, and does not stop an install, because it occurs again where it
// matters. With `--require` it starts Node, esbuild and DuckDB and fetches the binding instead, and fails with the name
// of what is missing or does not run.
import { execFileSync } from 'node:child_process';
import { readdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(fileURLToPath(import.meta.url), '..', '..');

/** Removes Node's headers, which nothing reads. */
async function removeHeaders() {
  const folder = join(root, 'node_modules', 'node', 'node_modules');
  for (const name of await readdir(folder)) {
    if (name.startsWith('node-')) await rm(join(folder, name, 'include'), { recursive: true, force: true });
  }
}

/** Fetches the binding for the default of `architecture`. */
async function fetchAhead() {
  const { fetchBinding } = await import('../infra/build/duckDbBinding.ts');
  await fetchBinding({ root }, 'arm64');
}

/** The Node that Lambda runs. */
const node = join(root, 'node_modules', 'node', 'bin', 'node');
/** Makes a function that runs a program in that Node. */
const start = (/** @type {string} */ program) => () =>
  execFileSync(node, ['--input-type=module', '--eval', program], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'pipe'],
  });

/**
 * @typedef {object} Task Work at the end of an install.
 * @property {string} failure What is said if it fails.
 * @property {() => unknown} run Does it.
 */

/** @type {readonly Task[]} */
const tasks = [
  { failure: "Node's headers not removed", run: removeHeaders },
  ...(process.env.SLUICE_PACKAGE_AHEAD === 'no'
    ? []
    : [{ failure: "DuckDB's binding for Lambda not fetched ahead", run: fetchAhead }]),
];
/** @type {readonly Task[]} */
const required = [
  { failure: 'Node does not run', run: start('') },
  { failure: 'esbuild does not run', run: start("await (await import('esbuild')).transform('')") },
  { failure: 'DuckDB does not run', run: start("await import('@duckdb/node-api')") },
  {
    failure: "DuckDB's binding for Lambda (linux-arm64) is missing",
    run: start(
      "await (await import('./infra/build/duckDbBinding.ts')).fetchBinding({ root: process.cwd() }, 'arm64')",
    ),
  },
];
const isRequired = process.argv.includes('--require');
for (const { failure, run } of isRequired ? required : tasks) {
  try {
    await run();
  } catch (error) {
    process.stderr.write(`${failure}: ${error instanceof Error ? error.message : error}\n`);
    if (isRequired) process.exitCode = 1;
  }
}

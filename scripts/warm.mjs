// Runs at the end of every install. It removes the headers of the npm package `node`, 67 MB that only compilers of native
// packages read, and downloads DuckDB's binding for Lambda, which npm does not install on other platforms, so that
// `serverless package` needs no network; an install by `npm start` leaves this to whoever needs it. It evaluates no
// configuration: an install of somebody's branch must not run theirs. A failure here is told, and does not stop an install:
// it occurs again where it matters. `--require` tries again, and fails with the name of what is missing or does not run.
import { execFileSync } from 'node:child_process';
import { readdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(fileURLToPath(import.meta.url), '..', '..');

async function removeHeaders() {
  const folder = join(root, 'node_modules', 'node', 'node_modules');
  for (const name of await readdir(folder)) {
    if (name.startsWith('node-')) await rm(join(folder, name, 'include'), { recursive: true, force: true });
  }
}

/** For the default of `architecture`. */
async function fetchAhead() {
  const { fetchBinding } = await import('../infra/build/LambdaBinding.ts');
  await fetchBinding({ root }, 'arm64');
}

/** Programs and native modules of this machine, each started once by the Node that Lambda runs. */
const node = join(root, 'node_modules', 'node', 'bin', 'node');
const start = (/** @type {string} */ program) => () =>
  execFileSync(node, ['--input-type=module', '--eval', program], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'pipe'],
  });

/** @type {readonly (readonly [what: string, run: () => Promise<void>])[]} */
const tasks = [
  ["Node's headers not removed", removeHeaders],
  ...(process.env.SLUICE_PACKAGE_AHEAD === 'no'
    ? []
    : [/** @type {const} */ (["DuckDB's binding for Lambda not fetched ahead", fetchAhead])]),
];
/** @type {readonly (readonly [what: string, run: () => unknown])[]} */
const required = [
  ['Node does not run', start('')],
  ['esbuild does not run', start("await (await import('esbuild')).transform('')")],
  ['DuckDB does not run', start("await import('@duckdb/node-api')")],
  [
    "DuckDB's binding for Lambda (linux-arm64) is missing",
    start(
      "await (await import('./infra/build/LambdaBinding.ts')).fetchBinding({ root: process.cwd() }, 'arm64')",
    ),
  ],
];
const isRequired = process.argv.includes('--require');
for (const [what, run] of isRequired ? required : tasks) {
  try {
    await run();
  } catch (error) {
    process.stderr.write(`${what}: ${error instanceof Error ? error.message : error}\n`);
    if (isRequired) process.exitCode = 1;
  }
}

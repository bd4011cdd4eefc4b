// Runs at the end of every install. It removes the headers of the npm package `node`, 67 MB that only compilers of native
// packages read, and downloads DuckDB's binding for Lambda, which npm does not install on other platforms, so that
// `serverless package` needs no network; an install by `npm start` leaves this to whoever needs it. It evaluates no
// configuration: an install of somebody's branch must not run theirs. Nothing depends on it: a failure here occurs again, and
// is reported, where it matters.
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
  const { fetchBinding } = await import('../infra/build/fetchBinding.ts');
  await fetchBinding({ root }, 'arm64');
}

/** @type {readonly (readonly [what: string, run: () => Promise<void>])[]} */
const tasks = [
  ["Node's headers not removed", removeHeaders],
  ...(process.env.SLUICE_PACKAGE_AHEAD === 'no'
    ? []
    : [/** @type {const} */ (["DuckDB's binding for Lambda not fetched ahead", fetchAhead])]),
];
for (const [what, run] of tasks) {
  await run().catch((error) => {
    process.stderr.write(`${what}: ${error instanceof Error ? error.message : error}\n`);
  });
}

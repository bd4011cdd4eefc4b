// Runs at the end of every install. It removes the headers of the npm package `node`, 67 MB that only compilers of native
// packages read. Then it packages the functions for the first `npm start` and the first `npm run demo`, and downloads DuckDB's
// binding for Lambda, which npm does not install on other platforms, so that `serverless package` needs no network; an install
// by `npm start` leaves these to whoever needs them. Nothing depends on it: a failure here occurs again, and is reported,
// where it matters.
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

/** @param {NodeJS.ProcessEnv} env */
async function packageAhead(env) {
  const { loadTemplate } = await import('../local/loadTemplate.ts');
  await loadTemplate({ root, cacheDirectory: join(root, '.sluice', 'template'), env });
}

async function fetchAhead() {
  const [{ fetchBinding }, { configFile, loadConfig }] = await Promise.all([
    import('../infra/build/fetchBinding.ts'),
    import('../lib/config/loadConfig.ts'),
  ]);
  const { architecture } = await loadConfig(configFile(root, process.env), 'local');
  await fetchBinding({ root }, architecture);
}

/** @type {readonly (readonly [what: string, run: () => Promise<void>])[]} */
const ahead = [
  ['Not packaged ahead', () => packageAhead(process.env)],
  ['The demo not packaged ahead', () => packageAhead({ SLUICE_CONFIG: join('demo', 'sluice.config.ts') })],
  ["DuckDB's binding for Lambda not fetched ahead", fetchAhead],
];
const wanted = process.env.SLUICE_PACKAGE_AHEAD === 'no' ? [] : ahead;
for (const [what, run] of [/** @type {const} */ (["Node's headers not removed", removeHeaders]), ...wanted]) {
  await run().catch((error) => {
    process.stderr.write(`${what}: ${error instanceof Error ? error.message : error}\n`);
  });
}

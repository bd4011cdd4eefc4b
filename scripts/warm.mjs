// Runs at the end of every install: packages the functions for the first `npm start` and the first `npm run demo`, and
// downloads DuckDB's binding for Lambda, which npm does not install on other platforms, so that `serverless package` needs
// no network. Nothing depends on it: a failure here occurs again, and is reported, where it matters.
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(fileURLToPath(import.meta.url), '..', '..');
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
const steps = [
  ['Not packaged ahead', () => packageAhead(process.env)],
  ['The demo not packaged ahead', () => packageAhead({ SLUICE_CONFIG: join('demo', 'sluice.config.ts') })],
  ["DuckDB's binding for Lambda not fetched ahead", fetchAhead],
];
for (const [what, run] of steps) {
  await run().catch((error) => {
    process.stderr.write(`${what}: ${error instanceof Error ? error.message : error}\n`);
  });
}

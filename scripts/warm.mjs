// Runs at the end of every install: packages the deployment once, so that the first `npm start` finds it
// ready. Nothing depends on it: whatever fails here is met again, and reported, where it matters.
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(fileURLToPath(import.meta.url), '..', '..');
try {
  const { loadTemplate } = await import('../local/template/loadTemplate.ts');
  await loadTemplate({ root, cacheDirectory: join(root, '.sluice', 'template') });
} catch (error) {
  process.stderr.write(`Not packaged ahead: ${error instanceof Error ? error.message : error}\n`);
}

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from '../../local/roots.ts';

/** An empty directory of its own, and what removes it. */
export function temporaryDirectory(): { readonly path: string; readonly remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'app-test-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/**
 * Writes a configuration file.
 *
 * @param input What `defineConfig` takes: a value, or its text in TypeScript.
 * @returns Path of the file, as `SLUICE_CONFIG` takes it.
 */
export function writeConfig(folder: string, input: object | string, name = 'sluice.config.ts'): string {
  const file = join(folder, name);
  const from = JSON.stringify(join(projectRoot, 'lib', 'config', 'defineConfig.ts'));
  const taken = typeof input === 'string' ? input : JSON.stringify(input);
  writeFileSync(file, `import { defineConfig } from ${from};\nexport default defineConfig(${taken});\n`);
  return file;
}

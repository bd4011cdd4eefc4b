import { copyFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

const repository = resolve(import.meta.dirname, '..', '..');

/** Functions that do nothing but show that they were bundled. */
export const smallFunctions = {
  'functions/collect/handler.ts':
    "import config from '#config';\nexport const handler = async (): Promise<string> => config.bucket;\n",
  'functions/register/handler.ts':
    "import config from '#config';\nimport { LANDING_FOLDER } from '../../lib/tables/objectKeys.ts';\n" +
    'export const handler = async (): Promise<string[]> => [config.database, LANDING_FOLDER];\n',
  'functions/write/handler.ts':
    "import config from '#config';\nexport const handler = async (): Promise<string> => config.bucket;\n",
  'functions/reconcile/handler.ts':
    "import config from '#config';\nexport const handler = async (): Promise<string> => config.database;\n",
  'functions/curate-plan/handler.ts':
    "import config from '#config';\nexport const handler = async (): Promise<string> => config.database;\n",
  'functions/curate/handler.ts':
    "import config from '#config';\nexport const handler = async (): Promise<string> => config.database;\n",
} as const;

/**
 * A root of its own to package: folders of the repository as they are now, functions and other files as given.
 * Sources are copied, so that editing them doesn't change what a test has packaged; without `node_modules` they are
 * links, as they would not find their own dependencies.
 */
export function scratchRoot(
  files: Readonly<Record<string, string>>,
  folders: readonly string[] = ['infra', 'lib', 'node_modules'],
): { root: string; remove: () => void } {
  const root = mkdtempSync(join(tmpdir(), 'sluice-root-'));
  const installed = folders.includes('node_modules');
  for (const folder of folders) {
    if (installed && folder !== 'node_modules')
      cpSync(join(repository, folder), join(root, folder), { recursive: true });
    else symlinkSync(join(repository, folder), join(root, folder));
  }
  for (const file of [
    'serverless.yml',
    'package.json',
    'package-lock.json',
    'tsconfig.json',
    'sluice.config.ts',
    'cli/package.json',
  ]) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    copyFileSync(join(repository, file), join(root, file));
  }
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return { root, remove: () => rmSync(root, { recursive: true, force: true }) };
}

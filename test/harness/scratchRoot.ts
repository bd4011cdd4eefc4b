import { copyFileSync, cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { projectRoot } from '../../local/roots.ts';
import { temporaryDirectory } from './temporaryDirectory.ts';

/** A function that answers a member of its configuration. */
const answering = (member: 'bucket' | 'database') =>
  `import config from '#config';\nexport const handler = async (): Promise<string> => config.${member};\n`;

/** Functions that do nothing but show that they were bundled. */
export const smallFunctions = {
  'functions/collect/handler.ts': answering('bucket'),
  'functions/register/handler.ts':
    "import config from '#config';\nimport { LANDING_FOLDER } from '../../lib/tables/objectKeys.ts';\n" +
    'export const handler = async (): Promise<string[]> => [config.database, LANDING_FOLDER];\n',
  'functions/write/handler.ts': answering('bucket'),
  'functions/reconcile/handler.ts': answering('database'),
  'functions/curate-plan/handler.ts': answering('database'),
  'functions/curate/handler.ts': answering('database'),
} as const;

/**
 * A root of its own to package: folders of the repository as they are now, functions and other files as given.
 * Sources are copied, so that editing them doesn't change what a test has packaged; without `node_modules` they are
 * links, as they would not find their own dependencies.
 */
export function scratchRoot(
  files: Readonly<Record<string, string>>,
  folders: readonly string[] = ['infra', 'lib', 'node_modules'],
): { readonly root: string; readonly remove: () => void } {
  const { path: root, remove } = temporaryDirectory();
  const installed = folders.includes('node_modules');
  for (const folder of folders) {
    if (installed && folder !== 'node_modules')
      cpSync(join(projectRoot, folder), join(root, folder), { recursive: true });
    else symlinkSync(join(projectRoot, folder), join(root, folder));
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
    copyFileSync(join(projectRoot, file), join(root, file));
  }
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return { root, remove };
}

import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../lib/schema/config.ts';

/** What packaging reads besides the configuration, relative to the root. A folder counts with all in it. */
const FILES = ['serverless.yml', 'package.json', 'package-lock.json', 'tsconfig.json'] as const;
/** Folders of code that packaging reads. */
export const SOURCE_FOLDERS = ['functions', 'infra', 'lib'] as const;

/**
 * Digest of all that decides what packaging makes: 32 hex digits. The configuration counts by its value, since
 * it may lie anywhere and import anything.
 */
export async function digestInputs(
  root: string,
  settings: { readonly config: Config; readonly stage: string; readonly region: string },
): Promise<string> {
  const listed = await Promise.all(
    SOURCE_FOLDERS.map(async (folder) => {
      const entries = await readdir(join(root, folder), { recursive: true, withFileTypes: true });
      return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
    }),
  );
  const paths = [...FILES.map((file) => join(root, file)), ...listed.flat()].sort();
  const contents = await Promise.all(paths.map((path) => readFile(path)));
  const hash = createHash('sha256').update(JSON.stringify([process.version, settings]));
  for (const [index, path] of paths.entries()) {
    const content = contents[index] ?? new Uint8Array();
    // Lengths keep two files from passing for one.
    hash.update(`\n${path.slice(root.length)} ${content.byteLength}\n`).update(content);
  }
  return hash.digest('hex').slice(0, 32);
}

import { chmodSync, mkdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LOCAL_STAGE } from '../lib/schema/stages.ts';

/** The root of the repository. */
export const repositoryRoot = resolve(fileURLToPath(import.meta.url), '..', '..');

/**
 * Where the local cloud keeps its data by default: `.sluice/data` in the repository. The values of another stage have other
 * names, and a directory of their own: `.sluice/data-dev`.
 */
export function defaultDataDirectory(stage: string = LOCAL_STAGE): string {
  return join(repositoryRoot, '.sluice', stage === LOCAL_STAGE ? 'data' : `data-${stage}`);
}

/** Permission bits of the group and of everybody else. */
const OTHERS = 0o077;

/** Closes `.sluice/` to other users: the packages in it hold the configuration, and it is the default place of data. */
export function makeCachePrivate(): void {
  const directory = join(repositoryRoot, '.sluice');
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const { mode, uid } = statSync(directory);
  if ((mode & OTHERS) !== 0 && uid === process.getuid?.()) chmodSync(directory, 0o700);
}

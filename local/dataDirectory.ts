import { chmodSync, existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { LOCAL_STAGE } from '../lib/schema/stages.ts';

/** The root of Sluice's code: the repository, or the npm package in a project. */
export const codeRoot = resolve(import.meta.dirname, '..');

/**
 * The root of the project, where serverless.yml and sluice.config.ts are. The repository is its own. With the npm package,
 * which is built (scripts/pack.ts), it is the folder that this process was started in, or the nearest one above it that has a
 * serverless.yml.
 */
export const repositoryRoot = import.meta.filename.endsWith('.ts') ? codeRoot : projectAt(process.cwd());

/** The project that a folder is in: the nearest folder above with a serverless.yml; else the folder itself. */
function projectAt(folder: string): string {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(join(at, 'serverless.yml'))) return at;
    if (at === dirname(at)) return folder;
  }
}

/**
 * The default data directory of the local cloud: `.sluice/data` in the project. With the configuration of another stage
 * names differ, so that stage has a directory of its own: `.sluice/data-dev`.
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

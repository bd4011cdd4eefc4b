import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { sluiceFolder } from '../lib/config/sluiceFolder.ts';
import { LOCAL_STAGE } from '../lib/schema/stages.ts';

/** The root of Sluice's code: the repository, or the npm package in a project. */
export const codeRoot = resolve(import.meta.dirname, '..');

/**
 * The root of the project, where serverless.yml and sluice.config.ts are. In the repository that is {@link codeRoot}.
 * With the npm package, which is built (scripts/pack.ts), it is the folder that this process was in when this module
 * was loaded, or the nearest one above it that has a serverless.yml.
 */
export const projectRoot = import.meta.filename.endsWith('.ts') ? codeRoot : projectAt(process.cwd());

/**
 * The project that a folder is in: the folder itself or the nearest one above with a serverless.yml; without any, the
 * folder.
 */
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
  return sluiceFolder(projectRoot, stage === LOCAL_STAGE ? 'data' : `data-${stage}`);
}

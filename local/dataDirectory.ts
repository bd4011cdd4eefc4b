import { join } from 'node:path';
import { LOCAL_STAGE } from '../lib/schema/stages.ts';
import { projectRoot } from './roots.ts';

/**
 * The default data directory of the local cloud: `.sluice/data` in the project. With the configuration of another stage
 * names differ, so that stage has a directory of its own: `.sluice/data-dev`.
 */
export function defaultDataDirectory(stage: string = LOCAL_STAGE): string {
  return join(projectRoot, '.sluice', stage === LOCAL_STAGE ? 'data' : `data-${stage}`);
}

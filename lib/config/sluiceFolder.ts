import { join } from 'node:path';

/**
 * A path in `.sluice/`, the folder of a project for what Sluice keeps on this machine: packages, bindings of DuckDB,
 * data of the local cloud, notes, trials.
 *
 * @param root The root of the project.
 * @param names Names below the folder: `template`. Default none: the folder itself.
 */
export function sluiceFolder(root: string, ...names: readonly string[]): string {
  return join(root, '.sluice', ...names);
}

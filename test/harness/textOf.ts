import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../local/roots.ts';

/** The text of a file of the repository. @param path Its path from the root, or the parts of it. */
export function textOf(...path: readonly string[]): string {
  return readFileSync(join(projectRoot, ...path), 'utf8');
}

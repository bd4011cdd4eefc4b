import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '../../local/dataDirectory.ts';

/** The text of a file of the repository. @param path Its path from the root, or the parts of it. */
export function textOf(...path: readonly string[]): string {
  return readFileSync(join(repositoryRoot, ...path), 'utf8');
}

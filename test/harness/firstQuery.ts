import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '../../local/dataDirectory.ts';

/**
 * The first query of a page: of answers.md the one that counts the rows that are copies of another day's, of complete.md the one that
 * says whether days of receipt are whole.
 */
export function firstQuery(name: 'answers.md' | 'complete.md'): string {
  const page = readFileSync(join(repositoryRoot, 'docs', name), 'utf8');
  const found = /```sql\n(.*?)```/s.exec(page)?.[1];
  if (found === undefined) throw new Error(`docs/${name} has no query.`);
  return found;
}

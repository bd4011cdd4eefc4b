import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '../../local/dataDirectory.ts';

/** The query of docs/answers.md that counts the rows that are copies of another day's. */
export function copiesQuery(): string {
  const page = readFileSync(join(repositoryRoot, 'docs', 'answers.md'), 'utf8');
  const found = /```sql\n(.*?)```/s.exec(page)?.[1];
  if (found === undefined) throw new Error('docs/answers.md has no query.');
  return found;
}

import { textOf } from './textOf.ts';

/**
 * The first query of a page: of answers.md the one that counts the rows that are copies of another day's, of complete.md the one that
 * says whether days of receipt are whole.
 */
export function firstQuery(name: 'answers.md' | 'complete.md'): string {
  const page = textOf('docs', name);
  const found = /```sql\n(.*?)```/s.exec(page)?.[1];
  if (found === undefined) throw new Error(`docs/${name} has no query.`);
  return found;
}

import { textOf } from '../../../harness/textOf.ts';

/** A SELECT of made rows for each view or table that a query reads. */
type MadeTables = Readonly<Record<string, string>>;

/** A query with made rows in place of what it reads. */
export function onMadeRows(sql: string, tables: MadeTables): string {
  const made = Object.entries(tables).map(([name, select]) => `${name} AS (${select})`);
  const [, rest] = /^WITH (.*)$/s.exec(sql) ?? [];
  if (rest === undefined) return `WITH ${made.join(', ')} ${sql}`;
  return `WITH ${[...made, rest].join(', ')}`;
}

/**
 * The first block of SQL in a section of a page of docs/, of a statement that makes a view the view's query.
 *
 * @param page The file's name, as `experiments.md`.
 * @throws Error if there is no such section, or no SQL in it.
 */
export function sqlBelow(page: string, heading: string): string {
  const sections = textOf('docs', page).split(/^##+ /m);
  const section = sections.find((text) => text.startsWith(`${heading}\n`));
  const [, sql] = /^```sql\n(?:CREATE VIEW \w+ AS )?(.*?)```/ms.exec(section ?? '') ?? [];
  if (sql === undefined) throw new Error(`docs/${page} has no query below "${heading}".`);
  return sql;
}

/**
 * The part of a page of docs/ that a pattern's first group takes.
 *
 * @param page The file's name, as `experiments.md`.
 * @throws Error if the pattern fits nothing.
 */
export function partOf(page: string, pattern: RegExp): string {
  const [, part] = pattern.exec(textOf('docs', page)) ?? [];
  if (part === undefined) throw new Error(`docs/${page} has nothing like ${pattern}.`);
  return part;
}

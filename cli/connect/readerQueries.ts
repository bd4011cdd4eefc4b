import { readFileSync } from 'node:fs';
import { qualifiedName } from '../../lib/base/sql.ts';
import type { Config } from '../../lib/schema/config.ts';
import { viewNames } from '../../lib/views/viewNames.ts';

/** SQL in Athena's dialect, ready to be pasted. */
export interface SqlSnippet {
  /** Its name. */
  readonly name: string;
  /** The question that it answers, or its purpose. */
  readonly about: string;
  /** The statement. */
  readonly sql: string;
}

/** A query without the `-- ` that it begins with: `Name: what it is about`, and the statement below. */
const QUERY = /^([^:\n]+): (.+)\n([\s\S]+)$/;

/**
 * Queries to begin with, for Metabase's SQL editor and as data marts of OWOX. OWOX sends no database and puts a mart in
 * parentheses after FROM, so table names include the database and a statement must not end with a semicolon.
 *
 * @param text Queries one after the other, each `-- Name: what it is about` and a statement below, in which `{{view}}` is
 *   a view, and no line begins with `-- `. Default: readerQueries.sql.
 * @throws Error for text that is not of this form, and for a name that is no view: a defect of the file.
 */
export function readerQueries(
  config: Pick<Config, 'database'>,
  text = readFileSync(new URL('readerQueries.sql', import.meta.url), 'utf8'),
): readonly SqlSnippet[] {
  const [before = '', ...queries] = text.split(/^-- /m);
  if (before.trim() !== '') throw new Error(`Text before the first query: ${before}`);
  return queries.map((query) => {
    const [, name, about, statement] = QUERY.exec(query) ?? [];
    if (name === undefined || about === undefined || statement === undefined)
      throw new Error(`No query with name, purpose and statement: -- ${query}`);
    if (statement.trimEnd().endsWith(';')) throw new Error(`${name}: it ends with a semicolon.`);
    // All between the braces is taken as the name, so that no misspelled place is left as it is.
    const sql = statement.trim().replace(/\{\{(.*?)\}\}/g, (_, view: string) => {
      if (!viewNames.some((viewName) => viewName === view)) throw new Error(`${name}: no view ${view}.`);
      return qualifiedName(config, view);
    });
    return { name, about, sql };
  });
}

import { readFileSync } from 'node:fs';
import type { Config } from '../../lib/schema/config.ts';
import { qualifiedName } from '../../lib/views/View.ts';

/** SQL in Athena's dialect, ready to be pasted. */
export interface SqlSnippet {
  /** Its name. */
  readonly name: string;
  /** The question that it answers, or its purpose. */
  readonly about: string;
  /** The statement. */
  readonly sql: string;
}

/**
 * Queries to begin with, for Metabase's SQL editor and as data marts of OWOX: questions.sql. OWOX sends no database and puts a
 * mart in parentheses after FROM, so table names include the database and there is no semicolon at the end.
 */
export function readerQuestions(config: Pick<Config, 'database'>): readonly SqlSnippet[] {
  const all = readFileSync(new URL('questions.sql', import.meta.url), 'utf8');
  return all.split(/^-- /m).flatMap((question) => {
    const [, name, about = '', sql = ''] = /^([^:]+): (.*)\n([\s\S]*)$/.exec(question) ?? [];
    if (name === undefined) return [];
    const named = sql.trim().replace(/\{\{(\w+)\}\}/g, (_, view: string) => qualifiedName(config, view));
    return [{ name, about, sql: named }];
  });
}

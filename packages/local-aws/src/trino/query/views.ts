import type { DuckDBConnection } from '@duckdb/node-api';
import { messageOf } from '../../base/errors.ts';
import { quoteName } from '../../base/sql.ts';
import { type DatabaseEntry, isView, readPrestoView } from '../../glue/index.ts';
import { macroStatements } from '../macros/macroStatements.ts';
import { translate } from '../translate/translate.ts';

/** A view of the catalog, in Athena's dialect. */
export interface AthenaView {
  /** Name of the database. */
  readonly database: string;
  /** Name of the view. */
  readonly name: string;
  /** The query of the view. */
  readonly sql: string;
  /** The names of its columns, in order. */
  readonly columns: readonly string[];
}

/** The views of all databases that Athena can read. */
export function readViews(databases: readonly DatabaseEntry[]): AthenaView[] {
  return databases
    .flatMap(({ tables }) => [...tables.values()])
    .filter(isView)
    .flatMap(({ databaseName: database, input }) => {
      const view = readPrestoView(input.ViewOriginalText ?? '');
      const columns = view?.columns.map(({ name }) => name) ?? [];
      return view === null ? [] : [{ database, name: input.Name, sql: view.originalSql, columns }];
    });
}

/** Whether a query may list tables. */
export function isListing(query: string): boolean {
  return /\b(show|describe|summarize|pragma|information_schema|duckdb_\w+|pg_\w+)\b/i.test(query);
}

/**
 * The views that a query can need: those whose names occur in its text, and the ones that they use in turn. A query
 * that lists tables needs all of them. DuckDB opens every file of a view to create it, so the others are not created.
 */
export function viewsNeededBy(query: string, views: readonly AthenaView[]): AthenaView[] {
  if (isListing(query)) return [...views];
  const needed = new Set<AthenaView>();
  const texts = [query];
  for (let text = texts.pop(); text !== undefined; text = texts.pop()) {
    const named = text.toLowerCase();
    for (const view of views) {
      if (needed.has(view) || !named.includes(view.name)) continue;
      needed.add(view);
      texts.push(view.sql);
    }
  }
  return views.filter((view) => needed.has(view));
}

/** CREATE VIEW of a view whose query is already in DuckDB's dialect. */
function createViewSql({ database, name, columns }: AthenaView, query: string): string {
  return `CREATE VIEW ${quoteName(database)}.${quoteName(name)} (${columns.map(quoteName).join(', ')}) AS ${query}`;
}

/** A view that could not be created, and why. */
interface FailedView {
  /** The view as the catalog has it. */
  readonly view: AthenaView;
  /** Why, in a sentence. */
  readonly reason: string;
}

/**
 * Creates views of the catalog in DuckDB, over existing tables. Views may read each other in any order: failed ones
 * are retried as long as another one has succeeded. Views that cannot be created are omitted, since they may have
 * nothing to do with the query.
 */
export async function createViews(
  connection: DuckDBConnection,
  views: readonly AthenaView[],
): Promise<readonly FailedView[]> {
  const macros = new Set<string>();
  let left: readonly AthenaView[] = views;
  for (;;) {
    const failed: FailedView[] = [];
    for (const view of left) {
      try {
        const { sql } = translate(view.sql, { inlineClauses: true, isStored: true });
        // Only the macros that the views need are created: Trino's operators would change the user's query, too.
        await connection.run(`${macroStatements(sql, macros)} ${createViewSql(view, sql)}`);
      } catch (error) {
        failed.push({ view, reason: messageOf(error) });
      }
    }
    if (failed.length === 0 || failed.length === left.length) return failed;
    left = failed.map(({ view }) => view);
  }
}

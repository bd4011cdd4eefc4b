import type { DuckDBConnection } from '@duckdb/node-api';
import { quoteName } from '../../base/sql.ts';
import { type DatabaseEntry, readPrestoView, type TableEntry } from '../../glue/index.ts';
import { macroStatements } from '../macros/macroStatements.ts';
import { translate } from '../translate/translate.ts';

/** A view of the catalog, in Athena's dialect. */
export interface AthenaView {
  readonly database: string;
  readonly name: string;
  readonly sql: string;
  /** Names and order as the view declares them. */
  readonly columns: readonly string[];
}

/** Whether a table of the catalog is a view, of whatever engine. */
export function isView(table: Pick<TableEntry, 'input'>): boolean {
  return table.input.TableType === 'VIRTUAL_VIEW';
}

/** The views of all databases that Athena could read. */
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

/**
 * The views that a query can need: those whose name is in its text, and those that are in theirs; all of them for one
 * that asks what there is. To make a view, DuckDB looks into every file below it, so the others are left unmade.
 */
export function viewsNeededBy(query: string, views: readonly AthenaView[]): AthenaView[] {
  if (/\b(show|describe|summarize|information_schema|duckdb_\w+|pg_\w+)\b/i.test(query)) return [...views];
  const wanted = new Set<AthenaView>();
  const texts = [query];
  for (let text = texts.pop(); text !== undefined; text = texts.pop()) {
    const named = text.toLowerCase();
    for (const view of views) {
      if (wanted.has(view) || !named.includes(view.name)) continue;
      wanted.add(view);
      texts.push(view.sql);
    }
  }
  return views.filter((view) => wanted.has(view));
}

/** CREATE VIEW of a view whose query is in DuckDB's dialect already. */
function createViewSql({ database, name, columns }: AthenaView, query: string): string {
  return `CREATE VIEW ${quoteName(database)}.${quoteName(name)} (${columns.map(quoteName).join(', ')}) AS ${query}`;
}

/** A view that could not be made, and why. */
export interface FailedView {
  readonly view: AthenaView;
  readonly reason: string;
}

/**
 * Makes views of the catalog in DuckDB, over tables that are there already. One may read another, whatever their
 * order: those that fail are tried again as long as any other has succeeded. What can't be made is left out, since
 * anybody may have put a view into the catalog that has nothing to do with the query.
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
        const { sql } = translate(view.sql);
        // Only what the views need: an operator of Trino's would change the user's own query, too.
        await connection.run(`${macroStatements(sql, macros)} ${createViewSql(view, sql)}`);
      } catch (error) {
        failed.push({ view, reason: error instanceof Error ? error.message : String(error) });
      }
    }
    if (failed.length === 0 || failed.length === left.length) return failed;
    left = failed.map(({ view }) => view);
  }
}

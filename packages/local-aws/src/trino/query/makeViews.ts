import type { DuckDBConnection } from '@duckdb/node-api';
import { macroStatements } from '../macros/macros.ts';
import { translate } from '../translate/translate.ts';
import { type AthenaView, createView } from './athenaView.ts';

/** A view that could not be made, and why. */
export interface UnmadeView {
  readonly view: AthenaView;
  readonly reason: string;
}

/**
 * Makes views of the catalog in DuckDB, over tables that are there already. One may read another, whatever their
 * order: those that fail are tried again as long as any other has succeeded. What can't be made is left out, since
 * anybody may have put a view into the catalog that has nothing to do with the query.
 */
export async function makeViews(
  connection: DuckDBConnection,
  views: readonly AthenaView[],
): Promise<readonly UnmadeView[]> {
  const macros = new Set<string>();
  let left: readonly AthenaView[] = views;
  for (;;) {
    const failed: UnmadeView[] = [];
    for (const view of left) {
      try {
        const { sql } = translate(view.sql);
        // Only what the views need: an operator of Trino's would change the user's own query, too.
        await connection.run(`${macroStatements(sql, macros)} ${createView(view, sql)}`);
      } catch (error) {
        failed.push({ view, reason: error instanceof Error ? error.message : String(error) });
      }
    }
    if (failed.length === 0 || failed.length === left.length) return failed;
    left = failed.map(({ view }) => view);
  }
}

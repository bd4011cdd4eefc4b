import type { DuckDBDataChunk, DuckDBResult } from '@duckdb/node-api';
import { UNNAMED } from '../../trino/translate/selectEdits.ts';
import { athenaText } from '../engine/athenaText.ts';
import { resultColumn } from '../engine/resultColumn.ts';
import type { AthenaColumn, StatementResult } from '../engine/StatementRunner.ts';
import type { OpenQuery } from './openQuery.ts';

/** The columns of a query's result; those without a name are called by their place, from 0. */
export function resultColumns(columns: OpenQuery['columns'], values: boolean): AthenaColumn[] {
  return columns.map(({ name, type, text }, index) =>
    resultColumn(values || name.startsWith(UNNAMED) ? `_col${index}` : name, type, text),
  );
}

/** The rows of a result as text, a chunk of DuckDB's (2,048 rows) at a time. Closes the session after the last. */
export async function* resultRows(
  query: OpenQuery,
  result: DuckDBResult,
  signal: AbortSignal,
): StatementResult['rows'] & AsyncGenerator<readonly (readonly (string | null)[])[]> {
  try {
    const texts = result.columnTypes().map(athenaText);
    for (;;) {
      signal.throwIfAborted();
      const chunk = await query.session.nextChunk(result);
      if (chunk === undefined) return;
      yield rowsOf(chunk, texts);
    }
  } catch (error) {
    throw signal.aborted ? signal.reason : query.failure(error);
  } finally {
    query.session.close();
  }
}

function rowsOf(
  chunk: DuckDBDataChunk,
  texts: readonly ReturnType<typeof athenaText>[],
): (string | null)[][] {
  const rows: (string | null)[][] = Array.from({ length: chunk.rowCount }, () => []);
  for (const [index, text] of texts.entries()) {
    const vector = chunk.getColumnVector(index);
    for (const [row, values] of rows.entries()) values.push(text(vector.getItem(row)));
  }
  return rows;
}

/** Rows that are there already. */
export async function* givenRows(
  rows: readonly (readonly (string | null)[])[],
): AsyncGenerator<readonly (readonly (string | null)[])[]> {
  if (rows.length > 0) yield rows;
}

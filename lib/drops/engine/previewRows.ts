import type { DuckDbSession } from './DuckDbSession.ts';
import type { LoadRequest } from './Engine.ts';
import { refusedQuery, takenQuery } from './loadStatements.ts';

/** A row of a preview: its columns as text. */
export type PreviewRow = Readonly<Record<string, string | null>>;

/** What becomes of the first rows of files. */
export interface PreviewedRows {
  /** Mapped, in the files' order. */
  readonly mapped: readonly PreviewRow[];
  /** Refused, in the quarantine table's columns. */
  readonly refused: readonly PreviewRow[];
}

/**
 * Maps the first rows of files and writes nothing.
 *
 * @param wanted `firstRows` to be looked at in each file, and how many of each kind are `shown` at most.
 */
export async function previewRows(
  session: DuckDbSession,
  request: Pick<LoadRequest, 'files' | 'mapping' | 'loadedAt'>,
  { firstRows, shown }: { readonly firstRows: number; readonly shown: number },
): Promise<PreviewedRows> {
  const looked = { ...request, firstRows };
  const all = new Set(request.files.keys());
  const texts = async (query: string, order: string) =>
    (
      await session.rows(
        `SELECT CAST(COLUMNS(*) AS VARCHAR) FROM (SELECT * FROM (${query}) ORDER BY ${order} LIMIT ${shown})`,
      )
    ).map((row) =>
      Object.fromEntries(
        Object.entries(row).map(([name, value]) => [name, typeof value === 'string' ? value : null]),
      ),
    );
  return {
    mapped: await texts(takenQuery(looked), 'source_file, row_number'),
    // The number of the row stands in front of the rest: `row 12, column …`.
    refused: await texts(refusedQuery(looked, all), "path, CAST(regexp_extract(detail, '[0-9]+') AS BIGINT)"),
  };
}

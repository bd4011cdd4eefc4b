import { quoteName, quoteText } from '../../base/sql.ts';
import { sum } from '../../base/sum.ts';
import type { DuckDbSession } from '../../parquet/DuckDbSession.ts';
import type { LoadRequest } from './Engine.ts';
import { VALUE_CHARACTERS } from './loadStatements.ts';
import { MOST_NAMES, type RowContent } from './mappedRows.ts';

// What the accepted rows of a load hold, read from the file that they were written to.

/** Rows that are compared with each other; of more it is one in two, in three and so on, which are equal to the same. */
const MOST_COMPARED = 1_000_000;
/** Fewest rows of a file that repeat others, and their share of its rows, from which on they are told. */
const REPEATS = { rows: 5, share: 0.1 };

/** The accepted rows of each file, and how many of them are equal to an earlier one in all that the file says. */
export async function acceptedByFile(
  session: DuckDbSession,
  { files, rowsPath }: LoadRequest,
): Promise<ReadonlyMap<string, RowContent['repeats'][string]>> {
  const every = Math.max(1, Math.ceil(sum(files.map((file) => file.rows)) / MOST_COMPARED));
  const rows = await session.rows(
    `SELECT source_file, count(*) AS n, ${every} * (count(digest) - count(DISTINCT digest)) AS repeats
     FROM (SELECT source_file, CASE WHEN digest % ${every} = 0 THEN digest END AS digest
       FROM (SELECT source_file, hash(*COLUMNS(* EXCLUDE (source_file, row_number, ingested_at))) AS digest
         FROM read_parquet(${quoteText(rowsPath)}))) GROUP BY source_file`,
  );
  return new Map(
    rows.map(({ source_file, n, repeats }) => [
      String(source_file),
      { rows: Number(repeats), of: Number(n) },
    ]),
  );
}

/** Whether so many rows of a file repeat others that it is told. */
export function isRepeated({ rows, of }: RowContent['repeats'][string]): boolean {
  return rows >= REPEATS.rows && rows >= of * REPEATS.share;
}

/** Accepted rows by column of names and name, and how many have 0 as the value of a metric. */
export async function rowsByName(
  session: DuckDbSession,
  { mapping, rowsPath }: LoadRequest,
): Promise<RowContent['names']> {
  const names: RowContent['names'] = {};
  const zeros = mapping.value === null ? '0' : `count(*) FILTER (WHERE ${mapping.value} = 0)`;
  for (const column of mapping.countedColumns) {
    const rows = await session.rows(
      `SELECT left(${quoteName(column)}, ${VALUE_CHARACTERS}) AS name, count(*) AS n, ${zeros} AS zeros, min(source_file) AS file
       FROM read_parquet(${quoteText(rowsPath)}) WHERE ${quoteName(column)} IS NOT NULL GROUP BY name LIMIT ${MOST_NAMES + 1}`,
    );
    names[column] = Object.fromEntries(
      rows.map((row) => {
        const counts = { rows: Number(row['n']), zeros: Number(row['zeros']), file: String(row['file']) };
        return [String(row['name']), counts] as const;
      }),
    );
  }
  return names;
}

/** Accepted rows by day, without the day of the folder. */
export async function rowsOfOtherDays(
  session: DuckDbSession,
  { mapping: { ownTime }, rowsPath }: LoadRequest,
): Promise<RowContent['days']> {
  if (ownTime === null) return {};
  const { column, otherDay } = ownTime;
  // The footer, which DuckDB has just written, tells at once of most drops that there is none.
  const bounds = `SELECT CAST(unnest([stats_min_value, stats_max_value]) AS TIMESTAMP) AS ${quoteName(column)}
    FROM parquet_metadata(${quoteText(rowsPath)}) WHERE path_in_schema = ${quoteText(column)}`;
  const [outside] = await session.rows(`SELECT count(${otherDay}) AS n FROM (${bounds})`);
  if (Number(outside?.['n']) === 0) return {};
  const rows = await session.rows(
    `SELECT CAST(greatest(least(day, DATE '2200-12-31'), DATE '1900-01-01') AS VARCHAR) AS day, count(*) AS n
     FROM (SELECT ${otherDay} AS day FROM read_parquet(${quoteText(rowsPath)})) WHERE day IS NOT NULL GROUP BY ALL`,
  );
  return Object.fromEntries(rows.map(({ day, n }) => [String(day), Number(n)] as const));
}

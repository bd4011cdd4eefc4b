import { quoteName, quoteText } from '../../base/sql.ts';
import { sum } from '../../base/sum.ts';
import type { DuckDbSession } from '../../parquet/DuckDbSession.ts';
import type { LoadRequest } from './Engine.ts';
import { VALUE_CHARACTERS } from './loadStatements.ts';
import {
  DIGEST_END,
  MOST_NAMES,
  MOST_SAMPLED,
  type RowContent,
  SAMPLE_END,
  sumSamples,
} from './mappedRows.ts';

// What the accepted rows of a load hold, read from the file that they were written to.

/** Rows that are compared with each other; of more it is one in two, in three and so on, which are equal to the same. */
const MOST_COMPARED = 1_000_000;
/** Fewest rows of a file that repeat others, and their share of its rows, from which on they are told. */
const REPEATS = { rows: 5, share: 0.1 };

/** Rows that are looked at for a sample, by those that it has: so many are equal to each other at most. */
const LOOKED_FOR_SAMPLE = 16 * MOST_SAMPLED;

/** What is compared of the rows of a file. */
interface ComparedRows {
  /** The accepted rows of each file, and how many of them are equal to an earlier one in all that the file says. */
  readonly byFile: ReadonlyMap<string, RowContent['repeats'][string]>;
  /** See {@link RowContent}. */
  readonly sample: RowContent['sample'];
}

/** Compares the accepted rows of a load with each other. */
export async function compareRows(
  session: DuckDbSession,
  { files, rowsPath }: LoadRequest,
): Promise<ComparedRows> {
  const all = sum(files.map((file) => file.rows));
  const every = Math.max(1, Math.ceil(all / MOST_COMPARED));
  const sampleEnd = Math.ceil(SAMPLE_END * Math.min(1, LOOKED_FOR_SAMPLE / Math.max(1, all)));
  const rows = await session.rows(
    `SELECT source_file, count(*) AS n, ${every} * (count(digest) - count(DISTINCT digest)) AS repeats,
       string_agg(DISTINCT sampled, ' ') FILTER (WHERE sampled < ${sampleEnd}) AS sample
     FROM (SELECT source_file, CASE WHEN digest % ${every} = 0 THEN digest END AS digest, digest % ${SAMPLE_END} AS sampled
       FROM (SELECT source_file, hash(*COLUMNS(* EXCLUDE (source_file, row_number, ingested_at))) AS digest
         FROM read_parquet(${quoteText(rowsPath)}))) GROUP BY source_file ORDER BY source_file`,
  );
  const byFile = new Map(
    rows.map(({ source_file, n, repeats }) => [
      String(source_file),
      { rows: Number(repeats), of: Number(n) },
    ]),
  );
  const samples = rows.map(({ source_file, sample }) => sampleOf(String(source_file), sample));
  return { byFile, sample: sumSamples(samples) };
}

/** The sample of a file. @param digests With a space between two; null without any. */
function sampleOf(file: string, digests: unknown): RowContent['sample'] {
  if (typeof digests !== 'string') return [];
  return digests.split(' ').map((digest) => ({ digest: Number(digest), files: 1, keys: [file] }));
}

/** Digests of a load's accepted rows: so many that rows which hardly differ from day to day have some in common. */
const DIGESTS = 8;

/** What `digests` of {@link RowContent} are. */
export async function digestsOfRows(
  session: DuckDbSession,
  { mapping: { digestedColumns }, rowsPath }: LoadRequest,
): Promise<RowContent['digests']> {
  if (digestedColumns.length === 0) return [];
  const rows = await session.rows(
    `SELECT CAST(digest % ${DIGESTS} AS INTEGER) AS place, CAST(sum(digest // ${DIGESTS} % ${DIGEST_END}) % ${DIGEST_END} AS BIGINT) AS sum
     FROM (SELECT hash(${digestedColumns.map(quoteName).join(', ')}) AS digest FROM read_parquet(${quoteText(rowsPath)})) GROUP BY place`,
  );
  const sums = new Map(rows.map(({ place, sum: digest }) => [Number(place), Number(digest)] as const));
  return Array.from({ length: DIGESTS }, (_, i) => sums.get(i) ?? 0);
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

/** Accepted rows by day, without the day of the folder, and by hour of that day and its neighbours. */
export async function rowsByTime(
  session: DuckDbSession,
  { mapping: { ownTime }, rowsPath }: LoadRequest,
): Promise<Pick<RowContent, 'days' | 'hours'>> {
  const counts: Pick<RowContent, 'days' | 'hours'> = { days: {}, hours: {} };
  if (ownTime === null) return counts;
  const { otherDay, hour } = ownTime;
  const rows = await session.rows(
    `SELECT CASE WHEN day IS NOT NULL THEN CAST(greatest(least(day, DATE '2200-12-31'), DATE '1900-01-01') AS VARCHAR) END AS day, hour, count(*) AS n
     FROM (SELECT ${otherDay} AS day, ${hour} AS hour FROM read_parquet(${quoteText(rowsPath)})) GROUP BY ALL`,
  );
  const add = (all: Record<string, number>, at: unknown, n: number) => {
    if (at != null) all[String(at)] = (all[String(at)] ?? 0) + n;
  };
  for (const { day, hour: at, n } of rows) {
    add(counts.days, day, Number(n));
    add(counts.hours, at, Number(n));
  }
  return counts;
}

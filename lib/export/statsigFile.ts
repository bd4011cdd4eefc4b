import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { quoteName, quoteText } from '../base/sql.ts';
import { DuckDbSession, type EngineLimits } from '../parquet/DuckDbSession.ts';
import { duckDbFailure } from '../parquet/EngineError.ts';
import { DUCKDB_TYPES } from '../parquet/tableFile.ts';
import {
  MOST_STATSIG_CHARACTERS,
  type StatsigColumn,
  type StatsigFormat,
} from '../tables/exports/statsigFormat.ts';
import { ExportError } from './ExportError.ts';
import type { FileRewriter } from './FileRewriter.ts';

/** The name under which the counts of a file have the rows that are written. */
const WRITTEN = 'written';

/**
 * Rewrites files of a table in the columns and types of Statsig's S3 ingestion. Rows that Statsig does not take are
 * left out and counted by reason. It works on one file at a time.
 *
 * @param limits What DuckDB may use. Its folder also holds the file, before and after.
 */
export function statsigRewriter(format: StatsigFormat, limits: EngineLimits): FileRewriter {
  const { temporaryDirectory } = limits;
  return {
    form: createHash('sha256').update(JSON.stringify(format)).digest('hex').slice(0, 16),
    async rewrite(bytes) {
      const path = join(temporaryDirectory, randomUUID());
      const from = `${path}-raw.parquet`;
      const to = `${path}-statsig.parquet`;
      const remove = async () => {
        await Promise.all([from, to].map((file) => rm(file, { force: true })));
      };
      try {
        await pipeline(bytes, createWriteStream(from));
        const { [WRITTEN]: rows = 0, ...leftOut } = await rewriteFile(format, limits, from, to);
        const { size } = await stat(to);
        return { size, rows, leftOut, open: () => createReadStream(to), remove };
      } catch (error) {
        await remove();
        throw error;
      }
    },
  };
}

/**
 * Writes the file anew as Statsig reads it.
 *
 * @returns How many rows are written, under {@link WRITTEN}, and how many are left out, by reason.
 */
async function rewriteFile(
  format: StatsigFormat,
  limits: EngineLimits,
  from: string,
  to: string,
): Promise<Readonly<Record<string, number>>> {
  const session = await DuckDbSession.open(limits, { files: [from, to], directories: [] });
  try {
    const file = `read_parquet(${quoteText(from)})`;
    const described = await session.rows(`DESCRIBE SELECT * FROM ${file}`);
    const known = new Set(described.map(({ column_name }) => String(column_name)));
    const reason = reasonSql(format, known);
    const counted = await session.rows(
      `SELECT reason, count(*) AS row_count FROM (SELECT ${reason} AS reason FROM ${file}) GROUP BY 1`,
    );
    const columns = format.columns.map((column) => `${valueSql(column, known)} AS ${quoteName(column.name)}`);
    await session.run(
      `COPY (SELECT ${columns.join(', ')} FROM ${file} WHERE ${reason} = '${WRITTEN}') TO ${quoteText(to)} (FORMAT parquet, COMPRESSION snappy)`,
    );
    return Object.fromEntries(counted.map((row) => [String(row['reason']), Number(row['row_count'])]));
  } catch (error) {
    throw new ExportError('SLUICE_EXPORT_REWRITE_FAILED', duckDbFailure(error).sentence, {
      cause: error,
    });
  } finally {
    session.close();
  }
}

/** A value of a column; null if the file is older than the column. */
function valueSql({ name, type, from }: StatsigColumn, known: ReadonlySet<string>): string {
  const duckDbType = DUCKDB_TYPES[type];
  if (!known.has(from)) return `CAST(NULL AS ${duckDbType})`;
  const column = quoteName(from);
  // Statsig takes whole seconds. They are rounded down, also before 1970.
  const value = name === 'timestamp' ? `floor(epoch(${column}))` : column;
  return `CAST(${value} AS ${duckDbType})`;
}

/** SQL of the reason for which a row is left out, or of {@link WRITTEN}; never null. */
function reasonSql(format: StatsigFormat, known: ReadonlySet<string>): string {
  const sqlOf = (wanted: string) =>
    format.columns.flatMap((column) => (column.name === wanted ? valueSql(column, known) : []))[0] ?? 'NULL';
  const literal = (value: string | number | boolean) =>
    typeof value === 'string' ? quoteText(value) : String(value);
  const cases = [
    ...Object.entries(format.only).map(([column, value]) => [
      `${known.has(column) ? quoteName(column) : 'NULL'} IS DISTINCT FROM ${literal(value)}`,
      `other_${column}`,
    ]),
    [`COALESCE(${format.units.map(sqlOf).join(', ')}) IS NULL`, 'no_unit'],
    ...format.required.map((name) => [`${sqlOf(name)} IS NULL`, `no_${name}`]),
    ...format.short.map((name) => [`length(${sqlOf(name)}) > ${MOST_STATSIG_CHARACTERS}`, `long_${name}`]),
  ];
  const whens = cases.map(([when, then]) => `WHEN ${when} THEN '${then}'`).join(' ');
  return `CASE ${whens} ELSE '${WRITTEN}' END`;
}

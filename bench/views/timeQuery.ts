// Runs one query in a separate process.
import { measured, requested } from '../measure.ts';
import { type DayFile, openViewSession } from './viewSession.ts';

/** The query to run. */
export interface QueryJob {
  readonly files: readonly DayFile[];
  /** Files of curated days. Default none. */
  readonly curated?: readonly DayFile[];
  readonly sql: string;
  /** DuckDB's memory limit, e.g. `1GB`; above it, DuckDB writes to `spill`. Default: DuckDB's. */
  readonly memoryLimit?: string;
  readonly spill: string;
}

/** The result of a query, for comparison. */
export interface QueryAnswer {
  readonly answer: string;
}

const job = await requested<QueryJob>();
const connection = await openViewSession(job.files, job.curated);
await connection.run(`SET temp_directory = '${job.spill}'`);
if (job.memoryLimit !== undefined) await connection.run(`SET memory_limit = '${job.memoryLimit}'`);
await measured(async (): Promise<QueryAnswer> => {
  const reader = await connection.runAndReadAll(job.sql);
  return { answer: JSON.stringify(reader.getRowsJson()) };
});

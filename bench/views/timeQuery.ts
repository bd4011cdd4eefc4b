// Runs one query in a separate process, whose memory can be measured: node bench/views/timeQuery.ts <job in JSON>.

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

/** The cost of a query. */
export interface QueryTimes {
  /** Seconds. */
  readonly wall: number;
  /** CPU time, seconds, which is more meaningful on a busy machine. */
  readonly processor: number;
  readonly peakMb: number;
  /** The result, for comparison. */
  readonly answer: string;
}

const job: QueryJob = JSON.parse(process.argv[2] ?? '');
const connection = await openViewSession(job.files, job.curated);
await connection.run(`SET temp_directory = '${job.spill}'`);
if (job.memoryLimit !== undefined) await connection.run(`SET memory_limit = '${job.memoryLimit}'`);
const [startedAt, usedBefore] = [performance.now(), process.cpuUsage()];
const reader = await connection.runAndReadAll(job.sql);
const { user, system } = process.cpuUsage(usedBefore);
const times: QueryTimes = {
  wall: (performance.now() - startedAt) / 1e3,
  processor: (user + system) / 1e6,
  peakMb: process.resourceUsage().maxRSS / 1024,
  answer: JSON.stringify(reader.getRowsJson()),
};
process.stdout.write(JSON.stringify(times));

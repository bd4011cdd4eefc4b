// Runs one query in a process of its own, so that its memory is its own: node bench/views/timeQuery.ts <job in JSON>.

import { type DayFile, openViewSession } from './viewSession.ts';

/** What to run. */
export interface QueryJob {
  readonly files: readonly DayFile[];
  readonly sql: string;
  /** DuckDB's memory limit, e.g. `1GB`; beyond it it writes to `spill`. Default DuckDB's own. */
  readonly memoryLimit?: string;
  readonly spill: string;
}

/** What a run took. */
export interface QueryTimes {
  /** Seconds. */
  readonly wall: number;
  /** Processor time, seconds: on a busy machine it says more. */
  readonly processor: number;
  readonly peakMb: number;
  /** The answer, to be compared. */
  readonly answer: string;
}

const job: QueryJob = JSON.parse(process.argv[2] ?? '');
const connection = await openViewSession(job.files);
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

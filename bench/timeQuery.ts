// Runs one query in a process of its own, so that its memory is its own: node bench/timeQuery.ts <job in JSON>.

import type { DayFile } from './exposureDays.ts';
import { openViewSession } from './viewSession.ts';

/** What to run. */
export interface QueryJob {
  readonly files: readonly DayFile[];
  readonly sql: string;
  readonly runs: number;
  /** DuckDB's memory limit, e.g. `1GB`; beyond it it writes to `spill`. Default DuckDB's own. */
  readonly memoryLimit?: string;
  readonly spill: string;
}

/** What a run took. */
export interface QueryTimes {
  /** Of the fastest run, seconds. */
  readonly wall: number;
  /** Processor time of the cheapest run, seconds: on a busy machine it says more. */
  readonly processor: number;
  readonly peakMb: number;
  /** The answer, to be compared. */
  readonly answer: string;
}

const job: QueryJob = JSON.parse(process.argv[2] ?? '');
const connection = await openViewSession(job.files);
await connection.run(`SET temp_directory = '${job.spill}'`);
if (job.memoryLimit !== undefined) await connection.run(`SET memory_limit = '${job.memoryLimit}'`);
const [walls, processors]: [number[], number[]] = [[], []];
let answer = '';
for (let run = 0; run < job.runs; run += 1) {
  const [startedAt, usedBefore] = [performance.now(), process.cpuUsage()];
  const reader = await connection.runAndReadAll(job.sql);
  const { user, system } = process.cpuUsage(usedBefore);
  walls.push((performance.now() - startedAt) / 1e3);
  processors.push((user + system) / 1e6);
  answer = JSON.stringify(reader.getRowsJson());
}
const times: QueryTimes = {
  wall: Math.min(...walls),
  processor: Math.min(...processors),
  peakMb: process.resourceUsage().maxRSS / 1024,
  answer,
};
process.stdout.write(JSON.stringify(times));

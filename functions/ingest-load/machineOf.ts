import type { EngineLimits } from '../../lib/engine/Engine.ts';

/** MiB at which a function has one whole CPU: https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html */
const CPU_MEGABYTES = 1_769;
/** Lambda's most (same page). */
const MOST_CPUS = 6;
/** What DuckDB manages; it takes up to twice as much (docs/ingest.md), and Node some besides. */
const DUCKDB_SHARE = 0.5;

/**
 * What DuckDB may take of a function.
 *
 * @param memoryMegabytes The function's, MiB.
 */
export function machineOf(memoryMegabytes: number): Pick<EngineLimits, 'memoryMegabytes' | 'threads'> {
  const cpus = Math.round(memoryMegabytes / CPU_MEGABYTES);
  return {
    memoryMegabytes: Math.floor(memoryMegabytes * DUCKDB_SHARE),
    threads: Math.min(MOST_CPUS, Math.max(1, cpus)),
  };
}

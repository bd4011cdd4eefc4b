import type { EngineLimits } from '../../lib/drops/engine/Engine.ts';
import { CPU_MEGABYTES, DUCKDB_SHARE, MOST_CPUS } from './limits.ts';

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

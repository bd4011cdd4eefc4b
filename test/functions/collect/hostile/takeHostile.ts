import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { HostileBody } from './hostileBodies.ts';

/** The response to a hostile request, and its cost. */
export interface HostileOutcome {
  readonly status: number;
  readonly code: string | null;
  /** CPU time of all threads, milliseconds. */
  readonly cpuMs: number;
  /** Peak memory of the process so far. */
  readonly rssMb: number;
  /** Bytes in quarantine: rows, and bodies that are too large for a row. */
  readonly keptBytes: number;
  readonly landedBytes: number;
}

/**
 * The flag for V8's heap in a function: Lambda sets it to nine tenths of the memory.
 *
 * @param megabytes `memorySize` of the function.
 */
function heapFlag(megabytes: number): string {
  return `--max-old-space-size=${Math.floor(megabytes * 0.9)}`;
}

/**
 * Runs hostile requests through the collector in a separate process, one after the other like an execution environment.
 * Requests have as long to be answered as in the function.
 *
 * @param megabytes `memorySize` of the function.
 * @throws Error when the process fails, for example without memory.
 */
export function runHostileRequests(
  bodies: readonly HostileBody[],
  megabytes: number,
): readonly HostileOutcome[] {
  const requests = bodies.map(({ body, headers = {}, query = '', redacts = false }) => ({
    body: Buffer.from(body).toString('base64'),
    headers,
    query,
    redacts,
  }));
  const { stdout, stderr, status, signal } = spawnSync(
    process.execPath,
    [heapFlag(megabytes), fileURLToPath(new URL('hostileOnce.ts', import.meta.url))],
    { input: JSON.stringify(requests), encoding: 'utf8', maxBuffer: 2 ** 26 },
  );
  if (status !== 0) throw new Error(`It ended with ${status ?? signal}: ${stderr.slice(0, 2_000)}`);
  const outcomes: readonly HostileOutcome[] = JSON.parse(stdout);
  return outcomes;
}

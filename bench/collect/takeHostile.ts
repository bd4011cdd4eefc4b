import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { HostileBody } from './hostileBodies.ts';

/** What became of a hostile request, and what it took. */
export interface HostileOutcome {
  readonly status: number;
  readonly code: string | null;
  /** Milliseconds of processor time, of all threads. */
  readonly cpuMs: number;
  /** The most memory that the process had so far. */
  readonly rssMb: number;
  /** Bytes in quarantine: rows, and what is too large for one. */
  readonly keptBytes: number;
  readonly landedBytes: number;
}

/**
 * V8's heap in a function of so many megabytes: Lambda's Node has it at nine tenths of the memory.
 *
 * @param megabytes `memorySize` of the function.
 */
function heapFlag(megabytes: number): string {
  return `--max-old-space-size=${Math.floor(megabytes * 0.9)}`;
}

/**
 * Lets the collector take hostile requests in a process of its own, one after the other, as an execution environment
 * does. No time limit ends any of them, so that what is measured is all that such a body takes.
 *
 * @param megabytes `memorySize` of the function.
 * @throws Error when the process ends otherwise, out of memory for example.
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

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { COMMAND_MS } from '../../../harness/runCommand.ts';
import { type HostileBody, type HostileOutcome, hostileBodies } from './hostileBodies.ts';

/** `memorySize` of the collector in serverless.yml. */
const FUNCTION_MEGABYTES = 1_024;
/** The limit of Lambda for a request. */
const MOST_BODY_BYTES = 6_000_000;
/** Twice the time that the function has. */
const MOST_CPU_MS = 5_000;

const kinds = Object.keys(hostileBodies);
const bodies = Object.values(hostileBodies).map((make) => make());

describe('a hostile body', () => {
  it('fits into a request', () => {
    for (const { body } of bodies) expect(body.length).toBeLessThan(MOST_BODY_BYTES);
  });

  let outcomes: readonly HostileOutcome[];
  // One process answers them all, as an environment of the function does.
  beforeAll(() => {
    outcomes = runHostileRequests(bodies, FUNCTION_MEGABYTES);
  });

  it.each([...kinds.entries()])('is answered within bounds: %i %s', (i) => {
    const { status = 0, code, cpuMs, rssMib, keptBytes = 0, landedBytes = 0 } = outcomes[i] ?? {};
    expect(`${status} ${code}`).toMatch(
      /^(?:202 null|413 SLUICE_BODY_\w+|400 SLUICE_BODY_\w+|503 SLUICE_COLLECT_\w+)$/,
    );
    // What is not refused for now is somewhere.
    if (status !== 503) expect(keptBytes + landedBytes).toBeGreaterThan(0);
    expect(cpuMs).toBeLessThan(MOST_CPU_MS);
    expect(rssMib).toBeLessThan(FUNCTION_MEGABYTES);
  });
});

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
function runHostileRequests(bodies: readonly HostileBody[], megabytes: number): readonly HostileOutcome[] {
  const requests = bodies.map(({ body, headers = {}, query = '', redacts = false }) => ({
    body: Buffer.from(body).toString('base64'),
    headers,
    query,
    redacts,
  }));
  const { stdout, stderr, status, signal } = spawnSync(
    process.execPath,
    [heapFlag(megabytes), fileURLToPath(new URL('hostileOnce.ts', import.meta.url))],
    { input: JSON.stringify(requests), encoding: 'utf8', maxBuffer: 2 ** 26, timeout: COMMAND_MS },
  );
  if (status !== 0) throw new Error(`It ended with ${status ?? signal}: ${stderr.slice(0, 2_000)}`);
  const outcomes: readonly HostileOutcome[] = JSON.parse(stdout);
  return outcomes;
}

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { MAX_BODY_BYTES } from '../../../../lib/wire/limits.ts';
import { memoryOf } from '../../../functions/memory/bounds.ts';
import { COMMAND_MS } from '../../../harness/runCommand.ts';
import { ANSWER_WITHIN_MS, type HostileBody, type HostileOutcome, hostileBodies } from './hostileBodies.ts';

const MEMORY_MIB = memoryOf('collect');
const kinds = Object.entries(hostileBodies).map(([name, { make, answer, slowAnswer }]) => {
  return { name, body: make(), answer, slowAnswer };
});
const outcomes = new Map<string, HostileOutcome>();

// One process answers them all, as an environment of the function does.
beforeAll(() => {
  const answered = runHostileRequests(
    kinds.map(({ body }) => body),
    MEMORY_MIB,
  );
  for (const [i, outcome] of answered.entries()) outcomes.set(kinds[i]?.name ?? '', outcome);
});

describe('a hostile body', () => {
  it.each(kinds)('fits into a request to Lambda: $name', ({ body }) => {
    expect(Buffer.from(body.body).toString('base64').length).toBeLessThan(MAX_BODY_BYTES);
  });

  it.each(kinds)('is answered as its kind: $name', ({ name, answer, slowAnswer = answer }) => {
    const { status, code } = outcomeOf(name);
    expect([answer, slowAnswer]).toContain(code === null ? `${status}` : `${status} ${code}`);
  });

  it.each(kinds)('is stored as events or in quarantine, if it need not be sent again: $name', ({ name }) => {
    const { status, keptBytes, landedBytes } = outcomeOf(name);
    expect(keptBytes + landedBytes > 0).toBe(status !== 503);
  });

  // Twice as long as the function has: steps that cannot be stopped, such as inflating, may end later.
  it.each(kinds)('needs the processor for 5 s at most: $name', ({ name }) => {
    expect(outcomeOf(name).cpuMs).toBeLessThan(2 * ANSWER_WITHIN_MS);
  });
});

// The memory is the peak of the process, so a kind cannot be told from those before it.
it('all hostile bodies, one after the other, fit into the memory of the collector', () => {
  expect(outcomes.size).toBe(kinds.length);
  expect(Math.max(...[...outcomes.values()].map(({ rssMib }) => rssMib))).toBeLessThan(MEMORY_MIB);
});

/** The outcome of a kind. @throws Error if it was not answered. */
function outcomeOf(name: string): HostileOutcome {
  const outcome = outcomes.get(name);
  if (outcome === undefined) throw new Error(`${name}: not answered.`);
  return outcome;
}

/**
 * Runs hostile requests through the collector in a separate process, one after the other like an execution
 * environment. Requests have as long to be answered as in the function.
 *
 * @param memoryMib `memorySize` of the function. V8's heap has nine tenths of it, as Lambda's runtime of Node gives it.
 * @throws Error when the process fails, for example without memory.
 */
function runHostileRequests(bodies: readonly HostileBody[], memoryMib: number): readonly HostileOutcome[] {
  const requests = bodies.map(({ body, headers = {}, query = '', redacts = false }) => ({
    body: Buffer.from(body).toString('base64'),
    headers,
    query,
    redacts,
  }));
  const program = fileURLToPath(new URL('hostileOnce.ts', import.meta.url));
  const heap = `--max-old-space-size=${Math.floor(memoryMib * 0.9)}`;
  const { stdout, stderr, status, signal } = spawnSync(process.execPath, [heap, program], {
    input: JSON.stringify(requests),
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
    timeout: COMMAND_MS,
  });
  if (status !== 0) throw new Error(`It ended with ${status ?? signal}: ${stderr.slice(0, 2_000)}`);
  const outcomes: readonly HostileOutcome[] = JSON.parse(stdout);
  return outcomes;
}

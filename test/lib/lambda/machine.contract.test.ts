import { once } from 'node:events';
import { expect, it } from '@jest/globals';
import { engineShare, onMachine } from '../../../lib/lambda/machine.ts';
import { within } from '../../harness/waiting.ts';

const MEMORY_MEGABYTES = 1_769;
/** Milliseconds before the end of a function at which its work stops. */
const MARGIN_MS = 45_000;

it('work stops 45 seconds before the end of the function, and its claims outlive that by a minute', async () => {
  const endsAt = Date.now() + MARGIN_MS;
  const { deadline, leaseUntil } = await onMachine(MEMORY_MEGABYTES, endsAt, async ({ invocation }) => {
    const { signal } = invocation;
    if (!signal.aborted) await within('the signal that stops the work', once(signal, 'abort'));
    return invocation;
  });
  expect(deadline - endsAt).toBe(-MARGIN_MS);
  expect(leaseUntil - endsAt).toBe(60_000);
  // Not after the end: the function would have been killed.
  expect(Date.now()).toBeLessThan(endsAt);
});

it('the disk is no larger than that of a function, as a developer has a larger one', async () => {
  const { diskBytes, free } = await onMachine(MEMORY_MEGABYTES, Date.now(), async (machine) => ({
    diskBytes: machine.diskBytes,
    free: await machine.freeBytes(),
  }));
  expect(free).toBeGreaterThan(0);
  expect(diskBytes).toBeGreaterThan(0);
  // https://docs.aws.amazon.com/lambda/latest/dg/configuration-ephemeral-storage.html
  expect(diskBytes).toBeLessThanOrEqual(10_240 * 2 ** 20);
});

it.each([
  { memory: 512, threads: 1 },
  { memory: 2_653, threads: 1 },
  { memory: 2_654, threads: 2 },
  { memory: 10_240, threads: 6 },
])('DuckDB has $threads threads in a function of $memory MiB', ({ memory, threads }) => {
  expect(engineShare(memory).threads).toBe(threads);
});

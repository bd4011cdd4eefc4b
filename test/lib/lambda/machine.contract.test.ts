import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MINUTE_MS } from '../../../lib/base/time.ts';
import { engineShare, makeWorkDirectory, onMachine } from '../../../lib/lambda/machine.ts';
import { temporaryDirectory } from '../../harness/temporaryDirectory.ts';
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
  expect(leaseUntil - endsAt).toBe(MINUTE_MS);
  // Not after the end: the function would have been killed.
  expect(Date.now()).toBeLessThan(endsAt);
});

it('the disk is no larger than that of a function, as a developer has a larger one', async () => {
  const { diskBytes, free } = await onMachine(MEMORY_MEGABYTES, Date.now(), async (machine) => ({
    diskBytes: machine.diskBytes,
    free: await machine.freeBytes(),
  }));
  const { bavail, bsize } = statfsSync(tmpdir());
  // Others use the disk meanwhile.
  expect(free).toBeGreaterThan((bavail * bsize) / 2);
  expect(diskBytes).toBeGreaterThan(0);
  // https://docs.aws.amazon.com/lambda/latest/dg/configuration-ephemeral-storage.html
  expect(diskBytes).toBeLessThanOrEqual(10_240 * 2 ** 20);
});

it.each([
  { memory: 512, memoryMegabytes: 256, threads: 1 },
  { memory: 2_653, memoryMegabytes: 1_326, threads: 1 },
  { memory: 2_654, memoryMegabytes: 1_327, threads: 2 },
  { memory: 10_240, memoryMegabytes: 5_120, threads: 6 },
])('DuckDB has half of the $memory MiB of a function, and $threads threads', ({ memory, ...share }) => {
  expect(engineShare(memory)).toEqual(share);
});

describe('the temporary folder of an invocation', () => {
  let temporary: ReturnType<typeof temporaryDirectory>;
  beforeEach(() => {
    temporary = temporaryDirectory();
  });
  afterEach(() => temporary.remove());

  it.each([
    // Nobody has the largest number of a process.
    { whose: 'of a process that is gone', name: 'sluice-load-4194305-0', isLeft: false },
    { whose: 'of another process', name: `sluice-load-${process.ppid}-7`, isLeft: true },
    { whose: 'of a stranger', name: 'other', isLeft: true },
  ])('is made beside a folder $whose, which is left: $isLeft', async ({ name, isLeft }) => {
    const folder = join(temporary.path, name);
    mkdirSync(folder);
    await makeWorkDirectory(temporary.path);
    expect(existsSync(folder)).toBe(isLeft);
  });

  it('is empty, although the invocation before it in the same process has left files', async () => {
    const first = await makeWorkDirectory(temporary.path);
    writeFileSync(join(first.path, 'left'), 'x');
    const second = await makeWorkDirectory(temporary.path);
    expect(second.path).toBe(first.path);
    expect(readdirSync(second.path)).toEqual([]);
  });

  it('can be read by nobody else, as it has files of a customer', async () => {
    const { path } = await makeWorkDirectory(temporary.path);
    expect(statSync(path).mode & 0o777).toBe(0o700);
  });

  it('is gone once it is removed', async () => {
    const made = await makeWorkDirectory(temporary.path);
    await made.remove();
    expect(existsSync(made.path)).toBe(false);
  });
});

import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Attempt } from '../../lib/lambda/machine.ts';
import { temporaryDirectory } from './temporaryDirectory.ts';

/** Milliseconds as the handlers have it: longer than the 900 s of a function. */
export const LEASE_MS = 960_000;

/** An invocation of a load or a curation that begins at `now`, epoch milliseconds. */
export const attemptAt = (now: number, more: Partial<Attempt> = {}): Attempt => ({
  owner: randomUUID(),
  leaseUntil: now + LEASE_MS,
  deadline: now + 855_000,
  signal: new AbortController().signal,
  isLastAttempt: false,
  tries: 10,
  ...more,
});

/** A new folder of an invocation, and DuckDB's limits in it. Whoever asks removes it. */
export function machineFolder(memoryMegabytes: number) {
  const { path: directory, remove } = temporaryDirectory();
  const limits = { memoryMegabytes, threads: 1, temporaryDirectory: join(directory, 'spilled') };
  mkdirSync(limits.temporaryDirectory);
  return { directory, limits, remove };
}

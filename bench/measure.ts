import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { json, text } from 'node:stream/consumers';
import { peakRssMib } from '../test/harness/peakRssMib.ts';
import type { BenchRow } from './Bench.ts';

/** Cost of a piece of work. */
export interface Cost {
  /** Time that passed, milliseconds. */
  readonly wallMs: number;
  /** CPU time, which is more meaningful on a busy machine, milliseconds. */
  readonly cpuMs: number;
  /** The most memory of the process, in MiB. */
  readonly rssMib: number;
}

/** Makes the function that makes the figures of a case. @param name The case: `20 events`. */
export function caseRows(name: string): (metric: string, value: number, unit: string) => BenchRow {
  return (metric, value, unit) => ({ case: name, metric, value, unit });
}

/** The value in the middle of the sorted values, the higher one of two. @throws RangeError without values. */
export function median(values: readonly number[]): number {
  const middle = values.toSorted((a, b) => a - b)[values.length >> 1];
  if (middle === undefined) throw new RangeError('Nothing was measured.');
  return middle;
}

/**
 * Runs a script of this folder in a process of its own, whose memory can be measured. The script reads its request by
 * {@link readRequest}, and does its work in {@link measureWork}.
 *
 * @param heapMb Megabytes of V8's heap at most. Default: as many as Node takes.
 * @returns What the work answers, with what it cost.
 * @throws Error if the script fails; it has said why on stderr.
 */
export async function runOnce<Answer extends object>(
  script: string,
  request: object,
  heapMb?: number,
): Promise<Cost & Answer> {
  const heap = heapMb === undefined ? [] : [`--max-old-space-size=${heapMb}`];
  const child = spawn(process.execPath, [...heap, join(import.meta.dirname, script)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.end(JSON.stringify(request));
  const [answer, [exitCode, signal]] = await Promise.all([text(child.stdout), once(child, 'close')]);
  if (exitCode !== 0) throw new Error(`${script} ended with ${exitCode ?? signal}.`);
  return JSON.parse(answer);
}

/** In a script of {@link runOnce}: the request that it was called with. */
export async function readRequest<Request>(): Promise<Request> {
  return (await json(process.stdin)) as Request;
}

/** In a script of {@link runOnce}: does the work, and prints its answer with what it cost. No answer has a member of the cost. */
export async function measureWork<Answer extends object>(
  work: () => Promise<Answer & Partial<Record<keyof Cost, never>>>,
): Promise<void> {
  const start = performance.now();
  const before = process.cpuUsage();
  const answer = await work();
  const { user, system } = process.cpuUsage(before);
  const cost: Cost = {
    wallMs: performance.now() - start,
    cpuMs: (user + system) / 1_000,
    rssMib: peakRssMib(),
  };
  process.stdout.write(JSON.stringify({ ...answer, ...cost }));
}

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { json, text } from 'node:stream/consumers';
import type { BenchRow } from './run.ts';

/** Cost of a piece of work. */
export interface Cost {
  readonly wallMs: number;
  /** CPU time, which is more meaningful on a busy machine. */
  readonly cpuMs: number;
  readonly rssMb: number;
}

/** Makes the figures of a case. */
export function rowOf(name: string) {
  return (metric: string, value: number, unit: string): BenchRow => ({ case: name, metric, value, unit });
}

/** The one in the middle; NaN of none. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

/**
 * Runs a script of this folder in a separate process, whose memory can be measured.
 *
 * @param heapMb Megabytes of V8's heap at most. Default: as many as Node takes.
 * @returns What its {@link measured} work answers.
 */
export async function runOnce<Answer>(
  script: string,
  request: object,
  heapMb?: number,
): Promise<Cost & Answer> {
  const heap = heapMb === undefined ? [] : [`--max-old-space-size=${heapMb}`];
  const child = spawn(process.execPath, [...heap, join(import.meta.dirname, script)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.end(JSON.stringify(request));
  return JSON.parse(await text(child.stdout));
}

/** The request with which {@link runOnce} has called this script. */
export async function requested<Request>(): Promise<Request> {
  return (await json(process.stdin)) as Request;
}

/** Does the work of a script of {@link runOnce}, and prints its answer with what it cost. */
export async function measured(work: () => Promise<object>): Promise<void> {
  const start = performance.now();
  const before = process.cpuUsage();
  const answer = await work();
  const { user, system } = process.cpuUsage(before);
  const cost: Cost = {
    wallMs: performance.now() - start,
    cpuMs: (user + system) / 1_000,
    rssMb: process.resourceUsage().maxRSS / 1_024,
  };
  process.stdout.write(JSON.stringify({ ...cost, ...answer }));
}

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Cloud, startCloud } from '../local/startCloud.ts';
import { collectBodies } from './collect/collectBodies.ts';
import { rowOf } from './measure.ts';
import type { Bench, BenchOptions, BenchRow } from './run.ts';

/** Events of a request, and requests of one case, sent one after the other. */
const EVENTS = 20;
const REQUESTS = 300;
const WARM_UP_REQUESTS = 100;
/** The longest that the collector may take to use a stream again which is well. */
const CLOSES_WITHIN_MS = 60_000;

/** The fault that Firehose has in each case. */
const CASES = {
  throttled: { fault: 'failCalls', operations: ['PutRecord'], calls: 'all' },
  hanging: { fault: 'delayCalls', operations: ['PutRecord'], ms: 600_000, calls: 'all' },
} as const;

/** Sends requests one after the other. @returns Milliseconds of each. */
async function send(cloud: Cloud, count: number, seed: number): Promise<number[]> {
  const took: number[] = [];
  for (const body of collectBodies(EVENTS, count, seed)) {
    const start = performance.now();
    const { status } = await fetch(`${cloud.collector}/v1/rgstr`, {
      method: 'POST',
      headers: { 'statsig-api-key': 'client-bench', 'content-encoding': 'gzip' },
      body: Buffer.from(body),
    });
    took.push(performance.now() - start);
    if (status !== 202) throw new Error(`The collector answered ${status}.`);
  }
  return took;
}

function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? Number.NaN;
}

async function faults(cloud: Cloud, faulty: object | null): Promise<void> {
  const request = faulty === null ? { method: 'DELETE' } : { method: 'POST', body: JSON.stringify(faulty) };
  const { ok } = await fetch(`${cloud.edge}/_sluice/faults`, request);
  if (!ok) throw new Error('The local cloud refused the fault.');
}

/** Seconds until a request puts its record into the stream again. */
async function secondsUntilClosed(cloud: Cloud, seed: number): Promise<number> {
  const start = performance.now();
  const buffered = () => cloud.status().pending.reduce((sum, { documents }) => sum + documents, 0);
  for (const before = buffered(); buffered() <= before; ) {
    if (performance.now() - start > CLOSES_WITHIN_MS) throw new Error('The breaker does not close.');
    await send(cloud, 1, seed);
  }
  return (performance.now() - start) / 1_000;
}

async function underFault(
  cloud: Cloud,
  name: keyof typeof CASES,
  seed: number,
  at: BenchOptions['at'],
): Promise<BenchRow[]> {
  const row = rowOf(name);
  at(`${name}: ${REQUESTS} normal requests`);
  const normal = await send(cloud, REQUESTS, seed);
  await faults(cloud, { firehose: [CASES[name]] });
  at(`${name}: ${REQUESTS} requests under the fault`);
  const faulty = await send(cloud, REQUESTS, seed + 1);
  await faults(cloud, null);
  at(`${name}: until the stream is used again`);
  const closesAfter = await secondsUntilClosed(cloud, seed + 2);
  return [
    row('p50_normal', quantile(normal, 0.5), 'ms'),
    row('p99_normal', quantile(normal, 0.99), 'ms'),
    row('p50', quantile(faulty, 0.5), 'ms'),
    row('p99', quantile(faulty, 0.99), 'ms'),
    row('p50_vs_normal', quantile(faulty, 0.5) / quantile(normal, 0.5), 'ratio'),
    row('closes_after', closesAfter, 's'),
  ];
}

/** Requests to the collector of the local cloud while Firehose accepts nothing, or does not answer, against normal ones. */
const bench: Bench = {
  name: 'pressure',
  async run({ at }) {
    at('start of the local cloud');
    const data = mkdtempSync(join(tmpdir(), 'sluice-pressure-'));
    const cloud = await startCloud({ port: 0, edgePort: 0, data });
    try {
      at('warm-up');
      await send(cloud, WARM_UP_REQUESTS, 1);
      return [
        ...(await underFault(cloud, 'throttled', 100, at)),
        ...(await underFault(cloud, 'hanging', 200, at)),
      ];
    } finally {
      await faults(cloud, null);
      await cloud.close();
      rmSync(data, { recursive: true, force: true });
    }
  },
};
export default bench;

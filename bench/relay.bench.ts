import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleFunctions } from '../infra/build/bundleFunctions.ts';
import { defineConfig } from '../lib/config/defineConfig.ts';
import type { ConfigInput } from '../lib/schema/config.ts';
import { collectBodies } from './collect/collectBodies.ts';
import type { RoundCost } from './relay/collectorProcess.ts';
import { startServices } from './relay/startServices.ts';
import type { Bench, BenchRow } from './run.ts';

const root = fileURLToPath(new URL('../', import.meta.url));
const REQUESTS_PER_ROUND = 100;
const ROUNDS = 21;
const WARM_UP_ROUNDS = 8;
const FIRST_SEED = 500;

const SIDES = { without: {}, with: { relay: { statsig: true } } } as const satisfies Record<
  string,
  Partial<ConfigInput>
>;
type Side = keyof typeof SIDES;

/** Bundles the collector's function as it is deployed. @returns Its file. */
async function bundleCollector(side: Side, directory: string): Promise<string> {
  const config = defineConfig({ bucket: 'sluice-bench', allowAnyKey: true, ...SIDES[side] });
  const [bundle] = await bundleFunctions({ root, functions: ['collect'], config });
  if (bundle === undefined) throw new Error('There is no bundle of collect.');
  cpSync(dirname(bundle.file), join(directory, side), { recursive: true });
  return join(directory, side, basename(bundle.file));
}

/** Starts the function in a process. @param bundle Its file. */
function startCollector(bundle: string, endpoint: string): ChildProcess {
  return fork(join(root, 'bench', 'relay', 'collectorProcess.ts'), [bundle], {
    // Both sides write their metrics to the same place.
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: {
      ...process.env,
      AWS_ENDPOINT_URL: endpoint,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'bench',
      AWS_SECRET_ACCESS_KEY: 'bench',
      SLUICE_STAGE: 'bench',
      SLUICE_BUCKET: 'sluice-bench',
      SLUICE_STREAMS: 'sluice-bench-landing',
      SLUICE_KEYS_SECRET: 'sluice-bench-keys',
      SLUICE_HOLDS_SECRET: 'sluice-bench-holds',
      SLUICE_RELAY_QUEUE: `${endpoint}/000000000000/sluice-bench-relay`,
    },
  });
}

async function round(collector: ChildProcess, bodies: readonly Uint8Array[]): Promise<RoundCost> {
  collector.send({ bodies: bodies.map((body) => Buffer.from(body).toString('base64')) });
  const ended = new AbortController();
  const failed = once(collector, 'exit', { signal: ended.signal }).then(([code]) => {
    throw new Error(`The collector ended with ${code}.`);
  });
  try {
    const [cost]: RoundCost[] = (await Promise.race([once(collector, 'message'), failed])) as RoundCost[];
    if (cost === undefined) throw new Error('The collector sent nothing.');
    return cost;
  } finally {
    ended.abort();
    failed.catch(() => undefined);
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

async function measure(
  events: number,
  collectors: Readonly<Record<Side, ChildProcess>>,
): Promise<BenchRow[]> {
  const rounds: Record<Side, RoundCost>[] = [];
  for (let made = 0; made < WARM_UP_ROUNDS + ROUNDS; made += 1) {
    const bodies = collectBodies(events, REQUESTS_PER_ROUND, FIRST_SEED + made);
    // The order alternates, so that what else the machine does strikes both sides.
    const first: Side = made % 2 === 0 ? 'with' : 'without';
    const second: Side = first === 'with' ? 'without' : 'with';
    const costs = {
      [first]: await round(collectors[first], bodies),
      [second]: await round(collectors[second], bodies),
    } as Record<Side, RoundCost>;
    if (made >= WARM_UP_ROUNDS) rounds.push(costs);
  }
  const cpuMs = (side: Side) => median(rounds.map((costs) => costs[side].cpuUs / REQUESTS_PER_ROUND / 1_000));
  const p50 = (side: Side) => median(rounds.flatMap((costs) => costs[side].took));
  const row = (metric: string, value: number, unit: string): BenchRow => ({
    case: events === 1 ? '1 event' : `${events} events`,
    metric,
    value,
    unit,
  });
  return [
    row('cpu_without', cpuMs('without'), 'ms'),
    row('cpu_with', cpuMs('with'), 'ms'),
    row('cpu_vs_without', median(rounds.map((costs) => costs.with.cpuUs / costs.without.cpuUs)), 'ratio'),
    row('p50_without', p50('without'), 'ms'),
    row('p50_with', p50('with'), 'ms'),
    row('p50_more', p50('with') - p50('without'), 'ms'),
  ];
}

/**
 * The collector's function with `relay` against the same without it: processor time a request and the time of a request, with
 * signed calls over loopback on both sides. Requests come one after the other.
 */
const bench: Bench = {
  name: 'relay',
  async run({ at }) {
    const directory = mkdtempSync(join(tmpdir(), 'sluice-relay-'));
    const services = await startServices();
    at('bundles');
    // One after the other: both are built in the same folder.
    const without = startCollector(await bundleCollector('without', directory), services.url);
    const collectors = {
      without,
      with: startCollector(await bundleCollector('with', directory), services.url),
    };
    try {
      const rows: BenchRow[] = [];
      let requests = 0;
      for (const events of [1, 20, 100]) {
        at(`${events} events a request`);
        rows.push(...(await measure(events, collectors)));
        requests += (WARM_UP_ROUNDS + ROUNDS) * REQUESTS_PER_ROUND;
      }
      // Bodies are in one message each.
      if (services.messages() !== requests)
        throw new Error(`Of ${requests} requests, ${services.messages()} copies were kept.`);
      return rows;
    } finally {
      for (const collector of Object.values(collectors)) collector.disconnect();
      services.close();
      rmSync(directory, { recursive: true, force: true });
    }
  },
};
export default bench;

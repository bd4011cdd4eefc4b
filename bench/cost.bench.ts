import { gunzipSync } from 'node:zlib';
import { defineConfig } from '../lib/config/defineConfig.ts';
import type { EndpointKind } from '../lib/schema/endpoint.ts';
import { type MonthlyUsage, monthlyCost } from '../observe/cost/monthlyCost.ts';
import { measureSample, sampleMonth } from '../observe/cost/sampleUsage.ts';
import { FUNCTION_MEGABYTES } from '../observe/cost/stageUsage.ts';
import type { Bench, BenchRow } from './Bench.ts';
import { collectBodies } from './collect/collectBodies.ts';

const MILLION = 1_000_000;
/** Events of the bodies that are measured. */
const EVENTS = 20_000;
/** Events a month over which the cost of metrics and files is spread. */
const EVENTS_A_MONTH = 100 * MILLION;

const configOf = (kind: EndpointKind) =>
  defineConfig({
    bucket: 'bench',
    unitIds: { companyID: 'company_id' },
    experiments: ['homepage_hero', 'experiment_1', 'experiment_2'],
    endpoint: { kind },
  });
const config = configOf('http-api');
const ofUrl = configOf('function-url');

/** The parts that grow with events, except storage, in USD a million events. */
function partsPerMillion(usage: MonthlyUsage): Readonly<Record<string, number>> {
  const { parts } = monthlyCost(usage, { config, service: 'sluice', stage: 'bench' });
  const { gateway = 0, lambda = 0, logs = 0, metrics = 0, s3_requests: puts = 0 } = parts;
  const firehose = Object.entries(parts).filter(([part]) => part.startsWith('firehose_'));
  const month = {
    gateway,
    lambda,
    firehose: firehose.reduce((sum, [, usd]) => sum + usd, puts),
    logs,
    metrics,
  };
  return Object.fromEntries(
    Object.entries(month).map(([part, usd]) => [part, (usd * MILLION) / EVENTS_A_MONTH]),
  );
}

async function measure(eventsPerBody: number): Promise<BenchRow[]> {
  const bodies = collectBodies(eventsPerBody, Math.max(2, Math.round(EVENTS / eventsPerBody)), 11);
  const sample = await measureSample(
    bodies.map((body) => gunzipSync(body).toString()),
    config,
  );
  const month = (of: typeof config) => sampleMonth(sample, EVENTS_A_MONTH, of, FUNCTION_MEGABYTES.collect);
  const packed = month(config);
  const single = Object.values(sample.streams).reduce((sum, { singleBytes }) => sum + singleBytes, 0);
  const rows = (how: string, usage: MonthlyUsage): BenchRow[] => {
    const name = `${eventsPerBody} ${eventsPerBody === 1 ? 'event' : 'events'}, ${how}`;
    const parts = partsPerMillion(usage);
    const total = Object.values(parts).reduce((all, part) => all + part, 0);
    return [
      { case: name, metric: 'usd_per_million', value: total, unit: 'USD' },
      ...Object.entries(parts).map(([part, value]) => ({
        case: name,
        metric: `usd_per_million_${part}`,
        value,
        unit: 'USD',
      })),
      { case: name, metric: 'billed_ratio', value: usage.billedBytes / usage.payloadBytes, unit: 'ratio' },
    ];
  };
  return [
    ...rows('packed', packed),
    ...rows('packed, Function URL', month(ofUrl)),
    ...rows('a record each', { ...packed, billedBytes: (single * EVENTS_A_MONTH) / sample.events }),
  ];
}

/** Dollars per million events at list prices: with both endpoints, and with one record per event. */
const bench: Bench = {
  name: 'cost',
  async run() {
    const rows: BenchRow[] = [];
    for (const events of [1, 20, 100, 1000]) rows.push(...(await measure(events)));
    return rows;
  },
};
export default bench;

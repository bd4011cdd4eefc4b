import { gunzipSync } from 'node:zlib';
import { defineConfig } from '../lib/config/defineConfig.ts';
import type { ConfigInput } from '../lib/schema/config.ts';
import type { EndpointKind } from '../lib/schema/endpoint.ts';
import { type MonthlyUsage, monthlyCost, readsPerMillion } from '../observe/cost/monthlyCost.ts';
import { measureSample, sampleMonth } from '../observe/cost/sampleUsage.ts';
import { FUNCTION_MEGABYTES } from '../observe/cost/stageUsage.ts';
import { collectBodies } from './collect/collectBodies.ts';
import type { Bench, BenchRow } from './run.ts';

const MILLION = 1_000_000;
/** Events of the bodies that are measured. */
const EVENTS = 20_000;
/** Events a month over which the cost of metrics and files is spread. */
const EVENTS_A_MONTH = 100 * MILLION;

const configOf = (kind: EndpointKind, more: Partial<ConfigInput> = {}) =>
  defineConfig({
    ...more,
    bucket: 'bench',
    unitIds: { companyID: 'company_id' },
    experiments: ['homepage_hero', 'experiment_1', 'experiment_2'],
    endpoint: { kind },
  });
const config = configOf('http-api');
const ofUrl = configOf('function-url');
const relayed = configOf('http-api', { relay: { statsig: true } });
/** Bytes of answers of Statsig: rules of some hundred gates, compressed, and of a large project. */
const READ_BYTES = [20_000, 200_000];

/** The parts that grow with events, except storage, in USD a million events. */
function partsPerMillion(usage: MonthlyUsage): Readonly<Record<string, number>> {
  const { parts } = monthlyCost(usage, { config, service: 'sluice', stage: 'bench' });
  const { gateway = 0, lambda = 0, logs = 0, metrics = 0, s3_requests: puts = 0 } = parts;
  const { relay_queue, relay_transfer } = parts;
  const firehose = Object.entries(parts).filter(([part]) => part.startsWith('firehose_'));
  const month = {
    gateway,
    lambda,
    firehose: firehose.reduce((sum, [, usd]) => sum + usd, puts),
    logs,
    metrics,
    ...(relay_queue === undefined ? null : { relay_queue }),
    ...(relay_transfer === undefined ? null : { relay_transfer }),
  };
  return Object.fromEntries(
    Object.entries(month).map(([part, usd]) => [part, (usd * MILLION) / EVENTS_A_MONTH]),
  );
}

async function measure(eventsPerBody: number): Promise<BenchRow[]> {
  const bodies = collectBodies(eventsPerBody, Math.max(2, Math.round(EVENTS / eventsPerBody)), 11);
  const texts = bodies.map((body) => gunzipSync(body).toString());
  const sample = await measureSample(texts, config);
  const month = (of: typeof config) => sampleMonth(sample, EVENTS_A_MONTH, of, FUNCTION_MEGABYTES);
  const withCopies = await measureSample(texts, relayed);
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
    ...rows('packed, relay', sampleMonth(withCopies, EVENTS_A_MONTH, relayed, FUNCTION_MEGABYTES)),
    ...rows('a record each', { ...packed, billedBytes: (single * EVENTS_A_MONTH) / sample.events }),
  ];
}

/** A million reads of SDKs with one address. */
function reads(): BenchRow[] {
  return READ_BYTES.flatMap((bytes) =>
    (['cached', 'fetched'] as const).flatMap((from) => {
      const name = `reads of ${bytes / 1_000} KB, ${from}`;
      const parts = Object.entries(readsPerMillion(config, bytes, from));
      const total = parts.reduce((sum, [, part]) => sum + part, 0);
      return [
        ['usd_per_million_reads', total] as const,
        ...parts.map(([part, value]) => [`usd_per_million_reads_${part}`, value] as const),
      ].map(([metric, value]) => ({ case: name, metric, value, unit: 'USD' }));
    }),
  );
}

/** Dollars per million events at list prices: with both endpoints, with relay, and with one record per event; and of reads. */
const bench: Bench = {
  name: 'cost',
  async run() {
    const rows: BenchRow[] = [];
    for (const events of [1, 20, 100, 1000]) rows.push(...(await measure(events)));
    return [...rows, ...reads()];
  },
};
export default bench;

import { gunzipSync } from 'node:zlib';
import { defineConfig } from '../lib/config/defineConfig.ts';
import type { Config, ConfigInput } from '../lib/schema/config.ts';
import type { EndpointKind } from '../lib/schema/endpoint.ts';
import { FILE_CALLS, MONTH_DAYS, OBJECT_CALLS } from '../observe/cost/landingUsage.ts';
import { monthlyCost, readsPerMillion } from '../observe/cost/monthlyCost.ts';
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

type Sample = Awaited<ReturnType<typeof measureSample>>;

/** USD of a month by part, without storage, above what the same deployment costs that gets no events. */
function partsOverIdle(sample: Sample, events: number, of: Config): Readonly<Record<string, number>> {
  const month = (count: number) => {
    const usage = sampleMonth(sample, count, of, FUNCTION_MEGABYTES);
    const { s3_storage: _, ...parts } = monthlyCost(usage, {
      config: of,
      service: 'sluice',
      stage: 'bench',
    }).parts;
    return parts;
  };
  const [idle, busy] = [new Map(Object.entries(month(0))), month(events)];
  return Object.fromEntries(
    Object.entries(busy).flatMap(([part, usd]) => {
      const more = usd - (idle.get(part) ?? 0);
      return more === 0 ? [] : [[part, more]];
    }),
  );
}

const sum = (parts: Readonly<Record<string, number>>) =>
  Object.values(parts).reduce((total, part) => total + part, 0);

async function sampleOf(eventsPerBody: number, of: Config, sdks: 'servers' | 'all' = 'all') {
  const count = Math.max(2, Math.round(EVENTS / eventsPerBody));
  const texts = collectBodies(eventsPerBody, count, 11).map((body) => gunzipSync(body).toString());
  return measureSample(
    sdks === 'all' ? texts : texts.filter((text) => !text.includes('"sdkType":"javascript-client"')),
    of,
  );
}

async function measure(eventsPerBody: number): Promise<BenchRow[]> {
  const sample = await sampleOf(eventsPerBody, config);
  const servers = await sampleOf(eventsPerBody, config, 'servers');
  const withCopies = await sampleOf(eventsPerBody, relayed);
  const rows = (how: string, of: Config, measured: Sample): BenchRow[] => {
    const name = `${eventsPerBody} ${eventsPerBody === 1 ? 'event' : 'events'}${how}`;
    const parts = partsOverIdle(measured, EVENTS_A_MONTH, of);
    const million = (usd: number) => (usd * MILLION) / EVENTS_A_MONTH;
    const { billedBytes, bytes } = measured.records;
    return [
      { case: name, metric: 'usd_per_million', value: million(sum(parts)), unit: 'USD' },
      ...Object.entries(parts).map(([part, usd]) => ({
        ...{ case: name, metric: `usd_per_million_${part}`, value: million(usd), unit: 'USD' },
      })),
      { case: name, metric: 'billed_ratio', value: billedBytes / bytes, unit: 'ratio' },
    ];
  };
  return [
    ...rows(', servers', config, servers),
    ...rows('', config, sample),
    ...rows(', Function URL', ofUrl, sample),
    ...rows(', relay', relayed, withCopies),
  ];
}

/** A deployment without events, and one that gets a request a minute. */
async function quiet(): Promise<BenchRow[]> {
  const sample = await sampleOf(20, config, 'servers');
  const idle = monthlyCost(sampleMonth(sample, 0, config, FUNCTION_MEGABYTES), {
    ...{ config, service: 'sluice', stage: 'bench' },
  });
  const minutes = MONTH_DAYS * 24 * 60;
  const more = sum(partsOverIdle(sample, minutes * 20, config));
  return [
    { case: 'no requests', metric: 'usd_per_month', value: idle.usdPerMonth, unit: 'USD' },
    { case: 'a request a minute', metric: 'usd_per_month_more', value: more, unit: 'USD' },
  ];
}

/** Objects, files and PUTs a day. */
async function files(): Promise<BenchRow[]> {
  const sample = await sampleOf(20, config);
  return [1, 100, 5_000].flatMap((rate) => {
    const { landing } = sampleMonth(sample, rate * 86_400 * MONTH_DAYS, config, FUNCTION_MEGABYTES);
    const { objects = 0, files = 0 } = landing ?? {};
    const name = `${rate} events a second`;
    return [
      { case: name, metric: 'files_a_day', value: files / MONTH_DAYS, unit: '1' },
      {
        ...{ case: name, metric: 'puts_a_day', unit: '1' },
        value: (objects * OBJECT_CALLS.puts + files * FILE_CALLS.puts) / MONTH_DAYS,
      },
    ];
  });
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

/**
 * Dollars per million events at list prices, without the cost of a deployment without events: for requests of servers,
 * for bodies of which half come from browsers, with both endpoints and with relay. Also for quiet deployments and for
 * reads; and the number of files.
 */
const bench: Bench = {
  name: 'cost',
  async run({ at }) {
    const rows: BenchRow[] = [];
    for (const events of [1, 20, 100, 1000]) {
      at(`${events} events a body`);
      rows.push(...(await measure(events)));
    }
    at('quiet deployments, files, reads');
    return [...rows, ...(await quiet()), ...(await files()), ...reads()];
  },
};
export default bench;

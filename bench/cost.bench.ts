import { performance } from 'node:perf_hooks';
import { type RequestOutcome, requestMetrics } from '../lib/collect/collectMetrics.ts';
import { billedBytes, packDocuments } from '../lib/landing/delivery/packDocuments.ts';
import { HTTP_API_STEP_BYTES, LOG_LINE_OVERHEAD_BYTES, prices } from '../observe/prices.ts';
import type { Bench, BenchRow } from './Bench.ts';
import { collectBodies, collectorFor } from './collect/collectBodies.ts';

const MILLION = 1_000_000;
/** Events of the bodies that are measured. */
const EVENTS = 20_000;
/** Events a month over which the cost of the collector's metrics is spread. */
const EVENTS_A_MONTH = 100 * MILLION;
/** Objects of a month: both streams deliver every 5 minutes (`buffering`). */
const OBJECTS_A_MONTH = 2 * 12 * 24 * 30;
/** Custom metrics of the collector: names times dimensions (docs/metrics.md), without rare reasons. */
const METRICS = 24;
/** `memorySize` of the collector in serverless.yml, in GB. */
const MEMORY_GB = 1;
/**
 * Milliseconds that an invocation waits for Firehose's response. This is an assumption about a call within a region; the
 * rest is measured. Both streams are called at the same time.
 */
const FIREHOSE_MS = 15;
/** Lambda's own START, END and REPORT lines of an invocation, bytes. */
const PLATFORM_LOG_BYTES = 330;

const collect = collectorFor();

interface Usage {
  readonly requestSteps: number;
  readonly cpuMs: number;
  readonly payloadBytes: number;
  /** Bytes as billed: with many events per record, and with one record per event. */
  readonly packedBytes: number;
  readonly singleBytes: number;
  readonly logBytes: number;
}

function use(body: Uint8Array): Usage {
  const start = performance.now();
  const { documents, events, duplicates, clockSkewMs } = collect(body);
  const kinds = [documents.exposures, documents.events];
  const packed = kinds.map((list) => packDocuments(list).records.map(({ data }) => data.length));
  const cpuMs = performance.now() - start;
  const singles = kinds.flat().map((document) => Buffer.byteLength(document));
  const sum = (sizes: readonly number[]) => sizes.reduce((all, size) => all + size, 0);
  const outcome: RequestOutcome = {
    stage: 'prod',
    timestamp: 0,
    latencyMs: FIREHOSE_MS,
    received: events,
    duplicates,
    clockSkewMs,
    refusedAs: null,
    refused: {},
    ignored: {},
    streams: kinds.map((list, i) => ({
      table: ['exposures', 'events'][i] ?? '',
      landed: list.length,
      overflowed: 0,
      retried: 0,
      payloadBytes: sum(packed[i] ?? []),
      billedBytes: sum((packed[i] ?? []).map(billedBytes)),
    })),
  };
  const lines = requestMetrics(outcome).map((line) => JSON.stringify(line).length + LOG_LINE_OVERHEAD_BYTES);
  return {
    requestSteps: Math.ceil(body.length / HTTP_API_STEP_BYTES),
    cpuMs,
    payloadBytes: sum(packed.flat()),
    packedBytes: sum(packed.flat().map(billedBytes)),
    singleBytes: sum(singles.map(billedBytes)),
    logBytes: sum(lines) + PLATFORM_LOG_BYTES,
  };
}

function measure(eventsPerBody: number): BenchRow[] {
  const bodies = collectBodies(eventsPerBody, Math.max(2, Math.round(EVENTS / eventsPerBody)), 11);
  for (const body of bodies.slice(0, 2_000)) use(body); // Compiled and warm, as in a Lambda function in use.
  const usages = bodies.map(use);
  const sum = (of: (usage: Usage) => number) => usages.reduce((all, usage) => all + of(usage), 0);
  const millions = (bodies.length * eventsPerBody) / MILLION;
  const monthPart = (millions * MILLION) / EVENTS_A_MONTH;
  const payload = sum(({ payloadBytes }) => payloadBytes);
  const rows = (how: string, billed: number): BenchRow[] => {
    const name = `${eventsPerBody} ${eventsPerBody === 1 ? 'event' : 'events'}, ${how}`;
    const parts = {
      gateway: sum(({ requestSteps }) => requestSteps) * prices.httpApiRequest.usd,
      lambda:
        bodies.length * prices.lambdaRequest.usd +
        (sum(({ cpuMs }) => Math.ceil(cpuMs + FIREHOSE_MS)) / 1_000) * MEMORY_GB * prices.lambdaGbSecond.usd,
      firehose:
        billed * (prices.firehoseByte.usd + prices.conversionByte.usd) +
        payload * prices.partitioningByte.usd +
        OBJECTS_A_MONTH * (prices.partitionedObject.usd + prices.s3Put.usd) * monthPart,
      logs: sum(({ logBytes }) => logBytes) * prices.logByte.usd,
      metrics: METRICS * prices.metricMonth.usd * monthPart,
    };
    const total = Object.values(parts).reduce((all, part) => all + part, 0);
    return [
      { case: name, metric: 'usd_per_million', value: total / millions, unit: 'USD' },
      ...Object.entries(parts).map(([part, usd]) => ({
        case: name,
        metric: `usd_per_million_${part}`,
        value: usd / millions,
        unit: 'USD',
      })),
      { case: name, metric: 'billed_ratio', value: billed / payload, unit: 'ratio' },
    ];
  };
  return [
    ...rows(
      'packed',
      sum(({ packedBytes }) => packedBytes),
    ),
    ...rows(
      'a record each',
      sum(({ singleBytes }) => singleBytes),
    ),
  ];
}

/** Dollars per million events at list prices, with packed records and with one record per event. */
const bench: Bench = {
  name: 'cost',
  run: async () => [1, 20, 100, 1000].flatMap(measure),
};
export default bench;

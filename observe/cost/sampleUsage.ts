import { performance } from 'node:perf_hooks';
import { gunzipSync } from 'node:zlib';
import * as z from 'zod';
import { defineErrorFamily } from '../../lib/base/errors.ts';
import { isJsonObject, parseJson } from '../../lib/base/json.ts';
import { DAY_MS } from '../../lib/base/time.ts';
import { collectMetrics } from '../../lib/collect/collectMetrics.ts';
import { collectRequest } from '../../lib/collect/collectRequest.ts';
import { billedBytes } from '../../lib/landing/delivery/packDocuments.ts';
import type { Config } from '../../lib/schema/config.ts';
import { hasGateway } from '../../lib/schema/endpoint.ts';
import { type TableKind, tableKinds } from '../../lib/schema/kinds.ts';
import { streamsInRotation } from '../../lib/tables/streams.ts';
import type { HttpRequest } from '../../lib/wire/sdkRequest.ts';
import { HTTP_API_STEP_BYTES, LOG_LINE_OVERHEAD_BYTES } from '../prices.ts';
import { MONTH_DAYS, type MonthlyUsage } from './monthlyCost.ts';
import { offlineCollector } from './offlineCollector.ts';
import { RELAY_METRICS, RelayCounter, type RelaySample, relayMonth } from './relayUsage.ts';

/** Errors of samples of bodies. */
export const SampleError = defineErrorFamily('user', {
  SLUICE_COST_SAMPLE_INVALID: {
    cause: 'The sample is not a file of bodies as SDKs send them.',
    cure: 'Write one JSON body, or one on each line; the file may be compressed with gzip. A body is an object with the list `events`.',
  },
  SLUICE_COST_SAMPLE_TOO_LARGE: {
    cause: 'The sample is too large.',
    cure: 'Use a part of it: some thousand bodies are enough.',
  },
  SLUICE_COST_SAMPLE_NO_EVENTS: {
    cause: 'The collector accepts no event of the sample.',
    cure: 'Use bodies that SDKs send to the log endpoint: docs/answers.md says what is accepted.',
  },
});

/** Bytes that a sample may have, decompressed. */
const MOST_BYTES = 256 * 1024 * 1024;

/**
 * Reads a sample: one JSON body, or one on each line (NDJSON), as they are or compressed with gzip.
 *
 * @returns The text of each body.
 * @throws SampleError
 */
export function readSample(file: Uint8Array): readonly string[] {
  const isGzip = file[0] === 0x1f && file[1] === 0x8b;
  const bytes = isGzip ? inflate(file) : file;
  if (bytes.length > MOST_BYTES)
    throw new SampleError('SLUICE_COST_SAMPLE_TOO_LARGE', `${bytes.length} bytes of ${MOST_BYTES}.`);
  const text = new TextDecoder().decode(bytes).trim();
  if (isBody(parseJson(text))) return [text];
  const lines = text.split('\n').map((line) => line.trim());
  const bodies = lines.flatMap((line, i) => {
    if (line === '') return [];
    if (isBody(parseJson(line))) return [line];
    throw new SampleError(
      'SLUICE_COST_SAMPLE_INVALID',
      lines.length === 1 ? '' : `Line ${i + 1} is no such body.`,
    );
  });
  if (bodies.length === 0) throw new SampleError('SLUICE_COST_SAMPLE_INVALID', 'It is empty.');
  return bodies;
}

function inflate(file: Uint8Array): Uint8Array {
  try {
    return gunzipSync(file, { maxOutputLength: MOST_BYTES });
  } catch (error) {
    if (error instanceof RangeError)
      throw new SampleError('SLUICE_COST_SAMPLE_TOO_LARGE', '', { cause: error });
    throw new SampleError('SLUICE_COST_SAMPLE_INVALID', 'It is broken gzip.', { cause: error });
  }
}

function isBody(value: unknown): boolean {
  return isJsonObject(value) && (Array.isArray(value['events']) || Array.isArray(value['exposures']));
}

/** Rows of one stream. */
interface StreamUsage {
  /** Requests that have rows for it. */
  readonly requests: number;
  readonly payloadBytes: number;
  readonly billedBytes: number;
  /** The same if every row were a record of its own. */
  readonly singleBytes: number;
}

/** What the collector does with the requests of a sample. */
export interface SampleUsage {
  readonly requests: number;
  /** With the preflights of browsers: js-client's headers ask for one before each batch, as the address has the time in it. */
  readonly gatewayUnits: number;
  /** Events that it accepts, whether or not the configuration lands them. */
  readonly events: number;
  /** Requests that it refuses, by code. */
  readonly refused: Readonly<Record<string, number>>;
  readonly streams: Readonly<Record<TableKind, StreamUsage>>;
  /** Bytes in the collector's log, those of sampled lines by their share. */
  readonly logBytes: number;
  /** Custom metrics. */
  readonly metrics: number;
  /** Copies for relay: none without `relay`. */
  readonly relay: RelaySample;
  /** CPU time of a request on this machine, milliseconds. */
  readonly cpuMs: number;
}

/** Time that a request has, milliseconds. */
const NO_LIMIT_MS = 600_000;

/** Time for which requests are processed before CPU time is measured, so that the code is compiled, and measured then. */
const WARM_UP_MS = 400;
const MEASURE_MS = 200;

/**
 * Sends each body as one request through the collector of a configuration, without AWS.
 *
 * @throws SampleError when no event is accepted.
 */
export async function measureSample(bodies: readonly string[], config: Config): Promise<SampleUsage> {
  const counted = new SampleCounter(config);
  for (const body of bodies) await counted.send(body);
  const cpuMs = await measureCpu(bodies, config);
  const usage = { ...counted.usage(), cpuMs };
  if (usage.events === 0) {
    const codes = Object.keys(usage.refused).join(', ');
    throw new SampleError('SLUICE_COST_SAMPLE_NO_EVENTS', codes === '' ? '' : `It answers ${codes}.`);
  }
  return usage;
}

/** Wall time is CPU time here: nothing waits. */
async function measureCpu(bodies: readonly string[], config: Config): Promise<number> {
  const lines: string[] = [];
  const collector = offlineCollector(config, {
    putRecords: () => {},
    // Written as in the function, and thrown away.
    writeMetrics: (line) => {
      lines[0] = JSON.stringify(line);
    },
  });
  const run = async (ms: number) => {
    const start = performance.now();
    let requests = 0;
    while (performance.now() - start < ms) {
      await collectRequest(httpRequest(bodies[requests % bodies.length] ?? ''), collector, noDeadline());
      requests += 1;
    }
    return (performance.now() - start) / requests;
  };
  await run(WARM_UP_MS);
  return run(MEASURE_MS);
}

function httpRequest(body: string): HttpRequest {
  return {
    rawPath: '/v1/rgstr',
    rawQueryString: '',
    headers: { 'statsig-api-key': 'client-sample' },
    // Its length is that of the gateway's, because a line of the log has it.
    requestContext: { http: { method: 'POST' }, requestId: 'JKJaXmPLvHcESHA=' },
    isBase64Encoded: true,
    body: Buffer.from(body).toString('base64'),
  };
}

/** Nothing is refused because this machine is slow. */
function noDeadline(): number {
  return Date.now() + NO_LIMIT_MS;
}

/** The part of an EMF line that names its metrics. */
const emfSchema = z.looseObject({
  _aws: z.object({
    CloudWatchMetrics: z.tuple([
      z.object({
        Dimensions: z.tuple([z.array(z.string())]),
        Metrics: z.array(z.object({ Name: z.string() })),
      }),
    ]),
  }),
});

/** Counts what requests use. */
class SampleCounter {
  readonly #config: Config;
  readonly #collector: ReturnType<typeof offlineCollector>;
  readonly #streams = new Map<TableKind, StreamUsage>();
  readonly #metrics = new Set<string>();
  readonly #refused = new Map<string, number>();
  readonly #relay = new RelayCounter();
  #requests = 0;
  #gatewayUnits = 0;
  #events = 0;
  #logBytes = 0;
  /** Events and success of the request that is being processed. */
  #received = 0;
  #isSuccess = false;

  constructor(config: Config) {
    this.#config = config;
    this.#collector = offlineCollector(config, {
      putRecords: (kind, records) => this.#addRecords(kind, records),
      keepCopy: (text) => this.#relay.add(text),
      log: (fields) => {
        const share = this.#isSuccess ? this.#config.logs.successes : 1;
        this.#logBytes += share * lineBytes(fields);
      },
      logSuccess: () => {
        this.#isSuccess = true;
        return true;
      },
      writeMetrics: (line) => this.#addMetrics(line),
    });
  }

  async send(body: string): Promise<void> {
    this.#isSuccess = false;
    this.#received = 0;
    this.#requests += 1;
    this.#gatewayUnits += Math.max(1, Math.ceil(Buffer.byteLength(body) / HTTP_API_STEP_BYTES));
    if (isFromBrowser(body)) this.#gatewayUnits += 1;
    const answer = await collectRequest(httpRequest(body), this.#collector, noDeadline());
    if (answer.status < 400) {
      this.#events += this.#received;
      return;
    }
    const reply = parseJson(answer.body);
    const code = isJsonObject(reply) ? String(reply['code']) : String(answer.status);
    this.#refused.set(code, (this.#refused.get(code) ?? 0) + 1);
  }

  #addRecords(kind: TableKind, records: readonly Uint8Array[]): void {
    const known = this.#streams.get(kind) ?? NO_ROWS;
    const singles = records.flatMap((record) => Buffer.from(record).toString().split('\n'));
    this.#streams.set(kind, {
      requests: known.requests + 1,
      payloadBytes: known.payloadBytes + sum(records, ({ length }) => length),
      billedBytes: known.billedBytes + sum(records, ({ length }) => billedBytes(length)),
      singleBytes: known.singleBytes + sum(singles, (row) => billedBytes(Buffer.byteLength(row))),
    });
  }

  /** An EMF line: names of metrics, names of dimensions, and their values as members. */
  #addMetrics(line: Readonly<Record<string, unknown>>): void {
    this.#logBytes += lineBytes(line);
    const { _aws: directive, ...members } = emfSchema.parse(line);
    const [{ Dimensions, Metrics }] = directive.CloudWatchMetrics;
    const [dimensions] = Dimensions;
    const values = dimensions.map((name) => String(members[name])).join(' ');
    for (const { Name } of Metrics) {
      this.#metrics.add(`${Name} ${values}`);
      if (Name === collectMetrics.received.name) this.#received = Number(members[Name]);
    }
  }

  usage(): Omit<SampleUsage, 'cpuMs'> {
    const rows = (kind: TableKind) => this.#streams.get(kind) ?? NO_ROWS;
    return {
      requests: this.#requests,
      gatewayUnits: this.#gatewayUnits,
      events: this.#events,
      refused: Object.fromEntries(this.#refused),
      streams: { exposures: rows('exposures'), events: rows('events'), quarantine: rows('quarantine') },
      logBytes: this.#logBytes,
      metrics: this.#metrics.size,
      relay: this.#relay.sample,
    };
  }
}

/** SDKs that run in browsers, where headers of theirs ask for a preflight. */
const BROWSERS: ReadonlySet<string> = new Set([
  ...['javascript-client', 'javascript-client-react', 'javascript-client-angular'],
  ...['js-client', 'js-on-device-eval-client', 'react-client'],
]);

/** By the SDK that the body names. */
function isFromBrowser(body: string): boolean {
  const batch = parseJson(body);
  const metadata = isJsonObject(batch) ? batch['statsigMetadata'] : undefined;
  return isJsonObject(metadata) && BROWSERS.has(String(metadata['sdkType']));
}

const NO_ROWS: StreamUsage = { requests: 0, payloadBytes: 0, billedBytes: 0, singleBytes: 0 };

function lineBytes(fields: Readonly<Record<string, unknown>>): number {
  return Buffer.byteLength(JSON.stringify(fields)) + LOG_LINE_OVERHEAD_BYTES;
}

/** Megabytes of memory with which a function has one whole CPU: https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html */
const CPU_MEGABYTES = 1_769;

/**
 * Milliseconds that an invocation waits for Firehose's response. This is an assumption about a call within a region; the
 * rest is measured. The streams are called at the same time.
 */
const FIREHOSE_MS = 15;

/** Custom metrics of a collector in regular use: docs/metrics.md. A sample may lack some. */
const REGULAR_METRICS = 3;
/**
 * Metrics of other functions while nothing is wrong: parked objects (infra/alarms/loggedMetrics.ts), and, in one hour of a
 * day, streams that are held and the age of the oldest record of each of three.
 */
const LOGGED_METRICS = 1 + 4 / 24;
/** Metrics of curate-plan, written in four hours of a day while nothing is wrong: functions/curate-plan/planMessages.ts. */
const CURATE_METRICS = (5 * 4) / 24;

/**
 * Bytes of Parquet for each byte of JSON. Snappy files of 200,000 rows that the benchmarks' bodies make have 0.06 (100
 * events a request) to 0.15 (one event).
 */
const PARQUET_SHARE = 0.15;

/** Bytes of a line of the gateway's access log (infra/endpoint/endpoint.ts), with CloudWatch's own. */
const ACCESS_LINE_BYTES = 200 + LOG_LINE_OVERHEAD_BYTES;

function accessLogBytes({ requests }: SampleUsage, { endpoint }: Config): number {
  return endpoint.accessLogDays === null ? 0 : requests * ACCESS_LINE_BYTES;
}

/**
 * The usage of a month whose requests are like those of a sample. Of two endpoints it counts the gateway, which costs more.
 *
 * @param events Events of the month.
 * @param memoryMegabytes Of the functions.
 */
export function sampleMonth(
  sample: SampleUsage,
  events: number,
  config: Config,
  memoryMegabytes: { readonly collect: number; readonly relay: number },
): MonthlyUsage {
  const factor = events / sample.events;
  const relay =
    config.relay === undefined ? null : relayMonth(sample.relay, factor, config.relay.concurrency);
  const streams = Object.values(sample.streams);
  const payloadBytes = sum(streams, (stream) => stream.payloadBytes) * factor;
  const seconds = (FIREHOSE_MS + (sample.cpuMs * CPU_MEGABYTES) / memoryMegabytes.collect) / 1_000;
  return {
    events,
    requests: sample.requests * factor,
    gatewayUnits: hasGateway(config.endpoint) ? sample.gatewayUnits * factor : 0,
    invocations: sample.requests * factor + (relay?.invocations ?? 0),
    gigabyteSeconds:
      sample.requests * factor * seconds * (memoryMegabytes.collect / 1_024) +
      (relay?.seconds ?? 0) * (memoryMegabytes.relay / 1_024),
    payloadBytes,
    billedBytes: sum(streams, (stream) => stream.billedBytes) * factor,
    objects: sum(tableKinds, (kind) => monthlyObjects(kind, sample.streams[kind], factor, config)),
    jqHours: null,
    storedBytes: payloadBytes * PARQUET_SHARE,
    logBytes: (sample.logBytes + accessLogBytes(sample, config)) * factor + (relay?.logBytes ?? 0),
    metrics:
      Math.max(sample.metrics, REGULAR_METRICS) +
      LOGGED_METRICS +
      (config.curate ? CURATE_METRICS : 0) +
      (relay === null ? 0 : RELAY_METRICS),
    athenaBytes: null,
    relay: relay?.usage ?? null,
  };
}

/**
 * Files of a table: one of each of its streams for each interval in which rows arrive, or more where the size decides.
 * Requests are taken to arrive evenly, and rows to be of one day.
 */
function monthlyObjects(
  kind: TableKind,
  { requests, payloadBytes }: StreamUsage,
  factor: number,
  config: Config,
): number {
  const { seconds, megabytes } = config.buffering;
  const intervals = (streamsInRotation(config, kind).length * (MONTH_DAYS * DAY_MS)) / 1_000 / seconds;
  const used = Math.min(intervals, requests * factor);
  return Math.max(used, (payloadBytes * factor) / (megabytes * 2 ** 20));
}

function sum<Item>(items: readonly Item[], value: (item: Item) => number): number {
  return items.reduce((total, item) => total + value(item), 0);
}

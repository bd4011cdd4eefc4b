import { gunzipSync } from 'node:zlib';
import * as z from 'zod';
import { defineErrorFamily } from '../../lib/base/errors.ts';
import { isJsonObject, parseJson } from '../../lib/base/json.ts';
import { collectRequest } from '../../lib/collect/answer.ts';
import { collectMetrics } from '../../lib/collect/collectMetrics.ts';
import { readRecords } from '../../lib/landing/frames/readLanded.ts';
import type { Config } from '../../lib/schema/config.ts';
import { BILLED_STEP_BYTES } from '../../lib/schema/deliveryLimits.ts';
import { hasGateway } from '../../lib/schema/endpoint.ts';
import type { TableKind } from '../../lib/schema/kinds.ts';
import type { HttpRequest } from '../../lib/wire/sdkRequest.ts';
import { HTTP_API_STEP_BYTES, LOG_LINE_OVERHEAD_BYTES } from '../prices.ts';
import {
  functionLogBytes,
  landingUsage,
  MONTH_DAYS,
  smallFunctionsMonth,
  writerMonth,
} from './landingUsage.ts';
import type { MonthlyUsage } from './monthlyCost.ts';
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
      lines.length === 1 ? '' : `Line ${i + 1} is not such a body.`,
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

/** Rows of one table. */
interface TableUsage {
  /** Requests that have rows for it. */
  readonly requests: number;
  /** Bytes of rows as JSON. */
  readonly bytes: number;
}

/** The collector's work for the requests of a sample. */
export interface SampleUsage {
  readonly requests: number;
  /** With the preflights of browsers: js-client's headers ask for one before each batch, as the address has the time in it. */
  readonly gatewayUnits: number;
  /** Events that it accepts, whether or not the configuration lands them. */
  readonly events: number;
  /** Requests that it refuses, by code. */
  readonly refused: Readonly<Record<string, number>>;
  /** Records of requests: how many, their bytes, and these as Firehose bills them. */
  readonly records: { readonly count: number; readonly bytes: number; readonly billedBytes: number };
  readonly tables: Readonly<Record<TableKind, TableUsage>>;
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

/** By the time of this process, as other processes of the machine may be busy. */
async function measureCpu(bodies: readonly string[], config: Config): Promise<number> {
  const lines: string[] = [];
  const collector = offlineCollector(config, {
    putRecord: () => {},
    // Written as in the function, and thrown away.
    writeMetrics: (line) => {
      lines[0] = JSON.stringify(line);
    },
  });
  const run = async (ms: number) => {
    const start = process.cpuUsage();
    const spent = () => {
      const { user, system } = process.cpuUsage(start);
      return (user + system) / 1_000;
    };
    let requests = 0;
    while (spent() < ms) {
      await collectRequest(httpRequest(bodies[requests % bodies.length] ?? ''), collector, noDeadline());
      requests += 1;
    }
    return spent() / requests;
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
  readonly #tables = new Map<TableKind, TableUsage>();
  readonly #metrics = new Set<string>();
  readonly #refused = new Map<string, number>();
  readonly #relay = new RelayCounter();
  #requests = 0;
  #gatewayUnits = 0;
  #events = 0;
  #records = { count: 0, bytes: 0, billedBytes: 0 };
  #logBytes = 0;
  /** Events and success of the request that is being processed. */
  #received = 0;
  #isSuccess = false;

  constructor(config: Config) {
    this.#config = config;
    this.#collector = offlineCollector(config, {
      putRecord: (record) => this.#addRecord(record),
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

  #addRecord(record: Uint8Array): void {
    const { count, bytes, billedBytes: billed } = this.#records;
    this.#records = {
      count: count + 1,
      bytes: bytes + record.length,
      billedBytes: billed + Math.ceil(record.length / BILLED_STEP_BYTES) * BILLED_STEP_BYTES,
    };
    for (const frame of readRecords(record).records.flatMap(({ frames }) => frames)) {
      const known = this.#tables.get(frame.table) ?? NO_ROWS;
      this.#tables.set(frame.table, { requests: known.requests + 1, bytes: known.bytes + frame.decoded });
    }
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
    const rows = (kind: TableKind) => this.#tables.get(kind) ?? NO_ROWS;
    return {
      requests: this.#requests,
      gatewayUnits: this.#gatewayUnits,
      events: this.#events,
      refused: Object.fromEntries(this.#refused),
      records: this.#records,
      tables: { exposures: rows('exposures'), events: rows('events'), quarantine: rows('quarantine') },
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

const NO_ROWS: TableUsage = { requests: 0, bytes: 0 };

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
 * day, streams that are held and the age of the oldest record of each.
 */
const loggedMetrics = ({ streams }: Pick<Config, 'streams'>) => 1 + (1 + streams) / 24;
/** Metrics of curate-plan, written in four hours of a day while nothing is wrong: functions/curate-plan/planMessages.ts. */
const CURATE_METRICS = (5 * 4) / 24;

/**
 * Bytes of Parquet for each byte of JSON. Files of 500,000 rows that `npm run bench -- land` makes have 0.07, and files of some
 * hundred rows 0.15.
 */
const PARQUET_SHARE = 0.1;

/** Bytes of a line of the gateway's access log (infra/endpoint/endpoint.ts), with CloudWatch's own. */
const ACCESS_LINE_BYTES = 200 + LOG_LINE_OVERHEAD_BYTES;

function accessLogBytes({ requests }: SampleUsage, { endpoint }: Config): number {
  return endpoint.accessLogDays === null ? 0 : requests * ACCESS_LINE_BYTES;
}

/**
 * The usage of a month whose requests are like those of a sample. Of two endpoints it counts the gateway, which costs more.
 *
 * @param events Events of the month. 0 is a deployment that gets none.
 * @param memoryMegabytes Of the functions.
 */
export function sampleMonth(
  sample: SampleUsage,
  events: number,
  config: Config,
  memoryMegabytes: { readonly collect: number; readonly relay: number; readonly write: number },
): MonthlyUsage {
  const factor = events / sample.events;
  const requests = sample.requests * factor;
  const relay =
    config.relay === undefined ? null : relayMonth(sample.relay, factor, config.relay.concurrency);
  const bytes = sum(Object.values(sample.tables), (table) => table.bytes) * factor;
  const records = sample.records.count * factor;
  const recordBytes = sample.records.bytes * factor;
  const tables = Object.values(sample.tables).map((table) => ({
    requests: table.requests * factor,
    bytes: table.bytes * factor,
  }));
  const landing = landingUsage({ requests: records, recordBytes, tables }, MONTH_DAYS, config);
  const write = writerMonth(landing, { requests: records, bytes }, memoryMegabytes.write / 1_024);
  const small = smallFunctionsMonth(landing);
  const seconds = (FIREHOSE_MS + (sample.cpuMs * CPU_MEGABYTES) / memoryMegabytes.collect) / 1_000;
  return {
    events,
    requests,
    gatewayUnits: hasGateway(config.endpoint) ? sample.gatewayUnits * factor : 0,
    invocations: requests + small.invocations + (relay?.invocations ?? 0),
    gigabyteSeconds:
      requests * seconds * (memoryMegabytes.collect / 1_024) +
      small.gigabyteSeconds +
      (relay?.seconds ?? 0) * (memoryMegabytes.relay / 1_024),
    write,
    recordBytes,
    billedBytes: sample.records.billedBytes * factor,
    landing,
    // Objects of the landing stay as versions when they are deleted.
    storedBytes: bytes * PARQUET_SHARE + (recordBytes * config.retention.landingVersionDays) / MONTH_DAYS,
    logBytes:
      (sample.logBytes + accessLogBytes(sample, config)) * factor +
      functionLogBytes(write, small) +
      (relay?.logBytes ?? 0),
    metrics:
      (events === 0 ? 0 : Math.max(sample.metrics, REGULAR_METRICS)) +
      loggedMetrics(config) +
      (config.curate ? CURATE_METRICS : 0) +
      (relay === null ? 0 : RELAY_METRICS),
    athenaBytes: null,
    relay: relay?.usage ?? null,
  };
}

function sum<Item>(items: readonly Item[], value: (item: Item) => number): number {
  return items.reduce((total, item) => total + value(item), 0);
}

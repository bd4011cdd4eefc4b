import { gunzipSync, gzipSync } from 'node:zlib';
import { defineErrorFamily } from '../../lib/base/errors.ts';
import { isJsonObject, parseJson } from '../../lib/base/json.ts';
import type { Config } from '../../lib/schema/config.ts';
import { BILLED_STEP_BYTES } from '../../lib/schema/deliveryLimits.ts';
import { hasGateway } from '../../lib/schema/endpoint.ts';
import { HTTP_API_STEP_BYTES, LOG_LINE_OVERHEAD_BYTES } from '../prices.ts';
import { functionLogBytes, landingUsage, MONTH_DAYS, registerMonth, writerMonth } from './landingUsage.ts';
import type { MonthlyUsage } from './monthlyCost.ts';

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
    cause: 'The sample has no event.',
    cure: 'Use bodies that SDKs send to the log endpoint.',
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

/** What the bodies of a sample are, each sent as one request. */
export interface SampleUsage {
  readonly requests: number;
  /** With the preflights of browsers: js-client's headers ask for one before each batch, as the address has the time in it. */
  readonly gatewayUnits: number;
  readonly events: number;
  /** Bytes of their rows as JSON, of the records with these, and of the records as Firehose bills them. */
  readonly rowBytes: number;
  readonly recordBytes: number;
  readonly billedBytes: number;
}

/**
 * Bytes of rows for each byte of a body, as each row repeats what a batch says once, and of a record for each byte of a body that
 * is compressed with gzip, as most SDKs do. Assumptions: figures of the benchmark's bodies.
 */
const ROW_SHARE = 1.5;
const RECORD_SHARE = 1.2;

/**
 * Measures the bodies of a sample, without asking what the collector makes of them.
 *
 * @throws SampleError when they have no events.
 */
export function measureSample(bodies: readonly string[]): SampleUsage {
  const measured = bodies.map((body) => {
    const bytes = Buffer.byteLength(body);
    const record = gzipSync(body).length * RECORD_SHARE;
    const { events, isFromBrowser } = readBody(body);
    return {
      events,
      gatewayUnits: Math.max(1, Math.ceil(bytes / HTTP_API_STEP_BYTES)) + (isFromBrowser ? 1 : 0),
      rowBytes: bytes * ROW_SHARE,
      recordBytes: record,
      billedBytes: Math.ceil(record / BILLED_STEP_BYTES) * BILLED_STEP_BYTES,
    };
  });
  const total = (name: keyof (typeof measured)[number]) => sum(measured, (one) => one[name]);
  if (total('events') === 0) throw new SampleError('SLUICE_COST_SAMPLE_NO_EVENTS');
  return {
    requests: bodies.length,
    gatewayUnits: total('gatewayUnits'),
    events: total('events'),
    rowBytes: total('rowBytes'),
    recordBytes: total('recordBytes'),
    billedBytes: total('billedBytes'),
  };
}

/** SDKs that run in browsers, where headers of theirs ask for a preflight. */
const BROWSERS: ReadonlySet<string> = new Set([
  ...['javascript-client', 'javascript-client-react', 'javascript-client-angular'],
  ...['js-client', 'js-on-device-eval-client', 'react-client'],
]);

/** Events of a body, and whether a browser sends it, by the SDK that it names. */
function readBody(body: string): { readonly events: number; readonly isFromBrowser: boolean } {
  const batch = parseJson(body);
  if (!isJsonObject(batch)) return { events: 0, isFromBrowser: false };
  const metadata = batch['statsigMetadata'];
  const lists = [batch['events'], batch['exposures']];
  return {
    events: sum(lists, (list) => (Array.isArray(list) ? list.length : 0)),
    isFromBrowser: isJsonObject(metadata) && BROWSERS.has(String(metadata['sdkType'])),
  };
}

/**
 * Milliseconds of the collector for a request, in which it mostly waits for Firehose, and for an event of it. Assumptions, of
 * 1,024 MB.
 */
const REQUEST_MS = 17;
const EVENT_MS = 0.1;
/** Bytes of the line with a request's metrics, and of its own line, which only a share of the requests has. */
const METRICS_LINE_BYTES = 330;
const LOG_LINE_BYTES = 500;

/** Custom metrics of a collector in regular use: docs/metrics.md. */
const REGULAR_METRICS = 3;
/** Metrics of curate-plan, written in four hours of a day while nothing is wrong: functions/curate-plan/planMessages.ts. */
const CURATE_METRICS = (5 * 4) / 24;

/**
 * Bytes of Parquet for each byte of JSON. Files of 500,000 rows that `npm run bench -- land` makes have 0.07, and files of some
 * hundred rows 0.15.
 */
const PARQUET_SHARE = 0.1;

/** Bytes of a line of the gateway's access log (infra/endpoint/endpoint.ts), with CloudWatch's own. */
const ACCESS_LINE_BYTES = 200 + LOG_LINE_OVERHEAD_BYTES;

/** Bytes of the lines of a request. */
function lineBytes({ endpoint, logs }: Config): number {
  return (
    METRICS_LINE_BYTES +
    logs.successes * LOG_LINE_BYTES +
    (endpoint.accessLogDays === null ? 0 : ACCESS_LINE_BYTES)
  );
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
  memoryMegabytes: { readonly collect: number; readonly write: number },
): MonthlyUsage {
  const factor = events / sample.events;
  const requests = sample.requests * factor;
  const bytes = sample.rowBytes * factor;
  const recordBytes = sample.recordBytes * factor;
  const landing = landingUsage({ requests, recordBytes, rowBytes: bytes }, MONTH_DAYS, config);
  const write = writerMonth(landing, { requests, bytes }, memoryMegabytes.write / 1_024);
  const small = registerMonth(landing);
  const seconds = (requests * REQUEST_MS + events * EVENT_MS) / 1_000;
  return {
    events,
    requests,
    gatewayUnits: hasGateway(config.endpoint) ? sample.gatewayUnits * factor : 0,
    invocations: requests + small.invocations,
    gigabyteSeconds: seconds * (memoryMegabytes.collect / 1_024) + small.gigabyteSeconds,
    write,
    recordBytes,
    billedBytes: sample.billedBytes * factor,
    landing,
    // Objects of the landing stay as versions when they are deleted.
    storedBytes: bytes * PARQUET_SHARE + (recordBytes * config.retention.landingVersionDays) / MONTH_DAYS,
    logBytes: requests * lineBytes(config) + functionLogBytes(write, small),
    metrics: (events === 0 ? 0 : REGULAR_METRICS) + (config.curate ? CURATE_METRICS : 0),
    athenaBytes: null,
    relay: null,
  };
}

function sum<Item>(items: readonly Item[], value: (item: Item) => number): number {
  return items.reduce((total, item) => total + value(item), 0);
}

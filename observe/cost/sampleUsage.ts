import { gzipSync } from 'node:zlib';
import { defineErrorFamily } from '../../lib/base/errors.ts';
import { isJsonObject, parseJson } from '../../lib/base/json.ts';
import type { Config } from '../../lib/schema/config.ts';
import { BILLED_STEP_BYTES } from '../../lib/schema/deliveryLimits.ts';
import { hasGateway } from '../../lib/schema/endpoint.ts';
import { HTTP_API_STEP_BYTES, LOG_LINE_OVERHEAD_BYTES } from '../prices.ts';
import { functionMegabytes, MONTH_DAYS, type MonthlyUsage, RUNS } from './monthlyCost.ts';

/** Errors of samples of bodies. */
export const SampleError = defineErrorFamily('user', {
  SLUICE_COST_SAMPLE_INVALID: {
    cause: 'The sample is not a file of bodies as SDKs send them.',
    cure: 'Write one JSON body, or one on each line. A body is an object with the list `events`; some thousand are enough.',
  },
});

/** Bytes that a sample may have. */
const MOST_BYTES = 256 * 1024 * 1024;

/**
 * Reads a sample: one JSON body, or one on each line (NDJSON).
 *
 * @returns The text of each body.
 * @throws SampleError
 */
export function readSample(file: Uint8Array): readonly string[] {
  const refuse = (detail: string) => new SampleError('SLUICE_COST_SAMPLE_INVALID', detail);
  if (file.length > MOST_BYTES) throw refuse(`It has ${file.length} bytes, at most ${MOST_BYTES} are read.`);
  const text = new TextDecoder().decode(file).trim();
  if (isBody(parseJson(text))) return [text];
  const bodies = text.split('\n').flatMap((line, i) => {
    if (line.trim() === '') return [];
    if (isBody(parseJson(line))) return [line];
    throw refuse(`Line ${i + 1} is not such a body.`);
  });
  if (bodies.length === 0) throw refuse('It is empty.');
  return bodies;
}

function isBody(value: unknown): boolean {
  return isJsonObject(value) && (Array.isArray(value['events']) || Array.isArray(value['exposures']));
}

/** What the bodies of a sample are, each sent as one request. */
export interface SampleUsage {
  readonly requests: number;
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
  const total = { events: 0, gatewayUnits: 0, rowBytes: 0, recordBytes: 0, billedBytes: 0 };
  for (const body of bodies) {
    const bytes = Buffer.byteLength(body);
    const record = gzipSync(body).length * RECORD_SHARE;
    const batch = parseJson(body);
    if (!isJsonObject(batch)) continue;
    for (const list of [batch['events'], batch['exposures']])
      total.events += Array.isArray(list) ? list.length : 0;
    total.gatewayUnits += Math.ceil(bytes / HTTP_API_STEP_BYTES);
    total.rowBytes += bytes * ROW_SHARE;
    total.recordBytes += record;
    total.billedBytes += Math.ceil(record / BILLED_STEP_BYTES) * BILLED_STEP_BYTES;
  }
  if (total.events === 0) throw new SampleError('SLUICE_COST_SAMPLE_INVALID', 'It has no event.');
  return { requests: bodies.length, ...total };
}

/**
 * Assumed times. Of the collector, of 1,024 MB, for a request, in which it mostly waits for Firehose, and for an event of it. Of
 * the writer for an object (calls of S3, a session of DuckDB) and for a look that finds nothing, besides what it reads: half of
 * what `npm run bench -- land` measures. Of the registrar for a batch.
 */
const REQUEST_MS = 17;
const EVENT_MS = 0.1;
const OBJECT_MS = 500;
const LOOK_MS = 400;
const WRITER = { bytesASecond: 30_000_000, requestsASecond: 12_000 } as const;
const REGISTER_MS = 100;

/**
 * Bytes of the line with a request's metrics; of its own line, which only a share of the requests has; of a line of the gateway's
 * access log (infra/endpoint/endpoint.ts), with CloudWatch's own; and of an invocation of `write` or `register`.
 */
const METRICS_LINE_BYTES = 330;
const LOG_LINE_BYTES = 500;
const ACCESS_LINE_BYTES = 200 + LOG_LINE_OVERHEAD_BYTES;
const INVOCATION_LOG_BYTES = 800;

/** Custom metrics of a collector in regular use: docs/metrics.md. */
const REGULAR_METRICS = 3;
/** Metrics of curate-plan, written in four hours of a day while nothing is wrong: lib/curate/planMessages.ts. */
const CURATE_METRICS = (5 * 4) / 24;

/**
 * Bytes of Parquet for each byte of JSON. Files of 500,000 rows that `npm run bench -- land` makes have 0.07, and files of some
 * hundred rows 0.15.
 */
const PARQUET_SHARE = 0.1;
/** Tables that a request mostly has rows for: exposures and events. */
const TABLES = 2;

/**
 * The usage of a month whose requests are like those of a sample. Of two endpoints it counts the gateway, which costs more.
 * Requests are taken to arrive evenly: an object of each interval of buffering, or more where its size decides.
 *
 * @param events Events of the month. 0 is a deployment that gets none.
 */
export function sampleMonth(sample: SampleUsage, events: number, config: Config): MonthlyUsage {
  const { collect = 0, write = 0, register = 0 } = functionMegabytes(config);
  const { endpoint, logs, buffering, retention } = config;
  const factor = events / sample.events;
  const requests = sample.requests * factor;
  const rowBytes = sample.rowBytes * factor;
  const recordBytes = sample.recordBytes * factor;
  const intervals = (MONTH_DAYS * 86_400) / buffering.seconds;
  const objects = Math.max(Math.min(intervals, requests), recordBytes / (buffering.megabytes * 2 ** 20));
  const collectMs = requests * REQUEST_MS + events * EVENT_MS;
  const writeSeconds =
    (objects * OBJECT_MS + RUNS * LOOK_MS) / 1_000 +
    rowBytes / WRITER.bytesASecond +
    requests / WRITER.requestsASecond;
  const lineBytes =
    METRICS_LINE_BYTES +
    logs.successes * LOG_LINE_BYTES +
    (endpoint.accessLogDays === null ? 0 : ACCESS_LINE_BYTES);
  return {
    events,
    requests,
    gatewayUnits: hasGateway(endpoint) ? sample.gatewayUnits * factor : 0,
    // The registrar gets the files of an object in one batch.
    invocations: requests + objects,
    gigabyteSeconds: (collectMs * collect + objects * REGISTER_MS * register) / 1_024_000,
    write: { invocations: objects + RUNS, gigabyteSeconds: writeSeconds * (write / 1_024) },
    recordBytes,
    billedBytes: sample.billedBytes * factor,
    landing: { objects, files: TABLES * objects },
    // Objects of the landing stay as versions when they are deleted.
    storedBytes: rowBytes * PARQUET_SHARE + (recordBytes * retention.landingVersionDays) / MONTH_DAYS,
    logBytes: requests * lineBytes + (2 * objects + RUNS) * INVOCATION_LOG_BYTES,
    metrics: (events === 0 ? 0 : REGULAR_METRICS) + (config.curate ? CURATE_METRICS : 0),
    athenaBytes: null,
  };
}

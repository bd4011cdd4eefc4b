import { alarms } from '../infra/alarms/alarms.ts';
import { queueExecutions, serviceFunctions } from '../infra/serverless/service.ts';
import { defineConfig } from '../lib/config/defineConfig.ts';
import { BILLED_STEP_BYTES } from '../lib/schema/deliveryLimits.ts';
import { HTTP_API_STEP_BYTES, prices } from './prices.ts';

/** What a month is calculated from. */
export interface CostQuestion {
  readonly eventsPerMonth: number;
  readonly eventsPerRequest: number;
  readonly endpoint: 'http-api' | 'function-url';
  /** Days for which rows are kept: storage is what it is once so many have passed. */
  readonly daysKept: number;
}

const MONTH_DAYS = 30;
/** Runs of an hourly schedule in a month: looks of the writer. */
const RUNS = MONTH_DAYS * 24;

/**
 * Calls of S3 for an object of the landing: put by Firehose, fetched, and asked for two notes on it; for each file of a table made
 * from it: put. The object is deleted, which is free. test/observe/landingCalls.contract.test.ts counts them.
 */
export const OBJECT_CALLS = { puts: 1, gets: 3 } as const;
/** Calls of S3 for a file of a table. */
export const FILE_CALLS = { puts: 1 } as const;
/** Calls of S3 for a look while fewer than a thousand objects wait: two lists and a put, which cost the same. */
export const LOOK_CALLS = { puts: 3, gets: 1 } as const;
/** Events of S3 for an object: it is made, deleted, and expires as a version. A file is made. */
const OBJECT_EVENTS = 3;
/** Requests to SQS for an event of an object or a file: sent, received, deleted. Batches need fewer. */
const MESSAGE_REQUESTS = 3;
/**
 * Long polls of one queue a month, each of 20 seconds, by five pollers: Lambda has no fewer where `maximumConcurrency` is set.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
 */
const EMPTY_RECEIVES = (5 * MONTH_DAYS * 86_400) / 20;

/**
 * Bytes, assumed: of an event in a body; of its row as JSON; of a record, for the request and for each event of it; and of Parquet
 * for each byte of a row's JSON. Rows and files are as `npm run bench -- land` makes them.
 */
const BYTES = { event: 700, row: 1_050, requestRecord: 400, eventRecord: 100, parquetShare: 0.1 } as const;
/** Tables that a request mostly has rows for: exposures and events. */
const TABLES = 2;

/**
 * Assumed times. Of the collector for a request, in which it mostly waits for Firehose, and for an event of it. Of the writer for
 * an object (calls of S3, a session of DuckDB), for a look that finds nothing, and for its start, which comes before each look.
 * Of the registrar for a batch.
 */
const MS = { request: 17, event: 0.1, object: 500, look: 400, start: 500, register: 100 } as const;
const WRITER = { bytesASecond: 30_000_000, requestsASecond: 12_000 } as const;
/**
 * Bytes of the line with a request's metrics; of its own line, which only a share of the requests has; and of an invocation of
 * `write` or `register`.
 */
const LOG_BYTES = { metrics: 330, request: 500, invocation: 800 } as const;
/** Custom metrics of a collector and a writer in regular use, and those of curate-plan, written in four hours of a day: docs/metrics.md. */
const METRICS = 3 + 2 + (5 * 4 + 1) / 24;

/** The cost of a month, as JSON: docs/reference/json.md. */
export type Cost = ReturnType<typeof costOfMonth>;

/**
 * The cost of a month in USD at the list prices of {@link prices}, of a deployment with the default configuration. Requests
 * are taken to arrive evenly: an object of each interval of buffering, or more where its size decides.
 */
export function costOfMonth({ eventsPerMonth: events, eventsPerRequest, endpoint, daysKept }: CostQuestion) {
  const config = defineConfig({ bucket: 'acme-experiments', endpoint: { kind: endpoint } });
  const { buffering, retention, logs, architecture } = config;
  const memory = (name: string) => (serviceFunctions(config)[name]?.memorySize ?? 0) / 1_024;
  const requests = events / eventsPerRequest;
  const recordOf = BYTES.requestRecord + eventsPerRequest * BYTES.eventRecord;
  const intervals = (MONTH_DAYS * 86_400) / buffering.seconds;
  const recordBytes = requests * recordOf;
  const objects = Math.max(Math.min(intervals, requests), recordBytes / (buffering.megabytes * 2 ** 20));
  const files = TABLES * objects;
  const lambda = (invocations: number, ...runs: readonly (readonly [ms: number, gigabytes: number])[]) =>
    invocations * prices.lambdaRequest +
    runs.reduce((sum, [ms, gigabytes]) => sum + (ms / 1_000) * gigabytes, 0) *
      prices.lambdaGbSecond[architecture];
  const writerMs =
    objects * MS.object +
    RUNS * (MS.look + MS.start) +
    1_000 * ((events * BYTES.row) / WRITER.bytesASecond + requests / WRITER.requestsASecond);
  const messages = queueExecutions(config).queues * EMPTY_RECEIVES + (objects + files) * MESSAGE_REQUESTS;
  const billed = Math.ceil(recordOf / BILLED_STEP_BYTES) * BILLED_STEP_BYTES;
  const metered = Math.ceil((eventsPerRequest * BYTES.event) / HTTP_API_STEP_BYTES);
  const stored =
    (events * BYTES.row * BYTES.parquetShare * daysKept + recordBytes * retention.landingVersionDays) /
    MONTH_DAYS;
  const logged =
    requests * (LOG_BYTES.metrics + logs.successes * LOG_BYTES.request) +
    (2 * objects + RUNS) * LOG_BYTES.invocation;
  const parts = {
    gateway: endpoint === 'http-api' ? requests * metered * prices.httpApiRequest : 0,
    // The registrar gets the files of an object in one batch.
    lambda: lambda(
      requests + objects,
      [requests * MS.request + events * MS.event, memory('collect')],
      [objects * MS.register, memory('register')],
    ),
    firehose_ingest: requests * billed * prices.firehoseByte,
    write: lambda(objects + RUNS, [writerMs, memory('write')]),
    queues: messages * prices.sqsRequest,
    s3_events: (objects * OBJECT_EVENTS + files) * prices.s3Event,
    s3_requests:
      (objects * OBJECT_CALLS.puts + files * FILE_CALLS.puts + RUNS * LOOK_CALLS.puts) * prices.s3Put +
      (objects * OBJECT_CALLS.gets + RUNS * LOOK_CALLS.gets) * prices.s3Get,
    s3_storage: stored * prices.s3ByteMonth,
    logs: logged * prices.logByte,
    metrics: METRICS * prices.metricMonth,
    alarms: alarmMetrics() * prices.alarmMonth,
    keys: prices.keyMonth + prices.secretMonth,
  };
  const total = Object.values(parts).reduce((sum, part) => sum + part, 0);
  return {
    events_per_month: events,
    requests_per_month: requests,
    endpoint,
    days_kept: daysKept,
    /** USD a month by part. */
    parts,
    usd_per_month: total,
    usd_per_million: (total * 1_000_000) / events,
  };

  /** Metrics that the stack's alarms read: an alarm on a share reads two, and one on a band three for each of its metrics. */
  function alarmMetrics(): number {
    return Object.values(alarms({ config, service: 'sluice', stage: 'prod' }))
      .filter(({ Type }) => Type === 'AWS::CloudWatch::Alarm')
      .map(({ Properties: { Metrics: metrics, ThresholdMetricId: band } = {} }) => {
        const read = Array.isArray(metrics) ? metrics.filter((one) => 'MetricStat' in one).length : 1;
        return band === undefined ? read : 3 * read;
      })
      .reduce((sum, count) => sum + count, 0);
  }
}

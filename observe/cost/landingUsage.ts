import type { Config } from '../../lib/schema/config.ts';
import { prices } from '../prices.ts';

/** Usage between the stream and the tables: by objects in the landing, and by the files made from them. */
export interface LandingUsage {
  /** Objects that arrive in the landing. */
  readonly objects: number;
  /** Parquet files of tables. */
  readonly files: number;
}

/** Days of a month. */
export const MONTH_DAYS = 30;
const SECONDS_A_DAY = 86_400;

/**
 * Long polls of one queue a month, each of 20 seconds, by five pollers: Lambda has no fewer where `maximumConcurrency` is set.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
 */
export const EMPTY_RECEIVES = (5 * MONTH_DAYS * SECONDS_A_DAY) / 20;

/** Runs of an hourly schedule in a month: looks of the writer, and runs of the registrar. */
export const RUNS = MONTH_DAYS * 24;

/**
 * Calls of S3 for an object: put by Firehose, fetched; for each file: put. The object is deleted, which is free.
 * test/observe/landingCalls.contract.test.ts counts them.
 */
export const OBJECT_CALLS = { puts: 1, gets: 1 } as const;
export const FILE_CALLS = { puts: 1 } as const;
/** Lists of a look while fewer than a thousand objects wait. */
export const LOOK_LISTS = 1;
/** Events of S3 for an object: it is made, deleted, and expires as a version. A file is made. */
const OBJECT_EVENTS = 3;
/** Requests to SQS for an event of an object or a file: sent, received, deleted. Batches need fewer. */
const MESSAGE_REQUESTS = 3;

/** USD of the requests to S3. */
export function requestCost({ objects, files }: LandingUsage): number {
  return (
    (objects * OBJECT_CALLS.puts + files * FILE_CALLS.puts + RUNS * LOOK_LISTS) * prices.s3Put.usd +
    objects * OBJECT_CALLS.gets * prices.s3Get.usd
  );
}

/** USD of the events of the bucket. */
export function eventCost({ objects, files }: LandingUsage): number {
  return (objects * OBJECT_EVENTS + files) * prices.s3Event.usd;
}

/** USD of the messages of these events. */
export function messageCost({ objects, files }: LandingUsage): number {
  return (objects + files) * MESSAGE_REQUESTS * prices.sqsRequest.usd;
}

/**
 * Milliseconds of an invocation besides what it reads: for an object of the writer (calls of S3, a session of DuckDB), for a
 * batch of the registrar, and for a look that finds nothing. Assumptions.
 */
const OBJECT_MS = 500;
const REGISTER_MS = 100;
const LOOK_MS = 400;
/** Gigabytes of `register`: infra/serverless/service.ts. */
const REGISTER_GIGABYTES = 0.5;
/** Bytes of JSON that the writer turns into files in a second, and requests: half of what `npm run bench -- land` measures. */
const BYTES_A_SECOND = 30_000_000;
const REQUESTS_A_SECOND = 12_000;
/** Bytes of the log of an invocation of `write` or `register`: its line, and Lambda's own three. */
const LOG_BYTES = 800;

/** Time and logs of functions in a month. */
export interface FunctionsMonth {
  readonly invocations: number;
  readonly gigabyteSeconds: number;
}

/** The writer's month: an invocation for each object, and the looks. @param bytes Of rows as JSON. */
export function writerMonth(
  { objects }: LandingUsage,
  { requests, bytes }: { readonly requests: number; readonly bytes: number },
  gigabytes: number,
): FunctionsMonth {
  const seconds =
    (objects * OBJECT_MS + RUNS * LOOK_MS) / 1_000 + bytes / BYTES_A_SECOND + requests / REQUESTS_A_SECOND;
  return { invocations: objects + RUNS, gigabyteSeconds: seconds * gigabytes };
}

/** The month of the registrar, which gets the files of an object in one batch. */
export function registerMonth({ objects }: LandingUsage): FunctionsMonth {
  return { invocations: objects, gigabyteSeconds: ((objects * REGISTER_MS) / 1_000) * REGISTER_GIGABYTES };
}

/** Bytes of the logs of these functions. */
export function functionLogBytes(...months: readonly FunctionsMonth[]): number {
  return months.reduce((sum, { invocations }) => sum + invocations * LOG_BYTES, 0);
}

/** Bytes of lines of which the writer makes files together: ROUND_BYTES in lib/landing/write/writeObjects.ts. */
const ROUND_BYTES = 2 ** 28;
/** Tables that a request mostly has rows for: exposures and events. */
const TABLES = 2;

/** Data that arrives in an interval of time. */
export interface Arrivals {
  readonly requests: number;
  /** Bytes of the records. */
  readonly recordBytes: number;
  /** Bytes of the rows as JSON. */
  readonly rowBytes: number;
}

/**
 * Objects and files: an object of each interval in which something arrives, or more where the size decides; of each,
 * a file of each table. Requests are taken to arrive evenly, and rows to be of one day.
 *
 * @param days Over which it arrives.
 */
export function landingUsage(
  { requests, recordBytes, rowBytes }: Arrivals,
  days: number,
  { buffering }: Pick<Config, 'buffering'>,
): LandingUsage {
  const intervals = (days * SECONDS_A_DAY) / buffering.seconds;
  const objects = Math.max(Math.min(intervals, requests), recordBytes / (buffering.megabytes * 2 ** 20));
  return { objects, files: TABLES * Math.max(objects, rowBytes / ROUND_BYTES) };
}

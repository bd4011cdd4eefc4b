import { alarms } from '../../infra/alarms/alarms.ts';
import { queueExecutions, serviceFunctions } from '../../infra/serverless/service.ts';
import type { Stack } from '../../infra/template/Stack.ts';
import type { Config } from '../../lib/schema/config.ts';
import { ATHENA_PRICE, prices } from '../prices.ts';

/** Days of a month. */
export const MONTH_DAYS = 30;

/** Runs of an hourly schedule in a month: looks of the writer, and runs of the registrar. */
export const RUNS = MONTH_DAYS * 24;

/**
 * Calls of S3 for an object of the landing: put by Firehose, fetched; for each file of a table made from it: put. The object is
 * deleted, which is free. test/observe/landingCalls.contract.test.ts counts them.
 */
export const OBJECT_CALLS = { puts: 1, gets: 1 } as const;
/** Calls of S3 for a file of a table. */
export const FILE_CALLS = { puts: 1 } as const;
/** Lists of a look while fewer than a thousand objects wait. */
export const LOOK_LISTS = 1;
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
 * GB-seconds of the start of an execution environment, which Lambda bills and its metric of durations leaves out: half a second
 * of `write` (1,769 MB), which looks every hour and is taken to start anew each time.
 * https://aws.amazon.com/blogs/compute/aws-lambda-standardizes-billing-for-init-phase/
 */
const INIT_GIGABYTE_SECONDS = RUNS * 0.5 * (1_769 / 1_024);

/** Memory of each function, MB. */
export function functionMegabytes(config: Config): Readonly<Record<string, number>> {
  const functions = Object.entries(serviceFunctions(config));
  return Object.fromEntries(functions.map(([name, { memorySize }]) => [name, memorySize]));
}

/** Time of functions in a month. */
export interface FunctionsMonth {
  readonly invocations: number;
  readonly gigabyteSeconds: number;
}

/** The usage of a deployment in a month. Null means unknown. */
export interface MonthlyUsage {
  readonly events: number;
  readonly requests: number;
  /** Requests as the gateway meters them: by started 512 KB. */
  readonly gatewayUnits: number;
  /** Of all functions but the writer. */
  readonly invocations: number;
  readonly gigabyteSeconds: number;
  /** Of the writer. */
  readonly write: FunctionsMonth;
  /** Bytes of the records of requests, compressed, and as Firehose bills them. */
  readonly recordBytes: number;
  readonly billedBytes: number;
  /** Objects of the landing, and files of tables. */
  readonly landing: { readonly objects: number; readonly files: number } | null;
  /** Bytes in the bucket. */
  readonly storedBytes: number | null;
  readonly logBytes: number | null;
  /** Custom metrics: names with their dimensions, each by the share of hours in which it has values. */
  readonly metrics: number;
  /** Bytes that queries read. */
  readonly athenaBytes: number | null;
}

/** The parts of a deployment's price. */
export type CostPart = (typeof COST_PARTS)[number];

/** In the order in which they are listed. */
const COST_PARTS = [
  ...(['gateway', 'lambda', 'firehose_ingest', 'write', 'queues', 's3_events', 's3_requests'] as const),
  ...(['s3_storage', 'athena', 'logs', 'metrics', 'alarms', 'keys'] as const),
];

/** The cost of a deployment at list prices. */
export interface MonthlyCost {
  /** USD a month by part; parts that are not known are not there. */
  readonly parts: Readonly<Partial<Record<CostPart, number>>>;
  readonly usdPerMonth: number;
  /** Null without events. */
  readonly usdPerMillion: number | null;
}

/** The price of a month. It depends on the configuration for what costs the same without events: alarms, key and secrets. */
export function monthlyCost(usage: MonthlyUsage, stack: Stack): MonthlyCost {
  const { config } = stack;
  const { objects, files } = usage.landing ?? { objects: 0, files: 0 };
  const run = ({ invocations, gigabyteSeconds }: FunctionsMonth) =>
    invocations * prices.lambdaRequest + gigabyteSeconds * prices.lambdaGbSecond[config.architecture];
  const puts = objects * OBJECT_CALLS.puts + files * FILE_CALLS.puts + RUNS * LOOK_LISTS;
  const messages = queueExecutions(config).queues * EMPTY_RECEIVES + (objects + files) * MESSAGE_REQUESTS;
  const all: Record<CostPart, number | null> = {
    gateway: usage.gatewayUnits * prices.httpApiRequest,
    lambda: run(usage),
    firehose_ingest: usage.billedBytes * prices.firehoseByte,
    write: run(usage.write) + INIT_GIGABYTE_SECONDS * prices.lambdaGbSecond[config.architecture],
    queues: messages * prices.sqsRequest,
    s3_events: usage.landing === null ? null : (objects * OBJECT_EVENTS + files) * prices.s3Event,
    s3_requests: puts * prices.s3Put + objects * OBJECT_CALLS.gets * prices.s3Get,
    s3_storage: price(usage.storedBytes, prices.s3ByteMonth),
    athena: price(usage.athenaBytes, ATHENA_PRICE.usdPerTerabyte / 1e12),
    logs: price(usage.logBytes, prices.logByte),
    metrics: usage.metrics * prices.metricMonth,
    alarms: alarmMetrics(stack) * prices.alarmMonth,
    keys: (config.existing.keyArn === null ? prices.keyMonth : 0) + secrets(config) * prices.secretMonth,
  };
  const parts: Partial<Record<CostPart, number>> = {};
  for (const part of COST_PARTS) if (all[part] !== null) parts[part] = all[part];
  const usdPerMonth = Object.values(parts).reduce((sum, part) => sum + part, 0);
  return {
    parts,
    usdPerMonth,
    usdPerMillion: usage.events === 0 ? null : (usdPerMonth * 1_000_000) / usage.events,
  };
}

function price(amount: number | null, each: number): number | null {
  return amount === null ? null : amount * each;
}

/** Metrics that the stack's alarms read: an alarm on a share reads two. */
function alarmMetrics(stack: Stack): number {
  return Object.values(alarms(stack))
    .filter(({ Type }) => Type === 'AWS::CloudWatch::Alarm')
    .map(({ Properties }) => Properties?.['Metrics'])
    .map((metrics) => (Array.isArray(metrics) ? metrics.filter(isRead).length : 1))
    .reduce((sum, count) => sum + count, 0);
}

function isRead(metric: unknown): boolean {
  return typeof metric === 'object' && metric !== null && 'MetricStat' in metric;
}

/** The secret of SDK keys, and one for each reader with access keys. */
function secrets({ readers }: Config): number {
  return 1 + readers.filter((reader) => reader.kind !== 'owox' && reader.as === 'user').length;
}

/** Usage that grows with the number of events, for another number; the rest stays. */
export function scaleUsage(usage: MonthlyUsage, events: number): MonthlyUsage {
  const factor = usage.events === 0 ? 1 : events / usage.events;
  return {
    ...usage,
    events,
    requests: usage.requests * factor,
    gatewayUnits: usage.gatewayUnits * factor,
    invocations: usage.invocations * factor,
    gigabyteSeconds: usage.gigabyteSeconds * factor,
    recordBytes: usage.recordBytes * factor,
    billedBytes: usage.billedBytes * factor,
    write: { ...usage.write, gigabyteSeconds: usage.write.gigabyteSeconds * factor },
    logBytes: usage.logBytes === null ? null : usage.logBytes * factor,
  };
}

/** What the price does not include, a text each; docs/cost.md has the prices. */
export function notIncluded(parts: MonthlyCost['parts'], source: 'sample' | 'stage'): string[] {
  return [
    ...COST_PARTS.filter((part) => parts[part] === undefined).map((part) => `${part}: not known yet`),
    source === 'sample'
      ? 'storage of earlier months, and the functions of sources, exports, curate and relay'
      : 'queries of readers in workgroups of their own',
    'reads of SDKs (passThrough), preflights of browsers, what relay sends, KMS, the Glue catalog, a fourth dashboard, data transfer, and taxes',
  ];
}

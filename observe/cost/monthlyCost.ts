import { alarms } from '../../infra/alarms/alarms.ts';
import { queueExecutions } from '../../infra/serverless/service.ts';
import type { Stack } from '../../infra/template/Stack.ts';
import type { Config } from '../../lib/schema/config.ts';
import { hasGateway } from '../../lib/schema/endpoint.ts';
import { ATHENA_PRICE, prices, usd } from '../prices.ts';
import {
  EMPTY_RECEIVES,
  eventCost,
  type FunctionsMonth,
  type LandingUsage,
  messageCost,
  RUNS,
  requestCost,
} from './landingUsage.ts';
import { RELAY_KEY_CALLS, RELAY_POLLS, QUEUES as RELAY_QUEUES, type RelayUsage } from './relayUsage.ts';

/**
 * GB-seconds of the start of an execution environment, which Lambda bills and its metric of durations leaves out: half a second
 * of `write` (1,769 MB), which looks every hour and is taken to start anew each time.
 * https://aws.amazon.com/blogs/compute/aws-lambda-standardizes-billing-for-init-phase/
 */
const INIT_GIGABYTE_SECONDS = RUNS * 0.5 * (1_769 / 1_024);

/** Bytes of Athena's terabyte. */
const TERABYTE = 1_000_000_000_000;

/** The usage of a deployment in a month. Null means unknown. */
export interface MonthlyUsage {
  readonly events: number;
  readonly requests: number;
  /** Requests as the gateway meters them: by started 512 KB, and the preflights of browsers. */
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
  readonly landing: LandingUsage | null;
  /** Bytes in the bucket. */
  readonly storedBytes: number | null;
  readonly logBytes: number | null;
  /** Custom metrics: names with their dimensions, each by the share of hours in which it has values. */
  readonly metrics: number;
  /** Bytes that queries read. */
  readonly athenaBytes: number | null;
  /** Usage of `relay` besides the time and the logs of functions; null without `relay`. */
  readonly relay: RelayUsage | null;
}

/** The parts of a deployment's price. */
export type CostPart = (typeof COST_PARTS)[number];

/** In the order in which they are listed. */
const COST_PARTS = [
  'gateway',
  'lambda',
  'firehose_ingest',
  'write',
  'queues',
  's3_events',
  's3_requests',
  's3_storage',
  'athena',
  'logs',
  'metrics',
  'alarms',
  'keys',
  'relay_queue',
  'relay_transfer',
] as const;

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
  const gigabyteSecond = config.architecture === 'arm64' ? prices.lambdaGbSecond : prices.lambdaGbSecondX86;
  const landing = usage.landing ?? { objects: 0, files: 0 };
  const run = ({ invocations, gigabyteSeconds }: FunctionsMonth) =>
    invocations * prices.lambdaRequest.usd + gigabyteSeconds * gigabyteSecond.usd;
  const all: Record<CostPart, number | null> = {
    gateway: usage.gatewayUnits * prices.httpApiRequest.usd,
    lambda: run(usage),
    firehose_ingest: usage.billedBytes * prices.firehoseByte.usd,
    write: run(usage.write) + INIT_GIGABYTE_SECONDS * gigabyteSecond.usd,
    queues:
      (queueExecutions(config).queues - (config.relay === undefined ? 0 : RELAY_QUEUES)) *
        EMPTY_RECEIVES *
        prices.sqsRequest.usd +
      messageCost(landing),
    s3_events: usage.landing === null ? null : eventCost(landing),
    s3_requests: requestCost(landing),
    s3_storage: price(usage.storedBytes, prices.s3ByteMonth.usd),
    athena: price(usage.athenaBytes, ATHENA_PRICE.usdPerTerabyte / TERABYTE),
    logs: price(usage.logBytes, prices.logByte.usd),
    metrics: usage.metrics * prices.metricMonth.usd,
    alarms: alarmMetrics(stack) * prices.alarmMonth.usd,
    keys:
      (config.existing.keyArn === null ? prices.keyMonth.usd : 0) + secrets(config) * prices.secretMonth.usd,
    relay_queue: usage.relay === null ? null : relayStorage(usage.relay),
    relay_transfer: price(usage.relay?.sentBytes ?? null, prices.transferByte.usd),
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

/** Queues, their key, and copies in the bucket: each is put, read and deleted, which costs nothing. */
function relayStorage({ queueRequests, bucketCopies }: RelayUsage): number {
  return (
    (queueRequests + RELAY_POLLS) * prices.sqsRequest.usd +
    RELAY_KEY_CALLS * prices.kmsCall.usd +
    bucketCopies * prices.s3Put.usd +
    bucketCopies * prices.s3Get.usd
  );
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
    relay: usage.relay === null ? null : scaleRelay(usage.relay, factor),
  };
}

function scaleRelay(usage: RelayUsage, factor: number): RelayUsage {
  return {
    copies: usage.copies * factor,
    queueRequests: usage.queueRequests * factor,
    bucketCopies: usage.bucketCopies * factor,
    sentBytes: usage.sentBytes * factor,
  };
}

/** Bytes of an answer to a read of `passThrough`: rules of some hundred gates are 20 KB compressed. */
const READ_BYTES = 20_000;

/** USD of a million reads of SDKs (`passThrough`). What is sent to the internet is most of it. */
const READS_PER_MILLION = 1e6 * (prices.httpApiRequest.usd + READ_BYTES * prices.transferByte.usd);

/** Texts for parts whose price is unknown. */
const UNKNOWN: Readonly<Partial<Record<CostPart, string>>> = {
  s3_events:
    'requests, messages and events of S3 for what lands: some $0.02 for a thousand objects, which SQS has not reported yet',
  s3_storage: 'storage in S3: $0.023 for a GB and month; S3 reports the size of a bucket after a day or two',
  athena: 'Athena: $5 for each terabyte that queries read, at least 10 MB a query',
  logs: 'logs: $0.50 for each GB that the functions write',
};

/** Lists what the price does not include, in words. */
export function notIncluded(
  { parts }: MonthlyCost,
  source: 'sample' | 'stage',
  config: Pick<Config, 'passThrough' | 'endpoint'>,
): string[] {
  return [
    ...COST_PARTS.flatMap((part) => (parts[part] === undefined ? (UNKNOWN[part] ?? []) : [])),
    ...(source === 'sample'
      ? [
          'storage of earlier months: each month that is kept adds the storage of a month again',
          'the functions of sources, exports, curate and relay, with the queue and the transfer of relay',
        ]
      : ['queries of readers in workgroups of their own']),
    ...(config.passThrough === null
      ? []
      : [
          `reads of SDKs (passThrough): ${usd(READS_PER_MILLION)} for a million of 20 KB each (docs/cost.md)`,
        ]),
    ...(source === 'stage' && hasGateway(config.endpoint)
      ? [
          'preflights of browsers, one for each batch of js-client, if API Gateway bills them: $1 for a million',
        ]
      : []),
    'KMS requests and the Glue catalog, usually cents',
    'the dashboard if the account has more than three ($3), data transfer, and taxes',
  ];
}

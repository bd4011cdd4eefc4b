import { readMetricData } from '../../../lib/aws/metricData.ts';
import { METRIC_NAMESPACE } from '../../../lib/base/log.ts';
import { sum } from '../../../lib/base/sum.ts';
import { counted } from '../../../lib/base/text.ts';
import { DAY_MS, HOUR_MS, isoTimestamp, MINUTE_MS } from '../../../lib/base/time.ts';
import { CollectError } from '../../../lib/collect/CollectError.ts';
import { collectMetrics, streamMetrics } from '../../../lib/collect/collectMetrics.ts';
import {
  type MetricSeries,
  type MetricTime,
  metricsOf,
  type WantedMetric,
} from '../../../lib/reconcile/hourCounts.ts';
import { tableKinds } from '../../../lib/schema/kinds.ts';
import { metricStage } from '../../../lib/schema/stages.ts';
import { KeysError } from '../../../lib/wire/keys/Keyring.ts';
import { RequestError } from '../../../lib/wire/RequestError.ts';
import type { Deployment } from '../../deployment.ts';

/** For how long CloudWatch keeps minutes: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html#metrics-retention */
const MINUTES_KEPT_MS = 15 * DAY_MS;

/** Codes of answers 503, after which SDKs send again. */
const FAILED = Object.keys({ ...CollectError.entries, ...KeysError.entries });
/** Codes of answers 4xx, after which they do not. */
const REFUSED = Object.keys(RequestError.entries);
/** The codes of answers 503 that say that something could not be stored. */
export const NOT_STORED: readonly string[] = ['SLUICE_COLLECT_NOT_DELIVERED', 'SLUICE_COLLECT_NO_QUARANTINE'];

/** The collector's counts for the requests that it received within some time. */
export interface RequestCounts {
  /** Number of requests. */
  readonly requests: number;
  /** Events of batches. A body that went to quarantine as a whole counts as one, and one that nobody read as none. */
  readonly received: number;
  /** Exposures and events that are in Firehose, or in an object because they are too large for it or the configuration says so. */
  readonly landed: number;
  /** Refused events and bodies that are there. */
  readonly quarantined: number;
  /** Events that Firehose did not take in time: they are in objects of `landing/direct/`. */
  readonly overflowed: number;
  /** Valid events that are not stored: telemetry, reports of errors, and those that the lists of the configuration leave out. */
  readonly ignored: number;
  /** Those of them that the lists leave out. */
  readonly filtered: number;
  /** Requests that were answered 503, by the code of the answer. */
  readonly failedBy: Readonly<Record<string, number>>;
  /** Requests that were refused with 4xx, by the code of the answer. */
  readonly refusedBy: Readonly<Record<string, number>>;
}

/** The first and the last minute of something. */
export interface Minutes {
  /** Start of the first minute, ISO 8601. */
  readonly first: string;
  /** Start of the last minute, ISO 8601. */
  readonly last: string;
}

/** The last hour of a deployment. */
export interface LastHour extends RequestCounts {
  /** Start of the last minute with a request, ISO 8601; null without one. */
  readonly lastRequestAt: string | null;
  /** Start of the last minute in which events were stored, ISO 8601; null without one. */
  readonly lastStoredAt: string | null;
  /** The first and the last minute with an answer 503, by the code of the answer. */
  readonly failedAt: Readonly<Record<string, Minutes>>;
}

/**
 * The last sixty minutes.
 *
 * @throws As {@link readCounts}.
 */
export async function readLastHour(
  deployment: Pick<Deployment, 'cloudwatch' | 'stack' | 'now'>,
): Promise<LastHour> {
  const end = (Math.floor(deployment.now / MINUTE_MS) + 1) * MINUTE_MS;
  const minutes = await readCollectMetrics(deployment, { start: end - HOUR_MS, end });
  const points = (id: string) => [...(minutes.get(id) ?? [])];
  const times = (...ids: readonly string[]) =>
    ids
      .flatMap(points)
      .flatMap(([at, count]) => (count > 0 ? [isoTimestamp(at)] : []))
      .sort();
  const counts = countsOf((id) => sum(points(id).map(([, count]) => count)));
  const failedAt = Object.keys(counts.failedBy).flatMap((code) => {
    const found = times(code);
    const [first] = found;
    const last = found.at(-1);
    return first === undefined || last === undefined ? [] : [[code, { first, last }] as const];
  });
  return {
    ...counts,
    lastRequestAt: times('requests').at(-1) ?? null,
    lastStoredAt:
      times(...tableKinds.flatMap((kind) => [`landed ${kind}`, `overflowed ${kind}`])).at(-1) ?? null,
    failedAt: Object.fromEntries(failedAt),
  };
}

/**
 * The collector's counts from `start` to before `end` (whole periods, epoch milliseconds), by the start of the period, oldest
 * first. Periods without requests are missing.
 *
 * @param periodMs Default an hour.
 * @throws MetricsError `SLUICE_OBSERVE_METRICS_INCOMPLETE`; what CloudWatch's client throws.
 */
export async function readCounts(
  deployment: Pick<Deployment, 'cloudwatch' | 'stack'>,
  start: number,
  end: number,
  periodMs = HOUR_MS,
): Promise<ReadonlyMap<number, RequestCounts>> {
  const periods = await readCollectMetrics(deployment, { start, end, periodSeconds: periodMs / 1_000 });
  const times = new Set([...periods.values()].flatMap((points) => [...points.keys()]));
  return new Map(
    [...times]
      .sort((a, b) => a - b)
      .map((at) => [at, countsOf((id) => periods.get(id)?.get(at) ?? 0)] as const),
  );
}

/**
 * Start of the last minute with a request, ISO 8601; null without one within 15 days.
 *
 * @throws As {@link readCounts}.
 */
export async function readLastRequest(
  deployment: Pick<Deployment, 'cloudwatch' | 'stack' | 'now'>,
): Promise<string | null> {
  const end = (Math.floor(deployment.now / MINUTE_MS) + 1) * MINUTE_MS;
  const time = { start: end - MINUTES_KEPT_MS, end };
  const minutes = await readMetricData(deployment, [requestsOf(deployment)], time);
  const times = [...(minutes.get('requests') ?? [])].flatMap(([at, count]) => (count > 0 ? [at] : []));
  return times.length === 0 ? null : isoTimestamp(Math.max(...times));
}

/** The metrics of collectors that are read. */
const { received, overflowed, ignored, filtered, refused_requests } = collectMetrics;

/** The metrics of a stage's collectors. @param more Further dimensions. */
const ofCollect = ({ stack }: Pick<Deployment, 'stack'>, more: object = {}) =>
  metricsOf(METRIC_NAMESPACE, { function: 'collect', stage: metricStage(stack), ...more });

/** The number of requests, of which each has one value of the metric. */
function requestsOf(deployment: Pick<Deployment, 'stack'>): WantedMetric {
  return ofCollect(deployment)(received.name, 'SampleCount', 'requests');
}

/** Reads what collectors have counted, by the ID of each metric. @throws As {@link readCounts}. */
async function readCollectMetrics(
  deployment: Pick<Deployment, 'cloudwatch' | 'stack'>,
  time: MetricTime,
): Promise<MetricSeries> {
  const metric = ofCollect(deployment);
  return readMetricData(
    deployment,
    [
      ...[received, overflowed, ignored, filtered].map(({ name }) => metric(name)),
      requestsOf(deployment),
      ...tableKinds.flatMap((table) => [
        metric(streamMetrics[table].landed.name, 'Sum', `landed ${table}`),
        metric(streamMetrics[table].overflowed.name, 'Sum', `overflowed ${table}`),
      ]),
      ...[...FAILED, ...REFUSED].map((reason) =>
        ofCollect(deployment, { reason })(refused_requests.name, 'Sum', reason),
      ),
    ],
    time,
  );
}

/** The counts of some time. @param sum Of a metric in that time, by its ID. */
function countsOf(sum: (id: string) => number): RequestCounts {
  const byCode = (codes: readonly string[]) =>
    Object.fromEntries(codes.map((code) => [code, sum(code)] as const).filter(([, count]) => count !== 0));
  return {
    requests: sum('requests'),
    received: sum(received.name),
    landed: sum('landed exposures') + sum('landed events'),
    quarantined: sum('landed quarantine'),
    overflowed: sum(overflowed.name),
    ignored: sum(ignored.name),
    filtered: sum(filtered.name),
    failedBy: byCode(FAILED),
    refusedBy: byCode(REFUSED),
  };
}

/** `2 requests with SLUICE_COLLECT_…` */
export function failedText(code: string, count: number): string {
  return `${counted(count, 'request')} with ${code}`;
}

import { readMetricData } from '../../../lib/aws/metricData.ts';
import { METRIC_NAMESPACE } from '../../../lib/base/log.ts';
import {
  type MetricSeries,
  type MetricTime,
  metricsOf,
  type WantedMetric,
} from '../../../lib/base/metrics.ts';
import { sum } from '../../../lib/base/sum.ts';
import { DAY_MS, HOUR_MS, isoTimestamp, MINUTE_MS } from '../../../lib/base/time.ts';
import { CollectError } from '../../../lib/collect/CollectError.ts';
import { collectMetrics, streamMetrics } from '../../../lib/collect/collectMetrics.ts';
import { type TableKind, tableKinds } from '../../../lib/schema/kinds.ts';
import { metricStage } from '../../../lib/schema/stages.ts';
import { KeysError } from '../../../lib/wire/keys/Keyring.ts';
import { RequestError } from '../../../lib/wire/RequestError.ts';
import type { Deployment } from '../../deployment.ts';

/**
 * For how long minutes are asked for: CloudWatch keeps them for 15 days, and a call takes some time.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html#metrics-retention
 */
export const MINUTES_KEPT_MS = 15 * DAY_MS - HOUR_MS;

/** Codes of answers 503, after which SDKs send again. */
const FAILED = Object.keys({ ...CollectError.entries, ...KeysError.entries }) as readonly Code[];
/** Codes of answers 4xx, after which they do not. */
const REFUSED = Object.keys(RequestError.entries) as readonly Code[];

/** A code with which collectors answer. */
type Code =
  | keyof typeof CollectError.entries
  | keyof typeof KeysError.entries
  | keyof typeof RequestError.entries;

/** A number that is read of collectors: what they count, rows of a table, or answers with a code. */
type CountId =
  | 'requests'
  | 'received'
  | 'overflowed'
  | 'ignored'
  | 'filtered'
  | `${'landed' | 'overflowed'} ${TableKind}`
  | Code;

/** The collector's counts for the requests that it received within some time. */
export interface RequestCounts {
  /** Number of requests. */
  readonly requests: number;
  /** Events of batches. A body that went to quarantine as a whole counts as one, and one that nobody read as none. */
  readonly received: number;
  /**
   * Exposures and events that are in the stream, or in an object of `landing/direct/` on purpose: too large for the stream, or
   * by the configuration.
   */
  readonly landed: number;
  /** Refused events and bodies that are in one of these places. */
  readonly quarantined: number;
  /** Rows of any table, also of quarantine, that Firehose did not take in time: they are in objects of `landing/direct/`. */
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
interface Minutes {
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
 * The counts of the running minute and the 59 before it.
 *
 * @throws As {@link readCounts}.
 */
export async function readLastHour(
  deployment: Pick<Deployment, 'cloudwatch' | 'stack' | 'now'>,
): Promise<LastHour> {
  const end = (Math.floor(deployment.now / MINUTE_MS) + 1) * MINUTE_MS;
  const minutes = await readCollectMetrics(deployment, { start: end - HOUR_MS, end });
  const points = (id: CountId) => [...(minutes.get(id) ?? [])];
  const counts = countsOf((id) => sum(points(id).map(([, count]) => count)));
  const minutesWith = (...ids: readonly CountId[]) => firstAndLast(ids.flatMap(points));
  const stored = tableKinds.flatMap((kind) => [`landed ${kind}`, `overflowed ${kind}`] as const);
  return {
    ...counts,
    lastRequestAt: minutesWith('requests')?.last ?? null,
    lastStoredAt: minutesWith(...stored)?.last ?? null,
    failedAt: Object.fromEntries(
      FAILED.flatMap((code) => {
        const failed = minutesWith(code);
        return failed === undefined ? [] : [[code, failed]];
      }),
    ),
  };
}

/** The first and the last minute that has a count; undefined without one. @param points Counts by epoch milliseconds. */
function firstAndLast(points: readonly (readonly [number, number])[]): Minutes | undefined {
  const times = points.flatMap(([at, count]) => (count > 0 ? [isoTimestamp(at)] : [])).sort();
  const [first] = times;
  return first === undefined ? undefined : { first, last: times.at(-1) ?? first };
}

/**
 * The collector's counts of some time, by the start of the period in epoch milliseconds, oldest first. Periods without
 * requests are missing.
 *
 * @throws MetricsError `SLUICE_OBSERVE_METRICS_INCOMPLETE`; what CloudWatch's client throws.
 */
export async function readCounts(
  deployment: Pick<Deployment, 'cloudwatch' | 'stack'>,
  time: Required<MetricTime>,
): Promise<ReadonlyMap<number, RequestCounts>> {
  const periods = await readCollectMetrics(deployment, time);
  const times = new Set([...periods.values()].flatMap((points) => [...points.keys()]));
  return new Map(
    [...times]
      .sort((a, b) => a - b)
      .map((at) => [at, countsOf((id) => periods.get(id)?.get(at) ?? 0)] as const),
  );
}

/**
 * Start of the last minute with a request, ISO 8601; null without one within {@link MINUTES_KEPT_MS}.
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

/** Makes metrics of a stage's collectors. @param more Further dimensions. */
function ofCollect(
  { stack }: Pick<Deployment, 'stack'>,
  more: Readonly<Record<string, string>> = {},
): (id: CountId, metric: string, statistic?: string) => WantedMetric {
  const make = metricsOf(METRIC_NAMESPACE, { function: 'collect', stage: metricStage(stack), ...more });
  return (id, metric, statistic = 'Sum') => make(metric, statistic, id);
}

/** The number of requests, of which each has one value of the metric. */
function requestsOf(deployment: Pick<Deployment, 'stack'>): WantedMetric {
  return ofCollect(deployment)('requests', received.name, 'SampleCount');
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
      metric('received', received.name),
      metric('overflowed', overflowed.name),
      metric('ignored', ignored.name),
      metric('filtered', filtered.name),
      requestsOf(deployment),
      ...tableKinds.flatMap((table) => [
        metric(`landed ${table}`, streamMetrics[table].landed.name),
        metric(`overflowed ${table}`, streamMetrics[table].overflowed.name),
      ]),
      ...[...FAILED, ...REFUSED].map((reason) =>
        ofCollect(deployment, { reason })(reason, refused_requests.name),
      ),
    ],
    time,
  );
}

/** The counts of some time. @param countOf One of them. */
function countsOf(countOf: (id: CountId) => number): RequestCounts {
  const byCode = (codes: readonly Code[]) =>
    Object.fromEntries(
      codes.map((code) => [code, countOf(code)] as const).filter(([, count]) => count !== 0),
    );
  return {
    requests: countOf('requests'),
    received: countOf('received'),
    landed: countOf('landed exposures') + countOf('landed events'),
    quarantined: countOf('landed quarantine'),
    overflowed: countOf('overflowed'),
    ignored: countOf('ignored'),
    filtered: countOf('filtered'),
    failedBy: byCode(FAILED),
    refusedBy: byCode(REFUSED),
  };
}

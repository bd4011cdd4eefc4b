import { partName } from '../../../infra/template/Stack.ts';
import { METRIC_NAMESPACE } from '../../../lib/base/log.ts';
import { isoTimestamp, utcDay } from '../../../lib/base/time.ts';
import { CollectError } from '../../../lib/collect/CollectError.ts';
import { collectMetrics, streamMetrics } from '../../../lib/collect/collectMetrics.ts';
import { type ForwardedKind, type TableKind, tableKinds } from '../../../lib/schema/kinds.ts';
import { dayFolder } from '../../../lib/tables/tableFolders.ts';
import { RequestError } from '../../../lib/wire/RequestError.ts';
import type { Deployment } from '../../deployment.ts';
import { listLandedFiles } from '../tables/landedFiles.ts';
import { readMetricData, type WantedMetric } from './metricData.ts';

const MINUTE_MS = 60_000;
const MINUTES = 60;

/** Counts of requests, events and files in one minute, or in all minutes together. */
export interface RateCounts {
  /** Requests that reached the collector, and those of them that it refused. */
  readonly requests: number;
  readonly refusedRequests: number;
  /** Requests that were answered 503 because something could not be stored; SDKs send them again. */
  readonly notStoredRequests: number;
  /** Requests that were answered 503, by the code of the answer; SDKs send them again. */
  readonly failedBy: Readonly<Record<string, number>>;
  /** Requests that were refused with 4xx, by the code of the answer; SDKs do not send them again. */
  readonly refusedBy: Readonly<Record<string, number>>;
  /** Events in requests that could be read. */
  readonly received: number;
  /** Events that Firehose acknowledged while the request was answered. */
  readonly landed: number;
  /** Events of requests that became objects of their own, those of quarantine, and those that the configuration leaves out. */
  readonly overflowed: number;
  readonly quarantined: number;
  readonly ignored: number;
  /** Events by the table that they are for: acknowledged by its stream. */
  readonly streams: Readonly<Record<TableKind, number>>;
  /** Files that landed in the tables' folders of the day. */
  readonly deliveries: number;
}

/** One minute. */
export interface RateMinute extends RateCounts {
  /** Its start, ISO 8601. */
  readonly at: string;
  /** Milliseconds that the collector took for a request, as Lambda says; null without requests. */
  readonly latencyP50Ms: number | null;
  readonly latencyP99Ms: number | null;
}

/** The last hour of a deployment. */
export interface Rates {
  /** Sixty minutes, oldest first; the last one is not over. */
  readonly minutes: readonly RateMinute[];
  readonly total: RateCounts;
  /** Start of the last minute with a request, ISO 8601; null without one in the last hour. */
  readonly lastRequestAt: string | null;
}

const m = collectMetrics;
/** Codes of answers 503. */
export const FAILED = Object.keys(CollectError.entries);
/** Codes of answers 4xx. */
const REFUSED = Object.keys(RequestError.entries);
/** The members of {@link FAILED} that say that something could not be stored. */
export const NOT_STORED: readonly string[] = ['SLUICE_COLLECT_NOT_DELIVERED', 'SLUICE_COLLECT_NO_QUARANTINE'];

/**
 * The last hour by minute, by the collector's metrics and the times of files: one call of CloudWatch, and a list of each
 * table's day.
 *
 * @throws What the clients of CloudWatch and S3 throw.
 */
export async function readRates(deployment: Deployment): Promise<Rates> {
  const end = (Math.floor(deployment.now / MINUTE_MS) + 1) * MINUTE_MS;
  const start = end - MINUTES * MINUTE_MS;
  const own = { function: 'collect', stage: deployment.stack.stage };
  const wanted = (id: string, metric: string, more = {}, statistic = 'Sum'): WantedMetric => ({
    ...{ id, namespace: METRIC_NAMESPACE, metric, statistic },
    dimensions: { ...own, ...more },
  });
  const [series, deliveries] = await Promise.all([
    readMetricData(
      deployment,
      [
        ...[m.refused_requests, m.received, m.overflowed, m.ignored].map(({ name }) => wanted(name, name)),
        // Each request has one value.
        wanted('requests', m.received.name, {}, 'SampleCount'),
        ...tableKinds.map((table) => wanted(`table ${table}`, streamMetrics[table].landed.name)),
        ...[...FAILED, ...REFUSED].map((reason) =>
          wanted(`reason ${reason}`, m.refused_requests.name, { reason }),
        ),
        ...['p50', 'p99'].map((statistic) => ({
          ...{ id: statistic, namespace: 'AWS/Lambda', metric: 'Duration', statistic },
          dimensions: { FunctionName: partName(deployment.stack, 'collect') },
        })),
      ],
      { start, end, periodSeconds: MINUTE_MS / 1_000 },
    ),
    countDeliveries(deployment, start),
  ]);
  const minutes = Array.from({ length: MINUTES }, (_, i): RateMinute => {
    const at = start + i * MINUTE_MS;
    const value = (id: string) => series.get(id)?.get(at) ?? null;
    const sum = (id: string) => value(id) ?? 0;
    const landed = (table: ForwardedKind) => sum(`table ${table}`);
    return {
      at: isoTimestamp(at),
      requests: sum('requests'),
      refusedRequests: sum(m.refused_requests.name),
      notStoredRequests: NOT_STORED.reduce((all, reason) => all + sum(`reason ${reason}`), 0),
      failedBy: countsByCode(FAILED, (reason) => sum(`reason ${reason}`)),
      refusedBy: countsByCode(REFUSED, (reason) => sum(`reason ${reason}`)),
      received: sum(m.received.name),
      landed: landed('exposures') + landed('events'),
      overflowed: sum(m.overflowed.name),
      quarantined: sum('table quarantine'),
      ignored: sum(m.ignored.name),
      streams: {
        exposures: landed('exposures'),
        events: landed('events'),
        quarantine: sum('table quarantine'),
      },
      deliveries: deliveries.get(at) ?? 0,
      latencyP50Ms: value('p50'),
      latencyP99Ms: value('p99'),
    };
  });
  return {
    minutes,
    total: total(minutes),
    lastRequestAt: minutes.findLast(({ requests }) => requests > 0)?.at ?? null,
  };
}

/** Requests by code, without codes that did not occur. */
export function countsByCode(
  codes: readonly string[],
  count: (code: string) => number,
): Readonly<Record<string, number>> {
  return Object.fromEntries(codes.map((code) => [code, count(code)]).filter(([, n]) => n !== 0));
}

/** `2 requests with SLUICE_COLLECT_…` */
export function failedText(code: string, count: number): string {
  return `${count} ${count === 1 ? 'request' : 'requests'} with ${code}`;
}

/** Files by the minute in which they landed. */
async function countDeliveries(deployment: Deployment, start: number): Promise<ReadonlyMap<number, number>> {
  const days = new Set([utcDay(start), utcDay(deployment.now)]);
  const counts = new Map<number, number>();
  for (const kind of tableKinds) {
    for (const day of days) {
      const { files } = await listLandedFiles(deployment, dayFolder(deployment.config, kind, day));
      for (const { landedAt } of files) {
        const minute = Math.floor(landedAt / MINUTE_MS) * MINUTE_MS;
        if (minute >= start) counts.set(minute, (counts.get(minute) ?? 0) + 1);
      }
    }
  }
  return counts;
}

function total(minutes: readonly RateMinute[]): RateCounts {
  const sum = (value: (minute: RateMinute) => number) => minutes.reduce((all, one) => all + value(one), 0);
  return {
    requests: sum(({ requests }) => requests),
    refusedRequests: sum(({ refusedRequests }) => refusedRequests),
    notStoredRequests: sum(({ notStoredRequests }) => notStoredRequests),
    failedBy: countsByCode(FAILED, (reason) => sum(({ failedBy }) => failedBy[reason] ?? 0)),
    refusedBy: countsByCode(REFUSED, (reason) => sum(({ refusedBy }) => refusedBy[reason] ?? 0)),
    received: sum(({ received }) => received),
    landed: sum(({ landed }) => landed),
    overflowed: sum(({ overflowed }) => overflowed),
    quarantined: sum(({ quarantined }) => quarantined),
    ignored: sum(({ ignored }) => ignored),
    streams: {
      exposures: sum(({ streams }) => streams.exposures),
      events: sum(({ streams }) => streams.events),
      quarantine: sum(({ streams }) => streams.quarantine),
    },
    deliveries: sum(({ deliveries }) => deliveries),
  };
}

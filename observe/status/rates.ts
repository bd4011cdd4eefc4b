import { partName } from '../../infra/template/Stack.ts';
import { METRIC_NAMESPACE } from '../../lib/base/log.ts';
import { isoTimestamp, utcDay } from '../../lib/base/time.ts';
import { CollectError } from '../../lib/collect/CollectError.ts';
import { collectMetrics, streamMetrics } from '../../lib/collect/collectMetrics.ts';
import { type ForwardedKind, forwardedKinds, type TableKind, tableKinds } from '../../lib/schema/kinds.ts';
import { dayFolder } from '../../lib/tables/tableFolders.ts';
import { readMetricData, type WantedMetric } from '../metricData.ts';
import type { Place } from '../place.ts';
import { listLandedFiles } from './landedFiles.ts';

const MINUTE_MS = 60_000;
const MINUTES = 60;

/** What happened in one minute, or in all of them together. Requests, events and files. */
export interface RateCounts {
  /** Requests that reached the collector, and those of them that it refused. */
  readonly requests: number;
  readonly refusedRequests: number;
  /** Requests that were answered 503 because something could not be stored; SDKs send them again. */
  readonly notStoredRequests: number;
  /** Requests that were answered 503, by the code of the answer; SDKs send them again. */
  readonly failedBy: Readonly<Record<string, number>>;
  /** Events in requests that could be read. */
  readonly received: number;
  /** Events that Firehose acknowledged while the request was answered. */
  readonly landed: number;
  /** Events that went to overflow instead, to quarantine, and that the configuration leaves out. */
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
/** Those of them that say that something could not be stored. */
export const NOT_STORED: readonly string[] = ['SLUICE_COLLECT_NOT_DELIVERED', 'SLUICE_COLLECT_NO_QUARANTINE'];

/**
 * The last hour by minute, by the collector's metrics and the times of files: one call of CloudWatch, and a list of each
 * table's day.
 *
 * @throws What the clients of CloudWatch and S3 throw.
 */
export async function readRates(place: Place): Promise<Rates> {
  const end = (Math.floor(place.now / MINUTE_MS) + 1) * MINUTE_MS;
  const start = end - MINUTES * MINUTE_MS;
  const own = { function: 'collect', stage: place.stack.stage };
  const wanted = (id: string, metric: string, more = {}, statistic = 'Sum'): WantedMetric => ({
    ...{ id, namespace: METRIC_NAMESPACE, metric, statistic },
    dimensions: { ...own, ...more },
  });
  const [series, deliveries] = await Promise.all([
    readMetricData(
      place,
      [
        ...[m.refused_requests, m.received, m.overflowed, m.ignored].map(({ name }) => wanted(name, name)),
        // Each request has one value.
        wanted('requests', m.received.name, {}, 'SampleCount'),
        ...tableKinds.map((table) => wanted(`table ${table}`, streamMetrics[table].landed.name)),
        // Of the hour of an update, until the last hour is after it: collectors of 0.2 print these.
        ...forwardedKinds.map((table) => wanted(`${table} of 0.2`, 'landed', { table })),
        ...FAILED.map((reason) => wanted(`reason ${reason}`, m.refused_requests.name, { reason })),
        ...['p50', 'p99'].map((statistic) => ({
          ...{ id: statistic, namespace: 'AWS/Lambda', metric: 'Duration', statistic },
          dimensions: { FunctionName: partName(place.stack, 'collect') },
        })),
      ],
      { start, end, periodSeconds: MINUTE_MS / 1_000 },
    ),
    countDeliveries(place, start),
  ]);
  const minutes = Array.from({ length: MINUTES }, (_, i): RateMinute => {
    const at = start + i * MINUTE_MS;
    const value = (id: string) => series.get(id)?.get(at) ?? null;
    const sum = (id: string) => value(id) ?? 0;
    const landed = (table: ForwardedKind) => sum(`table ${table}`) + sum(`${table} of 0.2`);
    return {
      at: isoTimestamp(at),
      requests: sum('requests'),
      refusedRequests: sum(m.refused_requests.name),
      notStoredRequests: NOT_STORED.reduce((all, reason) => all + sum(`reason ${reason}`), 0),
      failedBy: countsByCode((reason) => sum(`reason ${reason}`)),
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

/** Requests that were answered 503 by code, without those that did not occur. */
export function countsByCode(count: (code: string) => number): Readonly<Record<string, number>> {
  return Object.fromEntries(FAILED.map((code) => [code, count(code)]).filter(([, n]) => n !== 0));
}

/** `2 requests with SLUICE_COLLECT_…` */
export function failedText(code: string, count: number): string {
  return `${count} ${count === 1 ? 'request' : 'requests'} with ${code}`;
}

/** Files by the minute in which they landed. */
async function countDeliveries(place: Place, start: number): Promise<ReadonlyMap<number, number>> {
  const days = new Set([utcDay(start), utcDay(place.now)]);
  const counts = new Map<number, number>();
  for (const kind of tableKinds) {
    for (const day of days) {
      const { files } = await listLandedFiles(place, dayFolder(place.config, kind, day));
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
    failedBy: countsByCode((reason) => sum(({ failedBy }) => failedBy[reason] ?? 0)),
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

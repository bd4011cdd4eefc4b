import { METRIC_NAMESPACE } from '../../lib/base/log.ts';
import { CollectError } from '../../lib/collect/CollectError.ts';
import { collectMetrics } from '../../lib/collect/collectMetrics.ts';
import { type TableKind, tableKinds } from '../../lib/schema/kinds.ts';
import { readMetricData, type WantedMetric } from '../metricData.ts';
import type { Place } from '../place.ts';

/** Milliseconds of an hour. */
export const HOUR_MS = 3_600_000;

/** What the collector counted in one stream. */
export interface StreamCounts {
  /** Events whose rows Firehose acknowledged; of quarantine, each event counts. */
  readonly landed: number;
  readonly overflowed: number;
}

/** What the collector counted for the requests that it received within one hour. */
export interface HourlyCounts extends StreamCounts {
  readonly received: number;
  readonly quarantined: number;
  readonly ignored: number;
  /** Requests that were answered 503 because something could not be stored. */
  readonly notStoredRequests: number;
  readonly streams: Readonly<Record<TableKind, StreamCounts>>;
}

const { received, landed, quarantined, overflowed, ignored, refused_requests } = collectMetrics;

/** Codes of requests whose events may have been received and not stored. */
const NOT_STORED: readonly string[] = Object.keys(CollectError.entries);

/**
 * The collector's counts from `start` to before `end` (whole hours, epoch milliseconds), by the start of the hour. Hours
 * without requests are missing.
 *
 * @throws What CloudWatch's client throws.
 */
export async function readHourlyCounts(
  { cloudwatch, stack }: Pick<Place, 'cloudwatch' | 'stack'>,
  start: number,
  end: number,
): Promise<ReadonlyMap<number, HourlyCounts>> {
  const own = { function: 'collect', stage: stack.stage };
  const metrics = [
    ...[received, landed, quarantined, overflowed, ignored].map(({ name }) => hourlySum(name, name, own)),
    ...tableKinds.flatMap((table) => {
      const stored = table === 'quarantine' ? quarantined : landed;
      return [
        hourlySum(`landed_${table}`, stored.name, { ...own, table }),
        hourlySum(`overflowed_${table}`, overflowed.name, { ...own, table }),
      ];
    }),
    ...NOT_STORED.map((reason, i) => hourlySum(`reason_${i}`, refused_requests.name, { ...own, reason })),
  ];
  const sums = await readMetricData({ cloudwatch }, metrics, { start, end, periodSeconds: HOUR_MS / 1_000 });
  const hours = new Set([...sums.values()].flatMap((byHour) => [...byHour.keys()]));
  return new Map(
    [...hours]
      .sort((a, b) => a - b)
      .map((hour) => {
        const sum = (id: string) => sums.get(id)?.get(hour) ?? 0;
        const stream = (table: TableKind): StreamCounts => ({
          landed: sum(`landed_${table}`),
          overflowed: sum(`overflowed_${table}`),
        });
        const counts: HourlyCounts = {
          received: sum(received.name),
          landed: sum(landed.name),
          quarantined: sum(quarantined.name),
          overflowed: sum(overflowed.name),
          ignored: sum(ignored.name),
          notStoredRequests: NOT_STORED.reduce((total, _, i) => total + sum(`reason_${i}`), 0),
          streams: {
            exposures: stream('exposures'),
            events: stream('events'),
            quarantine: stream('quarantine'),
          },
        };
        return [hour, counts];
      }),
  );
}

function hourlySum(id: string, metric: string, dimensions: Readonly<Record<string, string>>): WantedMetric {
  return { id, namespace: METRIC_NAMESPACE, metric, statistic: 'Sum', dimensions };
}

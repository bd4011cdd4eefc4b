import { METRIC_NAMESPACE } from '../../../lib/base/log.ts';
import { collectMetrics, streamMetrics } from '../../../lib/collect/collectMetrics.ts';
import { type TableKind, tableKinds } from '../../../lib/schema/kinds.ts';
import type { Deployment } from '../../deployment.ts';
import { readMetricData, type WantedMetric } from './metricData.ts';
import { countsByCode, FAILED } from './rates.ts';

/** Milliseconds of an hour. */
export const HOUR_MS = 3_600_000;

/** The collector's counts for one stream. */
export interface StreamCounts {
  /** Events whose rows Firehose acknowledged; of quarantine, each event counts. */
  readonly landed: number;
  readonly overflowed: number;
}

/** The collector's counts for the requests that it received within one hour. */
export interface HourlyCounts extends StreamCounts {
  readonly received: number;
  readonly quarantined: number;
  readonly ignored: number;
  /** Requests that were answered 503, by the code of the answer. */
  readonly failedBy: Readonly<Record<string, number>>;
  readonly streams: Readonly<Record<TableKind, StreamCounts>>;
}

const { received, overflowed, ignored, refused_requests } = collectMetrics;

/**
 * The collector's counts from `start` to before `end` (whole hours, epoch milliseconds), by the start of the hour. Hours
 * without requests are missing.
 *
 * @throws What CloudWatch's client throws.
 */
export async function readHourlyCounts(
  { cloudwatch, stack }: Pick<Deployment, 'cloudwatch' | 'stack'>,
  start: number,
  end: number,
): Promise<ReadonlyMap<number, HourlyCounts>> {
  const own = { function: 'collect', stage: stack.stage };
  const metrics = [
    ...[received, overflowed, ignored].map(({ name }) => hourlySum(name, name, own)),
    ...tableKinds.flatMap((table) => [
      hourlySum(`landed_${table}`, streamMetrics[table].landed.name, own),
      hourlySum(`overflowed_${table}`, streamMetrics[table].overflowed.name, own),
    ]),
    ...FAILED.map((reason) => hourlySum(`reason ${reason}`, refused_requests.name, { ...own, reason })),
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
        const streams = {
          exposures: stream('exposures'),
          events: stream('events'),
          quarantine: stream('quarantine'),
        };
        const counts: HourlyCounts = {
          received: sum(received.name),
          landed: streams.exposures.landed + streams.events.landed,
          quarantined: streams.quarantine.landed,
          overflowed: sum(overflowed.name),
          ignored: sum(ignored.name),
          failedBy: countsByCode(FAILED, (reason) => sum(`reason ${reason}`)),
          streams,
        };
        return [hour, counts];
      }),
  );
}

function hourlySum(id: string, metric: string, dimensions: Readonly<Record<string, string>>): WantedMetric {
  return { id, namespace: METRIC_NAMESPACE, metric, statistic: 'Sum', dimensions };
}

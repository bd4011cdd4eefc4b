import { partName } from '../../../infra/template/Stack.ts';
import { readMetricData } from '../../../lib/aws/metricData.ts';
import { HOUR_MS, isoTimestamp } from '../../../lib/base/time.ts';
import { type MetricTime, metricsOf } from '../../../lib/reconcile/hourCounts.ts';
import { hasFunctionUrl, hasGateway } from '../../../lib/schema/endpoint.ts';
import type { Deployment } from '../../deployment.ts';
import { type DayCounts, PERIOD_MS } from './changes.ts';
import { gatewayId, type StackOutputs } from './stackOutputs.ts';

/**
 * The fewest requests of an hour, and their least part of all requests, that are reported: scanners ask for paths that
 * nobody serves.
 */
const LEAST = {
  '4xx': { count: 20, share: 0.05 },
  '5xx': { count: 5, share: 0.01 },
} as const;

/** Requests of an hour that AWS answered by itself: the collector knows nothing of them. */
export interface UnreachedRequests {
  /** Start of the hour, ISO 8601. */
  readonly hour: string;
  /** How they were answered. */
  readonly kind: '4xx' | '5xx';
  /** Number of such answers in the hour. */
  readonly count: number;
  /** All requests of the hour. */
  readonly of: number;
}

/** What the gateway and the Function URL answered in five minutes. */
export interface EndpointCounts {
  /** All requests. */
  readonly all: number;
  /** Requests that were answered 4xx. */
  readonly '4xx': number;
  /** Requests that were answered 5xx, by the collector, or without it: it was throttled, killed or too late. */
  readonly '5xx': number;
}

/**
 * Reads what the gateway and the Function URL counted, by the start of five minutes. Null with `passThrough`: then the gateway also
 * answers what Statsig does.
 *
 * @throws MetricsError `SLUICE_OBSERVE_METRICS_INCOMPLETE`; what CloudWatch's client throws.
 */
export async function readEndpoint(
  { cloudwatch, stack, config }: Pick<Deployment, 'cloudwatch' | 'stack' | 'config'>,
  outputs: StackOutputs,
  time: Pick<MetricTime, 'start' | 'end'>,
): Promise<ReadonlyMap<number, EndpointCounts> | null> {
  const { endpoint, passThrough } = config;
  if (passThrough !== null) return null;
  const ApiId = gatewayId(outputs);
  const ofUrl = metricsOf('AWS/Lambda', { FunctionName: partName(stack, 'collect') });
  const ofApi = metricsOf('AWS/ApiGateway', { ApiId });
  const found = await readMetricData(
    { cloudwatch },
    [
      ...(hasGateway(endpoint) ? [ofApi('Count'), ofApi('4xx'), ofApi('5xx')] : []),
      ...(hasFunctionUrl(endpoint)
        ? [ofUrl('UrlRequestCount'), ofUrl('Url4xxCount'), ofUrl('Url5xxCount')]
        : []),
    ],
    { ...time, periodSeconds: PERIOD_MS / 1_000 },
  );
  const times = new Set([...found.values()].flatMap((points) => [...points.keys()]));
  const sum = (at: number, ...ids: readonly string[]) =>
    ids.reduce((all, id) => all + (found.get(id)?.get(at) ?? 0), 0);
  return new Map(
    [...times].map((at) => [
      at,
      {
        all: sum(at, 'Count', 'UrlRequestCount'),
        '4xx': sum(at, '4xx', 'Url4xxCount'),
        '5xx': sum(at, '5xx', 'Url5xxCount'),
      },
    ]),
  );
}

/**
 * Hours of the last day in which the gateway or the Function URL answered many requests that the collector has not answered. The last
 * five to ten minutes are left out, in which not all have counted yet. None with `passThrough`.
 *
 * @param counts What the collector answered, and the hour in which the day begins.
 * @throws MetricsError `SLUICE_OBSERVE_METRICS_INCOMPLETE`; what CloudWatch's client throws.
 */
export async function readUnreached(
  deployment: Pick<Deployment, 'cloudwatch' | 'stack' | 'config'>,
  outputs: StackOutputs,
  { day, start, end }: DayCounts,
): Promise<readonly UnreachedRequests[]> {
  const until = end - 2 * PERIOD_MS;
  const counts = await readEndpoint(deployment, outputs, { start, end: until });
  const unreached: UnreachedRequests[] = [];
  for (let hour = start; hour < until; hour += HOUR_MS) {
    const isWithin = (at: number) => at >= hour && at < Math.min(hour + HOUR_MS, until);
    const sum = (name: keyof EndpointCounts) =>
      [...(counts ?? [])].reduce((all, [at, found]) => all + (isWithin(at) ? found[name] : 0), 0);
    const answered = { '4xx': 0, '5xx': 0 };
    for (const [at, { refusedBy, failedBy }] of day) {
      if (!isWithin(at)) continue;
      for (const count of Object.values(refusedBy)) answered['4xx'] += count;
      for (const count of Object.values(failedBy)) answered['5xx'] += count;
    }
    const all = sum('all');
    for (const kind of ['4xx', '5xx'] as const) {
      const count = sum(kind) - answered[kind];
      if (count >= LEAST[kind].count && count >= all * LEAST[kind].share)
        unreached.push({ hour: isoTimestamp(hour), kind, count, of: all });
    }
  }
  return unreached;
}

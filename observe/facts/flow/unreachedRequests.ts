import * as z from 'zod';
import { accessLogGroup } from '../../../infra/endpoint/endpoint.ts';
import { partName } from '../../../infra/template/Stack.ts';
import { readMetricData } from '../../../lib/aws/metricData.ts';
import { parseJson } from '../../../lib/base/json.ts';
import { type MetricTime, metricsOf } from '../../../lib/base/metrics.ts';
import { sum } from '../../../lib/base/sum.ts';
import { HOUR_MS, isoTimestamp } from '../../../lib/base/time.ts';
import { hasFunctionUrl, hasGateway } from '../../../lib/schema/endpoint.ts';
import type { Deployment } from '../../deployment.ts';
import { readLog } from '../../readLog.ts';
import { type DayCounts, PERIOD_MS } from './changes.ts';
import { gatewayId, type StackOutputs } from './stackOutputs.ts';

/**
 * The fewest requests that are reported, the fewest of an hour that count, and their least part of all requests of the hour: scanners
 * ask for paths that nobody serves.
 */
const LEAST = {
  '4xx': { count: 20, ofHour: 5, share: 0.05 },
  '5xx': { count: 5, ofHour: 5, share: 0.01 },
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
  /** Start of the first five minutes of the hour with such answers, ISO 8601. */
  readonly first: string;
  /** Start of the last five minutes of the hour with such answers, ISO 8601. */
  readonly last: string;
}

/** What the gateway and the Function URL answered in five minutes. */
interface EndpointCounts {
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
  const sumAt = (at: number, ...ids: readonly string[]) => sum(ids.map((id) => found.get(id)?.get(at) ?? 0));
  return new Map(
    [...times].map((at) => [
      at,
      {
        all: sumAt(at, 'Count', 'UrlRequestCount'),
        '4xx': sumAt(at, '4xx', 'Url4xxCount'),
        '5xx': sumAt(at, '5xx', 'Url5xxCount'),
      },
    ]),
  );
}

/**
 * Hours of the last day in which the gateway or the Function URL answered many requests that the collector has not answered, 4xx first. The last
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
  return (['4xx', '5xx'] as const).flatMap((kind) => {
    const hours: UnreachedRequests[] = [];
    for (let hour = start; hour < until; hour += HOUR_MS) {
      const ofHour = periodsOf({ hour, until, kind }, counts, day);
      const count = sum(ofHour.map((period) => period.count));
      const times = ofHour.filter((period) => period.count > 0).map(({ at }) => isoTimestamp(at));
      const of = sum(ofHour.map(({ all }) => all));
      const [first = ''] = times;
      if (count > 0 && count >= of * LEAST[kind].share)
        hours.push({ hour: isoTimestamp(hour), kind, count, of, first, last: times.at(-1) ?? first });
    }
    const many = hours.filter(({ count }) => count >= LEAST[kind].ofHour);
    const [begun] = many;
    if (begun === undefined || sum(many.map(({ count }) => count)) < LEAST[kind].count) return [];
    // Once it has begun a few of few requests are a part of it.
    return hours.slice(hours.indexOf(begun));
  });
}

/** The periods of an hour: all requests, and those that were answered so without the collector. A period may lack what the next has counted. */
function periodsOf(
  { hour, until, kind }: { readonly hour: number; readonly until: number; readonly kind: '4xx' | '5xx' },
  counts: ReadonlyMap<number, EndpointCounts> | null,
  day: DayCounts['day'],
): readonly { readonly at: number; readonly all: number; readonly count: number }[] {
  const periods = [];
  for (let at = hour; at < Math.min(hour + HOUR_MS, until); at += PERIOD_MS) {
    const own = day.get(at)?.[kind === '4xx' ? 'refusedBy' : 'failedBy'] ?? {};
    const found = counts?.get(at);
    const count = (found?.[kind] ?? 0) - sum(Object.values(own));
    periods.push({ at, all: found?.all ?? 0, count });
  }
  return periods;
}

/** Pages of the access log that are read. */
const MOST_PAGES = 5;
/** A line of the access log. */
const accessLine = z.object({ status: z.string() });

/** The status with which the gateway itself answered most of the requests that it refused. */
export interface GatewayStatus {
  /** `429` */
  readonly status: string;
  /** Number of lines with it, of those that were read. */
  readonly count: number;
  /** Number of lines that were read of requests which the gateway answered 4xx by itself. */
  readonly of: number;
  /** Whether the log has more lines of these requests, which were not read. */
  readonly hasMore: boolean;
}

/**
 * The status with which the gateway itself answered most of the requests that the collector has not seen, by the newest hour of the
 * access log that has some. A line of the gateway's own answer has its error, as `Too Many Requests`; others have `-` there:
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html
 *
 * @param unreached Hours with such answers.
 * @returns Null without an access log, and if its lines have no such answer: AWS may leave out lines of requests that it answers 413 or 429.
 * @throws What the client of CloudWatch Logs throws.
 */
export async function readGatewayStatus(
  { logs, stack, config }: Pick<Deployment, 'logs' | 'stack' | 'config'>,
  unreached: readonly UnreachedRequests[],
): Promise<GatewayStatus | null> {
  const newest = unreached.findLast(({ kind }) => kind === '4xx');
  if (config.endpoint.accessLogDays === null || newest === undefined) return null;
  const { events, hasMore } = await readLog(
    { logs },
    {
      group: accessLogGroup(stack),
      filterPattern: '{ $.status = "4*" && $.error != "-" }',
      times: [{ startTime: Date.parse(newest.first), endTime: Date.parse(newest.last) + PERIOD_MS }],
      mostPages: MOST_PAGES,
    },
  );
  const statuses = events.flatMap(({ message = '' }) => {
    const line = accessLine.safeParse(parseJson(message));
    return line.success ? [line.data.status] : [];
  });
  const [most] = [...Map.groupBy(statuses, (status) => status)].toSorted(
    ([, a], [, b]) => b.length - a.length,
  );
  return most === undefined ? null : { status: most[0], count: most[1].length, of: statuses.length, hasMore };
}

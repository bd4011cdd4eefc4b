import {
  countMetric,
  countMetrics,
  emfLine,
  METRIC_NAMESPACE,
  type Metric,
  type MetricRecord,
  metricsLine,
} from '../base/log.ts';
import { sum } from '../base/sum.ts';
import type { TableKind } from '../schema/kinds.ts';
import type { RelayOutcome, TableOutcome } from './store.ts';

/**
 * The collector's metrics. docs/metrics.md describes each of them and its alarm.
 *
 * CloudWatch bills for every name, and for every byte of the lines that names are in. So a metric exists only if an
 * alarm, a page or a question reads it, and no metric of an AWS service says the same: requests are the number of
 * values of `received`, time and errors are Lambda's metrics, bytes are Firehose's.
 */
export const collectMetrics = countMetrics(
  'collect',
  'received',
  'ignored',
  'filtered',
  'overflowed',
  'refused_requests',
  'groups_failures',
  'preflights',
  'RelayKept',
  'RelayNotKept',
  'RelayWithheld',
);

/**
 * The metrics of a table: rows that are where they belong; rows that Firehose did not take in time, and that became
 * objects; and rows that may have landed besides, of requests that were answered 503 and of calls that nobody
 * acknowledged.
 */
export const streamMetrics = {
  exposures: streamMetric('exposures', 'exposures_landed'),
  events: streamMetric('events', 'events_landed'),
  quarantine: streamMetric('quarantine', 'quarantined'),
} as const satisfies Record<TableKind, unknown>;

/** The metrics of one table. `landed` is the name of the metric that counts its rows in Firehose and in objects. */
function streamMetric(kind: TableKind, landed: string) {
  return {
    landed: countMetric('collect', landed),
    overflowed: countMetric('collect', `${kind}_overflowed`),
    notDelivered: countMetric('collect', `${kind}_not_delivered`),
  };
}

/** The numbers of one request. */
export interface RequestOutcome {
  /** The stage of the deployment: a dimension of every metric. */
  readonly stage: string;
  /** When the request was received, epoch milliseconds: `received_at` of its rows, so that both are in the same hour. */
  readonly receivedAt: number;
  /** The gateway's ID of the request, which its sender sees; null when it is not known. */
  readonly requestId: string | null;
  /** Milliseconds from receipt to answer. */
  readonly latencyMs: number;
  /** Events of the batch. An unreadable body counts as one, and so does an SDK's error report. */
  readonly received: number;
  /** Code under which the request was refused; null when it was accepted. */
  readonly refusedAs: string | null;
  /** What became of the rows of each table. */
  readonly tables: readonly TableOutcome[];
  /** Events that are only counted, by reason. */
  readonly ignored: Readonly<Record<string, number>>;
  /** Outcome of its copy for relay. Default: no copy was to be kept. */
  readonly relay?: RelayOutcome['outcome'] | null;
}

/** Codes of Sluice. Anything else would be text from a sender. */
const CODE = /^SLUICE_[A-Z_]+$/;

/**
 * The metrics of one request as EMF lines: one for the whole request, and for a refused one a second with its code.
 * Counts of 0 are left out, except `received`: the number of its values is the number of requests.
 *
 * The first line has members that make no metric, for people who look for one request: `request_id`, `latency_ms`, and
 * `ignored_as`, the counts of ignored events by reason.
 */
export function requestMetrics(outcome: RequestOutcome): Readonly<Record<string, unknown>>[] {
  const { stage, receivedAt, requestId, latencyMs, tables, ignored, refusedAs } = outcome;
  const base = { namespace: METRIC_NAMESPACE, timestamp: receivedAt };
  const dimensions = { stage };
  const reason = refusedAs !== null && CODE.test(refusedAs) ? refusedAs : 'other';
  const records: MetricRecord[] = [
    {
      ...base,
      dimensions,
      properties: {
        ...(requestId === null ? null : { request_id: requestId }),
        latency_ms: latencyMs,
        ...(sumCounts(ignored) === 0 ? null : { ignored_as: ignored }),
      },
      values: [
        [collectMetrics.received, outcome.received],
        ...tables.flatMap(({ table, landed, overflowed, unsure }) => [
          ...countedValue(streamMetrics[table].landed, landed),
          ...countedValue(streamMetrics[table].overflowed, overflowed),
          ...countedValue(streamMetrics[table].notDelivered, unsure),
        ]),
        ...countedValue(collectMetrics.ignored, sumCounts(ignored)),
        ...countedValue(collectMetrics.filtered, filteredCount(ignored)),
        ...countedValue(collectMetrics.overflowed, sum(tables.map(({ overflowed }) => overflowed))),
        ...countedValue(collectMetrics.refused_requests, refusedAs === null ? 0 : 1),
        ...relayValues(outcome.relay ?? null),
      ],
    },
    ...(refusedAs === null
      ? []
      : [
          {
            ...base,
            dimensions: { ...dimensions, reason },
            values: [[collectMetrics.refused_requests, 1] as const],
          },
        ]),
  ];
  return records.map(emfLine).filter((line) => line !== null);
}

/** Events that the configured lists leave out. */
function filteredCount({ event_filtered = 0, exposure_filtered = 0 }: RequestOutcome['ignored']): number {
  return event_filtered + exposure_filtered;
}

/** The values of the copy for relay: it was kept, or not kept, or withheld because it could not be read. */
function relayValues(relay: RelayOutcome['outcome'] | null): (readonly [Metric, number])[] {
  const { RelayKept, RelayNotKept, RelayWithheld } = collectMetrics;
  if (relay === 'queue' || relay === 'bucket') return [[RelayKept, 1]];
  if (relay === 'not_kept') return [[RelayNotKept, 1]];
  return relay === 'withheld' ? [[RelayWithheld, 1]] : [];
}

/** The metrics of a request that failed before anything of it could be counted. */
export function failureMetrics(
  code: string,
  stage: string,
  timestamp: number,
): Readonly<Record<string, unknown>>[] {
  const { received, refused_requests } = collectMetrics;
  const refused = [refused_requests, 1] as const;
  return [
    metricsLine([[received, 0], refused], { stage }, timestamp),
    metricsLine([refused], { stage, reason: code }, timestamp),
  ];
}

/** The value of a metric; none if it is 0. */
function countedValue(metric: Metric, value: number): (readonly [Metric, number])[] {
  return value === 0 ? [] : [[metric, value]];
}

/** The sum of counts; 0 without any. */
export function sumCounts(counts: Readonly<Record<string, number>> = {}): number {
  return sum(Object.values(counts));
}

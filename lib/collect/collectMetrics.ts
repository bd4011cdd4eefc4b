import { emfLine, METRIC_NAMESPACE, type Metric, type MetricRecord } from '../base/log.ts';
import { ignoredReasons } from './eventFilter.ts';

/** The collector's metrics. docs/metrics.md describes each of them and its alarm. */
export const collectMetrics = {
  requests: { name: 'requests', unit: 'Count' },
  refused_requests: { name: 'refused_requests', unit: 'Count' },
  received: { name: 'received', unit: 'Count' },
  refused: { name: 'refused', unit: 'Count' },
  landed: { name: 'landed', unit: 'Count' },
  quarantined: { name: 'quarantined', unit: 'Count' },
  ignored: { name: 'ignored', unit: 'Count' },
  overflowed: { name: 'overflowed', unit: 'Count' },
  retried: { name: 'retried', unit: 'Count' },
  duplicates_in_batch: { name: 'duplicates_in_batch', unit: 'Count' },
  clock_skew_ms: { name: 'clock_skew_ms', unit: 'Milliseconds' },
  payload_bytes: { name: 'payload_bytes', unit: 'Bytes' },
  firehose_billed_bytes: { name: 'firehose_billed_bytes', unit: 'Bytes' },
  groups_failures: { name: 'groups_failures', unit: 'Count' },
  latency_ms: { name: 'latency_ms', unit: 'Milliseconds' },
} as const satisfies Record<string, Metric>;

/** The outcome of one stream in a request. */
export interface StreamOutcome {
  /** The stream's table kind. */
  readonly table: string;
  /** Events, even if one row of quarantine represents many. */
  readonly landed: number;
  readonly overflowed: number;
  /** Records that were put again. */
  readonly retried: number;
  readonly payloadBytes: number;
  readonly billedBytes: number;
}

/** The numbers of one request. */
export interface RequestOutcome {
  readonly stage: string;
  /** When the request was received, epoch milliseconds: `received_at` of its rows, so that both are in the same hour. */
  readonly receivedAt: number;
  /** The gateway's ID of the request, which its sender sees; null when it is not known. */
  readonly requestId: string | null;
  readonly latencyMs: number;
  /** Events of the batch. An unreadable body counts as one, and so does an SDK's error report. */
  readonly received: number;
  readonly duplicates: number;
  readonly clockSkewMs: number | null;
  /** Code under which the request was refused; null when it was accepted. */
  readonly refusedAs: string | null;
  readonly streams: readonly StreamOutcome[];
  /** Events refused, and bodies, by code. */
  readonly refused: Readonly<Record<string, number>>;
  /** Events counted only, by reason. */
  readonly ignored: Readonly<Record<string, number>>;
}

/** The quarantine stream. Its rows count as `quarantined`, never as `landed`. */
const QUARANTINE = 'quarantine';

/** Reasons are codes of Sluice or in the list. Anything else would be text from a sender. */
const CODE = /^SLUICE_[A-Z_]+$/;
const REASONS: ReadonlySet<string> = new Set(ignoredReasons);

/**
 * The metrics of one request as EMF lines: one for the whole request, one for each stream with rows, one for each reason.
 * Counts that are usually 0 are omitted when they are 0, because CloudWatch bills for every value.
 */
export function requestMetrics(outcome: RequestOutcome): Readonly<Record<string, unknown>>[] {
  const { stage, receivedAt, requestId, streams, refused, ignored, refusedAs } = outcome;
  const m = collectMetrics;
  const base = { namespace: METRIC_NAMESPACE, timestamp: receivedAt };
  const own = { function: 'collect', stage };
  const forwarded = streams.filter(({ table }) => table !== QUARANTINE);
  const quarantine = streams.filter(({ table }) => table === QUARANTINE);
  const records: MetricRecord[] = [
    {
      ...base,
      dimensions: own,
      ...(requestId === null ? null : { properties: { request_id: requestId } }),
      values: [
        [m.requests, 1],
        [m.received, outcome.received],
        [m.landed, total(forwarded, 'landed')],
        ...some(m.refused_requests, refusedAs === null ? 0 : 1),
        ...some(m.refused, sum(refused)),
        ...some(m.quarantined, total(quarantine, 'landed')),
        ...some(m.ignored, sum(ignored)),
        ...some(m.overflowed, total(streams, 'overflowed')),
        ...some(m.retried, total(streams, 'retried')),
        ...some(m.duplicates_in_batch, outcome.duplicates),
        ...(outcome.clockSkewMs === null ? [] : [[m.clock_skew_ms, outcome.clockSkewMs] as const]),
        ...some(m.payload_bytes, total(streams, 'payloadBytes')),
        ...some(m.firehose_billed_bytes, total(streams, 'billedBytes')),
        [m.latency_ms, outcome.latencyMs],
      ],
    },
    ...streams.map(({ table, landed, overflowed, retried, billedBytes }) => ({
      ...base,
      dimensions: { ...own, table },
      values: [
        ...some(table === QUARANTINE ? m.quarantined : m.landed, landed),
        ...some(m.overflowed, overflowed),
        ...some(m.retried, retried),
        ...some(m.firehose_billed_bytes, billedBytes),
      ],
    })),
    ...byReason(m.refused, refused),
    ...byReason(m.ignored, ignored),
    ...byReason(m.refused_requests, refusedAs === null ? {} : { [refusedAs]: 1 }),
  ];
  return emfLines(records);

  function byReason(metric: Metric, counts: Readonly<Record<string, number>>): MetricRecord[] {
    return Object.entries(counts).map(([reason, count]) => ({
      ...base,
      dimensions: { ...own, reason: CODE.test(reason) || REASONS.has(reason) ? reason : 'other' },
      values: [[metric, count]],
    }));
  }
}

/** The metrics of a request that failed before anything of it could be counted. */
export function failureMetrics(
  code: string,
  stage: string,
  timestamp: number,
): Readonly<Record<string, unknown>>[] {
  const base = { namespace: METRIC_NAMESPACE, timestamp };
  const own = { function: 'collect', stage };
  const { requests, refused_requests } = collectMetrics;
  return emfLines([
    {
      ...base,
      dimensions: own,
      values: [
        [requests, 1],
        [refused_requests, 1],
      ],
    },
    { ...base, dimensions: { ...own, reason: code }, values: [[refused_requests, 1]] },
  ]);
}

/** The metric of a read of the experiment groups that failed. */
export function groupsFailureMetrics(stage: string, timestamp: number): Readonly<Record<string, unknown>>[] {
  const dimensions = { function: 'collect', stage };
  const values = [[collectMetrics.groups_failures, 1]] as const;
  return emfLines([{ namespace: METRIC_NAMESPACE, timestamp, dimensions, values }]);
}

/** The lines of the records that have values. */
function emfLines(records: readonly MetricRecord[]): Readonly<Record<string, unknown>>[] {
  return records.map(emfLine).filter((line) => line !== null);
}

function some(metric: Metric, value: number): (readonly [Metric, number])[] {
  return value === 0 ? [] : [[metric, value]];
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((all, count) => all + count, 0);
}

function total(streams: readonly StreamOutcome[], count: Exclude<keyof StreamOutcome, 'table'>): number {
  return streams.reduce((all, stream) => all + stream[count], 0);
}
